"""`ledger gc`: old records go, and the chain stays provable."""

from dataclasses import dataclass
from typing import Final

from innominatus_cli.documents.admin_config import RetentionConfig
from innominatus_cli.findings.catalogue.ledger import GIT_FAILED
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, Severity
from innominatus_cli.ledger.collecting import Collection, collect, would_collect
from innominatus_cli.ledger.retention import Retention
from innominatus_cli.operations.acting import new_action
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.verifying import verify
from innominatus_cli.system.clock import Clock, SystemClock, earlier, timestamp
from innominatus_cli.system.git_command import GitFailed

_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Collected:
    """What was removed, or with `dry_run` would be, and what is to be told."""

    collection: Collection
    dry_run: bool
    findings: tuple[Finding, ...]


def collect_records(
    ledger: OpenLedger,
    keep_days: int | None = None,
    keep_last: int | None = None,
    *,
    dry_run: bool = False,
    clock: Clock | None = None,
) -> Collected:
    """Removes records of runs that are older than `keep_days` and not among the newest `keep_last` of their place.

    What is not said is what admin-config.yaml says. The ledger is verified first. Raises CannotContinue where it is
    not sound (exit 65), where the commit cannot land (exit 73), and where git fails.
    """
    now = clock or SystemClock()
    admin = ledger.repository.admin_config()
    said = admin.model.ledger.retention if admin else RetentionConfig()
    days = said.keep_days if keep_days is None else keep_days
    last = said.keep_last if keep_last is None else keep_last
    retention = Retention(timestamp(earlier(now.now(), days * _DAY)), days, last)
    verified = verify(ledger, clock=now)
    if wrong := [one for one in verified.findings if one.severity is Severity.ERROR]:
        raise CannotContinue(*wrong)
    try:
        if dry_run:
            done = would_collect(ledger.store, retention)
        else:
            done = collect(
                ledger.store,
                retention,
                lambda details: new_action(ledger, "gc", details=details.as_json(), clock=now),
            )
    except GitFailed as problem:
        raise CannotContinue(Finding(GIT_FAILED, str(problem), Place("git"))) from problem
    return Collected(done, dry_run, done.findings)
