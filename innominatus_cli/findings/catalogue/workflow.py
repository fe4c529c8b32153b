"""Block 2xxx: workflows, golden paths, policies, providers, Score workloads and the repository that they make up."""

from innominatus_cli.findings.finding import Code, Severity

# Workflows and their steps: 2001 to 2039.

DUPLICATE_STEP_NAME = Code(
    "ORC-2001",
    "Two steps of a workflow share a name",
    "Give each step of a workflow its own name.",
    detail="A step's name is part of its id in plans, records and `dependsOn`. With two of one name nobody could say "
    "which of them failed, or whose output `${<step>.<name>}` means.",
)
UNKNOWN_STEP_TYPE = Code(
    "ORC-2002",
    "A step type is unknown",
    "Use a step type of docs/reference/step-types/README.md, or publish one of your own under workflows/step-types/.",
    detail="Nothing can run a step whose type is unknown, and nothing simulated is ever reported as success. So the "
    "whole workflow is refused before anything starts. Besides the built-in types there are those of the repository's "
    "own StepType documents: a JSON Schema for inputs, an argv template and a rule for outputs.",
)
MISSING_PHASE = Code(
    "ORC-2003",
    "A platform or product workflow names no phase",
    "Add `phase: pre-deployment`, `deployment` or `post-deployment` under `metadata`.",
    detail="Phases are the barriers of a deployment. A workflow without one would belong to none of them and never "
    "run, without a word. `metadata.phase` names one phase; `metadata.phases` a list of them, and the workflow then "
    "runs once in each.",
)
NO_TRIGGERS = Code(
    "ORC-2004",
    "A platform or product workflow has no triggers",
    "List at least one of all_deployments, product_deployment, first_deployment and manual under `spec.triggers`.",
    detail="A trigger says what brings a workflow into a deployment. Without any it never runs. Where that is what "
    "you want, say `manual`: it then runs only where the command line names it with `--workflow`.",
)
PRODUCT_TRIGGER_ON_PLATFORM = Code(
    "ORC-2005",
    "A platform workflow is triggered by product deployments",
    "Use `all_deployments`, or move the workflow to the product that it belongs to.",
    detail="`product_deployment` is true when the application's product is the workflow's product. A platform "
    "workflow has none, so the trigger could never be true.",
)
PRODUCT_IS_NOT_FOLDER = Code(
    "ORC-2006",
    "A product workflow is in the folder of another product",
    "Move the file to workflows/products/<metadata.product>/, or correct `metadata.product`.",
    detail="A product workflow is known as `<product>/<name>`, also in the policy lists of the platform team. If "
    "folder "
    "and metadata disagreed, a team could run its workflow under the permission of another product.",
)
MISSING_PRODUCT = Code(
    "ORC-2007",
    "A product workflow names no product",
    "Add `product: <name>` under `metadata`; it is the name of the folder under workflows/products/.",
    detail="A product workflow runs for the applications of its product. Without one it would run for none.",
)
DUPLICATE_IDENTITY = Code(
    "ORC-2008",
    "Two documents have one identity",
    "Rename one of the two, or remove it.",
    detail="Platform workflows are known by their name, product workflows by `<product>/<name>`, golden paths by "
    "`<name>@<version>`, step types and providers by their name. Policies, plans and records speak of these; two "
    "documents of one identity would make all of them ambiguous.",
)
UNKNOWN_DEPENDENCY = Code(
    "ORC-2009",
    "A step depends on a step that does not exist",
    "Name a step of the same workflow.",
    detail="`dependsOn` names steps of the same workflow by their `name`.",
)
DUPLICATE_DEPENDENCY = Code(
    "ORC-2010",
    "A step names a dependency twice",
    "Remove the second one.",
    detail="It changes nothing, but it is most often a name that was meant to be another one.",
)
STEP_CYCLE = Code(
    "ORC-2011",
    "Steps wait for each other in a circle",
    "Remove one of the dependencies of the circle.",
    detail="None of the steps could ever start. The message spells the circle out, from its first step in the file.",
)
DEPENDENCY_ACROSS_WORKFLOWS = Code(
    "ORC-2012",
    "A dependency leaves its workflow, tier or phase",
    "Let phases and tiers order workflows; inside one tier and phase use `metadata.dependsOn`.",
    detail="A step waits only for steps of its own workflow, and a workflow only for workflows of its own tier and "
    "phase. "
    "Everything else is ordered by the barriers between phases and tiers. Outputs of an earlier workflow are read with "
    "`${workflows.<identity>.outputs.<name>}`.",
)
UNKNOWN_WORKFLOW_DEPENDENCY = Code(
    "ORC-2013",
    "A workflow depends on a workflow that does not exist",
    "Name a workflow of the same tier and phase: `<name>` for the platform, `<product>/<name>` for a product.",
    detail="`metadata.dependsOn` orders workflows of one tier in one phase, which run at the same time otherwise.",
)
WORKFLOW_CYCLE = Code(
    "ORC-2014",
    "Workflows wait for each other in a circle",
    "Remove one of the dependencies of the circle.",
    detail="None of the workflows could ever start.",
)
UNKNOWN_REFERENCE = Code(
    "ORC-2015",
    "A reference speaks of nothing that is known",
    "Begin it with a context (application, metadata, environment, resources, steps, workflow, parameters, …) or with "
    "the name of a step; write `$${…}` for literal text.",
    detail="`${path}` resolves in one of the contexts of docs/reference/workflow-language.md, or names a step of the "
    "same "
    "workflow. A reference that cannot be resolved is an error, never an empty text.",
)
UNKNOWN_STEP_REFERENCE = Code(
    "ORC-2016",
    "A reference speaks of a step that does not exist",
    "Name a step of the same workflow; another workflow's output is `${workflows.<identity>.outputs.<name>}`.",
    detail="Steps are local to their workflow.",
)
REFERENCE_TO_LATER_STEP = Code(
    "ORC-2017",
    "A reference speaks of a step that is not known to be finished by then",
    "Let the step come after the one that it reads from, or name that one in its `dependsOn`.",
    detail="An output can be read by the steps that are ordered after the step that makes it. A step of the same "
    "parallel group, a later one, one that `dependsOn` does not lead to, or the step itself, has no output yet.",
)
VALUE_IN_SCRIPT = Code(
    "ORC-2018",
    "A script is given a value that it may not be given as text",
    'Pass it through `env:`, as in `env: {VALUE: "${…}"}`, and write "$VALUE" in the script.',
    detail="Values never become code. Inside a script a reference is replaced only by a value of the plain form "
    "`[A-Za-z0-9._/:@][A-Za-z0-9._/:@-]*`; a value with blanks, quotes or a leading `-` could change what the script "
    "does, and a secret would be written into a file. As environment variables all of them are safe.",
    guards=True,
)
OLD_TEMPLATE = Code(
    "ORC-2220",
    "Something of the original's templates is read as something else",
    "Write it as the message says.",
    Severity.WARNING,
    detail="Files of the original say some things that have no meaning here, or another one, and are read as they were "
    "meant. `{{ now }}` is the time at which the run began; a shell's default `${NAME:-text}` in an output is the "
    "environment variable, or the text; an optional text without a default is empty; `{{ .parameters.x }}` between "
    "double quotes of a script is an environment variable of the step, where the default is no plain word.",
)
UNDEFINED_NAME = Code(
    "ORC-2019",
    "A step names a secret, health check or alert that admin-config.yaml does not define",
    "Define it in the table of that name in admin-config.yaml, or correct the name.",
    detail="Names under `secrets`, `healthChecks`, `alerts` and `dashboards` of a step resolve from the "
    "tables of that name in admin-config.yaml, so that the platform team decides once what each of them means.",
)
MISSING_DESCRIPTION = Code(
    "ORC-2020",
    "A workflow has no description",
    "Say in one line under `metadata.description` what the workflow does.",
    Severity.WARNING,
    detail="Lists and plans show it to people who did not write the workflow.",
)
MISSING_OWNER = Code(
    "ORC-2021",
    "A workflow has no owner",
    "Name the team under `metadata.owner`.",
    Severity.WARNING,
    detail="It is who is asked when the workflow fails in somebody else's deployment.",
)
MISSING_STEP_CONFIG = Code(
    "ORC-2022",
    "A step has no config",
    "Write the step's inputs under `config`, or `config: {}` where all of its defaults are meant.",
    Severity.WARNING,
    detail="A step without config runs with the defaults of its step type. That may be what you want: then say so.",
)
FILE_IS_NOT_NAME = Code(
    "ORC-2023",
    "A file is not named after its document",
    "Rename the file to <metadata.name>.yaml.",
    Severity.WARNING,
    detail="People look for a workflow by its name. The name counts, not the file's.",
)
UNKNOWN_OVERRIDE = Code(
    "ORC-2024",
    "A workflow overrides one that does not exist",
    "Name a workflow of a lower tier: `<product>/<name>`, or a workflow of the application.",
    detail="`metadata.overrides` replaces a workflow of a lower tier in the same phase.",
)
OVERRIDE_OF_WRONG_WORKFLOW = Code(
    "ORC-2025",
    "A workflow overrides one that it cannot replace",
    "Override only a workflow of a lower tier in the same phase; the order is platform, product, application.",
    detail="A platform workflow may replace one of a product, a product's one of the application. Never the other way "
    "round: what the platform team requires stays. The phases must be the same, because the replacement takes the "
    "place "
    "of the other one.",
)
MISSING_REQUIRED_WORKFLOW = Code(
    "ORC-2026",
    "A required platform workflow does not exist",
    "Add the workflow to the platform folder of the workflows root, or correct the name in requiredPlatformWorkflows.",
    detail="A deployment is refused while a required workflow is not part of its plan.",
    guards=True,
)
REQUIRED_WORKFLOW_NOT_ALWAYS = Code(
    "ORC-2027",
    "A required platform workflow does not run in every deployment",
    "Add `all_deployments` to its triggers, and leave at least one of its steps without a condition.",
    detail="`requiredPlatformWorkflows` is a promise that something runs. A workflow whose trigger may be false, or "
    "all of whose steps may be skipped, would keep it in name only.",
    guards=True,
)
MISSING_STEPS = Code(
    "ORC-2028",
    "A workflow has no steps",
    "Add a step, or remove the workflow.",
    detail="A workflow without steps does nothing and yet counts as having run.",
)
BAD_CONDITION = Code(
    "ORC-2029",
    "A condition cannot be understood",
    "See docs/reference/workflow-language.md for the grammar of conditions.",
    detail="A condition is parsed before anything runs. One that cannot be understood never skips a step silently: "
    "the workflow is refused.",
)
CONDITION_AGAINST_BARE_WORD = Code(
    "ORC-2030",
    "A condition compares with a bare word",
    "Put the word between quotes.",
    Severity.WARNING,
    detail="`${environment.type} == production` is accepted, and means the text 'production'. With quotes nobody has "
    "to know that.",
)
MALFORMED_REFERENCE = Code(
    "ORC-2031",
    "A reference cannot be understood",
    "Write `${context.name}`, or `$${` for a literal `${`.",
    detail="References are dotted paths between `${` and `}`; `{{ .path }}` of older files means the same. What only "
    "looks like one is an error, because it would stay in the text as it is. Templates have `{{ … }}` with filters, "
    "`{% if %}` and `{% for %}`, and of older files `{{ if }}`, `{{ else }}`, `{{ range }}` and `{{ end }}`; they call "
    "nothing and set nothing.",
)

