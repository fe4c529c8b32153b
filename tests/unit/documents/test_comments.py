"""Which comments of a file are real, and of which lines they speak."""

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.comments import comments_with

MARK = "note:"
TEXT = """\
# note: top
%YAML 1.2
--- # note: at the mark
script: |  # note: header
  echo a
  # note: in a block

# note: behind the block
quoted: "x # note: in quotes
  # note: still in quotes"
plain: foo # note: behind plain
glued: foo# note:part of the text
url: http://example.com/#note:no
seq: [a, # note: in a list
  b]
folded: >-
  # note: folded text

  # note: folded text too
# a remark
#   note:   before last

last: 'it''s # note: quoted'
# note: end
"""


def found(text: str) -> list[tuple[int, str, int, int, bool]]:
    return [(c.line, c.text.removeprefix(MARK).strip(), c.first, c.last, c.at_top) for c in comments_with(MARK, text)]


def test_only_real_comments_are_found_and_each_knows_its_lines() -> None:
    assert found(TEXT) == [
        (1, "top", 2, 2, True),
        (3, "at the mark", 3, 3, True),
        (4, "header", 4, 7, False),
        (8, "behind the block", 9, 10, False),
        (11, "behind plain", 11, 11, False),
        (14, "in a list", 14, 14, False),
        (21, "before last", 23, 23, False),
        (24, "end", 24, 24, False),
    ]


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_all_line_ends_are_lines(ends: str) -> None:
    assert found(TEXT.replace("\n", ends)) == found(TEXT)


def test_a_comment_above_a_block_of_text_speaks_of_all_its_lines() -> None:
    text = "# note: x\n# more\n\nscript: |\n  one\n  two\nnext: 1\n"
    assert [(c.first, c.last) for c in comments_with(MARK, text)] == [(4, 6)]


def test_comments_before_a_mistake_in_the_text_count_and_those_behind_it_do_not() -> None:
    assert [line for line, *_ in found("a: 1 # note: x\nb: [\nc: }\n# note: y\n")] == [1]


def test_what_is_nested_without_end_is_not_followed() -> None:
    assert found("# note: x\n" + "- " * 200 + "a # note: y\n")[0][:2] == (1, "x")
    assert len(found("# note: x\n" + "- " * 200 + "a # note: y\n")) == 1


def test_a_column_counts_code_points() -> None:
    assert [(c.line, c.column) for c in comments_with(MARK, 'a: "ü😀" # note: x\n')] == [(1, 9)]


CHUNKS = (
    " # note: x",
    "# note: x",
    "\n",
    "\n  ",
    "a: ",
    "- ",
    "|",
    ">-",
    "|2+",
    '"',
    "'",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "b",
    "---\n",
)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(CHUNKS), max_size=16).map("".join))
@example("a: >+\n\n # note: x\n# note: x\n")
def test_nothing_that_the_parser_reads_as_text_is_a_comment(text: str) -> None:
    """Whatever the comments say, the documents say the same."""
    lines = text.split("\n")
    for comment in comments_with(MARK, text):
        lines[comment.line - 1] = lines[comment.line - 1][: comment.column]
    try:
        before = list(yaml.load_all(text, yaml.CBaseLoader))
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return
    assert list(yaml.load_all("\n".join(lines), yaml.CBaseLoader)) == before
