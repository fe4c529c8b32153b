"""`affected` and `plan diff` as somebody types them, in real repositories."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.cli.main import run
from innominatus_cli.operations.affected import find_affected
from innominatus_cli.operations.planning import PlanWish
from innominatus_cli.reports.affected import LONGEST_COMMENT, affected_markdown
from tests.integration.operations.conftest import Tree

ADMIN = "environments: {development: {}, staging: {}}\nworkflowPolicies: {allowedStepTypes: [script, kubernetes]}\n"
SCAN = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: scan, description: Scans, owner: platform-team, phase: pre-deployment}
spec:
  triggers: [all_deployments]
  steps:
    - name: scan
      type: script
      timeout: 5m
      config: {script: make scan}
"""
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {{name: {name}}}
containers:
  web: {{image: "registry.example.com/web:{tag}"}}
"""
SCAN_PATH = "workflows/platform/scan.yaml"


@pytest.fixture
def shop(tree: Tree) -> Tree:
    """Two applications and a platform workflow, on main; the branch topic is checked out."""
    files = {"admin-config.yaml": ADMIN, SCAN_PATH: SCAN}
    apps = {f"apps/{name}/score.yaml": SCORE.format(name=name, tag="1") for name in ("api", "web")}
    tree.commit({**files, **apps})
    tree.git("checkout", "-q", "-b", "topic")
    return tree


def told(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = run(arguments)
    return status, capfd.readouterr().out


def test_equal_changes_are_told_once_with_the_line_that_brought_them(
    shop: Tree, capfd: pytest.CaptureFixture[str]
) -> None:
    shop.write(SCAN_PATH, SCAN.replace("5m", "10m\n      approval: {teams: [sre], count: 2}"))
    status, out = told(capfd, "affected", "--since", "main")
    assert status == 0
    assert out.splitlines() == [
        "2 of 2 applications affected: 1 step changed in 2, approval now needed in 2, timeouts changed in 2.",
        "",
        "2 applications: 1 step changed, approval now needed, timeouts changed",
        "  ~ step pre-deployment/platform/-/scan/scan (script)  because workflows/platform/scan.yaml:7 changed",
        "      + gate: 2 of sre",
        "      timeout_seconds: 5m → 10m",
        "  in api (apps/api/score.yaml), web (apps/web/score.yaml)",
    ]


def test_it_begins_where_the_branch_left_the_other_one(shop: Tree, capfd: pytest.CaptureFixture[str]) -> None:
    shop.commit({"apps/web/score.yaml": SCORE.format(name="web", tag="2")})
    shop.git("checkout", "-q", "main")
    shop.commit({"apps/api/score.yaml": SCORE.format(name="api", tag="9")})
    shop.git("checkout", "-q", "topic")
    _, out = told(capfd, "affected", "--since", "main", "-o", "json")
    found = json.loads(out)
    assert [one["path"] for one in found["affected"]] == ["apps/web/score.yaml"]
    assert found["schema"] == "innominatus.dev/affected/v1"
    assert found["commit"] == shop.git("merge-base", "main", "topic")
    (change,) = found["affected"][0]["changes"][:1]
    assert change["details"] == [
        {
            "pointer": "/inputs/workload/containers/web/image",
            "change": "changed",
            "was": "registry.example.com/web:1",
            "now": "registry.example.com/web:2",
        }
    ]


@pytest.mark.parametrize(
    ("change", "fail_on", "expected"),
    [
        ("none", ("changed", "broken", "refused"), 0),
        ("timeout", (), 0),
        ("timeout", ("broken", "refused"), 0),
        ("timeout", ("changed",), 1),
        ("broken", ("refused",), 0),
        ("broken", ("broken",), 1),
        ("refused", ("broken",), 0),
        ("refused", ("refused", "changed"), 3),
    ],
)
def test_what_is_to_fail_decides_the_exit_status(
    shop: Tree, capfd: pytest.CaptureFixture[str], change: str, fail_on: tuple[str, ...], expected: int
) -> None:
    texts = {
        "none": SCAN,
        "timeout": SCAN.replace("5m", "6m"),
        "broken": SCAN.replace("make scan", "make ${nothing.here}"),
        "refused": SCAN + "    - {name: tag, type: tagging}\n",
    }
    shop.write(SCAN_PATH, texts[change])
    status, _ = told(capfd, "affected", "--since", "main", *(word for one in fail_on for word in ("--fail-on", one)))
    assert status == expected


def test_a_change_cannot_loosen_its_own_judge(shop: Tree, capfd: pytest.CaptureFixture[str]) -> None:
    shop.write("admin-config.yaml", ADMIN.replace("kubernetes]", "kubernetes, tagging]"))
    shop.write(SCAN_PATH, SCAN + "    - {name: tag, type: tagging}\n")
    assert told(capfd, "affected", "--since", "main", "--fail-on", "refused")[0] == 0
    status, out = told(capfd, "affected", "--since", "main", "--policies-from", "main", "--fail-on", "refused")
    assert status == 3
    assert "refused in 2" in out


def test_facts_from_outside_are_the_same_at_both_ends(
    shop: Tree, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    steps = "    - {name: c, type: script, env: {C: '${git.commit}'}, config: {script: 'true'}}\n"
    shop.commit({SCAN_PATH: SCAN + steps})
    shop.git("checkout", "-q", "-B", "main")
    shop.commit({"notes.md": "words"})
    monkeypatch.setenv("CI", "true")
    assert told(capfd, "affected", "--since", "HEAD~1") == (0, "0 of 2 applications affected.\n")


def test_a_deployment_that_stands_in_the_records_is_no_first_one_at_either_end(
    shop: Tree, capfd: pytest.CaptureFixture[str]
) -> None:
    first = SCAN.replace("all_deployments", "first_deployment")
    files = {"admin-config.yaml": "workflowPolicies: {}\n", SCAN_PATH: first}
    shop.commit(files)
    plain = "apiVersion: score.dev/v1b1\nmetadata: {name: api}\ncontainers: {web: {image: 'x:1'}}\n"
    shop.commit({"apps/api/score.yaml": plain, "Makefile": "scan:\n\ttrue\n"})
    task = "kind: GoldenPath\napiVersion: workflow.dev/v1\nmetadata: {name: quick, description: d}\n"
    spec = "spec: {operation: deploy, workflow: ../platform/scan.yaml}\n"
    shop.commit({"workflows/golden-paths/quick.yaml": task + spec})
    shop.git("config", "user.name", "Ada")
    shop.git("config", "user.email", "ada@shop.example")
    assert run(["run", "quick", "apps/api/score.yaml"]) == 0
    capfd.readouterr()
    shop.write(SCAN_PATH, first.replace("5m", "6m"))
    _, out = told(capfd, "affected", "--since", "HEAD", "-o", "json")
    found = {one["application"]: one["effects"] for one in json.loads(out)["affected"]}
    assert found["web"] == ["1 step changed", "timeouts changed"]
    assert found["api"] == ["same steps, another digest"]


def test_a_comment_has_room_and_says_what_it_left_out(shop: Tree) -> None:
    for number in range(900):
        shop.write(f"apps/a{number}/score.yaml", SCORE.format(name=f"app-{number}", tag="1"))
    shop.commit()
    for number in range(900):
        shop.write(f"apps/a{number}/score.yaml", SCORE.format(name=f"app-{number}", tag=f"2-{number}-```-@everybody"))
    report = find_affected("HEAD", PlanWish())
    text = affected_markdown(report)
    assert 60_000 < len(text) <= LONGEST_COMMENT
    assert text.startswith("### 900 of 902 applications affected: ")
    assert "more groups_ of changes" in text or "more groups of changes" in text
    assert "innominatus-ctl affected --since HEAD" in text.splitlines()[-1]


def test_nothing_that_people_wrote_gets_out_of_its_block(shop: Tree) -> None:
    shop.write("apps/web/score.yaml", SCORE.format(name="web", tag="```\\n\\n# A title @everybody"))
    text = affected_markdown(find_affected("main", PlanWish()))
    outside = []
    fence = ""
    for line in text.splitlines():
        if line.startswith("```"):
            run_of = line[: len(line) - len(line.lstrip("`"))]
            fence = "" if fence and line == fence else fence or run_of
        elif not fence:
            outside.append(line)
    assert "@everybody" not in "\n".join(outside)


def test_plans_of_two_commits_an_environment_and_files_are_compared(
    shop: Tree, capfd: pytest.CaptureFixture[str]
) -> None:
    score = "apps/web/score.yaml"
    shop.commit({SCAN_PATH: SCAN.replace("make scan", "make deep-scan")})
    expected = "inputs/script: make scan → make deep-scan"
    for ends in ("main..HEAD", "main...topic", "main topic", "main", "main.."):
        words = f"{ends} {score}"
        status, out = told(capfd, "plan", "diff", *words.split())
        assert (status, expected in out) == (0, True), words
    assert told(capfd, "plan", "diff", "HEAD", score)[1].splitlines()[1].startswith("The same plan: sha256:")
    _, out = told(capfd, "plan", "diff", score, "--env", "development..staging")
    assert "~ input environment: development → staging" in out
    for name, revision in (("a.json", "main"), ("b.json", "HEAD")):
        _, data = told(capfd, "plan", score, "--at", revision, "-o", "json")
        Path(name).write_text(data)
    status, out = told(capfd, "plan", "diff", "a.json", "b.json", "--exit-code")
    assert (status, expected in out) == (1, True)
    document: dict[str, Any] = json.loads(told(capfd, "plan", "diff", "a.json", "b.json", "-o", "json")[1])
    assert document["summary"] == ["1 step changed", "inputs changed"]
    assert document["old"]["digest"] != document["new"]["digest"]
    assert "```diff" in told(capfd, "plan", "diff", "a.json", "b.json", "-o", "markdown")[1]


def test_the_digests_of_a_comparison_are_those_of_both_plans(shop: Tree, capfd: pytest.CaptureFixture[str]) -> None:
    score = "apps/web/score.yaml"
    shop.commit({SCAN_PATH: SCAN.replace("make scan", "make deep-scan")})
    ends = [told(capfd, "plan", score, "--at", end, "--digest")[1].strip() for end in ("main", "HEAD")]
    found = json.loads(told(capfd, "plan", "diff", "main..HEAD", score, "-o", "json")[1])
    assert [found["old"]["digest"], found["new"]["digest"]] == ends


@pytest.mark.parametrize(
    "words",
    [("score.yaml",), ("a..b", "c", "score.yaml"), ("a", "b", "c", "score.yaml")],
)
def test_what_compares_nothing_is_wrong_usage(
    shop: Tree, capfd: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert run(["plan", "diff", *words]) == 2
    assert shop.root.is_dir()
    assert "Error:" in capfd.readouterr().err


def test_an_end_without_a_plan_says_why_and_fails(shop: Tree, capfd: pytest.CaptureFixture[str]) -> None:
    shop.write(SCAN_PATH, SCAN.replace("make scan", "make ${nothing.here}"))
    assert run(["plan", "diff", "main", "apps/web/score.yaml"]) == 1
    printed = capfd.readouterr()
    assert "There is no plan of working tree to compare." in printed.out
    assert f"{os.fspath(SCAN_PATH)}:10" in printed.err
