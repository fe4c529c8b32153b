"""The text of a node reads as the node."""

from hypothesis import given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.node_text import text_of_node
from innominatus_cli.documents.nodes import node_of
from innominatus_cli.documents.yaml_reader import read_yaml

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS.filter(bool), inner, max_size=4),
    max_leaves=20,
)
TEXT = """\
metadata: {name: teas, version: 1.10}
items: [0x10, 1e3, "1e3", 'no', ~, {}, [], [[1], {a: [b]}]]
text: |
  two
  lines
"""


def test_numbers_keep_their_text() -> None:
    (document,), findings = read_yaml("x.yaml", TEXT.encode())
    text = text_of_node(document.root)
    assert "1.10" in text
    assert "0x10" in text
    (again,), more = read_yaml("y.yaml", text.encode())
    assert again.root.plain() == document.root.plain()
    assert [one.code for one in more if one.severity == "error"] == []
    del findings


@settings(max_examples=50)
@given(data=st.dictionaries(TEXTS.filter(bool), DATA, min_size=1, max_size=5))
def test_any_data_reads_as_itself(data: dict[str, object]) -> None:
    (document,), _ = read_yaml("x.yaml", b"a: 1\n")
    (again,), findings = read_yaml("y.yaml", text_of_node(node_of(data, document.root)).encode())
    assert again.root.plain() == data, findings
