"""Block 2xxx, continued: what the steps of a workflow can reach, their settings, names, secrets and images."""

from innominatus_cli.findings.finding import Code, Severity

# What runs and what does not: 2130 to 2136.

CONSTANT_CONDITION = Code(
    "ORC-2130",
    "A condition never changes",
    "Remove the condition, or let it ask for something that differs from run to run.",
    Severity.WARNING,
    detail="Everything in the condition is known beforehand: literals, or a variable of the workflow that no step "
    "sets. The step runs in any case, so that the condition only looks as if it decided something.",
)
NEVER_RUNS = Code(
    "ORC-2131",
    "A step never runs",
    "Remove the step, or change the condition that keeps it from running.",
    Severity.WARNING,
    detail="Its condition is false whatever happens, `when: on_failure` waits for a failure where nothing can have "
    "failed, or `when` and `if` exclude each other. A failure of a step with `continueOnError` is none for those "
    "behind it.",
)
OUTPUT_OF_SKIPPED_STEP = Code(
    "ORC-2132",
    "A step reads an output of a step that has not run then",
    "Read it from a step that runs whenever this one does, or give both the same condition.",
    detail="The step that makes the output is skipped whenever the reading one runs: its condition never holds, is "
    "the opposite of the reader's, or it runs only after a failure and the reader only without one. The reader would "
    "fail each time, because an unresolved reference is never an empty text.",
)
OUTPUT_OF_CONDITIONAL_STEP = Code(
    "ORC-2133",
    "A step reads an output of a step that may have been skipped",
    "Give the reading step the same condition, or let it ask whether that step has run: `if: <step>.succeeded`.",
    Severity.WARNING,
    detail="Where the condition of the other step does not hold, there is no output, and the reading step fails.",
)
GROUP_OF_ONE = Code(
    "ORC-2134",
    "A parallel group holds one step",
    "Remove `parallel` or `parallelGroup`, or give it to the steps that it is to run beside.",
    Severity.INFO,
    detail="Consecutive `parallel: true` steps, or steps with one group number, run at the same time. A group of one "
    "changes nothing.",
)
UNUSABLE_LOOP = Code(
    "ORC-2135",
    "A loop has no values that it can run over",
    "Write a list of at least one value under `forEach`, or lists under each key of `matrix`.",
    detail="`forEach` takes a list, or a reference to one; `matrix` a list for each of its keys. Both expand when "
    "planning, so that what only an output tells needs `maxItems`: policies and the plan count with that number. A "
    "loop has no more values than `maxItems`, and 256 without it. A gate (`approval`) cannot stand inside of a loop.",
)
SETTING_WITHOUT_EFFECT = Code(
    "ORC-2136",
    "A setting of a step has no effect",
    "Remove the setting, or add what it belongs to.",
    Severity.WARNING,
    detail="`maxItems` and `maxParallel` belong to a loop (`forEach`, `matrix`). Steps of `finally` run whatever "
    "happened, so that `when` changes nothing there.",
)

# Time: 2137 to 2139.

MISSING_TIMEOUT = Code(
    "ORC-2137",
    "Steps that start programs have no timeout of their own",
    "Write `timeout` into the step or into `spec`, as in `timeout: 10m`.",
    Severity.INFO,
    detail="A program can wait for ever for a server that does not answer. Without a timeout the default of its step "
    "type counts, half an hour or an hour for each step, and they add up. Nothing is said of a single step, nor where "
    "a policy bounds all workflows (`maxWorkflowDuration`).",
)
TIMEOUT_WITHOUT_EFFECT = Code(
    "ORC-2138",
    "A timeout has no effect",
    "Write a shorter timeout for the step, or a longer one for its workflow.",
    Severity.WARNING,
    detail="A step is stopped when its workflow has no time left, so that a step's timeout beyond its workflow's is "
    "never reached. `timeout: 0` is none: the default of the step type counts.",
)
RETRY_WITHOUT_EFFECT = Code(
    "ORC-2139",
    "A retry does not do what it says",
    "Correct the numbers, or remove `retry`.",
    Severity.WARNING,
    detail="`attempts` counts the first one too, so that `attempts: 1` repeats nothing. `maxDelay` cuts every longer "
    "delay off. A delay that is as long as the workflow may take leaves no time for another attempt. Exit code 0 is a "
    "success and never repeated.",
)

# Settings of steps: 2140 to 2147.