# Golden paths: 2040 to 2049.

ENUM_WITHOUT_VALUES = Code(
    "ORC-2040",
    "An enum parameter lists no values",
    "List the values under `allowed_values`.",
    detail="A parameter of type `enum` takes one of its `allowed_values`; without any it takes none.",
)
DEFAULT_OUT_OF_BOUNDS = Code(
    "ORC-2041",
    "A parameter's default is not one of its own values",
    "Change the default, or the type, pattern, min, max or allowed_values that it must hold to.",
    detail="A default is a value like any other. Who leaves the parameter out would be refused for something that they "
    "did not write.",
)
BAD_PATTERN = Code(
    "ORC-2042",
    "A pattern is not a regular expression that can be used",
    "Write a regular expression without look-around and without back-references.",
    detail="A parameter's `pattern` is checked before anything runs, on text that other people give. It must be a "
    "regular expression, and one that cannot be made to run for hours.",
)
UNKNOWN_WORKFLOW_FILE = Code(
    "ORC-2043",
    "A golden path runs a workflow that does not exist",
    "Name a file that exists, relative to the repository's root.",
    detail="Only this golden path cannot be run; the other ones can.",
)
BAD_LIMITS = Code(
    "ORC-2044",
    "A parameter's limits leave no value or do not fit its type",
    "Let `min` be at most `max`, and use them on `int` parameters only.",
    detail="`min` and `max` are inclusive limits of a whole number.",
)
SECRET_DEFAULT = Code(
    "ORC-2045",
    "A secret parameter has a default in plain text",
    "Remove the default, or write a reference such as `${secrets.<name>}`.",
    detail="A parameter with `secret: true` takes a reference only, so that no plan, record or approval ever holds a "
    "secret's value.",
    quotes_source=False,
    guards=True,
)

