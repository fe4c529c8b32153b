"""Block 9xxx: a bug in the tool."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code

INTERNAL_ERROR = Code(
    "ORC-9001",
    "The tool has a bug",
    "Run the command again with --debug and report the traceback.",
    exit_status=ExitStatus.INTERNAL,
    detail="Nothing that you write may end so. What you saw is our mistake. A report needs the command and its input.",
)
