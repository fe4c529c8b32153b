"""`--since`: what changed since a revision, and what the change brought elsewhere."""

import os
import subprocess
from typing import Any

import pytest

from innominatus_cli.cli.main import run
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.checking import CheckRequest, check
from innominatus_cli.operations.validation import Validation

ADMIN = "admin: {defaultCostCenter: shop}\n"
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: web-shop}
containers:
  web: {image: "registry.example.com/web-shop:latest"}
"""
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {{name: {name}, description: A workflow, owner: platform-team, phase: deployment{more}}}
spec:
  triggers: [all_deployments]
  steps:
    - name: work
      type: {type}
      config: {{script: make {name}}}
"""
PART = """\
apiVersion: workflow.dev/v1
kind: Workflow
metadata: {name: part, description: A part, owner: platform-team}
spec:
  steps:
    - {name: work, type: script, config: {script: make part}}
"""
GOLDEN_PATH = """\
apiVersion: workflow.dev/v1
kind: GoldenPath
metadata: {name: preview, description: A preview}
spec: {operation: deploy, workflow: workflows/parts/part.yaml}
"""


def workflow(name: str, more: str = "", kind: str = "script") -> str:
    return WORKFLOW.format(name=name, more=more, type=kind)


def since(revision: str = "main", **wishes: Any) -> Validation:
    return check(CheckRequest(since=revision, **wishes))


def told(found: Validation) -> list[tuple[str, str]]:
    return [(one.code.number, one.place.path) for one in found.findings]


@pytest.fixture
def shop(tree: Any) -> Any:
    """Two applications with a warning each, and a workflow."""
    tree.commit(
        {
            "admin-config.yaml": ADMIN,
            "apps/a/score.yaml": SCORE,
            "apps/b/score.yaml": SCORE.replace("web-shop", "shop-b"),
            "workflows/platform/scan.yaml": workflow("scan"),
        }
    )
    tree.git("checkout", "-q", "-b", "topic")
    return tree


def test_where_nothing_changed_nothing_is_checked(shop: Any) -> None:
    found = since()
    assert (told(found), found.files) == ([], 0)
    assert len(check(CheckRequest()).findings) == 2
    assert shop.root.is_dir()


@pytest.mark.parametrize("how", ["committed", "staged", "unstaged"])
def test_a_change_counts_however_far_it_has_come(shop: Any, how: str) -> None:
    shop.write("apps/a/score.yaml", f"{SCORE}# changed\n")
    if how != "unstaged":
        shop.git("add", "--all")
    if how == "committed":
        shop.commit()
    found = since()
    assert (told(found), found.files) == ([("ORC-2089", "apps/a/score.yaml")], 1)


def test_untracked_files_count_ignored_ones_too(shop: Any) -> None:
    shop.commit({".gitignore": "ignored/\n"})
    shop.write("new/score.yaml", SCORE.replace("web-shop", "shop-c"))
    shop.write("ignored/score.yaml", SCORE.replace("web-shop", "shop-d"))
    assert told(since("topic")) == [("ORC-2089", "ignored/score.yaml"), ("ORC-2089", "new/score.yaml")]


def test_what_the_other_branch_did_meanwhile_does_not_count(shop: Any) -> None:
    shop.git("checkout", "-q", "main")
    shop.commit({"apps/a/score.yaml": f"{SCORE}# changed on main\n"})
    shop.git("checkout", "-q", "topic")
    shop.commit({"apps/b/score.yaml": SCORE.replace("web-shop", "shop-b") + "# changed here\n"})
    assert told(since("main")) == [("ORC-2089", "apps/b/score.yaml")]


def test_only_line_ends_are_no_change(shop: Any) -> None:
    (shop.root / "apps/a/score.yaml").write_bytes(SCORE.replace("\n", "\r\n").encode())
    assert told(since()) == []


def test_a_removed_workflow_makes_those_that_named_it_count(shop: Any) -> None:
    base = shop.commit({"workflows/platform/tag.yaml": workflow("tag", ", dependsOn: [scan]")})
    assert told(since(base)) == []
    shop.git("rm", "-q", "workflows/platform/scan.yaml")
    assert told(since(base)) == [("ORC-2013", "workflows/platform/tag.yaml")]
    shop.git("reset", "-q", "--hard")
    shop.git("mv", "workflows/platform/scan.yaml", "workflows/platform/look.yaml")
    shop.write("workflows/platform/look.yaml", workflow("look"))
    assert told(since(base)) == [("ORC-2013", "workflows/platform/tag.yaml")]


