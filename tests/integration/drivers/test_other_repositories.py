"""`git-commit-manifests` with real git: a bare repository that others push to as well."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}
FOLDER = ".innominatus/manifests/checkout/development"
MANIFESTS = {f"{FOLDER}/deployment/app.yaml": b"kind: Deployment\n", f"{FOLDER}/route.yaml": b"kind: Ingress\n"}
RUN = "01JD0000000000000000000000"


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **IDENTITY}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    folder = tmp_path / "gitops.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(folder))
    return folder


@pytest.fixture
def seeded(bare: Path, tmp_path: Path) -> Path:
    """The same with a commit of somebody else."""
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(bare), str(other))
    (other / "README.md").write_text("theirs\n")
    (other / "apps").mkdir()
    (other / "apps" / "old.yaml").write_text("old: true\n")
    git(other, "add", "-A")
    git(other, "commit", "-qm", "first")
    git(other, "push", "-q", "origin", "HEAD:main")
    return bare


def deliver(run_step: Any, bare: Path, part: str | None = None, **more: Any) -> Any:
    step = more.pop("step", {})
    inputs = {"url": f"file://{bare}", "targetPath": "apps/checkout", **more}
    return run_step("git-commit-manifests", inputs, env=IDENTITY, manifests=MANIFESTS, part=part, **step)


@pytest.mark.parametrize("start", ["bare", "seeded"])
def test_manifests_of_the_run_arrive_as_one_commit(start: str, request: pytest.FixtureRequest, run_step: Any) -> None:
    bare = request.getfixturevalue(start)
    result = deliver(run_step, bare, commitMessage="checkout: deploy")
    assert result.failure is None
    assert result.outputs == {"commit": git(bare, "rev-parse", "main"), "changed": 2, "branch": "main"}
    assert git(bare, "show", "main:apps/checkout/deployment/app.yaml") == "kind: Deployment"
    assert git(bare, "log", "-1", "--format=%s%n%an", "main") == "checkout: deploy\nAda"
    again = deliver(run_step, bare)
    assert (again.outputs["changed"], again.message) == (0, "nothing differs")
    assert git(bare, "rev-parse", "main") == result.outputs["commit"]


def test_a_new_branch_begins_at_the_default_one(run_step: Any, seeded: Path) -> None:
    assert deliver(run_step, seeded, branch="deploy/checkout").failure is None
    assert git(seeded, "show", "deploy/checkout:README.md") == "theirs"
    assert git(seeded, "rev-list", "--count", "main") == "1"


def test_prune_takes_only_files_of_the_target_folder(run_step: Any, seeded: Path) -> None:
    assert deliver(run_step, seeded, targetPath="apps", prune=True).outputs["changed"] == 3
    assert "apps/old.yaml" not in git(seeded, "ls-tree", "-r", "--name-only", "main").splitlines()
    assert "README.md" in git(seeded, "ls-tree", "-r", "--name-only", "main").splitlines()


def test_where_others_push_meanwhile_the_commit_is_made_on_top_of_theirs(
    run_step: Any, seeded: Path, tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    marker = tmp_path / "pushed"
    theirs = tmp_path / "other"
    program.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = push ] && [ ! -e "{marker}" ]; then touch "{marker}"; (cd "{theirs}" && echo more >> README.md &&'
        " /usr/bin/git commit -qam theirs &&"
        ' /usr/bin/git push -q origin HEAD:main); fi\nexec /usr/bin/git "$@"\n'
    )
    program.chmod(0o755)
    inputs = {"url": f"file://{seeded}", "targetPath": "apps/checkout"}
    env = {**IDENTITY, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    result = run_step("git-commit-manifests", inputs, env=env, manifests=MANIFESTS)
    assert result.failure is None
    assert git(seeded, "log", "--format=%s", "main").splitlines()[1:] == ["theirs", "first"]
    assert git(seeded, "show", "main:README.md") == "theirs\nmore"


def test_a_rollback_reverts_the_commit_of_the_run_and_no_other(run_step: Any, seeded: Path) -> None:
    deliver(run_step, seeded)
    undone = {"undoes": {"step": "deployment/application/-/workload/the-step", "how": "itself", "runs": [RUN]}}
    other = {"undoes": {**undone["undoes"], "runs": ["01JD0000000000000000000001"]}}
    assert "no commit of the run" in deliver(run_step, seeded, "undo", step=other).message
    result = deliver(run_step, seeded, "undo", step=undone)
    assert result.failure is None
    assert "apps/checkout" not in git(seeded, "ls-tree", "-r", "--name-only", "main")
    assert git(seeded, "rev-list", "--count", "main") == "3"


def test_a_rollback_over_changes_of_others_is_refused(run_step: Any, seeded: Path, tmp_path: Path) -> None:
    deliver(run_step, seeded)
    other = tmp_path / "other"
    git(other, "pull", "-q", "origin", "main")
    (other / "apps/checkout/route.yaml").write_text("kind: Other\n")
    git(other, "commit", "-qam", "by hand")
    git(other, "push", "-q", "origin", "HEAD:main")
    before = git(seeded, "rev-parse", "main")
    undone = {"undoes": {"step": "deployment/application/-/workload/the-step", "how": "itself", "runs": [RUN]}}
    assert deliver(run_step, seeded, "undo", step=undone).failure.code.number == "ORC-5465"
    assert git(seeded, "rev-parse", "main") == before


def test_probe_and_drift_say_what_is_there(run_step: Any, seeded: Path) -> None:
    assert deliver(run_step, seeded, "probe").outputs == {"done": False}
    deliver(run_step, seeded)
    assert deliver(run_step, seeded, "probe").outputs == {"done": True}
    assert deliver(run_step, seeded, "drift").outputs == {"drift": []}


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"url": "ext::sh -c id"}, "ORC-5106"),
        ({"url": "--upload-pack=x"}, "ORC-5106"),
        ({"url": "https://user:pw@example.com/x.git"}, "ORC-5106"),
        ({"url": "ssh://-oProxyCommand=x/y"}, "ORC-5106"),
        ({"branch": "--force"}, "ORC-5106"),
        ({"branch": "a..b"}, "ORC-5106"),
        ({"targetPath": "../elsewhere"}, "ORC-5104"),
        ({"targetPath": ".git/hooks"}, "ORC-5104"),
        ({"sourcePath": "nowhere"}, "ORC-5105"),
        ({"url": "file:///nowhere.git"}, "ORC-5407"),
    ],
)
def test_what_leads_elsewhere_is_refused(run_step: Any, seeded: Path, inputs: dict[str, str], code: str) -> None:
    before = git(seeded, "rev-parse", "main")
    assert deliver(run_step, seeded, **inputs).failure.code.number == code
    assert git(seeded, "rev-parse", "main") == before


def test_a_link_in_the_other_repository_is_not_followed_out_of_it(run_step: Any, seeded: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "apps" / "checkout").symlink_to(tmp_path)
    git(other, "add", "-A")
    git(other, "commit", "-qm", "link")
    git(other, "push", "-q", "origin", "HEAD:main")
    assert deliver(run_step, seeded).failure.code.number == "ORC-5104"
    assert not (tmp_path / "route.yaml").exists()


def test_hooks_of_the_other_repository_do_not_run(run_step: Any, seeded: Path, tmp_path: Path) -> None:
    template = tmp_path / "template"
    (template / "hooks").mkdir(parents=True)
    hook = template / "hooks" / "pre-commit"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    inputs = {"url": f"file://{seeded}"}
    env = {**IDENTITY, "GIT_TEMPLATE_DIR": str(template)}
    assert run_step("git-commit-manifests", inputs, env=env, manifests=MANIFESTS).failure is None
    assert not (tmp_path / "ran").exists()
