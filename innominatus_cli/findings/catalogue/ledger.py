"""Block 6xxx: records, locks and git."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code, Severity

GIT_MISSING = Code(
    "ORC-6001",
    "There is no git that can be used",
    "Install git 2.36 or newer (on Debian: apt-get install git).",
    exit_status=ExitStatus.ENVIRONMENT,
    detail=(
        "Records, revisions and the facts of a plan come from git; 2.36 (April 2022) is the first version that can be "
        "told to put everything on disk before a commit counts."
    ),
)
NOT_A_REPOSITORY = Code(
    "ORC-6002",
    "This is not a usable git repository",
    "Work in the working tree of a git repository; `git init` makes one.",
    exit_status=ExitStatus.ENVIRONMENT,
    detail=(
        "A bare repository has no files to plan from: clone it. A repository that belongs to another user is refused, "
        "as git itself does; `git config --global --add safe.directory <folder>` says that you trust it. A bare "
        "repository inside a working tree is never opened, because whoever committed it chose its configuration."
    ),
)
UNKNOWN_REVISION = Code(
    "ORC-6003",
    "The revision is unknown",
    "Name a branch, a tag or a commit of this repository; `git fetch` brings those of a remote.",
    detail=(
        "`--policies-from` judges by the policies of another revision, which must be in this clone. A shallow clone, "
        "as CI makes one, lacks other branches and old commits; `git fetch --unshallow` brings them."
    ),
)
GIT_FAILED = Code(
    "ORC-6004",
    "A git command failed",
    "Read what git says; `git fsck` checks the repository.",
    exit_status=ExitStatus.ENVIRONMENT,
    detail="The message is git's own. A full disk, missing permissions and damaged objects are the usual reasons. A "
    "partial clone (`git clone --filter`) lacks objects, and reading never fetches any: "
    "`git fetch --refetch --no-filter` brings them.",
)
IDENTITY_ASSUMED = Code(
    "ORC-6005",
    "Your git identity is not known",
    'Set `git config --global user.name "..."` and `git config --global user.email "..."`.',
    severity=Severity.WARNING,
    detail=(
        "A record names who ran. Without user.name and user.email in git's configuration, and without GIT_AUTHOR_NAME "
        "and GIT_AUTHOR_EMAIL, the user of the operating system stands there, as `<user>@<host>`. Teams in "
        "admin-config.yaml list e-mail addresses, so such an actor is usually in no team."
    ),
)
RECORD_CORRUPT = Code(
    "ORC-6011",
    "A record is damaged or was edited",
    "Restore the file from the commit that added it: `git log --diff-filter=A -- <file>`.",
    exit_status=ExitStatus.CORRUPT,
    detail=(
        "A record is written once, in canonical JSON (RFC 8785), under a path that follows from its content, and never "
        "changes. What is no JSON, has other bytes than the canonical ones, or stands at another path was changed by "
        "something else than this tool."
    ),
)
RECORD_TOO_NEW = Code(
    "ORC-6012",
    "A record was written by a newer version of the tool",
    "Update innominatus-ctl.",
    exit_status=ExitStatus.CORRUPT,
    detail=(
        "Every version reads all older records; a newer `schema` cannot be read. Somebody who has a newer version "
        "wrote this one. It is left out of what is shown, and the exit status says that something is missing."
    ),
)
UNKNOWN_RUN = Code(
    "ORC-6013",
    "There is no such run",
    "`innominatus-ctl history` lists the runs; `git pull` brings those that other clones have pushed.",
    detail="A run is named by its id, by the start of it that no other run shares, or by `latest`.",
)
LOG_ELSEWHERE = Code(
    "ORC-6014",
    "The log is not on this machine",
    "Read it on the machine that ran; `innominatus-ctl ledger show RUN -o json` has the beginning and the end of it.",
    detail=(
        "Records are committed, logs are not: what steps print may hold what nobody should publish. A record has an "
        "excerpt of it (`head` and `tail` of `stdout` and `stderr`), or none with `ledger: {output: none}`. Full logs "
        "stay in the git folder of the clone that ran (`innominatus/runs/<run>/logs`)."
    ),
)
UNKNOWN_APPLICATION = Code(
    "ORC-6015",
    "There is no such application",
    "`innominatus-ctl list` shows the applications of this repository.",
    detail="An application is known by its Score file, or by a record of it. A name that has neither is taken for a "
    "typing error, so that an empty answer always means that nothing has run.",
)
NEVER_DEPLOYED = Code(
    "ORC-6017",
    "Nothing is deployed there",
    "`innominatus-ctl status APP` shows what has run; deploy it first, or name another environment with --env.",
    detail="What is deployed is what the last successful deployment planned, unless a removal followed it.",
)
PLAN_NOT_KEPT = Code(
    "ORC-6018",
    "The plan of a run is not in the ledger",
    "Restore `.innominatus/plans/` from the commit that added the record; `ledger verify` says what else is missing.",
    exit_status=ExitStatus.CORRUPT,
    detail="A record names its plan by digest, and the plan stands beside it since the same commit.",
)
NOTHING_TO_BISECT = Code(
    "ORC-6019",
    "No run turned from good to bad",
    "`innominatus-ctl history APP` lists the runs; `--good RUN` and `--bad RUN` say between which ones to look.",
    detail="`runs bisect` looks for a run that failed or timed out right after one that succeeded, in the same "
    "environment and for the same operation. Interrupted, waiting and refused runs say nothing about what they ran.",
)
UNKNOWN_STEP = Code(
    "ORC-6016",
    "The run has no such step",
    "`innominatus-ctl ledger show RUN` lists the steps of the run.",
    detail="A step is named by its id in the plan, by the end of it, or by its name; one name may mean several steps.",
)
RECORD_PENDING = Code(
    "ORC-6021",
    "The record was not committed to a branch",
    "`innominatus-ctl ledger adopt` takes it into the branch that is checked out.",
    severity=Severity.WARNING,
    detail=(
        "A record goes to the branch that was checked out when the run started. With a detached head, in the middle of "
        "a rebase, merge, cherry-pick, revert or bisect, after a switch of branches, or where a file of yours stands "
        "at a path of ours, nothing of yours is touched: the commit is kept as refs/innominatus/pending/<run> and "
        "is not lost, whatever happens to branches."
    ),
)
STATE_NOT_WRITTEN = Code(
    "ORC-6022",
    "The record could not be committed",
    "Mend what the message says (a full disk, a permission, a file in the way); then `innominatus-ctl ledger adopt`.",
    exit_status=ExitStatus.CANNOT_WRITE_STATE,
    detail=(
        "The run is over and its record is kept outside of the commits, in the folder that the message names. "
        "`ledger adopt` commits it from there."
    ),
)
PUSH_FAILED = Code(
    "ORC-6023",
    "The commit was not pushed",
    "Mend what the message says, then push the branch with git.",
    severity=Severity.WARNING,
    detail="The commit stays in this clone: pushing is only ever the last step, and only with `--push`.",
)
NOT_ADOPTED = Code(
    "ORC-6024",
    "A pending record cannot be taken into the branch",
    "Check out a branch, finish or abort what git is in the middle of, and move your own file away; then adopt again.",
    detail=(
        "Adopting commits to the branch that is checked out, under the same rules as a run: nothing of yours is "
        "overwritten, and the pending commit stays until its record stands in the branch. Where the branch lacks a "
        "record that it follows, the chain would have a gap: check out or merge the branch that has that one."
    ),
)
MANIFEST_SUPERSEDED = Code(
    "ORC-6025",
    "A pending manifest is older than the branch's",
    "Nothing is to be done; deploy again to render the manifests anew.",
    severity=Severity.WARNING,
    detail="The branch's manifest changed since the pending run started. Its record is adopted, its manifest is not.",
)
# 6026 is retired: the summary of a run says where its record is.

# Locks and journals: 6041 to 6049.

LOCKED = Code(
    "ORC-6041",
    "Another run holds the lock",
    "Wait until it has ended.",
    exit_status=ExitStatus.LOCKED,
    detail=(
        "Runs of one application in one environment come one after the other. The lock is the kernel's (flock): it "
        "goes when the run and every process it started have ended, however they ended, and is never broken by age."
    ),
)
LOCK_UNUSABLE = Code(
    "ORC-6042",
    "The lock file cannot be used",
    "Mend the folder that holds the file: its permissions, or what stands in its place.",
    exit_status=ExitStatus.CANNOT_WRITE_STATE,
    detail="Locks, journals and logs live in the git folder, below `innominatus/`. Without them nothing is run.",
)
JOURNAL_CORRUPT = Code(
    "ORC-6043",
    "A journal is damaged or was edited",
    "Keep the file for whoever looks into it; move the run's folder away to go on.",
    exit_status=ExitStatus.CORRUPT,
    detail=(
        "Every line of a journal holds its own digest and that of the line before. Only a torn last line is what a "
        "crash leaves, and only that is cut; anything else was changed by something else than this tool."
    ),
)

# Proofs: 6060 to 6099.

NO_SSH_KEYGEN = Code(
    "ORC-6060",
    "There is no ssh-keygen",
    "Install OpenSSH 8.9 or newer (on Debian: apt-get install openssh-client).",
    exit_status=ExitStatus.ENVIRONMENT,
    detail=(
        "Statements are signed and verified by OpenSSH (`ssh-keygen -Y sign`), with the keys that people sign commits "
        "with, so that no server and no further key is needed."
    ),
)
NOT_SIGNED = Code(
    "ORC-6061",
    "Nothing was signed",
    "Name a key with `--key`, or its whole path in git's `user.signingkey`; load one with a passphrase into ssh-agent.",
    exit_status=ExitStatus.ENVIRONMENT,
    detail=(
        "The key is an ssh key: the path of a private key, or of a public one whose private half ssh-agent holds. "
        "Nobody is asked for a passphrase, because that could stop a pipeline for ever."
    ),
)
RECORD_CHANGED = Code(
    "ORC-6062",
    "A record was changed after it was written",
    "Put the file back as it was: `git checkout <the commit before> -- <file>`, and ask who changed it.",
    exit_status=ExitStatus.CORRUPT,
    detail=(
        "A record never changes. The message names the commit that changed it, or says that the working tree differs, "
        "and the first byte that does."
    ),
)
RECORD_REMOVED = Code(
    "ORC-6063",
    "A record was removed from the ledger",
    "Put the file back: `git checkout <the commit before> -- <file>`, and ask who removed it.",
    exit_status=ExitStatus.CORRUPT,
    detail=(
        "What any earlier commit of the branch held below `runs/` and `actions/` must still be there. Every commit is "
        "compared with each of its parents, so that a merge that took one side's records away is found as well."
    ),
)
PARENT_MISSING = Code(
    "ORC-6064",
    "A record follows one that is not there",
    "Look for the missing record in other clones and branches; `git log --all -- <ledger>/runs` shows where it was.",
    exit_status=ExitStatus.CORRUPT,
    detail=(
        "Each record names the digests of all records that nobody followed when it was written. A digest that no "
        "record has means that one was edited or removed, or that its commit did not come along."
    ),
)
CLOCK_WENT_BACK = Code(
    "ORC-6065",
    "A record is older than the one that it follows",
    "Set the clocks of the machines that run: with NTP they differ by milliseconds.",
    severity=Severity.WARNING,
    detail=(
        "The order of records is that of the chain and never that of clocks, so nothing is wrong with the ledger; but "
        "times that differ by more than five minutes mislead whoever reads them."
    ),
)
RUN_TWICE = Code(
    "ORC-6066",
    "Two records have one id",
    "Find out which one is forged: the id of a run or an action is made once, and only one machine made it.",
    exit_status=ExitStatus.CORRUPT,
    detail="A record's path follows from its content, so a copy for another application or month was edited.",
)
PLAN_MISSING = Code(
    "ORC-6067",
    "The plan of a record is missing or was changed",
    "Put the file back from the commit that added it: `git log --diff-filter=A -- <file>`.",
    exit_status=ExitStatus.CORRUPT,
    detail="A record names its plan by the SHA-256 of its bytes; the plan says what was allowed to happen in the run.",
)
COMMIT_MISSING = Code(
    "ORC-6068",
    "The commit of a record is not in this clone",
    "`git fetch --unshallow` brings old commits; one that was squashed or rebased away stays missing.",
    severity=Severity.WARNING,
    detail=(
        "A record names the commit that was checked out. A shallow clone lacks old ones, and a branch that is squashed "
        "when it is merged leaves its own behind; the plan still holds the object id of every source."
    ),
)
LEDGER_ROLLED_BACK = Code(
    "ORC-6069",
    "The ledger lacks records that it had",
    "`git pull` first, for a clone that is only behind lacks them too. Otherwise fetch the branch as it was "
    "(`git reflog`, other clones), and ask who rewrote it.",
    exit_status=ExitStatus.CORRUPT,
    detail=(
        "A chain whose newest records are gone is a valid, shorter chain. Something outside of it says so: a statement "
        "of `refs/innominatus/heads` (`ledger sign`), what this clone saw when it verified last, or what `--head` "
        "named. Where the branch was rewritten on purpose, remove the file `innominatus/ledger/seen-heads.json` of the "
        "git folder, and sign anew."
    ),
)
HEADS_NOT_TRUSTED = Code(
    "ORC-6070",
    "A heads statement cannot be trusted",
    "Sign anew with the key of an allowed signer: `innominatus-ctl ledger sign --push`.",
    exit_status=ExitStatus.CORRUPT,
    detail=(
        "Its bytes are not what a statement's are, or it has no signature that one of the allowed signers "
        "(`ledger.signers` in admin-config.yaml, or `--allowed-signers`) made for this purpose."
    ),
)
HEADS_OLD = Code(
    "ORC-6071",
    "The last heads statement is old",
    "`innominatus-ctl ledger sign --push`, best in a scheduled pipeline; `ledger verify --fetch` brings newer ones.",
    severity=Severity.WARNING,
    detail=(
        "Who keeps you from seeing newer statements can hide newer records. `ledger.headsMaxAge` in admin-config.yaml "
        "says how old the last one may be, 30 days by default."
    ),
)
SIGNATURE_BAD = Code(
    "ORC-6072",
    "A signature does not hold",
    "Ask the signer; whose keys count is said by `ledger.signers` in admin-config.yaml, or `--allowed-signers`.",
    exit_status=ExitStatus.CORRUPT,
    detail=(
        "`--signatures` verifies what is signed with ssh: the evidence of actions, and the commits of the ledger. An "
        "unknown key, other bytes than those that were signed, or another purpose are all the same: no proof."
    ),
)
HISTORY_SHALLOW = Code(
    "ORC-6073",
    "The history is not complete",
    "`git fetch --unshallow` brings it (`fetch-depth: 0` in a checkout action).",
    severity=Severity.WARNING,
    detail="In a shallow clone nobody can see whether an older commit held records that are gone; with `ledger.store: "
    "branch`, a clone that lacks that branch has nothing to look at.",
)
NO_HEADS = Code(
    "ORC-6074",
    "No heads statement is about this branch",
    "`innominatus-ctl ledger verify --fetch` brings the remote's; `innominatus-ctl ledger sign --push` makes one.",
    severity=Severity.WARNING,
    detail=(
        "`ledger.signers` says that there should be one. Without it, a clone that verifies for the first time cannot "
        "know whether the newest records were taken away."
    ),
)
HEADS_AHEAD = Code(
    "ORC-6078",
    "A statement was pushed before the records that it names",
    "Push the branch of the ledger now, and before `ledger sign --push` from now on.",
    severity=Severity.WARNING,
    detail=(
        "Until the records are on the remote, `ledger verify` of every clone that has the statement says that they are "
        "gone. What counts is the remote's branch as the last fetch or push saw it."
    ),
)
FOREIGN_FILE = Code(
    "ORC-6076",
    "Something that is no record stands among the records",
    "Remove it; `git log -- <file>` says who put it there.",
    exit_status=ExitStatus.CORRUPT,
    detail=(
        "Below `runs/` and `actions/` stand records and nothing else, as plain files. Links and submodules are never "
        "followed."
    ),
)
APPROVAL_MISSING = Code(
    "ORC-6077",
    "A run counts an approval that the ledger does not prove",
    "`innominatus-ctl ledger adopt` takes an approval in that waits; `git log --all` finds one of another branch.",
    exit_status=ExitStatus.CORRUPT,
    detail=(
        "The record of a run names the approvals that opened its gates, by the digests of their records. Each must be "
        "in the ledger, or wait to be taken into it, and be of the plan that ran."
    ),
)
BACKUP_UNUSABLE = Code(
    "ORC-6080",
    "The backup cannot be used",
    "Name another file; `git bundle verify FILE` says what git thinks of one.",
    exit_status=ExitStatus.CORRUPT,
    detail="A backup is a git bundle with one branch and all commits below it. Its ledger is verified before anything "
    "is restored from it.",
)
BACKUP_DIFFERS = Code(
    "ORC-6081",
    "A record of the backup stands here with other bytes",
    "`innominatus-ctl ledger verify` says which of the two was changed; nothing was restored.",
    exit_status=ExitStatus.CORRUPT,
    detail="Restoring adds what is missing. It never decides which of two versions of one record is the right one.",
)
NOT_A_BRANCH = Code(
    "ORC-6082",
    "There is no branch that a ledger could be read from or restored to",
    "Check a branch out, and finish or abort what git is in the middle of.",
    exit_status=ExitStatus.CANNOT_WRITE_STATE,
    detail="A backup holds the branch that is checked out, and restoring commits to it.",
)
