"""Runs whose records `ledger gc` has removed: what somebody who names one is told."""

from innominatus_cli.findings.catalogue.ledger import UNKNOWN_RUN
from innominatus_cli.findings.finding import Code, Finding, Place
from innominatus_cli.ledger.working_tree import WorkingTreeStore


def collected(store: WorkingTreeStore, wanted: str, code: Code = UNKNOWN_RUN) -> Finding | None:
    """Where the record of a run went that a `gc` removed, and who still has it; None where no `gc` names just one."""
    removals = [(one.record.id, one.record.removal) for one in store.actions() if one.record.removal is not None]
    found = {
        buried.id: (action, buried.path)
        for action, removal in removals
        for buried in removal.removed
        if wanted and buried.id.startswith(wanted.upper())
    }
    if len(found) != 1:
        return None
    ((run, (action, path)),) = found.items()
    message = f"`ledger gc` has removed the record of run {run} (action {action})"
    remedy = f"`git log --all --diff-filter=D -- {path}` names the commit, `git show COMMIT^:{path}` shows the record."
    return Finding(code, message, Place(path), remedy)
