"""Who changed files of a repository: what git's history says of authors, as it is written there."""

import os
import re
from collections.abc import Iterable
from typing import Final

from innominatus_cli.system.git import Git
from innominatus_cli.system.git_command import GitFailed

_ADDRESS: Final = re.compile(r"<([^<>]+)>")
_FORMAT: Final = "%x00%ae%x00%(trailers:key=Co-authored-by,valueonly)%x00"
_CHANGES: Final = ("--full-history", "-c", "--name-only", "--no-ext-diff", "--no-textconv")
"""Follow all parents of merges, and name of a merge only what differs from each of them."""


def authors_since(git: Git, base: str | None, paths: Iterable[str]) -> frozenset[str] | None:
    """Addresses, in lower case, of who changed `paths` between a commit and HEAD; None as `base`: since the first one.

    They are those of authors and of `Co-authored-by` lines. All parents of merges are followed, so that a merge hides
    nobody, and who merges is an author of no more than what stands in none of the parents. `.mailmap`, which a change
    may bring, is not asked. None where nobody can say: the clone is too shallow, or git fails.
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
        if git.is_shallow() and (not known or is_cut(git, head, *first)):
            return None
        told = git.command.output("log", *_CHANGES, f"--format={_FORMAT}", "--stdin", stdin=b"\n".join(asked))
    except GitFailed:
        return None
    fields = told.decode("utf-8", "replace").split("\0")[1:]
    found: set[str] = set()
    for author, trailers, names in zip(fields[::3], fields[1::3], fields[2::3], strict=True):
        if names.strip():
            found.update(one.strip().lower() for one in (author, *_ADDRESS.findall(trailers)))
    return frozenset(address for address in found if address)


def is_cut(git: Git, *revisions: str) -> bool:
    """Whether one of these commits has parents that the clone lacks."""
    cut = set((git.common_dir / "shallow").read_text(encoding="ascii").split())
    return not cut.isdisjoint(git.command.text("rev-list", *revisions).split())
