r"""References in text: `${path}`, and the dotted form of templates, `{{ .path }}`; more than that is a `Template`.

A text is parsed once into parts with offsets; the parts are resolved as often as needed. `$${` is a literal `${`;
inside a path `\.` is a dot of a key and `\\` a backslash. Nothing here reads a context, or raises for what a person
wrote.
"""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final, TypeAlias

from innominatus_cli.documents.scalars import PLAIN_FORM

CONTEXTS = frozenset(
    {
        "application",
        "metadata",
        "environment",
        "resources",
        "steps",
        "workflow",
        "variables",
        "workflows",
        "parameters",
        "terraform",
        "admin",
        "git",
        "run",
        "secrets",
        "env",
        "item",
        "matrix",
    }
)
"""The contexts of `${…}`; their meaning is in docs/reference/workflow-language.md."""

CLOCK: Final = "now"
"""A function of the original's templates: the time. A plan asks no clock, so it is when the run began."""
RUN_BEGAN: Final = ("run", "startedAt")
_SEGMENT = r"[A-Za-z0-9_/@+~-][A-Za-z0-9_/@+~ -]*(?:\[[0-9]{1,5}\][A-Za-z0-9_/@+~ -]*)*"
_DOTTED_TEMPLATE = r"\{\{-?\s*\.?([A-Za-z_][A-Za-z0-9_./-]*)\s*-?\}\}"
"""Compiled when first needed: three patterns cost a cold start more than reading a file."""
_OLD_BLOCKS = frozenset({"if", "else", "end", "range", "with"})
"""Words that are blocks of the original's templates, and no paths."""
_LONGEST_PATH = 32
_LONGEST_CONTEXT = max(map(len, CONTEXTS)) + 1
"""With the dot behind it."""


class _Value:
    """Values that are equal where all they hold is. Named tuples would do, and cost a cold start ten times as much."""

    __slots__: tuple[str, ...] = ()

    def _all(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._all() == other._all()

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self._all()}"


class Reference(_Value):
    """One `${…}` or `{{ … }}`: its path, and where it stands in the text (offsets in code points, end exclusive)."""

    __slots__ = ("end", "is_shown", "offset", "path", "written")

    def __init__(self, path: tuple[str, ...], offset: int, end: int, written: str, *, is_shown: bool = True) -> None:
        self.path = path
        self.offset = offset
        self.end = end
        self.written = written
        self.is_shown = is_shown
        """Whether its value stands in the text as it is; False inside of an expression of a template."""

    @property
    def name(self) -> str:
        """The path as it is written between the braces, in its canonical form."""
        return path_text(self.path)


Part: TypeAlias = "str | Reference"


class ProblemKind:
    """What a problem is, so that nobody has to read its message to know."""

    UNRESOLVED: Final = "names nothing that is known"
    MALFORMED: Final = "is not written as a reference"
    NOT_PLAIN: Final = "may not stand in the text of a script"


class Problem(_Value):
    """Something that is wrong at an offset of a text; `kind` is one of `ProblemKind`."""

    __slots__ = ("kind", "message", "offset", "remedy")

    def __init__(self, message: str, offset: int, remedy: str = "", kind: str = ProblemKind.UNRESOLVED) -> None:
        self.message = message
        self.offset = offset
        self.remedy = remedy
        self.kind = kind


TemplatePart: TypeAlias = "str | tuple[str, str]"
"""A literal piece, or a tag: `("value", code)` or `("block", code)`, where code is an expression of Jinja2."""


class Template(_Value):
    """A text with expressions and blocks. Its tags name the references of the text `v0`, `v1`, … in their order.

    `optional` says of each whether the template asks if it has a value at all.
    """

    __slots__ = ("optional", "parts")

    def __init__(self, parts: tuple[TemplatePart, ...], optional: tuple[bool, ...]) -> None:
        self.parts = parts
        self.optional = optional


class ParsedText(_Value):
    """A text as literal parts and references, in order; `references` are the references alone.

    Where the text is more than that, `template` holds it, and there are no parts.
    """

    __slots__ = ("parts", "problems", "references", "template")

    def __init__(
        self,
        parts: tuple[Part, ...],
        problems: tuple[Problem, ...] = (),
        template: Template | None = None,
        references: tuple[Reference, ...] | None = None,
    ) -> None:
        self.parts = parts
        self.problems = problems
        self.template = template
        if references is None:
            references = tuple(part for part in parts if isinstance(part, Reference))
        self.references = references

    @property
    def whole(self) -> Reference | None:
        """The reference that is the whole text, whose value keeps its type."""
        return self.references[0] if self.references and len(self.parts) == 1 else None

    @property
    def literal(self) -> str | None:
        """The text itself where it holds neither a reference nor a template."""
        return (
            None
            if self.references or self.template is not None
            else "".join(part for part in self.parts if isinstance(part, str))
        )


