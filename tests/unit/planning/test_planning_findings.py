"""What cannot be planned says so by a code of its own: one small repository for each.

The rules of `validate` look at every document first, and see most of this in the text already. Planning refuses it by
itself all the same, for values that only a plan knows, and so that a gap in the rules never becomes a wrong plan.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from innominatus_cli.planning import document_rules
from innominatus_cli.planning.request import PlanOutcome

Planner = Callable[..., PlanOutcome]
ADMIN = {"admin-config.yaml": "secrets: {token: {generate: true}}\nenvironments: {development: {}}\n"}
STEP = "{name: s, type: script, config: {script: 'true'}}"


def platform(*steps: str, name: str = "w", metadata: str = "", spec: str = "") -> str:
    listed = "".join(f"\n    - {step}" for step in steps or (STEP,))
    return (
        "apiVersion: workflow.dev/v1\nkind: PlatformWorkflow\n"
        f"metadata: {{name: {name}, phase: pre-deployment, description: d, owner: o{metadata}}}\n"
        f"spec:\n  triggers: [all_deployments]\n{spec}  steps:{listed}\n"
    )


def with_step(step: str, spec: str = "") -> dict[str, str]:
    return {**ADMIN, "workflows/platform/w.yaml": platform(step, spec=spec)}


def score(parts: str = "", product: str = "") -> dict[str, str]:
    text = f"apiVersion: score.dev/v1b1\nmetadata: {{name: shop-web{product}}}\n"
    return {**ADMIN, "score.yaml": f"{text}containers: {{web: {{image: 'x:1'}}}}\n{parts}"}


CIRCLE = """\
resources:
  aa: {type: volume, params: {x: "${resources.bb.path}"}}
  bb: {type: volume, params: {x: "${resources.aa.path}"}}
"""
CASES: list[tuple[str, Mapping[str, str], str]] = [
    ("ORC-3001", with_step("{name: s, type: script, env: {A: '${metadata.none}'}, config: {script: 'true'}}"), "none"),
    ("ORC-2031", with_step("{name: s, type: script, env: {A: '${a..b}'}, config: {script: 'true'}}"), "${a..b}"),
    ("ORC-2031", with_step("{name: s, type: script, env: {A: '${a'}, config: {script: 'true'}}"), "never closed"),
    ("ORC-3004", with_step("{name: s, type: script, if: 'a ==', config: {script: 'true'}}"), ""),
    ("ORC-3006", with_step("{name: s, type: script, config: {script: 'echo ${variables.v}'}}",
                           "  variables: {v: 'a b'}\n"), "variables.v"),
    ("ORC-3006", with_step("{name: s, type: script, config: {script: 'echo ${secrets.token}'}}"), "secrets.token"),
    ("ORC-3023", {**ADMIN, "workflows/platform/a.yaml": platform(), "workflows/platform/b.yaml": platform()}, "/w'"),
    ("ORC-3024", {**ADMIN, "workflows/platform/w.yaml": platform(metadata=", dependsOn: [gone]")}, "'gone'"),
    ("ORC-2009", with_step("{name: s, type: script, dependsOn: [gone], config: {script: 'true'}}"), "'gone'"),
    ("ORC-2011", {**ADMIN, "workflows/platform/w.yaml": platform(
        "{name: a, type: script, dependsOn: [b], config: {script: 'true'}}",
        "{name: b, type: script, dependsOn: [a], config: {script: 'true'}}")}, "a → b → a"),
    ("ORC-2001", {**ADMIN, "workflows/platform/w.yaml": platform(STEP, STEP)}, "'s'"),
    ("ORC-2002", with_step("{name: s, type: scirpt, config: {}}"), "'scirpt'"),
    ("ORC-3031", with_step(
        "{name: s, type: resource-provisioning, config: "
        "{resource: db, resourceType: sqlite, operation: '${application.name}'}}"), "'operation'"),
    ("ORC-3035", with_step("{name: s, type: vault-setup, config: {secrets: [gone]}}"), "'gone'"),
    ("ORC-3040", score("resources: {db: {type: sqlite, params: {x: '${resources.gone.path}'}}}\n"), "'gone'"),
    ("ORC-2087", score(CIRCLE), "aa → bb → aa"),
    ("ORC-3046", with_step(STEP, "  outputs: {t: '${secrets.token}'}\n"), "token"),
]  # fmt: skip


@pytest.fixture
def no_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_rules, "check_document", lambda *_: [])


@pytest.mark.usefixtures("no_rules")
@pytest.mark.parametrize(("code", "files", "said"), CASES, ids=[f"{code}-{n}" for n, (code, _, _) in enumerate(CASES)])
def test_what_cannot_be_planned_is_an_error_with_its_code(
    plan: Planner, code: str, files: Mapping[str, str], said: str
) -> None:
    outcome = plan(files)
    assert outcome.plan is None
    (finding,) = [one for one in outcome.findings if one.code.number == code]
    assert said in finding.message
    assert finding.place.path in files
    assert finding.place.line > 0
    assert finding.help


@pytest.mark.parametrize(
    ("code", "files", "request_"),
    [
        ("ORC-3005", {**score(), **with_step("{name: s, type: script, if: run.id == x, config: {script: a}}")}, {}),
        ("ORC-3045", score(), {"environment": "developmnt"}),
        ("ORC-2203", score(product=", product: shop"), {}),
    ],
)  # fmt: skip
def test_what_may_be_a_mistake_is_a_warning_with_its_code(
    plan: Planner, code: str, files: Mapping[str, str], request_: Mapping[str, Any]
) -> None:
    outcome = plan(files, **request_)
    assert outcome.plan is not None, outcome.findings
    assert [one.code.number for one in outcome.findings] == [code]
