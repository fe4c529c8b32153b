"""Block 5xxx, 5500 to 5509: what `doctor` finds missing on a machine."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code

NEEDED_TOOL_MISSING = Code(
    "ORC-5500",
    "A tool that the repository needs is not here",
    "Install the tool, or put its folder on PATH.",
    exit_status=ExitStatus.ENVIRONMENT,
    detail="A workflow, or a plan of an application, has a step that does its work with this program. PATH is searched "
    "as a run does: relative folders and those inside the repository do not count.",
)
NEEDED_TOOL_UNFIT = Code(
    "ORC-5501",
    "A tool that the repository needs has another version",
    "Install a version in the range.",
    exit_status=ExitStatus.ENVIRONMENT,
    detail="The program was asked for its version, and that is out of the range of the step type that needs it, or it "
    "gave none within 20 seconds.",
)
BACKEND_NOT_READY = Code(
    "ORC-5502",
    "Something that steps count on is not set up",
    "Set it up as the message says.",
    exit_status=ExitStatus.ENVIRONMENT,
    detail="A context of kubectl that admin-config.yaml names is not in the kubeconfig, or a store of secrets lacks "
    "the variable that lets it in. Nothing was asked over the network.",
)
