"""Blocks 1xxx and 3xxx: tests of workflows, as they are written (1090 to 1099) and as they go (3160 to 3179)."""

from innominatus_cli.findings.finding import Code, Severity

TEST_ELSEWHERE = Code(
    "ORC-1090",
    "A test stands where nobody looks for it",
    "Move the file into a folder `tests` beside the workflows: workflows/products/<product>/tests/, or "
    "workflows/platform/tests/.",
    detail="`innominatus-ctl test` reads the files right in the folders called `tests` below the workflows root. A "
    "test anywhere else would never run, and never fail.",
)
TEST_WITHOUT_EXPECTATION = Code(
    "ORC-1091",
    "A test expects nothing",
    "Say under `expect` what must hold, or write `snapshot: true`.",
    severity=Severity.WARNING,
    detail="Such a test only says that the application can be planned, that no policy refuses it and that the "
    "simulated run succeeds. If that is what you want, write `expect: {result: succeeded}`.",
)
TEST_TWICE = Code(
    "ORC-1092",
    "Two tests have one name",
    "Give one of the two another name.",
    detail="A test is called `<metadata.name>/<name>`, on the command line and in reports, and its snapshot has that "
    "name too. So names of tests are unique in their document, and names of documents in the repository.",
)
UNKNOWN_IN_TEST = Code(
    "ORC-1093",
    "A test speaks of something that does not exist",
    "Mend the name; `innominatus-ctl plan score.yaml` shows the names of steps.",
    detail="A misspelt name under `absent` would hold for ever, and under `runs` never. Steps of platform and product "
    "workflows, workflows, codes and allow-listed variables are known before anything is planned; all other names are "
    "looked at when the test is planned (ORC-3163).",
)
EXPECTATION_FAILED = Code(
    "ORC-3160",
    "An expectation of a test does not hold",
    "Mend the workflow; or the expectation, if the change is meant.",
    detail="The place is that of the expectation. The message says what was expected and what is there instead.",
)
RESULT_UNEXPECTED = Code(
    "ORC-3161",
    "The result of a simulated run is not the one that a test expects",
    "Mend the workflow or the fakes; or say `result: failed` (or `refused`) under `expect`.",
    detail="A test that says nothing of the result expects a plan that no policy refuses and a run that succeeds, so "
    "that no test passes because nothing ran. The reasons of the steps that failed, or of the refusal, are told.",
)
NO_PLAN_FOR_TEST = Code(
    "ORC-3162",
    "What a test is about cannot be planned",
    "Mend what the findings speak of; or expect them, under `expect.findings`.",
    detail="The findings are those that `plan` would show, at their own places. A test of what the platform must not "
    "let pass names their codes under `expect.findings`.",
)
NO_SUCH_STEP = Code(
    "ORC-3163",
    "A test names a step that the plan does not have",
    "Write the name of a step of the plan, `<workflow>/<step>` or its id; `absent` is for steps that are not there.",
    detail="A name without `*` must name one step. Where it names several, as a workflow that runs in two phases has "
    "them, write an id, or a pattern if all are meant.",
)
UNUSED_FAKE = Code(
    "ORC-3164",
    "A fake is never used",
    "Remove it, or mend the name.",
    detail="A fake whose steps never run says nothing, and a reader believes that it does. A fake that a file's tests "
    "share must be used by one of them.",
)
WRONG_FAKE = Code(
    "ORC-3165",
    "A fake gives an output that the step does not have",
    "Give an output that the step declares, or declare it in the workflow.",
    detail="A step's outputs are those that its type has and those that it declares. A fake that gives another one "
    "would let a test pass for a workflow that fails.",
)
SNAPSHOT_DIFFERS = Code(
    "ORC-3166",
    "The plan is not the one in the snapshot",
    "If the change is meant: `innominatus-ctl test --update`, and let somebody review the snapshot's diff.",
    detail="The snapshot is a text of the plan without digests, places and object ids: what differs will happen "
    "otherwise. The diff has the snapshot's lines with `-` and the plan's with `+`.",
)
SNAPSHOT_MISSING = Code(
    "ORC-3167",
    "A snapshot has not been written",
    "Run `innominatus-ctl test --update`, and commit the file.",
    detail="A snapshot that is written on the way would make every first run pass, in CI too. So only `--update` "
    "writes.",
)
SNAPSHOT_OBSOLETE = Code(
    "ORC-3168",
    "No test has this snapshot",
    "`innominatus-ctl test --update` removes it.",
    severity=Severity.WARNING,
    detail="The test was removed or renamed, or does not say `snapshot: true` any more.",
)
NO_TESTS = Code(
    "ORC-3169",
    "There is no such test",
    "`innominatus-ctl new workflow-test` writes a first one into workflows/products/<product>/tests/.",
    detail="Nothing was tested, and that is no success: a misspelt name in CI would never fail.",
)
COVERAGE_TOO_LOW = Code(
    "ORC-3170",
    "The tests cover less than they must",
    "Write tests for what the table of coverage says is missing, or lower --fail-under.",
    detail="Counted are workflows that a test runs, branches of steps (ran; skipped by its condition; failed, where "
    "somebody wrote what happens then), and policies that a test saw hold and refuse.",
)
