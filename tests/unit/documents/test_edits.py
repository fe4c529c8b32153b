"""Edits of texts: places as editors count them, edits that meet, and changes of whole lines."""

import pytest

from innominatus_cli.documents.edits import LineEdits, UnsafeEdit, apart, apply, lines_of
from innominatus_cli.findings.finding import Edit, Fix

TEXT = "a: 1\nb: 2\nc: 3\n"


def fix(*edits: Edit) -> Fix:
    return Fix("x", edits)


def test_lines_end_where_yaml_ends_them() -> None:
    assert lines_of("a\r\nb\rc\nd") == ["a\r\n", "b\r", "c\n", "d"]
    assert lines_of("") == []
    assert lines_of("a\u2028\x0bb\n") == ["a\u2028\x0bb\n"]


def test_edits_are_applied_in_the_order_of_their_places() -> None:
    edits = [Edit(3, 4, 3, 5, "30"), Edit(1, 1, 1, 2, "aa"), Edit(2, 1, 3, 1, ""), Edit(4, 1, 4, 1, "d: 4\n")]
    assert apply(TEXT, edits) == "aa: 1\nc: 30\nd: 4\n"


def test_columns_are_code_points() -> None:
    assert apply("n: 🚀é x\n", [Edit(1, 7, 1, 8, "y")]) == "n: 🚀é y\n"


def test_an_insertion_stands_before_what_replaces_the_text_behind_it() -> None:
    assert apply("b\n", [Edit(1, 1, 1, 2, "B"), Edit(1, 1, 1, 1, "a")]) == "aB\n"


def test_fixes_that_reach_into_each_other_are_kept_apart() -> None:
    wide, inner = fix(Edit(1, 1, 3, 1, "")), fix(Edit(2, 1, 2, 2, "x"))
    around = fix(Edit(1, 1, 1, 1, "("), Edit(3, 1, 3, 1, ")"))
    behind, same_spot = fix(Edit(3, 1, 3, 2, "C")), fix(Edit(3, 1, 3, 1, "!"))
    assert apart([inner, wide, behind]) == [wide, behind]
    assert apart([inner, around]) == [around]
    assert apart([same_spot, fix(Edit(3, 1, 3, 1, "?"))]) == [same_spot]
    assert apart([wide, wide]) == [wide]


def changed(text: str, change: "list[tuple[str, tuple[object, ...]]]", *, ends_in_text: bool = False) -> str:
    lines = LineEdits(lines_of(text), ends_in_text=ends_in_text)
    for name, arguments in change:
        getattr(lines, name)(*arguments)
    return apply(text, lines.edits())


def test_lines_are_put_taken_inserted_and_shifted() -> None:
    assert changed(TEXT, [("put", (2, "B"))]) == "a: 1\nB\nc: 3\n"
    assert changed(TEXT, [("take", (1, 3))]) == "c: 3\n"
    assert changed(TEXT, [("insert", (2, ["x", "y"])), ("insert", (4, ["z"]))]) == "a: 1\nx\ny\nb: 2\nc: 3\nz\n"
    assert changed(TEXT, [("shift", (1, 3, 2)), ("above", (2, ["# b"]))]) == "  a: 1\n# b\n  b: 2\nc: 3\n"


def test_what_was_inserted_moves_with_the_lines_around_it() -> None:
    lines = LineEdits(lines_of(TEXT))
    lines.insert(2, ["x"])
    lines.shift(1, 3, 2)
    assert lines.take(1, 3) == ["  a: 1", "  x", "  b: 2"]


def test_lines_lose_no_more_than_their_blanks() -> None:
    assert changed("    a\n\n b\n#c\n", [("shift", (1, 5, -2))]) == "  a\n\nb\n#c\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_new_lines_end_as_those_of_the_file(end: str) -> None:
    assert changed(f"a{end}b{end}", [("insert", (2, ["x"]))]) == f"a{end}x{end}b{end}"
    assert changed(f"a{end}b", [("insert", (3, ["x"]))]) == f"a{end}b{end}x"
    assert changed(f"a{end}b", [("insert", (1, ["x"])), ("take", (2, 3))]) == f"x{end}a"
    assert changed(f"a{end}b", [("put", (2, "B"))]) == f"a{end}B"


def test_a_text_that_ends_without_a_line_end_stays_the_last() -> None:
    text = "a: |\n  x"
    assert changed(text, [("shift", (1, 3, 2))], ends_in_text=True) == "  a: |\n    x"
    with pytest.raises(UnsafeEdit):
        changed(text, [("insert", (3, ["b: 1"]))], ends_in_text=True)
    with pytest.raises(UnsafeEdit):
        changed(text, [("put", (2, "  y"))], ends_in_text=True)


def test_no_change_gives_no_edit() -> None:
    lines = LineEdits(lines_of(TEXT))
    lines.put(1, "a: 1")
    lines.shift(1, 4, 0)
    assert lines.edits() == ()
