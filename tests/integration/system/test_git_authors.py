"""Who changed files since a commit, by real histories."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from innominatus_cli.system.git import Git
from innominatus_cli.system.git_authors import authors_since

Commit = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty one."""
    root = tmp_path / "repository"
    root.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=root, check=True)
    return root


@pytest.fixture
def commit(repository: Path) -> Commit:
    """Commits a text to a file as somebody."""

    def committed(who: str, path: str, text: str, message: str = "x") -> str:
        (repository / path).write_text(text, encoding="utf-8")
        return _git(repository, "commit", "-qm", message, who=who, add=True)

    return committed


def _git(root: Path, *arguments: str, who: str = "ada", add: bool = False) -> str:
    settings = ["-c", f"user.name={who}", "-c", f"user.email={who}@x.example", "-c", "commit.gpgSign=false"]
    for line in ([["add", "--all"]] if add else []) + [list(arguments)]:
        subprocess.run(["git", *settings, *line], cwd=root, check=True)
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, check=True, capture_output=True)
    return done.stdout.decode().strip()


def authors(root: Path, base: str | None, *paths: str) -> set[str] | None:
    git = Git.open(root)
    assert git is not None
    found = authors_since(git, base, paths)
    return None if found is None else {one.removesuffix("@x.example") for one in found}


def test_authors_are_those_of_commits_to_the_files_since_the_base(repository: Path, commit: Commit) -> None:
    commit("ada", "a", "1")
    base = commit("bob", "b", "1")
    commit("carl", "a", "2")
    commit("dora", "c", "1")
    assert authors(repository, base, "a", "b") == {"carl"}
    assert authors(repository, None, "a", "b") == {"ada", "bob", "carl"}
    assert authors(repository, base) == set()


def test_who_wrote_along_is_an_author(repository: Path, commit: Commit) -> None:
    commit("ada", "a", "1", "x\n\nCo-authored-by: Eve <EVE@x.example>\nCo-Authored-By: Finn <finn@x.example>")
    assert authors(repository, None, "a") == {"ada", "eve", "finn"}


def test_a_merge_hides_nobody(repository: Path, commit: Commit) -> None:
    base = commit("ada", "a", "1")
    _git(repository, "checkout", "-qb", "side")
    commit("bob", "a", "2")
    _git(repository, "checkout", "-q", "main")
    commit("carl", "b", "1")
    _git(repository, "merge", "-q", "--no-ff", "-m", "merge", "side", who="dora")
    assert authors(repository, base, "a") == {"bob"}


def test_who_puts_something_of_their_own_into_a_merge_is_an_author(repository: Path, commit: Commit) -> None:
    base = commit("ada", "a", "1")
    _git(repository, "checkout", "-qb", "side")
    commit("bob", "a", "2")
    _git(repository, "checkout", "-q", "main")
    commit("carl", "b", "1")
    _git(repository, "merge", "-q", "--no-ff", "--no-commit", "side", who="dora")
    commit("dora", "a", "3")
    assert authors(repository, base, "a") == {"bob", "dora"}


def test_a_mailmap_renames_nobody(repository: Path, commit: Commit) -> None:
    commit("bob", "a", "1")
    commit("bob", ".mailmap", "Ada <ada@x.example> <bob@x.example>\n")
    assert authors(repository, None, "a") == {"bob"}


def test_a_base_that_is_not_in_the_history_hides_nobody(repository: Path, commit: Commit) -> None:
    commit("ada", "a", "1")
    _git(repository, "checkout", "-qb", "side")
    side = commit("bob", "b", "1")
    _git(repository, "checkout", "-q", "main")
    assert authors(repository, side, "a") == {"ada"}
    assert authors(repository, "0" * 40, "a") == {"ada"}


def test_in_a_shallow_clone_that_does_not_reach_back_nobody_can_say(
    repository: Path, commit: Commit, tmp_path: Path
) -> None:
    base = commit("ada", "a", "1")
    commit("bob", "a", "2")
    last = commit("carl", "a", "3")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{repository}", str(clone)], check=True)
    assert authors(clone, base, "a") is None
    assert authors(clone, None, "a") is None
    assert authors(clone, last, "a") == set()
    subprocess.run(["git", "fetch", "-q", "--deepen", "1"], cwd=clone, check=True)
    assert authors(clone, base, "a") is None
    subprocess.run(["git", "fetch", "-q", "--unshallow"], cwd=clone, check=True)
    assert authors(clone, base, "a") == {"bob", "carl"}
