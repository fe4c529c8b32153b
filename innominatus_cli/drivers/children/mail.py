"""Hands one mail to a server (SMTP). The answer is `{"problem": words}`; empty words: it was taken for everybody.

The request has `server` (`host`, `port`, `security`: starttls, tls or none, `username`, `password`), `sender`,
`recipients`, `subject`, `text` and `id`.
"""

import json
import smtplib
import ssl
import sys
from email.message import EmailMessage
from typing import Any

_SECONDS = 30
_NOT_NOW = 421
_WORDS = {
    smtplib.SMTPAuthenticationError: "the credentials were refused",
    smtplib.SMTPSenderRefused: "the sender was refused",
    ssl.SSLCertVerificationError: "the server's certificate is not trusted",
    TimeoutError: "no connection (timed out)",
}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What is wrong, in words that hold nothing of the credentials."""
    try:
        return {"problem": _sent(request)}
    except (OSError, smtplib.SMTPException, ValueError) as broken:
        told = {"problem": _words(broken)}
        return {**told, "unreachable": True} if _is_unreachable(broken) else told


def _is_unreachable(broken: Exception) -> bool:
    """Whether the server said nothing, or that it cannot just now (RFC 5321: 421)."""
    if isinstance(broken, smtplib.SMTPResponseException):
        return broken.smtp_code == _NOT_NOW
    return isinstance(broken, smtplib.SMTPServerDisconnected) or not isinstance(broken, smtplib.SMTPException)


def _words(broken: Exception) -> str:
    if isinstance(broken, smtplib.SMTPRecipientsRefused):
        return f"refused for {', '.join(sorted(broken.recipients))}"
    if isinstance(broken, smtplib.SMTPNotSupportedError):
        return f"{broken}"
    for kind, words in _WORDS.items():
        if isinstance(broken, kind):
            return words
    if isinstance(broken, smtplib.SMTPResponseException):
        return f"the server answered {broken.smtp_code}"
    return f"no connection ({getattr(broken, 'strerror', None) or type(broken).__name__})"


def _sent(request: dict[str, Any]) -> str:
    server = request["server"]
    mail = EmailMessage()
    mail["From"], mail["To"] = request["sender"], ", ".join(request["recipients"])
    mail["Subject"], mail["Message-ID"] = request["subject"], f"<{request['id']}>"
    mail.set_content(request["text"])
    context = ssl.create_default_context()
    if server["security"] == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server["host"], server["port"], timeout=_SECONDS, context=context)
    else:
        smtp = smtplib.SMTP(server["host"], server["port"], timeout=_SECONDS)
    with smtp:
        if server["security"] == "starttls":
            smtp.starttls(context=context)
        if server["username"] is not None:
            if server["security"] == "none":
                return "credentials are not sent without 'security'"
            smtp.login(server["username"], server["password"] or "")
        refused = smtp.send_message(mail, request["sender"], request["recipients"])
    return f"refused for {', '.join(sorted(refused))}" if refused else ""


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
