"""`vendor` as a user has it: fetch, review, commit, plan elsewhere, follow a change."""

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.operations.other_repositories import GOLDEN_PATH, Other, config, workflow

if TYPE_CHECKING:
    from tests.e2e.conftest import Workshop

LOOK = ".innominatus/vendor/shared/look.yaml"


@pytest.fixture
def other(tmp_path: Path) -> Other:
    made = Other(tmp_path / "shared")
    made.commit({"workflows/look.yaml": workflow("echo looked")})
    return made


@pytest.fixture
def shop(workshop: "Workshop", other: Other) -> "Workshop":
    assert other.git("rev-parse", "main")
    workshop.write("admin-config.yaml", config())
    workshop.write("workflows/golden-paths/look.yaml", GOLDEN_PATH)
    workshop.commit()
    return workshop


def test_a_team_fetches_reviews_commits_and_runs_anywhere(shop: "Workshop", other: Other, tmp_path: Path) -> None:
    told = shop("vendor", "update", "--check")
    assert told.status == 1, told.all
    assert "An update would change this; nothing was written." in told.out
    assert shop.git("status", "--porcelain") == ""
    told = shop("vendor", "update")
    assert told.status == 0, told.all
    assert told.out.splitlines()[1:] == ["  + look.yaml", "Review and commit .innominatus/vendor and innominatus.lock."]
    assert shop("vendor", "update", "--check").status == 0
    assert shop.git("log", "--oneline").count("\n") == 1, "nothing is committed for the user"
    shop.commit("Vendored")
    expected = shop("plan", "--golden-path", "look", "--digest").out
    subprocess.run(["rm", "-r", other.folder], check=True)
    subprocess.run(["git", "clone", "-q", shop.folder, tmp_path / "clone"], check=True)
    shop.folder = tmp_path / "clone"
    assert shop("check").status == 0
    assert shop("vendor", "verify").status == 0
    assert shop("plan", "--golden-path", "look", "--digest").out == expected
    told = shop("run", "@shared/look.yaml")
    assert told.status == 0, told.all
    assert shop("vendor", "update").status == 69


def test_a_change_of_the_other_repository_is_shown_before_and_after(shop: "Workshop", other: Other) -> None:
    shop("vendor", "update")
    before = other.git("rev-parse", "main")
    after = other.commit({"workflows/look.yaml": workflow("echo again"), "workflows/new.yaml": workflow()})
    data = json.loads(shop("vendor", "update", "--check", "-o", "json").out)
    assert (data["changed"], data["written"]) == (True, False)
    told = shop("vendor", "update")
    head = f"shared  main of ../shared: {before[:12]} → {after[:12]}; 2 files"
    assert told.out.splitlines()[:3] == [head, "  ~ look.yaml", "  + new.yaml"]
    (source,) = json.loads(shop("vendor", "list", "-o", "json").out)["sources"]
    assert (source["commit"], source["state"], source["files"]) == (after, "locked", ["look.yaml", "new.yaml"])


@pytest.mark.parametrize(
    "command",
    [("plan", "--golden-path", "look"), ("run", "look"), ("run", "@shared/look.yaml"), ("vendor", "verify")],
)
def test_an_edited_file_is_refused_with_status_65_and_nothing_runs(
    shop: "Workshop", other: Other, command: tuple[str, ...]
) -> None:
    assert other.git("rev-parse", "main")
    shop("vendor", "update")
    locked = json.loads((shop.folder / "innominatus.lock").read_text())["sources"]["shared"]["files"]["look.yaml"]
    shop.replace(LOOK, "echo looked", "echo hacked")
    shop.commit("Not fetched")
    told = shop(*command)
    assert told.status == 65, told.all
    assert "ORC-8008" in told.err
    assert f"the lock has {locked}, and the file is sha256:" in told.err
    assert "`innominatus-ctl vendor update` restores it" in told.err
    assert "hacked" not in told.out
    assert shop.records("run") == []
    assert shop("check").status == 1


def test_show_explains_a_vendored_workflow(shop: "Workshop", other: Other) -> None:
    assert other.git("rev-parse", "main")
    shop("vendor", "update")
    told = shop("show", "@shared/look.yaml")
    assert told.status == 0, told.all
    assert LOOK in told.out


def test_init_hides_nothing_that_is_vendored_from_git(workshop: "Workshop", other: Other) -> None:
    assert workshop("init", ".", "--name", "hello").status == 0
    text = (workshop.folder / "admin-config.yaml").read_text()
    workshop.write("admin-config.yaml", text + config())
    assert other.git("rev-parse", "main")
    told = workshop("vendor", "update")
    assert told.status == 0, told.all
    assert "ORC-8018" not in told.err
    workshop.commit()
    assert {LOOK, "innominatus.lock"} <= {*workshop.git("ls-files").splitlines()}
    told = workshop("check")
    assert told.status == 0, told.all
