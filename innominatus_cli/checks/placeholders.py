"""Rules over the placeholders of a Score workload: Score's own grammar, and what they may speak of.

Source: score-go's `framework` substitution (one expression, leftmost, no nesting) and its `loader.Validate`; unlike
the latter, escaped dots are accepted and metadata keys are checked.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.places import place_within, texts_in
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode
from innominatus_cli.findings.catalogue import score as codes
from innominatus_cli.findings.finding import Code, Finding, Severity
from innominatus_cli.findings.near_names import did_you_mean

_TOKEN = re.compile(r"\$(?:(\$?)\{([^}]*)\}|\$)")
_ELEMENT = re.compile(r"(?:[A-Za-z0-9_-]|\\\.)(?:[A-Za-z0-9_/-]|\\\.)*")
_ROOTS = ("metadata", "resources")
_IN_SCORE = frozenset((root,) for root in _ROOTS)
_MOST_HINTS = 20
_LONGEST_REMEMBERED = 200
_MOST_TOLD = 200
"""Nobody reads more of one file, and a file can hold a hundred thousand."""


class Placeholder(NamedTuple):
    """One `${…}` of a text: its elements (none where it is malformed), as written, and where it begins."""

    elements: tuple[str, ...]
    written: str
    offset: int


def placeholders_in(text: str) -> Sequence[Placeholder]:
    """The placeholders of a text; `$${…}` and `$$` are literal."""
    if "${" not in text:
        return ()
    return _placeholders_in(text) if len(text) <= _LONGEST_REMEMBERED else tuple(_parsed(text))


@lru_cache(maxsize=1024)
def _placeholders_in(text: str) -> Sequence[Placeholder]:
    return tuple(_parsed(text))


def _parsed(text: str) -> Iterator[Placeholder]:
    for found in _TOKEN.finditer(text, 0, text.rfind("}") + 1):  # behind the last '}', each '${' would look to the end
        if found.group(2) is None or found.group(1):
            continue
        parts = re.split(r"(?<!\\)\.", found.group(2))
        well_formed = len(parts) > 1 and all(_ELEMENT.fullmatch(part) for part in parts)
        elements = tuple(part.replace("\\.", ".") for part in parts) if well_formed else ()
        yield Placeholder(elements, found.group(), found.start())


def placeholder_texts(document: Document) -> Iterator[tuple[ScalarNode, bool]]:
    """Every text with a `${` in which Score resolves placeholders, and whether a bare `${resources.<name>}` is good.

    Those are variables, contents of files (without `noExpand`), sources of volumes, and params of resources.
    """
    for container in _mappings(document.mapping.get("containers")):
        yield from ((node, False) for node in _speaking(container.get("variables")))
        for file in _mappings(container.get("files")):
            no_expand = file.get("noExpand")
            if not (isinstance(no_expand, ScalarNode) and no_expand.value is True):
                yield from ((node, False) for node in _speaking(file.get("content")))
        for volume in _mappings(container.get("volumes")):
            yield from ((node, True) for node in _speaking(volume.get("source")))
    for resource in _mappings(document.mapping.get("resources")):
        yield from ((node, False) for node in _speaking(resource.get("params")))


def _speaking(node: Node | None) -> list[ScalarNode]:
    """The strings in a node that hold a `${`, in the order of the file."""
    if node is None:
        return []
    return [text for text in texts_in(node) if "${" in str(text.value)]


def _mappings(node: Node | None) -> list[MappingNode]:
    if not isinstance(node, MappingNode):
        return []
    return [value for value in node.values.values() if isinstance(value, MappingNode)]


def check_placeholders(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2080 to ORC-2083, ORC-2090: every placeholder is well formed and speaks of something.

    What only the house dialect knows is told once for each word that such placeholders begin with.
    """
    return islice(_wrong_placeholders(document), _MOST_TOLD)


def _wrong_placeholders(document: Document) -> Iterator[Finding]:
    house = _house_roots(document.mapping)
    told: set[str] = set()
    wrong = 0
    for node, bare_is_good in placeholder_texts(document):
        for placeholder in placeholders_in(str(node.value)):
            root = placeholder.elements[0] if placeholder.elements else ""
            if root not in house:
                for finding in _check_one(
                    document, node, placeholder, bare_is_good=bare_is_good, hints=wrong < _MOST_HINTS
                ):
                    wrong += 1
                    yield finding
            elif root not in told:
                told.add(root)
                yield _house_dialect(document, node, placeholder)


