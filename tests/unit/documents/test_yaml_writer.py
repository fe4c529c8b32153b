"""YAML that every reader reads alike."""

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.documents.yaml_writer import document_text, inline_text, result_text, yaml_text

WORDS = [
    "yes",
    "no",
    "on",
    "off",
    "y",
    "N",
    "null",
    "~",
    "1e3",
    "0o17",
    "0x1F",
    "12:30:45",
    "1_000",
    "=",
    "",
    " a",
    "a ",
]
WORDS += [
    "2001-01-01",
    ".5",
    "+1",
    "-",
    "- a",
    "a: b",
    "#",
    "a #b",
    "@x",
    "`x",
    "%x",
    "!x",
    "&x",
    "*x",
    "{",
    "[",
    "|",
    ">",
]


def test_words_that_readers_disagree_on_are_quoted() -> None:
    data = {f"k{number}": word for number, word in enumerate(WORDS)}
    text = yaml_text([data])
    assert yaml.safe_load(text) == data
    assert all(line.split(": ", 1)[1].startswith('"') for line in text.splitlines()[1:])


def test_keys_are_sorted_and_nothing_is_an_alias() -> None:
    part = {"b": [1, True, None], "a": {}}
    assert yaml_text([{"y": part, "x": part}]) == (
        '---\nx:\n  a: {}\n  b:\n  - 1\n  - true\n  - null\n"y":\n  a: {}\n  b:\n  - 1\n  - true\n  - null\n'
    )


def test_lines_stand_as_a_block_where_nothing_is_lost() -> None:
    assert yaml_text([{"a": "one\n  two\n"}]) == "---\na: |\n  one\n    two\n"
    assert yaml_text([{"a": "tail \nx"}]) == '---\na: "tail \\nx"\n'


def test_documents_stand_behind_each_other() -> None:
    assert list(yaml.safe_load_all(yaml_text([{"a": 1}, {"b": 2}]))) == [{"a": 1}, {"b": 2}]


PRINTABLE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn")), max_size=40)
TEXTS = st.one_of(PRINTABLE, st.lists(PRINTABLE, max_size=4).map("\n".join), st.sampled_from(WORDS))
VALUES = st.recursive(
    st.one_of(TEXTS, st.booleans(), st.none(), st.integers(-(2**53) + 1, 2**53 - 1)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_what_was_written_is_read_by_yaml_1_1_and_1_2(data: dict[str, Any]) -> None:
    text = yaml_text([data])
    assert yaml.safe_load(text) == data
    documents, findings = read_yaml("written.yaml", text.encode())
    assert findings == []
    assert documents[0].root.plain() == data


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.sampled_from(WORDS) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(PLAIN)
def test_a_value_on_one_line_reads_back_as_itself_wherever_a_value_stands(value: Any) -> None:
    text = inline_text(value)

    assert "\n" not in text
    for line, read in ((f"key: {text} # said\n", {"key": value}), (f"- {text}\n", [value]), (f"[{text}]\n", [value])):
        documents, _ = read_yaml("x.yaml", line.encode("utf-8", "surrogatepass"))
        assert [document.root.plain() for document in documents] == [read]
        assert yaml.safe_load(line) == read


@given(st.dictionaries(st.text(max_size=8), PLAIN, min_size=1, max_size=4))
def test_a_document_for_people_reads_back_as_itself_in_its_order(data: dict[str, Any]) -> None:
    text = document_text(data)

    documents, _ = read_yaml("x.yaml", text.encode("utf-8", "surrogatepass"))
    assert [document.root.plain() for document in documents] == [data]
    assert yaml.safe_load(text) == data
    assert list(yaml.safe_load(text)) == list(data)


def test_a_document_for_people_looks_as_people_write_it() -> None:
    data = {
        "kind": "Workflow",
        "description": "Checks the shop, daily",
        "steps": [{"image": "node:24-slim", "timeout": "5m", "version": "1.0", "script": "a\nb\n", "list": []}],
    }

    assert document_text(data) == (
        "kind: Workflow\ndescription: Checks the shop, daily\nsteps:\n"
        '  - image: node:24-slim\n    timeout: 5m\n    version: "1.0"\n    script: |\n      a\n      b\n    list: []\n'
    )


@given(
    st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.sampled_from(["\x85", "a\u2028b", "a\nb\x85c\n"]))
)
def test_a_result_comes_back_as_it_was(data: dict[str, str]) -> None:
    assert yaml.safe_load(result_text(data)) == data
