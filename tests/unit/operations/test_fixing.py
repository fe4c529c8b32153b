"""`--fix` mends what is safe and nothing else: golden pairs, refusals, and files that must not be written."""

import os
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from pytest_snapshot.plugin import Snapshot

from innominatus_cli.documents.loading import load
from innominatus_cli.documents.meaning import meaning_of
from innominatus_cli.findings.catalogue.document import OLD_SPELLING
from innominatus_cli.findings.finding import Edit, Finding, Fix, Place
from innominatus_cli.operations import fixing
from innominatus_cli.operations.checking import CheckRequest, check
from innominatus_cli.operations.fixes import fixed_data, with_fixes
from innominatus_cli.operations.validation import Validation
from innominatus_cli.system import files

CASES = Path(__file__).resolve().parents[2] / "cases"
OLD = ("ORC-1050", "ORC-1051", "ORC-1053")
STEP = """\
apiVersion: workflow.dev/v1
kind: Workflow
metadata:
  name: flow
spec:
  steps:
    - name: build
      type: script
      depends_on: []
      config:
        script: make all
"""


def _names() -> list[str]:
    return sorted(path.name for path in (CASES / "fix").glob("*.yaml") if ".fixed." not in path.name)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fixed(*paths: str, **wishes: bool) -> Validation:
    return check(CheckRequest(paths, fix=wishes.get("fix", True), diff=wishes.get("diff", False)))


def done(found: Validation) -> fixing.Fixing:
    assert found.fixed is not None
    return found.fixed


def comments_of(text: str) -> Counter[str]:
    """The comments of a golden case, in which every `#` outside of a literal text's shebang begins one."""
    return Counter(re.findall(r"(?<=\s)#(?!!)[^\r\n]*|^#(?!!)[^\r\n]*", text))


@pytest.mark.parametrize("name", _names())
def test_an_old_file_becomes_the_golden_one(name: str, here: Path, snapshot: Snapshot) -> None:
    shutil.copy(CASES / "fix" / name, here)
    before = (here / name).read_bytes()
    found = fixed(name)
    after = (here / name).read_bytes()
    snapshot.snapshot_dir = CASES / "fix"
    snapshot.assert_match(after, name.replace(".yaml", ".fixed.yaml"))
    assert [one.message for one in found.findings if one.code.number in OLD] == (
        [] if name != "anchors-stay.yaml" else ["'variables' at the top is read as 'variables' in `spec`"]
    )
    assert comments_of(before.decode()) == comments_of(after.decode())
    assert b"\t" not in after
    if name != "twice-and-numbers.yaml":  # says some things twice, of which one stays
        assert meaning_of(load(name, before).documents) == meaning_of(load(name, after).documents)
    assert done(fixed(name)).files == ()
    assert (here / name).read_bytes() == after


