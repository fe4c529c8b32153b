"""`http`, `wait` and `notification` with real sockets: an HTTP server that notes what comes, and a mail server."""

import socket
import threading
import time
from collections.abc import Iterator
from email import message_from_bytes
from textwrap import dedent
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from tests.integration.drivers.page_runs import OpenPage
from tests.integration.drivers.servers import WebServer, dripping_server, web_server
from tests.integration.starting import free_port

RUN_FAILED = 4


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def test_a_call_sends_what_it_says_and_captures_from_the_answer(run_step: Any, web: WebServer) -> None:
    web.status, web.answer = 201, '{"data": {"items": [{"id": "i-1"}]}}'
    inputs = {
        "url": f"{web.url}/items",
        "method": "POST",
        "headers": {"X-Team": "shop"},
        "headersFrom": {"Authorization": "TOKEN"},
        "body": {"name": "Zoë"},
        "expectStatus": [200, 201],
        "capture": {"item": "data.items.0.id"},
    }
    result = run_step("http", inputs, env={"TOKEN": "Bearer s3cret-token"})
    assert result.failure is None
    assert result.outputs == {"status": 201, "item": "i-1"}
    (received,) = web.received
    assert (received.method, received.path, received.json) == ("POST", "/items", {"name": "Zoë"})
    assert received.headers["Authorization"] == "Bearer s3cret-token"
    assert received.headers["X-Team"] == "shop"


def test_another_status_fails_and_tells_nothing_of_the_answer(run_step: Any, web: WebServer) -> None:
    web.status, web.answer = 500, "you sent s3cret-token"
    result = run_step("http", {"url": f"{web.url}/x?key=k-123"})
    assert result.failure.code.number == "ORC-5461"
    assert "status 500 instead of 200" in result.failure.message
    assert "k-123" not in result.failure.message
    assert "s3cret" not in result.failure.message


def test_redirects_are_answers(run_step: Any, web: WebServer) -> None:
    web.status, web.headers = 302, {"Location": f"{web.url}/elsewhere"}
    result = run_step("http", {"url": web.url, "headersFrom": {"Authorization": "TOKEN"}}, env={"TOKEN": "t0ken"})
    assert result.failure.code.number == "ORC-5461"
    assert len(web.received) == 1


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://127.0.0.1/", "ORC-5106"),
        ("http://user:pw@127.0.0.1/", "ORC-5106"),
        ("http://127.0.0.1:1/", "ORC-5460"),
        ("http://127.0.0.1/a b", "ORC-5106"),
    ],
)
def test_addresses_that_cannot_be_asked_are_findings(run_step: Any, url: str, code: str) -> None:
    assert run_step("http", {"url": url}).failure.code.number == code


