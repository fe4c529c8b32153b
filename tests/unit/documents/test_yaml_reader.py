"""The reader: places, limits, and what it refuses. It raises nothing, whatever the bytes are."""

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from innominatus_cli.documents import event_reader
from innominatus_cli.documents.event_reader import MAX_ALIASES, MAX_MERGES, MAX_NODES
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.quick_reader import MAX_DEPTH
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.documents.yaml_text import MAX_BYTES, place_at
from innominatus_cli.findings.catalogue import document as codes
from innominatus_cli.findings.finding import Code, Finding, Severity


def read(text: str) -> tuple[list[Document], list[Finding]]:
    return read_yaml("file.yaml", text.encode())


def plain(text: str) -> Any:
    documents, findings = read(text)
    assert [f for f in findings if f.severity is Severity.ERROR] == []
    return documents[0].root.plain()


def only(text: str) -> Finding:
    _, findings = read(text)
    assert len(findings) == 1, [str(f.message) for f in findings]
    return findings[0]


def nodes_of(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, MappingNode):
        yield from node.key_nodes.values()
        for value in node.values.values():
            yield from nodes_of(value)
    elif isinstance(node, SequenceNode):
        for item in node.items:
            yield from nodes_of(item)


def test_every_key_and_value_knows_its_line_and_column() -> None:
    documents, _ = read("first: 1\nsecond:\n  - äö: [x, 'y z']\n")
    document = documents[0]
    mapping = document.mapping.sequence("second")[0]
    assert isinstance(mapping, MappingNode)
    key = mapping.key("äö")
    assert (key.line, key.column, key.end_line, key.end_column) == (3, 5, 3, 7)
    inner = mapping.sequence("äö")
    assert [(node.line, node.column, node.end_column) for node in inner] == [(3, 10, 11), (3, 13, 18)]
    assert str(document.place(inner[1])) == "file.yaml:3:13"
    assert document.place(inner[1]).pointer == "/second/0/äö/1"


def test_columns_count_code_points_and_not_bytes() -> None:
    documents, _ = read("{😀: 1, b: 2}")
    assert documents[0].mapping.key("b").column == 8


def test_a_block_mapping_ends_with_its_last_value() -> None:
    documents, _ = read("a:\n  b: 1\n\n\nc: 2\n")
    inner = documents[0].mapping.values["a"]
    assert (inner.end_line, inner.end_column) == (2, 7)


def test_a_byte_order_mark_and_crlf_change_nothing() -> None:
    documents, findings = read_yaml("f", b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\n  y\r\n")
    assert findings == []
    assert documents[0].root.plain() == {"a": 1, "b": "x\ny\n"}
    assert documents[0].mapping.key("b").line == 2
    assert documents[0].mapping.key("a").column == 1


def test_several_documents_in_a_file_are_all_read() -> None:
    documents, findings = read("a: 1\n---\n---\nb: 2\n...\n---\n# nothing\n")
    assert [(d.index, d.root.plain()) for d in documents] == [(0, {"a": 1}), (2, {"b": 2})]
    assert findings == []


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "---\n---\n", "\ufeff"])
def test_a_file_without_a_document_is_a_finding(text: str) -> None:
    assert only(text).code is codes.EMPTY


def test_a_duplicate_key_names_both_places_and_the_first_one_stays() -> None:
    documents, findings = read("a: 1\nb: 2\na: 3\n")
    assert documents[0].root.plain() == {"a": 1, "b": 2}
    (finding,) = findings
    assert finding.code is codes.DUPLICATE_KEY
    assert str(finding.place) == "file.yaml:3:1"
    assert str(finding.related[0].place) == "file.yaml:1:1"