def test_a_circle_that_a_change_closes_is_told_wherever_it_begins(shop: Any) -> None:
    base = shop.commit(
        {
            "workflows/platform/a.yaml": workflow("a", ", dependsOn: [b]"),
            "workflows/platform/b.yaml": workflow("b", ", dependsOn: [c]"),
            "workflows/platform/c.yaml": workflow("c"),
        }
    )
    shop.write("workflows/platform/c.yaml", workflow("c", ", dependsOn: [a]"))
    assert told(since(base)) == [("ORC-2014", "workflows/platform/a.yaml")]


def test_a_change_of_policies_shows_what_it_breaks_and_nothing_else(shop: Any) -> None:
    shop.write("admin-config.yaml", f"{ADMIN}workflowPolicies: {{allowedStepTypes: [kubernetes]}}\n")
    assert told(since()) == [("ORC-4004", "workflows/platform/scan.yaml")]


def test_a_removed_step_type_makes_its_users_count(shop: Any) -> None:
    step_type = (
        "apiVersion: workflow.dev/v1\nkind: StepType\nmetadata: {name: lint, description: Lints}\n"
        "spec: {command: [make, lint]}\n"
    )
    step = workflow("lint-all", kind="lint").replace("      config: {script: make lint-all}\n", "")
    base = shop.commit({"workflows/step-types/lint.yaml": step_type, "workflows/platform/lint-all.yaml": step})
    before = check(CheckRequest()).findings
    shop.git("rm", "-q", "workflows/step-types/lint.yaml")
    assert ("ORC-2002", "workflows/platform/lint-all.yaml") in told(since(base))
    assert len(since(base).findings) < len(check(CheckRequest()).findings)
    assert before


def test_a_file_that_a_workload_takes_in_is_a_part_of_it(shop: Any) -> None:
    files = SCORE.rstrip().removesuffix("}") + ", files: {/etc/shop.conf: {source: shop.conf}}}\n"
    base = shop.commit({"apps/a/score.yaml": files, "apps/a/shop.conf": "a=1\n", "apps/b/shop.conf": "a=1\n"})
    shop.write("apps/b/shop.conf", "a=2\n")
    assert told(since(base)) == []
    shop.write("apps/a/shop.conf", "a=2\n")
    assert told(since(base)) == [("ORC-2089", "apps/a/score.yaml")]
    (shop.root / "apps/a/shop.conf").unlink()
    assert told(since(base)) == [("ORC-2089", "apps/a/score.yaml"), ("ORC-2091", "apps/a/score.yaml")]


def test_an_overrides_file_is_a_part_of_the_workload_beside_it(shop: Any) -> None:
    shop.write("apps/a/score.overrides.prod.yaml", "containers: {web: {image: 'registry.example.com/shop:1'}}\n")
    assert told(since()) == [("ORC-2089", "apps/a/score.yaml")]


def test_the_workflow_of_a_golden_path_is_a_part_of_it(shop: Any) -> None:
    base = shop.commit({"workflows/golden-paths/preview.yaml": GOLDEN_PATH, "workflows/parts/part.yaml": PART})
    shop.write("workflows/parts/part.yaml", PART.replace("make part", "make it"))
    assert set(since(base).kinds) == {"workflows/golden-paths/preview.yaml", "workflows/parts/part.yaml"}
    shop.git("rm", "-qf", "workflows/parts/part.yaml")
    assert told(since(base)) == [("ORC-2043", "workflows/golden-paths/preview.yaml")]


def test_a_part_that_nothing_runs_any_more_is_told(shop: Any) -> None:
    base = shop.commit({"workflows/golden-paths/preview.yaml": GOLDEN_PATH, "workflows/parts/part.yaml": PART})
    shop.git("rm", "-q", "workflows/golden-paths/preview.yaml")
    assert told(since(base)) == [("ORC-2187", "workflows/parts/part.yaml")]


def test_paths_narrow_what_is_shown(shop: Any) -> None:
    for name in "ab":
        shop.write(f"apps/{name}/score.yaml", f"{SCORE}# changed\n".replace("web-shop", f"shop-{name}"))
    assert told(since(paths=("apps/b",))) == [("ORC-2089", "apps/b/score.yaml")]
    assert told(since(paths=("apps/b/score.yaml", "workflows"))) == [("ORC-2089", "apps/b/score.yaml")]
    assert (told(since(paths=("workflows",))), since(paths=("workflows",)).files) == ([], 0)


