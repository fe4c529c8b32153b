"""What `new` prints: the files, what else there is to know, and the commands that come next."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from innominatus_cli.documents.words import counted
from innominatus_cli.operations.creation.files import Creation, Written
from innominatus_cli.reports.listing import Column, Listing

_WORDS = {"new": "", "replaced": " (replaced)", "edited": " (one entry added)"}
_LEFT = "other version"


def creation_text(
    creation: Creation, written: Sequence[Written], root: Path, directory: Path, *, dry_run: bool = False
) -> str:
    """The files below `root`, remarks, and what to type in `directory`; for a dry run the texts of the files too."""
    files = [file for file in written if file.how != _LEFT]
    lines = [f"{'Would write' if dry_run else 'Wrote'} {counted(len(files), 'file')}:"]
    lines += [f"  {file.path}{_WORDS[file.how]}" for file in files]
    if dry_run:
        for file in (*creation.files, *creation.edited):
            lines += ["", f"# {file.path}", file.text.rstrip("\n")]
    remarks = [*creation.remarks, *(_other_version(file.path) for file in written if file.how == _LEFT)]
    lines += ["", *remarks] if remarks else []
    if creation.commands:
        away = [] if root.resolve() == directory.resolve() else [f"cd {shlex.quote(os.path.relpath(root, directory))}"]
        lines += ["", "Next:", *(f"  {command}" for command in (*away, *creation.commands))]
    return "".join(f"{line}\n" for line in lines)


def _other_version(path: str) -> str:
    return f"{path} is of another version of innominatus-ctl, and was left as it is; --force renews it."


def library_listing(entries: list[dict[str, Any]], empty: str) -> Listing:
    """The templates as a table; `empty` is said where there is none."""
    columns = (
        Column("Template", "name"),
        Column("Kind", "kind"),
        Column("Description", "description"),
        Column("Tags", "tags"),
        Column("Languages", "languages", wide=True),
        Column("Command", "command", wide=True),
    )
    return Listing(columns, entries, empty=empty)