def test_every_duplicate_key_is_found() -> None:
    _, findings = read("a: 1\na: 2\nb: {c: 1, c: 2}\na: 3\n")
    assert [f.place.line for f in findings] == [2, 3, 4]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: !!str x", codes.TAG, "1:4"),
        ("a: !custom {b: 1}", codes.TAG, "1:4"),
        ("!!python/object/apply:os.system [x]", codes.TAG, "1:1"),
        ("&a [1, *a]", codes.ALIAS, "1:8"),
        ("a: *nothing", codes.ALIAS, "1:4"),
        ("? [1, 2]\n: x", codes.KEY_NOT_TEXT, "1:3"),
        ("1: x", codes.KEY_NOT_TEXT, "1:1"),
        ("a: {true: x}", codes.KEY_NOT_TEXT, "1:5"),
        ("~: x", codes.KEY_NOT_TEXT, "1:1"),
        ("a: .nan", codes.NOT_FINITE, "1:4"),
        ("a: -.inf", codes.NOT_FINITE, "1:4"),
        ("a: 1e400", codes.NOT_FINITE, "1:4"),
        ("a: 9007199254740992", codes.INTEGER_TOO_LARGE, "1:4"),
        ("a: 0xFFFFFFFFFFFFFFFF", codes.INTEGER_TOO_LARGE, "1:4"),
        ('a: "x\\0"', codes.NUL, "1:4"),
        ("<<: 1", codes.MERGE, "1:5"),
        ("a: &x {b: 1}\n<<: [*x, 2]", codes.MERGE, "2:10"),
        ("a:\n  b: x\x07", codes.CONTROL_CHARACTER, "2:7"),
        ("a: x\u2028y", codes.CONTROL_CHARACTER, "1:5"),
        ("a: x\x85y", codes.CONTROL_CHARACTER, "1:5"),
        ("a: 'x\u202ey'", codes.HIDDEN_CHARACTER, "1:6"),
        ("x: 1\nna\u200bme: y", codes.HIDDEN_CHARACTER, "2:1"),
        ("a:\n\tb: 1", codes.YAML_SYNTAX, "2:1"),
        ("a: b: c", codes.YAML_SYNTAX, "1:5"),
        ("a: [1, 2", codes.YAML_SYNTAX, "1:9"),
        ('a: "x', codes.YAML_SYNTAX, "1:6"),
        ("%YAML 3.0\n--- x", codes.YAML_SYNTAX, "1:1"),
        ("a: @x", codes.YAML_SYNTAX, "1:4"),
    ],
)
def test_what_is_refused_has_its_code_and_place(text: str, code: Code, place: str) -> None:
    finding = only(text)
    assert finding.code is code
    assert str(finding.place) == f"file.yaml:{place}"
    assert finding.help


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"a: 1\nb: \xe9\n", codes.NOT_UTF8, "f:2:4"),
        (b"\xff\xfea\0:\0", codes.BINARY, "f"),
        (b"\x7fELF\x02\x01\x01\0\0\0", codes.BINARY, "f"),
        (b"#" * (MAX_BYTES + 1), codes.TOO_LARGE, "f"),
    ],
)
def test_what_is_no_text_never_reaches_the_parser(data: bytes, code: Code, place: str) -> None:
    documents, (finding,) = read_yaml("f", data)
    assert documents == []
    assert finding.code is code
    assert str(finding.place) == place


def test_a_file_of_exactly_the_limit_is_read() -> None:
    assert plain("a: 1\n#" + "x" * (MAX_BYTES - 6)) == {"a": 1}


@pytest.mark.parametrize("text", ["zero\u200dwidth", "flag: 🏴\u200d☠️", "text: 'a\u200bb'"])
def test_zero_width_characters_may_stand_in_values(text: str) -> None:
    assert read(text)[1] == []


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[{a: "])
def test_a_file_nested_thirty_thousand_deep_is_one_finding(opening: str) -> None:
    documents, (finding,) = read(opening * 30_000)
    assert documents == []
    assert finding.code is codes.TOO_DEEP


def test_the_deepest_allowed_document_is_read_and_one_level_more_is_not() -> None:
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH)[1] == []
    assert only("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)).code is codes.TOO_DEEP


def test_depth_is_counted_with_aliases_written_out() -> None:
    levels = "a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n"
    levels += "".join(f"a{i}: &a{i} [[[[[[[[[*a{i - 1}]]]]]]]]]\n" for i in range(1, 9))
    assert only(levels).code is codes.TOO_DEEP


def test_an_alias_bomb_is_one_finding() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{chr(c)}: &{chr(c)} [{', '.join([f'*{chr(c - 1)}'] * 9)}]" for c in range(ord("b"), ord("m"))]
    assert only("\n".join(lines)).code is codes.TOO_MANY_NODES


def test_a_merge_bomb_is_one_finding() -> None:
    lines = ["a: &a {k0: x, k1: x, k2: x}"]
    for c in range(ord("b"), ord("z")):
        merged = ", ".join([f"*{chr(c - 1)}"] * 9)
        lines.append(f"{chr(c)}: &{chr(c)} {{<<: [{merged}], n{c}: x}}")
    assert only("\n".join(lines)).code in {codes.TOO_MANY_ALIASES, codes.TOO_MANY_NODES}


def test_aliases_are_counted() -> None:
    assert read("a: &a 1\nb: [" + "*a, " * MAX_ALIASES + "]")[1] == []
    assert only("a: &a 1\nb: [" + "*a, " * (MAX_ALIASES + 1) + "]").code is codes.TOO_MANY_ALIASES


def test_merges_are_counted() -> None:
    lines = "".join(f"k{i}: {{<<: *a}}\n" for i in range(MAX_MERGES))
    assert read("a: &a {b: 1}\n" + lines)[1] == []
    assert only("a: &a {b: 1}\n" + lines + "last: {<<: *a}\n").code is codes.TOO_MANY_ALIASES


def test_values_are_counted() -> None:
    assert only("[" + "x," * MAX_NODES + "]").code is codes.TOO_MANY_NODES


@pytest.mark.parametrize(
    "step", ["{name: a, type: script, foo%d: 1}", "{name: a, type: kubernetes, namespace: x%d, env: }"]
)
def test_a_large_file_of_nothing_but_mistakes_is_checked_without_quadratic_work(step: str) -> None:
    """Sixty seconds, had every finding to search the file for its pointer; the test's timeout ends it."""
    steps = "".join(f"    - {step % i}\n" for i in range(5_000))
    text = f"kind: Workflow\nmetadata: {{name: x}}\nspec:\n  steps:\n{steps}"
    findings = load("f.yaml", text.encode()).findings
    assert len(findings) >= 5_000
    assert findings[-1].place.pointer.startswith("/spec/steps/4999")


def test_documents_before_the_one_that_stops_the_reading_are_kept() -> None:
    documents, (finding,) = read("a: 1\n---\nb: [\n")
    assert [d.root.plain() for d in documents] == [{"a": 1}]
    assert finding.code is codes.YAML_SYNTAX


def test_merged_keys_do_not_replace_own_ones_and_earlier_mappings_win() -> None:
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {c: 3, <<: [*x, *y], d: 3}\n"
    assert plain(text)["z"] == {"c": 3, "d": 3, "a": 1, "b": 1}


def test_a_quoted_merge_key_is_a_key() -> None:
    assert plain('"<<": 1\nb: <<\n') == {"<<": 1, "b": "<<"}


def test_each_use_of_an_alias_is_a_node_of_its_own_with_its_own_pointer() -> None:
    documents, _ = read("a: &a {b: [1]}\nc: *a\n")
    root = documents[0].mapping
    assert root.mapping("a").values["b"] is not root.mapping("c").values["b"]
    assert documents[0].place(root.mapping("c").sequence("b")[0]).pointer == "/c/b/0"


def test_an_anchor_may_be_used_again_and_ends_with_its_document() -> None:
    documents, findings = read("a: &x 1\nb: *x\nc: &x 2\nd: *x\n---\ne: *x\n")
    assert documents[0].root.plain() == {"a": 1, "b": 1, "c": 2, "d": 2}
    assert [f.place.line for f in findings] == [6]


def test_a_value_that_other_tools_read_differently_is_a_warning_with_the_quoted_form() -> None:
    finding = only("enabled: yes")
    assert finding.severity is Severity.WARNING
    assert finding.code is codes.AMBIGUOUS_SCALAR
    assert '"yes"' in finding.help


def test_keys_and_quoted_values_are_never_ambiguous() -> None:
    assert read("on: 'no'\nyes: \"12:30\"\nx: |\n  off\n")[1] == []


def test_a_scalar_keeps_its_text() -> None:
    documents, _ = read("version: 1.10\n")
    node = documents[0].mapping.values["version"]
    assert isinstance(node, ScalarNode)
    assert (node.value, node.text) == (1.1, "1.10")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: b: c", "no key can be"),
        ("a:\n  b: 1\n c: 2", "does not fit"),
        ("a: 'x\n", "inside a quoted text"),
        ("a: {b: 1\nc: 2", "not closed"),
        ("- a\nb: 1", "does not fit the list"),
        ("a: *", "without a name"),
    ],
)
def test_syntax_errors_are_told_in_plain_words(text: str, words: str) -> None:
    assert words in only(text).message


