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
