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
        "reached. The message is git's own. Every call ends after 60 seconds, and no prompt for a password appears: "
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
LOCK_LOST = Code(
    "ORC-6104",
    "The lock on the remote was taken away",
    "Look at what both runs did (`innominatus-ctl status`), then run again.",
    exit_status=ExitStatus.LOCKED,
    detail=(
        "Somebody broke the lock while the run worked (`innominatus-ctl audit search` says who), or changed its ref by "
        "hand. Another run may have begun since: no step is started any more, not even to clean up, what runs is "
        "interrupted, and the run ends as interrupted."
    ),
)
LOCK_NOT_RENEWED = Code(
    "ORC-6105",
    "The lock on the remote could not be renewed",
    "Nothing is to be done: the lock stayed in place. Mend the network for the next run.",
    severity=Severity.WARNING,
    detail=(
        "While a run works, it renews its lock, so that others see that it lives. Where that fails the run goes on, "
        "because its lock stands until somebody breaks it; others see a lease that has run out."
    ),
)
LOCK_NOT_RELEASED = Code(
    "ORC-6106",
    "The lock stays on the remote",
    "`innominatus-ctl locks` shows it, `innominatus-ctl locks break ID` takes it away.",
    severity=Severity.WARNING,
    detail=(
        "The run has ended and its record is written; only the lock could not be given back. The next run of this "
        "clone gives it back, other clones are locked out until then."
    ),
)
UNKNOWN_LOCK = Code(
    "ORC-6107",
    "There is no such lock",
    "`innominatus-ctl locks` lists the locks with their ids. An id is written in full.",
    detail=(
        "A lock is shown and broken by its whole id only, so that nobody breaks the lock of a run that has begun since "
        "they looked."
    ),
)
LOCK_IN_USE = Code(
    "ORC-6108",
    "The lock is in use",
    "`innominatus-ctl cancel RUN` ends the run, and its lock with it.",
    exit_status=ExitStatus.LOCKED,
    detail=(
        "A lock of this clone is the kernel's: it goes with the processes that hold it, and cannot be taken from one "
        "that lives. A lock on the remote whose holder works on this machine is not broken either."
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
RUN_CANCELLED = Code(
    "ORC-6112",
    "The run was cancelled",
    "`innominatus-ctl resume RUN` goes on with what it did; `audit search --action cancel` says who cancelled it.",
    exit_status=ExitStatus.INTERRUPTED,
    detail=(
        "Somebody ended the run with `innominatus-ctl cancel`, from another terminal or another clone. No step was "
        "started any more but to clean up (`finally`), those that ran were interrupted (`--let-steps-end`: came to "
        "their end; `--kill`: were killed, and nothing cleaned up), and the record says who asked and why."
    ),
)
RUN_HAS_ENDED = Code(
    "ORC-6113",
    "The run has ended already",
    "`innominatus-ctl history` shows how it ended.",
    detail="Only a run that works, or that waits for an approval or a decision, can be cancelled.",
)
RUN_IS_ELSEWHERE = Code(
    "ORC-6114",
    "The run is not here, and no remote knows it",
    "Cancel it in the clone that runs it, or name the remote of its lock with `--remote`.",
    detail=(
        "A run of another clone hears of a request to cancel by its lock on the remote (`locks.remote` in "
        "admin-config.yaml, `--lock-remote`). One without such a lock listens to its own clone only."
    ),
)
BRANCH_BEHIND = Code(
    "ORC-6115",
    "The record is on the remote, your branch was left as it is",
    "`git pull --rebase` brings what others pushed; the record is in your branch already, and is passed over.",
    severity=Severity.WARNING,
    detail=(
        "Others had pushed since you fetched. The record's commit was made again on top of theirs and pushed. Your own "
        "branch is moved along only where nothing but records came with it: files of yours are for you to bring."
    ),
)