# admin-config.yaml and policies: 2050 to 2069.

PLAINTEXT_SECRET = Code(
    "ORC-2050",
    "A secret stands in admin-config.yaml in plain text",
    "Remove the value, name the secret in the table `secrets`, and change it where it is used: it has been in git.",
    detail="Everybody who can read the repository can read it, now and in the history. admin-config.yaml holds names "
    "of secrets, never values. The value itself is not shown in this finding.",
    quotes_source=False,
    guards=True,
)
UNKNOWN_ALLOWED_STEP_TYPE = Code(
    "ORC-2051",
    "A policy allows a step type that does not exist",
    "Correct the name, or remove it.",
    detail="It allows nothing, and the step type that was meant stays refused.",
)
UNKNOWN_ALLOWED_WORKFLOW = Code(
    "ORC-2052",
    "A policy allows a product workflow that does not exist",
    "Correct the name, or remove it: `<product>/<metadata.name>`.",
    Severity.WARNING,
    detail="It may be there before its workflow is. But most often it is a name misspelt, and the workflow that was "
    "meant "
    "stays refused.",
)
UNDEFINED_TEAM = Code(
    "ORC-2053",
    "A policy names a team that is not defined",
    "Define the team and its members under `teams` in admin-config.yaml.",
    Severity.WARNING,
    detail="`security.allowedExecutors` names teams of the table `teams`. A team without an entry has no members: "
    "nobody may run on its account.",
)
UNKNOWN_POLICY_ENVIRONMENT = Code(
    "ORC-2054",
    "A policy names an environment that is not allowed",
    "Correct the name, or add it to `policies.allowedEnvironments`.",
    Severity.WARNING,
    detail="`security.requireApproval` names an environment that no run can use. A name misspelt here leaves the "
    "environment that was meant without its approval.",
)
INCOMPLETE_HEALTH_CHECK = Code(
    "ORC-2055",
    "A health check lacks what its type needs",
    "`http` needs `url`, `tcp` needs `host` and `port`, `dns` needs `host`, `file` needs `path`, `command` needs "
    "`command`.",
    detail="A check that asks nothing would say that everything is well.",
)
INCOMPLETE_SECRET = Code(
    "ORC-2056",
    "A secret's definition does not say where it comes from",
    "Name the environment variable under `env`, the program under `command`, or use another store.",
    detail="With `store: env` the secret is taken from the environment variable that `env` names; with "
    "`store: command` it is what the program under `command` prints.",
)

