"""Block 617x: resources, as the records know them."""

from innominatus_cli.findings.finding import Code

UNKNOWN_RESOURCE = Code(
    "ORC-6170",
    "The records know no such resource",
    "`innominatus-ctl list-resources` shows what there is.",
    detail="What is known of resources follows from the records of runs. A resource that only stands in a Score file "
    "has not been asked for yet; one that is in several environments is named with `--env`.",
)
