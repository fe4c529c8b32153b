"""Codes of going on with runs: recovery, `resume`, `retry`. ORC-5200 to 5239."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code, Severity

RUN_FOLDER_CORRUPT = Code(
    "ORC-5200",
    "A file of a run is not what the run wrote",
    "Run again without it; the folder of the run is named in the message and can be kept as evidence.",
    exit_status=ExitStatus.CORRUPT,
    detail="A run keeps its plan, its opening record and the results of its steps beside its journal, and the journal "
    "holds their digests. A file with another digest was damaged or changed: nothing goes on from it.",
)
RECORD_NOT_RECOVERED = Code(
    "ORC-5201",
    "The record of a killed run cannot be made",
    "Look at the run's folder; once it is moved away, nothing asks for the record any more.",
    severity=Severity.WARNING,
    detail="The next command that changes state writes the record of a run that was killed, from the run's journal. "
    "This journal, or a file that it names, is damaged; the message names where.",
)
DECISION_NEEDED = Code(
    "ORC-5202",
    "A step needs a decision before it can run again",
    "See whether the step has done its work, and say so with --assume STEP=done or --assume STEP=not-done.",
    exit_status=ExitStatus.DECISION_NEEDED,
    detail="A run was killed while the step ran, so nobody knows whether it did its work; or the step succeeded, and "
    "what it gave is needed again and was not kept because it is secret. A step with `idempotency: once`, which "
    "scripts have when nothing is written, is never run twice without a person's word. What does not need it has run.",
)
SOURCE_CHANGED = Code(
    "ORC-5203",
    "A source of the run's plan has changed",
    "Put the file back, or go on with `--accept-changes`: steps whose definition is the same keep their results.",
    exit_status=ExitStatus.PLAN_STALE,
    detail="A run is gone on with by the plan that it had, and steps read files as they are now: both must belong "
    "together. With `--accept-changes` it is planned anew, judged anew, and the record says which files had changed.",
)
CHANGES_ACCEPTED = Code(
    "ORC-5204",
    "A run goes on with changed sources",
    "Nothing: it was asked for.",
    severity=Severity.WARNING,
    detail="`--accept-changes` was given. Steps whose planned definition differs ran anew, the others kept "
    "their results.",
)
NOT_RESUMABLE = Code(
    "ORC-5205",
    "This run cannot be gone on with",
    "Run again.",
    detail="A refused run has no steps that ran, and a run whose plan is neither in the ledger nor in this clone "
    "cannot be carried out. Where a rollback or a removal has taken back what a run did, even in part, its results "
    "mean nothing any more: steps that count as done would be missing.",
)
WRONG_ASSUMPTION = Code(
    "ORC-5206",
    "An assumption is about no step in doubt",
    "Name a step that the run names, by its id or the end of its id.",
    exit_status=ExitStatus.USAGE,
    detail="`--assume` decides about one step that had begun when its run was killed, or that must not run twice. Of "
    "every other step the record says what came of it.",
)
NOTHING_TO_RESUME = Code(
    "ORC-5207",
    "A run has succeeded, and there is nothing to go on with",
    "Name a step with `retry RUN --step STEP` to run it again.",
    severity=Severity.WARNING,
    detail="Every step of the run has come to its end. The exit status is 0, so that a pipeline may say `resume` "
    "whenever it starts.",
)
TAKEN_OVER = Code(
    "ORC-5208",
    "Another clone has gone on with this run",
    "Pull its record and resume again: that goes on with the newest run. Where nobody else does, add --take-over.",
    exit_status=ExitStatus.DECISION_NEEDED,
    detail="The run kept a checkpoint on a remote (`--checkpoint push`). Who goes on with it says so there before "
    "anything runs, and deletes the checkpoint when all is done. This clone does not know what the other one did, and "
    "would run those steps a second time. With `--take-over` you say that nobody else goes on with it.",
)
