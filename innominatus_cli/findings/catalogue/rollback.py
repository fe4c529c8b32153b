"""Block 5xxx, 5240 to 5259: taking back what a run did."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code, Severity

IN_DOUBT = Code(
    "ORC-5240",
    "A step in doubt stands in the way of a rollback",
    "Look whether it happened, then say so: `--assume STEP=done` takes it back, `--assume STEP=not-done` does not.",
    exit_status=ExitStatus.DECISION_NEEDED,
    detail="The run was killed while the step was at work, so that no end of it was recorded. What takes it back is a "
    "step of the workflow, which may do harm where there is nothing to take back. Steps that are `convergent`, and "
    "those whose type takes back its own work, need no such answer: they look for themselves.",
)
NOT_TAKEN_BACK = Code(
    "ORC-5241",
    "A rollback leaves the work of a step as it is",
    "Take it back by hand where it matters; for the next time let `rollback` name a step that does.",
    severity=Severity.WARNING,
    detail="The step started, and nothing takes it back: its type cannot undo its own work, and the workflow names no "
    "step that can. The rollback goes on with all others.",
)
VALUE_NOT_RECORDED = Code(
    "ORC-5242",
    "A step cannot be taken back for want of a value",
    "Let what takes the step back use only outputs that are recorded, or read the value from where it is kept.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A rollback works with what the record of the run says. Outputs that are secret, or too large, are in no "
    "record; a secret of its own (`${secrets.name}`) is fetched again.",
)
NOT_ROLLED_BACK = Code(
    "ORC-5243",
    "This run cannot be rolled back",
    "See `innominatus-ctl history` for the runs of the application.",
    detail="A removal cannot be: what it deleted is gone, so deploy again. A rollback cannot be either: what it took "
    "back is deployed again by a deployment. A run whose plan the ledger does not hold cannot be rolled back by it.",
)
LATER_RUNS = Code(
    "ORC-5244",
    "Later runs stand on the one that is to be rolled back",
    "Roll back everything behind a run that was good: `innominatus-ctl rollback APP --to RUN`.",
    detail="Runs are taken back the newest first, as steps are. What a later run of the same application and "
    "environment did may rest on the work of this one.",
)
NOTHING_TO_ROLL_BACK = Code(
    "ORC-5245",
    "There is no such run",
    "See `innominatus-ctl history` for the runs of the application.",
    detail="`rollback` takes the id of a run in the ledger, or the name of an application, whose last run it then "
    "takes back in the environment that `--env` names.",
)
CHANGED_SINCE = Code(
    "ORC-5246",
    "What is to be taken back was changed since",
    "Look at the difference; undo the other change first, or take this one back by hand.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A rollback takes back exactly what its run did. A manifest that somebody edited, or a migration that "
    "another run applied on top, is not overwritten.",
)
ROLLBACK_FAILED = Code(
    "ORC-5247",
    "The rollback of a failed run failed too",
    "Correct what stands in the way, then run `innominatus-ctl rollback` again: it goes on with what is left.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The run was to be rolled back where it fails, and that did not work out. The environment is neither as it "
    "was nor as it should be. The exit status is that of the run that failed.",
)
