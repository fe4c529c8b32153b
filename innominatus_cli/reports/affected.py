"""What a change affects as text, Markdown and data: equal changes of many applications are told once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from innominatus_cli.documents.words import counted
from innominatus_cli.findings.finding import Finding
from innominatus_cli.operations.affected import AffectedReport
from innominatus_cli.operations.affected_applications import Affected
from innominatus_cli.reports.markdown import code, fenced
from innominatus_cli.reports.plan_changes import change_lines, changes_document, objections_document
from innominatus_cli.reports.terminal import one_line

LONGEST_COMMENT = 65_000
"""GitHub takes 65,536 characters in a comment; the rest is for who posts it."""
_MOST_NAMES = 12
_MOST_LINES = 40
_LONGEST_LINE = 400
_WORDS = {
    "added": "new",
    "removed": "gone",
    "broken": "can no longer be planned",
    "mended": "can be planned again",
}


class Group(NamedTuple):
    """Applications that a change does the same to."""

    title: str
    lines: tuple[str, ...]
    members: tuple[Affected, ...]


def groups(report: AffectedReport) -> list[Group]:
    """The affected applications by what happens to them: the worst first, then the largest group."""
    found: dict[tuple[str, tuple[str, ...]], list[Affected]] = {}
    for one in report.affected:
        found.setdefault((_title(one), tuple(_lines(one))), []).append(one)
    made = [Group(title, lines, tuple(members)) for (title, lines), members in found.items()]
    return sorted(made, key=lambda group: (_rank(group.members[0]), -len(group.members), group.members[0].path))


def _rank(one: Affected) -> int:
    return 0 if one.newly_broken else 1 if one.newly_refused else 3 if not one.comparison.telling else 2


def _title(one: Affected) -> str:
    return ", ".join(filter(None, (_WORDS.get(one.how, ""), *one.effects)))


def _lines(one: Affected) -> Iterator[str]:
    yield from change_lines(one.comparison)
    if one.how == "changed" and not one.comparison.telling:
        for change in one.comparison.changes:
            if change.part == "source" and change.name != one.path:
                yield one_line(f"~ source {change.name} {change.change}")
    yield from (_of_policy("+", finding, one) for finding in one.raised)
    yield from (_of_policy("-", finding, one) for finding in one.settled)
    for finding in one.findings:
        yield one_line(f"! {finding.severity} {finding.code.number}: {finding.message} ({finding.place})")


def _of_policy(sign: str, finding: Finding, one: Affected) -> str:
    """What a policy says; the place is left out where it is in the application's own file."""
    where = "" if finding.place.path == one.path else f" ({finding.place})"
    return one_line(f"{sign} policy {finding.code.number}: {finding.message}{where}")


def summary(report: AffectedReport) -> str:
    """`14 of 212 applications: +1 step in 9, approval now needed in 3, refused in 2`."""
    if not report.affected:
        return f"0 of {counted(report.applications, 'application')} affected"
    words = Counter(word for one in report.affected for word in (_WORDS.get(one.how, ""), *one.effects) if word)
    told = [f"{word} in {number}" if word not in _WORDS.values() else f"{number} {word}" for word, number in _by(words)]
    return f"{len(report.affected)} of {counted(report.applications, 'application')} affected: {', '.join(told)}"


def _by(words: "Counter[str]") -> list[tuple[str, int]]:
    return sorted(words.items(), key=lambda item: (-item[1], item[0]))


def affected_document(report: AffectedReport) -> dict[str, Any]:
    """All of it as data."""
    return {
        "schema": "innominatus.dev/affected/v1",
        "since": report.since,
        "commit": report.commit,
        "applications": report.applications,
        "summary": summary(report),
        "counts": dict(_by(Counter(word for one in report.affected for word in (one.how, *one.effects)))),
        "affected": [_document(one) for one in report.affected],
    }


def _document(one: Affected) -> dict[str, Any]:
    found: dict[str, Any] = {
        "path": one.path,
        "application": one.name,
        "change": one.how,
        "effects": list(one.effects),
        "refused": one.newly_refused,
        "changes": changes_document(one.comparison),
    }
    if one.raised or one.settled:
        found["policies"] = {"raised": objections_document(one.raised), "settled": objections_document(one.settled)}
    if one.findings:
        found["findings"] = objections_document(one.findings)
    return found


def affected_text(report: AffectedReport) -> str:
    """Groups of equal changes for people."""
    return "".join(f"{line}\n" for line in _text(report))


def _text(report: AffectedReport) -> Iterator[str]:
    yield f"{summary(report)}."
    for group in groups(report):
        yield ""
        yield one_line(f"{counted(len(group.members), 'application')}: {group.title or 'changed'}")
        yield from (f"  {line}" for line in group.lines)
        yield f"  in {_names(group.members)}"


def _names(members: Sequence[Affected]) -> str:
    names = [one_line(one.name if one.name == one.path else f"{one.name} ({one.path})") for one in members]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def affected_markdown(report: AffectedReport, longest: int = LONGEST_COMMENT) -> str:
    """A comment of at most `longest` characters; what has no room is counted, and said where it is."""
    head = f"### {summary(report)}\n\nSince {code(report.since)} ({code(report.commit[:12])}).\n"
    waiting = groups(report)
    text = head
    for number, group in enumerate(waiting):
        block = _block(group)
        left = waiting[number:]
        note = _note(report, left)
        if len(text) + len(block) + len(note) > longest:
            return text + note
        text += block
    return text


def _block(group: Group) -> str:
    members = group.members
    listed = [f"- {code(one.name)} in {code(one.path)}" for one in members[:_MOST_NAMES]]
    if len(members) > _MOST_NAMES:
        listed.append(f"- and {len(members) - _MOST_NAMES} more")
    shown = [line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…" for line in group.lines[:_MOST_LINES]]
    lines = [f"! {line[2:]}" if line.startswith(("~", ">")) else line for line in shown]
    if len(group.lines) > _MOST_LINES:
        lines.append(f"  … and {len(group.lines) - _MOST_LINES} more lines")
    changes = f"\n{fenced(lines, 'diff')}" if lines else ""
    title = f"{counted(len(members), 'application')}: {group.title or 'changed'}"
    return f"\n#### {title}\n{changes}\n" + "".join(f"{line}\n" for line in listed)


def _note(report: AffectedReport, left: Sequence[Group]) -> str:
    applications = sum(len(group.members) for group in left)
    return (
        f"\n_{counted(len(left), 'more group')} of changes, in {counted(applications, 'application')}, have no room "
        f"here:_ {code(f'innominatus-ctl affected --since {report.since}')} _shows all of them._\n"
    )
