"""The bytes of an ssh signature (PROTOCOL.sshsig): what is in one, and whether its arithmetic holds.

The arithmetic needs the extra `signatures` (the package cryptography); who may sign is never decided here.
"""

import base64
import hashlib
from typing import Final, NamedTuple

_MAGIC: Final = b"SSHSIG"
_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"
_HASHES: Final = frozenset({"sha256", "sha512"})
_ED25519: Final = b"ssh-ed25519"
_LARGEST: Final = 64 * 1024


class SshSignature(NamedTuple):
    """An ssh signature in its parts."""

    public_key: bytes
    namespace: str
    reserved: bytes
    hash_name: str
    signature: bytes


def parse(armored: str) -> SshSignature | None:
    """The parts of an armored signature; None where it is none, or of another version."""
    lines = armored.strip().split("\n")
    if len(armored) > _LARGEST or lines[0].rstrip() != _BEGIN or lines[-1].rstrip() != _END:
        return None
    try:
        blob = base64.b64decode("".join(line.strip() for line in lines[1:-1]), validate=True)
        if not blob.startswith(_MAGIC + (1).to_bytes(4)):
            return None
        public_key, namespace, reserved, hash_name, signature = _strings(blob[len(_MAGIC) + 4 :], 5)
        return SshSignature(public_key, namespace.decode(), reserved, hash_name.decode(), signature)
    except ValueError:
        return None


def holds(parsed: SshSignature, data: bytes) -> bool | None:
    """Whether the key in a signature made it over `data`; None where that cannot be told here.

    Only Ed25519 keys are known, and nothing without the package cryptography.
    """
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra, for many signatures
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    except ImportError:
        return None
    if not parsed.public_key.startswith(len(_ED25519).to_bytes(4) + _ED25519) or parsed.hash_name not in _HASHES:
        return None
    try:
        _, key = _strings(parsed.public_key, 2)
        signature_type, signature = _strings(parsed.signature, 2)
        if signature_type != _ED25519:
            return False
        digest = hashlib.new(parsed.hash_name, data).digest()
        fields = (parsed.namespace.encode(), parsed.reserved, parsed.hash_name.encode(), digest)
        signed = _MAGIC + b"".join(len(field).to_bytes(4) + field for field in fields)
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except (ValueError, InvalidSignature):
        return False
    return True


def _strings(blob: bytes, count: int) -> list[bytes]:
    """So many strings, each behind its length, and nothing after them (RFC 4251, 5). Raises ValueError."""
    found = []
    position = 0
    for _ in range(count):
        size = int.from_bytes(blob[position : position + 4])
        end = position + 4 + size
        if end > len(blob) or position + 4 > len(blob):
            raise ValueError("it is cut")
        found.append(blob[position + 4 : end])
        position = end
    if position != len(blob):
        raise ValueError("something follows")
    return found