def is_plain(text: str) -> bool:
    """Whether a value may be put into the text of a script: it has a form whose meaning no quoting can change."""
    return (text.isascii() and text.isalnum()) or re.fullmatch(PLAIN_FORM, text) is not None


def _is_key(text: str) -> bool:
    """Whether a part of a path is a key; most are letters, digits, `-` and `_`, and need no pattern to be told."""
    return (text.isascii() and text.replace("-", "").replace("_", "").isalnum()) or (
        re.fullmatch(_SEGMENT, text.replace(".", "_").replace("\\", "_")) is not None
    )


def path_text(path: Collection[str]) -> str:
    """A path as text: dots and backslashes inside a key are escaped."""
    return ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in path)


def split_path(text: str) -> tuple[str, ...] | str:
    """The keys of a dotted path, or a sentence that says what is wrong with it."""
    keys: list[str] = []
    key = ""
    position = 0
    while position < len(text):
        char = text[position]
        if char == "\\" and text[position + 1 : position + 2] in {".", "\\"}:
            key += text[position + 1]
            position += 2
            continue
        if char == ".":
            keys.append(key)
            key = ""
        else:
            key += char
        position += 1
    keys.append(key)
    if len(keys) > _LONGEST_PATH:
        return f"a path has at most {_LONGEST_PATH} keys"
    for found in keys:
        if not found:
            return "a key of the path is empty"
        if not _is_key(found):
            return f"'{found}' is no key"
    return tuple(keys)


def may_refer(text: str) -> bool:
    """Whether a text can hold a reference or a template."""
    return "${" in text or "{{" in text or "{%" in text


@lru_cache(maxsize=4096)
def parse(text: str) -> ParsedText:
    """The parts of an ordinary text (not of a script): every `${` and `{{` must mean something."""
    if not may_refer(text):
        return ParsedText((text,) if text else ())
    return _read(text, script=False)


@lru_cache(maxsize=1024)
def parse_script(text: str) -> ParsedText:
    """The parts of a script: only references that begin with a known context are seen, all other text is left alone."""
    if not may_refer(text):
        return ParsedText((text,) if text else ())
    return _read(text, script=True)


def parse_literally(text: str, *, script: bool) -> ParsedText:
    """The parts of a piece of a template between two tags: only `${…}` means something in it."""
    if "${" not in text:
        return ParsedText((text,) if text else ())
    return _Parser(text, CONTEXTS if script else None, tags=False).parse()


def _read(text: str, *, script: bool) -> ParsedText:
    if "{%" not in text:
        try:
            return _Parser(text, CONTEXTS if script else None).parse()
        except _IsTemplate:
            pass
    from innominatus_cli.expressions.template_tags import is_template, read_template  # noqa: PLC0415 - few texts are

    if "{%" not in text or is_template(text):
        return read_template(text, script=script)
    try:
        return _Parser(text, CONTEXTS if script else None).parse()
    except _IsTemplate:
        return read_template(text, script=script)


class _IsTemplate(Exception):  # noqa: N818 - ends the reading of a text that holds more than references
    """The text has a tag that is more than a dotted path."""


def template_reference(tag: str) -> tuple[str, ...] | None:
    """The path of a tag that holds nothing else, `{{ .parameters.name }}`; None for any other one."""
    found = re.compile(_DOTTED_TEMPLATE).fullmatch(tag)
    return canonical_path(tuple(found.group(1).split("."))) if found else None


