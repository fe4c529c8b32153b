"""The words inside the tags of templates, and expressions in the form of the original's templates, which are Go's."""

import re
from collections.abc import Iterator
from typing import Protocol

from innominatus_cli.expressions.references import Problem, ProblemKind

DEEPEST = 40
"""How deep blocks and conditions may be nested."""
_STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`'
TOKEN = re.compile(
    rf"(?P<string>{_STRING})"
    r"|(?P<path>\.?[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+|\.[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<own>\$[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<dot>\.(?![A-Za-z0-9_]))"
    r"|(?P<sign>==|!=|<=|>=|[^\s])"
)
_COMPARED = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


class WrongTagError(Exception):
    """What is wrong with a tag."""

    def __init__(self, message: str, offset: int, remedy: str = "") -> None:
        super().__init__(message)
        self.problem = Problem(message, offset, remedy, ProblemKind.MALFORMED)


class Operands(Protocol):
    """Whoever knows what the words of an expression name."""

    def old_operand(self, token: re.Match[str], at: int, *, optional: bool) -> str:
        """The code for one word. Raises WrongTagError."""


class OldExpression:
    """`eq .a "b"`, `and (…) (…)`, `not .a`: prefix form to infix."""

    def __init__(self, reader: Operands, tokens: list[re.Match[str]], at: int, *, alone: bool) -> None:
        self._reader = reader
        self._tokens = tokens
        self._at = at
        self._next = 0
        self._alone = alone
        self._depth = 0

    def read(self) -> str:
        """The expression as Jinja2 has it. Raises WrongTagError."""
        code = self._call()
        if self._next < len(self._tokens):
            token = self._tokens[self._next]
            raise WrongTagError(f"'{token.group()}' cannot follow here", self._at + token.start())
        return code

    def _call(self) -> str:
        """A function with its values, or one value."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise WrongTagError("the condition is nested too deep", self._at)
        token = self._tokens[self._next] if self._next < len(self._tokens) else None
        name = token.group() if token is not None and token.lastgroup == "word" else ""
        if name in _COMPARED or name in {"and", "or", "not", "len"}:
            self._next += 1
            code = self._applied(name, list(self._values()), self._at + (token.start() if token else 0))
        else:
            code = self._value()
        self._depth -= 1
        return code

    def _values(self) -> Iterator[str]:
        while self._next < len(self._tokens) and self._tokens[self._next].group() != ")":
            yield self._value()

    def _value(self) -> str:
        if self._next >= len(self._tokens):
            raise WrongTagError("a value is missing", self._at)
        token = self._tokens[self._next]
        self._next += 1
        if token.group() == "(":
            code = self._call()
            if self._next >= len(self._tokens) or self._tokens[self._next].group() != ")":
                raise WrongTagError("'(' is never closed", self._at + token.start())
            self._next += 1
            return f"({code})"
        return self._reader.old_operand(token, self._at, optional=self._alone)

    def _applied(self, name: str, values: list[str], at: int) -> str:
        enough = {"not": 1, "len": 1}.get(name, 2)
        if len(values) < enough or (enough == 1 and len(values) > 1):
            raise WrongTagError(f"'{name}' takes {'one value' if enough == 1 else 'two values'}", at)
        if name == "not":
            return f"not {values[0]}"
        if name == "len":
            return f"({values[0]} | length)"
        if name in {"and", "or"}:
            return "(" + f" {name} ".join(values) + ")"
        first, *others = values
        if name == "eq" and len(others) > 1:
            return "(" + " or ".join(f"{first} == {other}" for other in others) + ")"
        return f"({first} {_COMPARED[name]} {others[0]})"
