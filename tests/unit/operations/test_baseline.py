"""Findings that an old repository has already, and the file that knows them."""

import json
import os
import sys
from pathlib import Path

import pytest

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.baseline import SCHEMA, read_baseline, without_known
from innominatus_cli.operations.checking import CheckRequest, check
from innominatus_cli.operations.validation import Validation, validate

SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: web-shop}
containers:
  web:
    image: nginx
  log:
    image: nginx
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "score.yaml").write_text(SCORE, encoding="utf-8")
    return tmp_path


def codes(found: Validation) -> list[str]:
    return [one.code.number for one in found.findings]


def written(here: Path) -> str:
    check(CheckRequest(write_baseline="known.json"))
    return (here / "known.json").read_text(encoding="utf-8")


def checked() -> Validation:
    return check(CheckRequest(baseline="known.json"))


def test_what_is_written_is_known_from_then_on(here: Path) -> None:
    first = check(CheckRequest(write_baseline="known.json"))
    assert (codes(first), [one.by for one in first.suppressed]) == ([], ["baseline", "baseline"])
    assert (codes(checked()), len(checked().suppressed)) == ([], 2)
    assert checked().exit_status(strict=True) is ExitStatus.OK
    assert here.is_dir()


def test_a_finding_more_is_new_and_the_known_ones_stay_known_when_lines_move(here: Path) -> None:
    written(here)
    (here / "score.yaml").write_text(f"# moved\n\n{SCORE}  new:\n    image: redis\n", encoding="utf-8")
    assert [(one.code.number, one.place.line) for one in checked().findings] == [("ORC-2089", 11)]


def test_one_more_on_an_equal_line_is_new(here: Path) -> None:
    written(here)
    (here / "score.yaml").write_text(f"{SCORE}  new:\n    image: nginx\n", encoding="utf-8")
    assert (codes(checked()), len(checked().suppressed)) == (["ORC-2089"], 2)


def test_a_line_that_was_changed_is_new(here: Path) -> None:
    written(here)
    (here / "score.yaml").write_text(SCORE.replace("nginx", "nginx:latest", 1), encoding="utf-8")
    assert codes(checked()) == ["ORC-1081", "ORC-2089"]


def test_what_is_mended_is_told_where_everything_is_checked(here: Path) -> None:
    text = written(here)
    (here / "score.yaml").write_text(SCORE.replace("image: nginx", "image: nginx:1.27", 1), encoding="utf-8")
    gone = checked().findings
    line = next(number for number, one in enumerate(text.splitlines(), 1) if "web" in one)
    assert [(one.code.number, one.place.path, one.place.line) for one in gone] == [("ORC-1081", "known.json", line)]
    assert "score.yaml" in gone[0].message
    assert codes(check(CheckRequest(("score.yaml",), baseline="known.json"))) == []
    (here / "score.yaml").unlink()
    (here / "admin-config.yaml").write_text("admin: {defaultCostCenter: shop}\n", encoding="utf-8")
    assert codes(checked()) == ["ORC-1081", "ORC-1081"]
    assert "2 times" not in gone[0].message


def test_the_file_can_be_reviewed_and_does_not_change_when_lines_move(here: Path) -> None:
    text = written(here)
    assert json.loads(text)["schema"] == SCHEMA
    entries = json.loads(text)["findings"]
    assert [(one["path"], one["code"], one["at"], one["count"]) for one in entries] == [
        ("score.yaml", "ORC-2089", "/containers/log/image", 1),
        ("score.yaml", "ORC-2089", "/containers/web/image", 1),
    ]
    assert all(one["title"] for one in entries)
    assert sum("fingerprint" in line for line in text.splitlines()) == len(entries)
    (here / "score.yaml").write_text(f"# moved\n{SCORE}", encoding="utf-8")
    assert written(here) == text


def test_no_line_of_a_file_is_copied_into_the_baseline(here: Path) -> None:
    (here / "admin-config.yaml").write_text("vault: {token: s3cr3t-value}\n", encoding="utf-8")
    text = written(here)
    assert "ORC-2050" in text
    assert "s3cr3t" not in text


