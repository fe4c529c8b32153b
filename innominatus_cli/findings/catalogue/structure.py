"""Blocks 22xx, 312x and 403x: step types of repositories, overrides, versions, organisations."""

from innominatus_cli.findings.finding import Code, Severity

INPUT_MAY_BE_ABSENT = Code(
    "ORC-2200",
    "A command reads an input that a step may leave out",
    "Name the input under `required`, or give it a `default`.",
    Severity.WARNING,
    detail="Nothing is filled in for an input without a value: a deployment with a step that leaves it out is refused "
    "(ORC-3120), although the schema says that it may.",
)
BAD_VERSION_RANGE = Code(
    "ORC-2201",
    "A range of versions cannot be read",
    "Write a range like `^1.2`, `~1.2`, `1.x` or `>=1.2 <2`.",
    detail="Ranges are those of node-semver: comparators side by side, `||` between alternatives, `1.2 - 1.4`, `x` for "
    "any number, `~` and `^`.",
)
TEMPLATE_IN_STEP_TYPE = Code(
    "ORC-2202",
    "A step type holds a template",
    "Write `${inputs.<name>}`, and let the step give a value that is ready.",
    detail="The command, the environment and the file of outputs of a step type are filled with inputs. A value "
    "that is made of others is made in the step's `config`, where templates are rendered.",
)
UNKNOWN_PRODUCT = Code(
    "ORC-2203",
    "A product has no workflows",
    "Add workflows/products/<product>/, or mend the product's name.",
    Severity.WARNING,
    detail="The application names a product (`metadata.product`, or the annotation or label `innominatus.dev/product`) "
    "that has no folder below workflows/products/: no product workflow would be part of its deployment.",
)
NOTHING_MAKES_RESOURCE = Code(
    "ORC-3123",
    "Nothing makes a type of resource",
    "Enable a provider that has the type, add a provisioner, or use a type of `innominatus-ctl provisioners list`.",
    detail="A deployment whose resource nothing can make would fail half way. Resources are made by provisioners of "
    "the application's product, by providers that admin-config.yaml enables, by Score provisioner files and by what is "
    "built in.",
)
VERSION_NOT_COMPARABLE = Code(
    "ORC-2205",
    "One of several versions is no semantic version",
    "Write three numbers, as in 1.4.0 (semver.org).",
    Severity.WARNING,
    detail="Where several versions of one name stand side by side the newest one runs, and ranges choose among them. A "
    "version that cannot be compared is never chosen by either.",
)
UNKNOWN_REPLACEMENT = Code(
    "ORC-2206",
    "What replaces something deprecated does not exist",
    "Name something of the same kind, with a range of versions behind `@` if need be.",
    Severity.WARNING,
    detail="`metadata.deprecated.replacement` is what people are told to use instead.",
)
UNKNOWN_ORGANIZATION = Code(
    "ORC-2207",
    "An organisation does not exist",
    "Add workflows/orgs/<organisation>/, or mend the name.",
    guards=True,
    detail="The application names an organisation (`metadata.organization`, or the annotation or label "
    "`innominatus.dev/org`) that has no folder below workflows/orgs/. Its policies could not be found, so that nothing "
    "is planned.",
)
NO_SUCH_VERSION = Code(
    "ORC-3124",
    "No version is in the range that was asked for",
    "Ask for a version that is there; `innominatus-ctl list-goldenpaths` shows those of golden paths.",
    detail="A pre-release is in a range only where the range names a pre-release of the same three numbers.",
)
DEPRECATED_IN_USE = Code(
    "ORC-3125",
    "Something deprecated is used",
    "Ask its owner what to use instead.",
    Severity.WARNING,
    detail="A golden path, a workflow or a step type of this plan is deprecated (`metadata.deprecated`). It works as "
    "before; its owner wants it to be used no more.",
)
NOT_PARAMETERS = Code(
    "ORC-3126",
    "A file holds no parameters",
    "Write one mapping, as in `replicas: 3`.",
    detail="`--param-file` reads one YAML or JSON mapping of parameter names to values, which are typed there.",
)
INPUT_WITHOUT_VALUE = Code(
    "ORC-3120",
    "A step lacks an input that its type's command reads",
    "Give the input under `config:`, or let the step type have a `default` for it.",
    detail="The command of a repository's own step type is filled with the step's inputs. An input that is neither "
    "given nor has a default would leave an empty argument behind; nothing is ever filled in for it.",
)
OVERRIDDEN_TWICE = Code(
    "ORC-3122",
    "Two workflows override the same one",
    "Take metadata.overrides out of one of the two.",
    detail="One workflow takes the place of another one. With two for one place nobody could tell which runs.",
)
ENV_OF_STEP_TYPE = Code(
    "ORC-3121",
    "A step sets a variable that its type sets",
    "Leave the variable out of the step's `env`, or let the step type take it as an input.",
    detail="The step type says what is in this variable of its program's environment. A step that set another value "
    "would either be ignored or change what the type's owner has published.",
)
