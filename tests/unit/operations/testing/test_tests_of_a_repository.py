"""Which tests there are, snapshots, coverage, and reports of all that."""

import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema

from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.schemas import schema_named
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.operations.checking import CheckRequest, check
from innominatus_cli.operations.testing import coverage as coverage_module
from innominatus_cli.operations.testing.running import SuiteReport
from innominatus_cli.policies.judge import POLICIES
from innominatus_cli.reports.tests_formats import render
from innominatus_cli.reports.tests_json import suite_document

if TYPE_CHECKING:
    from tests.unit.operations.testing.conftest import Shop

TESTS = Path(__file__).resolve().parents[3]
FAKES = 'fakes: [{step: make, outputs: {path: teas.db, teas: "2"}}]\n'
PASSES = "expect: {runs: [make]}"
TWO = f"{FAKES}tests: [{{name: one, {PASSES}}}, {{name: two, {PASSES}}}]"
SNAPSHOT = f"{FAKES}tests: [{{name: one, snapshot: true}}]"
SNAP = "workflows/products/shop/tests/snapshots/catalog/one.snap"
SCORE = "apiVersion: score.dev/v1b1\nmetadata: {name: other}\ncontainers: {web: {image: 'r.io/x:1'}}\n"


def names(report: SuiteReport) -> list[str]:
    return [outcome.name for outcome in report.outcomes]


def codes(report: SuiteReport) -> list[str]:
    return [one.code.number for one in report.findings]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ((), ["catalog/one", "catalog/two", "more/one"]),
        (("catalog",), ["catalog/one", "catalog/two"]),
        (("catalog/two",), ["catalog/two"]),
        (("workflows/products/shop/tests/more.yaml",), ["more/one"]),
        (("workflows/products",), ["catalog/one", "catalog/two", "more/one"]),
        ((".",), ["catalog/one", "catalog/two", "more/one"]),
        (("workflows/products/shop/tests/more.yaml", "catalog/one"), ["catalog/one", "more/one"]),
    ],
)
def test_tests_are_named_by_path_document_or_name(shop: "Shop", asked: tuple[str, ...], found: list[str]) -> None:
    shop.tests(TWO)
    shop.tests(f"{FAKES}tests: [{{name: one, {PASSES}}}]", "more")
    report = shop.run(*asked)
    assert (names(report), report.passed) == (found, True)


def test_a_filter_is_a_glob_over_names(shop: "Shop") -> None:
    shop.tests(TWO)
    assert names(shop.run(only=("*/t*",))) == ["catalog/two"]
    report = shop.run(only=("*/x*",))
    assert codes(report) == ["ORC-3169"]
    assert report.findings[0].help == "Tests here: catalog/one, catalog/two."


def test_a_name_of_nothing_is_an_error_with_near_names(shop: "Shop") -> None:
    shop.tests(TWO)
    report = shop.run("catalog/tow")
    assert (names(report), codes(report), report.passed) == ([], ["ORC-3169"], False)
    assert "'catalog/two'" in report.findings[0].help


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("docs", "no test stands below 'docs'"),
        ("admin-config.yaml", "'admin-config.yaml' is no file of tests in a `tests` folder below the workflows root"),
        ("nowhere", "there is neither a file nor a test 'nowhere'"),
    ],
)
def test_a_path_without_tests_is_told_as_what_it_is(shop: "Shop", name: str, message: str) -> None:
    shop.tests(TWO)
    shop.write("docs/page.md", "A page")
    assert [one.message for one in shop.run(name).findings] == [message]


def test_a_broken_file_fails_the_command_and_the_others_are_tested(shop: "Shop") -> None:
    shop.tests(TWO)
    shop.tests("testz: []", "broken")
    report = shop.run()
    assert (names(report), report.passed) == (["catalog/one", "catalog/two"], False)
    assert {one.place.path for one in report.errors} == {"workflows/products/shop/tests/broken.yaml"}


