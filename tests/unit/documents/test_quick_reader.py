"""The quick readers give what the reader of events gives, or nothing; and the composer never sees a deep text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.event_reader import read_events
from innominatus_cli.documents.line_reader import read_lines
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode, pointers
from innominatus_cli.documents.quick_reader import MAX_DEPTH, may_be_composed, read_quickly
from innominatus_cli.documents.yaml_text import text_of

LINES = (
    *("a: x", "b: y z", "c: 1", "d: 010", "e: yes", "f: ${a.b}", "g: [a, b]", "h: [1, no]", "i: []", "j: 'k'", "a:"),
    *('l: "m # n"', 'o: "p" q', "r: s # t", "u: v:", "w: x: y", "z:  a", "b: #", "c: it''s", 'd: "\\n"', "e: |", "f:"),
    *("m: {n: o, p: 1}", "q: { r: 's t', u: \"v-*\" }", "a: {b: c, b: d}", "e: {f: g: h}", "i: {j: k,l: m}"),
    *("n: {o: 'p, q'}", "r: {s: yes}", "t: {u: }", "v: {w: x} # y", "z: {a: {b: c}}", "d-*: ^1.0", 'e: [f, "g-*", 1]'),
    *("a: [] # b", "c: { }", "d: {}", "- {}", "e: [ ]"),
    *("- -h", "- -1", "i: -j", "k: -l: m", "- {n: o}", "p: {q: 01}", "s: {no: t}", "u: {  v: w}", "x: {y: z  }"),
    *("- a", "- b: c", "-  d: e", "- f:", "-", "- - g", "- [h, i]", "- 'j: k'", "---", "...", "# l", "", "m", "no: n"),
    *(
        "'o': p",
        "q : r",
        "? s",
        "t: ",
        "u: {v: w}",
        "x: &y z",
        "a: *b",
        "c: !d e",
        "<<: f",
        "g: é",
        "h:\ti",
        "j: -",
        "k.l/m: n",
    ),
)
PIECES = (
    *("a", "b", "key: ", "k: v\n", "- ", "- x\n", "\n", " ", "  ", "    ", "\t", "\r\n", "\r", ":", ": ", ","),
    *("[", "]", "{", "}", "[]", "{}", "? ", "|\n", ">-\n", "'", '"', "''", '"x"', "#", " # c\n", "---\n", "...\n"),
    *("&a", "*a", "&a ", "*a\n", "!t ", "!!str ", "! ", "<<: ", "<<", "%YAML 1.2\n", "a && b", "*.yaml", "x!", "y*z"),
    *("yes", "no", "~", "null", "true", "1", "1.10", "0x1f", "0o7", "010", ".inf", ".nan", "1e3", "12:30", "1_0"),
    *("9007199254740993", "2024-01-01", "é", "日本", "\u200b", "\ufeff", "\\0", "\\x00", "\\u0041", "${a.b}", "=", "@"),
)


def flat(documents: list[Document]) -> list[Any]:
    return [(one.path, one.index, one.text, list(_described(one.root))) for one in documents]


def _described(node: Node) -> Iterator[Any]:
    where = (node.line, node.column, node.end_line, node.end_column)
    if isinstance(node, ScalarNode):
        yield ("scalar", type(node.value).__name__, node.value, node.text, node.plain_style, where)
    elif isinstance(node, SequenceNode):
        yield ("list", where)
        for item in node.items:
            yield from _described(item)
    else:
        assert isinstance(node, MappingNode)
        yield ("mapping", list(node.values), list(node.key_nodes), where)
        for key, value in node.values.items():
            yield from _described(node.key_nodes[key])
            yield from _described(value)
    yield "end"


def agree(data: bytes) -> bool:
    """Whether the readers say the same of a file, where the quick ones say something; if the composing one did."""
    text, findings = text_of("file.yaml", data)
    if text is None or findings:
        return False
    quickly, by_lines = read_quickly("file.yaml", text), read_lines("file.yaml", text)
    if quickly is None and by_lines is None:
        return False
    documents, found = read_events("file.yaml", text, [])
    assert found == []
    if by_lines is not None:
        assert flat([by_lines]) == flat(documents)
        assert by_lines.keys == _keys_in(documents[0].root)
    if quickly is not None:
        assert flat(quickly) == flat(documents)
        assert [document.keys for document in quickly] == [_keys_in(document.root) for document in documents]
    return quickly is not None


def _keys_in(root: Node) -> set[str]:
    found: set[str] = set()
    for node, _ in pointers(root):
        if isinstance(node, MappingNode):
            found.update(node.values)
    return found


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES), max_size=24).map("".join))
@example("a: &x 1\nb: *x\n")
@example("a: 1\na: 2\n")
@example("? [a]\n: b\n")
@example("{'a':*b}\n")
@example("a: {b: c}\nd: [e, 'f']\n")
@example("\n# nothing\n---\n---\na: b\n")
@example("a:\n- b\n-\n  c: |\n    d\n\n")
@example("<<: {a: b}\n")
@example("'<<': {a: b}\n")
@example("1: a\n")
def test_the_readers_agree_on_any_text(text: str) -> None:
    agree(text.encode())


@settings(max_examples=1_000)
@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from(LINES)), max_size=12))
@example([(0, "a:"), (0, "- b: c"), (2, "d: 1")])
@example([(0, "a:"), (2, "- b"), (0, "c: 1")])
@example([(0, "---"), (2, "a:"), (4, "c: 1"), (0, "c: 1")])
@example([(0, "a:  {b: c}")])
def test_the_readers_agree_on_lines(lines: list[tuple[int, str]]) -> None:
    text = "".join(f"{' ' * indented}{line}\n" for indented, line in lines)
    agree(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "a: b\n",
        "---\n# c\na:  b   # d\ne:\n- f\n-   g: h\n    i:\n      - 'j'\nk: [l, m]\n",
        '  a:\n      b: http://c:1/#d\n\n  e: "f # g"\n',
        "- a\n- 1\n- b:\n    c: ${d.e}",
        "a: {b: c, d: 1, e: 'f g'}\nf: []\ng: {}\nh: { i: j }\nk-*: [l, 'm-*', \"n\"]\no: ^1.0\np:\n  - -q\n",
    ],
)
def test_plain_files_are_read_by_lines(text: str) -> None:
    document = read_lines("file.yaml", text)
    assert document is not None
    assert flat([document]) == flat(read_events("file.yaml", text, [])[0])


def test_long_files_are_read_by_lines_unless_they_may_hold_too_much() -> None:
    steps = "steps:\n" + "".join(f"  - name: s{number}\n    needs: [a, b]\n" for number in range(3_000))
    assert len(steps) > 50_000
    document = read_lines("file.yaml", steps)
    assert document is not None
    assert flat([document]) == flat(read_events("file.yaml", steps, [])[0])
    assert read_lines("file.yaml", "a:\n" + "- b\n" * 20_000) is None
    assert read_lines("file.yaml", "a: [b" + ", b" * 60_000 + "]\n") is None


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.sampled_from(PIECES), st.dates()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
)


@settings(max_examples=300)
@given(VALUES, st.sampled_from([None, "'", '"', "|", ">"]), st.sampled_from([None, True, False]), st.booleans())
def test_the_readers_agree_on_what_a_writer_of_yaml_writes(
    value: Any, style: str | None, flow: bool | None, unicode: bool
) -> None:
    text = yaml.safe_dump(value, default_style=style, default_flow_style=flow, allow_unicode=unicode, width=40)
    agree(text.encode())


def test_the_readers_agree_on_every_file_of_the_project(root: Path) -> None:
    files = [path for path in sorted((root / "tests" / "cases").rglob("*.yaml")) if path.is_file()]
    assert sum(agree(path.read_bytes()) for path in files) > len(files) // 4


def test_good_files_are_read_quickly(root: Path) -> None:
    files = [*(root / "workflows").rglob("*.yaml"), *(root / "docs" / "examples").rglob("score.yaml")]
    assert files
    slowly = [path.name for path in (*files, root / "admin-config.yaml") if not agree(path.read_bytes())]
    assert slowly == []


@pytest.mark.parametrize(
    "text",
    [
        "a: text with & and * and ${x}! and ${x} in it\n",
        "script: |\n  make && make install; ls *.yaml\n",
        "'1': a\n",
        "a:\r\n  - b\r\n",
        "\n".join(f"{'  ' * depth}k:" for depth in range(50)),
    ],
)
def test_usual_texts_are_read_quickly(text: str) -> None:
    assert agree(text.encode())


DEEP = 2_000
DEEP_TEXTS = {
    "lists in a line": "- " * DEEP + "x",
    "lists and tabs": "-\t" * DEEP + "x",
    "explicit keys": "? " * DEEP + "x",
    "mixed indicators": "- ? : " * DEEP + "x",
    "indented mappings": "".join(f"{' ' * depth}a:\n" for depth in range(DEEP)),
    "indented lists": "".join(f"{' ' * depth}-\n" for depth in range(DEEP)),
    "mappings and lists at one column": "".join(f"{' ' * depth}a:\n{' ' * depth}-\n" for depth in range(DEEP)),
    "compact mappings": "".join(f"{'  ' * depth}- a:\n" for depth in range(DEEP)),
    "ends of line of old Macs": "".join(f"{' ' * depth}a:\r" for depth in range(DEEP)),
    "brackets": "[" * DEEP + "]" * DEEP,
    "braces": "{a: " * DEEP + "}" * DEEP,
    "brackets over lines": "[\n" * DEEP + "]" * DEEP,
    "half of each": "[{a: " * (DEEP // 2) + "}]" * (DEEP // 2),
    "behind a document": "a: b\n---\n" + "- " * DEEP + "x",
    "behind its mark": "--- " + "- " * DEEP + "x",
    "behind a text": "a: |\n b\nc:\n  " + "- " * DEEP + "x",
}


@pytest.mark.parametrize("name", DEEP_TEXTS)
def test_the_composer_never_sees_a_deep_text(name: str) -> None:
    assert not may_be_composed(DEEP_TEXTS[name])


@given(st.lists(st.sampled_from(["list", "compact", "mapping", "flow", "braces"]), min_size=1, max_size=110))
def test_nothing_deeper_than_the_limit_is_read_quickly(levels: list[str]) -> None:
    text, closing, column, in_flow = "", "", 0, False
    for level in levels:
        if level in {"flow", "braces"} or in_flow:
            in_flow = True
            text, closing = (f"{text}[", f"]{closing}") if level != "braces" else (f"{text}{{a: ", f"}}{closing}")
        elif level == "compact":
            text, column = f"{text}- ", column + 2
        else:
            text = f"{text}{'a:' if level == 'mapping' else '-'}\n{' ' * (column + 1)}"
            column += 1
    quickly = read_quickly("file.yaml", f"{text}x{closing}\n")
    assert quickly is None or len(levels) < MAX_DEPTH
    if quickly is not None:
        agree(f"{text}x{closing}\n".encode())
