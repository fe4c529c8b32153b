"""`status`, `list` and `history`: what the ledger says of applications, and what runs right now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from innominatus_cli.documents.environment_names import is_among
from innominatus_cli.documents.repository import ADMIN_CONFIG, Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.findings.catalogue.ledger import NOT_A_REPOSITORY, UNKNOWN_APPLICATION
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, Severity
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.ledger.listed import actions_of, last_runs, runs_of
from innominatus_cli.ledger.opening import store_for
from innominatus_cli.ledger.summaries import RunSummary
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.system.git import Git
from innominatus_cli.system.locks import Holder, held_locks, read_holder
from innominatus_cli.system.state_folder import StateFolder

Data: TypeAlias = dict[str, Any]

NEWEST: Final = 50
"""How many runs `history` lists where nobody says."""
_SHORT: Final = 12
_RUNNING: Final = "running"
_KILLED: Final = "interrupted"
_REFUSAL: Final = "refusal"
_WAITING: Final = "waiting"
_CANCELLED: Final = "cancelled"
_NO_RUN: Final[Data] = dict.fromkeys(
    (
        "application",
        "environment",
        "run",
        "kind",
        "operation",
        "golden_path",
        "status",
        "started_at",
        "finished_at",
        "duration_ms",
        "by",
        "email",
        "commit",
        "branch",
        "plan",
        "steps",
        "failures",
        "record",
        "standing",
        "resumes",
        "rolls_back",
        "rolled_back_by",
    )
)
"""The keys of a row, so that every row has them all."""


@dataclass(frozen=True, slots=True)
class OpenLedger:
    """A repository with its ledger and the documents of its working tree."""

    repository: Repository
    store: WorkingTreeStore
    state: StateFolder


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of plain data, and what was wrong on the way; `waiting` counts records that `ledger adopt` takes in.

    `count` is how many rows there would be, had nobody asked for the newest alone.
    """

    rows: list[Data]
    findings: tuple[Finding, ...] = field(default=())
    waiting: int = 0
    count: int = 0


def open_ledger(directory: Path | None = None) -> OpenLedger:
    """The ledger of the git repository around a folder (by default the current one).

    An admin-config.yaml with errors keeps nobody from the records, unless it may name another folder for them.
    Raises CannotContinue then, and where there is no repository.
    """
    start = directory or Path.cwd()
    git = Git.open(start)
    if git is None:
        message = "there is no git repository here, and without one there are no records"
        raise CannotContinue(Finding(NOT_A_REPOSITORY, message, Place(str(start))))
    repository = Repository(WorkingTreeSnapshot(git.root))
    admin = repository.admin_config()
    if admin is None and repository.has_admin_config and not _keeps_the_folder(repository):
        raise CannotContinue(*(found for found in repository.findings if found.severity is Severity.ERROR))
    store = store_for(git, admin.model.ledger if admin else None)
    return OpenLedger(repository, store, StateFolder(git.common_dir))


def _keeps_the_folder(repository: Repository) -> bool:
    """Whether an admin-config.yaml that has errors can be read, and says nothing of the ledger."""
    documents = repository.loaded(ADMIN_CONFIG).documents
    return bool(documents) and all("ledger" not in document.mapping.values for document in documents)


def status(ledger: OpenLedger, application: str | None = None) -> Found:
    """The last run of every application and environment, or of one application; what runs or was killed comes first.

    An environment that the repository does not know, and where every run was refused, is left out: `history` has them.
    """
    now = [_unfinished(holder) for holder in _holders(ledger.state) if application in {None, holder.application}]
    runs, related, _ = last_runs(ledger.store, application)
    undone = rolled_back(related)
    rows = [run_row(run, undone) for run in runs if not _is_only_a_word(ledger, run)]
    _mark_cancelled(ledger, rows)
    _add_expiries(ledger, rows)
    recorded = {row["run"] for row in rows}
    now = [row for row in now if row["run"] not in recorded]
    if application is not None and not runs and not now:
        rows = [_never_run(ledger, application)]
    return Found([*now, *rows], tuple(ledger.store.findings), _waiting(ledger.store))


def _is_only_a_word(ledger: OpenLedger, last: RunSummary) -> bool:
    """Whether the environment of a refusal stands nowhere but in it: a name that was mistyped, say."""
    if last.kind != _REFUSAL or knows_environment(ledger.repository, last.environment):
        return False
    return all(run.kind == _REFUSAL for run in runs_of(ledger.store, last.application, last.environment).runs)


def knows_environment(repository: Repository, name: str) -> bool:
    """Whether admin-config.yaml names an environment, or names none at all."""
    config = repository.admin_config()
    if config is None:
        return True
    names = [*config.model.environments, *(config.model.policies.allowed_environments or ())]
    return not names or is_among(name, names)


def _add_expiries(ledger: OpenLedger, rows: list[Data]) -> None:
    """Until when what the runs deployed may stay; only records of golden paths that say so are read for it."""
    paths = ledger.repository.golden_paths()
    names = {path.model.metadata.name for path in paths if path.model.spec.expires_after is not None}
    for row in rows:
        stored = (
            ledger.store.record(row["run"]) if row["golden_path"] in names and row["operation"] == "deploy" else None
        )
        row["expires_at"] = stored.record.expires_at if stored is not None else None


