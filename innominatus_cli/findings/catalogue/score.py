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
    detail="Score knows these two roots only. In a file with an `environment` at the top, as the house's dialect has "
    "it, `${environment.…}` is resolved too. In one with `workflows`, placeholders for values of those are a warning "
    "here, and an error of the plan. `--strict-score` makes all of them errors, as other tools for Score do.",
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
NO_SUCH_CONTAINER = Code(
    "ORC-2032",
    "An image is given to a container that does not exist",
    "Name a container of the Score file, as in `--image web=registry.example.com/shop:1.4.2`.",
    detail="`--image CONTAINER=IMAGE` gives the image of a container that is there, whatever its Score file says; it "
    "makes no new one.",
)
NOTHING_TO_DELETE = Code(
    "ORC-2103",
    "An override deletes what is not there",
    "Correct the key, or leave the override out.",
    Severity.WARNING,
    detail="`null` in an overrides file and a property override without a value delete a key. It was not there: "
    "either nothing was to be done, or the key has another name.",
)

# What a workload asks for, and what Kubernetes makes of it: 2105 to 2129.

REQUEST_OVER_LIMIT = Code(
    "ORC-2105",
    "A container requests more than its limit",
    "Raise the limit, or lower the request.",
    detail="A request is what a container is promised, a limit what it may have at most. Kubernetes refuses a pod that "
    "is promised more than it may have. Amounts are compared exactly, whatever their units.",
)
PLACEHOLDER_NOT_RESOLVED = Code(
    "ORC-2106",
    "A placeholder stands where Score resolves none",
    "Use it in a variable, the content of a file, the source of a volume or a resource's params; `$${…}` is literal.",
    Severity.WARNING,
    detail="Score resolves placeholders in `variables`, in the contents of `files`, in `volumes.*.source` and in "
    "`resources.*.params`, nowhere else. Everywhere else the container is given the text as it is written.",
)
NAME_TOO_LONG = Code(
    "ORC-2107",
    "A workload's name is too long for Kubernetes",
    "Give the workload a name of at most 52 characters.",
    Severity.WARNING,
    detail="The pods of a StatefulSet carry its name and a hash of eleven characters as a label, and a label has at "
    "most 63: with a longer name no pod is ever made. Where a plan deploys the workload to Kubernetes, this is an "
    "error.",
)
NAME_TOO_LONG_ELSEWHERE = Code(
    "ORC-2108",
    "A workload's name is too long for score-k8s",
    "Give the workload a name of at most 52 characters, as a StatefulSet of at most 49.",
    Severity.WARNING,
    detail="score-k8s puts eleven characters behind the name for a label, and `-headless-svc` for a Service; both have "
    "at most 63. Here such a name can be deployed.",
)
NAME_NOT_FOR_SERVICE = Code(
    "ORC-2109",
    "A workload's Service cannot have its name",
    "Let the name begin with a letter, or name the Service by the annotation `k8s.score.dev/service-name`.",
    Severity.WARNING,
    detail="A Service is named by lower-case letters, digits and `-`, and begins with a letter (RFC 1035); Score "
    "allows a digit there. Where a plan deploys the workload to Kubernetes, this is an error.",
)
PORT_NAME = Code(
    "ORC-2110",
    "No Ingress or container can refer to a port by its name",
    "Use at most 15 lower-case letters, digits and single `-`, at least one of them a letter.",
    Severity.WARNING,
    detail="A Service takes any name of Score's for a port. Whatever refers to it by name (an Ingress, a `targetPort`, "
    "a port of a container) needs a name of RFC 6335, which is shorter.",
)
PORT_TWICE = Code(
    "ORC-2111",
    "Two ports of a service have one number",
    "Give each port of a protocol its own number; `targetPort` may be the same.",
    Severity.WARNING,
    detail="Kubernetes refuses a Service with two ports of one number and protocol. Where a plan deploys the workload "
    "to Kubernetes, this is an error.",
)
VARIABLE_NAME = Code(
    "ORC-2112",
    "Kubernetes may refuse the name of a variable",
    "Use letters, digits, `_`, `-` and `.`, and begin with none of the digits.",
    Severity.WARNING,
    detail="Score allows anything but `=` in the name of a variable. Kubernetes before 1.34 allows letters, digits, "
    "`_`, `-` and `.`, since then any printable ASCII character.",
)
MOUNTED_TWICE = Code(
    "ORC-2113",
    "Two files or volumes of a container are at one path",
    "Give each its own path.",
    detail="Only one thing can be at a path. Paths are compared without doubled and final slashes.",
)
BAD_MOUNT = Code(
    "ORC-2114",
    "A file or volume cannot be where it is to be",
    "Write the absolute path in the container, and in `path` one inside of the volume.",
    Severity.WARNING,
    detail="The keys of `files` and `volumes` are absolute paths in the container, without `:`; that of a file does "
    "not end with a slash. `path` of a volume stays inside the volume. Where a plan deploys the workload to "
    "Kubernetes, this is an error.",
)
NOT_A_VOLUME = Code(
    "ORC-2115",
    "The source of a volume is no volume of the workload",
    "Declare a resource of type `volume`, and write `source: ${resources.<name>}`.",
    Severity.WARNING,
    detail="A container mounts a resource of the workload. Only resources of type `volume` can be mounted in "
    "Kubernetes. Where a plan deploys the workload to Kubernetes, this is an error.",
)
NOT_BASE64 = Code(
    "ORC-2116",
    "The content of a binary file is not base64",
    "Encode the file: `base64 -w0 FILE`.",
    detail="`binaryContent` is the file in standard base64 (RFC 4648, section 4), with its padding; line ends are "
    "free.",
)
UNKNOWN_WORKLOAD_KIND = Code(
    "ORC-2117",
    "A workload is to be something that Kubernetes renderers do not know",
    "Write `k8s.score.dev/kind: Deployment`, or `StatefulSet`; without the annotation it is a Deployment.",
    detail="score-k8s renders nothing at all, without a word, for a kind that it does not know; here it is an error.",
)
BEFORE_CONTRADICTION = Code(
    "ORC-2118",
    "A container cannot end before some containers and serve others",
    "Use `ready: complete` for all containers that it goes before and leave its probes out, or for none of them.",
    Severity.WARNING,
    detail="In Kubernetes a container that is complete before others is an init container: it has ended, answers no "
    "probe and serves nobody. Where a plan deploys the workload to Kubernetes, this is an error.",
)
ROUTE_WITHOUT_PORT = Code(
    "ORC-2119",
    "A route leads to no port of the service",
    "Add the port under `service.ports`, and name it in the route's `port` param.",
    Severity.WARNING,
    detail="A route leads to a port of the workload's service: the only one, or the one whose number or name its "
    "param `port` says. Where a plan deploys the workload to Kubernetes, this is an error.",
)
IMAGE_NOT_GIVEN = Code(
    "ORC-2120",
    "An image is to be given when the workload is deployed",
    "Give it: `--override-property containers.<name>.image=<image>`.",
    Severity.INFO,
    detail="The image `.` stands for one that is built first. Where a plan deploys the workload to Kubernetes, this is "
    "an error until an override says which one it is.",
)
NOBODY_PROVISIONS = Code(
    "ORC-2121",
    "Nobody provisions the type of a resource",
    "Enable a provider that has the type, add a product provisioner, or use one of the built-in types.",
    Severity.WARNING,
    detail="Resources are made by the built-in provisioners, by providers that admin-config.yaml enables and by "
    "`productProvisioners`; `resourceDefinitions` may give a type another name first. A run fails at a resource whose "
    "type none of them has. Nothing is said where an enabled provider comes from git, and its types are not known.",
)
OVERLAY_WITHOUT_SCORE_FILE = Code(
    "ORC-2225",
    "An overlay belongs to no Score file",
    "Name it after the Score file beside it: `<Score file>.overrides.<environment>.yaml`.",
    Severity.WARNING,
    detail="A file `score.overrides.staging.yaml` counts for `score.yaml` in the environment `staging`. Where there is "
    "no such Score file it never counts.",
)
OVERLAY_OF_NO_ENVIRONMENT = Code(
    "ORC-2226",
    "An overlay is for an environment that admin-config.yaml does not define",
    "Name the file after an environment, or define the environment under `environments`.",
    Severity.WARNING,
    detail="The word between `overrides.` and the suffix is the environment that the overlay counts in. Nothing is "
    "said where admin-config.yaml defines no environments.",
)
OVERLAY_ADDS_CONTAINER = Code(
    "ORC-2227",
    "An overlay adds a container whose name is like one of the Score file",
    "Write the name of the container that the Score file has.",
    Severity.WARNING,
    detail="Mappings are merged key by key, so that a container with a mistyped name is one more, and the one that was "
    "meant stays as it is. A container whose name is like no other is taken for one that is meant to be added.",
)
OVERLAY_RENAMES = Code(
    "ORC-2228",
    "An overlay renames the application",
    "Take `metadata.name` out of the overlay: records and locks keep the environments apart already.",
    detail="Records, locks and what was deployed belong to the name of the application. With another name in one "
    "environment they would be those of another application, and what runs there already would be left behind.",
)
