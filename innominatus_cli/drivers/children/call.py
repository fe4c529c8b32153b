"""Sends one HTTP request. The answer is `{"status", "body", "truncated"}`, or `{"problem", "unreachable"}`: none came.

The request has `method`, `url`, `headers`, `body` (text or null), `timeout` (seconds) and `ca_file` (a path or null).
No redirect is followed: headers with credentials go nowhere else. At most 256 KiB of a body are read.
"""

import json
import signal
import sys
from typing import Any

_MOST_BYTES = 256 * 1024
_LONGEST = 2**31 - 1
"""Seconds that a socket and a timer of the kernel count."""


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What the server said, or why it said nothing; never a header or a word of what was sent."""
    import ssl  # noqa: PLC0415 - slow to import; a test of the parts above needs none of it
    from http.client import HTTPException  # noqa: PLC0415 - the same
    from urllib import request as urls  # noqa: PLC0415 - the same

    class _AsItIs(urls.HTTPErrorProcessor):
        """Takes every status for an answer: no redirect is followed, no error raised."""

        def http_response(self, request: Any, response: Any) -> Any:  # noqa: ANN401, ARG002 - urllib's own signature
            return response

        def https_response(self, request: Any, response: Any) -> Any:  # noqa: ANN401, ARG002 - the same
            return response

    body = request["body"]
    seconds = min(request["timeout"], _LONGEST)
    signal.signal(signal.SIGALRM, _too_late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        wanted = urls.Request(  # noqa: S310 - the driver lets http and https through only
            request["url"],
            data=None if body is None else body.encode(),
            headers={"User-Agent": "innominatus-ctl", **request["headers"]},
            method=request["method"],
        )
        trusted = urls.HTTPSHandler(context=ssl.create_default_context(cafile=request["ca_file"]))
        with urls.build_opener(_AsItIs(), trusted).open(wanted, timeout=seconds) as response:
            data = response.read(_MOST_BYTES + 1)
            text = data[:_MOST_BYTES].decode("utf-8", "replace")
            return {"status": response.status, "body": text, "truncated": len(data) > _MOST_BYTES}
    except (OSError, ValueError, HTTPException) as broken:
        return {"problem": _reason(getattr(broken, "reason", broken)), "unreachable": True}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _too_late(_number: int, _frame: object) -> None:
    """Ends a request whose time is over: that of a socket begins anew with every byte that a server sends."""
    raise TimeoutError


def _reason(problem: object) -> str:
    if isinstance(problem, TimeoutError):
        return "timed out"
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    return type(problem).__name__


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
