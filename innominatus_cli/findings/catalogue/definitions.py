"""Block 2xxx, continued: golden paths, step types, policies, providers, and parts that nothing uses."""

from innominatus_cli.findings.finding import Code, Severity

# Golden paths: 2164 to 2169.

FILE_WITHOUT_WORKFLOW = Code(
    "ORC-2164",
    "A golden path runs a file that holds no workflow",
    "Name a file with `kind: Workflow`.",
    detail="A golden path runs the first workflow of the file. This one holds documents of other kinds only.",
)
UNUSED_GOLDEN_PATH_PARAMETER = Code(
    "ORC-2165",
    "A golden path takes a parameter that nothing reads",
    "Remove the parameter, or read it in a workflow with `${parameters.<name>}`.",
    Severity.WARNING,
    detail="Neither the workflow that the golden path runs nor a workflow of the platform or a product reads the "
    "parameter: people are asked for a value that changes nothing.",
)
TASK_WITHOUT_WORKFLOW = Code(
    "ORC-2166",
    "A golden path is a task without a workflow",
    "Name the workflow under `workflow`, or use the operation `deploy`.",
    detail="`operation: task` runs one named workflow and nothing else. Without a name it would run nothing.",
)
PARAMETER_SAYS_TWO_THINGS = Code(
    "ORC-2167",
    "A golden path and its workflow say different things of one parameter",
    "Say it in one of the two places.",
    Severity.WARNING,
    detail="The golden path's definition counts, as a whole. Who reads the workflow alone sees another type or "
    "default than the one in force.",
)
UNKNOWN_DEFAULT_GOLDEN_PATH = Code(
    "ORC-2168",
    "The default golden path does not exist",
    "Name a golden path of the repository, or leave `defaultGoldenPath` out: `deploy-app` is always there.",
    detail="`deploy SCORE` and `plan SCORE` run the golden path that `defaultGoldenPath` of admin-config.yaml names.",
)

# Step types: 2170 to 2176.

BUILT_IN_NAME = Code(
    "ORC-2170",
    "A step type has the name of a built-in one",
    "Choose another name.",
    detail="Steps name their type by its name alone. Nobody who reads `type: script` should have to look whether this "
    "repository means something else by it.",
)
BAD_INPUT_SCHEMA = Code(
    "ORC-2171",
    "The schema of a step type's inputs cannot be used",
    "Write a JSON Schema of the keywords that docs/reference/findings.md names.",
    detail="`inputs` is a JSON Schema (draft 2020-12) of `config`, of these keywords: additionalProperties, anyOf, "
    "const, default, description, enum, examples, items, maxItems, maxLength, maximum, minItems, minLength, "
    "minProperties, minimum, oneOf, pattern, properties, propertyNames, required, title, type, `$defs` and `$ref`. "
    "Each has to have a value of its own form; a pattern is a regular expression without look-around.",
)
SCHEMA_LEAVES_FILE = Code(
    "ORC-2172",
    "A schema refers to something outside of itself, or to nothing",
    'Put what it refers to under `$defs` of the same schema, and write `$ref: "#/$defs/<name>"`.',
    detail="Nothing is fetched and no other file is read for a schema: a `$ref` leads to an entry of `$defs` of the "
    "same `inputs`, and not back to itself.",
    guards=True,
)
COMMAND_IS_SHELL_TEXT = Code(
    "ORC-2173",
    "A step type's command is text for a shell",
    'Write the program and each argument as an item of its own: `["tool", "--name", "${inputs.name}"]`.',
    detail="`command` is an argv template: its items reach the program as they are, whatever characters an input has. "
    "One item that holds a whole command line names no program, and an input inside of a program for `sh -c` would be "
    "code. `env` is the way into a script.",
    guards=True,
)
UNKNOWN_INPUT = Code(
    "ORC-2174",
    "A step type's command reads an input that its schema does not have",
    "Declare it under `inputs.properties`, or correct the name.",
    detail="`${inputs.<name>}` in `command`, `env` and `outputs.path` reads an input of the step. No other context is "
    "known there.",
)
UNUSED_INPUT = Code(
    "ORC-2175",
    "A step type has an input that its command does not read",
    "Remove the input, or read it with `${inputs.<name>}` in `command` or `env`.",
    Severity.WARNING,
    detail="Who writes a step of this type gives a value that changes nothing.",
)
OUTPUTS_WITHOUT_FILE = Code(
    "ORC-2176",
    "A step type's outputs have no source, or one too many",
    "Write `path` together with `from: file`, and neither of them where outputs are printed.",
    Severity.WARNING,
    detail="With `from: file` the outputs are read from the file that `path` names; otherwise from what the command "
    "prints, and then `path` has no effect.",
)

