"""Block 620x: what `ledger gc` removes, and what backups hold. Numbers 6200 to 6219."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code, Severity

TOMBSTONE_WRONG = Code(
    "ORC-6200",
    "A tombstone does not say what was removed",
    "Compare it with the record as it was: `git log --diff-filter=D -- <the record's path>` shows who removed it.",
    exit_status=ExitStatus.CORRUPT,
    detail=(
        "`ledger gc` leaves a tombstone for each record that it removes: id, path, kind, SHA-256 and parents. Each "
        "must be that of a run which the action follows, and say the same as the record that the history still has. "
        "One that does not was made to cover something else."
    ),
)
REMOVED_STANDS = Code(
    "ORC-6201",
    "A record that was removed stands here again",
    "`innominatus-ctl ledger gc` removes it again.",
    severity=Severity.WARNING,
    detail=(
        "It has the very bytes that its tombstone names, so that nothing is wrong with the ledger: a merge, a checkout "
        "or a restore brought the file back."
    ),
)
NOT_COLLECTED = Code(
    "ORC-6202",
    "No record was removed",
    "Check a branch out, finish what git is in the middle of, and move your own files out of the way; then try again.",
    exit_status=ExitStatus.CANNOT_WRITE_STATE,
    detail="`ledger gc` is one commit: where that cannot land on the branch of the ledger, nothing changes at all.",
)
LEFT_BEHIND = Code(
    "ORC-6203",
    "Files of removed records are still in the working tree",
    "`innominatus-ctl ledger gc` takes them away the next time; nothing is lost or wrong until then.",
    severity=Severity.WARNING,
    detail=(
        "The commit that removes records comes first, their files go after it, so that nobody who is killed in between "
        "leaves records that are gone without a word. Here they could not go: a lock of git, a permission."
    ),
)
REF_STANDS = Code(
    "ORC-6204",
    "A ref of the backup is another one here",
    "Nothing is to be done where the one here is newer; `git fetch <backup> <ref>` shows that of the backup.",
    severity=Severity.WARNING,
    detail=(
        "`ledger restore` brings back what is below refs/innominatus where nothing of that name stands, and never "
        "moves a ref: heads statements, pending records and checkpoints of this clone may be newer than the backup."
    ),
)
NOT_BACKED_UP = Code(
    "ORC-6205",
    "Records that this clone knows are not in the backup",
    "Commit files of records that no commit has; `innominatus-ctl ledger adopt` takes in those that wait. With "
    "`ledger.store: branch`, the next run with `--push` puts this clone's records on top of the remote's. Then back up "
    "again.",
    severity=Severity.WARNING,
    detail=(
        "A backup holds one branch, that of the ledger, and what is pending. Records that no commit has are left out "
        "(`--no-commit`). With `ledger.store: branch`, so are those that only the last fetch brought while this clone "
        "has others that are not pushed, and those that only the branch that is checked out has."
    ),
)
