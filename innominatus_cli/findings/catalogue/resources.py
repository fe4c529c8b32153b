"""Blocks 617x and 557x: resources and workloads, as the records know them, and what is done to them by hand."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code, Severity

UNKNOWN_RESOURCE = Code(
    "ORC-6170",
    "The records know no such resource",
    "`innominatus-ctl list-resources` shows what there is.",
    detail="What is known of resources follows from the records of runs. A resource that only stands in a Score file "
    "has not been asked for yet; one that is in several environments is named with `--env`.",
)
ORPHANED_RESOURCE = Code(
    "ORC-6171",
    "A resource is there that the Score file has no more",
    "Bring it back into the Score file, or remove it with its provisioner; `innominatus-ctl deprovision` removes it "
    "together with the application.",
    Severity.WARNING,
    detail="A deployment made the resource, the Score file named it then, and no run has removed it since. No "
    "deployment removes a resource, for its data would be gone: it stays, and is told by every plan and every run.",
)
CHANGED_BY_HAND = Code(
    "ORC-6172",
    "A workload was changed by hand since it was deployed",
    "Let the manifests or the golden path say the number, if it is to stay.",
    Severity.WARNING,
    detail="`innominatus-ctl scale` is quick, and no Score file knows of it. A deployment that says how many replicas "
    "there are puts that number back; one that does not leaves the number as it is.",
)
SHARED_RESOURCE_STAYS = Code(
    "ORC-6173",
    "A resource stays, for another application uses it",
    "Remove the other applications first, where the resource is to go.",
    Severity.WARNING,
    detail="Resources of Score files with the same `id`, type and class are one resource. The application lets go of "
    "it, and the last one that does removes it.",
)
NO_SUCH_WORKLOAD = Code(
    "ORC-6174",
    "No deployment has brought such a workload into a cluster",
    "Deploy it to an environment whose mode is `apply`; `innominatus-ctl status` shows where it is deployed.",
    detail="Which workloads there are, in which cluster and namespace, is told by the record of the last deployment. "
    "One that rendered manifests alone brought nothing into a cluster.",
)
NOT_OFFERED = Code(
    "ORC-5570",
    "The provisioner of a resource does not offer that",
    "Let the provisioner offer it (docs/product-team-guide/provisioners.md), or do it with the resource's own tools.",
    detail="`backup` and `restore` are up to provisioners that are code: a class that has methods of these names, a "
    "program whose `describes` lists them under `operations`. `resource transfer` needs both. What reads outputs "
    "again is a provider's workflow for `read`.",
)
NO_SUCH_BACKUP = Code(
    "ORC-5571",
    "There is no such backup",
    "`innominatus-ctl resource show` lists the backups of a resource.",
    detail="Backups are known by the actions that `resource backup` wrote. Their files are in the state folder of the "
    "clone that made them, or where the provisioner said.",
)
NOT_READ = Code(
    "ORC-5576",
    "A resource cannot be read again",
    "`innominatus-ctl resource health` says how it is; deploy once more where it is gone.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The workflow for `read` of its provider failed or could not be planned, or it says that the resource is "
    "gone. `resource outputs` without `--refresh` has what the last deployment gave.",
)
