"""`policy` by opa, conftest and CEL, for real."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REGO = """\
package main

deny contains msg if {
  input.kind == "Deployment"
  not input.spec.template.spec.securityContext.runAsNonRoot
  msg := sprintf("%s may run as root", [input.metadata.name])
}
"""
FOLDER = ".innominatus/manifests/checkout/development"


def deployment(*, safe: bool) -> dict[str, bytes]:
    pod = "{securityContext: {runAsNonRoot: true}}" if safe else "{}"
    text = f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: cart}}\nspec: {{template: {{spec: {pod}}}}}\n"
    return {f"{FOLDER}/cart.yaml": text.encode()}


@pytest.fixture
def judged(run_step: Any, repository: Path, tool: Callable[[str], Path]) -> Callable[..., Any]:
    (repository / "policies").mkdir()
    (repository / "policies" / "root.rego").write_text(REGO)

    def judge(engine: str, manifests: dict[str, bytes], **more: Any) -> Any:
        env = {} if engine == "cel" else {"PATH": f"{tool(engine).parent}{os.pathsep}{os.environ['PATH']}"}
        inputs = {"engine": engine, **({} if engine == "cel" else {"policyFiles": ["policies"]}), **more}
        return run_step("policy", inputs, env=env, manifests=manifests)

    return judge


@pytest.mark.parametrize("engine", ["opa", "conftest"])
def test_rego_refuses_and_passes(judged: Any, engine: str) -> None:
    refused = judged(engine, deployment(safe=False))
    assert refused.failure.code.number == "ORC-5111"
    assert "cart may run as root" in refused.failure.message
    passed = judged(engine, deployment(safe=True))
    assert (passed.failure, passed.outputs) == (None, {"judged": 1})


@pytest.mark.parametrize("engine", ["opa", "conftest"])
def test_rego_that_is_wrong_judges_nothing(judged: Any, repository: Path, engine: str) -> None:
    (repository / "policies" / "root.rego").write_text("package main\ndeny[")
    assert judged(engine, deployment(safe=True)).failure.code.number == "ORC-5112"


def test_a_query_that_no_policy_defines_judges_nothing(judged: Any) -> None:
    result = judged("opa", deployment(safe=True), query="data.other.deny")
    assert result.failure.code.number == "ORC-5112"
    assert "data.other.deny" in result.failure.message


def test_a_policy_may_say_whether_all_is_well(judged: Any, repository: Path) -> None:
    (repository / "policies" / "allow.rego").write_text(
        'package main\ndefault allow := false\nallow if input.kind == "Pod"\n'
    )
    result = judged("opa", deployment(safe=True), query="data.main.allow")
    assert "is not allowed" in result.failure.message


def test_conftest_without_a_policy_for_it_judges_nothing(judged: Any) -> None:
    assert judged("conftest", deployment(safe=True), namespace="elsewhere").failure.code.number == "ORC-5112"


def cel(expression: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "rule", "expression": expression, **more}]


def test_cel_refuses_passes_and_never_passes_an_error(judged: Any) -> None:
    safe = "object.spec.template.spec.securityContext.runAsNonRoot"
    assert judged("cel", deployment(safe=True), expressions=cel(safe)).outputs == {"judged": 1}
    refused = judged("cel", deployment(safe=False), expressions=cel(safe))
    assert refused.failure.code.number == "ORC-5111"
    assert "the expression has no value for it" in refused.failure.message
    told = judged("cel", deployment(safe=True), expressions=cel("object.kind == 'Pod'", message="pods only"))
    assert "rule: Deployment cart" in told.failure.message or "pods only" in told.failure.message
    wrong = judged("cel", deployment(safe=True), expressions=cel("objekt.kind =="))
    assert wrong.failure.code.number == "ORC-5106"
    number = judged("cel", deployment(safe=True), expressions=cel("1 + 1"))
    assert number.failure.code.number == "ORC-5111"


def test_nothing_to_judge_is_no_pass(judged: Any) -> None:
    assert judged("cel", {}, expressions=cel("true")).failure.code.number == "ORC-5113"


def test_engines_that_cannot_be_had_say_so(run_step: Any, repository: Path) -> None:
    assert repository.is_dir()
    for engine in ("kyverno", "opa"):
        result = run_step("policy", {"engine": engine, "policies": ["cis"]}, manifests=deployment(safe=True))
        assert result.failure.code.number == "ORC-5112"
        assert "(cis)" in result.failure.message
