"""Damage done at random to journals, records, tombstones and the index: all is detected, or changes no answer.

    python tests/faults/corruptions.py [--count 100000] [--seed N]

prints how many of each kind were done, how many were detected, and how many were harmless: a journal that holds less
and nothing else than it held, an index that answers as before. Exits with 1 where one went unnoticed. Every trial can
be repeated by its seed.
"""

import argparse
import json
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.run_record import RunRecord, StepResult
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.execution.journal import Journal, read_journal
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.ledger.chain import Link, check_chain, tips
from innominatus_cli.ledger.graves import check_tombstones
from innominatus_cli.ledger.index_file import IndexFile, IndexUnusable, Row, Skim
from innominatus_cli.ledger.inspecting import link_of
from innominatus_cli.ledger.records import action_path, read_action, read_record, record_path
from innominatus_cli.system.clock import SystemClock, timestamp, ulid

ROOT: Final = ".innominatus"
DETECTED, HARMLESS, UNNOTICED = "detected", "harmless", "UNNOTICED"
KINDS: Final = (
    "bit flips",
    "cut tail",
    "cut out",
    "swap",
    "duplicate",
    "zeros",
    "lines swapped",
    "line twice",
)
_ADA: Final = Actor(name="Ada", email="ada@shop.example", source="git config")


def damage(data: bytes, random: Random) -> tuple[str, bytes]:
    """The data with something done to it, and what; sometimes it comes out as it was."""
    start = random.randrange(len(data))
    end = min(len(data), start + 1 + int(random.expovariate(1 / 80)))
    kind = random.choice(
        ("bit flips", "cut tail", "cut out", "swap", "duplicate", "zeros", "lines swapped", "line twice")
    )
    match kind:
        case "bit flips":
            flipped = bytearray(data)
            for _ in range(random.choice((1, 1, 1, 2, 8))):
                flipped[random.randrange(len(flipped))] ^= 1 << random.randrange(8)
            return kind, bytes(flipped)
        case "cut tail":
            return kind, data[:start]
        case "cut out":
            return kind, data[:start] + data[end:]
        case "swap":
            other = random.randrange(start, len(data))
            middle, last = data[end:other], data[other : other + end - start]
            swapped = data[:start] + last + middle + data[start:end] + data[other + len(last) :]
            return kind, swapped if other >= end else data[:start] + data[start:end][::-1] + data[end:]
        case "duplicate":
            return kind, data[:end] + data[start:end] + data[end:]
        case "zeros":
            return kind, data[:start] + bytes(end - start) + data[end:]
        case _:
            lines = data.splitlines(keepends=True)
            one, two = random.randrange(len(lines)), random.randrange(len(lines))
            if kind == "lines swapped":
                lines[one], lines[two] = lines[two], lines[one]
            else:
                lines.insert(two, lines[one])
            return kind, b"".join(lines)


def write_journal(path: Path, random: Random) -> bytes:
    """A journal as a run leaves it; its bytes."""
    journal = Journal.create(path, SystemClock())
    journal.add("run_start", plan="sha256:" + "a" * 64, pid=random.randrange(99999))
    for number in range(random.randrange(2, 12)):
        journal.add("step_start", step=f"deployment/product/shop/flow/step-{number}", index=number, attempt=1)
        journal.add("step_end", step=f"deployment/product/shop/flow/step-{number}", index=number, status="succeeded")
    journal.add("run_end", status="succeeded")
    journal.commit()
    journal.close()
    return path.read_bytes()


def fate_of_journal(path: Path, original: bytes, damaged: bytes) -> str:
    """What reading a damaged journal makes of it."""
    path.write_bytes(original)
    before = read_journal(path).lines
    path.write_bytes(damaged)
    try:
        after = read_journal(path).lines
    except CannotContinue:
        return DETECTED
    return HARMLESS if after == before[: len(after)] else UNNOTICED


