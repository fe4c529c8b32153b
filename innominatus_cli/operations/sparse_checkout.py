"""Files that plans are made from and that a sparse checkout leaves out: without them a plan would be another one."""

import os
from collections import defaultdict
from typing import Final

from innominatus_cli.documents.repository import ADMIN_CONFIG, Repository
from innominatus_cli.documents.words import counted
from innominatus_cli.findings.catalogue.plan import NOT_CHECKED_OUT
from innominatus_cli.findings.finding import Finding, Place, Severity
from innominatus_cli.system.git import Git

_LEFT_OUT: Final = b"S "
_PRODUCTS: Final = "/products/"


def left_out(git: Git, repository: Repository, product: str | None = None) -> list[Finding]:
    """What is in the index and not in the working tree because nobody wants it there. Raises GitFailed.

    Workflows of products other than `product` may be left out on purpose, by who works on one: a warning.
    """
    if not (git.git_dir / "info" / "sparse-checkout").exists():
        return []
    root = repository.workflows_root
    listed = git.command.output("ls-files", "-t", "-z", "--", ADMIN_CONFIG, root)
    missing: dict[Severity, list[str]] = defaultdict(list)
    for line in listed.split(b"\0"):
        path = os.fsdecode(line[len(_LEFT_OUT) :])
        if line.startswith(_LEFT_OUT) and not os.path.lexists(git.root / path):
            of_another = _PRODUCTS in path and not (product and f"{_PRODUCTS}{product}/" in path)
            missing[Severity.WARNING if of_another else Severity.ERROR].append(path)
    return [
        Finding(NOT_CHECKED_OUT, _told(paths), Place("git sparse-checkout"), severity_override=severity)
        for severity, paths in missing.items()
    ]


def _told(paths: list[str]) -> str:
    others = len(paths) - 1
    more = f", nor {'is' if others == 1 else 'are'} {counted(others, 'other file')}" if others else ""
    return f"'{paths[0]}' is not checked out{more}"