def test_a_misspelt_step_is_told_where_it_would_hold_for_ever(shop: "Shop") -> None:
    shop.tests("tests: [{name: one, expect: {absent: [shop/catalog/fil]}}]")
    report = shop.run()
    assert (codes(report), report.outcomes) == (["ORC-1093"], ())
    assert "'fill'" in report.findings[0].help


def test_two_documents_of_one_name_are_an_error(shop: "Shop") -> None:
    shop.tests(TWO)
    shop.tests(TWO, folder="workflows/platform/tests")
    assert codes(shop.run()) == ["ORC-1092"]


def test_several_documents_in_a_file_are_all_tested(shop: "Shop") -> None:
    path = shop.tests(TWO)
    text = (shop.root / path).read_text()
    shop.write(path, f"{text}\n---\n{text.replace('name: catalog', 'name: second')}")
    assert names(shop.run()) == ["catalog/one", "catalog/two", "second/one", "second/two"]


def test_what_stands_beside_tests_is_neither_a_workflow_nor_an_application(shop: "Shop") -> None:
    shop.tests(TWO)
    shop.write("workflows/products/shop/tests/score.yaml", SCORE)
    repository = Repository(WorkingTreeSnapshot(str(shop.root)))
    assert repository.application_paths() == ["score.yaml"]
    assert [one.document.path for one in repository.product_workflows("shop")] == [
        "workflows/products/shop/catalog.yaml"
    ]
    (shop.root / "admin-config.yaml").write_text("applications: ['**/score.yaml']\n")
    assert Repository(WorkingTreeSnapshot(str(shop.root))).application_paths() == ["score.yaml"]
    shop.write("workflows/products/shop/tests/score.yaml", SCORE.replace("other", "teashop"))
    found = check(CheckRequest((), directory=str(shop.root)))
    assert [one.code.number for one in found.findings if one.place.path.endswith("tests/score.yaml")] == []


def test_a_snapshot_is_written_compared_and_removed(shop: "Shop") -> None:
    path = shop.tests(SNAPSHOT)
    missing = shop.run()
    assert [one.code.number for one in missing.outcomes[0].failures] == ["ORC-3167"]
    assert not (shop.root / SNAP).exists()
    written = shop.run(update=True)
    assert (written.written, written.passed) == ((SNAP,), True)
    assert shop.run(update=True).written == ()
    assert shop.run().passed
    flow = shop.root / "workflows/products/shop/catalog.yaml"
    flow.write_text(flow.read_text().replace("attempts: 2", "attempts: 3"))
    changed = shop.run().outcomes[0]
    assert [one.code.number for one in changed.failures] == ["ORC-3166"]
    lines = changed.diff.splitlines()
    assert [line for line in lines[2:] if line.startswith(("+", "-"))] == [
        "-          attempts: 2",
        "+          attempts: 3",
    ]
    assert lines[2].endswith("@@ pre-deployment/product/shop/catalog/fill")
    (shop.root / path).unlink()
    shop.tests(TWO)
    assert codes(shop.run()) == ["ORC-3168"]
    assert shop.run().passed
    assert shop.run("catalog/one").findings == ()
    assert shop.run(update=True).removed == (SNAP,)
    assert not (shop.root / SNAP).exists()


@pytest.mark.parametrize(
    "edit",
    [
        ("workflows/products/shop/catalog.yaml", "name: report\n", "name: report # a comment\n"),
        ("workflows/products/shop/catalog.yaml", "spec:\n", "\n\n\nspec:\n"),
        ("score.yaml", "metadata:", "# a comment\nmetadata:"),
        ("admin-config.yaml", "maxStepsPerWorkflow: 5", "maxStepsPerWorkflow: 6"),
        ("workflows/products/shop/catalog.yaml", "description: The catalog", "description: Another"),
    ],
)
def test_a_snapshot_stays_where_nothing_happens_otherwise(shop: "Shop", edit: tuple[str, str, str]) -> None:
    shop.tests(SNAPSHOT)
    shop.run(update=True)
    path, old, new = edit
    text = (shop.root / path).read_text()
    assert old in text
    (shop.root / path).write_text(text.replace(old, new))
    assert shop.run().passed