# Providers and provisioners: 2070 to 2079.

MISSING_PROVIDER_FILE = Code(
    "ORC-2070",
    "A provider's workflow file does not exist",
    "Add the file, or correct `file`; it is relative to provider.yaml.",
    detail="Resources of this type could not be provisioned.",
)
UNDECLARED_PROVIDER_WORKFLOW = Code(
    "ORC-2071",
    "A capability names a workflow that the provider does not declare",
    "Declare the workflow under `workflows`, or correct the name.",
    detail="`resourceTypeCapabilities` refer to the entries of `workflows` by their name.",
)
ALIAS_CYCLE = Code(
    "ORC-2072",
    "Resource types are aliases of each other in a circle",
    "Let one of them name its operations instead of `aliasFor`.",
    detail="None of the types leads to a workflow.",
)
UNKNOWN_ALIAS = Code(
    "ORC-2073",
    "A resource type is an alias of one that the provider does not have",
    "Name a type of the same provider in `aliasFor`.",
    detail="An alias takes over the operations of another type of the same provider.",
)
PROVIDER_CONFLICT = Code(
    "ORC-2074",
    "Two providers provision one resource type",
    "Disable one of them in admin-config.yaml, or remove the type from one.",
    detail="A resource type is provisioned by exactly one provider; otherwise chance would decide.",
)
EMPTY_PROVIDER = Code(
    "ORC-2075",
    "A provider has no workflows",
    "Add at least one entry under `workflows`.",
    detail="A provider without workflows provisions nothing.",
)
MISSING_PROVIDER = Code(
    "ORC-2076",
    "An enabled provider does not exist",
    "Add a provider.yaml to its folder, correct `path`, or set `enabled: false`.",
    detail="`providers` of admin-config.yaml lists the folders with a provider.yaml.",
)
COMPILED_PROVISIONER = Code(
    "ORC-2077",
    "A product provisioner is a compiled plug-in",
    "Write it as a command that speaks JSON over stdin and stdout, and name it under `command`; see "
    "docs/product-team-guide/provisioners.md.",
    detail="Go modules and shared objects (`.so`) belong to a server that loads them into its own process. Here a "
    "provisioner is a program of its own, in any language: it is given one JSON document on stdin and answers with "
    "one on "
    "stdout.",
)
PROVISIONER_CONFLICT = Code(
    "ORC-2078",
    "Two product provisioners are for one resource type",
    "Keep one of them.",
    detail="A resource type of a product is provisioned by exactly one provisioner; otherwise chance would decide.",
)

