"""Block 5xxx, 5400 to 5429: terraform, ansible, CloudFormation, pulumi."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code

TERRAFORM_FAILED = Code(
    "ORC-5400",
    "Terraform refuses the module",
    "Correct what the message names; the step's log has the whole text: innominatus-ctl logs RUN --step STEP.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Terraform (or OpenTofu) reported an error. The message has its summary and the place in the module; the "
    "rest of the text stands in the log, because it may quote values. What was applied before the error stays in the "
    "state.",
)
STATE_LOCKED = Code(
    "ORC-5401",
    "Somebody else holds the state",
    "Wait until the other run has ended, give `lockTimeout` more time, or look who holds the lock: the log names it.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Terraform locks the state while it works on it. A lock that a killed process left in a remote backend is "
    "given up with `terraform force-unlock ID`, by a person who knows that nobody works any more.",
)
PROVIDER_UNAVAILABLE = Code(
    "ORC-5402",
    "A Terraform provider cannot be had",
    "Check the network, or name a mirror: TF_CLI_CONFIG_FILE with `provider_installation`, under `env` in "
    "admin-config.yaml.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="`init` found no provider that the module's constraints and lock file allow, neither in the registry nor in "
    "a mirror. Steps are given TF_CLI_CONFIG_FILE and TF_PLUGIN_CACHE_DIR only where admin-config.yaml names them.",
)
ANSWER_UNREADABLE = Code(
    "ORC-5403",
    "A tool's answer cannot be read",
    "Run the tool by hand; check that the program of that name on PATH is the real one.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The tool ended well, and yet it printed no JSON where JSON is due, or did not say that it did what it was "
    "asked for. A step is never reported as done on the word of an exit status alone.",
)
VARIABLE_UNDECLARED = Code(
    "ORC-5404",
    "The module declares no such variable",
    "Correct the name under `variables`, or declare the variable in the module.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Terraform only warns of a value for a variable that the module does not declare, and goes on without it. "
    "Here that is an error before anything is applied, because it nearly always is a slip of the pen.",
)
NOT_MADE_BY_THIS_RUN = Code(
    "ORC-5405",
    "What stood there before is not destroyed",
    "Deploy the version before again, or take the change back by hand.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A rollback destroys a state or a stack only where the very run that is taken back made it. What another "
    "run, or somebody else, had made before is never destroyed: only a step that `rollback` names can take such a "
    "change back.",
)