UNKNOWN_GATE_TEAM = Code(
    "ORC-2140",
    "A gate asks a team that is not defined",
    "Define the team and its members under `teams` in admin-config.yaml, or correct the name.",
    detail="Nobody is a member of a team that does not exist, so that nobody could approve.",
)
GATE_TOO_LARGE = Code(
    "ORC-2141",
    "A gate asks for more approvals than there are people",
    "Lower `count`, or add members to the teams.",
    detail="Every approval is another person's. Where the teams have fewer members than `count` the gate never opens.",
)
REQUIRED_STEP_MAY_FAIL = Code(
    "ORC-2142",
    "A required platform workflow lets its failures pass",
    "Remove `continueOnError` from at least one step that always runs.",
    Severity.WARNING,
    detail="`requiredPlatformWorkflows` is a promise that something is checked. With `continueOnError` on every step "
    "that always runs the workflow is there, and whatever it finds stops nothing.",
)
UNUSABLE_LOCK = Code(
    "ORC-2143",
    "The name of a lock does not say which lock is meant",
    "Write one fixed name, the same in every step that must not run beside the others.",
    Severity.WARNING,
    detail="Locks are compared as they are written: references in them are not replaced, and names that differ in "
    "case, `-` or `_` are different locks.",
)
CHECK_WITHOUT_PROBE = Code(
    "ORC-2144",
    "A probe and `idempotency: check` belong together",
    "Write `probe: {script: …}` beside `idempotency: check`; or use `convergent` where running the step twice does no "
    "harm, and `once` where a person has to decide.",
    Severity.WARNING,
    detail="`check` says that a probe can tell whether a step that was running when its run was killed has done its "
    "work. A step writes its own (`probe`), and some step types have one. Without any, a person is asked, as with "
    "`once`.",
)
ROLLBACK_OF_NOTHING = Code(
    "ORC-2145",
    "A rollback does nothing",
    "Name what is to run, or remove `rollback`.",
    Severity.WARNING,
    detail="`rollback` names the step or workflow that undoes this one, or says `true` where the step type can undo "
    "its own work. An empty mapping, a name that does not exist, or `true` for a type that can undo nothing, is a "
    "promise that nobody keeps.",
)
OUTPUT_DECLARED_TWICE = Code(
    "ORC-2146",
    "An output is declared twice",
    "Remove one of the two.",
    Severity.WARNING,
    detail="It changes nothing, but most often one of them was meant to be another name.",
)
UNREADABLE_NAME = Code(
    "ORC-2147",
    "A variable has a name that nothing can read",
    "Use letters, digits and `_`, and start with a letter or `_`.",
    Severity.WARNING,
    detail="A shell reads `$NAME` only for names of letters, digits and `_`; any other environment variable reaches "
    "the program, but no script. In references a dot begins another key: `${variables.a.b}` is not the variable `a.b`.",
)

# Names: 2148 to 2157.

UNUSED_VARIABLE = Code(
    "ORC-2148",
    "A variable of a workflow is never read",
    "Remove the variable, or read it with `${variables.<name>}`.",
    Severity.WARNING,
    detail="Variables are read by references, not by the shell: a script that is to see one gets it through `env`.",
)
UNUSED_PARAMETER = Code(
    "ORC-2149",
    "A parameter of a workflow is never read",
    "Remove the parameter, or read it with `${parameters.<name>}`.",
    Severity.WARNING,
    detail="People are asked for a value, or wonder about one, that changes nothing.",
)
UNREAD_SET_VARIABLE = Code(
    "ORC-2150",
    "A step sets a variable that nothing reads",
    "Remove it from `setVariables`, or read it in a later step with `${variables.<name>}`.",
    Severity.WARNING,
    detail="A variable is visible to the steps of the same workflow that come after the one that sets it. Another "
    "workflow reads outputs: `${workflows.<identity>.outputs.<name>}`.",
)
SHADOWED_NAME = Code(
    "ORC-2151",
    "A name hides another one",
    "Rename one of the two.",
    Severity.WARNING,
    detail="`${name}` looks for a variable first and then for a parameter; `${name.output}` for a context first and "
    "then for a step. So a parameter hides behind a variable of its name, and a step behind a context. Names of steps "
    "that differ only in case look like one to people, and their files like one to some disks.",
)
RACING_VARIABLE = Code(
    "ORC-2152",
    "Two steps that may run at the same time set one variable",
    "Order the steps with `dependsOn`, or let each set a variable of its own.",
    Severity.WARNING,
    detail="Chance decides which value later steps see.",
)
UNDECLARED_PARAMETER = Code(
    "ORC-2153",
    "A parameter is read that nothing declares",
    "Declare it under `spec.parameters` of the workflow, or under `parameters` of the golden path that runs it.",
    detail="A parameter has a value where the workflow or the golden path declares it. One that neither knows can be "
    "given by nobody, so that every plan is refused.",
)
VARIABLE_OF_THE_SHELL = Code(
    "ORC-2154",
    "A script reads a variable of the workflow as one of the shell",
    'Pass it through `env:`, as in `env: {NAME: "${variables.NAME}"}`.',
    Severity.WARNING,
    detail="Inside a script `$NAME` and `${NAME}` are the shell's. Variables and parameters of the workflow are not "
    "among its variables unless `env` puts them there; bash ends with `unbound variable`.",
)
DUPLICATE_PARAMETER = Code(
    "ORC-2155",
    "A parameter is declared twice",
    "Remove one of the two.",
    detail="Only one of the two definitions could count.",
)
REQUIRED_WITH_DEFAULT = Code(
    "ORC-2156",
    "A required parameter has a default",
    "Remove `required`, or the default.",
    Severity.WARNING,
    detail="Everybody has to give a required parameter, so that its default is never used.",
)
UNUSABLE_ALLOWED_VALUE = Code(
    "ORC-2157",
    "An allowed value can never be given",
    "Correct the value, or the type, pattern, min or max that it does not fit.",
    Severity.WARNING,
    detail="`allowed_values` are checked beside the type and the other limits: a value has to pass all of them. One "
    "that stands there twice is most often meant to be another one.",
)

