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
