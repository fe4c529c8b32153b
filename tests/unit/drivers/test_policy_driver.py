"""`policy`: paths, operators, what is told, programs and other engines."""

import json
from typing import Any

import pytest
import yaml

from innominatus_cli.drivers.policy import matches

PREFIX = ".innominatus/manifests/checkout/development"
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app.kubernetes.io/name": "web"}},
    "spec": {
        "replicas": 3,
        "paused": True,
        "template": {
            "spec": {
                "containers": [
                    {"name": "a", "image": "a:latest", "resources": {"limits": {"memory": "1Gi"}}},
                    {"name": "b", "image": "b:1.2"},
                ]
            }
        },
    },
}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "hunter2"}}


def manifests(*objects: dict[str, Any]) -> dict[str, bytes]:
    return {f"{PREFIX}/m.yaml": "".join("---\n" + yaml.safe_dump(data) for data in objects).encode()}


def judged(context: Any, play: Any, *rules: dict[str, Any], objects: Any = (DEPLOYMENT,)) -> Any:
    named = [{"name": f"rule-{number}", **rule} for number, rule in enumerate(rules)]
    result, requests = play(context("policy", {"rules": named}, manifests=manifests(*objects)))
    assert requests == []
    return result


CONTAINERS = "spec.template.spec.containers[*]"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"path": f"{CONTAINERS}.image", "operator": "notMatches", "value": "*:latest"}, "which matches '*:latest'"),
        ({"path": f"{CONTAINERS}.image", "operator": "matches", "value": "b:*"}, "does not match 'b:*'"),
        (
            {"path": f"{CONTAINERS}.resources.limits.memory", "operator": "exists"},
            "spec.template.spec.containers[1].resources.limits.memory is missing",
        ),
        ({"path": "spec.paused", "operator": "absent"}, "spec.paused is True, and must not be there"),
        ({"path": "spec.replicas", "operator": "atMost", "value": 2}, "is 3, no number up to 2"),
        ({"path": "spec.replicas", "operator": "atLeast", "value": 4}, "is 3, no number from 4 on"),
        ({"path": "spec.paused", "operator": "atMost", "value": 2}, "is True, no number up to 2"),
        ({"path": "spec.replicas", "operator": "equals", "value": 4}, "is 3, not 4"),
        ({"path": "spec.paused", "operator": "equals", "value": 1}, "is True, not 1"),
        ({"path": "spec.replicas", "operator": "notEquals", "value": 3}, "which it must not be"),
        ({"path": f"{CONTAINERS}.name", "operator": "in", "value": ["a"]}, "containers[1].name is 'b', not one of"),
        ({"path": f"{CONTAINERS}.name", "operator": "notIn", "value": ["b"]}, "is 'b', one of"),
        ({"path": 'metadata.labels["app.kubernetes.io/name"]', "operator": "equals", "value": "x"}, "is 'web', not"),
        ({"path": "spec.template.spec.containers[0].image", "operator": "equals", "value": "x"}, "containers[0].image"),
        ({"path": "spec.template.spec.containers[7].image", "operator": "exists"}, "containers.7.image is missing"),
        ({"path": "spec.template", "operator": "equals", "value": "x"}, "has a value that is not shown"),
    ],
)
def test_a_broken_rule_says_where_and_what_it_saw(context: Any, play: Any, rule: Any, told: str) -> None:
    result = judged(context, play, {**rule, "message": "because"})
    assert result.failure.code.number == "ORC-5111"
    assert "rule-0: Deployment/web: " in result.failure.message
    assert told in result.failure.message
    assert "(because)" in result.failure.message


@pytest.mark.parametrize(
    "rule",
    [
        {"path": f"{CONTAINERS}.securityContext.privileged", "operator": "absent"},
        {"path": "spec.strategy", "operator": "equals", "value": "x"},
        {"path": "spec.replicas", "operator": "atMost", "value": 3},
        {"path": "spec.replicas", "operator": "exists", "kinds": ["StatefulSet"]},
        {"path": f"{CONTAINERS}.image", "operator": "matches", "value": "*:*"},
        {"path": "metadata.labels['app.kubernetes.io/name']", "operator": "in", "value": ["web"]},
    ],
)
def test_a_rule_that_is_kept_is_silent(context: Any, play: Any, rule: Any) -> None:
    result = judged(context, play, rule)
    assert result.failure is None
    assert result.outputs == {"judged": 1}


