"""Reading every record of a commit as strictly as one can be read, keeping of each what the chain needs.

In several processes where there are several: a ledger of ten thousand records takes a second.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.findings.catalogue.ledger import FOREIGN_FILE, RECORD_CORRUPT, RECORD_TOO_NEW
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.ledger.batches import batches_of
from innominatus_cli.ledger.chain import Buried, Link
from innominatus_cli.ledger.records import actions_folder, read_action, read_record, run_of_path, runs_folder
from innominatus_cli.system.forking import Work, can_fork, in_processes, usable_processors
from innominatus_cli.system.git import Git, TreeEntry

_FILE: Final = "100644"
_ATTRIBUTES: Final = "/.gitattributes"
_CODES: Final = {code.number: code for code in (RECORD_CORRUPT, RECORD_TOO_NEW)}
_Told: TypeAlias = tuple[str, str, str]


class Inspection(NamedTuple):
    """The records that can be trusted by themselves, their files, and what is wrong with the others."""

    links: list[Link]
    files: dict[str, str]
    """By path the object id of every file that should be a record."""
    findings: list[Finding]


def inspect(git: Git, root: str, commit: str) -> Inspection:
    """Every record of a commit, of runs and of actions. Raises GitFailed, CannotContinue."""
    files, findings = _files(git, root, commit)
    batches, too_large = batches_of(git, files)
    findings += too_large

    def do(number: int) -> tuple[list[tuple[Any, ...]], list[_Told]]:
        return _read_batch(git, root, {path: files[path] for path in batches[number]})

    processes = min(usable_processors(), len(batches)) if can_fork() else 1
    done = in_processes(Work(do, _same, _same), len(batches), processes)
    links = [_link(plain) for plains, _ in done for plain in plains]
    findings += [Finding(_CODES[code], message, Place(path)) for _, told in done for code, message, path in told]
    return Inspection(links, files, findings)


def _link(plain: tuple[Any, ...]) -> Link:
    """Other processes give plain tuples back."""
    link = Link(*plain)
    return link._replace(removed=tuple(Buried(*one) for one in link.removed)) if link.removed else link


def _same(value: Any) -> Any:  # noqa: ANN401 - plain data already
    return value


def _files(git: Git, root: str, commit: str) -> tuple[dict[str, str], list[Finding]]:
    files: dict[str, str] = {}
    findings = []
    for folder in (runs_folder(root), actions_folder(root)):
        for entry in git.tree(commit, folder):
            if entry.mode == _FILE and run_of_path(entry.path):
                files[entry.path] = entry.object_id
            elif not entry.path.endswith(_ATTRIBUTES):
                findings.append(Finding(FOREIGN_FILE, _foreign(entry), Place(entry.path)))
    return files, findings


def _foreign(entry: TreeEntry) -> str:
    if run_of_path(entry.path):
        what = {"120000": "a link", "160000": "a submodule", "100755": "a program"}.get(entry.mode, "something else")
        return f"a record is a plain file, and this is {what}"
    return "this is no record, and only records stand here"


def _read_batch(git: Git, root: str, files: Mapping[str, str]) -> tuple[list[tuple[Any, ...]], list[_Told]]:
    contents = git.read_blobs(files.values())
    actions = f"{actions_folder(root)}/"
    links: list[tuple[Any, ...]] = []
    told: list[_Told] = []
    for path, blob in files.items():
        data = contents[blob]
        found = read_action(root, path, data) if path.startswith(actions) else read_record(root, path, data)
        if isinstance(found, Finding):
            told.append((found.code.number, found.message, path))
        else:
            link = link_of(found, path, digest_of_bytes(data[:-1]))
            links.append((*link[:-1], tuple(map(tuple, link.removed))))
    return links, told


def link_of(record: RunRecord | ActionRecord, path: str, digest: str) -> Link:
    """What the chain needs of a record that stands at `path` and whose bytes have this digest."""
    return _of_action(record, path, digest) if isinstance(record, ActionRecord) else _of_run(record, path, digest)


def _of_run(record: RunRecord, path: str, digest: str) -> Link:
    return Link(
        path,
        digest,
        tuple(record.parents),
        record.run,
        "",
        "" if record.recovered else record.finished_at,  # a later command wrote that one
        record.application,
        record.environment,
        "rollback" if record.rolls_back is not None else record.operation,
        record.status,
        record.actor.name,
        record.actor.email,
        record.started_at,
        record.commit or "",
        record.plan or "",
        tuple(approval.email for approval in record.approvals or ()),
        tuple(approval.record for approval in record.approvals or ()),
    )


def _of_action(record: ActionRecord, path: str, digest: str) -> Link:
    return Link(
        path,
        digest,
        tuple(record.parents),
        record.id,
        record.action,
        record.at,
        record.application or "",
        record.environment or "",
        "",
        "",
        record.actor.name,
        record.actor.email,
        record.at,
        record.commit or "",
        record.plan or "",
        (),
        (),
        tuple(
            Buried(one.path, one.digest, tuple(one.parents), one.id, one.kind, one.at)
            for one in (record.removal.removed if record.removal else ())
        ),
    )