SAFE_TEXT = st.text(st.characters(max_codepoint=0xFFFD, exclude_categories=["Cs"], exclude_characters="\0\x7f"))
SAFE_KEY = SAFE_TEXT.filter(lambda key: len(json.dumps(key)) < 1_000)  # YAML 1.2, 7.4.2: a key has 1,024 at most
JSON_DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | SAFE_TEXT | st.floats(allow_nan=False, width=32),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SAFE_KEY, inner, max_size=4),
    max_leaves=20,
).filter(lambda value: "Infinity" not in json.dumps(value))


@given(JSON_DATA.filter(lambda value: value is not None))
def test_json_reads_as_json(value: object) -> None:
    documents, findings = read(json.dumps(value))
    assert [f for f in findings if f.severity is Severity.ERROR] == []
    assert documents[0].root.plain() == value


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf")
@example(b"? \n: \n")
@example(b"--- >\n---")
def test_no_bytes_raise(data: bytes) -> None:
    documents, findings = read_yaml("f", data)
    assert documents or findings


YAML_LIKE = st.text(st.sampled_from(list("ab:-?[]{},&*!|>'\"%@`#\\ \n\t<~0.1ex\u00e9\u202e")), max_size=60)


@given(YAML_LIKE)
def test_no_text_raises_and_every_node_has_a_place_inside_the_file(text: str) -> None:
    documents, findings = read(text + "\n")
    lines = f"{text}\n".split("\n")
    for document in documents:
        for node in nodes_of(document.root):
            assert 1 <= node.line <= len(lines)
            assert node.column >= 1
            assert (node.end_line, node.end_column) >= (node.line, node.column)
    for finding in findings:
        assert finding.place.line <= len(lines) + 1
        assert str(finding.message)


def test_a_file_has_a_limit_of_documents() -> None:
    documents, findings = read_yaml("a.yaml", b"--- 1\n" * 100_000)
    assert len(documents) == 1_000
    assert [(finding.code, finding.place.line) for finding in findings] == [(codes.TOO_MANY_NODES, 1_001)]


def test_the_end_of_a_file_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looking = Mock(wraps=place_at)
    monkeypatch.setattr(event_reader, "place_at", looking)
    documents, _ = read_yaml("a.yaml", b"---\n" * 2_000)
    assert documents == []
    assert looking.call_count <= 2  # once more for what is found there
