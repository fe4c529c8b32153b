"""`--policies-from`: a change is judged by the policies and ignores of the revision that it is to be merged into."""

import json
from typing import Any

import pytest

from innominatus_cli.cli.main import run
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.checking import CheckRequest, check
from innominatus_cli.operations.validation import Validation

ADMIN = "workflowPolicies:\n  allowedStepTypes: [{}]\n"
REQUIRED = "workflowPolicies:\n  requiredPlatformWorkflows:\n    - scan\n"
SCAN = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: scan, description: Scans, owner: platform-team, phase: deployment}
spec:
  triggers: [all_deployments]
  steps:
    - name: scan
      type: script
      config: {script: make scan}
"""
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: web-shop}
containers:
  web: {image: "registry.example.com/web-shop:latest"}
"""


def codes(found: Validation) -> list[str]:
    return [one.code.number for one in found.findings]


def judged(**wishes: Any) -> Validation:
    return check(CheckRequest(policies_from="main", **wishes))


def test_a_change_that_loosens_its_policies_is_judged_by_the_old_ones(tree: Any) -> None:
    tree.commit({"admin-config.yaml": ADMIN.format("kubernetes"), "workflows/policies/README.md": ""})
    tree.git("checkout", "-q", "-b", "topic")
    tree.write("admin-config.yaml", ADMIN.format("kubernetes, script"))
    tree.write("workflows/platform/scan.yaml", SCAN)
    assert codes(check(CheckRequest())) == []
    found = judged()
    assert codes(found) == ["ORC-4004"]
    related = found.findings[0].related[0].place
    assert (related.path, related.line) == ("main:admin-config.yaml", 2)
    assert found.sources["main:admin-config.yaml"] == ADMIN.format("kubernetes")


def test_workflow_policies_documents_come_from_the_revision_too(tree: Any) -> None:
    strict = (
        "apiVersion: workflow.dev/v1\nkind: WorkflowPolicies\nmetadata: {name: strict}\n"
        "spec:\n  resources: {allowedStepTypes: [kubernetes]}\n"
    )
    tree.commit({"admin-config.yaml": "admin: {defaultCostCenter: shop}\n", "workflows/policies/strict.yaml": strict})
    tree.git("checkout", "-q", "-b", "topic")
    tree.git("rm", "-q", "workflows/policies/strict.yaml")
    tree.write("workflows/platform/scan.yaml", SCAN)
    found = judged()
    assert codes(found) == ["ORC-4004"]
    assert found.findings[0].related[0].place.path == "main:workflows/policies/strict.yaml"


def test_a_required_workflow_that_the_change_takes_out_with_its_rule_is_told_at_the_rule(tree: Any) -> None:
    tree.commit({"admin-config.yaml": REQUIRED, "workflows/platform/scan.yaml": SCAN})
    assert codes(judged()) == []
    tree.write("admin-config.yaml", "admin: {defaultCostCenter: shop}\n")
    tree.git("rm", "-q", "workflows/platform/scan.yaml")
    found = judged()
    assert [(one.code.number, one.place.path, one.place.line) for one in found.findings] == [
        ("ORC-2026", "main:admin-config.yaml", 3)
    ]


def test_tables_of_admin_config_are_those_of_the_change(tree: Any) -> None:
    step = SCAN.replace("type: script", "type: validation").replace("{script: make scan}", "{healthChecks: [web]}")
    tree.commit({"admin-config.yaml": "healthChecks: {api: {type: dns, host: api.example.com}}\n"})
    tree.write("admin-config.yaml", "healthChecks: {web: {type: dns, host: web.example.com}}\n")
    tree.write("workflows/platform/scan.yaml", step)
    assert codes(judged()) == []


def test_ignores_of_the_change_count_only_for_what_guards_nothing(tree: Any) -> None:
    ignores = "validation:\n  ignores:\n    - {code: ORC-4004, path: '**', reason: we need it}\n"
    tree.commit({"admin-config.yaml": ADMIN.format("kubernetes"), "score.yaml": SCORE})
    tree.write("admin-config.yaml", ADMIN.format("kubernetes") + ignores)
    tree.write("workflows/platform/scan.yaml", SCAN)
    tree.write("score.yaml", f"# innominatus: ignore-file ORC-2089 -- pinned\n{SCORE}")
    assert codes(check(CheckRequest())) == []
    assert codes(judged()) == ["ORC-4004"]
    comment = "# innominatus: ignore-file ORC-4004 -- we need it"
    tree.write("workflows/platform/scan.yaml", f"{comment}\n{SCAN}")
    assert sorted(codes(judged())) == ["ORC-1075", "ORC-4004"]
    tree.commit()
    found = judged()
    assert [one.code.number for one in found.findings] == ["ORC-1075"]
    places = {(one.finding.code.number, one.place.path) for one in found.suppressed}
    assert places == {("ORC-4004", "main:admin-config.yaml"), ("ORC-2089", "score.yaml")}


