"""Go templates as trees: text, actions, `if`, `range` and `with`. Everything else of Go's language is refused.

A word that is no known function is refused here, before anything is rendered, with its line in the template.
"""

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.provisioners.go_template_words import KNOWN, Value

_ACTION: Final = re.compile(r"\{\{(- )?\s*(/\*.*?\*/|(?:\"(?:[^\"\\\n]|\\.)*\"|`[^`]*`|.)*?)\s*( -)?\}\}", re.DOTALL)
_TOKEN: Final = re.compile(
    r"\s+|(?P<text>\"(?:[^\"\\\n]|\\.)*\")|(?P<raw>`[^`]*`)|(?P<number>[+-]?[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<assign>:=|=)|(?P<variable>\$[A-Za-z0-9_]*)|(?P<field>\.[A-Za-z_][A-Za-z0-9_]*)|(?P<dot>\.)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<mark>[|(),])"
)
_CONSTANTS: Final = {"true": True, "false": False, "nil": None}
_REFUSED: Final = frozenset({"define", "template", "block", "break", "continue"})
MOST_DEPTH: Final = 64
_LONGEST: Final = 256 * 1024


class TemplateProblem(ValueError):  # noqa: N818 - a sentence about a template that people may edit
    """What is wrong with a template, or went wrong with it; `line` is the line in the template."""

    def __init__(self, message: str, line: int, remedy: str = "", *, word: bool = False) -> None:
        super().__init__(message)
        self.line = line
        self.remedy = remedy
        self.word = word
        """Whether it is about a word that is not known."""


class Literal(NamedTuple):
    """A constant."""

    value: Value


class Path(NamedTuple):
    """`.A.B`, `$x.A` or `(…).A`: where it starts and the fields from there."""

    start: "str | Pipeline"
    """`.`, the name of a variable with its `$`, or a pipeline."""
    fields: tuple[str, ...]


class Call(NamedTuple):
    """A function and what it is given."""

    word: str
    arguments: tuple["Term", ...]


Term: TypeAlias = "Literal | Path | Call | Pipeline"


class Pipeline(NamedTuple):
    """Commands, each of which gets the value of the one before as its last argument; and the variables that get it."""

    commands: tuple[Term, ...]
    line: int
    variables: tuple[str, ...] = ()
    declares: bool = False


class Text(NamedTuple):
    """What stands outside of actions."""

    text: str


class Branch(NamedTuple):
    """`if`, `range` or `with`."""

    kind: str
    pipeline: Pipeline
    body: tuple["Part", ...]
    otherwise: tuple["Part", ...]


Part: TypeAlias = "Text | Pipeline | Branch"


class _Piece(NamedTuple):
    """A text, or the inside of an action."""

    text: str
    is_action: bool
    line: int


def read_template(text: str) -> tuple[Part, ...]:
    """The tree of a template. Raises TemplateProblem."""
    if len(text) > _LONGEST:
        raise TemplateProblem(f"it has more than {_LONGEST:,} characters", 1)
    return _Parser(list(_pieces(text))).parse()


def _pieces(text: str) -> Iterator[_Piece]:
    at, trims = 0, False
    while True:
        found = _ACTION.search(text, at)
        before = text[at : found.start() if found else len(text)]
        line = text.count("\n", 0, at) + 1
        if "{{" in before:
            raise TemplateProblem("an action is never closed", line + before[: before.index("{{")].count("\n"))
        if trims:
            before = before.lstrip(" \t\r\n")
        if found and found[1]:
            before = before.rstrip(" \t\r\n")
        if before:
            yield _Piece(before, is_action=False, line=line)
        if found is None:
            return
        inside = found[2]
        if not inside.startswith("/*"):
            yield _Piece(inside, is_action=True, line=text.count("\n", 0, found.start()) + 1)
        at, trims = found.end(), found[3] is not None


class _Parser:
    def __init__(self, pieces: list[_Piece]) -> None:
        self._pieces = pieces
        self._at = 0
        self._depth = 0

    def parse(self) -> tuple[Part, ...]:
        parts, end, line = self._block(())
        if end:
            raise TemplateProblem(f"'{end}' has nothing that it ends", line)
        return parts

    def _block(self, ends: tuple[str, ...]) -> tuple[tuple[Part, ...], str, int]:
        """The parts up to one of `ends`, and that one."""
        found: list[Part] = []
        line = 1
        while self._at < len(self._pieces):
            piece = self._pieces[self._at]
            self._at += 1
            line = piece.line
            if not piece.is_action:
                found.append(Text(piece.text))
                continue
            first = piece.text.split(None, 1)[0] if piece.text.split() else ""
            if first in {"if", "range", "with"}:
                found.append(self._branch(first, piece.text[len(first) :], piece.line))
            elif first in {"end", "else"}:
                if first not in ends:
                    return tuple(found), first, line
                self._rest = piece.text[len(first) :].strip()
                return tuple(found), first, line
            elif first in _REFUSED:
                raise TemplateProblem(f"'{first}' is not known here", line, word=True)
            else:
                found.append(_pipeline(piece.text, piece.line))
        if ends:
            raise TemplateProblem("'end' is missing", line)
        return tuple(found), "", line

    def _branch(self, kind: str, written: str, line: int) -> Branch:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise TemplateProblem(f"there are more than {MOST_DEPTH} blocks inside of each other", line)
        pipeline = _pipeline(written, line)
        body, end, at = self._block(("else", "end"))
        otherwise: tuple[Part, ...] = ()
        if end == "else" and self._rest:
            word = self._rest.split(None, 1)[0]
            if word not in {"if", "with"}:
                raise TemplateProblem(f"'else {word}' is not known here", at, word=True)
            otherwise = (self._branch(word, self._rest[len(word) :], at),)
        elif end == "else":
            otherwise, end, at = self._block(("end",))
            if end != "end":
                raise TemplateProblem("'else' stands twice", at)
        elif end != "end":
            raise TemplateProblem("'end' is missing", at)
        self._depth -= 1
        return Branch(kind, pipeline, body, otherwise)

    _rest = ""


