"""Block 3xxx, 3140 to 3149: plan files, and asking about a plan."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code

PLAN_FILE_CORRUPT = Code(
    "ORC-3140",
    "A plan file is damaged or was edited",
    "Make a new one with `innominatus-ctl plan … --out FILE`.",
    exit_status=ExitStatus.CORRUPT,
    detail="A plan file holds the plan, what it was asked with, and a checksum over both. What somebody approved and "
    "what runs is the same only while nobody changes it: a change belongs into the sources. Reformatting the JSON is "
    "no change.",
)
PLAN_FILE_TOO_NEW = Code(
    "ORC-3141",
    "A plan file is of another version of the schema",
    "Run it with the version of the tool that made it, or make a new plan.",
    exit_status=ExitStatus.CORRUPT,
    detail="The file names the version of its own form and of the plan's. Another one may mean something that this "
    "version does not know, so it is not run.",
)
OTHER_REPOSITORY = Code(
    "ORC-3142",
    "A plan is of another repository",
    "Run it where it was made, or make a new one here.",
    detail="Not one of the files that the plan was made from is in this repository as the plan has it.",
)
PLAN_STALE = Code(
    "ORC-3143",
    "A plan is no longer what its sources and inputs give",
    "Make a new plan, and have it approved where that is needed.",
    exit_status=ExitStatus.PLAN_STALE,
    detail="A plan file runs only while everything is as it was that the plan rests on: the documents, the files that "
    "steps read, and the inputs from outside, such as variables and whether this is the first deployment. The plan is "
    "made again and compared; commits that touch none of these change nothing. Policies are judged anew when it runs.",
)

NO_SUCH_STEP = Code(
    "ORC-3144",
    "The plan has no such step",
    "`innominatus-ctl explain APP` shows every step.",
    detail="A step is named by its id, by the end of its id (`database-setup/migrate`, `migrate`), or by a pattern "
    "with `*` over ids.",
)
