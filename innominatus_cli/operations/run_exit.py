"""With which exit status a run ends that was executed."""

from collections.abc import Mapping
from typing import Final

from innominatus_cli.documents.run_record import RunStatus
from innominatus_cli.execution.engine import ExecutionResult
from innominatus_cli.findings.catalogue.execution import JOURNAL_LOST
from innominatus_cli.findings.catalogue.locks import LOCK_LOST
from innominatus_cli.findings.catalogue.resuming import DECISION_NEEDED
from innominatus_cli.findings.exit_status import ExitStatus

_ENDED: Final[Mapping[RunStatus, ExitStatus]] = {
    "succeeded": ExitStatus.OK,
    "failed": ExitStatus.RUN_FAILED,
    "refused": ExitStatus.POLICY_REFUSED,
    "interrupted": ExitStatus.INTERRUPTED,
    "timed_out": ExitStatus.TIMED_OUT,
    "waiting": ExitStatus.WAITS_FOR_APPROVAL,
}
_SIGNALLED: Final = 128


def exit_status_of(result: ExecutionResult) -> int:
    """An `ExitStatus`, or 128+n where signal n stopped the run."""
    if any(finding.code is LOCK_LOST for finding in result.findings):
        return ExitStatus.LOCKED
    if result.signal:
        return _SIGNALLED + result.signal
    if result.status == "waiting" and any(finding.code is DECISION_NEEDED for finding in result.findings):
        return ExitStatus.DECISION_NEEDED
    lost = any(finding.code is JOURNAL_LOST for finding in result.findings)
    return ExitStatus.CANNOT_WRITE_STATE if lost else _ENDED[result.status]
