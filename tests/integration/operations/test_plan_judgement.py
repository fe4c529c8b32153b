"""`plan` and `preview` say what would become of a run: refused, waiting for somebody, or allowed."""

import json
import os
from typing import Any

import pytest

from innominatus_cli.cli.main import run

SCORE = "apiVersion: score.dev/v1b1\nmetadata: {name: shop}\ncontainers: {web: {image: nginx}}\n"
ADMIN = """\
workflowPolicies:
  allowedStepTypes: [kubernetes, script%s]
  security: {requireApproval: [production]}
teams:
  owners: {members: [ada@shop.example]}
"""
FLOW = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: release, description: Releases, owner: platform-team, phase: deployment}
spec:
  triggers: [manual]
  steps:
    - {name: build, type: script, config: {script: "true"}}
    - {name: ask, type: approval, config: {teams: [owners], count: 1}}
    - {name: ship, type: script, config: {script: "true"}}
"""


@pytest.fixture(name="shop")
def _shop(tree: Any) -> Any:
    tree.commit(
        {"admin-config.yaml": ADMIN % ", approval", "score.yaml": SCORE, "workflows/platform/release.yaml": FLOW}
    )
    return tree


@pytest.mark.usefixtures("shop")
def test_a_plan_for_production_names_the_approval_and_is_a_good_plan(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "score.yaml", "--env", "production"]) == 0
    told = capsys.readouterr()
    assert told.out.endswith(
        "It waits for an approval: no step would run before.\n"
        "  environment 'production': 1 of any team must approve it\n"
    )
    assert "ORC-4009" not in told.err
    assert run(["plan", "score.yaml", "--env", "production", "-o", "json"]) == 0
    data = json.loads(capsys.readouterr().out)["policies"]
    assert data == {
        "outcome": "waits",
        "refused": [],
        "approvals": [{"gate": "environment", "teams": [], "quorum": 1, "approved": 0, "rejected": False}],
    }


@pytest.mark.usefixtures("shop")
def test_the_tree_names_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "score.yaml", "--env", "production", "-o", "tree"]) == 0
    assert "It waits for an approval" in capsys.readouterr().out


@pytest.mark.usefixtures("shop")
def test_a_plan_that_nothing_speaks_against_says_nothing_of_policies(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "score.yaml", "-o", "json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["policies"] == {"outcome": "allowed", "refused": [], "approvals": []}
    assert run(["plan", "score.yaml"]) == 0
    text = capsys.readouterr().out
    assert "refuse" not in text
    assert "waits" not in text


@pytest.mark.usefixtures("shop")
def test_an_approval_on_the_way_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--golden-path", "release"]) == 0
    assert capsys.readouterr().out.endswith("On its way it waits for:\n  step 'ask': 1 of owners must approve it\n")


def test_a_refusal_comes_before_the_approval_that_is_lacking(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write("admin-config.yaml", ADMIN.replace("kubernetes, ", "") % "")
    assert run(["plan", "score.yaml", "--env", "production"]) == 3
    told = capsys.readouterr()
    refused, finding, waits = told.out.splitlines()[-4:-1]
    assert refused == "Policies refuse it: no step would run."
    assert (
        finding
        == "  ORC-4004 type 'kubernetes' of step 'deploy-application' is not in allowedStepTypes (score.yaml:3:13)"
    )
    assert waits == "It waits for an approval: no step would run before."
    assert "ORC-4004" in told.err


@pytest.mark.usefixtures("shop")
def test_the_same_plan_is_told_in_the_same_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    said = set()
    for _ in range(2):
        run(["plan", "score.yaml", "--env", "production", "-o", "json"])
        said.add(capsys.readouterr().out)
    assert len(said) == 1, "no time stands in it"


def test_nothing_is_asked_for_a_preview_of_what_policies_refuse(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write("admin-config.yaml", ADMIN.replace("kubernetes, ", "") % "")
    assert run(["preview", "score.yaml"]) == 3
    told = capsys.readouterr()
    assert (told.out, "asked" in told.err, "Policies refuse it" in told.err) == ("", False, True)


def test_a_refused_plan_is_kept_for_whoever_may_run_it(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    restricted = ADMIN.replace("{requireApproval:", "{allowedExecutors: [owners], requireApproval:")
    shop.write("admin-config.yaml", restricted % "")
    assert run(["plan", "score.yaml", "--out", "plan.json"]) == 3
    assert "The plan is in plan.json" in capsys.readouterr().err
    assert run(["run", "--plan", "plan.json", "--dry-run"]) == 3, "it is judged again"


def test_a_digest_is_told_whoever_asks(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write("admin-config.yaml", ADMIN.replace("kubernetes, ", "") % "")
    assert run(["plan", "score.yaml", "--digest"]) == 0
    assert capsys.readouterr().out.startswith("sha256:")
    assert run(["plan", "score.yaml", "--digest", "--policies-from", "main"]) == 0


def test_files_with_names_that_are_no_text_have_their_own_findings_and_are_no_bug(
    shop: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shop.root / "workflows/platform"
    flow = FLOW.replace("[manual]", "[all_deployments]")
    for name in (b"\xff.yaml", b"\xfe.yaml"):
        (folder / os.fsdecode(name)).write_text(flow)
    for words in (["plan", "score.yaml"], ["run", "deploy-app", "score.yaml"]):
        assert run(words) == 1
        assert "ORC-3023" in capsys.readouterr().err
