"""`plan --at REV` plans from git objects what a checkout of REV plans, and says clearly which revisions it cannot."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.cli.main import run
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.planning import PlanWish, plan_for
from tests.integration.operations.conftest import Tree

ADMIN = "environments: {development: {}, staging: {}}\nadmin: {productFromName: true}\n"
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {{name: {name}}}
containers:
  web: {{image: "registry.example.com/web:{tag}"}}
"""
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {{name: {name}, description: d, owner: o, phase: {phase}}}
spec:
  triggers: [all_deployments]
  steps:
    - {{name: check, type: script, config: {{script: "make {word}"}}}}
    - {{name: commit, type: script, env: {{COMMIT: "${{git.commit}}"}}, config: {{script: "true"}}}}
"""

FILES = st.dictionaries(
    st.sampled_from(
        (
            "admin-config.yaml",
            "workflows/platform/scan.yaml",
            "workflows/platform/audit.yaml",
            "workflows/platform/.gitattributes",
            "notes/readme.md",
        )
    ),
    st.tuples(st.sampled_from(("pre-deployment", "deployment")), st.sampled_from(("a", "b", "äöü"))),
)


def content(path: str, phase: str, word: str) -> str:
    if path.endswith("admin-config.yaml"):
        return ADMIN + f"env: [W{word.encode().hex()}]\n"
    if "/platform/" in path and path.endswith(".yaml"):
        return WORKFLOW.format(name=Path(path).stem, phase=phase, word=word)
    return f"# {word}\n"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=st.lists(st.tuples(FILES, st.sampled_from(("1", "2"))), min_size=2, max_size=3), sha256=st.booleans())
def test_the_digest_at_a_revision_is_that_of_a_checkout_of_it(
    states: list[tuple[dict[str, tuple[str, str]], str]], sha256: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "a"
        root.mkdir()
        monkeypatch.chdir(root)
        tree = Tree(root)
        if sha256:
            shutil.rmtree(root / ".git")
            tree.git("init", "-q", "-b", "main", "--object-format=sha256")
        commits = []
        for files, tag in states:
            for path in ("workflows", "admin-config.yaml", "notes"):
                shutil.rmtree(root / path, ignore_errors=True)
            (root / "admin-config.yaml").unlink(missing_ok=True)
            texts = {path: content(path, *values) for path, values in files.items()}
            commits.append(tree.commit({**texts, "apps/score.yaml": SCORE.format(name="shop", tag=tag)}))
        for number, commit in enumerate(commits):
            copy = Path(folder).resolve() / f"checkout {number}"
            tree.git("worktree", "add", "-q", "--detach", os.fspath(copy), commit)
            monkeypatch.chdir(copy / "apps")
            there = plan_for(PlanWish(score="score.yaml"))
            monkeypatch.chdir(root)
            tree.write("apps/score.yaml", "nonsense: in the working tree\n")
            here = plan_for(PlanWish(score="apps/score.yaml"), at=commit)
            assert here.outcome.plan is not None
            assert there.outcome.plan is not None
            assert here.outcome.plan.canonical == there.outcome.plan.canonical
            assert here.outcome.findings == there.outcome.findings


def test_the_score_file_is_named_from_the_folder_that_the_command_works_in(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    tree.commit({"apps/score.yaml": SCORE.format(name="shop", tag="1")})
    shutil.rmtree(tree.root / "apps")
    (tree.root / "apps").mkdir()
    monkeypatch.chdir(tree.root / "apps")
    assert run(["plan", "score.yaml", "--at", "HEAD", "--digest"]) == 0
    assert capfd.readouterr().out.startswith("sha256:")


def test_a_branch_is_what_references_see_as_their_branch(tree: Tree) -> None:
    step = "{name: s, type: script, config: {script: 'true'}, env: {B: '${git.branch}'}}"
    workflow = (
        "kind: PlatformWorkflow\napiVersion: workflow.dev/v1\n"
        "metadata: {name: b, description: d, owner: o, phase: deployment}\n"
        f"spec: {{triggers: [all_deployments], steps: [{step}]}}\n"
    )
    files = {"admin-config.yaml": ADMIN, "workflows/platform/b.yaml": workflow}
    tree.commit({**files, "score.yaml": SCORE.format(name="shop", tag="1")})
    tree.git("branch", "topic")
    plan = plan_for(PlanWish(score="score.yaml"), at="topic").outcome.plan
    assert plan is not None
    assert {"git.branch": "topic"}.items() <= {one.name: one.value for one in plan.inputs}.items()


def told(revision: str) -> tuple[str, str]:
    with pytest.raises(CannotContinue) as refused:
        plan_for(PlanWish(score="score.yaml"), at=revision)
    (finding,) = refused.value.findings
    return finding.code.number, f"{finding.message} {finding.help}"


@pytest.mark.parametrize(
    "revision", ["nope", "-q", "--all", "", "^main", "main..HEAD", "main HEAD", "HEAD~9", "main\n"]
)
def test_what_is_no_commit_is_an_error_and_never_an_option_of_git(tree: Tree, revision: str) -> None:
    tree.commit({"score.yaml": SCORE.format(name="shop", tag="1")})
    number, message = told(revision)
    assert number == "ORC-6003"
    assert f"no commit is called '{revision}'" in message


def test_a_name_of_a_tag_and_of_a_branch_is_not_guessed(tree: Tree) -> None:
    tree.commit({"score.yaml": SCORE.format(name="shop", tag="1")})
    tree.git("tag", "main")
    assert plan_for(PlanWish(score="score.yaml"), at="main").outcome.plan, "both are the same commit"
    tree.commit({"score.yaml": SCORE.format(name="shop", tag="2")})
    number, message = told("main")
    assert (number, "'main' is a tag and a branch" in message) == ("ORC-3150", True)
    assert plan_for(PlanWish(score="score.yaml"), at="refs/heads/main").outcome.plan


def test_a_short_id_of_several_commits_is_not_guessed(tree: Tree) -> None:
    seen: set[str] = set()
    short = ""
    tree.commit({"score.yaml": SCORE.format(name="shop", tag="1")})
    tree_id = tree.git("rev-parse", "HEAD^{tree}")
    for number in range(2_000):
        text = f"tree {tree_id}\nauthor A <a@b> {number} +0000\ncommitter A <a@b> {number} +0000\n\nx\n"
        commit = _written(tree, text)
        if commit[:4] in seen:
            short = commit[:4]
            break
        seen.add(commit[:4])
    number_, message = told(short)
    assert (number_, message.count("commit ") >= 2) == ("ORC-3150", True)


def _written(tree: Tree, text: str) -> str:
    argv = ["git", "hash-object", "-t", "commit", "-w", "--stdin"]
    done = subprocess.run(argv, cwd=tree.root, input=text.encode(), capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_in_a_shallow_clone_an_old_commit_comes_with_the_command_that_brings_it(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tree.commit({"score.yaml": SCORE.format(name="shop", tag="1")})
    tree.commit({"score.yaml": SCORE.format(name="shop", tag="2")})
    subprocess.run(["git", "clone", "-q", "--depth", "1", tree.root.as_uri(), tmp_path / "clone"], check=True)
    monkeypatch.chdir(tmp_path / "clone")
    number, message = told(first)
    assert (number, "git fetch --unshallow" in message) == ("ORC-6003", True)


def test_a_bare_repository_has_no_folder_to_work_in(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.commit({"score.yaml": SCORE.format(name="shop", tag="1")})
    subprocess.run(["git", "clone", "-q", "--bare", tree.root, tmp_path / "bare"], check=True)
    monkeypatch.chdir(tmp_path / "bare")
    number, message = told("main")
    assert (number, "there is no working tree here" in message) == ("ORC-6002", True)


def test_without_a_git_repository_the_option_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", os.fspath(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CannotContinue) as refused:
        plan_for(PlanWish(score="score.yaml"), at="main")
    assert "--at needs a git repository" in str(refused.value)


def test_a_score_file_that_the_revision_lacks_is_told_with_the_revision(tree: Tree) -> None:
    tree.commit({"other.md": "x"})
    tree.commit({"score.yaml": SCORE.format(name="shop", tag="1")})
    report: Any = plan_for(PlanWish(score="score.yaml"), at="HEAD~1")
    assert report.outcome.plan is None
    assert any("does not exist in HEAD~1" in finding.message for finding in report.outcome.findings)
