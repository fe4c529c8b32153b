"""The baseline: what was wrong when an old repository began to be checked. It does not fail, what is new does.

A JSON file with one finding a line, sorted, that a person can review. A finding is recognised by its fingerprint,
so that the file stays the same while other lines come and go; several of a kind on equal lines are counted.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from innominatus_cli.checks.ignores import cannot_be_ignored
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.catalogue import ignores as codes
from innominatus_cli.findings.catalogue.document import NOT_READABLE
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.findings.fingerprints import fingerprint, steady_pointer
from innominatus_cli.findings.source_lines import SourceLines
from innominatus_cli.findings.suppressed import Suppressed
from innominatus_cli.operations.revisions import RepositoryHistory
from innominatus_cli.operations.validation import Validation
from innominatus_cli.system.files import read_below, write_output

SCHEMA = "innominatus.dev/baseline/v1"
_SCHEMAS = "innominatus.dev/baseline/v"
_LARGEST = 64 * 1024 * 1024
_NOT_OF_FILES = tuple(f"ORC-{number}" for number in range(1070, 1082))
"""What is wrong with ignores and baselines is no property of an old repository."""


class Entry(NamedTuple):
    """One kind of finding in a baseline, found `times` times; `place` is its line in the baseline."""

    fingerprint: str
    code: str
    path: str
    times: int
    place: Place


class Baseline(NamedTuple):
    """What a baseline says, and what is wrong with it."""

    entries: tuple[Entry, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_baseline(path: str, data: bytes) -> Baseline:
    """The entries of a baseline's bytes; none, and a finding at its place, where it is damaged. Raises nothing."""
    try:
        document = json.loads(data)
    except json.JSONDecodeError as error:
        return _damaged(f"it is no JSON: {error.msg}", Place(path, error.lineno, error.colno))
    except (ValueError, RecursionError):
        return _damaged("it is no JSON", Place(path, 1, 1))
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        if isinstance(schema, str) and schema.startswith(_SCHEMAS):
            return Baseline((), (Finding(codes.BASELINE_TOO_NEW, f"its schema is {schema}", Place(path, 1, 1)),))
        return _damaged(f"its `schema` is not {SCHEMA}", Place(path, 1, 1))
    listed = document.get("findings")
    lines = _lines_of(data.decode("utf-8", "replace"))
    entries = [_entry(one, path, lines) for one in listed] if isinstance(listed, list) else [None]
    if None in entries:
        return _damaged("an entry is none of a baseline", Place(path, 1, 1))
    return Baseline(tuple(entry for entry in entries if entry is not None))


def baseline_of_file(typed: str, directory: str) -> Baseline:
    """The baseline in a file, by its path relative to `directory`; empty, with a finding, where it cannot be read."""
    file = Path(directory, typed)
    data = read_below(file.parent, file.name, _LARGEST)
    if isinstance(data, Finding):
        remedy = "Write one with --write-baseline." if data.code is NOT_READABLE else ""
        return Baseline((), (data._replace(place=Place(typed), remedy=remedy),))
    return read_baseline(typed, data)


def baseline_at(revision: str, typed: str, directory: str) -> Baseline:
    """The baseline as a revision has it; empty where that has none, or the file is outside of the repository.

    Raises CannotContinue for an unknown revision.
    """
    folder = Path(directory).resolve()
    history = RepositoryHistory(str(folder), "--policies-from")
    file = (folder / typed).parent.resolve() / Path(typed).name
    if not file.is_relative_to(history.git.root):
        return Baseline()
    path = file.relative_to(history.git.root).as_posix()
    entry = history.git.entries_at(history.commit(revision), [path]).get(path)
    if entry is None:
        return Baseline()
    return read_baseline(f"{revision}:{path}", history.git.read_blobs([entry.object_id])[entry.object_id])


def write_baseline(found: Validation, typed: str, directory: str) -> Baseline:
    """Writes the findings of a check to a file, as its baseline. Raises CannotContinue where the disk refuses."""
    data = baseline_text(found).encode("utf-8", "backslashreplace")
    write_output(Path(directory, typed), data)
    return read_baseline(typed, data)