class _Token(NamedTuple):
    kind: str
    text: str
    spaced: bool
    """Whether a blank stands before it."""


def _pipeline(written: str, line: int) -> Pipeline:
    tokens = list(_tokens(written, line))
    words = _Words(tokens, line)
    found = words.pipeline()
    if words.left:
        raise TemplateProblem(f"'{words.left[0].text}' is not expected", line)
    return found


def _tokens(written: str, line: int) -> Iterator[_Token]:
    at, spaced = 0, True
    while at < len(written):
        found = _TOKEN.match(written, at)
        if found is None:
            raise TemplateProblem(f"'{written[at : at + 20]}' cannot be read", line)
        at = found.end()
        if found.lastgroup is None:
            spaced = True
            continue
        yield _Token(found.lastgroup, found[0], spaced)
        spaced = False


class _Words:
    """The tokens of one action, taken one after another."""

    def __init__(self, tokens: list[_Token], line: int) -> None:
        self.left = tokens
        self._line = line
        self._depth = 0

    def pipeline(self) -> Pipeline:
        """Variables that are assigned, and commands with `|` between them."""
        variables, declares = self._assigned()
        commands = [self._command()]
        while self._is_mark("|"):
            self.left.pop(0)
            commands.append(self._command())
            if not isinstance(commands[-1], Call):
                raise TemplateProblem("what stands behind '|' is no function", self._line)
        return Pipeline(tuple(commands), self._line, variables, declares)

    def _assigned(self) -> tuple[tuple[str, ...], bool]:
        names: list[str] = []
        for at, token in enumerate(self.left[:4]):
            if token.kind == "assign" and names:
                del self.left[: at + 1]
                return tuple(names), token.text == ":="
            if token.kind == "variable" and at % 2 == 0:
                names.append(token.text)
            elif not (token.text == "," and at % 2):
                break
        return (), False

    def _is_mark(self, mark: str) -> bool:
        return bool(self.left) and self.left[0].kind == "mark" and self.left[0].text == mark

    def _command(self) -> Term:
        if not self.left:
            raise TemplateProblem("a value is missing", self._line)
        first = self.left[0]
        if first.kind != "word" or first.text in _CONSTANTS:
            found = self._term()
            if self.left and not (self._is_mark("|") or self._is_mark(")")):
                raise TemplateProblem(f"'{self.left[0].text}' is given to what is no function", self._line)
            return found
        self.left.pop(0)
        self._known(first.text)
        arguments: list[Term] = []
        while self.left and not (self._is_mark("|") or self._is_mark(")")):
            arguments.append(self._term())
        return Call(first.text, tuple(arguments))

    def _known(self, word: str) -> None:
        if word not in KNOWN:
            raise TemplateProblem(
                f"the word '{word}' is not known here", self._line, did_you_mean(word, KNOWN), word=True
            )

    def _term(self) -> Term:  # noqa: PLR0911 - a kind of token each
        token = self.left.pop(0)
        match token.kind:
            case "text":
                return Literal(_unquoted(token.text, self._line))
            case "raw":
                return Literal(token.text[1:-1])
            case "number":
                return Literal(float(token.text) if "." in token.text else int(token.text))
            case "field":
                return Path(".", (token.text[1:], *self._fields()))
            case "dot":
                return Path(".", ())
            case "variable":
                return Path(token.text, self._fields())
            case "word" if token.text in _CONSTANTS:
                return Literal(_CONSTANTS[token.text])
            case "word":
                self._known(token.text)
                return Call(token.text, ())
            case "mark" if token.text == "(":
                return self._inside()
        raise TemplateProblem(f"'{token.text}' is not expected", self._line)

    def _inside(self) -> Term:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise TemplateProblem(f"there are more than {MOST_DEPTH} brackets inside of each other", self._line)
        found = self.pipeline()
        if not self._is_mark(")"):
            raise TemplateProblem("')' is missing", self._line)
        self.left.pop(0)
        self._depth -= 1
        return Path(found, self._fields())

    def _fields(self) -> tuple[str, ...]:
        found = []
        while self.left and self.left[0].kind == "field" and not self.left[0].spaced:
            found.append(self.left.pop(0).text[1:])
        return tuple(found)


def _unquoted(text: str, line: int) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        raise TemplateProblem(f"the text {text[:40]} has an escape that cannot be read", line) from None
