"""`runs bisect`: the last good run and the first bad one of an application, and what came between them.

Records already say of every run whether it was good, so that nothing has to run again: the search is over them.
"""

from dataclasses import dataclass
from pathlib import Path

from innominatus_cli.findings.catalogue.ledger import NOTHING_TO_BISECT, UNKNOWN_REVISION, UNKNOWN_RUN
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, Severity
from innominatus_cli.ledger.listed import runs_of
from innominatus_cli.ledger.store import StoredRecord
from innominatus_cli.ledger.summaries import RunSummary
from innominatus_cli.operations.history import OpenLedger, open_ledger, require_application, short
from innominatus_cli.operations.logs import LATEST
from innominatus_cli.operations.plan_diff import PlanDiff, Side, compared
from innominatus_cli.system.git import Commit
from innominatus_cli.system.git_command import GitFailed

_BAD = frozenset({"failed", "timed_out"})
_RUNS = frozenset({"run", "resume"})


@dataclass(frozen=True, slots=True)
class Bisection:
    """Two neighbours among the runs of one application and environment: the last good one and the first bad one."""

    good: StoredRecord
    bad: StoredRecord
    commits: tuple[Commit, ...]
    """What the bad one has and the good one has not, the oldest first."""
    touching: frozenset[str]
    """Ids of those that change a file which the bad run's plan was made from."""
    diff: PlanDiff | None
    """Their plans; None where the ledger lacks one of them."""
    findings: tuple[Finding, ...] = ()


def bisect_runs(
    application: str,
    environment: str | None = None,
    good: str | None = None,
    bad: str | None = None,
    directory: Path | None = None,
) -> Bisection:
    """The first bad run after a good one; `good` and `bad` (ids, starts of ids, or `latest`) narrow where to look.

    Without them it is the last time that runs turned bad. Raises CannotContinue where they did not.
    """
    ledger = open_ledger(directory)
    require_application(ledger, application)
    judged = [one for one in runs_of(ledger.store, application, environment).runs if _is_judged(one)]
    first, last = _index(judged, good), _index(judged, bad)
    looked_at = judged[first or 0 : None if last is None else last + 1]
    turns = [
        (before, after)
        for before, after in _neighbours(looked_at)
        if before.status == "succeeded" and after.status in _BAD
    ]
    if not turns:
        where = f" in '{environment}'" if environment else ""
        message = f"no run of '{application}'{where} failed right after one that succeeded"
        raise CannotContinue(Finding(NOTHING_TO_BISECT, message, Place(application)))
    before, after = turns[0] if good or bad else turns[-1]
    return _bisection(ledger, _record(ledger, before), _record(ledger, after))


def _record(ledger: OpenLedger, run: RunSummary) -> StoredRecord:
    found = ledger.store.record(run.run)
    if found is None:
        raise CannotContinue(Finding(UNKNOWN_RUN, f"the record of run {run.run} has gone meanwhile", Place(run.path)))
    return found


def _is_judged(run: RunSummary) -> bool:
    return run.kind in _RUNS and run.status in {"succeeded", *_BAD}


def _neighbours(runs: list[RunSummary]) -> list[tuple[RunSummary, RunSummary]]:
    """Each run with the one that followed it in the same environment."""
    last: dict[str, RunSummary] = {}
    pairs = []
    for run in runs:
        before = last.get(run.environment)
        if before is not None and before.operation == run.operation:
            pairs.append((before, run))
        last[run.environment] = run
    return pairs


def _index(runs: list[RunSummary], run: str | None) -> int | None:
    if run is None:
        return None
    if run == LATEST and runs:
        return len(runs) - 1
    found = [number for number, one in enumerate(runs) if one.run.startswith(run.upper())]
    if len(found) != 1:
        message = f"{'several runs begin' if found else 'no run that succeeded or failed begins'} with '{run}'"
        raise CannotContinue(Finding(UNKNOWN_RUN, message, Place(run)))
    return found[0]


def _bisection(ledger: OpenLedger, good: StoredRecord, bad: StoredRecord) -> Bisection:
    git = ledger.store.git
    plans = [ledger.store.plan(one.record.plan) if one.record.plan else None for one in (good, bad)]
    diff = None
    if plans[0] is not None and plans[1] is not None:
        names = [f"run {short(one.record.run)}" for one in (good, bad)]
        diff = compared(Side(names[0], plans[0]), Side(names[1], plans[1]), {})
    commits: tuple[Commit, ...] = ()
    touching = frozenset[str]()
    findings: list[Finding] = list(ledger.store.findings)
    if good.record.commit and bad.record.commit:
        try:
            commits = git.commits_between(good.record.commit, bad.record.commit)
            sources = {source.path for source in plans[1].sources} if plans[1] is not None else set()
            touching = frozenset(
                one.id for one in commits if any(entry.path in sources for entry in git.changes(one.id))
            )
        except GitFailed as problem:
            message = f"the commits between the runs are not all here: {problem}"
            findings.append(Finding(UNKNOWN_REVISION, message, Place(bad.path), severity_override=Severity.WARNING))
    return Bisection(good, bad, commits, touching, diff, tuple(findings))
