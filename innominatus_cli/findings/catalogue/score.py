"""The part of block 2xxx that is about Score workloads: 2080 to 2091, and 2100 to 2129."""

from innominatus_cli.findings.finding import Code, Severity

# Within a workload: 2080 to 2091.

MALFORMED_PLACEHOLDER = Code(
    "ORC-2080",
    "A placeholder is malformed",
    "Write `${metadata.<key>}` or `${resources.<name>.<output>}`; `\\.` is a dot inside a key, `$${…}` is literal "
    "text.",
    detail="A Score placeholder has at least two elements separated by dots, each of letters, digits, `_` and `-` "
    "(or an escaped dot). Placeholders do not nest.",
)
UNKNOWN_PLACEHOLDER_ROOT = Code(
    "ORC-2081",
    "A placeholder begins with something else than metadata or resources",
    "Use `${metadata.…}` or `${resources.…}`, or `$${…}` for literal text.",
    detail="Score knows these two roots only. What the house dialect adds (`environment`, `workflow`, steps of "
    "embedded "
    "workflows) is a warning in files that use it: other tools for Score refuse it.",
)
UNKNOWN_RESOURCE = Code(
    "ORC-2082",
    "A placeholder or volume names a resource that the workload does not declare",
    "Declare the resource under `resources`, or correct the name.",
    detail="`${resources.<name>.<output>}` reads an output of a resource of the same workload.",
)
UNKNOWN_METADATA_KEY = Code(
    "ORC-2083",
    "A placeholder reads metadata that is not there",
    "Add the key under `metadata`, or correct it.",
    detail="Metadata is static, so that a key that is not there can never be resolved.",
)
UNKNOWN_BEFORE_CONTAINER = Code(
    "ORC-2084",
    "A container must be ready before one that does not exist",
    "Name a container of the same workload under `before`.",
    detail="`before` orders the containers of one workload.",
)
BEFORE_CYCLE = Code(
    "ORC-2085",
    "Containers wait for each other in a circle",
    "Remove one of the `before` entries of the circle.",
    detail="None of the containers could ever start.",
)
BEFORE_WITHOUT_PROBE = Code(
    "ORC-2086",
    "A container must be healthy before another one, and has no probe",
    "Add a `readinessProbe` or a `livenessProbe`, or use `ready: started`.",
    detail="`ready: healthy` can be told only by a probe; without one the other container waits for ever.",
)
RESOURCE_CYCLE = Code(
    "ORC-2087",
    "Resources need each other's outputs in a circle",
    "Remove one of the placeholders of the circle.",
    detail="A resource whose params read another one's output is provisioned after it.",
)
SHARED_RESOURCE_DIFFERS = Code(
    "ORC-2088",
    "One shared resource is described in two ways",
    "Make params and metadata equal, leave them out of all but one, or give the resources different ids.",
    detail="Resources with the same type, class and id are one resource.",
)
IMAGE_WITHOUT_VERSION = Code(
    "ORC-2089",
    "A container's image has no version of its own",
    "Name a version, or a digest: `image:1.4.2` or `image@sha256:…`.",
    Severity.WARNING,
    detail="`latest`, or no tag at all, is another image tomorrow; then nobody can say what a run deployed, nor go "
    "back.",
)
BARE_RESOURCE = Code(
    "ORC-2090",
    "A placeholder names a resource but none of its outputs",
    "Add the output: `${resources.<name>.<output>}`.",
    detail="The bare form means something only as the `source` of a volume.",
)
MISSING_SOURCE_FILE = Code(
    "ORC-2091",
    "A container's file has a source that does not exist",
    "Add the file, or correct `source`; it is relative to the Score file.",
    detail="The content of the file is needed when the manifests are rendered.",
)

# Overrides of a workload: 2100 to 2104.

BAD_OVERRIDES_FILE = Code(
    "ORC-2100",
    "An overrides file is not one mapping",
    "Write one document with the keys that are to differ from the Score file's.",
    detail="An overrides file has the shape of the Score file that it is for. Mappings are merged key by key, "
    "everything else replaces what was there, and `null` deletes a key.",
)
BAD_PROPERTY = Code(
    "ORC-2101",
    "A property override is not written as PATH=VALUE",
    "Write `--override-property containers.web.image=nginx:1.27`; an empty VALUE deletes.",
    detail="The first `=` ends the path. The path's keys are separated by dots, none of them empty, at most 64 of "
    "them; `\\.` is a dot and `\\\\` a backslash inside a key. The value is YAML: `8080` is a number, and a string in "
    "quotes.",
)
PROPERTY_LEADS_NOWHERE = Code(
    "ORC-2102",
    "A property override leads to what does not exist",
    "Name an item that is there, counted from 0; `-1` as the last key of a path appends one.",
    detail="Missing mappings on the way are made. An item of a list must be there already, and nothing is inside a "
    "text or a number.",
)
NOTHING_TO_DELETE = Code(
    "ORC-2103",
    "An override deletes what is not there",
    "Correct the key, or leave the override out.",
    Severity.WARNING,
    detail="`null` in an overrides file and a property override without a value delete a key. It was not there: "
    "either nothing was to be done, or the key has another name.",
)