def test_nothing_to_know_is_written_and_read_too(here: Path) -> None:
    (here / "score.yaml").write_text(SCORE.replace("nginx", "nginx:1.27"), encoding="utf-8")
    assert json.loads(written(here)) == {"schema": SCHEMA, "findings": []}
    assert codes(checked()) == []


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b'{\n "schema": oops}', "ORC-1080", 2),
        (b"[]", "ORC-1080", 1),
        (b"\xff\xfe", "ORC-1080", 1),
        (b"[" * 100_000, "ORC-1080", 1),
        (b'{"schema": "innominatus.dev/baseline/v1"}', "ORC-1080", 1),
        (b'{"schema": "innominatus.dev/baseline/v1", "findings": [{"count": 1}]}', "ORC-1080", 1),
        (b'{"schema": "innominatus.dev/baseline/v1", "findings": [3]}', "ORC-1080", 1),
        (b'{"schema": "innominatus.dev/baseline/v2", "findings": []}', "ORC-1079", 1),
        (b'{"schema": "other/v1", "findings": []}', "ORC-1080", 1),
    ],
)
def test_a_damaged_baseline_is_a_finding_with_its_place_and_knows_nothing(data: bytes, code: str, line: int) -> None:
    found = read_baseline("known.json", data)
    assert found.entries == ()
    assert [(one.code.number, one.place.path, one.place.line) for one in found.findings] == [(code, "known.json", line)]


@pytest.mark.parametrize("count", ["0", "-1", "true", '"1"', "1.5"])
def test_a_count_that_is_none_damages_a_baseline(count: str) -> None:
    entry = f'{{"fingerprint": "a", "code": "ORC-2089", "path": "a.yaml", "count": {count}}}'
    found = read_baseline("known.json", f'{{"schema": "{SCHEMA}", "findings": [{entry}]}}'.encode())
    assert [one.code.number for one in found.findings] == ["ORC-1080"]


def test_a_baseline_that_is_not_there_is_told_and_everything_counts(here: Path) -> None:
    found = checked()
    assert codes(found) == ["ORC-1001", "ORC-2089", "ORC-2089"]
    assert "--write-baseline" in found.findings[0].help
    os.mkfifo(here / "known.json")
    assert codes(checked()) == ["ORC-1002", "ORC-2089", "ORC-2089"]


def test_a_baseline_that_cannot_be_written_ends_with_its_own_status(here: Path) -> None:
    (here / "known.json").mkdir()
    with pytest.raises(CannotContinue) as caught:
        check(CheckRequest(write_baseline="known.json"))
    assert caught.value.exit_status is ExitStatus.CANNOT_WRITE_STATE


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are Unicode elsewhere")
def test_files_with_any_name_are_known(here: Path) -> None:
    (here / "score.yaml").rename(os.fsdecode(os.fsencode(here) + b"/\xff.yaml"))
    (here / "admin-config.yaml").write_text("limits:\n  maxParallel: 2\n", encoding="utf-8")
    check(CheckRequest((".",), write_baseline="known.json"))
    assert codes(check(CheckRequest((".",), baseline="known.json"))) == []


def test_a_baseline_behind_a_link_is_written_there(here: Path) -> None:
    (here / "known.json").symlink_to("elsewhere.json")
    assert written(here) == (here / "elsewhere.json").read_text(encoding="utf-8")
    assert (here / "known.json").is_symlink()


def test_what_is_wrong_with_ignores_is_never_known(here: Path) -> None:
    (here / "score.yaml").write_text(f"# innominatus: ignore-file ORC-2001 -- not there\n{SCORE}", encoding="utf-8")
    assert "ORC-1074" not in written(here)
    assert codes(checked()) == ["ORC-1074"]


def test_a_change_cannot_make_policies_known_to_the_revision_that_judges_it(here: Path) -> None:
    (here / "admin-config.yaml").write_text("vault: {token: s3cr3t-value}\n", encoding="utf-8")
    own = read_baseline("known.json", written(here).encode())
    found = validate([])
    by_nothing = without_known(found, own, "known.json", judges=read_baseline("main:known.json", b"{}"))
    assert codes(by_nothing) == ["ORC-2050", "ORC-1075"]
    assert codes(without_known(found, own, "known.json", judges=own)) == []
