"""Snapshots of plans beside their tests: compared, written with `--update`, and reported where nobody has them."""

import posixpath
import re
from collections.abc import Iterable, Sequence
from difflib import unified_diff
from typing import Final, NamedTuple

from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.words import counted
from innominatus_cli.findings.catalogue import workflow_tests as codes
from innominatus_cli.findings.catalogue.document import OUTSIDE_REPOSITORY
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.opening import root_of
from innominatus_cli.operations.testing.declared import SNAPSHOTS, Case
from innominatus_cli.operations.testing.plan_snapshot import snapshot_text
from innominatus_cli.operations.testing.trial import Trial
from innominatus_cli.system.files import is_below, remove_together, write_together

SUFFIX: Final = ".snap"
_CONTEXT: Final = 4
_HUNK: Final = re.compile(r"@@ -[0-9,]+ \+([0-9]+)(?:,[0-9]+)? @@")
_WORKFLOW: Final = 2
_STEP: Final = 6
"""How far the keys of workflows and steps are indented in a snapshot."""


class Compared(NamedTuple):
    """What a comparison found: the finding, the diff of it, and the text that the snapshot should have."""

    finding: Finding | None = None
    diff: str = ""
    text: str | None = None


def compared(repository: Repository, trial: Trial) -> Compared:
    """A test's snapshot against its plan; nothing without a plan, or where the test has no snapshot."""
    case, plan = trial.case, trial.plan
    if plan is None or not case.declared.snapshot:
        return Compared()
    text = snapshot_text(case.name, plan)
    place = case.place("snapshot")
    path = case.snapshot_path
    if not repository.snapshot.is_file(path):
        message = f"there is no {path} yet"
        return Compared(Finding(codes.SNAPSHOT_MISSING, message, place), text=text)
    data = repository.snapshot.read(path)
    if isinstance(data, Finding):
        return Compared(data, text=text)
    stored = data.decode("utf-8", "replace").replace("\r\n", "\n")
    if stored == text:
        return Compared()
    diff = _diff(path, stored, text)
    changed = [line for line in diff.splitlines()[2:] if line.startswith(("+", "-"))]
    removed = sum(line.startswith("-") for line in changed)
    gone, new = counted(removed, "line"), counted(len(changed) - removed, "line")
    message = f"the plan differs from {path}: {gone} gone, {new} new"
    return Compared(Finding(codes.SNAPSHOT_DIFFERS, message, place), diff, text)


def obsolete(repository: Repository, cases: Sequence[Case], folders: Iterable[str]) -> list[str]:
    """The snapshots below folders of tests that no test has."""
    wanted = {case.snapshot_path for case in cases if case.declared.snapshot}
    found = []
    for folder in folders:
        there = repository.snapshot.paths(f"{folder}/{SNAPSHOTS}", (SUFFIX,))
        found += [path for path in there if path not in wanted]
    return found


def obsolete_finding(path: str) -> Finding:
    """ORC-3168 for one of them."""
    folder, _, name = path.rpartition("/")
    test = f"{posixpath.basename(folder)}/{name.removesuffix(SUFFIX)}"
    return Finding(codes.SNAPSHOT_OBSOLETE, f"no test '{test}' has a snapshot", Place(path, 1, 1))


def update(repository: Repository, texts: dict[str, str], gone: Sequence[str]) -> None:
    """Writes snapshots, all of them or none, and removes others. Raises CannotContinue where the disk refuses."""
    root = root_of(repository)
    outside = [path for path in texts if not is_below(str(root.resolve()), str((root / path).parent.resolve()))]
    if outside:
        message = f"'{outside[0]}' would be outside of the repository"
        raise CannotContinue(Finding(OUTSIDE_REPOSITORY, message, Place(outside[0])))
    if texts:
        there = [path for path in texts if repository.snapshot.exists(path)]
        write_together(root, {path: text.encode() for path, text in texts.items()}, there)
    remove_together(root, gone)


def _diff(path: str, stored: str, text: str) -> str:
    """A unified diff whose hunks say in which workflow and step they begin to differ."""
    old, new = stored.splitlines(), text.splitlines()
    lines = [*unified_diff(old, new, f"{path} (snapshot)", "the plan", lineterm="", n=_CONTEXT)]
    sections = _sections(new)
    for number, line in enumerate(lines):
        head = _HUNK.fullmatch(line)
        if head is not None:
            before = next(n for n, one in enumerate(lines[number + 1 :]) if one.startswith(("+", "-")))
            at = min(int(head[1]) - 1 + before, len(sections) - 1)
            lines[number] = f"{line} {sections[at]}".rstrip()
    return "".join(f"{line}\n" for line in lines)


def _sections(lines: Sequence[str]) -> list[str]:
    """By line of a snapshot, the workflow and the step that it is in."""
    sections, workflow, step = [], "", ""
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        key = line.strip().removesuffix(":").strip('"') if line.endswith(":") else ""
        if indent == 0:
            workflow = step = ""
        elif indent == _WORKFLOW:
            workflow, step = key, ""
        elif indent == _STEP and key:
            step = f"/{key}"
        sections.append(f"{workflow}{step}")
    return sections
