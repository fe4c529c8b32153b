"""What a driver's request calls: the endpoint of a service, and whether the service was well when it was called.

Our own child programs answer alike: `status` where the service speaks HTTP, `unreachable` where it said nothing.
"""

import json
from typing import Final
from urllib.parse import urlsplit

from innominatus_cli.system.commands import CommandOutcome, Ending

_PORTS: Final = {"http": 80, "https": 443}
_TOO_MANY: Final = 429
_SERVER_ERRORS: Final = 500


def endpoint_of(url: str) -> str:
    """`host:port` of an address, in small letters; empty where it names none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return ""
    if not host or port is None:
        return ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_ill(outcome: CommandOutcome) -> bool | None:
    """Whether a service that was called said nothing, or that it cannot: status 429 (RFC 6585) or 5xx (RFC 9110).

    None where the call says nothing of the service: it was stopped, or never made.
    """
    if outcome.ending is Ending.TIMED_OUT:
        return True
    if not outcome.succeeded:
        return None
    try:
        answer = json.loads(outcome.stdout.head)
    except ValueError:
        return None
    if not isinstance(answer, dict):
        return None
    status = answer.get("status")
    return bool(answer.get("unreachable")) or (
        isinstance(status, int) and (status == _TOO_MANY or status >= _SERVER_ERRORS)
    )
