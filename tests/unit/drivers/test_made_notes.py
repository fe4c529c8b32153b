"""Notes of which run made something, and which changed it last."""

from pathlib import Path

import pytest

from innominatus_cli.drivers.made_notes import changing, gone, what_was_done


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "state" / "made.json"


def test_what_a_run_made_is_its_own_until_another_changes_it(notes: Path) -> None:
    assert what_was_done(notes, "a", ["one"]) == "untouched"
    changing(notes, "a", "one", makes_it=True)
    assert what_was_done(notes, "a", ["one"]) == "made"
    assert what_was_done(notes, "b", ["one"]) == "untouched"
    changing(notes, "a", "two", makes_it=False)
    assert what_was_done(notes, "a", ["one"]) == "untouched"
    assert what_was_done(notes, "a", ["two"]) == "changed"
    assert what_was_done(notes, "a", ["one", "two"]) == "made"


def test_what_is_gone_is_nobody_s(notes: Path) -> None:
    changing(notes, "a", "one", makes_it=True)
    changing(notes, "b", "one", makes_it=False)
    gone(notes, "a")
    assert what_was_done(notes, "a", ["one"]) == "untouched"
    assert what_was_done(notes, "b", ["one"]) == "changed"


@pytest.mark.parametrize("text", ["", "garbage", "[]", '{"a": 1}'])
def test_notes_that_cannot_be_read_say_nothing_and_are_written_anew(notes: Path, text: str) -> None:
    notes.parent.mkdir()
    notes.write_text(text)
    assert what_was_done(notes, "a", ["one"]) == "untouched"
    changing(notes, "a", "one", makes_it=True)
    assert what_was_done(notes, "a", ["one"]) == "made"