def baseline_text(found: Validation) -> str:
    """The findings of a check as a baseline: sorted, one a line, without anything that changes when lines move."""
    kinds: Counter[tuple[str, str, str, str]] = Counter()
    for finding, mark in _fingerprinted(found):
        kinds[finding.place.path, finding.code.number, steady_pointer(finding), mark] += 1
    known = every_code()
    listed = [
        {"code": code, "title": known[code].title, "path": path, "at": at, "count": count, "fingerprint": mark}
        for (path, code, at, mark), count in sorted(kinds.items())
    ]
    entries = ",\n".join(f"    {json.dumps(entry, ensure_ascii=False)}" for entry in listed)
    return f'{{\n  "schema": "{SCHEMA}",\n  "findings": [{f"{chr(10)}{entries}{chr(10)}  " if entries else ""}]\n}}\n'


def without_known(
    found: Validation, baseline: Baseline, file: str, *, judges: Baseline | None = None, whole: bool = True
) -> Validation:
    """The same, with what the baseline knows under `suppressed`, and a remark for each entry that is gone.

    `judges` is the baseline of the revision that judges: then policies and what guards security are known only as far
    as that one knows them. `whole` tells that the whole repository was checked, so that what was not found is gone.
    """
    told = [*baseline.findings]
    left = Counter({entry.fingerprint: entry.times for entry in baseline.entries})
    if judges is not None:
        told += _not_honoured(baseline, judges, left)
    by_mark = {entry.fingerprint: entry for entry in baseline.entries}
    kept, suppressed = [], [*found.suppressed]
    for finding, mark in _fingerprinted(found):
        if left[mark] > 0:
            left[mark] -= 1
            place = by_mark[mark].place
            suppressed.append(Suppressed(finding, "baseline", f"known since {file} was written", place))
        else:
            kept.append(finding)
    kept += [finding for finding in found.findings if finding.code.number in _NOT_OF_FILES]
    if judges is None and whole:
        told += [_gone(entry, left[entry.fingerprint]) for entry in baseline.entries if left[entry.fingerprint] > 0]
    ordered = sorted((*kept, *told), key=lambda finding: finding.sort_key)
    return found._replace(findings=tuple(ordered), suppressed=tuple(suppressed))


def _fingerprinted(found: Validation) -> Iterator[tuple[Finding, str]]:
    lines = SourceLines(found.sources)
    for finding in found.findings:
        if finding.code.number not in _NOT_OF_FILES:
            yield finding, fingerprint(finding, lines.line(finding.place))


def _not_honoured(baseline: Baseline, judges: Baseline, left: Counter[str]) -> Iterator[Finding]:
    """Takes out of `left` what the change's own baseline must not know by itself, with a finding for each."""
    allowed = Counter({entry.fingerprint: entry.times for entry in judges.entries})
    known = every_code()
    for entry in baseline.entries:
        code = known.get(entry.code)
        if code is None or not cannot_be_ignored(code, judged_elsewhere=True):
            continue
        if allowed[entry.fingerprint] < entry.times:
            left[entry.fingerprint] = allowed[entry.fingerprint]
            message = f"a baseline of the change itself cannot make {entry.code} known"
            yield Finding(codes.IGNORE_NOT_HONOURED, message, entry.place)


def _gone(entry: Entry, count: int) -> Finding:
    often = f", {count} times" if count > 1 else ""
    return Finding(codes.BASELINE_GONE, f"{entry.code} in {entry.path} does not occur any more{often}", entry.place)


def _entry(data: object, path: str, lines: Mapping[str, int]) -> Entry | None:
    if not isinstance(data, dict):
        return None
    mark, code, file, count = (data.get(key) for key in ("fingerprint", "code", "path", "count"))
    if not (isinstance(mark, str) and isinstance(code, str) and isinstance(file, str)):
        return None
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        return None
    return Entry(mark, code, file, count, Place(path, lines.get(mark, 1), 1))


def _lines_of(text: str) -> dict[str, int]:
    """The line of each text in quotes that ends a line, as a fingerprint does in what we write."""
    numbered = enumerate(text.split("\n"), 1)
    return {line.rstrip(" },").rpartition(' "')[2].rstrip('"'): number for number, line in numbered}


def _damaged(message: str, place: Place) -> Baseline:
    return Baseline((), (Finding(codes.BASELINE_DAMAGED, message, place),))
