"""Plain data to YAML that reads the same under YAML 1.1 and 1.2: sorted keys, strings quoted where either may err.

The same data gives the same bytes on every machine.
"""

import re
from collections.abc import Iterable, Mapping

import yaml

from innominatus_cli.documents.scalars import other_reading, value_of

_SAFE = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_PLAIN = re.compile(r"(?:[A-Za-z0-9_/]|\.{1,2}/)(?:[A-Za-z0-9_./ ,;()+@=-]|:(?! |$))*(?<! )")
_BREAKS = re.compile("[\x85\u2028\u2029]")
"""Line breaks of YAML 1.1 alone: PyYAML writes them into a single-quoted text, and reads something else there."""
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf"})


def yaml_text(documents: Iterable[Mapping[str, object]]) -> str:
    """The documents, each behind a `---` line. A text of several lines is written as a block."""
    return "".join(
        "---\n" + yaml.dump(dict(document), Dumper=_Dumper, width=100_000, allow_unicode=True) for document in documents
    )


def document_text(data: Mapping[str, object]) -> str:
    """One document for people to go on with: keys in their order, lists indented, quotes only where they are needed."""
    return yaml.dump(dict(data), Dumper=_DocumentDumper, sort_keys=False, width=100_000, allow_unicode=True)


def inline_text(value: object) -> str:
    """A value on one line, for a place in a text where YAML expects one: `name`, `"a: b"`, `[node, "a b"]`, `512`."""
    dumped = yaml.dump(value, Dumper=_InlineDumper, default_flow_style=True, width=float("inf"), allow_unicode=True)
    return dumped.removesuffix("...\n").rstrip("\n")


def result_text(data: object) -> str:
    """Plain data for somebody who asked for YAML: keys in their order, a text of several lines as a block."""
    return yaml.dump(data, Dumper=_ResultDumper, sort_keys=False, allow_unicode=True, width=120)


class _ResultDumper(yaml.SafeDumper):
    """SafeDumper with blocks."""


def _result_text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if _is_block(value) else '"' if _BREAKS.search(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


class _Dumper(yaml.SafeDumper):
    """SafeDumper sorts keys; this one writes no aliases, and quotes every string that is not plainly a word."""

    def ignore_aliases(self, data: object) -> bool:
        """Equal parts are written out: an alias says nothing to a reader of a manifest."""
        del data
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None
    if _is_block(value):
        style = "|"
    elif not _SAFE.fullmatch(value) or value.lower() in _WORDS:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


class _DocumentDumper(_Dumper):
    """Items of a list stand two columns behind its key, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Never `indentless`."""
        del indentless
        super().increase_indent(flow, False)


def _words(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if _is_block(value) else None if _is_plain(value) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _is_plain(value: str) -> bool:
    """Whether every reader takes an unquoted text for itself."""
    reads_as_text = isinstance(value_of(value), str) and not other_reading(value) and value.lower() not in _WORDS
    return reads_as_text and _PLAIN.fullmatch(value) is not None


class _InlineDumper(_Dumper):
    """No blocks: they need lines of their own."""


def _inline(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None if _is_plain(value) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _is_block(value: str) -> bool:
    """Whether a text of several lines can stand as it is: nothing to escape, no space at a line's end."""
    lines = value.split("\n")
    return (
        len(lines) > 1
        and not value.startswith((" ", "\n"))
        and not value.endswith("\n\n")
        and all(line.isprintable() and line == line.rstrip() for line in lines)
    )


_Dumper.add_representer(str, _text)
_DocumentDumper.add_representer(str, _words)
_InlineDumper.add_representer(str, _inline)
_ResultDumper.add_representer(str, _result_text)
