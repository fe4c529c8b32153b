"""Block 616x: a ledger on a branch of its own. Numbers 6160 to 6179."""

from innominatus_cli.findings.finding import Code, Severity

MANIFESTS_PENDING = Code(
    "ORC-6160",
    "The manifests were not committed to a branch",
    "`innominatus-ctl ledger adopt` takes them into the branch that is checked out.",
    severity=Severity.WARNING,
    detail=(
        "With `ledger.store: branch`, records go to a branch of their own, and manifests to the branch that was "
        "checked out when the run started, for whoever deploys from it. With a detached head, in the middle of a "
        "rebase or merge, or where a file of yours stands at a path of ours, nothing of yours is touched: the record "
        "is in the ledger, and the manifests are kept as refs/innominatus/pending/<run>."
    ),
)
