"""What `scale` and `restart` print."""

from collections.abc import Mapping
from typing import Any


def scale_text(done: Mapping[str, Any]) -> str:
    """How many replicas it has now, and which record says so."""
    return f"{_where(done)} has {done['replicas']} replicas{_record(done)}"


def restart_text(done: Mapping[str, Any]) -> str:
    """That it was restarted, and which record says so."""
    return f"{_where(done)} is restarted{_record(done)}"


def _where(done: Mapping[str, Any]) -> str:
    context = f", context {done['context']}" if "context" in done else ""
    return (
        f"{done['workload']} of {done['application']} in {done['environment']} (namespace {done['namespace']}{context})"
    )


def _record(done: Mapping[str, Any]) -> str:
    return f"; action {done['action']}\n"