def make_records(random: Random, count: int = 8) -> dict[str, bytes]:
    """The files of a ledger that forks and joins, of runs and actions, in the order in which they were written.

    Of half of them a `gc` has removed runs.
    """
    files: dict[str, bytes] = {}
    known: list[str] = []
    runs: list[tuple[str, RunRecord]] = []
    for number in range(count):
        at = f"2026-11-20T20:{number:02d}:00.000Z"
        identity = ulid(1_763_668_800_000 + number * 60_000, random.randbytes(10))
        parents = sorted(set(random.sample(known[-3:], min(len(known), random.choice((1, 1, 2))))))
        facts: dict[str, Any] = {"parents": parents, "application": "shop", "environment": "staging", "actor": _ADA}
        made: RunRecord | ActionRecord
        if random.random() < 0.3:
            action = {"action": "approve", "id": identity, "at": at, "reason": "grün", "tool_version": "0.1.0"}
            made = ActionRecord.model_validate({**facts, **action})
            path = action_path(ROOT, made)
        else:
            step = StepResult(step="a/b", status="succeeded", outputs={"ü": [1, None, "é"]}, duration_ms=7)
            times = {"started_at": at, "finished_at": at, "duration_ms": 1, "tool_version": "0.1.0"}
            run = {"kind": "run", "run": identity, "operation": "deploy", "status": "succeeded", "dirty": False}
            made = RunRecord.model_validate({**facts, **times, **run, "steps": [step]})
            path = record_path(ROOT, made)
        files[path] = made.canonical
        known.append(made.digest)
        if isinstance(made, RunRecord):
            runs.append((path, made))
    if random.random() < 1 / 2:
        _collect(files, runs[: random.randrange(len(runs) + 1)], random)
    return files


def _collect(files: dict[str, bytes], going: Sequence[tuple[str, RunRecord]], random: Random) -> None:
    """Removes these records as `ledger gc` does: an action that follows all tips has a tombstone for each."""
    at = "2026-11-20T21:00:00.000Z"
    removed = [
        {
            "id": run.run,
            "path": path,
            "kind": run.kind,
            "digest": run.digest,
            "parents": run.parents,
            "at": run.finished_at,
        }
        for path, run in going
    ]
    action = ActionRecord.model_validate(
        {
            "action": "gc",
            "id": ulid(1_763_672_400_000, random.randbytes(10)),
            "at": at,
            "parents": anchored_tips(files),
            "actor": _ADA,
            "tool_version": "0.1.0",
            "details": {"before": at, "keep_days": 1, "keep_last": 1, "removed": removed, "plans": []},
        }
    )
    for path, _ in going:
        del files[path]
    files[action_path(ROOT, action)] = action.canonical


def problems(files: Mapping[str, bytes], anchored: list[str]) -> list[str]:
    """What verifying finds of these files: records, the chain, and the tips that a statement names."""
    links: list[Link] = []
    found: list[str] = []
    for path, data in files.items():
        read = read_action if path.startswith(f"{ROOT}/actions/") else read_record
        record = read(ROOT, path, data)
        if isinstance(record, Finding):
            found.append(record.message)
        else:
            links.append(link_of(record, path, digest_of_bytes(data[:-1])))
    found += [finding.message for finding in (*check_chain(links), *check_tombstones(ROOT, links))]
    digests = {link.digest for link in links}
    return found + [f"{tip} is anchored" for tip in anchored if tip not in digests]


def anchored_tips(files: Mapping[str, bytes]) -> list[str]:
    """What a heads statement about these files names."""
    links = []
    for path, data in files.items():
        record = (read_action if path.startswith(f"{ROOT}/actions/") else read_record)(ROOT, path, data)
        assert not isinstance(record, Finding)
        links.append(link_of(record, path, record.digest))
    return tips(links)


def fate_of_ledger(files: Mapping[str, bytes], anchored: list[str]) -> str:
    """What verifying makes of damaged files."""
    return DETECTED if problems(files, anchored) else UNNOTICED


Answers = Mapping[str, object]


def write_index(path: Path, random: Random) -> bytes:
    """An index of some records; its bytes."""
    path.unlink(missing_ok=True)
    rows, skims = [], []
    for number in range(random.randrange(3, 40)):
        identity = ulid(1_763_668_800_000 + number * 60_000, random.randbytes(10))
        application = random.choice(("shop", "web"))
        file = f"{ROOT}/runs/{application}/staging/2026-11/{identity}.json"
        body = json.dumps({"run": identity, "status": "succeeded", "steps": [number] * random.randrange(40)})
        rows.append(Row("run", identity, file, random.randbytes(20).hex(), application, "staging", 0, body, None))
        skims.append(Skim(identity, file, application, zlib.compress(body.encode(), 1)))
    index = IndexFile(path)
    with index.changing():
        index.put(rows, skims)
        index.say("key", json.dumps([ROOT, "sha1", [[random.randbytes(20).hex(), ""]]]))
    index.close()
    return path.read_bytes()


