"""Block 5xxx, 5400 to 5429: terraform, ansible, CloudFormation, pulumi; clusters and other repositories as such."""

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
CLUSTER_REFUSES = Code(
    "ORC-5406",
    "The cluster cannot be used",
    "Look at the kubeconfig (KUBECONFIG, which `env` in admin-config.yaml has to name, or ~/.kube/config) and at the "
    "environment's `kubernetes.context`; ask `kubectl auth whoami`.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="kubectl or helm could not talk to the cluster: nobody answers at its address, the context does not exist, "
    "or the credentials are missing, refused or not allowed to do this. The step's log has what the program said.",
)
REMOTE_REFUSES = Code(
    "ORC-5407",
    "The other repository cannot be used",
    "Look at the address, and give a token that may write there: `tokenFrom` names the variable of the step's `env` "
    "that holds it.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="git could not clone from or push to the repository that a step delivers to: nobody answers at the address, "
    "nothing is there, or the credentials are missing or refused. git is never left to ask somebody for a password.",
)
PLAYBOOK_FAILED = Code(
    "ORC-5410",
    "A playbook failed",
    "Read the step's log: innominatus-ctl logs RUN --step STEP.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A task failed on at least one host. The message names the task and the hosts, never what the task said. "
    "Tasks that came before it have been done.",
)
HOSTS_UNREACHABLE = Code(
    "ORC-5411",
    "A host cannot be reached",
    "Check the inventory, the network and the credentials of the connection.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Ansible could not connect to a host of the inventory. Other hosts may have been changed already.",
)
NO_HOSTS = Code(
    "ORC-5412",
    "A playbook ran on no host",
    "Correct `hosts` of the play, `inventory` or `limit`.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Ansible ends with status 0 where no host of the inventory matches the plays, so that nothing was done. "
    "Here that is a failure.",
)
STACK_FAILED = Code(
    "ORC-5415",
    "A stack could not be brought to what was asked",
    "Read the events of the stack that the log shows, and correct the template or the program.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="CloudFormation or Pulumi reported a failure. The message has the status and, where it is known, the first "
    "resource that failed.",
)
STACK_BUSY = Code(
    "ORC-5416",
    "A stack cannot be changed now",
    "Wait until the other operation has ended; a stack in ROLLBACK_COMPLETE is deleted first, one in "
    "UPDATE_ROLLBACK_FAILED is continued by hand.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Another operation is going on, or an earlier one left the stack in a state from which it cannot be "
    "updated.",
)
CREDENTIALS_MISSING = Code(
    "ORC-5417",
    "A tool has no credentials",
    "Give the credentials to the step: name the secrets under `env` of the step, or the variables under `env` in "
    "admin-config.yaml.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Steps are given no variables but those that are named. The tool found no credentials, or the service "
    "refused them.",
)
STACK_MISSING = Code(
    "ORC-5418",
    "There is no such stack",
    "Correct the stack's name, or deploy it first.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The step asks for the outputs of a stack that does not exist, or was deleted.",
)
