"""What a step prints is read back as GitHub's runner reads it: nothing that a repository wrote is obeyed."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from innominatus_cli.findings.catalogue.document import DUPLICATE_KEY
from innominatus_cli.findings.finding import Finding, Place, Related
from innominatus_cli.operations.validation import Validation
from innominatus_cli.reports.formats import render
from innominatus_cli.reports.runner_commands import command, guarded
from innominatus_cli.reports.terminal import printable, to_stderr
from tests.standards.github_runner import Command, commands

ATTACKS = (
    "::error::x",
    "\n::set-env name=A::b",
    "\r::stop-commands::t",
    "\r\n  ::add-mask::e",
    "##[add-mask]e",
    "###[group]x",
    "#",
    "#[debug]x",
    "%0A::error::x",
    "%250A",
    "a,line=9::b",
    "\u2028::error::x",
    "\x85::error::x",
    "\x0b::error::x",
    "\u00a0::error::x",
    "::",
    "]",
)
HOSTILE = st.one_of(st.text(max_size=30), st.lists(st.sampled_from(ATTACKS), max_size=4).map("".join))


@given(HOSTILE, HOSTILE, HOSTILE)
def test_a_command_comes_back_as_the_only_one_with_what_was_put_in(title: str, path: str, said: str) -> None:
    line = command("error", said, {"file": path, "line": "3", "title": title})
    (found,) = commands(f"before\n{line}\nafter")
    assert found.name == "error"
    assert list(found.properties) == ["file", "line", "title"]
    assert found.properties["file"] == shown(path)
    assert found.properties["title"] == shown(title).rstrip()  # the runner trims what stands before the message
    assert found.data == shown(said)


def shown(text: str) -> str:
    return printable(text).replace("##[", "## [")


def test_a_command_without_properties_has_none() -> None:
    assert list(commands(command("notice", "a: b"))) == [Command("notice", {}, "a: b")]


@given(st.lists(HOSTILE, max_size=6).map("\n".join))
@example("::stop-commands::x\n::x::")
def test_guarded_text_holds_no_command_and_is_all_there(text: str) -> None:
    kept = guarded(text)
    assert list(commands(kept)) == []
    assert text in kept
    assert list(commands(f"{kept}\n::error::behind")) == [Command("error", {}, "behind")]


def test_text_without_anything_like_a_command_stays_what_it_is() -> None:
    text = "a.yaml:1:1: error ORC-1009: a :: b\n    1 | # [x]\n"
    assert guarded(text) == text


def test_a_text_cannot_name_the_word_that_ends_its_guard() -> None:
    first = guarded("::error::x\n")
    word = first.split("\n")[0].rpartition("::")[2]
    again = guarded(f"::{word}::\n::error::x\n")
    assert list(commands(again)) == []


@given(HOSTILE, HOSTILE, HOSTILE)
def test_text_of_findings_is_obeyed_by_no_runner(path: str, message: str, source: str) -> None:
    place = Place(path, 1, 1, 1, 2)
    finding = Finding(DUPLICATE_KEY, message, place, message, (Related(message, Place("b.yaml", 1, 1)),))
    found = Validation((finding,), 1, {path: source, "b.yaml": source}, {})
    for output in ("text", "table"):
        assert list(commands(guarded(render(found, output)))) == []


@pytest.mark.parametrize(("runner", "guard"), [("true", True), ("", False)])
def test_stderr_is_guarded_on_a_runner(
    runner: str, guard: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", runner)
    to_stderr("::error::x", "plain")
    told = capsys.readouterr().err
    assert "::error::x\nplain\n" in told
    assert (list(commands(told)) == []) is guard


def test_the_reader_of_these_tests_obeys_what_a_runner_obeys() -> None:
    assert list(commands("  ::warning file=a%2Cb,line=1::50%25%0Ax")) == [
        Command("warning", {"file": "a,b", "line": "1"}, "50%\nx")
    ]
    assert list(commands("x ##[debug]y")) == [Command("debug", {}, "y")]
    assert list(commands("::stop-commands::t\n::error::a\n::t::\n::error::b")) == [Command("error", {}, "b")]
    assert list(commands("::banana::x\n:: error::x\n x ::error::x")) == []