def answers_of(path: Path) -> Answers:
    """What an index answers to each kind of question that is asked of it. Raises IndexUnusable."""
    index = IndexFile(path)
    try:
        answers: dict[str, object] = {"key": index.said("key")}
        for application in ("shop", "web"):
            rows = index.rows("WHERE kind = 'run' AND application = ? ORDER BY id, path", [application])
            answers |= {application: rows, f"{application}: skims": index.skims("WHERE application = ?", [application])}
            answers |= {row.id: index.rows("WHERE kind = ? AND id = ?", [row.kind, row.id]) for row in rows}
        newest = index.rows("WHERE kind = 'run' AND body IS NOT NULL ORDER BY id DESC, path DESC LIMIT ?", [3])
        return {**answers, "newest": newest, "problems": index.rows("WHERE problem IS NOT NULL")}
    finally:
        index.close()


def fate_of_index(path: Path, before: Answers, damaged: bytes) -> str:
    """What asking a damaged index comes to; one that knows other trees, or none, is brought up to those of now."""
    path.write_bytes(damaged)
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
    try:
        after = answers_of(path)
    except IndexUnusable:
        return DETECTED
    if after["key"] != before["key"]:
        return DETECTED
    return HARMLESS if after == before else UNNOTICED


def damaged_ledger(files: Mapping[str, bytes], random: Random) -> tuple[str, dict[str, bytes]]:
    """Files with one of them damaged, removed, doubled, or two exchanged; what was done to them."""
    damaged = dict(files)
    path = random.choice(list(files))
    other = random.choice(list(files))
    kind = random.choice(("bytes", "bytes", "bytes", "removed", "exchanged", "copied"))
    match kind:
        case "bytes":
            kind, damaged[path] = damage(files[path], random)
        case "removed":
            del damaged[path]
        case "exchanged":
            damaged[path], damaged[other] = files[other], files[path]
        case _:
            damaged[path.replace("2026-11", "2026-12")] = files[path]
    return f"record {kind}", damaged


def trials(count: int, seed: int, folder: Path) -> Iterator[tuple[str, str, int]]:
    """So many corruptions, of journals, ledgers and indexes in equal parts: kind, fate, seed of the trial."""
    done = 0
    while done < count:
        seed += 1
        random = Random(seed)
        path = folder / f"{seed}.jsonl"
        original = write_journal(path, random)
        files = make_records(random)
        anchored = anchored_tips(files)
        base = folder / f"{seed}.sqlite3"
        index = write_index(base, random)
        answers = answers_of(base)
        for _ in range(25):
            kind, damaged = damage(index, random)
            if damaged != index:
                yield f"index {kind}", fate_of_index(base, answers, damaged), seed
                done += 1
            kind, damaged = damage(original, random)
            if damaged != original:
                yield f"journal {kind}", fate_of_journal(path, original, damaged), seed
                done += 1
            kind, broken = damaged_ledger(files, random)
            if broken != files:
                yield kind, fate_of_ledger(broken, anchored), seed
                done += 1
        path.unlink()
        base.unlink(missing_ok=True)


def main() -> int:
    """Prints the figures; 1 where something went unnoticed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.monotonic()
    fates: Counter[tuple[str, str]] = Counter()
    unnoticed = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, fate, seed in trials(options.count, options.seed, Path(folder)):
            fates[kind, fate] += 1
            if fate == UNNOTICED:
                unnoticed.append((kind, seed))
    print(f"{'damage':<24} {DETECTED:>10} {HARMLESS:>14} {UNNOTICED:>10}")
    for kind in sorted({kind for kind, _ in fates}):
        print(f"{kind:<24} {fates[kind, DETECTED]:>10} {fates[kind, HARMLESS]:>14} {fates[kind, UNNOTICED]:>10}")
    total = sum(fates.values())
    print(f"{total} corruptions in {time.monotonic() - began:.1f}s at {timestamp(SystemClock().now())}")
    print(f"unnoticed: {len(unnoticed)} {unnoticed[:10] or ''}".rstrip())
    return int(bool(unnoticed))


if __name__ == "__main__":
    sys.exit(main())
