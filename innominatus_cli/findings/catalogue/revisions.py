"""Block 3xxx, from 3150: plans of other revisions, and plans that are compared."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code

AMBIGUOUS_REVISION = Code(
    "ORC-3150",
    "A revision is the name of more than one commit",
    "Write `refs/heads/NAME` for the branch, `refs/tags/NAME` for the tag, or more of a commit's id.",
    detail="git takes the tag where a branch and a tag have the same name, so that whoever may push a tag could change "
    "what `--policies-from main`, `plan --at main` or `affected --since main` mean. So nothing is guessed.",
)
PLAN_FILE_UNREADABLE = Code(
    "ORC-3151",
    "A file holds no plan",
    "Write it with `innominatus-ctl plan score.yaml -o json > plan.json`.",
    detail="`plan diff` reads what `plan -o json` prints and `plan --out` writes, and the plans of the ledger.",
)
PLAN_FILE_EDITED = Code(
    "ORC-3152",
    "A plan file is not what its digest says",
    "Plan again; a plan is never edited by hand.",
    exit_status=ExitStatus.CORRUPT,
    detail="A plan's digest covers all of it. A file whose plan has another digest than it says was changed after it "
    "was written, so that nothing can be said of what would run.",
)