# Secrets and images: 2158 to 2161.

HARD_CODED_SECRET = Code(
    "ORC-2158",
    "A secret stands in the file",
    "Define the secret in admin-config.yaml and write `${secrets.<name>}` under `env`; change the value where it is "
    "used, for it has been in git.",
    Severity.WARNING,
    detail="The key says that its value is a password, token or key, and the value is a literal. Everybody who can "
    "read the repository can read it, now and in the history. References, names of secrets and obvious placeholders "
    "(`changeme`, `<password>`) are fine. The value itself is not shown in this finding.",
    quotes_source=False,
    guards=True,
)
KNOWN_TOKEN = Code(
    "ORC-2159",
    "A token or private key stands in the file",
    "Revoke it now: it has been in git. Then define a secret in admin-config.yaml and write `${secrets.<name>}`.",
    detail="The text has the form of a real credential: a private key, or a token of AWS, GitHub, GitLab, Slack, "
    "Stripe, Google or npm, or a signed JSON Web Token. The value itself is not shown in this finding.",
    quotes_source=False,
    guards=True,
)
RANDOM_LOOKING_VALUE = Code(
    "ORC-2160",
    "A value looks like a secret",
    "If it is one, define it in admin-config.yaml and write `${secrets.<name>}`.",
    Severity.WARNING,
    detail="The value is long, has letters of both cases and digits, and no pattern that people would write: most "
    "such values are generated keys. Digests, UUIDs and versions are not meant. The value itself is not shown.",
    quotes_source=False,
    guards=True,
)
MUTABLE_IMAGE = Code(
    "ORC-2161",
    "A step uses an image whose tag moves",
    "Name a version, or a digest: `image:1.4.2` or `image@sha256:…`.",
    Severity.WARNING,
    detail="`latest`, or no tag at all, is another image tomorrow: two runs of one plan would do different things, "
    "and nobody can go back.",
)

# Triggers, and outputs of other workflows: 2162, 2163, 2189.

NAMED_TWICE = Code(
    "ORC-2162",
    "A trigger or phase is listed twice",
    "Remove the second one.",
    Severity.WARNING,
    detail="It changes nothing, but it is most often meant to be another one.",
)
REDUNDANT_TRIGGER = Code(
    "ORC-2163",
    "A trigger is part of another one",
    "Remove the one that is true less often.",
    Severity.INFO,
    detail="A workflow runs when one of its triggers is true. `all_deployments` always is, and for a product workflow, "
    "which is looked at for applications of its product only, `product_deployment` too: beside them no other trigger "
    "changes anything.",
)

WORKFLOW_OUTPUT = Code(
    "ORC-2189",
    "A reference reads an output of another workflow that is not there by then",
    "Read from a workflow of an earlier phase or tier, or one in `metadata.dependsOn`, and declare the output under "
    "its `spec.outputs`.",
    detail="`${workflows.<identity>.outputs.<name>}` reads what a workflow behind an earlier barrier gives. Phases "
    "come one after the other, and inside a phase the tiers: platform, product, application.",
)
