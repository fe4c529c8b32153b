"""The one door to HTTP: a request and its reply, with `urllib`, without redirects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from email.message import Message
    from urllib.request import Request

_SECONDS: Final = 15.0
_MOST: Final = 1024 * 1024


class HttpFailed(Exception):  # noqa: N818 - the name says what happened
    """There was no reply; the text says why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered."""

    status: int
    body: bytes = field(repr=False)


def request(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], *, ca_file: str | None = None
) -> Reply:
    """Asks once, for at most 15 seconds, and reads at most 1 MiB; any status is a reply.

    A redirect is a reply too: headers with credentials go nowhere else. `ca_file` names certificates that are trusted
    beside nothing else. Raises HttpFailed.
    """
    import ssl  # noqa: PLC0415 - few commands talk to a server
    from http.client import HTTPException  # noqa: PLC0415
    from urllib.error import HTTPError, URLError  # noqa: PLC0415
    from urllib.request import (  # noqa: PLC0415
        HTTPRedirectHandler,
        HTTPSHandler,
        ProxyHandler,
        Request,
        build_opener,
    )

    class NoRedirect(HTTPRedirectHandler):
        def redirect_request(
            self, req: "Request", fp: IO[bytes], code: int, msg: str, headers: "Message", newurl: str
        ) -> None:
            """Nowhere."""

    if not url.startswith(("http://", "https://")):
        raise HttpFailed(f"'{url.partition(':')[0]}' is no address of http or https")
    try:
        context = ssl.create_default_context(cafile=ca_file)
        opener = build_opener(NoRedirect, HTTPSHandler(context=context), ProxyHandler())
        asked = Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310 - checked above
        with opener.open(asked, timeout=_SECONDS) as reply:
            return Reply(reply.status, reply.read(_MOST))
    except HTTPError as answered:
        with answered:
            return Reply(answered.code, answered.read(_MOST))
    except URLError as error:
        raise HttpFailed(f"{error.reason}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise HttpFailed(f"{type(error).__name__}") from None