def test_a_baseline_of_the_change_cannot_know_a_policy(tree: Any) -> None:
    tree.commit({"admin-config.yaml": ADMIN.format("kubernetes"), "score.yaml": SCORE})
    tree.write("workflows/platform/scan.yaml", SCAN)
    check(CheckRequest(write_baseline="known.json"))
    found = judged(baseline="known.json")
    assert codes(found) == ["ORC-1075", "ORC-4004"]
    assert [one.finding.code.number for one in found.suppressed] == ["ORC-2089"]
    tree.commit()
    assert codes(judged(baseline="known.json")) == []


def test_policies_that_cannot_be_read_are_findings_at_the_revision(tree: Any) -> None:
    tree.commit({"admin-config.yaml": "workflowPolicies: {allowedStepTypes: kubernetes}\n", "score.yaml": SCORE})
    tree.write("admin-config.yaml", "admin: {defaultCostCenter: shop}\n")
    assert [(one.code.number, one.place.path) for one in judged().findings] == [
        ("ORC-1035", "main:admin-config.yaml"),
        ("ORC-2089", "score.yaml"),
    ]


def test_a_revision_without_policies_is_told(tree: Any) -> None:
    tree.commit({"score.yaml": SCORE.replace("latest", "1.0")})
    tree.write("admin-config.yaml", ADMIN.format("kubernetes"))
    assert [(one.code.number, one.place.path) for one in judged().findings] == [
        ("ORC-3043", "main:admin-config.yaml"),
    ]


def test_a_folder_of_a_repository_has_its_own_policies(tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.commit({"admin-config.yaml": ADMIN.format("script"), "team/admin-config.yaml": ADMIN.format("kubernetes")})
    tree.write("team/admin-config.yaml", ADMIN.format("script"))
    tree.write("team/workflows/platform/scan.yaml", SCAN)
    monkeypatch.chdir(tree.root / "team")
    assert codes(judged()) == ["ORC-4004"]


@pytest.mark.parametrize(("revision", "code", "status"), [("nope", "ORC-6003", 1), ("--help", "ORC-6003", 1)])
def test_an_unknown_revision_ends_the_check(tree: Any, revision: str, code: str, status: int) -> None:
    tree.commit({"score.yaml": SCORE})
    with pytest.raises(CannotContinue) as caught:
        check(CheckRequest(policies_from=revision))
    assert [one.code.number for one in caught.value.findings] == [code]
    assert caught.value.exit_status == status


def test_without_git_there_is_no_other_revision(tree: Any) -> None:
    tree.commit({"score.yaml": SCORE})
    (tree.root / ".git").rename(tree.root.parent / "elsewhere")
    with pytest.raises(CannotContinue) as caught:
        check(CheckRequest(policies_from="main"))
    assert (caught.value.findings[0].code.number, caught.value.exit_status) == ("ORC-6002", 69)
    assert "--policies-from" in caught.value.findings[0].message


def test_plan_is_judged_as_a_run_would_be(tree: Any, capsys: pytest.CaptureFixture[str]) -> None:
    tree.commit({"admin-config.yaml": ADMIN.format("kubernetes"), "score.yaml": SCORE})
    tree.write("admin-config.yaml", ADMIN.format("kubernetes, script"))
    tree.write("workflows/platform/scan.yaml", SCAN)
    assert run(["plan", "score.yaml"]) == 0
    capsys.readouterr()
    assert run(["plan", "score.yaml", "--policies-from", "main"]) == 3
    told = capsys.readouterr()
    assert "ORC-4004" in told.err
    assert "main:admin-config.yaml:2" in told.err
    lines = told.out.splitlines()
    assert lines[-2] == "Policies refuse it: no step would run."
    assert lines[-1].startswith("  ORC-4004 ")
    assert run(["plan", "score.yaml", "--policies-from", "main", "-o", "json"]) == 3
    data = json.loads(capsys.readouterr().out)
    verdict = data["verdict"]
    assert data["policies"]["outcome"] == "refused"
    assert (verdict["allowed"], verdict["policies_from"]) == (False, "main")
    tree.commit()
    assert run(["plan", "score.yaml", "--policies-from", "main"]) == 0
    assert "refuse" not in capsys.readouterr().out


def test_plan_says_what_it_cannot_judge_by(tree: Any, capsys: pytest.CaptureFixture[str]) -> None:
    tree.commit({"score.yaml": SCORE})
    assert run(["plan", "score.yaml", "--policies-from", "origin/mian"]) == 1
    assert "ORC-6003" in capsys.readouterr().err