def test_a_snapshot_holds_no_digest_no_place_and_no_object_id(shop: "Shop") -> None:
    shop.tests(SNAPSHOT)
    shop.run(update=True)
    text = (shop.root / SNAP).read_text()
    assert not re.search(r"sha256:|\b[0-9a-f]{40}\b|catalog\.yaml|line", text)
    assert "${steps.make.outputs.path}" in text
    assert "finally: true" in text


def test_a_line_end_of_windows_makes_no_difference(shop: "Shop") -> None:
    shop.tests(SNAPSHOT)
    shop.run(update=True)
    snap = shop.root / SNAP
    snap.write_bytes(snap.read_bytes().replace(b"\n", b"\r\n"))
    assert shop.run().passed


def test_a_snapshot_is_never_written_through_a_link_out_of_the_repository(shop: "Shop", tmp_path: Path) -> None:
    shop.tests(SNAPSHOT)
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (shop.root / "workflows/products/shop/tests/snapshots").symlink_to(outside)
    with pytest.raises(Exception, match="ORC-1003"):
        shop.run(update=True)
    assert list(outside.iterdir()) == []


def test_tests_write_nothing(shop: "Shop") -> None:
    shop.tests(TWO)
    before = {path: path.stat().st_mtime_ns for path in shop.root.rglob("*")}
    shop.run(coverage=True)
    assert {path: path.stat().st_mtime_ns for path in shop.root.rglob("*")} == before


BRANCHES = f"""
{FAKES.strip()}
tests:
  - name: one
    {PASSES}
  - name: empty
    fakes: [{{step: make, outputs: {{teas: "0"}}}}]
    expect: {{skipped: [fill]}}
  - name: fails
    fakes: [{{step: make, fails: true}}]
    expect: {{result: failed, fails: [make]}}
  - name: again
    fakes: [{{step: fill, fails: {{attempts: 1}}}}]
    {PASSES}
  - name: refused
    given: {{environment: production}}
    expect: {{policies: {{refused: [ORC-4009]}}}}
"""


def test_coverage_counts_workflows_branches_and_policies(shop: "Shop") -> None:
    shop.tests(BRANCHES)
    found = shop.run(coverage=True)
    assert found.passed, [one.message for outcome in found.outcomes for one in outcome.failures]
    assert found.coverage is not None
    (flow,) = found.coverage.workflows
    assert (flow.identity, flow.tests) == ("shop/catalog", 4)
    assert {step.name: {branch.word: branch.tests for branch in step.branches} for step in flow.steps} == {
        "make": {"ran": 4, "failed": 1},
        "fill": {"ran": 2, "skipped": 2, "failed": 1},
        "report": {"ran": 1, "skipped": 3},
        "clean": {"ran": 4},
    }
    policies = {one.key: tuple(branch.tests for branch in one.branches) for one in found.coverage.policies}
    assert policies == {
        "allowedProductWorkflows": (5, 0),
        "maxStepsPerWorkflow": (5, 0),
        "security.requireApproval": (4, 1),
    }
    assert (found.coverage.total.covered, found.coverage.total.total) == (1 + 8 + 4, 1 + 8 + 6)


def test_a_test_that_covers_nothing_covers_nothing(shop: "Shop") -> None:
    shop.tests("tests: [{name: one, given: {parameters: {x: y}}, expect: {result: unplanned}}]")
    coverage = shop.run(coverage=True).coverage
    assert coverage is not None
    assert coverage.total.covered == 0


def test_every_policy_has_a_key_for_its_coverage() -> None:
    assert {policy.__name__ for policy in POLICIES} == coverage_module._KEYS.keys()


