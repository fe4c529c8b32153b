"""A ledger's commits in one file: a git bundle (gitformat-bundle(5)) whose one branch is that of the ledger."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from innominatus_cli.system.git import Git

_END: Final = b"\n"


def write_bundle(git: Git, path: Path, branch: str, commit: str, others: Sequence[str]) -> int:
    """Writes `branch` at a commit, and other refs; how many refs. The whole file or none, never over one that is there.

    The commit may be one that only a remote's branch names, as in a clone that never had a branch of its own: in the
    file it is `branch` all the same. Raises GitFailed, OSError.
    """
    named = branch if git.commit_of(branch) == commit else _name_of(git, commit)
    draft, renamed = (path.with_name(f".{path.name}.{os.getpid()}{end}") for end in ("", ".named"))
    refs = [named, *others]
    try:
        git.command.output("bundle", "create", "--quiet", str(draft.resolve()), *refs)
        if named != branch:
            _rename(draft, renamed, named, branch)
            renamed.replace(draft)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        os.link(draft, path)
    finally:
        for file in (draft, renamed):
            file.unlink(missing_ok=True)
    return len(refs)


def _name_of(git: Git, commit: str) -> str:
    """A branch, here or as a remote was seen, that stands at this commit. A bundle holds refs, never bare commits."""
    at = ("--points-at", commit, "refs/heads/", "refs/remotes/")
    return git.command.text("for-each-ref", "--count=1", "--format=%(refname)", *at)


def _rename(bundle: Path, to: Path, named: str, branch: str) -> None:
    """The same bundle with a ref by another name. Its head is text, a line a ref; an empty line ends it."""
    with bundle.open("rb") as source, to.open("wb") as target:
        for line in iter(source.readline, b""):
            object_id, _, name = line.rstrip(_END).partition(b" ")
            is_it = name == os.fsencode(named) and not line.startswith(b"#")
            target.write(b"%s %s\n" % (object_id, os.fsencode(branch)) if is_it else line)
            if line == _END:
                break
        shutil.copyfileobj(source, target)
