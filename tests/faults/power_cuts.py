"""Cuts the power right before the N-th system call of a kind: what was written and not synced by then is lost.

The journal ends with what its last fdatasync saw, or anywhere behind that, in the middle of a line too; logs, which
nobody syncs, are empty. Files that are renamed into place are synced before, so they are there or not. What steps do
elsewhere lasts: so every step must have an intent that does.
"""

import hashlib
import json
import random
import re
import shutil
from pathlib import Path

from innominatus_cli.documents.canonical import canonical_json
from innominatus_cli.system.state_folder import StateFolder
from tests.faults.commands import Trial, go_on, run
from tests.faults.killing import Point
from tests.faults.oracle import durable_ends, judge, judge_once, own_files
from tests.faults.scenes import Scene

_WRITE = re.compile(r"^write\(\d+<([^>]*/journal\.jsonl)>.* = (\d+)$")
_SYNC = re.compile(r"^f(?:data)?sync\(\d+<([^>]*/journal\.jsonl)>\) += 0$")


def cut_trial(scene: Scene, template: Path, folder: Path, strace: Path, point: Point, seed: int) -> Trial:
    """Cuts the power at the point, goes on, and judges: every step has run once, whatever was lost."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    repository = shutil.copytree(template, folder / "repository", symlinks=True)
    before = own_files(repository)
    found = Trial(repository)
    log = folder / "writes"
    calls = ["-e", f"trace=write,fsync,fdatasync,{point.call}", "-e", point.injection[-1]]
    found.note(run(repository, scene.command, [str(strace), "-qq", "-y", "-s", "0", "-o", str(log), *calls]))
    _lose(repository, log.read_text(errors="replace"), random.Random(seed))  # noqa: S311 - to be repeated
    finished = durable_ends(repository)
    go_on(found, scene)
    judge(found, scene, before, finished)
    # Starts may be lost with the power; what ran is known from the intents, and by its probe.
    found.wrong = [wrong for wrong in found.wrong if not wrong.startswith("I4")]
    judge_once(found)
    return found


def _lose(repository: Path, log: str, chosen: random.Random) -> None:
    written: dict[str, int] = {}
    synced: dict[str, int] = {}
    for line in log.splitlines():
        if match := _WRITE.match(line):
            written[match[1]] = written.get(match[1], 0) + int(match[2])
        elif match := _SYNC.match(line):
            synced[match[1]] = written.get(match[1], 0)
    for name, size in written.items():
        least = synced.get(name, 0)
        kept = least if chosen.random() < 1 / 2 else chosen.randint(least, size)
        Path(name).write_bytes(_of_another_boot(Path(name).read_bytes()[:kept]))
    state = StateFolder(repository / ".git")
    for run_id in state.runs():
        for path in state.logs_dir(run_id).glob("*"):
            path.write_bytes(b"")


def _of_another_boot(journal: bytes) -> bytes:
    """The same lines, as if the machine had been started again since: whoever reads them goes by that."""
    made, prev = [], "0" * 64
    *whole, torn = journal.split(b"\n")
    for raw in whole:
        line = {key: value for key, value in json.loads(raw).items() if key != "h"} | {"prev": prev}
        if "boot_id" in line:
            line["boot_id"] = "00000000-0000-0000-0000-000000000000"
        body = canonical_json(line)
        prev = hashlib.sha256(body).hexdigest()
        made.append(body[:-1] + b',"h":"%b"}' % prev.encode())
    return b"\n".join([*made, torn])
