"""A repository whose history is a ledger: a commit a record, each record following the one before, some approvals."""

import base64
import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.canonical import digest
from innominatus_cli.documents.run_record import RunRecord, StepResult
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.ledger.records import action_path, plan_path, record_path
from innominatus_cli.system.clock import timestamp, ulid

ROOT = ".innominatus"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
APPLICATIONS, PLANS, ACTION_EACH = 50, 20, 10
ADA = Actor(name="Ada", email="ada@shop.example", source="git config")
STEPS = ("pre-deployment/platform/-/scan/look", "deployment/application/-/workload/deploy-application")


def plan_of(number: int) -> tuple[str, bytes]:
    """The digest and the bytes of a plan's file."""
    content = {"plan": number % PLANS}
    return digest(content), json.dumps(content, separators=(",", ":")).encode() + b"\n"


def records(count: int, first: int = 0, parents: tuple[str, ...] = ()) -> Iterator[tuple[str, bytes, str]]:
    """So many records, each following the one before: path, bytes, digest. `first` numbers them."""
    for number in range(first, first + count):
        began = BEGAN + timedelta(minutes=number)
        at, identity = timestamp(began), ulid(int(began.timestamp() * 1000), number.to_bytes(10))
        where = {"application": f"app-{number % APPLICATIONS}", "environment": ("staging", "production")[number % 2]}
        made: RunRecord | ActionRecord
        if number % ACTION_EACH == ACTION_EACH - 1:
            facts = {"action": "approve", "id": identity, "parents": list(parents), "at": at, "actor": ADA}
            made = ActionRecord.model_validate({**facts, **where, "tool_version": "0.1.0"})
            path = action_path(ROOT, made)
        else:
            steps = [StepResult(step=step, status="succeeded", started_at=at, duration_ms=9) for step in STEPS]
            facts = {"kind": "run", "run": identity, "parents": list(parents), "started_at": at, "finished_at": at}
            rest = {"status": "succeeded", "operation": "deploy", "actor": ADA, "duration_ms": 20, "dirty": False}
            plan = {"plan": plan_of(number)[0], "tool_version": "0.1.0", "steps": steps}
            made = RunRecord.model_validate({**facts, **where, **rest, **plan})
            path = record_path(ROOT, made)
        parents = (made.digest,)
        yield path, made.canonical, made.digest


def fast_import(count: int) -> Iterator[bytes]:
    """The stream for `git fast-import`: the plans in the first commit, then a commit a record."""
    moment = int(BEGAN.timestamp())
    who = f"Ada <ada@shop.example> {moment} +0000\n".encode()
    yield b"commit refs/heads/main\nauthor " + who + b"committer " + who + b"data 5\nplans"
    for number in range(PLANS):
        name, data = plan_of(number)
        yield f"M 100644 inline {plan_path(ROOT, name)}\ndata {len(data)}\n".encode() + data
    yield b"\n"
    for path, data, _ in records(count):
        yield b"commit refs/heads/main\nauthor " + who + b"committer " + who + b"data 6\nrecord\n"
        yield f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"


def fill(folder: Path, count: int) -> None:
    """Makes the repository, checked out."""
    git = ("git", "-c", "gc.auto=0")
    subprocess.run([*git, "init", "-q", "-b", "main", str(folder)], check=True)
    stream = b"".join(fast_import(count))
    subprocess.run([*git, "fast-import", "--quiet"], cwd=folder, input=stream, check=True)
    subprocess.run([*git, "reset", "-q", "--hard", "main"], cwd=folder, check=True)


def sign_history(folder: Path, key: Path) -> None:
    """Makes every commit of the branch anew, signed with an Ed25519 key, as `git commit -S` does for gpg.format=ssh."""
    private = serialization.load_ssh_private_key(key.read_bytes(), password=None)
    assert isinstance(private, Ed25519PrivateKey)
    public = base64.b64decode(key.with_suffix(".pub").read_text().split()[1])
    listed = subprocess.run(["git", "rev-list", "--reverse", "main"], cwd=folder, capture_output=True, check=True)
    batch = subprocess.run(
        ["git", "cat-file", "--batch"], cwd=folder, input=listed.stdout, capture_output=True, check=True
    )
    texts, position, parent = [], 0, ""
    while position < len(batch.stdout):
        end = batch.stdout.index(b"\n", position)
        size = int(batch.stdout[position:end].split()[2])
        head, _, message = batch.stdout[end + 1 : end + 1 + size].partition(b"\n\n")
        position = end + 2 + size
        lines = [line for line in head.split(b"\n") if not line.startswith(b"parent ")]
        lines[1:1] = [f"parent {parent}".encode()] if parent else []
        unsigned = b"\n".join(lines) + b"\n\n" + message
        signature = b"gpgsig " + _sshsig(private, public, unsigned).replace(b"\n", b"\n ")
        texts.append(b"\n".join([*lines, signature]) + b"\n\n" + message)
        parent = hashlib.sha1(b"commit %d\0" % len(texts[-1]) + texts[-1], usedforsecurity=False).hexdigest()
    with tempfile.TemporaryDirectory() as name:
        paths = [Path(name) / str(number) for number in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_bytes(text)
        given = "".join(f"{path}\n" for path in paths).encode()
        command = ["git", "hash-object", "-t", "commit", "-w", "--stdin-paths"]
        subprocess.run(command, cwd=folder, input=given, stdout=subprocess.DEVNULL, check=True)
    subprocess.run(["git", "reset", "-q", "--hard", parent], cwd=folder, check=True)
    subprocess.run(["git", "repack", "-qad"], cwd=folder, check=True)


def _sshsig(private: Ed25519PrivateKey, public: bytes, data: bytes) -> bytes:
    """An armored signature in the namespace of git (PROTOCOL.sshsig)."""

    def strings(*fields: bytes) -> bytes:
        return b"".join(len(field).to_bytes(4) + field for field in fields)

    about = (b"git", b"", b"sha512")
    made = private.sign(b"SSHSIG" + strings(*about, hashlib.sha512(data).digest()))
    blob = b"SSHSIG" + (1).to_bytes(4) + strings(public, *about, strings(b"ssh-ed25519", made))
    encoded = base64.b64encode(blob).decode()
    lines = [encoded[start : start + 70] for start in range(0, len(encoded), 70)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----"]).encode()
