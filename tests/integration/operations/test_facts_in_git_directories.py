"""Where facts are kept in real repositories: what git sees of them, and who finds them again."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents import loading
from innominatus_cli.operations import repository_files
from innominatus_cli.operations.checking import CheckRequest, check

CACHE = Path("innominatus", "cache", "facts.v1")
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: ProductWorkflow
metadata: {{name: flow-{number}, product: shop, description: x, owner: y, phase: deployment}}
spec:
  triggers: [product_deployment]
  timeout: 10m
  steps:
    - {{name: build, type: script, config: {{script: make {number}}}}}
    - {{name: build, type: script, config: {{script: make it}}}}
"""
FILES = 120


@pytest.fixture
def shop(tree: Any) -> Any:
    """A repository of so many files that facts of them are kept."""
    texts = {
        f"workflows/products/shop/flow-{number}.yaml": WORKFLOW.format(number=number + 1000) for number in range(FILES)
    }
    tree.commit({**texts, "admin-config.yaml": "admin: {}\n"})
    return tree


def read_by(request: CheckRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many files a check reads as YAML; it finds what one without a cache finds."""
    read: list[str] = []
    usual = loading.load

    def noted(path: str, *more: Any) -> loading.Loaded:
        read.append(path)
        return usual(path, *more)

    with monkeypatch.context() as patched:
        patched.setattr(repository_files, "load", noted)
        found = check(request)
    assert found.findings == check(request._replace(cache=False)).findings
    assert len(found.findings) >= FILES
    return len(read)


def test_git_sees_nothing_of_the_cache_and_no_clone_has_it(shop: Any, tmp_path_factory: Any) -> None:
    check(CheckRequest())
    assert (shop.root / ".git" / CACHE).is_file()
    assert shop.git("status", "--porcelain", "--ignored") == ""
    assert shop.git("fsck") == ""
    shop.git("gc", "-q", "--prune=now")
    assert (shop.root / ".git" / CACHE).is_file()
    clone = tmp_path_factory.mktemp("clone")
    shop.git("clone", "-q", str(shop.root), str(clone))
    assert not (clone / ".git" / "innominatus").exists()


def test_several_processes_keep_what_one_keeps(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    check(CheckRequest(jobs=3))
    several = sorted((shop.root / ".git" / CACHE).read_bytes().splitlines())
    assert read_by(CheckRequest(jobs=1), monkeypatch) == 1
    (shop.root / ".git" / CACHE).unlink()
    check(CheckRequest(jobs=1))
    assert sorted((shop.root / ".git" / CACHE).read_bytes().splitlines()) == several
    shop.write("admin-config.yaml", "workflowPolicies: {maxStepsPerWorkflow: 1}\n")
    found, plain = check(CheckRequest(jobs=3)), check(CheckRequest(jobs=1, cache=False))
    assert found.findings == plain.findings
    assert sum(finding.code.number == "ORC-4008" for finding in found.findings) == FILES


def test_a_worktree_keeps_its_own(shop: Any, tmp_path_factory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    check(CheckRequest(jobs=1))
    kept = (shop.root / ".git" / CACHE).read_bytes()
    other = tmp_path_factory.mktemp("other") / "tree"
    shop.git("worktree", "add", "-q", str(other))
    monkeypatch.chdir(other)
    assert read_by(CheckRequest(jobs=1), monkeypatch) == FILES + 1
    assert read_by(CheckRequest(jobs=1), monkeypatch) == 1
    assert (shop.root / ".git" / "worktrees" / "tree" / CACHE).is_file()
    assert (shop.root / ".git" / CACHE).read_bytes() == kept


def test_a_submodule_keeps_none(shop: Any, tmp_path_factory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    outer = tmp_path_factory.mktemp("outer")
    shop.git("init", "-q", str(outer))
    shop.git("-C", str(outer), "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(shop.root), "inner")
    monkeypatch.chdir(outer / "inner")
    for _ in range(2):
        assert read_by(CheckRequest(jobs=1), monkeypatch) == FILES + 1
    assert not list(outer.rglob("facts.v1"))


def test_a_change_of_branches_and_back_finds_what_was_kept(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    check(CheckRequest(jobs=1))
    shop.git("checkout", "-q", "-b", "topic")
    shop.commit({"workflows/products/shop/flow-1.yaml": WORKFLOW.format(number=7)})
    assert read_by(CheckRequest(jobs=1), monkeypatch) == 2
    shop.git("checkout", "-q", "main")
    assert read_by(CheckRequest(jobs=1), monkeypatch) == 1


def test_since_finds_the_same_with_a_cache(shop: Any) -> None:
    check(CheckRequest(jobs=1))
    shop.git("checkout", "-q", "-b", "topic")
    texts = {f"workflows/products/shop/flow-{number}.yaml": WORKFLOW.format(number=number) for number in range(110)}
    shop.commit({**texts, "admin-config.yaml": "workflowPolicies: {maxStepsPerWorkflow: 1}\n"})
    for _ in range(2):
        found = check(CheckRequest(since="main", jobs=1))
        assert found.findings == check(CheckRequest(since="main", jobs=1, cache=False)).findings
        assert found.findings


def test_where_another_revision_judges_nothing_in_the_checkout_is_believed(shop: Any) -> None:
    check(CheckRequest(jobs=1, policies_from="HEAD"))
    assert not (shop.root / ".git" / "innominatus").exists()
    check(CheckRequest(jobs=1))
    file = shop.root / ".git" / CACHE
    empty = [b"%s [[],0,[]]" % line[:32] for line in file.read_bytes().splitlines()]
    file.write_bytes(b"\n".join(empty) + b"\n")
    assert not any(finding.code.number == "ORC-2001" for finding in check(CheckRequest(jobs=1)).findings)
    found = check(CheckRequest(jobs=1, policies_from="HEAD")).findings
    assert sum(finding.code.number == "ORC-2001" for finding in found) == FILES


def test_no_cache_keeps_nothing(shop: Any) -> None:
    command = [sys.executable, "-m", "innominatus_cli", "check", "--jobs", "1", "-o", "json"]
    without = subprocess.run([*command, "--no-cache"], cwd=shop.root, capture_output=True, check=False)
    assert not (shop.root / ".git" / "innominatus").exists()
    first = subprocess.run(command, cwd=shop.root, capture_output=True, check=False)
    again = subprocess.run(command, cwd=shop.root, capture_output=True, check=False)
    assert (shop.root / ".git" / CACHE).is_file()
    assert without.stdout == first.stdout == again.stdout
    assert without.returncode == first.returncode == again.returncode == 1
