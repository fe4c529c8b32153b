"""The files of a repository: names, links, and other repositories inside of it."""

import os
from pathlib import Path

import pytest

from innominatus_cli.checks.tree import check_tree, folded
from innominatus_cli.documents.tree import Tree, read_tree
from innominatus_cli.findings.finding import Severity
from innominatus_cli.operations.validation import validate


def write(root: Path, *files: str, text: str = "x") -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text, encoding="utf-8")


def said(root: Path) -> list[str]:
    findings = check_tree(read_tree(str(root)), lambda path: path.startswith("workflows/"))
    return [f"{one.code.number} {one.place.path}: {one.message}" for one in findings]


def test_a_git_folder_below_the_root_is_another_repository(tmp_path: Path) -> None:
    write(tmp_path, ".git/HEAD", "vendor/lib/.git/HEAD", "vendor/lib/code.c")
    assert said(tmp_path) == ["ORC-1063 vendor/lib/.git: this is a git repository of its own"]


def test_the_git_files_of_submodules_and_worktrees_are_gits_own(tmp_path: Path) -> None:
    write(tmp_path, ".git/modules/lib/HEAD", ".git/worktrees/w/HEAD")
    write(tmp_path, "lib/.git", text="gitdir: ../.git/modules/lib\n")
    write(tmp_path, "w/.git", text=f"gitdir: {tmp_path}/.git/worktrees/w\n")
    assert said(tmp_path) == []


def test_in_a_worktree_the_repository_that_it_belongs_to_counts(tmp_path: Path) -> None:
    write(tmp_path, "main/.git/worktrees/w/HEAD", "main/.git/worktrees/w/modules/lib/HEAD")
    write(tmp_path, "w/.git", text=f"gitdir: {tmp_path}/main/.git/worktrees/w\n")
    write(tmp_path, "w/lib/.git", text=f"gitdir: {tmp_path}/main/.git/worktrees/w/modules/lib\n")
    assert said(tmp_path / "w") == []


@pytest.mark.parametrize("text", ["gitdir: ../evil\n", "gitdir: /tmp/evil\n", "not a git file", ""])
def test_a_git_file_that_leads_elsewhere_is_found(tmp_path: Path, text: str) -> None:
    write(tmp_path, ".git/HEAD", "evil/config")
    write(tmp_path, "lib/.git", text=text)
    assert said(tmp_path) == ["ORC-1063 lib/.git: this is a `.git` file that leads elsewhere"]


def test_a_git_file_that_is_a_link_or_a_pipe_is_never_read(tmp_path: Path) -> None:
    write(tmp_path, ".git/HEAD", "b/x", "c/x")
    (tmp_path / "b/.git").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "c/.git")
    assert [line for line in said(tmp_path) if "ORC-1063" in line] == [
        "ORC-1063 b/.git: this is a `.git` that is no file",
        "ORC-1063 c/.git: this is a `.git` file that leads elsewhere",
    ]


def test_a_bare_repository_has_a_head_objects_and_refs(tmp_path: Path) -> None:
    write(tmp_path, "a/HEAD", "a/objects/x", "a/refs/x", "b/HEAD", "b/refs/x", "c/HEAD/x", "c/objects/x", "c/refs/x")
    assert said(tmp_path) == ["ORC-1063 a: this is a bare repository"]


def test_folders_of_other_tools_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, ".terraform/modules/vpc/.git/HEAD", "node_modules/x/.git/HEAD", ".venv/src/y/.git/HEAD")
    assert said(tmp_path) == []


def test_paths_that_differ_in_case_or_unicode_form_collide(tmp_path: Path) -> None:
    write(tmp_path, "docs/Shop.md", "docs/shop.md", "docs/caf\u00e9.md", "docs/cafe\u0301.md", "docs/other.md")
    write(tmp_path, "workflows/Part/a.yaml", "workflows/part/b.yaml")
    found = list(check_tree(read_tree(str(tmp_path)), lambda path: path.startswith("workflows/")))
    assert [(one.place.path, one.severity) for one in found] == [
        ("docs/caf\u00e9.md", Severity.WARNING),
        ("docs/shop.md", Severity.WARNING),
        ("workflows/part", Severity.ERROR),
    ]
    assert found[0].related[0].place.path == "docs/cafe\u0301.md"


@pytest.mark.parametrize(
    ("one", "other"), [("STRASSE", "stra\u00dfe"), ("\u00c9", "e\u0301"), ("\u212b", "\u00e5"), ("ABC", "abc")]
)
def test_folding_knows_case_and_composition(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_two_suffixes_of_ours(tmp_path: Path) -> None:
    write(tmp_path, "workflows/platform/scan.yml", "workflows/platform/scan.yaml", "ci/a.yml", "ci/a.yaml")
    assert said(tmp_path) == ["ORC-1062 workflows/platform/scan.yml: 'scan.yaml' stands beside it"]


def test_links_out_are_told_once_and_not_in_tests(tmp_path: Path) -> None:
    write(tmp_path, "scripts/a.sh", "tests/data/x", "workflows/platform/x.sh")
    for name in ("scripts/host", "tests/data/host", "workflows/platform/host.yaml"):
        (tmp_path / name).symlink_to("/etc/hostname")
    (tmp_path / "scripts/b.sh").symlink_to("a.sh")
    assert said(tmp_path) == ["ORC-1066 scripts/host: the link leads to '/etc/hostname'"]


def test_the_link_of_a_document_is_one_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "admin-config.yaml", text="admin: {}\n")
    (tmp_path / "workflows/platform").mkdir(parents=True)
    (tmp_path / "workflows/platform/scan.yaml").symlink_to("/etc/hostname")
    monkeypatch.chdir(tmp_path)
    assert [one.code.number for one in validate(["."]).findings] == ["ORC-1003"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("NUL.yaml", "is reserved there"),
        ("com7", "is reserved there"),
        ("a:b.md", "has a character that no name has there"),
        ("what?.md", "has a character that no name has there"),
        ("tab\there", "has a character that no name has there"),
        ("notes.", "ends with a dot or a blank"),
    ],
)
def test_windows_has_fewer_names(tmp_path: Path, name: str, why: str) -> None:
    write(tmp_path, name)
    assert said(tmp_path) == [f"ORC-1067 {name}: the name '{name}' {why}"]


@pytest.mark.parametrize("name", ["console.yaml", "null.md", "com10", ".gitignore", "a.b.c", "auxiliary"])
def test_other_names_are_fine(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    assert said(tmp_path) == []


def test_no_link_is_followed_and_circles_end(tmp_path: Path) -> None:
    write(tmp_path, "a/b/x")
    (tmp_path / "a/b/up").symlink_to("..")
    assert read_tree(str(tmp_path)) == Tree(("a", "a/b", "a/b/up", "a/b/x"))


def test_a_folder_alone_may_be_read(tmp_path: Path) -> None:
    write(tmp_path, "a/x", "b/y")
    assert read_tree(str(tmp_path), "b").paths == ("b/y",)
    assert read_tree(str(tmp_path), "missing") == Tree()


def test_a_single_file_is_checked_without_a_look_at_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    score = "apiVersion: score.dev/v1b1\nmetadata: {name: web}\ncontainers: {web: {image: 'a/b:1'}}\n"
    write(tmp_path, "score.yaml", text=score)
    write(tmp_path, "lib/.git/HEAD")
    monkeypatch.chdir(tmp_path)
    assert validate(["score.yaml"]).findings == ()
    assert [one.code.number for one in validate(["."]).findings] == ["ORC-1063"]
