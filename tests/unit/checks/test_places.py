"""Places inside scalars of every style."""

import pytest

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.placeholders import check_placeholders, placeholders_in
from innominatus_cli.checks.places import place_within, texts_in
from innominatus_cli.documents.nodes import ScalarNode
from innominatus_cli.documents.yaml_reader import read_yaml


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: x ${b}\n", 1, 6),
        ("a: 'x ${b}'\n", 1, 7),
        ('a: "x ${b}"\n', 1, 7),
        ("a: |\n  x\n  y ${b}\n", 3, 5),
        ("a: >-\n  x\n  ${b}\n", 3, 3),
        ("${b}: x\na: ${b}\n", 2, 4),
        ("a: 日本 ${b}\n", 1, 7),
    ],
)
def test_the_place_is_that_of_the_reference(text: str, line: int, column: int) -> None:
    documents, findings = read_yaml("a.yaml", text.encode())
    assert findings == []
    node = documents[0].mapping.values["a"]
    assert isinstance(node, ScalarNode)
    place = place_within(documents[0], node, str(node.value).index("${b}"), "${b}")
    assert (place.line, place.column, place.end_column) == (line, column, column + 4)


def test_the_second_of_two_equal_references_has_its_own_place() -> None:
    documents, _ = read_yaml("a.yaml", b"a: |\n  ${b} ${b}\n  ${b}\n")
    node = documents[0].mapping.values["a"]
    assert isinstance(node, ScalarNode)
    offsets = [0, 5, 10]
    places = [place_within(documents[0], node, offset, "${b}") for offset in offsets]
    assert [(place.line, place.column) for place in places] == [(2, 3), (2, 8), (3, 3)]


def test_what_an_escape_hides_has_the_place_of_its_scalar() -> None:
    documents, _ = read_yaml("a.yaml", b'a: "\\u0024{b}"\n')
    node = documents[0].mapping.values["a"]
    assert isinstance(node, ScalarNode)
    assert place_within(documents[0], node, 0, "${b}") == documents[0].place(node)


def test_texts_come_in_the_order_of_the_file() -> None:
    documents, _ = read_yaml("a.yaml", b"a: [one, {b: two}]\nc: three\nd: 4\n")
    assert [node.value for node in texts_in(documents[0].root)] == ["one", "two", "three"]


def test_of_many_equal_words_the_late_ones_have_the_place_of_the_text() -> None:
    text = "a: '" + "${x} " * 5_000 + "'\n"
    document = read_yaml("a.yaml", text.encode())[0][0]
    node = document.mapping.get("a")
    assert isinstance(node, ScalarNode)
    assert place_within(document, node, 10, "${x}").column == 15
    assert place_within(document, node, 20_000, "${x}") == document.place(node)


def test_text_that_never_closes_a_placeholder_has_none() -> None:
    assert list(placeholders_in("${" * 200_000)) == []
    assert [found.written for found in placeholders_in("${a.b}" + "${" * 200_000)] == ["${a.b}"]


def test_a_file_full_of_wrong_placeholders_is_told_of_two_hundred_times() -> None:
    text = "containers: {c: {image: x, variables: {A: '" + "${a.b} " * 5_000 + "'}}}\n"
    document = read_yaml("score.yaml", text.encode())[0][0]
    assert len(list(check_placeholders(document, Facts()))) == 200