class _Parser:
    def __init__(self, text: str, only: frozenset[str] | None, *, tags: bool = True) -> None:
        self._text = text
        self._brace = -1
        self._only = only
        self._tags = tags
        self._parts: list[Part] = []
        self._literal: list[str] = []
        self._problems: list[Problem] = []

    def parse(self) -> ParsedText:
        position = 0
        text = self._text
        dollar = -1
        template = -1 if self._tags else len(text)
        while position < len(text):
            dollar = _next(text, "${", position, dollar)
            template = _next(text, "{{", position, template)
            start = min(dollar, template)
            if start == len(text):
                break
            if text.startswith("$${", start - 1) and start > position:
                position = self._escaped(position, start)
                continue
            self._literal.append(text[position:start])
            position = self._dollar(start) if text.startswith("${", start) else self._template(start)
        self._literal.append(text[position:])
        self._flush()
        return ParsedText(tuple(self._parts), tuple(self._problems))

    def _flush(self) -> None:
        literal = "".join(self._literal)
        self._literal.clear()
        if literal:
            self._parts.append(literal)

    def _closing(self, start: int) -> int:
        """Where the next `}` is, -1 without one; many `${` in a row look for it once."""
        self._brace = _next(self._text, "}", start, self._brace)
        return self._brace if self._brace < len(self._text) else -1

    def _escaped(self, position: int, start: int) -> int:
        """`$${`: a literal `${`. In a script only before a known context, for there `$$` has a meaning of its own."""
        end = self._closing(start)
        inside = self._text[start + 2 : min(end, start + _LONGEST_CONTEXT + 2)] if end >= 0 else ""
        if self._only is not None and inside.split(".", 1)[0] not in self._only:
            self._literal.append(self._text[position : start + 2])
        else:
            self._literal.append(self._text[position : start - 1] + "${")
        return start + 2

    def _dollar(self, start: int) -> int:
        end = self._closing(start)
        if self._only is not None:
            nested = self._text.find("${", start + 2, end) >= 0  # no path, and its text may go on to the far end
            inside = self._text[start + 2 : end] if end >= 0 and not nested else ""
            head, dot, _ = inside.partition(".")
            if head not in self._only or not dot or isinstance(split_path(inside), str):
                self._literal.append("${")
                return start + 2
        if end < 0:
            self._problem("'${' is never closed", start, "Close it with '}', or write '$${' for a literal '${'.")
            self._literal.append(self._text[start:])
            return len(self._text)
        self._reference(self._text[start + 2 : end].strip(), start, end + 1)
        return end + 1

    def _reference(self, inside: str, start: int, end: int) -> None:
        path = split_path(inside)
        if isinstance(path, str):
            self._problem(
                f"'{self._text[start:end]}' is no reference: {path}",
                start,
                "Write '${context.name}', or '$${' for a literal '${'.",
            )
            self._literal.append(self._text[start:end])
            return
        self._flush()
        self._parts.append(Reference(path, start, end, self._text[start:end]))

    def _template(self, start: int) -> int:
        found = re.compile(_DOTTED_TEMPLATE).match(self._text, start)
        if found and found.group(1) not in _OLD_BLOCKS:
            path = tuple(found.group(1).split("."))
            if self._only is None or (path[0] in self._only and len(path) > 1):
                if found.group()[2] == "-" or found.group()[-3] == "-":
                    raise _IsTemplate  # it takes blanks away around it
                self._reference(path_text(canonical_path(path)), start, found.end())
                return found.end()
        end = self._text.find("}}", start)
        stop = end + 2 if end >= 0 else len(self._text)
        inside = self._text[start:stop]
        if end < 0 and self._only is None:
            self._problem("'{{' is never closed", start, "Close it with '}}'.")
        elif end >= 0 and (self._only is None or _mentions_context(inside, self._only)):
            raise _IsTemplate
        self._literal.append(inside)
        return stop

    def _problem(self, message: str, offset: int, remedy: str, kind: str = ProblemKind.MALFORMED) -> None:
        self._problems.append(Problem(message, offset, remedy, kind))


def _next(text: str, opening: str, position: int, known: int) -> int:
    """Where `opening` is next, the text's length without one; `known` is the answer for an earlier position."""
    if known >= position:
        return known
    found = text.find(opening, position)
    return len(text) if found < 0 else found


def canonical_path(path: tuple[str, ...]) -> tuple[str, ...]:
    """The original's `.steps.<step>.output.<name>` is ours with `outputs`."""
    if len(path) > 3 and path[0] == "steps" and path[2] == "output":  # noqa: PLR2004 - steps.<step>.output.<name>
        return (*path[:2], "outputs", *path[3:])
    return path


def first_tag(text: str) -> int:
    """Where the first tag of a template begins: the place of what is wrong with all of it."""
    return min((place for place in (text.find("{{"), text.find("{%")) if place >= 0), default=0)


def _mentions_context(inside: str, contexts: frozenset[str]) -> bool:
    return any(word in contexts for word in re.findall(r"(?<![\w.])\.?([A-Za-z]+)\.", inside))
