"""Who changed files of a repository: what git's history says of authors, as it is written there."""

import os
import re
from collections.abc import Iterable
from typing import Final

from innominatus_cli.system.git import Git
from innominatus_cli.system.git_command import GitFailed

_ADDRESS: Final = re.compile(r"<([^<>]+)>")
_FORMAT: Final = "%x00%ae%x00%(trailers:key=Co-authored-by,valueonly)"


def authors_since(git: Git, base: str | None, paths: Iterable[str]) -> frozenset[str] | None:
    """Addresses, in lower case, of who changed `paths` between a commit and HEAD; None as `base`: since the first one.

    They are those of authors and of `Co-authored-by` lines. All parents of merges are followed, so that a merge hides
    nobody; `.mailmap`, which a change may bring, is not asked. None where nobody can say: the clone is too shallow, or
    the base is not there.
    """
    head = git.commit_of("HEAD")
    if head is None:
        return frozenset()
    wanted = sorted(set(paths))
    if not wanted:
        return frozenset()
    known = base is not None and git.commit_of(base) is not None and git.merge_base(base, head) == base
    first = [f"^{base}"] if known else []
    asked = [os.fsencode(line) for line in (head, *first, "--", *wanted)]
    try:
        if git.is_shallow() and (not known or _is_cut(git, head, *first)):
            return None
        told = git.command.output("log", "--full-history", f"--format={_FORMAT}", "--stdin", stdin=b"\n".join(asked))
    except GitFailed:
        return None
    fields = told.decode("utf-8", "replace").split("\0")[1:]
    found = {field.strip().lower() for field in fields[::2]}
    for trailers in fields[1::2]:
        found.update(address.strip().lower() for address in _ADDRESS.findall(trailers))
    return frozenset(address for address in found if address)


def _is_cut(git: Git, *revisions: str) -> bool:
    """Whether one of these commits has parents that the clone lacks."""
    cut = set((git.common_dir / "shallow").read_text(encoding="ascii").split())
    return not cut.isdisjoint(git.command.text("rev-list", *revisions).split())