def test_a_folder_of_a_repository_is_compared_with_itself(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    base = shop.commit({"team/admin-config.yaml": ADMIN, "team/score.yaml": SCORE})
    monkeypatch.chdir(shop.root / "team")
    assert told(since(base)) == []
    shop.write("team/score.yaml", f"{SCORE}# changed\n")
    shop.write("apps/a/score.yaml", f"{SCORE}# changed\n")
    assert told(since(base)) == [("ORC-2089", "score.yaml")]
    monkeypatch.chdir(shop.root)
    assert told(since(base, paths=("team", "apps"))) == [
        ("ORC-2089", "apps/a/score.yaml"),
        ("ORC-2089", "team/score.yaml"),
    ]


def test_a_broken_admin_config_is_told_whatever_changed(shop: Any) -> None:
    base = shop.commit({"admin-config.yaml": "workflowPolicies: {allowedStepTypes: 1}\n"})
    shop.write("apps/a/score.yaml", f"{SCORE}# changed\n")
    assert told(since(base)) == [("ORC-1035", "admin-config.yaml"), ("ORC-2089", "apps/a/score.yaml")]


def test_names_that_collide_with_a_new_file_are_told(shop: Any) -> None:
    shop.write("workflows/platform/Scan.yaml", workflow("other"))
    assert {code for code, _ in told(since())} == {"ORC-1064", "ORC-2023"}


def test_what_was_wrong_with_names_before_is_not_told_again(shop: Any) -> None:
    (shop.root / "apps/out").symlink_to("/etc/passwd")
    (shop.root / "apps/round").symlink_to("round")
    bare = shop.root / "apps/bare"
    for folder in ("objects", "refs"):
        (bare / folder).mkdir(parents=True)
        (bare / folder / "x").write_text("x")
    (bare / "HEAD").write_text("ref: refs/heads/main\n")
    assert {code for code, _ in told(since())} == {"ORC-1063", "ORC-1066"}
    base = shop.commit({"apps/con.yaml": "a: 1\n", "apps/A/x": "", "apps/a/X": ""})
    assert {code for code, _ in told(check(CheckRequest()))} >= {"ORC-1063", "ORC-1064", "ORC-1066", "ORC-1067"}
    shop.write("apps/a/score.yaml", f"{SCORE}# changed\n")
    assert told(since(base)) == [("ORC-2089", "apps/a/score.yaml")]


def test_ignores_and_baselines_work_on_what_changed(shop: Any) -> None:
    shop.write("apps/a/score.yaml", f"# innominatus: ignore-file ORC-2089 -- pinned\n{SCORE}")
    found = since()
    assert (told(found), len(found.suppressed)) == ([], 1)
    base = shop.commit()
    shop.write("workflows/platform/scan.yaml", workflow("scan") + "# changed\n")
    assert (told(since(base)), since(base).suppressed) == ([], ())
    check(CheckRequest(write_baseline="known.json"))
    shop.write("apps/b/score.yaml", SCORE.replace("web-shop", "shop-b") + "# changed\n")
    assert told(since(base, baseline="known.json")) == []


def test_the_revision_that_judges_may_be_another_one(shop: Any) -> None:
    shop.git("checkout", "-q", "main")
    shop.commit({"admin-config.yaml": f"{ADMIN}workflowPolicies: {{allowedStepTypes: [kubernetes]}}\n"})
    shop.git("checkout", "-q", "topic")
    shop.write("workflows/platform/tag.yaml", workflow("tag"))
    found = since(policies_from="main")
    assert told(found) == [("ORC-4004", "workflows/platform/tag.yaml")]
    assert found.findings[0].related[0].place.path == "main:admin-config.yaml"


def test_an_unknown_revision_is_a_finding(shop: Any) -> None:
    with pytest.raises(CannotContinue) as caught:
        since("nope")
    assert (caught.value.findings[0].code.number, caught.value.exit_status) == ("ORC-6003", 1)
    assert shop.root.is_dir()


def test_a_revision_without_a_common_commit_is_a_finding(shop: Any) -> None:
    shop.git("checkout", "-q", "--orphan", "other")
    shop.commit({"unlike": "main"})
    with pytest.raises(CannotContinue) as caught:
        since("main")
    assert (caught.value.findings[0].code.number, caught.value.exit_status) == ("ORC-1078", 69)
    assert "shallow" not in caught.value.findings[0].help


def test_a_shallow_clone_is_told_how_to_get_deeper(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.commit({"apps/a/score.yaml": f"{SCORE}# changed\n"})
    clone = shop.root.parent / "clone"
    address = f"file://{shop.root}"
    subprocess.run(["git", "clone", "-q", "--depth=1", "--no-single-branch", address, clone], check=True)
    monkeypatch.chdir(clone)
    with pytest.raises(CannotContinue) as caught:
        since("origin/main")
    assert caught.value.findings[0].code.number == "ORC-1078"
    assert "git fetch --unshallow" in caught.value.findings[0].help
    with pytest.raises(CannotContinue) as caught:
        since("HEAD~1")
    assert caught.value.findings[0].code.number == "ORC-6003"
    assert "git fetch --unshallow" in caught.value.findings[0].help


def test_without_git_there_is_nothing_to_compare_with(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.root / ".git").rename(shop.root.parent / "elsewhere")
    assert run(["validate", "--since", "main"]) == 69
    assert "ORC-6002" in capsys.readouterr().err


def test_before_the_first_commit_there_is_nothing_to_compare_with(tree: Any) -> None:
    tree.write("score.yaml", SCORE)
    with pytest.raises(CannotContinue) as caught:
        since("HEAD")
    assert caught.value.findings[0].code.number == "ORC-6003"


def test_a_repository_of_sha256_is_compared_too(tree: Any) -> None:
    tree.git("init", "-q", "-b", "main", "--object-format=sha256", "inner")
    tree.root = tree.root / "inner"
    os.chdir(tree.root)
    tree.commit({"a/score.yaml": SCORE, "b/score.yaml": SCORE})
    tree.write("a/score.yaml", f"{SCORE}# changed\n")
    assert told(since("HEAD")) == [("ORC-2089", "a/score.yaml")]


def test_links_count_as_what_they_lead_to(shop: Any) -> None:
    (shop.root / "apps/c").mkdir()
    (shop.root / "apps/c/score.yaml").symlink_to("../a/score.yaml")
    base = shop.commit()
    shop.write("apps/a/score.yaml", f"{SCORE}# changed\n")
    assert told(since(base)) == [("ORC-2089", "apps/a/score.yaml"), ("ORC-2089", "apps/c/score.yaml")]


def test_nothing_that_a_repository_configures_is_run(shop: Any) -> None:
    witness = shop.root.parent / "witness"
    shop.commit({".gitattributes": "* filter=evil diff=evil\n"})
    for key, value in {
        "filter.evil.clean": f"touch {witness}; cat",
        "filter.evil.smudge": f"touch {witness}; cat",
        "filter.evil.process": f"touch {witness}",
        "diff.evil.textconv": f"touch {witness}; cat",
        "diff.external": f"touch {witness}",
        "core.fsmonitor": f"touch {witness}",
        "core.pager": f"touch {witness}",
        "core.sshCommand": f"touch {witness}",
    }.items():
        shop.git("config", key, value)
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"):
        file = shop.root / ".git/hooks" / hook
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\ntouch {witness}\n")
        file.chmod(0o755)
    shop.write("apps/a/score.yaml", f"{SCORE}# changed\n")
    witness.unlink(missing_ok=True)
    assert told(since(policies_from="main")) == [("ORC-2089", "apps/a/score.yaml")]
    assert not witness.exists()


def test_the_command_refuses_what_makes_no_sense(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "--since", "main", "--write-baseline", "known.json"]) == 2
    assert run(["validate", "--baseline", "a.json", "--write-baseline", "known.json"]) == 2
    assert not (shop.root / "known.json").exists()
    capsys.readouterr()
    assert run(["check", "--since", "main"]) == 0
    assert capsys.readouterr().out.endswith("0 files checked: nothing found\n")


def test_a_changed_overlay_is_held_together_with_its_score_file(shop: Any) -> None:
    shop.commit({"apps/a/score.overrides.staging.yaml": "containers: {web: {imge: x}}\n"})
    overlay = "apps/a/score.overrides.staging.yaml"
    assert [one for one in told(since()) if one[1] != "apps/a/score.yaml"] == [("ORC-1033", overlay)]
    shop.git("checkout", "-q", "-b", "later")
    shop.commit({"apps/b/score.overrides.staging.yaml": "containers: {web: {command: [serve]}}\n"})
    assert {path for _, path in told(since("topic"))} <= {"apps/b/score.yaml"}


def test_a_changed_score_file_is_held_together_with_its_overlays(shop: Any) -> None:
    shop.commit({"apps/a/score.overrides.staging.yaml": 'containers: {api: {variables: {LEVEL: "debug"}}}\n'})
    shop.git("checkout", "-q", "-b", "later")
    two = 'containers:\n  api: {image: "registry.example.com/api:1"}\n  web:'
    shop.commit({"apps/a/score.yaml": SCORE.replace("containers:\n  web:", two)})
    assert ("ORC-1034", "apps/a/score.overrides.staging.yaml") not in told(since("topic"))
    shop.git("checkout", "-q", "-b", "removed")
    shop.commit({"apps/a/score.yaml": SCORE})
    assert ("ORC-1034", "apps/a/score.overrides.staging.yaml") in told(since("later"))
