"""Signatures by the real ssh-keygen: who signed, in which namespace, over which bytes."""

import base64
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.system import ssh_signatures
from innominatus_cli.system.commands import CommandOutcome
from innominatus_cli.system.git import Git
from innominatus_cli.system.ssh_signatures import Verifier, sign, signers, signing_key, verify
from innominatus_cli.system.sshsig import SshSignature, holds, parse

DATA = b'{"statement":"of somebody"}'
ARMOR = ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----")
ONE_SIGNATURE = """-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgVFu9FjvETfVuC2Kzbwhkp6wJ4F
WUIocJJif4K5QqZYwAAAABbgAAAAAAAAAGc2hhNTEyAAAAUwAAAAtzc2gtZWQyNTUxOQAA
AED+peH93tG02qjxGVLMP9OEbnLtvx/ABCZjLyAjUy/sXrKhbdXVnqvLMozxpaNBYxdfmV
kYybXZScsLNxLZ3BgF
-----END SSH SIGNATURE-----"""
"""By a key that is gone, over DATA, in the namespace `n`."""
ADA, EVE = "ada@example.org", "eve@example.org"


def new_key(path: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path), "-C", path.name], check=True)
    return path.with_suffix(".pub").read_text()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    new_key(tmp_path / "ada")
    return tmp_path / "ada"


@pytest.fixture
def allowed(tmp_path: Path, key: Path) -> str:
    eves = new_key(tmp_path / "eve")
    return f"{ADA} {key.with_suffix('.pub').read_text()}{EVE} {eves}"


def test_a_signature_counts_for_its_signer_namespace_and_bytes_and_for_nothing_else(key: Path, allowed: str) -> None:
    signature = sign(str(key), "heads@innominatus", DATA)
    assert verify(allowed, ADA, "heads@innominatus", DATA, signature)
    assert signers(allowed, signature) == (ADA,)
    assert not verify(allowed, EVE, "heads@innominatus", DATA, signature)
    assert not verify(allowed, ADA, "approvals@innominatus", DATA, signature)
    assert not verify(allowed, ADA, "heads@innominatus", DATA + b" ", signature)
    assert not verify("", ADA, "heads@innominatus", DATA, signature)


def test_an_ssh_keygen_that_the_repository_brings_is_not_started(
    key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ssh-keygen").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "bin" / "ssh-keygen").chmod(0o755)
    monkeypatch.chdir(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    signature = sign(str(key), "n", DATA)
    assert not verify("", ADA, "n", DATA, signature)


@pytest.mark.parametrize("signature", ["", "x", "-----BEGIN SSH SIGNATURE-----\n", "\udcff", "x" * 100_000])
def test_what_is_no_signature_counts_for_nobody(allowed: str, signature: str) -> None:
    assert not verify(allowed, ADA, "heads@innominatus", DATA, signature)
    assert signers(allowed, signature) == ()


@pytest.mark.parametrize("identity", ["", "-I", "--help"])
def test_an_identity_that_looks_like_an_option_is_nobody(key: Path, allowed: str, identity: str) -> None:
    assert not verify(allowed, identity, "n", DATA, sign(str(key), "n", DATA))


def test_allowed_signers_may_limit_a_key_to_a_namespace(key: Path) -> None:
    allowed = f'{ADA} namespaces="git" {key.with_suffix(".pub").read_text()}'
    assert not verify(allowed, ADA, "n", DATA, sign(str(key), "n", DATA))
    assert verify(allowed, ADA, "git", DATA, sign(str(key), "git", DATA))


def test_a_key_that_an_agent_holds_signs_by_its_public_half(
    key: Path, allowed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            os.sched_yield()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        subprocess.run(["ssh-add", "-q", str(key)], check=True, stderr=subprocess.DEVNULL)
        public = key.with_suffix(".pub").read_text()
        key.unlink()
        for named in (str(key.with_suffix(".pub")), public.strip(), f"key::{public.strip()}"):
            assert verify(allowed, ADA, "n", DATA, sign(named, "n", DATA))
    finally:
        agent.terminate()
        agent.wait()


def test_a_key_with_a_passphrase_and_no_agent_does_not_wait_for_anybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    path = tmp_path / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(path)], check=True)
    with pytest.raises(CannotContinue) as caught:
        sign(str(path), "n", DATA)
    assert caught.value.findings[0].code.number == "ORC-6061"


def test_without_ssh_keygen_the_finding_says_so(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CannotContinue) as caught:
        sign(str(key), "n", DATA)
    assert caught.value.findings[0].code.number == "ORC-6060"


def test_the_signing_key_is_the_one_of_git_unless_it_is_no_ssh_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text("")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    subprocess.run(["git", "init", "-q", str(tmp_path / "repository")], check=True)
    git = Git.open(tmp_path / "repository")
    assert git is not None
    assert signing_key(git) is None
    for key, known in (("~/.ssh/id", True), ("key::ssh-ed25519 AAAA", True), ("0A46826A", False)):
        config.write_text(f"[user]\n\tsigningkey = {key}\n")
        assert signing_key(git) == (key if known else None)


@pytest.fixture
def without_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)


