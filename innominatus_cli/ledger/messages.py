"""What the commits of records say (Conventional Commits; a pipeline has nothing to do for them).

The trailers name the record's file, so that it is found without listing trees.
"""

from typing import Final

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.words import undertaking
from innominatus_cli.ledger.reading import RECORD_TRAILER

_DONE: Final = {
    "approve": "approve",
    "reject": "reject",
    "cancel": "cancel",
    "break_lock": "break the lock",
    "adopt": "adopt records",
    "gc": "remove old records",
    "restore": "restore the ledger",
    "scale": "scale",
    "restart": "restart",
    "exec": "run a command in",
    "port_forward": "open ports to",
    "backup": "back up a resource of",
    "restore_resource": "restore a resource of",
    "transfer": "transfer a resource of",
    "rotate_secret": "change a secret",
}
_ON_RECORDS: Final = frozenset({"break_lock", "adopt", "gc", "restore", "rotate_secret"})


def commit_message(record: RunRecord, path: str) -> str:
    """The message of the commit of a run's record."""
    what = undertaking(record.operation, record.application, record.environment)
    if record.operation == "undeploy":
        what = f"{record.operation} {record.application} from {record.environment}"
    if record.rolls_back is not None:
        what = f"roll back {record.application} in {record.environment}"
    lines = [
        f"chore(innominatus): {what}: {record.status.replace('_', ' ')} [skip ci]",
        "",
        f"Innominatus-Run: {record.run}",
        *([f"Innominatus-Rolls-Back: {record.rolls_back}"] if record.rolls_back else []),
    ]
    return _text(lines, path, record.plan)


def action_message(action: ActionRecord, path: str) -> str:
    """The message of the commit of an action's record."""
    of = ""
    if action.application:
        of = f" of {action.application}" if action.action in _ON_RECORDS else f" {action.application}"
    where = f" in {action.environment}" if action.environment else ""
    run = [f"Innominatus-Run: {action.run}"] if action.run else []
    lines = [
        f"chore(innominatus): {_DONE[action.action]}{of}{where} [skip ci]",
        "",
        f"Innominatus-Action: {action.id}",
        *run,
    ]
    return _text(lines, path, action.plan)


def _text(lines: list[str], path: str, plan: str | None) -> str:
    following = [f"{RECORD_TRAILER}{path}", *([f"Innominatus-Plan: {plan}"] if plan is not None else [])]
    return "\n".join([*lines, *following]) + "\n"
