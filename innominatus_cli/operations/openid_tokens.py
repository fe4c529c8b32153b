"""Tokens of OpenID providers, as CI services give them to jobs: checked against keys that the repository holds.

Only RS256 and ES256 (RFC 7518), only with keys of the issuer's own file (RFC 7517): nothing is fetched, and what a
token says of its key is no more than a name to look for.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from innominatus_cli.findings.catalogue.approvals import OIDC_NEEDS_EXTRA
from innominatus_cli.findings.finding import CannotContinue, Finding, Place

_LARGEST: Final = 16 * 1024
_PARTS: Final = 3
_SKEW: Final = timedelta(minutes=5)
_COORDINATE: Final = 32
_SMALLEST_RSA: Final = 2048


class BadToken(Exception):  # noqa: N818 - what happened, as CannotContinue
    """A token that proves nothing, and why."""


class Token(NamedTuple):
    """A token taken apart; nothing of it is known to be true."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def take_apart(text: str) -> Token:
    """The parts of a JWT in compact form. Raises BadToken."""
    parts = text.strip().split(".")
    if len(text) > _LARGEST or len(parts) != _PARTS:
        raise BadToken("it is no token of three parts")
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
        signature = _decoded(parts[2])
    except (ValueError, RecursionError) as error:
        raise BadToken("its parts cannot be read") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise BadToken("its parts are no objects")
    return Token(header, claims, ".".join(parts[:2]).encode(), signature)


def check_token(token: Token, jwks: bytes, audience: str, at: str) -> None:
    """Whether a key of `jwks` signed the token, for this audience, and it was valid at a moment. Raises BadToken.

    Raises CannotContinue where the package that checks signatures is not installed.
    """
    _check_signature(token, _key(token, jwks))
    named = token.claims.get("aud")
    if audience not in ([named] if isinstance(named, str) else named if isinstance(named, list) else []):
        raise BadToken(f"it is for '{named}', not for '{audience}'")
    moment = datetime.fromisoformat(at)
    start, end = (_moment(token.claims.get(name)) for name in ("iat", "exp"))
    if start is None or end is None or not start - _SKEW <= moment <= end + _SKEW:
        raise BadToken(f"it was not valid at {at}")


def _key(token: Token, jwks: bytes) -> Mapping[str, Any]:
    try:
        keys = json.loads(jwks)["keys"]
        fitting = [key for key in keys if key.get("kid") == token.header.get("kid") and key.get("use", "sig") == "sig"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadToken("the issuer's keys cannot be read") from error
    if len(fitting) != 1:
        raise BadToken(f"the issuer has {len(fitting) or 'no'} keys '{token.header.get('kid')}'")
    found: Mapping[str, Any] = fitting[0]
    return found


def _check_signature(token: Token, key: Mapping[str, Any]) -> None:
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    except ImportError as error:
        message = "the package 'cryptography' is not installed"
        raise CannotContinue(Finding(OIDC_NEEDS_EXTRA, message, Place("--token"))) from error
    try:
        match token.header.get("alg"), key.get("kty"):
            case "RS256", "RSA":
                public = rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key()
                if public.key_size < _SMALLEST_RSA:
                    raise BadToken("its key is too short")
                public.verify(token.signature, token.signed, padding.PKCS1v15(), SHA256())
            case "ES256", "EC" if key.get("crv") == "P-256":
                if len(token.signature) != 2 * _COORDINATE:
                    raise BadToken("its signature has the wrong length")
                numbers = ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), ec.SECP256R1())
                r, s = token.signature[:_COORDINATE], token.signature[_COORDINATE:]
                der = utils.encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
                numbers.public_key().verify(der, token.signed, ec.ECDSA(SHA256()))
            case algorithm, kind:
                raise BadToken(f"it is signed with '{algorithm}' by a key of type '{kind}'")
    except (InvalidSignature, ValueError, KeyError, TypeError) as error:
        raise BadToken("its signature is wrong") from error


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(part) from error


def _number(text: str) -> int:
    return int.from_bytes(_decoded(text))


def _moment(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