def test_the_arithmetic_says_what_ssh_keygen_says(key: Path) -> None:
    signature = sign(str(key), "n", DATA)
    parsed = parse(signature)
    assert parsed is not None
    assert (parsed.namespace, parsed.hash_name) == ("n", "sha512")
    assert holds(parsed, DATA) is True
    assert holds(parsed, DATA + b" ") is False
    assert holds(parsed._replace(namespace="m"), DATA) is False
    assert holds(parsed._replace(signature=parsed.signature[:-1] + b"x"), DATA) is False
    assert holds(parsed._replace(signature=b"short"), DATA) is False
    assert holds(parsed._replace(hash_name="md5"), DATA) is None


@pytest.mark.usefixtures("without_cryptography")
def test_without_the_extra_the_arithmetic_says_nothing(key: Path) -> None:
    parsed = parse(sign(str(key), "n", DATA))
    assert isinstance(parsed, SshSignature)
    assert holds(parsed, DATA) is None


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_other_keys_are_left_to_ssh_keygen(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(path)], check=True)
    signature = sign(str(path), "n", DATA)
    parsed = parse(signature)
    assert parsed is not None
    assert holds(parsed, DATA) is None
    verifier = Verifier(f"{ADA} {path.with_suffix('.pub').read_text()}")
    assert verifier.signer("n", DATA, signature) == ADA
    assert verifier.signer("n", DATA + b" ", signature) is None


@pytest.mark.parametrize("extra", [True, False])
def test_many_signatures_are_verified_as_single_ones_are(
    key: Path, allowed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extra: bool
) -> None:
    if not extra:
        monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    verifier = Verifier(allowed)
    strangers = tmp_path / "stranger"
    new_key(strangers)
    for number in range(3):
        data = DATA + str(number).encode()
        signature = sign(str(key), "n", data)
        assert verifier.signer("n", data, signature) == ADA
        assert verifier.verify(ADA, "n", data, signature)
        assert not verifier.verify(EVE, "n", data, signature)
        assert not verifier.verify(ADA, "m", data, signature)
        assert not verifier.verify(ADA, "n", DATA, signature)
        assert verifier.signer("m", data, signature) is None
        assert verifier.signer("n", data, sign(str(strangers), "n", data)) is None
    assert verifier.signer("n", DATA, "none") is None


