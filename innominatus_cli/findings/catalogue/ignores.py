"""Block 1xxx, ORC-1070 to ORC-1081: which findings count: ignores, the baseline, and what changed."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code, Severity

_FORM = "`# innominatus: ignore ORC-2089 until 2027-01-31 -- why`"

UNREADABLE_IGNORE = Code(
    "ORC-1070",
    "An ignore cannot be understood",
    f"Write {_FORM}; several codes are separated by commas, and `until` may be left out.",
    detail="An ignore stands in a comment at the end of a line, or on a line of its own above it. `ignore-file` in "
    "place of `ignore` speaks of the whole file, and stands above its first document. An ignore that cannot "
    "be understood ignores nothing.",
)
IGNORE_WITHOUT_REASON = Code(
    "ORC-1071",
    "An ignore gives no reason",
    "Add ` -- ` and why the finding is fine here.",
    detail="Who reads the file later has to decide whether the ignore still holds. Without a reason it ignores "
    "nothing.",
)
IGNORE_EXPIRED = Code(
    "ORC-1072",
    "An ignore has expired",
    "Mend what it ignored and remove the ignore, or give it a later date and a reason for it.",
    Severity.WARNING,
    detail="`until` is the last day on which the ignore holds, in UTC. From the next day on it ignores nothing.",
)
UNKNOWN_IGNORED_CODE = Code(
    "ORC-1073",
    "An ignore names a code that does not exist",
    "Use a code that `innominatus-ctl explain --list` shows.",
    detail="Codes are never used again for something else, and a retired one is found by nothing.",
)
UNUSED_IGNORE = Code(
    "ORC-1074",
    "An ignore ignores nothing",
    "Remove it.",
    Severity.WARNING,
    detail="The finding does not occur at the ignore's line, or nowhere in the files that it speaks of. An ignore "
    "that is left behind would hide the next mistake. Ignores of admin-config.yaml are held to this where "
    "the whole repository is checked.",
)
IGNORE_NOT_HONOURED = Code(
    "ORC-1075",
    "This cannot be ignored here",
    "Mend the finding, or ask the platform team for an entry under `validation.ignores` in admin-config.yaml.",
    Severity.WARNING,
    detail="With `--policies-from` a change is judged by another revision. Then comments and baselines of the "
    "change ignore neither findings of policies (ORC-4xxx) nor those that guard security, and "
    "`validation.ignores` is read from that revision. What is wrong with an ignore itself can never be "
    "ignored.",
)
NO_COMMON_COMMIT = Code(
    "ORC-1078",
    "There is no commit to compare with",
    "Name a branch that HEAD has a commit in common with.",
    exit_status=ExitStatus.ENVIRONMENT,
    detail="`--since REV` compares with the last commit that REV and HEAD have in common (their merge base). A "
    "shallow clone may lack it: `git fetch --unshallow` brings it, `fetch-depth: 0` with GitHub's checkout "
    "action.",
)
BASELINE_TOO_NEW = Code(
    "ORC-1079",
    "The baseline was written by a newer version of the tool",
    "Update innominatus-ctl, or write the baseline again with --write-baseline.",
    detail="Every version reads all older baselines; a newer `schema` cannot be read, and nothing counts as known.",
)
BASELINE_DAMAGED = Code(
    "ORC-1080",
    "The baseline cannot be read",
    "Restore it from git, or write it again with --write-baseline.",
    detail="A baseline is JSON, with one finding a line. Where it cannot be read nothing counts as known.",
)
BASELINE_GONE = Code(
    "ORC-1081",
    "A finding of the baseline does not occur any more",
    "Write the baseline again with --write-baseline, so that the finding cannot come back unnoticed.",
    Severity.INFO,
    detail="It was mended, or its file or line was changed or removed. A baseline should only ever shrink.",
)
