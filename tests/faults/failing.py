"""Makes the N-th system call of a kind fail, by strace's fault injection, and judges what is left.

Where a file is written, created, renamed, synced or removed: in the journal, the run's folder, the lock, the record,
the ledger's own files and scratch folders, the first and the last time each, with the errors that a disk, a quota, a
limit of descriptors or a read-only file system give there; and from there on for ever, where only we call it.
"""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from innominatus_cli.documents.verdict import ReportedFinding
from innominatus_cli.findings.catalogue.execution import JOURNAL_LOST
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.operations.history import open_ledger
from tests.faults.commands import Trial, go_on, run
from tests.faults.killing import STORAGE
from tests.faults.oracle import durable_ends, judge, own_files
from tests.faults.scenes import Scene

ERRORS = {
    "write": ("ENOSPC", "EDQUOT", "EIO"),
    "fsync": ("EIO", "ENOSPC", "EDQUOT"),
    "fdatasync": ("EIO", "ENOSPC", "EDQUOT"),
    "openat": ("EMFILE", "EROFS", "EACCES", "ENOSPC"),
    "rename": ("EROFS", "EACCES", "EIO"),
    "renameat": ("EROFS", "EACCES", "EIO"),
    "mkdir": ("EROFS", "ENOSPC", "EACCES"),
    "mkdirat": ("EROFS", "ENOSPC", "EACCES"),
    "flock": ("ENOLCK",),
    "unlink": ("EROFS", "EACCES"),
    "unlinkat": ("EROFS", "EACCES"),
}
FOR_EVER = frozenset({"fsync", "fdatasync", "rename", "renameat"})
"""Calls that only files of ours are given: what the interpreter needs itself must not fail for ever."""
KINDS = {
    "lock": re.compile(r"/locks/"),
    "run folder": re.compile(r"/runs/[0-9A-Z]{26}/\.?(opening|plan|request)"),
    "mark of an open run": re.compile(r"/innominatus/open\b"),
    "journal": re.compile(r"/journal\.jsonl"),
    "log": re.compile(r"/logs\b"),
    "scratch": re.compile(r"/scratch\b"),
    "record": re.compile(r"/\.innominatus\b"),
    "ledger": re.compile(r"/innominatus/ledger\b"),
    "folders": re.compile(r"/innominatus/(runs|state)\b"),
}
_STATUSES = frozenset({ExitStatus.OK, ExitStatus.RUN_FAILED, ExitStatus.CANNOT_WRITE_STATE, ExitStatus.LOCKED})
_SYNCS = re.compile(r"^f(?:data)?sync\(\d+<([^>]*)>\) += (-1|0)(?: (E[A-Z]+))?")


@dataclass(frozen=True, slots=True)
class Failure:
    """The `number`-th call of `call` (from 1) fails with `error`; with `for_ever` all later ones do too."""

    kind: str
    call: str
    number: int
    error: str
    for_ever: bool = False

    def __str__(self) -> str:
        return f"{self.kind}: {self.call}-{self.number}{'+' if self.for_ever else ''} {self.error}"

    @property
    def injection(self) -> list[str]:
        """What strace is told."""
        when = f"{self.number}{'+' if self.for_ever else ''}"
        return ["-e", f"inject={self.call}:error={self.error}:when={when}"]


def failures_of(scene: Scene, template: Path, strace: Path, folder: Path) -> list[Failure]:
    """What can fail in the scene's command, found by watching it once."""
    repository = shutil.copytree(template, folder / "watched", symlinks=True)
    log = folder / "trace"
    calls = ",".join(f"?{call}" for call in STORAGE)
    run(repository, scene.command, [str(strace), "-qq", "-y", "-s", "0", "-o", str(log), "-e", f"trace={calls}"])
    shutil.rmtree(repository)
    return list(_failures_in(log.read_text(errors="replace"), str(repository)))


def _failures_in(log: str, repository: str) -> Iterator[Failure]:
    numbers: Counter[str] = Counter()
    seen: dict[tuple[str, str], list[int]] = {}
    for line in log.splitlines():
        call = line.partition("(")[0]
        numbers[call] += 1
        if call not in ERRORS or repository not in line or (call == "openat" and "O_CREAT" not in line):
            continue
        inside = line.partition(repository)[2]
        kind = next((name for name, pattern in KINDS.items() if pattern.search(inside)), None)
        if kind is not None:
            seen.setdefault((kind, call), []).append(numbers[call])
    for (kind, call), found in seen.items():
        for number in sorted({found[0], found[-1]}):
            yield from (Failure(kind, call, number, error) for error in ERRORS[call])
            if call in FOR_EVER:
                yield Failure(kind, call, number, ERRORS[call][0], for_ever=True)


def failed(scene: Scene, template: Path, folder: Path, strace: Path, failure: Failure) -> Trial:
    """Lets the call fail, then goes on as a person would with a disk that works again, and judges everything."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    repository = shutil.copytree(template, folder / "repository", symlinks=True)
    before = own_files(repository)
    found = Trial(repository)
    log = folder / "syncs"
    traced = ["-e", f"trace=fsync,fdatasync,{failure.call}"]
    done = run(repository, scene.command, [str(strace), "-qq", "-y", "-o", str(log), *traced, *failure.injection])
    found.note(done)
    if done.status not in _STATUSES:
        found.wrong.append(f"exit status {done.status}")
    found.wrong += _retried(log.read_text(errors="replace"))
    finished = durable_ends(repository)
    go_on(found, scene)
    judge(found, scene, before, finished)
    if any(finding.code == JOURNAL_LOST.number for finding in _findings(repository)):
        # The record is what the run knew at its end; its journal ends where the disk refused it.
        found.wrong = [wrong for wrong in found.wrong if not wrong.startswith(("I3", "I7: the record"))]
    return found


def _findings(repository: Path) -> Iterator[ReportedFinding]:
    for stored in open_ledger(repository).store.records():
        yield from stored.record.findings


def _retried(log: str) -> Iterator[str]:
    """Files whose fsync failed and was tried again: the pages are marked clean, so that the second one lies."""
    lost: set[str] = set()
    for line in log.splitlines():
        match = _SYNCS.match(line)
        if match is None:
            continue
        path, result, _ = match.groups()
        if path in lost and not Path(path).is_dir():
            yield f"{path} was synced again after that had failed"
        if result == "-1":
            lost.add(path)
