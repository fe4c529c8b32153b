"""Makes checks: http, tcp, dns and file. The request is `{"checks": [...]}`, the answer `{"results": [...]}`.

A check has `type`, `timeout`, `retries`, `interval` (seconds) and what its type needs; a result has `passed`, `seen`
(what the last try saw, in words, without any content) and `tries`.
"""

import json
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

_MOST_BYTES = 1024 * 1024


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The results of all checks, in order."""
    return {"results": [_with_retries(check) for check in request["checks"]]}


def _with_retries(check: dict[str, Any]) -> dict[str, Any]:
    tries = 0
    while True:
        problem = _KINDS[check["type"]](check)
        tries += 1
        if not problem or tries > check["retries"]:
            return {"passed": not problem, "seen": problem, "tries": tries}
        time.sleep(check["interval"])


def _http(check: dict[str, Any]) -> str:
    from http.client import HTTPException  # noqa: PLC0415 - slow to import, and only http checks need it
    from urllib import request  # noqa: PLC0415 - the same

    class _AsItIs(request.HTTPErrorProcessor):
        """Takes every status for an answer: no redirect is followed, no error raised."""

        def http_response(self, request: Any, response: Any) -> Any:  # noqa: ANN401, ARG002 - urllib's own signature
            return response

        def https_response(self, request: Any, response: Any) -> Any:  # noqa: ANN401, ARG002 - the same
            return response

    try:
        wanted = request.Request(check["url"], method=check["method"], headers={"User-Agent": "innominatus-ctl"})  # noqa: S310 - the driver lets http and https through only
        with request.build_opener(_AsItIs()).open(wanted, timeout=check["timeout"]) as response:
            status, body = response.status, response.read(_MOST_BYTES)
    except (OSError, ValueError, HTTPException) as broken:
        return f"no answer ({_reason(getattr(broken, 'reason', broken))})"
    if status not in check["expect_status"]:
        wanted_status = " or ".join(str(number) for number in check["expect_status"])
        return f"HTTP status {status} instead of {wanted_status}"
    return _content(check, body)


def _tcp(check: dict[str, Any]) -> str:
    try:
        with socket.create_connection((check["host"], check["port"]), timeout=check["timeout"]):
            return ""
    except (OSError, ValueError) as broken:
        return f"no connection ({_reason(broken)})"


def _dns(check: dict[str, Any]) -> str:
    found: list[str] = []

    def look_up() -> None:
        try:
            socket.getaddrinfo(check["host"], None)
            found.append("")
        except (OSError, ValueError) as broken:
            found.append(f"the name does not resolve ({_reason(broken)})")

    # getaddrinfo cannot be given a timeout; a daemon thread is left behind with the process.
    resolver = threading.Thread(target=look_up, daemon=True)
    resolver.start()
    resolver.join(check["timeout"])
    return found[0] if found else f"no answer from the resolver within {check['timeout']} s"


def _file(check: dict[str, Any]) -> str:
    path = Path(check["path"])
    try:
        if not path.is_file():
            return "the file does not exist"
        with path.open("rb") as file:
            return _content(check, file.read(_MOST_BYTES))
    except OSError as broken:
        return f"the file cannot be read ({_reason(broken)})"


def _content(check: dict[str, Any], data: bytes) -> str:
    wanted = check.get("contains")
    if wanted and wanted.encode() not in data:
        return "the text that it should contain is not in it"
    return ""


def _reason(problem: object) -> str:
    if isinstance(problem, TimeoutError):
        return "timed out"
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    return type(problem).__name__


_KINDS = {"http": _http, "tcp": _tcp, "dns": _dns, "file": _file}


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
