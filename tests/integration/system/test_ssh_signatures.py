"""Signatures by the real ssh-keygen: who signed, in which namespace, over which bytes."""

import os
import subprocess
from pathlib import Path

import pytest

from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.system.git import Git
from innominatus_cli.system.ssh_signatures import sign, signers, signing_key, verify

DATA = b'{"statement":"of somebody"}'
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
