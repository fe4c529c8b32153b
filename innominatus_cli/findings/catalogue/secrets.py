"""Block 52xx, 5280 to 5319: secrets, what is kept out of records and logs, and the stores that hold them."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code, Severity

SECRET_TOO_SHORT = Code(
    "ORC-5280",
    "A value is too short to be a secret",
    "Take a value of at least 6 bytes; or do not call it a secret.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A value of less than 6 bytes (`true`, `1234`) stands in other text by chance. It cannot be taken out of "
    "logs and records, so no step is given it as a secret. Of an output that `secretOutputs` names it is a "
    "warning: the output is withheld, and what else holds its value is not known.",
)
SECRET_IN_PLAN = Code(
    "ORC-5281",
    "The value of a secret stands in the plan",
    "Change the secret to a value that nobody can read in the repository.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="What stands in a plan stands in files of the repository and is committed: a name, an image, a word. It "
    "is no secret, and could not be taken out of the record without making that unreadable.",
)
OUTPUT_HOLDS_SECRET = Code(
    "ORC-5282",
    "An output or a variable holds a secret",
    "Name the output under `secretOutputs`, or do not let it hold the secret.",
    severity=Severity.WARNING,
    detail="The record has the names of such outputs, not their values. Later steps of the same run get the value; a"
    " run that goes on with the record does not.",
)
ARTIFACT_HOLDS_SECRET = Code(
    "ORC-5283",
    "A file that is to be committed holds a secret",
    "Bind the secret by name (`vault-setup`), so that the cluster reads it from its store.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Manifests go into git. The step fails and nothing of it is kept, whichever form the value has in the file.",
)
ARGUMENT_HOLDS_SECRET = Code(
    "ORC-5284",
    "An argument of a program would hold a secret",
    "Give it to the step by `env`; admin-config's `inject` can also make it a file or stdin.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Every user of a machine can read the arguments of its processes (`/proc/PID/cmdline`). The program was "
    "not started.",
)
RECORD_HELD_SECRET = Code(
    "ORC-5285",
    "A record would have held a secret",
    "Find out which step knew the value before it was given it as a secret, and change the secret.",
    exit_status=ExitStatus.INTERNAL,
    detail="Right before a record is written, it is searched once more for every secret that the run has used: a "
    "step may have printed one before the run knew it. The record was written without outputs, variables and "
    "excerpts of output, and without the files that hold the value.",
)
TOKEN_IN_OUTPUT = Code(
    "ORC-5286",
    "A step printed what looks like a token or key",
    "Do not print it; where it is one, change it and make it a secret of admin-config, whose value is then taken out.",
    severity=Severity.WARNING,
    detail="No secret of this run has that value, so it is in the local log. The excerpt in the record is withheld. "
    "Known forms are looked for (AWS, GitHub, GitLab, Slack, Stripe, Google, npm, Vault, SendGrid, JSON Web "
    "Tokens, private keys), and words whose characters spread as those of generated keys do.",
)
SECRET_STORE_FAILED = Code(
    "ORC-5287",
    "A secret's store cannot be asked",
    "Look at what the message says: the store's address, its credentials, or its program.",
    exit_status=ExitStatus.ENVIRONMENT,
    detail="The store did not answer, refused, or answered what is no secret. A secret that is not in its store is "
    "ORC-5006 where a step needs it. In a run it fails the step.",
)
SECRET_TOO_OLD = Code(
    "ORC-5288",
    "A secret is older than it may be",
    "Change it: `innominatus-ctl secrets rotate NAME`.",
    severity=Severity.WARNING,
    detail="`maxAge` of the secret, or of `secretPolicy` in admin-config.yaml, is over. With `secretPolicy.enforce` "
    "of `production` a step of a production environment is not given it; `always` is for all environments.",
)
SECRET_CANNOT_ROTATE = Code(
    "ORC-5289",
    "A secret cannot be changed from here",
    "Change it where the message says.",
    exit_status=ExitStatus.FINDINGS,
    detail="Only secrets that the tool could also generate are changed by it: of the stores `local`, `file` and "
    "`vault`.",
)
SECRET_UNKNOWN = Code(
    "ORC-5290",
    "There is no such secret",
    "Name one of admin-config's secrets: `innominatus-ctl secrets list` shows them.",
    exit_status=ExitStatus.FINDINGS,
    detail="The name is not among `secrets` of admin-config.yaml.",
)
SECRET_ABSENT = Code(
    "ORC-5291",
    "A secret is not in its store",
    "Put it into its store, or let admin-config say `generate` for it.",
    exit_status=ExitStatus.FINDINGS,
    detail="`secrets check` asks every store for every secret, and says of none what its value is.",
)
