"""Which trees of other repositories are refused."""

import pytest

from innominatus_cli.findings.finding import Place
from innominatus_cli.operations.vendoring.trees import MOST_FILES, files_of, problems_of
from innominatus_cli.system.git_fetching import RemoteEntry


def entry(path: str, mode: str = "100644", size: int = 1) -> RemoteEntry:
    return RemoteEntry(path, mode, "a" * 40, size)


def said(*entries: RemoteEntry) -> list[str]:
    return [finding.message for finding in problems_of(entries, Place("admin-config.yaml"))]


def test_regular_files_in_folders_are_good() -> None:
    assert said(entry("a.yaml"), entry("b/c.yaml", "100755"), entry("b/Ü d.sh")) == []


@pytest.mark.parametrize(
    ("path", "mode", "size", "why"),
    [
        ("a", "120000", 1, "symbolic link"),
        ("a", "160000", 0, "submodule"),
        ("a", "100644", 1024 * 1024 + 1, "over"),
        ("../a", "100644", 1, "leaves the folder"),
        ("a/../../b", "100644", 1, "leaves the folder"),
        ("a\\b", "100644", 1, "leaves the folder"),
        ("a/./b", "100644", 1, "leaves the folder"),
        ("a\nb", "100644", 1, "character"),
        ("a\x1b[31m", "100644", 1, "character"),
        ("a\udcff", "100644", 1, "character"),
        (".git/config", "100644", 1, "never read"),
        ("x/.GIT/hooks/post-checkout", "100644", 1, "never read"),
        ("x/.git./config", "100644", 1, "never read"),
        ("x/git~1/config", "100644", 1, "never read"),
        ("x/.git::$INDEX_ALLOCATION/config", "100644", 1, "never read"),
        ("x/.g\u200cit/config", "100644", 1, ""),
        ("node_modules/a.js", "100644", 1, "never read"),
        (".innominatus/vendor/a", "100644", 1, "never read"),
        ("a" * 201, "100644", 1, "more than 200"),
    ],
)
def test_what_leads_elsewhere_or_is_no_name_is_refused(path: str, mode: str, size: int, why: str) -> None:
    (message,) = said(entry("good.yaml"), entry(path, mode, size))
    assert why in message
    assert message.isprintable()


@pytest.mark.parametrize("pair", [("a.yaml", "A.yaml"), ("é", "e\u0301"), ("x/a", "X/b"), ("Straße", "STRASSE")])
def test_paths_that_are_one_on_other_disks_are_refused(pair: tuple[str, str]) -> None:
    (message,) = said(*map(entry, pair))
    assert "one on other disks" in message


def test_too_many_too_large_and_nothing_are_refused() -> None:
    assert said(*(entry(f"{number}") for number in range(MOST_FILES + 1))) == ["it has 1,001 files, over 1,000"]
    assert "together" in said(*(entry(f"{number}", size=1024 * 1024) for number in range(21)))[0]
    assert said() == ["it has no files"]


def test_of_many_problems_some_are_told() -> None:
    messages = said(*(entry(f"{number}", "120000") for number in range(500)))
    assert len(messages) == 21
    assert messages[-1] == "and 480 more"


def test_files_that_speak_to_git_are_left_out() -> None:
    entries = [
        entry(path) for path in ("a.yaml", ".gitignore", "x/.gitattributes", ".gitmodules", ".GitIgnore", "x/.keep")
    ]
    assert [one.path for one in files_of(entries)] == ["a.yaml", "x/.keep"]