def test_all_violations_are_told_at_once(context: Any, play: Any) -> None:
    result = judged(
        context, play, {"path": "spec.paused", "operator": "absent"}, {"path": "spec.absent", "operator": "exists"}
    )
    assert "rule-0" in result.failure.message
    assert "rule-1" in result.failure.message


def test_very_many_violations_are_counted(context: Any, play: Any) -> None:
    many = [{**DEPLOYMENT, "metadata": {"name": f"web-{number}"}} for number in range(30)]
    result = judged(context, play, {"path": "spec.paused", "operator": "absent"}, objects=many)
    assert result.failure.message.endswith("; and 10 more")


def test_a_value_of_a_secret_is_never_shown(context: Any, play: Any) -> None:
    result = judged(context, play, {"path": "stringData.k", "operator": "absent"}, objects=[SECRET])
    assert result.failure is not None
    assert "hunter2" not in result.failure.message


@pytest.mark.parametrize("path", ["", ".a", "a.", "a..b", "a[", "a[x]", "a]b", "a[*]b"])
def test_a_path_that_is_none_is_refused(context: Any, play: Any, path: str) -> None:
    result = judged(context, play, {"path": path, "operator": "exists"})
    assert result.failure.code.number == "ORC-5106"
    assert "is no path" in result.failure.message


def test_rules_without_a_manifest_are_not_kept(context: Any, play: Any) -> None:
    result, _ = play(context("policy", {"rules": [{"name": "r", "path": "a", "operator": "exists"}]}))
    assert result.failure.code.number == "ORC-5113"


def test_manifests_of_the_repository_are_judged_too(context: Any, play: Any) -> None:
    rule = {"name": "r", "path": "spec.paused", "operator": "absent"}
    ctx = context("policy", {"rules": [rule], "manifests": ["m.json"]})
    (ctx.work_dir / "m.json").write_text(json.dumps(DEPLOYMENT))
    result, _ = play(ctx)
    assert result.failure.code.number == "ORC-5111"
    ctx = context("policy", {"rules": [rule], "manifests": ["../m.json"]})
    assert play(ctx)[0].failure.code.number == "ORC-5104"


def test_what_is_no_manifest_is_passed_over_and_a_broken_one_is_not(context: Any, play: Any) -> None:
    inputs = {"rules": [{"name": "r", "path": "spec.paused", "operator": "absent"}]}
    result, _ = play(context("policy", inputs, manifests={f"{PREFIX}/tags.json": b"{}"}))
    assert result.failure.code.number == "ORC-5113"
    result, _ = play(context("policy", inputs, manifests={f"{PREFIX}/m.yaml": b"a: ["}))
    assert result.failure.code.number == "ORC-5120"


def test_an_engine_that_cannot_be_had_fails_by_name(context: Any, play: Any) -> None:
    result, requests = play(context("policy", {"engine": "kyverno", "policies": ["cis-benchmark", "pci-dss"]}))
    assert requests == []
    assert result.failure.code.number == "ORC-5112"
    assert "'kyverno' is not available (cis-benchmark, pci-dss)" in result.failure.message


def test_a_program_finds_the_manifests_of_the_run_as_files(context: Any, play: Any, ended: Any) -> None:
    ctx = context("policy", {"script": "true"}, manifests=manifests(DEPLOYMENT) | {f"{PREFIX}/../../evil": b"x"})
    result, (request,) = play(ctx, [ended()])
    assert result.failure is None
    folder = ctx.scratch_dir / "rendered"
    assert request.env["INNOMINATUS_RENDERED_DIR"] == str(folder)
    assert [path.name for path in folder.iterdir()] == ["m.yaml"]
    assert not (ctx.scratch_dir.parent / "evil").exists()


def test_a_program_that_refuses_fails_the_policy(context: Any, play: Any, ended: Any) -> None:
    result, _ = play(context("policy", {"command": ["judge"]}), [ended(1)])
    assert result.failure.code.number == "ORC-5103"


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("*", "", True),
        ("a*", "abc", True),
        ("*c", "abc", True),
        ("a*c", "ac", True),
        ("a*a", "a", False),
        ("*b*", "abc", True),
        ("*x*", "abc", False),
        ("a*b*c", "a-b-c", True),
        ("a*b*b", "a-b", False),
        ("a.c", "abc", False),
        ("*" * 40 + "x", "a" * 5000, False),
    ],
)
def test_a_star_is_any_run_of_characters(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected
