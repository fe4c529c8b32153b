"""The servers of `services` are fixtures of every integration test."""

from tests.integration.services import postgres

__all__ = ["postgres"]
