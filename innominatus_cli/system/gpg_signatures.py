"""The door to GnuPG: detached signatures by the operator's own gpg, verified against fingerprints and nothing else.

What the keyring trusts plays no part: whoever asks knows which fingerprint counts. Nobody is asked for a passphrase.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from innominatus_cli.findings.catalogue.approvals import GPG_FAILED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.commands import CommandOutcome, CommandRequest
from innominatus_cli.system.processes import run
from innominatus_cli.system.programs import find_program, repository_around, trusted_path

_TIMEOUT_SECONDS: Final = 60
_LARGEST: Final = 64 * 1024
_MINE: Final = ("HOME", "GNUPGHOME", "XDG_RUNTIME_DIR")
_BEGIN: Final = "-----BEGIN PGP SIGNATURE-----"
_STATUS: Final = "[GNUPG:] "
_BAD: Final = frozenset({"BADSIG", "ERRSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "KEYREVOKED"})
_PRIMARY: Final = 10
"""Which argument of VALIDSIG is the fingerprint of the primary key (doc/DETAILS of GnuPG)."""


def sign(key: str | None, data: bytes) -> str:
    """An armored detached signature by a key (a fingerprint, id or address), or by gpg's default key.

    Raises CannotContinue where there is no gpg, or it does not sign.
    """
    with TemporaryDirectory(prefix="innominatus-sign-") as name:
        chosen = () if key is None else ("--local-user", key)
        outcome = _gpg(Path(name), *chosen, "--armor", "--detach-sign", stdin=data)
        signature = outcome.stdout.head.decode("ascii", "replace")
        if not outcome.succeeded or not signature.startswith(_BEGIN):
            raise CannotContinue(Finding(GPG_FAILED, f"gpg did not sign: {_said(outcome)}", Place("gpg")))
        return signature


def fingerprint_of(data: bytes, signature: str) -> str | None:
    """The fingerprint, in capitals, of the primary key that signed exactly these bytes.

    None where the signature is wrong, revoked or expired, or the keyring lacks its key. Raises CannotContinue where
    there is no gpg.
    """
    if len(signature) > _LARGEST or signature.count(_BEGIN) != 1:
        return None
    with TemporaryDirectory(prefix="innominatus-verify-") as name:
        folder = Path(name)
        (folder / "signature.asc").write_text(signature, encoding="utf-8", errors="surrogateescape")
        told = ("--status-fd", "1", "--trust-model", "always", "--no-auto-key-retrieve")
        outcome = _gpg(folder, *told, "--verify", str(folder / "signature.asc"), "-", stdin=data)
    lines = outcome.stdout.head.decode("utf-8", "replace").splitlines()
    status = [line.removeprefix(_STATUS).split() for line in lines if line.startswith(_STATUS)]
    valid = [words for words in status if words[:1] == ["VALIDSIG"] and len(words) > _PRIMARY]
    if not outcome.succeeded or len(valid) != 1 or any(words[0] in _BAD for words in status if words):
        return None
    return valid[0][_PRIMARY].upper()


def _gpg(folder: Path, *arguments: str, stdin: bytes) -> CommandOutcome:
    path = trusted_path(os.environ.get("PATH", os.defpath))
    program = find_program("gpg", path=path, cwd=folder, untrusted=repository_around(Path.cwd()))
    if program is None:
        raise CannotContinue(Finding(GPG_FAILED, "there is no 'gpg' on PATH", Place("gpg")))
    mine = {name: os.environ[name] for name in _MINE if name in os.environ}
    argv = (program, "--batch", "--no-tty", "--no-options", "--pinentry-mode", "error", *arguments)
    env = {**mine, "PATH": path, "LC_ALL": "C"}
    return run(CommandRequest(argv=argv, cwd=folder, env=env, timeout_seconds=_TIMEOUT_SECONDS, stdin=stdin))


def _said(outcome: CommandOutcome) -> str:
    said = outcome.stderr.head.decode("utf-8", "replace").strip().splitlines()
    return said[-1] if said else outcome.problem or f"it ended with {outcome.exit_code}"