def test_ssh_keygen_is_asked_once_for_a_key_and_a_purpose(
    key: Path, allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = [(data, sign(str(key), "n", data)) for data in (b"1", b"2", b"3")]
    asked: list[tuple[str, ...]] = []
    plain = ssh_signatures._keygen

    def counting(folder: Path, *arguments: str, stdin: bytes | None = None) -> CommandOutcome:
        asked.append(arguments)
        return plain(folder, *arguments, stdin=stdin)

    monkeypatch.setattr(ssh_signatures, "_keygen", counting)
    verifier = Verifier(allowed)
    assert [verifier.signer("n", data, signature) for data, signature in signed] == [ADA] * 3
    assert [arguments[0] for arguments in asked] == ["find-principals", "verify"]


def test_a_limit_on_a_key_holds_for_every_signature_of_it(key: Path) -> None:
    public = key.with_suffix(".pub").read_text()
    verifier = Verifier(f'{ADA} namespaces="git" {public}')
    for data in (b"1", b"2"):
        assert verifier.signer("n", data, sign(str(key), "n", data)) is None
        assert verifier.signer("git", data, sign(str(key), "git", data)) == ADA
    expired = Verifier(f'{ADA} valid-before="20200101" {public}')
    assert expired.signer("n", b"1", sign(str(key), "n", b"1")) is None


@pytest.mark.parametrize("extra", [True, False])
def test_a_key_counts_for_what_it_signed_while_it_was_valid(
    key: Path, monkeypatch: pytest.MonkeyPatch, extra: bool
) -> None:
    if not extra:
        monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    public = key.with_suffix(".pub").read_text()
    verifier = Verifier(f'{ADA} valid-after="20250101",valid-before="20260101" {public}')
    signature = sign(str(key), "n", DATA)
    for year, valid in ((2024, False), (2025, True), (2026, False)):
        at = datetime(year, 6, 1, 12, tzinfo=timezone(timedelta(hours=2)))
        assert (verifier.signer("n", DATA, signature, at) == ADA) is valid
        assert verifier.verify(ADA, "n", DATA, signature, at) is valid
    edge = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert verifier.verify(ADA, "n", DATA, signature, edge)
    assert not verifier.verify(ADA, "n", DATA, signature, edge + timedelta(seconds=2))
    assert not verifier.verify(ADA, "n", DATA, signature)


@given(st.data())
def test_no_damage_to_a_signature_makes_another_one(data: st.DataObject) -> None:
    blob = bytearray(base64.b64decode("".join(ONE_SIGNATURE.split("\n")[1:-1])))
    index = data.draw(st.integers(0, len(blob) - 1))
    blob[index] ^= 1 << data.draw(st.integers(0, 7))
    armored = "\n".join([ARMOR[0], base64.b64encode(blob).decode(), ARMOR[1]])
    parsed = parse(armored)
    assert parsed is None or not holds(parsed, DATA)


def test_the_signature_of_a_key_that_is_gone_holds() -> None:
    parsed = parse(ONE_SIGNATURE)
    assert parsed is not None
    assert holds(parsed, DATA) is True


def armored(blob: bytes) -> str:
    return "\n".join([ARMOR[0], base64.b64encode(blob).decode(), ARMOR[1]])


def test_a_signature_that_is_cut_or_goes_on_is_none() -> None:
    blob = base64.b64decode("".join(ONE_SIGNATURE.split("\n")[1:-1]))
    assert parse(armored(blob)) == parse(ONE_SIGNATURE)
    assert [parse(armored(blob[:length])) for length in range(len(blob))] == [None] * len(blob)
    assert parse(armored(blob + b"\0")) is None
    last = len(blob) - blob.rindex(b"ssh-ed25519") + 8  # the last of the five strings is empty, and is there
    empty = blob[: len(blob) - last] + bytes(4)
    parsed = parse(armored(empty))
    assert parsed is not None
    assert (parsed.signature, holds(parsed, DATA)) == (b"", False)
    assert parse(armored(empty[:-1])) is None


@pytest.mark.parametrize(("more", "found"), [(0, True), (1, False)])
def test_a_signature_of_more_than_64_kib_is_none(more: int, found: bool) -> None:
    text = ONE_SIGNATURE + "\n" * (64 * 1024 - len(ONE_SIGNATURE) + more)
    assert (parse(text) is not None) is found