def test_too_little_coverage_fails(shop: "Shop") -> None:
    shop.tests(BRANCHES)
    assert codes(shop.run(fail_under=80.0)) == []
    report = shop.run(fail_under=90.0)
    assert (codes(report), report.passed) == (["ORC-3170"], False)


HOSTILE = f"""
{FAKES.strip()}
tests:
  - name: one
    description: "]]><script> \\x1b[2J &amp; \\uFFFE"
    expect: {{runs: ["]]>&<x>\\x1b[31m"]}}
  - name: two
    {PASSES}
"""


def test_the_junit_report_is_valid_and_says_what_failed(shop: "Shop") -> None:
    shop.tests(HOSTILE)
    shop.tests("testz: []", "broken")
    text = render(shop.run(), "junit")
    xmlschema.XMLSchema(TESTS / "standards/jenkins-junit.xsd").validate(text)
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    cases = [(case.get("classname"), case.get("name"), [one.tag for one in case]) for case in root.iter("testcase")]
    broken = "workflows/products/shop/tests/broken.yaml"
    assert cases == [(broken, broken, ["error"]), ("catalog", "one", ["failure"]), ("catalog", "two", [])]
    assert "\x1b" not in text


def test_the_cobertura_report_has_a_line_for_each_step_and_policy(shop: "Shop") -> None:
    shop.tests(BRANCHES)
    text = render(shop.run(coverage=True), "cobertura")
    root = ET.fromstring(text.split("\n", 2)[2])  # noqa: S314 - our own
    assert [part.tag for part in root] == ["sources", "packages"]
    classes = {found.get("filename"): found for found in root.iter("class")}
    assert sorted(str(name) for name in classes) == ["admin-config.yaml", "workflows/products/shop/catalog.yaml"]
    flow = classes["workflows/products/shop/catalog.yaml"]
    assert [part.tag for part in flow] == ["methods", "lines"]
    lines = [(line.get("number"), line.get("hits"), line.get("condition-coverage")) for line in flow.iter("line")]
    assert lines == [("12", "4", "100% (2/2)"), ("16", "2", "100% (3/3)"), ("22", "3", "100% (2/2)"), ("27", "4", None)]
    assert root.get("lines-valid") == str(len([*root.iter("line")]))


def test_a_cobertura_report_has_the_attributes_that_its_readers_need(shop: "Shop") -> None:
    shop.tests(BRANCHES)
    ours = ET.fromstring(render(shop.run(coverage=True), "cobertura").split("\n", 2)[2])  # noqa: S314
    for element in ours.iter():
        required = {
            "coverage": {"line-rate", "branch-rate", "lines-covered", "lines-valid", "version", "timestamp"},
            "package": {"name", "line-rate", "branch-rate", "complexity"},
            "class": {"name", "filename", "line-rate", "branch-rate", "complexity"},
            "line": {"number", "hits", "branch"},
        }.get(element.tag, set())
        assert required <= element.attrib.keys()
        for rate in ("line-rate", "branch-rate"):
            assert 0 <= float(element.get(rate, "0")) <= 1


def test_the_data_has_every_test_failure_and_share(shop: "Shop") -> None:
    shop.tests(HOSTILE)
    report = shop.run(coverage=True)
    document = suite_document(report)
    schema = schema_named("test-report")
    assert schema is not None
    jsonschema.validate(document, schema)
    jsonschema.validate(suite_document(shop.run()), schema)
    assert document["summary"] == {"tests": 2, "passed": 1, "failed": 1, "errors": 0, "warnings": 0}
    assert document["tests"][0]["failures"][0]["code"] == "ORC-3163"
    assert render(report, "json").startswith("{")
    assert "passed: false" in render(report, "yaml")


def test_the_text_ends_with_a_line_that_counts(shop: "Shop") -> None:
    shop.tests(HOSTILE)
    text = render(shop.run(coverage=True), "text")
    assert re.search(r"^1 failed, 1 passed in [0-9.]+s\n\Z", text, re.MULTILINE)
    assert "workflows/products/shop/tests/catalog.yaml F.\n" in text
    assert "\x1b" not in text
    assert "\x1b[31mF" in render(shop.run(), "text", colour=True)


