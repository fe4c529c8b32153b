"""The door to signatures: OpenSSH's own (`ssh-keygen -Y`, PROTOCOL.sshsig), with the keys that sign commits too.

A signature is made in a namespace, so that one made for a commit or a file proves nothing here. Who may sign what is
said by the text of an allowed signers file (ssh-keygen(1), ALLOWED SIGNERS).
"""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from innominatus_cli.findings.catalogue.ledger import NO_SSH_KEYGEN, NOT_SIGNED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.commands import CommandOutcome, CommandRequest
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_command import GitFailed, operators_command
from innominatus_cli.system.processes import run
from innominatus_cli.system.programs import find_program, repository_around, trusted_path
from innominatus_cli.system.sshsig import holds, parse

_TIMEOUT_SECONDS: Final = 60
_LITERAL: Final = re.compile(r"(?:key::)?((?:ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/=]+.*)", re.DOTALL)
_LARGEST: Final = 64 * 1024


def sign(key: str, namespace: str, data: bytes) -> str:
    """An armored signature over `data`.

    `key` is the path of a private key, or of a public one whose private half an agent holds, or the text of a public
    key (`ssh-ed25519 AAAA…`, git's `key::…`). Nobody is asked for a passphrase: that is what the agent is for.
    Raises CannotContinue where there is no ssh-keygen, or it does not sign.
    """
    with TemporaryDirectory(prefix="innominatus-sign-") as name:
        folder = Path(name)
        literal = _LITERAL.fullmatch(key)
        path = Path(key).expanduser()
        if literal:
            path = folder / "key.pub"
            path.write_text(f"{literal[1].strip()}\n", encoding="utf-8")
        outcome = _keygen(folder, "sign", "-n", namespace, "-f", str(path.absolute()), stdin=data)
        signature = outcome.stdout.head.decode("ascii", "replace")
        if not outcome.succeeded or not signature.startswith("-----BEGIN SSH SIGNATURE-----"):
            shown = "the key" if literal else f"'{key}'"
            raise CannotContinue(Finding(NOT_SIGNED, f"{shown} did not sign: {_said(outcome)}", Place("ssh-keygen")))
        return signature


def verify(
    allowed_signers: str, identity: str, namespace: str, data: bytes, signature: str, at: datetime | None = None
) -> bool:
    """Whether a signature over `data` was made by a key of `identity`, for this namespace.

    `at` is the time at which the key must have been valid (`valid-before` and `valid-after` of the allowed signers);
    None is now. Raises CannotContinue where there is no ssh-keygen.
    """
    if not identity or identity.startswith("-") or len(signature) > _LARGEST:
        return False
    with TemporaryDirectory(prefix="innominatus-verify-") as name:
        folder = Path(name)
        files = _written(folder, allowed_signers, signature)
        return _keygen(folder, "verify", *_time(at), *files, "-n", namespace, "-I", identity, stdin=data).succeeded


def signers(allowed_signers: str, signature: str, at: datetime | None = None) -> tuple[str, ...]:
    """Whose key made a signature, as the allowed signers name them; none where it is no signature, or nobody's.

    `at` is as for `verify`. It says nothing of what was signed. Raises CannotContinue where there is no ssh-keygen.
    """
    if len(signature) > _LARGEST:
        return ()
    with TemporaryDirectory(prefix="innominatus-verify-") as name:
        folder = Path(name)
        outcome = _keygen(folder, "find-principals", *_time(at), *_written(folder, allowed_signers, signature))
        found = outcome.stdout.head.decode("utf-8", "replace").splitlines() if outcome.succeeded else []
        return tuple(dict.fromkeys(one for line in found for one in line.split(",") if one))


class Verifier:
    """Verifies many signatures against one set of allowed signers.

    ssh-keygen decides who may sign, once for a key and a purpose. Further signatures of the same key are arithmetic,
    where the extra `signatures` is installed: a hundred times as fast.
    """

    def __init__(self, allowed_signers: str) -> None:
        self.allowed_signers = allowed_signers
        self._timed = "valid-" in allowed_signers.lower()
        self._names: dict[tuple[bytes, datetime | None], tuple[str, ...]] = {}
        self._may: dict[tuple[bytes, str, str, datetime | None], bool] = {}

    def verify(self, identity: str, namespace: str, data: bytes, signature: str, at: datetime | None = None) -> bool:
        """What the function `verify` says. Raises CannotContinue where there is no ssh-keygen."""
        parsed = parse(signature)
        if parsed is None or parsed.namespace != namespace:
            return False
        sound = holds(parsed, data)
        known = (parsed.public_key, namespace, identity, at if self._timed else None)
        if sound is False:
            return False
        if sound is None:
            return verify(self.allowed_signers, identity, namespace, data, signature, at)
        if known not in self._may:
            self._may[known] = verify(self.allowed_signers, identity, namespace, data, signature, at)
        return self._may[known]

    def signer(self, namespace: str, data: bytes, signature: str, at: datetime | None = None) -> str | None:
        """Who of the allowed signers made a signature; None for nobody of them. Raises CannotContinue as above."""
        parsed = parse(signature)
        if parsed is None:
            return None
        known = (parsed.public_key, at if self._timed else None)
        if known not in self._names:
            self._names[known] = signers(self.allowed_signers, signature, at)
        names = self._names[known]
        return next((name for name in names if self.verify(name, namespace, data, signature, at)), None)


def signing_key(git: Git) -> str | None:
    """The ssh key that the operator signs commits with (`user.signingkey`), as `sign` takes it; None without one."""
    command = operators_command(git.root, git.run, f"--git-dir={git.git_dir}")
    try:
        key = command.text("config", "--get", "user.signingkey", allowed=(0, 1))
    except GitFailed:
        return None
    is_path = key.startswith(("/", "~"))
    return key if is_path or _LITERAL.fullmatch(key) else None


def _time(at: datetime | None) -> tuple[str, ...]:
    """The option that says when a key must have been valid; `_keygen` sets the time zone that it is read in."""
    return () if at is None else ("-O", f"verify-time={at.astimezone(UTC):%Y%m%d%H%M%S}")


def _written(folder: Path, allowed_signers: str, signature: str) -> tuple[str, ...]:
    (folder / "signers").write_text(allowed_signers, encoding="utf-8", errors="surrogateescape")
    (folder / "signature").write_text(signature, encoding="utf-8", errors="surrogateescape")
    return ("-s", str(folder / "signature"), "-f", str(folder / "signers"))


def _keygen(folder: Path, *arguments: str, stdin: bytes | None = None) -> CommandOutcome:
    path = trusted_path(os.environ.get("PATH", os.defpath))
    program = find_program("ssh-keygen", path=path, cwd=folder, untrusted=repository_around(Path.cwd()))
    if program is None:
        raise CannotContinue(Finding(NO_SSH_KEYGEN, "there is no 'ssh-keygen' on PATH", Place("ssh-keygen")))
    mine = {name: os.environ[name] for name in ("HOME", "SSH_AUTH_SOCK") if name in os.environ}
    env = {**mine, "PATH": path, "LC_ALL": "C", "TZ": "UTC", "SSH_ASKPASS_REQUIRE": "never"}
    argv = (program, "-Y", *arguments)
    return run(CommandRequest(argv=argv, cwd=folder, env=env, timeout_seconds=_TIMEOUT_SECONDS, stdin=stdin))


def _said(outcome: CommandOutcome) -> str:
    said = outcome.stderr.head.decode("utf-8", "replace").strip().splitlines()
    return said[-1] if said else outcome.problem or f"ssh-keygen ended with {outcome.exit_code}"