# Policies: 2177 to 2183.

ALLOWS_NOTHING = Code(
    "ORC-2177",
    "A policy allows nothing at all",
    "Remove the key where no restriction is meant, or list what is allowed.",
    Severity.WARNING,
    detail="An absent list restricts nothing, an empty one allows nothing, and a time of 0 is over at once. Lists of "
    "several documents allow only what all of them name.",
)
LISTED_TWICE = Code(
    "ORC-2178",
    "A policy lists an entry twice",
    "Remove the second one.",
    Severity.WARNING,
    detail="It changes nothing, but it is most often meant to be another one.",
)
POLICIES_CONTRADICT = Code(
    "ORC-2179",
    "Two policies cannot be kept at once",
    "Change one of the two.",
    Severity.WARNING,
    detail="What one policy asks for another one forbids: a required platform workflow has a step of a type that is "
    "not allowed, or more steps than are allowed; two spellings of one key of `secretsAccess` say different words, all "
    "of which count.",
)
ENVIRONMENT_WITHOUT_PERMISSION = Code(
    "ORC-2180",
    "An environment is defined, and no run may use it",
    "Add it to `policies.allowedEnvironments`, or remove the definition.",
    Severity.WARNING,
    detail="`policies.allowedEnvironments` lists the environments that runs may name. The definition of another one "
    "says something about nothing.",
)
EMPTY_TEAM = Code(
    "ORC-2181",
    "A team has no members",
    "List e-mail addresses under `members`; `*` matches any run of characters.",
    Severity.WARNING,
    detail="A policy or gate that names the team finds nobody in it.",
)
NO_APPLICATION_MATCHES = Code(
    "ORC-2182",
    "A pattern of `applications` matches no file",
    "Correct the pattern: `*` stays in one folder, `**` crosses folders.",
    Severity.WARNING,
    detail="`applications` says which files are Score files of this repository. What no pattern matches is not checked "
    "and not deployed by those who name no file.",
)
LIMIT_WITHOUT_EFFECT = Code(
    "ORC-2183",
    "A limit has no effect",
    "Lower the limit, or raise `limits.maxParallel`.",
    Severity.INFO,
    detail="`limits.maxParallel` bounds how many steps run at once in all; a tier can never reach a higher number.",
)
SETTING_OF_NOTHING = Code(
    "ORC-2208",
    "A limit or a retry is of something that there is not",
    "Correct the name, or remove the entry.",
    Severity.WARNING,
    detail="`limits.stepTypes` and `retries` name built-in step types and those of the repository; `limits.owners` "
    "names owners of workflows, which are held against `teams` where there are any.",
)

# Providers: 2184 to 2186.

PROVIDER_SAYS_TWICE = Code(
    "ORC-2184",
    "A provider declares one thing twice",
    "Rename or remove one of the two.",
    detail="Capabilities refer to workflows by their names, and resources find a provider by their type: with two of "
    "one name or type nobody could say which one is meant.",
)
DEFAULT_IS_NO_CHOICE = Code(
    "ORC-2185",
    "The default of an operation is none of its workflows",
    "Name one of the entries of `workflows`, or add it there.",
    Severity.WARNING,
    detail="Where an operation has several workflows, `default` says which of them is taken when nobody chooses.",
)
PROVIDER_FILE_WITHOUT_WORKFLOW = Code(
    "ORC-2186",
    "A provider's workflow file holds no workflow",
    "Name a file with `kind: Workflow`.",
    detail="The file is there, but there is nothing in it that could be run.",
)

# Parts of a repository that nothing uses: 2187 and 2188.

UNUSED_WORKFLOW = Code(
    "ORC-2187",
    "Nothing runs a workflow",
    "Run it from a golden path, a provider or a step of type `workflow`, or remove it.",
    Severity.INFO,
    detail="A document of the kind `Workflow` is a part for others: no trigger brings it into a deployment. People can "
    "still run it by its path.",
)
UNUSED_STEP_TYPE = Code(
    "ORC-2188",
    "No step has a step type of the repository",
    "Use it, or remove it.",
    Severity.INFO,
    detail="Nothing is wrong with it. But most often the steps that were to use it name another type.",
)
