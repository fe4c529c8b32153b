"""Block 1xxx, continued: the files of a repository, whatever they hold."""

from innominatus_cli.findings.finding import Code, Severity

TWO_SUFFIXES = Code(
    "ORC-1062",
    "Two files differ only in `.yml` and `.yaml`",
    "Remove or rename one of the two.",
    Severity.WARNING,
    detail="Both are read. Most often one of them is a copy that somebody forgot, and is edited instead of the other.",
)
EMBEDDED_REPOSITORY = Code(
    "ORC-1063",
    "Another git repository lies inside of the repository",
    "Remove it, or make it a submodule.",
    detail="git in a folder below it takes that repository's configuration for its own, and that names programs to "
    "run (`core.fsmonitor`, filters, hooks): checking out a change of a stranger and asking `git status` would be "
    "enough. Found are `.git` folders, `.git` files that do not lead into the repository's own `.git` (as those of "
    "submodules and worktrees do), and bare repositories: a folder with HEAD, objects and refs.",
    guards=True,
)
SAME_PATH_ELSEWHERE = Code(
    "ORC-1064",
    "Two paths are one on other disks",
    "Rename one of the two.",
    detail="macOS and Windows do not tell upper case from lower case, and macOS not one Unicode form of a letter from "
    "another: there one of the files takes the place of the other, and nobody sees which. A warning for files that "
    "are none of ours.",
    guards=True,
)
SAME_IDENTITY_ELSEWHERE = Code(
    "ORC-1065",
    "Two names differ only in case or Unicode form",
    "Rename one of the two.",
    Severity.WARNING,
    detail="Names of workflows, providers, applications and products become names of files, branches and labels, "
    "where the two may be one.",
)
LINK_OUT = Code(
    "ORC-1066",
    "A symbolic link leads out of the repository",
    "Put the file itself into the repository.",
    Severity.WARNING,
    detail="In another clone the link leads somewhere else, or nowhere. A step that reads it is refused. Nothing is "
    "said of links below a folder `tests`.",
    guards=True,
)
RESERVED_NAME = Code(
    "ORC-1067",
    "A name that Windows cannot have",
    "Rename the file.",
    Severity.WARNING,
    detail='A clone on Windows fails for names with `< > : " | ? * \\` or a control character, for those that end '
    "with a dot or a blank, and for `con`, `prn`, `aux`, `nul`, `com1` to `com9` and `lpt1` to `lpt9` with any suffix.",
)
