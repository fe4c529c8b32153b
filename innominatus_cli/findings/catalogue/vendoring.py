"""Block 8xxx: workflows of other repositories, vendored and locked."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code, Severity

BAD_ADDRESS = Code(
    "ORC-8001",
    "A workflow source has an address that nothing is fetched from",
    "Write `https://…`, `ssh://…`, `git@host:path`, `file:///…` or a path.",
    detail="An address is given to git, which knows more of them than a configuration should: `ext::` runs a command, "
    "`http://` and `git://` let anyone on the way put other workflows in, and what begins with a dash is an option.",
    guards=True,
)
CREDENTIALS_IN_ADDRESS = Code(
    "ORC-8002",
    "The address of a workflow source holds credentials",
    "Take them out, and let git's credential helper know them (`git help credentials`).",
    detail="admin-config.yaml and innominatus.lock are committed: whoever reads the repository could use the password "
    "or token. `vendor update` uses the credential helpers, keys and certificates that `git fetch` does. A token that "
    "has been committed is to be revoked.",
    quotes_source=False,
    guards=True,
)
SOURCE_SAYS_TWICE = Code(
    "ORC-8003",
    "Two workflow sources have one name",
    "Rename one of the two.",
    detail="`@<name>/<path>` names one file, and `.innominatus/vendor/<name>` is the folder of one source.",
)
BAD_REF = Code(
    "ORC-8004",
    "A workflow source has a ref or path that cannot be",
    "Name a branch, a tag or a commit as `ref`, and a folder of that repository as `path` (`.` is all of it).",
    detail="Refs follow `git help check-ref-format`: no blanks, no `..`, none of `~ ^ : ? * [ \\`. A path is relative "
    "to the other repository's root and stays in it.",
)
UNKNOWN_SOURCE = Code(
    "ORC-8005",
    "There is no such workflow source",
    "Add it to `workflowSources` of admin-config.yaml, and run `innominatus-ctl vendor update`.",
    detail="`@shared/deploy.yaml` is the file `deploy.yaml` of the source `shared`. In a vendored workflow too, names "
    "are those of the repository that plans.",
)
NOT_VENDORED = Code(
    "ORC-8006",
    "A workflow source has not been fetched",
    "Run `innominatus-ctl vendor update`, and commit `.innominatus/vendor` and `innominatus.lock`.",
    detail="No command but `vendor update` fetches anything: a plan is made of what is committed, on any machine, also "
    "without a network.",
)
NOT_IN_SOURCE = Code(
    "ORC-8007",
    "A workflow source has no such file",
    "Look at the files with `innominatus-ctl vendor list -o wide`; `vendor update` fetches what is new.",
    detail="The file is not among those of innominatus.lock. Paths are relative to the source's `path`.",
)
DIFFERS = Code(
    "ORC-8008",
    "A vendored file is not the one that was locked",
    "`innominatus-ctl vendor update` restores it; changes belong into the repository that it comes from.",
    exit_status=ExitStatus.CORRUPT,
    detail="Every vendored file has its SHA-256 in innominatus.lock, and nothing is planned from one that differs. "
    "Where only line ends differ, git changed them: `.innominatus/** -text` in .gitattributes keeps it from that.",
    guards=True,
)
LOCK_DAMAGED = Code(
    "ORC-8009",
    "The lock of vendored workflows is damaged or was edited",
    "Restore it with `git checkout HEAD innominatus.lock`, then run `innominatus-ctl vendor update`.",
    exit_status=ExitStatus.CORRUPT,
    detail="The lock is written by `vendor update` only, in one form, with a digest over all that it says. After a "
    "merge with conflicts take either side, and update.",
    guards=True,
)
LOCK_STALE = Code(
    "ORC-8010",
    "The lock of vendored workflows is for another repository, ref or path",
    "Run `innominatus-ctl vendor update`.",
    detail="admin-config.yaml was changed since: what is vendored is not what it asks for.",
    guards=True,
)
EXTRA_FILE = Code(
    "ORC-8011",
    "A file among the vendored ones is not in innominatus.lock",
    "Remove it, or put it where your own workflows are.",
    detail="No plan reads it. Whoever reviews a change may take it for one that was fetched and verified.",
    guards=True,
)
LOCKED_WITHOUT_SOURCE = Code(
    "ORC-8012",
    "The lock of vendored workflows has a source that admin-config.yaml has not",
    "`innominatus-ctl vendor update` removes it with its files.",
    Severity.WARNING,
    detail="Nothing can use its files any more.",
)
FETCH_FAILED = Code(
    "ORC-8013",
    "A workflow source cannot be fetched",
    "Try `git ls-remote <repository>`; git must be able to read it without asking anybody.",
    exit_status=ExitStatus.ENVIRONMENT,
    detail="The message is git's own. Nothing was written. Git asks for no password here: a credential helper or an "
    "SSH agent must have what the other repository wants.",
)
UNKNOWN_REF = Code(
    "ORC-8014",
    "The other repository has no such ref",
    "Name a branch, a tag or a commit of it; `git ls-remote <repository>` lists branches and tags.",
    detail="A name that is both a branch and a tag is written in full: `refs/heads/…` or `refs/tags/…`. A commit must "
    "be one that some branch or tag leads to, unless the server gives any commit that is named in full.",
)
UNUSABLE_TREE = Code(
    "ORC-8015",
    "The other repository's files cannot be vendored",
    "Mend it there, or name another `path`.",
    detail="Regular files are vendored, at most 1,000 of at most 1 MiB each and 20 MiB together. Symbolic links and "
    "submodules lead elsewhere; paths that differ only in case or Unicode form are one on other disks; a `.git` or "
    "`node_modules` is never read. Nothing is written where one file is refused. `.gitignore`, `.gitattributes` and "
    "their like are left out: they would tell git what to do in this repository.",
)
IN_THE_WAY = Code(
    "ORC-8016",
    "Something is where a vendored file belongs",
    "Move it elsewhere, or remove it.",
    detail="innominatus.lock does not know it, so that it is somebody's own, and it is neither replaced nor removed. "
    "Symbolic links are never followed. Nothing was written.",
)
UPDATE_INTERRUPTED = Code(
    "ORC-8017",
    "An update of vendored workflows was interrupted",
    "Run `innominatus-ctl vendor update`, which finishes it first.",
    exit_status=ExitStatus.CORRUPT,
    detail="The process was killed, or the machine stopped, when everything new was on disk and not all of it in its "
    "place. Until it is finished, a file that is not the locked one is refused.",
)
HIDDEN_FROM_GIT = Code(
    "ORC-8018",
    "Vendored workflows are ignored by git",
    "Take the pattern out of .gitignore; `git check-ignore -v FILE` says where it stands.",
    Severity.WARNING,
    detail="They would not be committed: other clones could not plan.",
)