@pytest.mark.parametrize("path", sorted((CASES / "err").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_bad_case_of_which_every_finding_has_a_fix_becomes_clean(path: Path, here: Path) -> None:
    shutil.copy(path, here)
    data = path.read_bytes()
    found = check(CheckRequest((path.name,)))
    of_file = [one for one in found.findings if one.place.path == path.name]
    fixable = with_fixes(path.name, data, of_file, verified=True)
    left = fixed(path.name)
    if all(one.fix for one in fixable):
        assert [f"{one.code.number} {one.message}" for one in left.findings] == []
    elif not any(one.fix for one in fixable):
        assert (here / path.name).read_bytes() == data


def test_crlf_and_a_byte_order_mark_stay(here: Path) -> None:
    old = b"\xef\xbb\xbf" + STEP.replace("\n", "\r\n").encode()
    (here / "flow.yaml").write_bytes(old)
    fixed("flow.yaml")
    assert (here / "flow.yaml").read_bytes() == old.replace(b"depends_on", b"dependsOn")


def test_the_mode_of_a_file_stays(here: Path) -> None:
    (here / "flow.yaml").write_text(STEP)
    (here / "flow.yaml").chmod(0o640)
    fixed("flow.yaml")
    assert (here / "flow.yaml").stat().st_mode & 0o7777 == 0o640
    assert [path.name for path in here.iterdir()] == ["flow.yaml"]


def test_diff_alone_writes_nothing_and_fails(here: Path) -> None:
    (here / "flow.yaml").write_text(STEP)
    found = fixed("flow.yaml", fix=False, diff=True)
    assert (here / "flow.yaml").read_text() == STEP
    assert done(found).mended == 1
    assert found.findings == ()
    assert found.exit_status(strict=False) == 1


def test_diff_alone_passes_where_nothing_would_change(here: Path) -> None:
    (here / "flow.yaml").write_text(STEP.replace("depends_on", "dependsOn"))
    assert fixed("flow.yaml", fix=False, diff=True).exit_status(strict=True) == 0


def test_several_files_of_several_repositories_are_mended(here: Path) -> None:
    for folder in ("one", "two"):
        (here / folder).mkdir()
        (here / folder / "admin-config.yaml").write_text("admin: {}\n")
        (here / folder / "flow.yaml").write_text(STEP)
    found = fixed("one/flow.yaml", str(here / "two" / "flow.yaml"))
    assert sorted(file.path for file in done(found).files) == sorted(["one/flow.yaml", f"{here}/two/flow.yaml"])
    assert "dependsOn" in (here / "one" / "flow.yaml").read_text()
    assert "dependsOn" in (here / "two" / "flow.yaml").read_text()


def test_a_file_that_is_not_all_yaml_is_not_touched(here: Path) -> None:
    text = f"{STEP}---\n{STEP}    - name: [\n"
    (here / "flow.yaml").write_text(text)
    assert done(fixed("flow.yaml")).files == ()
    assert (here / "flow.yaml").read_text() == text


@pytest.mark.parametrize("tail", ["      env: {A: !!str 1}\n", '      env: {A: "\\0"}\n', "      env: {A: .nan}\n"])
def test_a_file_in_which_the_reader_guessed_is_not_touched(tail: str, here: Path) -> None:
    (here / "flow.yaml").write_text(STEP + tail)
    assert done(fixed("flow.yaml")).files == ()
    assert (here / "flow.yaml").read_text() == STEP + tail


def test_a_link_is_not_written_through(here: Path) -> None:
    (here / "real.yaml").write_text(STEP)
    (here / "flow.yaml").symlink_to("real.yaml")
    found = fixed("flow.yaml")
    assert [one.code.number for one in found.findings if one.severity == "warning"] == ["ORC-1082"]
    assert (here / "real.yaml").read_text() == STEP
    assert (here / "flow.yaml").is_symlink()


def test_a_folder_that_is_a_link_is_not_written_through(here: Path) -> None:
    (here / "real").mkdir()
    (here / "real" / "flow.yaml").write_text(STEP)
    (here / "flows").mkdir()
    (here / "flows" / "linked").symlink_to("../real")
    (here / "admin-config.yaml").write_text("admin: {}\n")
    found = fixed("flows")
    assert "ORC-1082" in {one.code.number for one in found.findings}
    assert (here / "real" / "flow.yaml").read_text() == STEP


def test_a_file_that_changes_meanwhile_is_not_written(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "flow.yaml").write_text(STEP)
    real = files.replace_below

    def later(root: str, path: str, old: bytes, new: bytes) -> str | None:
        (here / "flow.yaml").write_text(f"{STEP}# somebody was quicker\n")
        return real(root, path, old, new)

    monkeypatch.setattr(fixing, "replace_below", later)
    found = fixed("flow.yaml")
    assert "ORC-1082" in {one.code.number for one in found.findings}
    assert (here / "flow.yaml").read_text() == f"{STEP}# somebody was quicker\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_not_written(here: Path) -> None:
    (here / "flow.yaml").write_text(STEP)
    (here / "flow.yaml").chmod(0o444)
    assert "ORC-1082" in {one.code.number for one in fixed("flow.yaml").findings}
    assert (here / "flow.yaml").read_text() == STEP


def _liar(edit: Edit) -> "type[object]":
    class Lies:
        """Checks that answer what `check` does, and one fix more, of a warning that is there in the text."""

        @staticmethod
        def check(request: CheckRequest) -> Validation:
            found = check(request._replace(fix=False, diff=False))
            source = found.sources.get("flow.yaml", "")
            if "name: build" not in source:
                return found
            from innominatus_cli.findings.catalogue.workflow import MISSING_OWNER

            lie = Finding(MISSING_OWNER, "a lie", Place("flow.yaml", 7, 7), fix=Fix("lie", (edit,)))
            return found._replace(findings=(*found.findings, lie))

    return Lies


GOOD = STEP.replace("depends_on", "dependsOn")


@pytest.mark.parametrize(
    "edit",
    [
        Edit(7, 7, 7, 11, "nmae"),  # an error that was not there
        Edit(7, 7, 7, 7, '"'),  # no YAML any more
        Edit(11, 17, 11, 21, "maker"),  # harmless, but the finding stays
        Edit(7, 13, 7, 18, "build"),  # nothing changes
    ],
)
def test_a_fix_that_does_not_do_what_it_says_is_not_kept(edit: Edit, here: Path) -> None:
    (here / "flow.yaml").write_text(GOOD)
    lies: type[object] = _liar(edit)
    found = fixing.check_and_fix(CheckRequest(("flow.yaml",), fix=True), lies.check)  # type: ignore[attr-defined]
    assert done(found).files == ()
    assert (here / "flow.yaml").read_text() == GOOD


def test_a_good_fix_is_kept_beside_one_that_lies(here: Path) -> None:
    (here / "flow.yaml").write_text(GOOD.replace("script: make all", "scrpt: make all"))
    lies: type[object] = _liar(Edit(7, 7, 7, 11, "nmae"))
    found = fixing.check_and_fix(CheckRequest(("flow.yaml",), fix=True), lies.check)  # type: ignore[attr-defined]
    assert [fix.code for file in done(found).files for fix in file.fixes] == ["ORC-1033"]
    assert (here / "flow.yaml").read_text() == GOOD


def test_one_bad_fix_among_many_of_the_same_sort_spoils_no_other(here: Path) -> None:
    steps = "".join(
        f"    - name: s{number}\n      type: script\n      depends_on: []\n      config:\n        script: make all\n"
        for number in range(9)
    )
    text = STEP.replace("    - name: build", f"{steps}    - name: build")
    (here / "flow.yaml").write_text(text)
    where = 7 + 5 * 9

    def lying(request: CheckRequest) -> Validation:
        found = check(request._replace(fix=False, diff=False))
        lie = Finding(
            OLD_SPELLING, "a lie", Place("flow.yaml", where, 7), fix=Fix("lie", (Edit(where, 7, where, 11, "type"),))
        )
        return found._replace(findings=(*found.findings, lie))

    found = fixing.check_and_fix(CheckRequest(("flow.yaml",), fix=True), lying)
    assert done(found).mended == 10
    assert (here / "flow.yaml").read_text() == text.replace("depends_on", "dependsOn")


def test_fixes_can_be_asked_for_without_any_file() -> None:
    data = STEP.encode()
    findings = load("flow.yaml", data).findings
    assert [one.fix for one in findings] == [None]
    (mended,) = with_fixes("flow.yaml", data, findings, verified=True)
    assert mended.fix is not None
    assert mended.fix.title == "Write 'dependsOn'"
    assert fixed_data(data, [mended.fix]).decode() == GOOD


def test_a_fix_that_changes_what_is_meant_is_taken_away_when_it_is_verified() -> None:
    data = STEP.encode()
    (finding,) = load("flow.yaml", data).findings
    harmful = finding._replace(fix=Fix("harm", (Edit(9, 7, 9, 17, "when"),)))
    assert with_fixes("flow.yaml", data, [harmful])[0].fix is not None
    assert with_fixes("flow.yaml", data, [harmful], verified=True)[0].fix is None
