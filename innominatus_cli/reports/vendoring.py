"""What `vendor update` and `vendor list` print."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from innominatus_cli.documents.words import counted
from innominatus_cli.findings.finding import Finding
from innominatus_cli.operations.vendoring.update import SourceChange, Update
from innominatus_cli.reports.findings_json import findings_document
from innominatus_cli.reports.listing import Column, Listing

_SHORT: Final = 12
_RESTORED: Final = " (was not the locked file)"
_SIGNS: Final = {"added": "+", "changed": "~", "removed": "-", "restored": "!"}
_COLUMNS: Final = (
    Column("Source", "name"),
    Column("Ref", "ref"),
    Column("Commit", "commit_short"),
    Column("State", "state"),
    Column("Files", "count"),
    Column("Repository", "repository"),
    Column("Path", "path", wide=True),
    Column("Names", "names", wide=True),
)


def sources_listing(rows: Iterable[dict[str, Any]]) -> Listing:
    """The sources and their state; `wide` shows the names by which workflows are used."""
    data = list(rows)
    shown = [
        {
            **row,
            "commit_short": (row["commit"] or "")[:_SHORT],
            "count": len(row["files"]),
            "names": ", ".join(f"@{row['name']}/{file}" for file in row["files"]),
        }
        for row in data
    ]
    document = {"schema": "innominatus.dev/workflow-sources/v1", "sources": data}
    return Listing(_COLUMNS, shown, document, "admin-config.yaml has no `workflowSources`.")


def verification_document(findings: Sequence[Finding]) -> dict[str, Any]:
    """What `vendor verify` found, in the shape of all findings."""
    return findings_document(findings, 0)


def update_document(update: Update) -> dict[str, Any]:
    """An update as data."""
    return {
        "schema": "innominatus.dev/vendor-update/v1",
        "changed": update.is_change,
        "written": update.written,
        "sources": [
            {
                "name": change.name,
                "repository": change.repository,
                "ref": change.ref,
                "commit_before": change.commit_before,
                "commit": change.commit,
                "settings_changed": change.settings_changed,
                "files": {kind: [path for path, found in change.files.items() if found == kind] for kind in _SIGNS},
            }
            for change in update.changes
        ],
    }


def update_text(update: Update) -> str:
    """An update for people: each source, its commits, and the files that differ."""
    lines = ["An interrupted update was finished first."] if update.finished else []
    for change in update.changes:
        lines += _lines_of(change)
    if not update.changes:
        lines.append("admin-config.yaml has no `workflowSources`.")
    elif not update.is_change:
        lines.append("Nothing changed.")
    elif not update.written:
        lines.append("An update would change this; nothing was written.")
    else:
        lines.append("Review and commit .innominatus/vendor and innominatus.lock.")
    return "".join(f"{line}\n" for line in lines)


def _lines_of(change: SourceChange) -> list[str]:
    then, now = (change.commit_before or "")[:_SHORT], (change.commit or "")[:_SHORT]
    if not now:
        where = f"{then} → removed"
    elif not then:
        where = f"{now} (new)"
    else:
        where = now if then == now else f"{then} → {now}"
    files = f"; {counted(len(change.files), 'file')}" if change.files else ""
    head = f"{change.name}  {change.ref} of {change.repository}: {where}{files}"
    shown = (f"  {_SIGNS[kind]} {path}{_RESTORED * (kind == 'restored')}" for path, kind in change.files.items())
    return [head, *shown]
