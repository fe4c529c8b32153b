"""Makes checks: http, tcp, tls, dns and file. The request is `{"checks": [...]}`, the answer `{"results": [...]}`.

A check has `type`, `timeout`, `retries`, `interval` (seconds) and what its type needs; a result has `passed`, `seen`
(what the last try saw, in words, without any content) and `tries`.
"""

import json
import math
import os
import signal
import socket
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any

_MOST_BYTES = 1024 * 1024
_HTTPS = 443
_LONGEST = 2**31 - 1
"""Seconds that a socket and a timer of the kernel count."""
_DAY = 24 * 3600
_MIN_DAYS = 14
_HEADER = 12
_LABEL = 64
_POINTER = 0xC0
_RECURSE = 0x0100
_TRUNCATED = 0x02
_IS_ANSWER = 0x8000
_RESULT = 0x000F
_RECORDS = {"A": 1, "NS": 2, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28}
_RESULTS = {1: "the server cannot read the question", 2: "the server failed", 3: "there is no such name", 5: "refused"}


class _NoAnswerError(ValueError):
    """A DNS server that answers, and has no answer; the text says why."""


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The results of all checks, in order."""
    return {"results": [_with_retries(check) for check in request["checks"]]}


def _with_retries(check: dict[str, Any]) -> dict[str, Any]:
    check = {**check, **{name: min(check[name], _LONGEST) for name in ("timeout", "interval")}}
    tries = 0
    while True:
        problem = _in_time(check)
        tries += 1
        if not problem or tries > check["retries"]:
            return {"passed": not problem, "seen": problem, "tries": tries}
        time.sleep(check["interval"])


def _in_time(check: dict[str, Any]) -> str:
    """One try, which ends when its time is over: a server that sends a byte now and then would keep it for ever.

    The timeout of a socket begins anew with every byte. A signal ends whatever the main thread waits for.
    """
    earlier = signal.signal(signal.SIGALRM, _too_late)
    signal.setitimer(signal.ITIMER_REAL, check["timeout"])
    try:
        return _KINDS[check["type"]](check)
    except TimeoutError:
        return f"no answer within {check['timeout']} s"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)


def _too_late(_number: int, _frame: object) -> None:
    raise TimeoutError


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


def _tls(check: dict[str, Any]) -> str:
    """Whether the chain leads to a trusted certificate, and the server's own is of all names and holds long enough."""
    import ssl  # noqa: PLC0415 - slow to import, and only tls checks need it

    try:
        context = ssl.create_default_context(cafile=check["ca_file"])
    except (OSError, ValueError):
        return "the file of trusted certificates holds none"
    name = check["server_name"] or check["host"]
    address = (check["host"], check["port"] or _HTTPS)
    try:
        with (
            socket.create_connection(address, timeout=check["timeout"]) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            certificate: Any = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as wrong:
        return f"the certificate does not hold ({wrong.verify_message.rstrip('.')})"
    except (OSError, ValueError) as broken:
        return f"no TLS connection ({_reason(broken)})"
    lacking = [wanted for wanted in check["names"] or () if not _is_of(certificate, wanted)]
    if lacking:
        return f"the certificate is not of {', '.join(lacking)}"
    days = math.floor((ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / _DAY)
    least = _MIN_DAYS if check["min_days"] is None else check["min_days"]
    return f"the certificate holds for {days} more days, and {least} are needed" if days < least else ""


def _is_of(certificate: dict[str, Any], name: str) -> bool:
    """Whether a certificate speaks of a name or an address; a star stands for one first label (RFC 6125, 6.4.3)."""
    wanted = name.lower().rstrip(".")
    for kind, written in certificate.get("subjectAltName", ()):
        known = str(written).lower()
        if kind == "IP Address" and _address(known) == _address(wanted) is not None:
            return True
        if kind == "DNS" and known in {wanted, f"*.{wanted.partition('.')[2]}"}:
            return True
    return False


def _address(text: str) -> bytes | None:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            return socket.inet_pton(family, text)
        except (OSError, ValueError):
            continue
    return None


def _dns(check: dict[str, Any]) -> str:
    try:
        answers = _asked(check) if check["server"] else _resolved(check)
    except TimeoutError:
        return f"no answer from the resolver within {check['timeout']} s"
    except (OSError, ValueError) as broken:
        return f"the name does not resolve ({_reason(broken)})"
    wanted = {text.lower().rstrip(".") for text in check["expect"] or ()}
    missing = sorted(wanted - {text.lower().rstrip(".") for text in answers})
    return f"{', '.join(missing)} is not among the answers" if missing else ""


def _resolved(check: dict[str, Any]) -> set[str]:
    """The addresses that the machine's resolver knows."""
    family = {"A": socket.AF_INET, "AAAA": socket.AF_INET6}.get(check["record"], socket.AF_UNSPEC)
    found: list[set[str] | Exception] = []

    def look_up() -> None:
        try:
            found.append({str(entry[4][0]) for entry in socket.getaddrinfo(check["host"], None, family)})
        except (OSError, ValueError) as broken:
            found.append(broken)

    # getaddrinfo cannot be given a timeout; a daemon thread is left behind with the process.
    resolver = threading.Thread(target=look_up, daemon=True)
    resolver.start()
    resolver.join(check["timeout"])
    if not found:
        raise TimeoutError
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


def _asked(check: dict[str, Any]) -> set[str]:
    """What a server answers over UDP, or over TCP where it does not fit. Source: RFC 1035, section 4."""
    number, kind = os.urandom(2), check["record"] or "A"
    labels = [label.encode("idna") for label in check["host"].rstrip(".").split(".")]
    if any(not 0 < len(label) < _LABEL for label in labels):
        raise ValueError("a label is empty or too long")
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    query = number + struct.pack("!5H", _RECURSE, 1, 0, 0, 0) + name + struct.pack("!2H", _RECORDS[kind], 1)
    address = (check["server"]["host"], check["server"]["port"])
    data = _by_udp(address, query, check["timeout"])
    if len(data) >= _HEADER and data[2] & _TRUNCATED:
        data = _by_tcp(address, query, check["timeout"])
    try:
        return _answers(data, query, _RECORDS[kind])
    except (IndexError, struct.error, UnicodeError):
        raise ValueError("the answer is no DNS") from None


def _by_udp(address: tuple[str, int], query: bytes, timeout: float) -> bytes:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    deadline = time.monotonic() + timeout
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        udp.connect(address)
        udp.send(query)
        while (left := deadline - time.monotonic()) > 0:
            udp.settimeout(left)
            data = udp.recv(65535)
            if data[:2] == query[:2]:
                return data
    raise TimeoutError


def _by_tcp(address: tuple[str, int], query: bytes, timeout: float) -> bytes:
    with socket.create_connection(address, timeout=timeout) as tcp, tcp.makefile("rb") as answer:
        tcp.sendall(struct.pack("!H", len(query)) + query)
        return answer.read(*struct.unpack("!H", answer.read(2)))


def _answers(data: bytes, query: bytes, wanted: int) -> set[str]:
    """The records of the wanted kind in a server's answer."""
    number, flags, questions, records = struct.unpack("!2s4H", data[:10])[:4]
    if number != query[:2] or not flags & _IS_ANSWER:
        raise ValueError("the answer is to another question")
    if flags & _RESULT:
        raise _NoAnswerError(_RESULTS.get(flags & _RESULT, f"result {flags & _RESULT}"))
    found: set[str] = set()
    at = _HEADER
    for _ in range(questions):
        at = _name(data, at)[1] + 4
    for _ in range(records):
        at = _name(data, at)[1]
        kind, _class, _ttl, length = struct.unpack("!2HIH", data[at : at + 10])
        at += 10
        if kind == wanted:
            found.add(_value(data, at, length, kind))
        at += length
    if not found:
        raise _NoAnswerError("it has no such record")
    return found


def _value(data: bytes, at: int, length: int, kind: int) -> str:
    raw = data[at : at + length]
    if len(raw) != length:
        raise IndexError
    if kind in {_RECORDS["A"], _RECORDS["AAAA"]}:
        return socket.inet_ntop(socket.AF_INET if kind == _RECORDS["A"] else socket.AF_INET6, raw)
    if kind == _RECORDS["TXT"]:
        text, here = b"", 0
        while here < length:
            text += raw[here + 1 : here + 1 + raw[here]]
            here += 1 + raw[here]
        return text.decode("utf-8", "replace")
    return _name(data, at + 2 if kind == _RECORDS["MX"] else at)[0]


def _name(data: bytes, at: int) -> tuple[str, int]:
    """A name, and where it ends; parts of it may stand elsewhere, at most as many as there are bytes."""
    labels: list[str] = []
    end = 0
    for _ in range(len(data)):
        length = data[at]
        if length >= _POINTER:
            end = end or at + 2
            at = (length - _POINTER) * 256 + data[at + 1]
            continue
        if length == 0:
            return ".".join(labels), end or at + 1
        labels.append(data[at + 1 : at + 1 + length].decode("ascii"))
        at += 1 + length
    raise IndexError


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
    return str(problem) if isinstance(problem, _NoAnswerError) else type(problem).__name__


_KINDS = {"http": _http, "tcp": _tcp, "tls": _tls, "dns": _dns, "file": _file}


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