def _house_dialect(document: Document, node: ScalarNode, placeholder: Placeholder) -> Finding:
    root = placeholder.elements[0]
    who = "only this tool resolves" if root == "environment" else "nothing resolves here, and a plan refuses"
    message = f"'{placeholder.written}' begins with '{root}', which {who}"
    place = place_within(document, node, placeholder.offset, placeholder.written)
    return Finding(codes.UNKNOWN_PLACEHOLDER_ROOT, message, place, severity_override=Severity.WARNING)


def _check_one(
    document: Document, node: ScalarNode, placeholder: Placeholder, *, bare_is_good: bool, hints: bool
) -> Iterator[Finding]:
    def finding(code: Code, message: str, remedy: str = "") -> Finding:
        place = place_within(document, node, placeholder.offset, placeholder.written)
        return Finding(code, f"'{placeholder.written}' {message}", place, remedy)

    elements = placeholder.elements
    if not elements:
        yield finding(codes.MALFORMED_PLACEHOLDER, "is malformed")
    elif elements[0] == "metadata":
        message, near = _missing_metadata(document, elements[1:], hints=hints)
        if message:
            yield finding(codes.UNKNOWN_METADATA_KEY, message, near)
    elif elements[0] == "resources":
        resources = document.mapping.mapping("resources").values
        if elements[1] not in resources:
            near = did_you_mean(elements[1], resources) if hints else ""
            yield finding(codes.UNKNOWN_RESOURCE, f"names no resource of this workload: '{elements[1]}'", near)
        elif len(elements) == 2 and not bare_is_good:  # noqa: PLR2004 - resources.<name>
            yield finding(codes.BARE_RESOURCE, "names a resource but none of its outputs")
    else:
        near = did_you_mean(elements[0], _ROOTS)
        yield finding(codes.UNKNOWN_PLACEHOLDER_ROOT, "begins with neither metadata nor resources", near)


def check_places(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2106: no placeholder stands where none is resolved. `${NAME}` of a shell is none."""
    return islice(_unresolved(document), _MOST_TOLD)


def _unresolved(document: Document) -> Iterator[Finding]:
    for node in _literal_texts(document):
        for placeholder in placeholders_in(str(node.value)):
            if placeholder.elements[:1] in _IN_SCORE:
                message = f"'{placeholder.written}' is not resolved here, and stays as it is written"
                place = place_within(document, node, placeholder.offset, placeholder.written)
                yield Finding(codes.PLACEHOLDER_NOT_RESOLVED, message, place)


def _literal_texts(document: Document) -> Iterator[ScalarNode]:
    """Texts with a `${` that somebody may take for a placeholder, and Score does not."""
    for container in _mappings(document.mapping.get("containers")):
        for key in ("image", "command", "args", "livenessProbe", "readinessProbe"):
            yield from _speaking(container.get(key))
        for file in _mappings(container.get("files")):
            yield from _speaking(file.get("source"))
        for volume in _mappings(container.get("volumes")):
            yield from _speaking(volume.get("path"))
    for resource in _mappings(document.mapping.get("resources")):
        yield from _speaking(resource.get("metadata"))


def _missing_metadata(document: Document, keys: tuple[str, ...], *, hints: bool) -> tuple[str, str]:
    """What is not there, as the end of a sentence, and near names; two empty texts where all keys are there."""
    node: Node = document.mapping.mapping("metadata")
    way = "metadata"
    for key in keys:
        if not isinstance(node, MappingNode):
            return f"looks for '{key}' in {way}, which is no mapping", ""
        value = node.get(key)
        if value is None:
            return f"names nothing: {way} has no key '{key}'", did_you_mean(key, node.values) if hints else ""
        node, way = value, f"{way}.{key}"
    if isinstance(node, ScalarNode) and node.value is None:
        return f"reads {way}, which has no value", "Give it one, or remove the placeholder."
    return "", ""


def _house_roots(root: MappingNode) -> set[str]:
    """What placeholders may begin with in the house dialect, where the file uses it."""
    roots = {"environment"} if "environment" in root.values else set()
    if "workflows" in root.values:
        roots |= {"workflow", "variables", "steps"}
    for workflow in _mappings(root.get("workflows")):
        roots |= {name for step in workflow.mappings("steps") if (name := step.text("name"))}
    return roots


RULES = (check_placeholders, check_places)