def test_annotations_name_the_file_and_the_line(shop: "Shop") -> None:
    shop.tests(HOSTILE)
    text = render(shop.run(), "github")
    assert "::error file=workflows/products/shop/tests/catalog.yaml,line=" in text
    assert re.search(r"^1 failed, 1 passed in [0-9.]+s$", text, re.MULTILINE)


@pytest.mark.parametrize("kind", ["WorkflowTests", "workflowtest"])
def test_a_misspelt_kind_is_no_file_without_tests(shop: "Shop", kind: str) -> None:
    shop.tests(TWO)
    path = shop.tests(TWO, "other")
    shop.write(path, (shop.root / path).read_text().replace("kind: WorkflowTest", f"kind: {kind}"))
    report = shop.run()
    assert (names(report), report.passed) == (["catalog/one", "catalog/two"], False)
    assert {one.place.path for one in report.errors} == {path}


def test_a_broken_policy_fails_the_command_for_it_would_judge_too_mildly(shop: "Shop") -> None:
    shop.tests(TWO)
    shop.write(
        "workflows/policies/limits.yaml",
        "apiVersion: workflow.dev/v1\nkind: WorkflowPolicies\nmetadata: {name: limits}\nspec: {maxSteps: 1}\n",
    )
    report = shop.run()
    assert not report.passed
    assert {one.place.path for one in report.errors} == {"workflows/policies/limits.yaml"}


@pytest.mark.parametrize("score", ["../../../../../other.yaml", "/etc/hostname", "absent.yaml", "."])
def test_a_score_file_that_is_not_there_or_outside_is_told(shop: "Shop", score: str) -> None:
    shop.tests(f"tests: [{{name: one, given: {{score: '{score}'}}, expect: {{runs: [make]}}}}]")
    (outcome,) = shop.run().outcomes
    assert next(one.code.number for one in outcome.failures) == "ORC-3162"
    assert len(outcome.failures) > 1


def test_a_number_in_a_score_spec_of_a_test_is_read_as_one_in_a_score_file(shop: "Shop") -> None:
    spec = """
        apiVersion: score.dev/v1b1
        metadata: {name: tea, product: shop, weight: 0x10, price: 1.10}
        containers: {web: {image: "r.io/t:1"}}
    """
    shop.write("tea.yaml", spec)
    inline = spec.replace("\n        ", "\n            ").rstrip()
    both = f"{FAKES}tests:\n" + "".join(
        f"  - name: {name}\n    given:\n      score: {score}\n    snapshot: true\n"
        for name, score in (("file", "tea.yaml"), ("inline", inline.replace("\n    ", "\n")))
    )
    shop.tests(both)
    assert shop.run(update=True).passed
    texts = [(shop.root / SNAP).with_name(f"{name}.snap").read_text().split("\n", 1)[1] for name in ("file", "inline")]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("asked", [("catalog",), ("catalog/one",), (f"{Path(SNAP).parents[2]}/catalog.yaml",)])
def test_an_update_of_some_tests_removes_no_snapshot_of_others(shop: "Shop", asked: tuple[str, ...]) -> None:
    shop.tests(SNAPSHOT)
    shop.tests(SNAPSHOT, "other")
    assert len(shop.run(update=True).written) == 2
    updated = shop.run(*asked, update=True)
    assert (updated.removed, updated.findings) == ((), ())
    assert shop.run(only=("catalog/*",), update=True).removed == ()


def test_a_broken_file_keeps_its_snapshots(shop: "Shop") -> None:
    shop.tests(SNAPSHOT)
    path = shop.tests(SNAPSHOT, "other")
    shop.run(update=True)
    text = (shop.root / path).read_text()
    shop.write(path, text.replace("tests:", "testz:"))
    assert shop.run(update=True).removed == ()
    shop.write(path, text)
    assert shop.run().passed
