"""Heads statements in `refs/innominatus/heads`: one file a branch, a signature beside it, a commit each time.

<branch, percent-encoded>.json        canonical bytes (see `documents.ledger_heads`)
<branch, percent-encoded>.json.sig    an armored ssh signature over them
"""

import re
from typing import Final, NamedTuple
from urllib.parse import quote

from pydantic import ValidationError

from innominatus_cli.documents.ledger_heads import HeadsStatement
from innominatus_cli.documents.words import counted
from innominatus_cli.findings.catalogue.ledger import HEADS_NOT_TRUSTED
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.system.clock import Clock
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_identity import Identity
from innominatus_cli.system.git_writing import commit_tree, move_ref, write_blobs, write_tree
from innominatus_cli.system.state_folder import StateFolder

HEADS_REF: Final = "refs/innominatus/heads"
_ATTEMPTS: Final = 20
_LARGEST: Final = 1024 * 1024
_FILE: Final = "100644"
_STATEMENT: Final = re.compile(r"[^/]+\.json(\.sig)?")


class StoredHeads(NamedTuple):
    """A statement with its bytes and its signature (empty without one), and the place where it stands."""

    statement: HeadsStatement
    data: bytes
    signature: str
    place: str


def heads_path(branch: str) -> str:
    """The path of a branch's statement in the commits of `HEADS_REF`."""
    return f"{quote(branch, safe='')}.json"


def read_heads(git: Git, commit: str | None) -> tuple[list[StoredHeads], list[Finding]]:
    """All statements of a commit of `HEADS_REF`, and what is wrong with those that cannot be read. Raises GitFailed."""
    entries = {entry.path: entry for entry in git.tree(commit) if entry.mode == _FILE} if commit else {}
    sizes = git.blob_sizes(entry.object_id for entry in entries.values())
    wanted = [entry.object_id for entry in entries.values() if sizes.get(entry.object_id, 0) <= _LARGEST]
    contents = git.read_blobs(wanted)
    found, findings = [], []
    for path in sorted(path for path in entries if path.endswith(".json")):
        place = f"{HEADS_REF}:{path}"
        data = contents.get(entries[path].object_id, b"")
        statement = read_statement(data)
        if statement is None or heads_path(statement.branch) != path:
            findings.append(Finding(HEADS_NOT_TRUSTED, "it is no heads statement of this branch", Place(place)))
            continue
        signature = entries.get(f"{path}.sig")
        armored = contents.get(signature.object_id, b"") if signature else b""
        found.append(StoredHeads(statement, data, armored.decode("ascii", "replace"), place))
    return found, findings


def read_statement(data: bytes) -> HeadsStatement | None:
    """The statement that these bytes are; None where they are not exactly one."""
    try:
        statement = HeadsStatement.model_validate_json(data)
    except (ValidationError, ValueError):
        return None
    return statement if statement.canonical == data and statement.tips == sorted(set(statement.tips)) else None


def write_heads(
    git: Git, state: StateFolder, who: Identity, clock: Clock, statement: HeadsStatement, signature: str
) -> str:
    """Puts a statement into this clone's `HEADS_REF`, in the place of the branch's last one; the commit.

    Files that could be no branch's statement are left out: with them no ledger would ever be sound again.
    Raises GitFailed, OSError, and CannotContinue as `StateFolder` does.
    """
    path = heads_path(statement.branch)
    scratch = state.ensure(state.ledger_dir)
    files = {path: statement.canonical, **({f"{path}.sig": signature.encode()} if signature else {})}
    blobs: dict[str, str | None] = {f"{path}.sig": None, **write_blobs(git, files, scratch)}
    message = f"chore(innominatus): {counted(statement.count, 'record')} on {statement.branch}\n"
    for _ in range(_ATTEMPTS):
        base = git.commit_of(HEADS_REF)
        foreign = {entry.path: None for entry in git.tree(base) if not _STATEMENT.fullmatch(entry.path)} if base else {}
        tree = write_tree(git, base, {**foreign, **blobs}, scratch)
        commit = commit_tree(git, tree, [base] if base else [], message, who, clock.now())
        if move_ref(git, HEADS_REF, commit, base, message.strip(), who):
            return commit
    raise GitFailed("update-ref", None, f"'{HEADS_REF}' is locked or moves all the time")