@pytest.mark.parametrize(
    "begin", [b"", b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"]
)
def test_a_server_that_sends_a_byte_now_and_then_does_not_keep_a_step(run_step: Any, begin: bytes) -> None:
    with dripping_server(begin) as port:
        url, started = f"http://127.0.0.1:{port}/", time.monotonic()
        assert "timed out" in run_step("http", {"url": url, "timeout": 1}).failure.message
        check = {"name": "api", "type": "http", "url": url, "timeout": 1}
        assert "timed out" in run_step("validation", {"checks": [check]}).failure.message
        assert time.monotonic() - started < 30, "it would have gone on for ever"


def test_a_timeout_longer_than_a_kernel_counts_is_none(run_step: Any, web: WebServer) -> None:
    assert run_step("http", {"url": web.url, "timeout": 10**12}).failure is None
    check = {"name": "api", "type": "http", "url": web.url, "timeout": 10**12}
    assert run_step("validation", {"checks": [check]}).failure is None


def test_a_header_cannot_hold_a_line_break(run_step: Any, web: WebServer) -> None:
    result = run_step("http", {"url": web.url, "headersFrom": {"X": "V"}}, env={"V": "a\r\nHost: evil"})
    assert result.failure.code.number == "ORC-5106"
    assert web.received == []


def test_a_missing_variable_and_a_missing_value_are_findings(run_step: Any, web: WebServer) -> None:
    assert "TOKEN is not set" in run_step("http", {"url": web.url, "headersFrom": {"A": "TOKEN"}}).failure.message
    web.answer = "{}"
    result = run_step("http", {"url": web.url, "capture": {"id": "data.id"}})
    assert result.failure.code.number == "ORC-5008"
    assert result.outputs == {}


def test_a_wait_looks_until_the_check_passes(run_step: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

    def listen() -> None:
        time.sleep(0.6)
        with socket.create_server(("127.0.0.1", port)) as server:
            server.settimeout(20)
            server.accept()[0].close()

    thread = threading.Thread(target=listen)
    thread.start()
    check = {"name": "up", "type": "tcp", "host": "127.0.0.1", "port": port, "timeout": 1}
    result = run_step("wait", {"until": check, "interval": 1})
    thread.join()
    assert result.failure is None
    assert result.outputs["passed"] == 1
    assert result.outputs["looks"] > 1


def test_a_wait_that_runs_out_of_time_says_what_it_saw(page: OpenPage) -> None:
    text = """\
        - name: until
          type: wait
          timeout: 2s
          config: {until: [{name: port, type: tcp, host: 127.0.0.1, port: 1}], interval: 1s}
        """
    example = page("wait", text=dedent(text))
    assert example.deploy() == RUN_FAILED, example.said
    assert "ORC-5002" in example.said
    assert "it ran longer than 2s; after" in example.said
    assert "this did not pass: port: " in example.said


def test_a_wait_of_a_time_alone_waits_that_long(run_step: Any) -> None:
    before = time.monotonic()
    result = run_step("wait", {"for": "1s"})
    assert time.monotonic() - before >= 1
    assert result.message == "waited 1 s"


def test_slack_gets_plain_text(run_step: Any, web: WebServer) -> None:
    inputs = {"channel": "slack", "urlFrom": "HOOK", "message": "done <!channel> & <http://x|y>"}
    result = run_step("notification", inputs, env={"HOOK": f"{web.url}/services/T0/B0/hush"})
    assert result.failure is None
    assert web.received[0].json["text"].endswith("done &lt;!channel&gt; &amp; &lt;http://x|y&gt;")
    web.status = 403
    result = run_step("notification", inputs, env={"HOOK": f"{web.url}/services/T0/B0/hush"})
    assert result.failure.code.number == "ORC-5461"
    assert "hush" not in result.failure.message


def test_teams_gets_a_card_whose_text_is_no_markdown(run_step: Any, web: WebServer) -> None:
    run_step("notification", {"channel": "teams", "url": web.url, "message": "**not bold**", "subject": "Shop"})
    card = web.received[0].json["attachments"][0]["content"]
    assert [block["inlines"][0]["text"] for block in card["body"]] == ["Shop", "**not bold**"]


def test_a_webhook_gets_who_and_what(run_step: Any, web: WebServer) -> None:
    run_step("notification", {"url": web.url, "message": "deployed"})
    told = web.received[0].json
    assert (told["application"], told["environment"], told["message"]) == ("checkout", "development", "deployed")


def test_an_address_that_does_not_answer_is_not_told(run_step: Any) -> None:
    result = run_step("notification", {"url": "http://127.0.0.1:1/hush", "message": "x"})
    assert result.failure.code.number == "ORC-5460"
    assert "hush" not in result.failure.message


class MailBox:
    """What a mail server was given."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: object, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Refuses one mailbox."""
        if address == "nobody@example.com":
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: object, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keeps it."""
        self.taken.append(envelope)
        return "250 OK"


@pytest.fixture
def mail() -> Iterator[tuple[MailBox, int]]:
    box = MailBox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


def mailed(run_step: Any, port: int, **more: Any) -> Any:
    inputs = {
        "channel": "email",
        "server": {"host": "127.0.0.1", "port": port, "security": "none"},
        "sender": "ci@example.com",
        "recipients": ["shop@example.com"],
        "subject": "Deployed\nBcc: evil@example.com",
        "message": "Zoë's shop is there.",
    }
    return run_step("notification", inputs | more)


def test_a_mail_arrives_with_one_subject_line(run_step: Any, mail: tuple[MailBox, int]) -> None:
    box, port = mail
    assert mailed(run_step, port).failure is None
    (envelope,) = box.taken
    assert envelope.rcpt_tos == ["shop@example.com"]
    assert isinstance(envelope.content, bytes)
    found = message_from_bytes(envelope.content)
    assert found["Subject"] == "Deployed Bcc: evil@example.com"
    assert found["Bcc"] is None
    assert found.get_payload(decode=True).decode().strip() == "Zoë's shop is there."  # type: ignore[union-attr]


def test_refused_recipients_and_odd_addresses_are_findings(run_step: Any, mail: tuple[MailBox, int]) -> None:
    box, port = mail
    result = mailed(run_step, port, recipients=["shop@example.com", "nobody@example.com"])
    assert result.failure.code.number == "ORC-5464"
    assert "nobody@example.com" in result.failure.message
    assert mailed(run_step, port, recipients=["a@b\nRCPT TO:<c@d>"]).failure.code.number == "ORC-5106"
    assert mailed(run_step, 1).failure.code.number == "ORC-5464"
    assert len(box.taken) == 1


def test_credentials_are_not_sent_in_the_clear(run_step: Any) -> None:
    seen: list[object] = []

    def authenticate(*told: object) -> AuthResult:
        seen.append(told[-1])
        return AuthResult(success=isinstance(told[-1], LoginPassword))

    controller = Controller(
        MailBox(), hostname="127.0.0.1", port=free_port(), authenticator=authenticate, auth_require_tls=False
    )
    controller.start()
    try:
        server = {"host": "127.0.0.1", "port": controller.port, "security": "none", "username": "ci"}
        inputs = {"channel": "email", "server": server, "sender": "a@b.c", "recipients": ["d@e.f"], "message": "x"}
        result = run_step("notification", inputs, env={"SMTP_PASSWORD": "hush-hush"})
    finally:
        controller.stop()
    assert result.failure.code.number == "ORC-5464"
    assert seen == []
