"""Blocks 23xx, 330x and 554x: who provisions a resource, and what comes of it."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code, Severity

WRONG_PROVISIONER_FILE = Code(
    "ORC-2300",
    "A Score provisioner file is wrong",
    "Correct the entry; docs/product-team-guide/provisioners.md says what entries may hold.",
    detail="A `*.provisioners.yaml` is a list of entries with a `uri` (`cmd://…` or `template://…`) and a `type`. A "
    "key that no published implementation of Score knows is an error, as it is there.",
)
UNKNOWN_TEMPLATE_WORD = Code(
    "ORC-2301",
    "A template of a provisioner uses a word that is not known here",
    "Use one of the words of the published provisioner files, or a `cmd://` provisioner.",
    detail="Templates of Score provisioner files are those of Go with the words that all published files use. Anything "
    "else is refused, for leaving it out would make another resource than the one that was meant.",
)
SEVERAL_PROVISIONERS = Code(
    "ORC-3300",
    "Two provisioners are for one resource",
    "Keep one of them: switch a provider off, or take the type out of one of the two.",
    detail="Chance would decide otherwise. A provisioner of the application's own product goes before those that are "
    "there for everybody, and these before the built-in ones; of the entries of Score provisioner files the first that "
    "matches counts.",
)
UNUSABLE_PROVISIONER = Code(
    "ORC-3301",
    "The provisioner of a resource cannot be used",
    "Correct the provisioner where the finding says that it is written.",
    detail="It is a compiled plug-in, a file of it is missing, its version is none that is asked for, or it has no "
    "workflow for `create`. A deployment with such a resource would fail half way.",
)
LEFT_BEHIND = Code(
    "ORC-3302",
    "Nothing removes a resource",
    "Give the provider a workflow for `delete`, or remove the resource by hand.",
    Severity.WARNING,
    detail="The provider that made the resource has no workflow that removes it. The removal of the application goes "
    "on without, and the resource stays.",
)
UPDATE_NOT_CALLED = Code(
    "ORC-5575",
    "A provider's workflow for `update` is not called",
    "Give its parameters a default, an output of `create` of the same name, or a param of the resource.",
    Severity.WARNING,
    detail="The resource is there and is asked for in another way, so that `update` of its provider should run. It "
    "cannot be called, and `create` runs again, as it does where a provider has no `update`. What `update` is called "
    "with are the params of the resource, what is known of it (`app_name`, `resource_name`, …), its outputs that the "
    "records have, and defaults of `create`.",
)
PROVISIONER_FAILED = Code(
    "ORC-5540",
    "A provisioner failed",
    "Read what it says in the log of the step (`innominatus-ctl logs`), and run `innominatus-ctl provisioners test`.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Its answer holds an error, or its process ended otherwise than with 0. Nothing that it gave is recorded.",
)
PROVISIONER_WITHOUT_ANSWER = Code(
    "ORC-5541",
    "A provisioner gave no answer that can be read",
    "Write exactly one JSON object to stdout, and everything else to stderr.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The protocol is in docs/reference/provisioner-protocol.md. Text beside the answer, an unknown key, or an "
    "answer of more than 1 MiB is no answer.",
)
PROVISIONER_LIES = Code(
    "ORC-5542",
    "The outputs of a provisioner are not those that it promises",
    "Give every promised output with a value of its type, or correct `outputs` where the provisioner is declared.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="An output that is promised and missing, of another type, or given and never promised would surprise "
    "whoever reads `${resources.<name>.<output>}`. Nothing of the answer is recorded.",
)
PROVISIONER_WROTE_OUTSIDE = Code(
    "ORC-5543",
    "A provisioner wrote into the repository",
    "Let it write below its own folder: its working directory when it is started.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The working tree was another one after the provisioner had ended than before it started. What it "
    "changed is left for you to look at.",
)
