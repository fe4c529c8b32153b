"""Each expectation holds where it should, and fails with its place and what is there instead where it should not."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.operations.testing.conftest import Shop

FULL = 'outputs: {path: teas.db, teas: "2"}'
ONE = f"""
fakes:
  - step: make
    {FULL}
tests:
  - name: one
"""


def expecting(expect: str, more: str = "") -> str:
    """One test with a faked catalog; its expectations begin at line 13."""
    return f"{ONE}    expect: {{{expect}}}\n{more}"


HOLDS = [
    "result: succeeded",
    "runs: [make, fill, shop/catalog/clean, 'deployment/**']",
    "succeeds: ['shop/catalog/m*']",
    "skipped: [report, {step: report, reason: nothing before it failed}]",
    "runsOnly: [make, fill, clean, deploy-application]",
    "absent: [provision-cache, 'post-deployment/**']",
    "order: [{step: make, before: [fill, deploy-application]}, {step: clean, after: fill}]",
    "steps: [{step: fill, type: script, attempts: 1, env: {CATALOG: teas.db, REGION: north}}]",
    "steps: [{step: make, inputs: {command: [make, '3']}, outputs: {teas: '2'}}]",
    "outputs: {shop/catalog: {path: teas.db}}",
    "policies: {allowed: true}",
]
FAILS = [
    ("result: failed", "ORC-3161", "expected that the run fails; it succeeds"),
    ("result: unplanned", "ORC-3161", "expected that there is no plan; the application can be planned"),
    ("runs: [report]", "ORC-3160", "expected 'shop/catalog/report' to run; it is skipped: nothing before it failed"),
    ("succeeds: [report]", "ORC-3160", "expected 'shop/catalog/report' to succeed; it is skipped"),
    ("fails: [make]", "ORC-3160", "expected 'shop/catalog/make' to fail; it succeeds"),
    ("skipped: [make]", "ORC-3160", "expected 'shop/catalog/make' to be skipped; it succeeds"),
    ("skipped: [{step: report, reason: nonsense}]", "ORC-3160", "because 'nonsense'; the reason is: nothing before"),
    ("runsOnly: [make, fill]", "ORC-3160", "expected no other steps to run; 'shop/catalog/clean' runs too"),
    ("absent: [make]", "ORC-3160", "expected that the plan has no step 'make'; it has 'pre-deployment/product/shop/"),
    ("order: [{step: fill, before: make}]", "ORC-3160", "the other way round: 'fill' waits for 'make'"),
    ("order: [{step: make, before: make}]", "ORC-3160", "neither waits for the other"),
    ("steps: [{step: fill, type: validation}]", "ORC-3160", "to be of type 'validation'; it is of type 'script'"),
    ("steps: [{step: fill, attempts: 2}]", "ORC-3160", "expected 2 attempts of 'shop/catalog/fill'; there is 1"),
    (
        "steps: [{step: fill, env: {CATALOG: x}}]",
        "ORC-3160",
        "expected env.CATALOG of 'shop/catalog/fill' to be \"x\"; ",
    ),
    ("steps: [{step: make, inputs: {command: [make]}}]", "ORC-3160", 'to be ["make"]; it is ["make", "3"]'),
    ("steps: [{step: make, inputs: {command: [make, 3]}}]", "ORC-3160", "expected inputs.command[1] of"),
    ("steps: [{step: make, exactInputs: {command: [make, '3']}}]", "ORC-3160", "expected inputs.workingDir of"),
    ("steps: [{step: report, env: {A: b}}]", "ORC-3160", "expected 'shop/catalog/report' to run; it is skipped"),
    ("steps: [{step: make, approval: {count: 2}}]", "ORC-3160", "expected approval of 'shop/catalog/make' to be"),
    ("outputs: {shop/catalog: {path: x}}", "ORC-3160", "expected outputs.path of 'shop/catalog' to be \"x\"; it is"),
    ("outputs: {shop/catalogue: {path: x}}", "ORC-3160", "expected outputs of workflow 'shop/catalogue'; it is not in"),
    ("policies: {allowed: false}", "ORC-3160", "expected that the policies refuse the plan; they allow it"),
    ("policies: {refused: [ORC-4009]}", "ORC-3160", "refuse the plan with ORC-4009; they refuse it with nothing"),
    ("policies: {warned: [ORC-4021]}", "ORC-3160", "warn with ORC-4021; they warn with nothing"),
    ("findings: [ORC-3045]", "ORC-3160", "expected the finding ORC-3045; planning found"),
    ("runs: [mkae]", "ORC-3163", "the plan has no step 'mkae'"),
    ("runs: ['shop/other/*']", "ORC-3163", "the plan has no step 'shop/other/*'"),
]


@pytest.mark.parametrize("expect", HOLDS)
def test_what_holds_is_silent(shop: "Shop", expect: str) -> None:
    assert shop.told(expecting(expect)) == []


@pytest.mark.parametrize(("expect", "code", "words"), FAILS, ids=[expect for expect, _, _ in FAILS])
def test_what_does_not_hold_is_told_at_its_place(shop: "Shop", expect: str, code: str, words: str) -> None:
    told = shop.told(expecting(expect))
    assert any(words in one and one.startswith("13:") and f" {code} " in one for one in told), told


def test_the_place_is_that_of_the_value_that_is_wrong(shop: "Shop") -> None:
    told = shop.told(expecting("steps: [{step: fill, env: {CATALOG: coffee.db}}]"))
    line = (shop.root / "workflows/products/shop/tests/catalog.yaml").read_text().splitlines()[12]
    assert [one.split(" ")[0] for one in told] == [f"13:{line.index('coffee.db') + 1}"]


def test_a_failure_that_nobody_expects_fails_the_test_whatever_else_holds(shop: "Shop") -> None:
    (told,) = shop.told("tests: [{name: one, fakes: [{step: make, fails: true}], expect: {fails: [make]}}]")
    assert "ORC-3161 nothing says how the run ends; it fails: step 'make': it was faked to fail" in told


def test_a_refusal_that_nobody_expects_fails_the_test_and_says_why(shop: "Shop") -> None:
    (told,) = shop.told("tests: [{name: one, given: {environment: production}, expect: {absent: [x]}}]")
    assert "it is refused by the policies: ORC-4009 environment 'production' needs an approval" in told


def test_an_expected_refusal_must_name_every_code(shop: "Shop") -> None:
    body = "tests: [{name: one, given: {environment: production}, expect: {policies: {refused: [%s]}}}]"
    assert shop.told(body % "ORC-4009") == []
    told = shop.told(body % "ORC-4001")
    assert ["with ORC-4001; they refuse" in told[0], "refuse the plan with ORC-4009 too" in told[1]] == [True, True]


def test_approved_is_as_if_everybody_had(shop: "Shop") -> None:
    given = "{environment: production, approved: true}"
    fakes = f"[{{step: make, {FULL}}}]"
    body = f"tests: [{{name: one, given: {given}, fakes: {fakes}, expect: {{runs: [deploy-application]}}}}]"
    assert shop.told(body) == []
    assert len(shop.told(body.replace(", approved: true", ""))) == 1


@pytest.mark.parametrize(
    ("fake", "words"),
    [
        ("{step: fill, outputs: {x: 1}}", "ORC-3165 step 'fill' declares no output 'x', and nothing reads one"),
        ("{step: report, fails: true}", "ORC-3164 no step used the fake of 'report': 'shop/catalog/report' is skipped"),
        ("{step: repot, fails: true}", "ORC-3164 the plan has no step 'repot'"),
        ("{step: 'x*', fails: true}", "ORC-3164 the plan has no step 'x*'"),
    ],
)
def test_a_fake_that_says_nothing_fails_the_test(shop: "Shop", fake: str, words: str) -> None:
    body = f"tests: [{{name: one, fakes: [{{step: make, {FULL}}}, {fake}], expect: {{result: succeeded}}}}]"
    assert any(words in one for one in shop.told(body))


def test_a_condition_over_what_nobody_faked_is_no_silent_skip(shop: "Shop") -> None:
    (told,) = shop.told("tests: [{name: one, expect: {result: succeeded}}]")
    assert "ORC-3161" in told
    assert "step 'fill': 'if: steps.make.outputs.teas > 0'" in told


def test_a_shared_fake_must_be_used_by_one_test_of_its_file(shop: "Shop") -> None:
    shared = f"fakes: [{{step: make, {FULL}}}, {{step: report, fails: true}}]\n"
    quiet = "{name: quiet, expect: {result: succeeded}}"
    loud = "{name: loud, fakes: [{step: make, fails: true}], expect: {result: failed, fails: [make, report]}}"
    assert ["ORC-3164 no test of 'catalog' used" in one for one in shop.told(f"{shared}tests: [{quiet}]")] == [True]
    assert shop.told(f"{shared}tests: [{quiet}, {loud}]") == []
    assert shop.told(f"{shared}tests: [{quiet}, {loud}]", only=("*/quiet",)) == []


def test_what_a_test_gives_wins_over_its_file_and_maps_are_merged(shop: "Shop") -> None:
    shop.write(
        "workflows/products/shop/tests/catalog.yaml",
        f"""
        apiVersion: workflow.dev/v1
        kind: WorkflowTest
        metadata: {{name: catalog}}
        spec:
          given: {{score: ../../../../score.yaml, parameters: {{size: "7"}}, env: {{REGION: north}}, environment: test}}
          fakes: [{{step: make, {FULL}}}]
          tests:
            - name: one
              given: {{env: {{REGION: south}}, environment: staging}}
              expect:
                steps:
                  - {{step: fill, env: {{REGION: south}}}}
        """,
    )
    report = shop.run()
    assert [one.message for outcome in report.outcomes for one in outcome.failures] == [
        "the application cannot be planned: 1 error",
        "golden path 'deploy-app' has no parameter 'size'",
    ]
    assert [one.place.line for outcome in report.outcomes for one in outcome.failures] == [8, 5]


def test_a_score_spec_may_stand_in_the_test_and_its_findings_are_shown(shop: "Shop") -> None:
    spec = "{apiVersion: score.dev/v1b1, metadata: {name: tea, product: shop}, containers: {web: {image: 'r.io/t:1'}}}"
    body = f"tests: [{{name: one, given: {{score: {spec}}}, fakes: [{{step: make, {FULL}}}], expect: {{%s}}}}]"
    assert shop.told(body % "runs: [tea/workload/deploy-application]") == []
    told = shop.told((body % "result: succeeded").replace("containers:", "container:"))
    assert any("container" in one for one in told)


def test_an_unplannable_application_is_told_with_its_findings_or_expected(shop: "Shop") -> None:
    body = "tests: [{name: one, given: {parameters: {zise: '1'}}, expect: {%s}}]"
    told = shop.told(body % "runs: [make]")
    assert ["ORC-3162" in told[0], "ORC-3011" in told[1]] == [True, True]
    assert shop.told(body % "findings: [{code: ORC-3011, message: zise}]") == []
    assert shop.told(body % "result: unplanned") == []
    assert "to say 'other'; it says" in shop.told(body % "findings: [{code: ORC-3011, message: other}]")[0]


def test_a_retry_is_faked_by_its_first_attempts(shop: "Shop") -> None:
    fakes = f"[{{step: make, {FULL}}}, {{step: fill, fails: {{attempts: 1, exitCode: 9}}}}]"
    assert shop.told(f"tests: [{{name: one, fakes: {fakes}, expect: {{steps: [{{step: fill, attempts: 2}}]}}}}]") == []


def test_parameters_are_texts_or_typed_and_wrong_ones_are_told_where_they_stand(shop: "Shop") -> None:
    shop.write(
        "workflows/golden-paths/ship.yaml",
        """
        apiVersion: workflow.dev/v1
        kind: GoldenPath
        metadata: {name: ship, description: Ships, owner: platform-team}
        spec:
          operation: deploy
          parameters:
            size: {type: int, default: 1}
        """,
    )
    given = "given: {goldenPath: ship, parameters: {size: %s}}"
    steps = "steps: [{step: make, inputs: {command: [make, '7']}}]"
    body = f"tests: [{{name: one, {given}, fakes: [{{step: make, {FULL}}}], expect: {{{steps}}}}}]"
    assert shop.told(body % "'7'") == []
    assert shop.told(body % "7") == []
    told = shop.told(body % "many")
    line = (shop.root / "workflows/products/shop/tests/catalog.yaml").read_text().splitlines()[7]
    assert any(one.startswith(f"8:{line.index('many') + 1} ") for one in told), told