def history(
    ledger: OpenLedger, application: str | None = None, environment: str | None = None, newest: int | None = None
) -> Found:
    """Runs, the newest first: of all applications or of one, in all environments or in one; all, or the `newest`."""
    runs, related, count = runs_of(ledger.store, application, environment, newest)
    if application is not None and not runs:
        require_application(ledger, application)
    undone = rolled_back(related)
    rows = [run_row(run, undone) for run in reversed(runs)]
    _mark_cancelled(ledger, rows)
    return Found(rows, tuple(ledger.store.findings), _waiting(ledger.store), count)


def _mark_cancelled(ledger: OpenLedger, rows: list[Data]) -> None:
    """Runs that waited until somebody cancelled them: their records say `waiting` for ever, an action says the rest."""
    waiting = [row for row in rows if row["status"] == _WAITING]
    cancelled = cancelled_runs(ledger) if waiting else frozenset()
    for row in waiting:
        if row["run"] in cancelled:
            row["status"] = _CANCELLED


def cancelled_runs(ledger: OpenLedger) -> frozenset[str]:
    """The runs that an action says somebody cancelled: one that waited cannot be resumed then."""
    return frozenset(one.run for one in actions_of(ledger.store) if one.action == "cancel" and one.run is not None)


def applications(ledger: OpenLedger) -> Found:
    """All applications, by name: those that have a Score file, and those that only the records know."""
    last: dict[str, RunSummary] = {}
    environments: dict[str, set[str]] = {}
    runs = (run for run in last_runs(ledger.store).runs if not _is_only_a_word(ledger, run))
    for run in sorted(runs, key=lambda one: one.run):
        last[run.application] = run
        environments.setdefault(run.application, set()).add(run.environment)
    known = score_files(ledger.repository)
    rows = []
    for name in sorted({*known, *last}):
        path, product = known.get(name, (None, None))
        row: Data = {"application": name, "product": product, "file": path}
        row["environments"] = sorted(environments.get(name, ()))
        row["last_run"] = run_row(last[name]) if name in last else None
        rows.append(row)
    return Found(rows, (*ledger.repository.findings, *ledger.store.findings))


def rolled_back(runs: Iterable[RunSummary]) -> dict[str, str]:
    """By run, the rollback that has taken it back; a run that another one went on from is part of that one."""
    found: dict[str, str] = {}
    older: dict[str, str | None] = {}
    for one in runs:
        older[one.run] = one.resumes
        run = one.rolls_back if one.status == "succeeded" else None
        while run is not None and run not in found:
            found[run] = one.run
            run = older.get(run)
    return found


def run_row(run: RunSummary, undone: Mapping[str, str] | None = None) -> Data:
    """A run as a row: what a person asks first. `undone` is what `rolled_back` says of all of them."""
    return {
        "application": run.application,
        "environment": run.environment,
        "run": run.run,
        "kind": run.kind,
        "operation": run.operation,
        "golden_path": run.golden_path,
        "status": run.status,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "duration_ms": run.duration_ms,
        "by": run.by,
        "email": run.email,
        "commit": run.commit,
        "branch": run.branch,
        "plan": run.plan,
        "steps": run.steps,
        "failures": list(run.failures),
        "record": run.path,
        "standing": run.standing,
        "resumes": run.resumes,
        "rolls_back": run.rolls_back,
        "rolled_back_by": undone.get(run.run) if undone else None,
    }


def _waiting(store: WorkingTreeStore) -> int:
    if not store.waiting() and not store.waiting_actions():
        return 0
    from innominatus_cli.ledger.adopt import waiting_and_landed  # noqa: PLC0415 - few have some

    return len(waiting_and_landed(store)[0])


def _holders(state: StateFolder) -> list[Holder]:
    return [holder for path in held_locks(state) if (holder := read_holder(path)) is not None]


def _unfinished(holder: Holder) -> Data:
    """A run that has no record yet: it runs now, or it was killed before it could write one."""
    return {
        **_NO_RUN,
        "application": holder.application,
        "environment": holder.environment,
        "run": holder.run,
        "status": _RUNNING if holder.lives else _KILLED,
        "started_at": holder.since,
        "by": holder.who,
    }


def require_application(ledger: OpenLedger, application: str) -> None:
    """Raises CannotContinue for an application that has neither a Score file nor a record: it is mistyped."""
    if not runs_of(ledger.store, application, newest=1).runs:
        _never_run(ledger, application)


def _never_run(ledger: OpenLedger, application: str) -> Data:
    """A row for an application that has a Score file and no record. Raises CannotContinue where it has neither."""
    known = score_files(ledger.repository)
    if application not in known:
        names = [*known, *(run.application for run in last_runs(ledger.store).runs)]
        hint = did_you_mean(application, names)
        message = f"'{application}' has neither a Score file nor a record" + (f": {hint}" if hint else "")
        raise CannotContinue(Finding(UNKNOWN_APPLICATION, message, Place(application)))
    return {**_NO_RUN, "application": application, "status": "never run"}


def score_files(repository: Repository) -> dict[str, tuple[str, str | None]]:
    """By application the path of its Score file and its product."""
    found: dict[str, tuple[str, str | None]] = {}
    for path in repository.application_paths():
        for workload in repository.workloads(path):
            metadata = workload.model.metadata
            extra = metadata.model_extra or {}
            product = extra.get("product") or metadata.annotations.get("innominatus.dev/product")
            found.setdefault(metadata.name, (path, product if isinstance(product, str) else None))
    return found


def short(digest: str | None) -> str:
    """The first digits of a digest or commit, for tables."""
    return (digest or "").removeprefix("sha256:")[:_SHORT]


def page(rows: Sequence[Data], limit: int | None, offset: int) -> list[Data]:
    """The rows from `offset`, at most `limit` of them."""
    return list(rows[offset : None if limit is None else offset + limit])
