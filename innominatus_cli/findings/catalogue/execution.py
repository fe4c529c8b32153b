"""Block 5xxx: execution of steps and drivers."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code, Severity

# Steps and runs: 5001 to 5099. 5001 is retired: a failed step's finding always says why.

STEP_TIMED_OUT = Code(
    "ORC-5002",
    "A step ran out of time",
    "Give the step a longer `timeout`, or find out what it waits for.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The step's processes were told to stop (SIGINT, then SIGTERM, then SIGKILL), with everything they started.",
)
WORKFLOW_TIMED_OUT = Code(
    "ORC-5003",
    "A workflow ran out of time",
    "Give the workflow a longer `timeout`, or make its steps faster.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A tenth of a workflow's time is kept for its `finally` steps: the others are stopped that much earlier.",
)
RUN_TIMED_OUT = Code(
    "ORC-5004",
    "The run ran out of time",
    "Give the run more time with `--timeout`, or make its steps faster.",
    exit_status=ExitStatus.TIMED_OUT,
    detail="It took longer than `run --timeout` allows. All steps were stopped, none was started any more. A tenth of "
    "the time of a run with `finally` steps is kept for them: those of workflows that have begun run then.",
)
RUN_INTERRUPTED = Code(
    "ORC-5005",
    "The run was interrupted",
    "`innominatus-ctl resume latest` goes on with it: what has succeeded is not run again.",
    exit_status=ExitStatus.INTERRUPTED,
    detail="A signal came. No step was started any more; the running ones got SIGINT, then SIGTERM, then SIGKILL, with "
    "everything they had started. Then `finally` steps of workflows that had begun cleaned up. A second signal takes "
    "the next of these at once, ends what cleans up, and starts no more of that. The exit status is 128 plus the first "
    "signal's number.",
)
VALUE_MISSING = Code(
    "ORC-5006",
    "A value that the step needs does not exist",
    "Let the step before it give that output, or correct the name.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A reference names an output, a variable, a resource or a secret that has no value now that the step is to "
    "start. An unresolved reference is never an empty text.",
)
CONDITION_FAILED = Code(
    "ORC-5007",
    "A condition cannot be decided",
    "Correct the condition, or what it compares.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The values are known now, and the comparison makes no sense: text against a number, a pattern on a list. "
    "An error in a condition fails its step; it never skips it. Outputs that were printed are text, those of JSON keep "
    "their type.",
)
OUTPUT_MISSING = Code(
    "ORC-5008",
    "A step did not give an output that it declares",
    "Print `OUTPUT_name=value` or a JSON object with that key, write it to the file in $INNOMINATUS_OUTPUT, or take it "
    "out of `outputs`.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Other steps count on what `outputs` declares. A step succeeds only when it gave all of it.",
)
OUTPUT_UNREADABLE = Code(
    "ORC-5009",
    "A step's outputs cannot be read",
    "Write a JSON object, or lines of the form name=value, at most 1 MiB.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The file that a step wrote its outputs to is neither a JSON object nor lines of the form name=value, "
    "or an output is what no record can hold: an integer beyond 2^53, an infinity, half of a surrogate pair. What a "
    "tool such as Terraform gives and nobody declares is left out then, with a warning.",
)
INPUT_CHANGED = Code(
    "ORC-5010",
    "A file that the step reads has changed since the plan",
    "Plan again; do not edit files while a run reads them.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The plan's digest covers every file that a step reads. Just before a step starts its files are compared "
    "once more, because what was judged and what runs must be the same.",
)
JOURNAL_LOST = Code(
    "ORC-5011",
    "The journal cannot be written",
    "Make room on the disk that holds the git folder, or give it write permission.",
    exit_status=ExitStatus.CANNOT_WRITE_STATE,
    detail="What is not on disk before a step starts could be forgotten after a crash, so no further step was started. "
    "Steps that were running came to their end.",
)
APPROVAL_NEEDED = Code(
    "ORC-5012",
    "A step waits for an approval",
    "Have it approved by the people that the message names, then resume the run.",
    exit_status=ExitStatus.WAITS_FOR_APPROVAL,
    detail="A gate stands before the step: its own (`approval`), its workflow's, its environment's "
    "(security.requireApproval) or that of its resource type (`approvals` in admin-config.yaml), and too few people "
    "have approved this plan. The step did not start and stays planned, with all that depends on it; what does not "
    "depend on it has run. `approve` opens the gate, `resume` goes on (docs/how-to/approve-a-run.md).",
)
STEP_TYPE_UNKNOWN = Code(
    "ORC-5013",
    "Nothing can run this step type",
    "Update innominatus-ctl, or use a step type that it knows (docs/reference/step-types/README.md).",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The plan names a step type that this version does not know: it was made by a newer version. A plan of this "
    "version never holds one, because planning refuses it (ORC-2002).",
)
INPUTS_WRONG_NOW = Code(
    "ORC-5014",
    "A value that became known has the wrong type",
    "Make the step that gives the value give one of the right type.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A reference was replaced by the output of a step, and the step type's inputs do not accept that value.",
)
DRIVER_BROKE = Code(
    "ORC-5015",
    "The driver of a step broke",
    "Report it, with the step's type and inputs and the name of the error in the message.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A bug in the part of the tool that runs this step type. The step counts as failed, the run goes on as "
    "after any failure, and its record is kept.",
)
LOG_INCOMPLETE = Code(
    "ORC-5020",
    "A step's log is incomplete",
    "Make room on the disk that holds the git folder; let a step that prints more than a log holds write to a file.",
    severity=Severity.WARNING,
    detail="What the step printed could not be written to its log, or was more than 256 MiB on one stream; the step "
    "itself was not disturbed. Size and digest in the record are those of everything that it printed.",
)
LEFT_RUNNING = Code(
    "ORC-5021",
    "A step left processes running",
    "Wait for background processes in the step that starts them (`wait` in bash).",
    severity=Severity.WARNING,
    detail="What a step starts ends with it: another machine may run the next one. Processes that were left have been "
    "ended.",
)
ORPHANS_ENDED = Code(
    "ORC-5030",
    "Processes of a killed run were still working",
    "Nothing: they have been ended. Look at what the named step left half done.",
    severity=Severity.WARNING,
    detail="A run was killed (SIGKILL, a crash) while a step was running, and that step's processes went on. They were "
    "known by pid, start time and boot from the run's journal, and by their environment.",
)
RUN_WAS_KILLED = Code(
    "ORC-5031",
    "An earlier run was killed",
    "Look at what the named steps left half done; `innominatus-ctl resume RUN` goes on with it, and asks where it "
    "must.",
    severity=Severity.WARNING,
    detail="Steps that its journal says had started and not ended are marked as interrupted; nobody can know how far "
    "they came. The command that says so has written the run's record from its journal, with `recovered: true`; of a "
    "run that was killed after its last step, while it wrote its record, it says what the steps came to.",
)

# Drivers: 5101 to 5199. Messages never hold what a program printed: they go into records.

# ORC-5101 is retired: "Nothing does the work of this step type", when some types had no driver.
TOOL_MISSING = Code(
    "ORC-5102",
    "A tool that the step needs is missing",
    "Install the tool, or put its folder on PATH.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A step does its work with a program that could not be started. What could not be done is never success.",
)
PROGRAM_FAILED = Code(
    "ORC-5103",
    "A program of the step failed",
    "Read what it printed: innominatus-ctl logs RUN --step STEP.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The program that does the step's work ended with another exit status than 0, was killed or ran out of "
    "time. All that it printed is in the local log, the beginning and the end of it in the record.",
)
PATH_OUTSIDE = Code(
    "ORC-5104",
    "A path leads out of its folder",
    "Name a path below the repository root, or below the state folder for what tools keep.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Steps read files of the repository and keep files in the state folder of their application and "
    "environment. An absolute path, `..` or a symbolic link that leads elsewhere is refused.",
)
PATH_MISSING = Code(
    "ORC-5105",
    "A file that the step reads is missing",
    "Add the file, or correct its path: it is relative to the file that names it, or to the repository root.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A path among the inputs names nothing in the repository, or something that is no regular file or folder.",
)
INPUTS_UNUSABLE = Code(
    "ORC-5106",
    "The step's inputs do not say what to do",
    "Read the step type's page under docs/reference/step-types/.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Each input is of its type, but together, or with the values that were known only now, they make no sense: "
    "for example a check without the host that it needs.",
)
CHILD_WITHOUT_ANSWER = Code(
    "ORC-5107",
    "The program that does the step's work gave no answer",
    "Run the step again; if it happens again, report it with the step's log.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Some drivers do their work in a child program of the tool's own, so that it can be ended at any time. It "
    "ended without an answer: killed, out of time, or out of memory.",
)
CHECK_FAILED = Code(
    "ORC-5110",
    "A check failed",
    "Mend what was checked, or give the check more `retries` where it needs time.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A check of a `validation` step did not see what it should, as often as its `retries` say. The message says "
    "what it saw last.",
)
POLICY_BROKEN = Code(
    "ORC-5111",
    "A manifest breaks a rule of a policy step",
    "Change what the message names, or talk to the owner of the workflow.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A `policy` step holds the manifests of a run against its rules. All violations are told at once; none of "
    "the manifests is committed.",
)
ENGINE_MISSING = Code(
    "ORC-5112",
    "A policy engine could not judge",
    "Read the step's log; name policies that are there, or write the policy as `rules` or as a `script`.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The engine is not available here, it has no policies, or it gave no answer. What was not judged has not "
    "passed.",
)
NOTHING_TO_CHECK = Code(
    "ORC-5113",
    "There was nothing to check",
    "Put the step behind those that render manifests, or name files for it.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A step that judges or scans found nothing to judge or scan. What could not be checked is never clean.",
)
MANIFEST_UNREADABLE = Code(
    "ORC-5120",
    "A manifest cannot be read",
    "Correct the YAML or JSON that the message names.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A manifest file, or one that stands in the step itself, is neither YAML nor JSON. The message names file, "
    "line and column. Nothing of the step was rendered or applied.",
)
MANIFEST_INVALID = Code(
    "ORC-5121",
    "A manifest is no Kubernetes object",
    "Give every object `apiVersion`, `kind` and `metadata.name`.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Every document of a manifest is one object with apiVersion, kind and a name that Kubernetes accepts. Two "
    "objects of one kind, namespace and name in one step are refused: one of them would be lost.",
)
WORKLOAD_UNSUPPORTED = Code(
    "ORC-5122",
    "The workload has something that cannot be rendered",
    "Change the workload as the message says, or write that object as a manifest.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A part of the Score workload has no faithful form in Kubernetes. It is refused rather than left out.",
)
ROLLOUT_FAILED = Code(
    "ORC-5123",
    "An object did not roll out",
    "Read the step's log, then `kubectl describe` the object.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The manifests were applied, but a Deployment, StatefulSet or DaemonSet was not ready in time.",
)
DATABASE_UNSUPPORTED = Code(
    "ORC-5130",
    "A database cannot be migrated",
    "Use `sqlite:///name.db` or `postgresql://user@host:5432/name`, or a `tool` that knows the database.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The connection string names no database, or one that plain SQL is not for. The message never shows it.",
)
MIGRATIONS_WRONG = Code(
    "ORC-5131",
    "A folder of migrations is wrong",
    "Name files NNN_name.sql (with `-- migrate:up` and `-- migrate:down`) or NNN_name.up.sql and NNN_name.down.sql.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Migrations are applied in the order of their numbers. A file without a number, two of one number or a "
    "missing part would make that order a guess.",
)
MIGRATION_CHANGED = Code(
    "ORC-5132",
    "An applied migration was changed",
    "Restore the file and write the change as a new migration.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The database holds the checksum of every migration that it was given. One of them differs from the file, "
    "or the file is gone: the database is not what the folder says. Nothing was applied.",
)
MIGRATION_FAILED = Code(
    "ORC-5133",
    "A migration failed",
    "Correct its SQL; the database is as it was before this migration.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Each migration runs in a transaction of its own. The one that failed was taken back; those before it stay.",
)
RESOURCE_TYPE_UNKNOWN = Code(
    "ORC-5140",
    "No provisioner makes this type of resource",
    "Use a type that has a provisioner (docs/reference/step-types/resource-provisioning.md).",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A resource of a Score file is made by the provisioner of its type. A resource that nothing makes fails "
    "the deployment; it is never passed over.",
)
RESOURCE_FAILED = Code(
    "ORC-5141",
    "A resource could not be made or removed",
    "Correct the resource's params as the message says.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The provisioner of the resource's type refused or failed, and the message says why. An unknown param is "
    "refused, so that a typing error never means its default. Steps that need the resource are skipped.",
)
SECRET_MISSING = Code(
    "ORC-5150",
    "A secret does not exist",
    "Put it into its store, or let admin-config.yaml say `generate` for it.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A `vault-setup` step binds secrets that exist. One that admin-config does not let generate must be put "
    "into its store by a person: into a file of mode 0600 in the local store, or into the environment variable.",
)
SECRET_STORE_UNSAFE = Code(
    "ORC-5151",
    "The local secret store is not private",
    "Take the rights of other users away (chmod 0600 FILE, chmod 0700 FOLDER), and replace the secret.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A secret's file must be a regular file of the user's own that nobody else may read or write.",
)
BUDGET_EXCEEDED = Code(
    "ORC-5160",
    "The workload costs more than its budget",
    "Ask for less, or ask the platform team for a larger budget.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Containers' requests and resources, each with its price of admin-config.yaml, come to more than "
    "`budgetLimit`. With `enforceLimit: false` the step would only say so.",
)
PRICE_MISSING = Code(
    "ORC-5161",
    "Something has no price",
    "Add it to `prices` in admin-config.yaml; a price of 0 says that it is free.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="An estimate that leaves something out would be too low. What has no price is named in the message.",
)
TAGS_MISSING = Code(
    "ORC-5165",
    "A required tag has no value",
    "Give the tag a value, for example in `metadata` of the Score file.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A `tagging` step makes sure that everything an application makes can be traced to who owns and pays it.",
)
ALERT_UNUSABLE = Code(
    "ORC-5170",
    "Alert rules cannot be rendered",
    "Correct the alert in admin-config.yaml.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="An alert has no expression, or promtool refused the rules.",
)
SCAN_FOUND = Code(
    "ORC-5180",
    "A scan found problems",
    "Mend what the message names.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A `security` step found problems at or over its `severityThreshold`. Values that look like secrets are "
    "never shown: only where they stand.",
)
COULD_NOT_SCAN = Code(
    "ORC-5181",
    "A scan could not be done",
    "Install the scanner, or use `scanner: builtin`.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The scanner is missing or nothing here can run it. What could not be checked is never clean.",
)
