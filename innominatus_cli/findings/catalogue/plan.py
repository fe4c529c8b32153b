"""Block 3xxx: planning.

What the rules of `validate` see in a file has their codes here too: one problem has one code. Retired for that: 3002
(now 2031), 3003 (what it spoke of is there), 3022 (overrides work), 3026 (2009), 3027 (2011), 3028 (2001), 3030
(2002), 3041 (2087), 3047 (2203).
"""

from innominatus_cli.findings.finding import Code, Severity

UNRESOLVED_REFERENCE = Code(
    "ORC-3001",
    "A reference names nothing",
    "Name something that exists and stands before this step.",
    detail="Every `${…}` must name something that is known when planning, or that a step ordered before this one "
    "gives. An unresolved reference is never an empty string. `$${` is a literal `${`.",
)
WRONG_CONDITION = Code(
    "ORC-3004",
    "A condition is wrong",
    "See the grammar in docs/reference/workflow-language.md.",
    detail="Conditions have a grammar: comparisons, `in`, `contains`, `startsWith`, `endsWith`, `matches`, `and`, "
    "`or`, `not`, brackets, step predicates as in `build.succeeded`, `success()`, `failure()`, `always()`. A wrong "
    "condition is an error; it never skips a step.",
)
BARE_WORD = Code(
    "ORC-3005",
    "A condition compares with a bare word",
    "Put the word into quotes.",
    severity=Severity.WARNING,
    detail="A word without quotes is taken as text, as the original did. A variable of that name would change what "
    "the condition means; quotes do not.",
)
VALUE_IN_SCRIPT = Code(
    "ORC-3006",
    "A value cannot be put into the text of a script",
    'Give the value to the step under `env:` and use it in the script as "$NAME".',
    detail="Values never become code. Inside a script a reference is replaced only by a value of the plain form "
    "`[A-Za-z0-9._/:@][A-Za-z0-9._/:@-]*`; every other value, and every secret, reaches it as an environment variable.",
)
UNKNOWN_GOLDEN_PATH = Code(
    "ORC-3010",
    "There is no such golden path or workflow",
    "`innominatus-ctl list-goldenpaths` lists the golden paths.",
    detail="`run` and `--golden-path` take a golden path by its name or `name@version`, or a workflow by its identity: "
    "`security-scan`, `ecommerce/database-setup`, or the path of its file. deploy-app and undeploy-app are there "
    "without a file. A golden path whose file has errors is told with those errors.",
)
UNKNOWN_PARAMETER = Code(
    "ORC-3011",
    "There is no such parameter",
    "`innominatus-ctl list-goldenpaths` lists the parameters of every golden path.",
    detail="A parameter that a golden path does not have is refused, so that a typing error never means its default.",
)
MISSING_PARAMETER = Code(
    "ORC-3012",
    "A required parameter is not given",
    "Give it with --param NAME=VALUE.",
    detail="A parameter with `required: true` and without a default must be given. The place is its definition, which "
    "says its type and limits.",
)
WRONG_PARAMETER = Code(
    "ORC-3013",
    "A parameter's value does not fit",
    "Give a value that fits the parameter's type and limits.",
    detail="Types: string, int, bool (true, false, yes, no, 1, 0, on, off), duration (90s, 5m, 1h30m, 7d), enum. "
    "`pattern`, `min`, `max` and `allowed_values` bound them. Defaults are checked too.",
)
SECRET_PARAMETER = Code(
    "ORC-3014",
    "A secret parameter takes a reference only",
    "Write --param 'NAME=${secrets.<name>}' and define the secret in admin-config.yaml.",
    detail="No plan, record or approval holds the value of a secret; and rotating it changes no digest.",
)
UNKNOWN_NAMED_WORKFLOW = Code(
    "ORC-3020",
    "A workflow that is named does not exist",
    "`innominatus-ctl list-product-workflows` lists the workflows of products.",
    detail="`--workflow` names workflows by their identity: `security-scan`, `ecommerce/database-setup`.",
)
NOT_MANUAL = Code(
    "ORC-3021",
    "A workflow that is named is not started by hand",
    "Add the trigger `manual` to the workflow, or leave --workflow out.",
    detail="`--workflow` brings in workflows with the trigger `manual`. This one has others, and none of them applies "
    "to this deployment.",
)
DUPLICATE_WORKFLOW = Code(
    "ORC-3023",
    "Two workflows of a plan have one id",
    "Rename one of them.",
    detail="A workflow's id is its phase, tier, product and name. `resources`, `workload` and `routes` are the names "
    "of the generated workflows of an application.",
)
UNKNOWN_WORKFLOW_NEED = Code(
    "ORC-3024",
    "A workflow depends on one that is not in its tier and phase of the plan",
    "Name a workflow of the same tier and phase; earlier tiers and phases are finished anyway.",
    detail="`metadata.dependsOn` orders workflows of one tier in one phase. One that the plan leaves out (its trigger "
    "does not apply) is no dependency; an unknown name is an error.",
)
WORKFLOW_NEEDS_CYCLE = Code(
    "ORC-3025",
    "Workflows depend on each other in a circle",
    "Remove one of the dependencies.",
    detail="`metadata.dependsOn` of these workflows leads back to where it began, so that none of them could ever "
    "start. The message spells the circle out.",
)
WRONG_INPUT = Code(
    "ORC-3031",
    "An input of a step is wrong",
    "See the inputs of the step type in docs/reference/step-types/README.md.",
    detail="Inputs are checked against the step type's schema after static references have been replaced.",
)
MISSING_PATH = Code(
    "ORC-3032",
    "A file or folder that a step reads does not exist",
    "Paths are relative to the file that names them, or else to the repository root.",
    detail="A plan lists every file that a step reads with its git object id. A path is looked for beside the "
    "workflow's file first, then from the repository root.",
)
PATH_OUTSIDE = Code(
    "ORC-3033",
    "A path leaves the repository",
    "Use a relative path inside the repository.",
    detail="What a run reads must be in the repository, or the plan's digest could not cover it.",
)
PATH_NOT_STATIC = Code(
    "ORC-3034",
    "A path is known only at run time",
    "Name the path with values that are known when planning.",
    detail="The plan's digest covers every file that a step reads, so that the path must be known when planning. "
    "`workingDir` of a `terraform` step may be what an earlier step gives: it is checked when it runs.",
)
UNDEFINED_ENTRY = Code(
    "ORC-3035",
    "A name is in no table of admin-config.yaml",
    "Define it in admin-config.yaml.",
    detail="Names under `secrets`, `healthChecks`, `alerts` and `dashboards` of a step resolve from the "
    "tables of admin-config.yaml.",
)
WRONG_PLACEHOLDER = Code(
    "ORC-3040",
    "A placeholder of a Score file cannot be resolved",
    "Write `${metadata.KEY}` or `${resources.NAME.OUTPUT}`, or `$$` for a literal `$`.",
    detail="Placeholders follow the rules of the Score specification: in variables, file contents, volume sources "
    "and resource params.",
)
NO_APPLICATION = Code(
    "ORC-3042",
    "A deployment needs a Score file",
    "Name the application's Score file.",
    detail="`deploy` and `undeploy` are for an application. A workflow by itself is a task.",
)
NO_ADMIN_CONFIG = Code(
    "ORC-3043",
    "Platform and product workflows are off",
    "Add admin-config.yaml to the repository root (`innominatus-ctl init` shows a small one) to switch them on.",
    severity=Severity.WARNING,
    detail="Without admin-config.yaml only the application tier runs, so that Score files deploy anywhere. An empty "
    "file is enough to switch the other tiers on.",
)
NOTHING_DEPLOYED = Code(
    "ORC-3044",
    "There is nothing to remove",
    "`innominatus-ctl status` shows what is deployed.",
    severity=Severity.WARNING,
    detail="`undeploy` removes what the records say exists; they say that nothing does.",
)
ENVIRONMENT_UNDEFINED = Code(
    "ORC-3045",
    "An environment is not defined",
    "Define it under `environments` in admin-config.yaml.",
    severity=Severity.WARNING,
    detail="admin-config.yaml defines environments, and this one is none of them. The plan goes on with defaults: no "
    "variables, manifests are rendered and not applied. Policies may still refuse the environment.",
)
UNUSABLE_VALUE = Code(
    "ORC-3046",
    "A value cannot stand in a plan",
    "Write large numbers as text, in quotes.",
    detail="A plan is canonical JSON (RFC 8785): integers stay within 2^53-1, and there is no NaN.",
)
SECRET_IN_INPUTS = Code(
    "ORC-3048",
    "A secret stands in a step's inputs",
    "Give it to the step in `env:`, where its process reads it.",
    detail="Inputs become arguments of programs, which every user of a machine can read, and files that are committed. "
    "A secret reaches a step through its environment only, and only the step that names it.",
)
BAD_ENVIRONMENT_NAME = Code(
    "ORC-3049",
    "No environment can have this name",
    "Use up to 63 letters, digits, '.', '_' and '-', beginning with a letter or digit.",
    detail="The name is a folder of the records, of the manifests and of the state that tools keep: a name with `/` or "
    "`..` would lead elsewhere.",
)
NOT_CHECKED_OUT = Code(
    "ORC-3050",
    "A sparse checkout lacks a file that plans are made from",
    "`git sparse-checkout add` with its folder brings it, `git sparse-checkout disable` all files.",
    detail="Without admin-config.yaml no policy would judge a run, and a workflow that is left out would not run, "
    "without a word. Workflows of other products may be left out by who works on one: a warning.",
)
