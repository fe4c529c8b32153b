"""Block 61xx: locks, checkpoints and cancelled runs on a remote. Numbers 6100 to 6139."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code, Severity

UNKNOWN_REMOTE = Code(
    "ORC-6100",
    "There is no such remote",
    "`git remote -v` lists the remotes of this clone; `git remote add NAME ADDRESS` adds one.",
    exit_status=ExitStatus.ENVIRONMENT,
    detail=(
        "Locks and checkpoints go to a remote of the clone, by its name (`locks.remote` in admin-config.yaml, "
        "`--lock-remote`). An address is not taken: the repository's own files could then name any server, and the "
        "program that speaks to it."
    ),
)
REMOTE_UNREACHABLE = Code(
    "ORC-6101",
    "The remote cannot be reached",
    "Mend the network, the address or the credentials: `git ls-remote REMOTE` must work; then run again.",
    exit_status=ExitStatus.ENVIRONMENT,
    detail=(
        "Nothing is run without the lock that admin-config.yaml asks for, so nothing is run while the remote cannot be "
        "reached. The message is git's own. Every call ends after 30 seconds, and no prompt for a password appears: "
        "credentials come from git's helpers, as for `git push`."
    ),
)
REMOTE_REFUSED = Code(
    "ORC-6102",
    "The remote refuses our ref",
    "Allow this account to push refs below `refs/innominatus/`, or take another remote for locks.",
    exit_status=ExitStatus.ENVIRONMENT,
    detail=(
        "Locks, checkpoints and requests to cancel are refs of their own below `refs/innominatus/`, never branches or "
        "tags. The remote answered, and took no such ref: an account that may only read, a hook of the server, or a "
        "server that allows only branches and tags."
    ),
)
LOCKED_ON_REMOTE = Code(
    "ORC-6103",
    "Another clone's run holds the lock",
    "Wait until it has ended. Where it was killed: `innominatus-ctl locks` shows it, `locks break ID` takes it away.",
    exit_status=ExitStatus.LOCKED,
    detail=(
        "Runs of one application in one environment come one after the other, over all clones that share the remote. A "
        "lock is never broken by its age alone: a lease that has run out only says that its holder did not renew it, "
        "which a broken network does too."
    ),
)
CHECKPOINT_NOT_PUSHED = Code(
    "ORC-6110",
    "The checkpoint was not pushed",
    "Nothing is to be done while the run goes on: the next checkpoint holds everything. Afterwards, mend the remote.",
    severity=Severity.WARNING,
    detail=(
        "With `--checkpoint push` a run's journal, plan and results go to `refs/innominatus/runs/<run>` on the remote, "
        "so that another clone can resume it. A run does not stop for a checkpoint that fails: its journal on this "
        "machine is what counts."
    ),
)
CHECKPOINT_DAMAGED = Code(
    "ORC-6111",
    "A checkpoint is damaged or no checkpoint of ours",
    "Resume in the clone that ran, or run again.",
    exit_status=ExitStatus.CORRUPT,
    detail=(
        "A checkpoint is a commit whose tree has the files of a run's folder and nothing else. Whoever may push to the "
        "remote can write such a ref: names, kinds, sizes and digests are looked at before a file of it is used."
    ),
)