# Product commands and `init`: 2092 to 2099. Score workloads (2080 to 2091) are in `catalogue.score`.

UNKNOWN_PRODUCT = Code(
    "ORC-2092",
    "There is no such product",
    "`innominatus-ctl list-products` lists the products.",
    detail="A product is a folder of workflows/products with at least one file.",
)
NOT_A_PRODUCT_WORKFLOW = Code(
    "ORC-2093",
    "The file holds no product workflow",
    "Name a file with `kind: ProductWorkflow`; `innominatus-ctl validate` checks files of every kind.",
    detail="The product commands judge workflows of products alone.",
)
WORKFLOW_NOT_TRIGGERED = Code(
    "ORC-2094",
    "A workflow has no part in a deployment of this application",
    "Correct the workflow's triggers, or `metadata.product` of the Score file.",
    detail="A product workflow runs for applications of its product, when one of its triggers is true.",
)
WOULD_OVERWRITE = Code(
    "ORC-2098",
    "A file that `init` or `new` would write is there already",
    "Take another name or folder, or move the file away; `new --force` replaces it.",
    detail="Both write all of their files or none, and replace nothing that you have; `new --force` says what it "
    "replaced.",
)
LIST_NOT_EDITABLE = Code(
    "ORC-2190",
    "A list is not written in a way that `--allow` can add to",
    "Leave `--allow` away, and add the entry by hand.",
    detail="`new --allow` puts one line behind the last entry of allowedProductWorkflows, or one entry into a list in "
    "brackets on one line, and changes nothing else. A list that is an alias, or goes over several lines in brackets, "
    "is left to people.",
)
