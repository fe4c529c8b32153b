"""Renders the subset of Go's text/template that published Score provisioner files use (docs/adr/0045).

Semantics are Go's: `.` and variables, truth, `<no value>` for what a map does not have, trimmed blanks. Rendering is
bounded in steps and in size, asks nothing from outside, and the same data give the same text: random functions take
what is derived for the resource.
"""

import string
from collections.abc import Callable, Mapping
from itertools import count
from typing import Final

from innominatus_cli.provisioners.go_template_reader import (
    Branch,
    Call,
    Literal,
    Part,
    Path,
    Pipeline,
    TemplateProblem,
    Term,
    Text,
    read_template,
)
from innominatus_cli.provisioners.go_template_words import MOST_REPEATED, WORDS, Value, WordProblem, is_true, text_of

MOST_STEPS: Final = 100_000
MOST_CHARACTERS: Final = 1024 * 1024
_ALPHA: Final = string.ascii_letters
_ALPHA_NUM: Final = string.ascii_letters + string.digits

Derive = Callable[[str], bytes]
"""Bytes for a purpose, the same each time."""


def render(template: str, data: Mapping[str, Value], derive: Derive, purpose: str = "") -> str:
    """The text of a template for these data. Raises TemplateProblem. `purpose` tells templates of a resource apart."""
    return _Rendering(data, derive, purpose).of(read_template(template))


class _Rendering:
    def __init__(self, data: Mapping[str, Value], derive: Derive, purpose: str) -> None:
        self._root = data
        self._derive = derive
        self._purpose = purpose
        self._randoms = count()
        self._steps = 0
        self._size = 0
        self._out: list[str] = []

    def of(self, parts: tuple[Part, ...]) -> str:
        self._parts(parts, self._root, [{"$": self._root}])
        return "".join(self._out)

    def _parts(self, parts: tuple[Part, ...], dot: Value, scopes: list[dict[str, Value]]) -> None:
        for part in parts:
            self._count(part.line if isinstance(part, Pipeline) else 0)
            if isinstance(part, Text):
                self._write(part.text)
            elif isinstance(part, Branch):
                self._branch(part, dot, scopes)
            else:
                value = self._pipeline(part, dot, scopes)
                if not part.variables:
                    self._write(text_of(value))

    def _branch(self, branch: Branch, dot: Value, scopes: list[dict[str, Value]]) -> None:
        if branch.kind == "range":
            self._range(branch, dot, scopes)
            return
        inner = [*scopes, {}]
        value = self._pipeline(branch.pipeline, dot, inner)
        if is_true(value):
            self._parts(branch.body, value if branch.kind == "with" else dot, inner)
        else:
            self._parts(branch.otherwise, dot, inner)

    def _range(self, branch: Branch, dot: Value, scopes: list[dict[str, Value]]) -> None:
        names = branch.pipeline.variables
        value = self._pipeline(branch.pipeline._replace(variables=()), dot, scopes)
        if isinstance(value, Mapping):
            pairs = [(key, value[key]) for key in sorted(value)]
        elif isinstance(value, list):
            pairs = [*enumerate(value)]
        elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_REPEATED:
            pairs = [(at, at) for at in range(value)]
        elif value is None:
            pairs = []
        else:
            raise TemplateProblem(f"range can't go over {text_of(value)[:40]}", branch.pipeline.line)
        for key, item in pairs:
            given = {} if not names else {names[0]: item} if len(names) == 1 else {names[0]: key, names[1]: item}
            self._parts(branch.body, item, [*scopes, given])
        if not pairs:
            self._parts(branch.otherwise, dot, [*scopes, {}])

    def _pipeline(self, pipeline: Pipeline, dot: Value, scopes: list[dict[str, Value]]) -> Value:
        value: Value = None
        for at, command in enumerate(pipeline.commands):
            self._count(pipeline.line)
            value = self._term(command, dot, scopes, pipeline.line, (value,) if at else ())
        for name in pipeline.variables:
            scope = scopes[-1] if pipeline.declares else next((one for one in reversed(scopes) if name in one), None)
            if scope is None:
                raise TemplateProblem(f"the variable {name} is not declared", pipeline.line)
            scope[name] = value
        return value

    def _term(
        self, term: Term, dot: Value, scopes: list[dict[str, Value]], line: int, piped: tuple[Value, ...] = ()
    ) -> Value:
        if isinstance(term, Literal):
            return term.value
        if isinstance(term, Path):
            return self._path(term, dot, scopes, line)
        if isinstance(term, Pipeline):
            return self._pipeline(term, dot, scopes)
        return self._call(term, dot, scopes, line, piped)

    def _path(self, path: Path, dot: Value, scopes: list[dict[str, Value]], line: int) -> Value:
        if isinstance(path.start, Pipeline):
            value = self._pipeline(path.start, dot, [*scopes, {}])
        elif path.start == ".":
            value = dot
        else:
            scope = next((one for one in reversed(scopes) if path.start in one), None)
            if scope is None:
                raise TemplateProblem(f"the variable {path.start} is not declared", line)
            value = scope[path.start]
        for field in path.fields:
            if not isinstance(value, Mapping):
                what = "nothing" if value is None else text_of(value)[:40]
                raise TemplateProblem(f"there is no '.{field}' in {what}", line)
            value = value.get(field)
        return value

    def _call(
        self, call: Call, dot: Value, scopes: list[dict[str, Value]], line: int, piped: tuple[Value, ...]
    ) -> Value:
        if call.word == "or":
            return self._first_true(call, dot, scopes, line, piped)
        given = [self._term(one, dot, scopes, line) for one in call.arguments]
        given += piped
        try:
            if call.word in {"randAlphaNum", "randAlpha"}:
                return self._random(_ALPHA_NUM if call.word == "randAlphaNum" else _ALPHA, *given)
            return WORDS[call.word](*given)
        except WordProblem as wrong:
            raise TemplateProblem(str(wrong), line) from wrong
        except (TypeError, ValueError) as wrong:  # a wrong number of arguments, or one that is no number
            raise TemplateProblem(f"'{call.word}' cannot take what it is given", line) from wrong

    def _first_true(
        self, call: Call, dot: Value, scopes: list[dict[str, Value]], line: int, piped: tuple[Value, ...]
    ) -> Value:
        value: Value = None
        for one in call.arguments:
            value = self._term(one, dot, scopes, line)
            if is_true(value):
                return value
        return piped[0] if piped else value

    def _random(self, alphabet: str, length: Value) -> str:
        """A text of the alphabet from the bytes that are derived for this place, a letter for each that fits."""
        if not isinstance(length, int) or not 0 <= length <= MOST_REPEATED:
            raise WordProblem("the length of a random text is no usable number")
        number = next(self._randoms)
        fits = 256 - 256 % len(alphabet)
        found = ""
        for block in count():
            for byte in self._derive(f"{self._purpose}/{number}/{block}"):
                if len(found) == length:
                    return found
                if byte < fits:
                    found += alphabet[byte % len(alphabet)]
        raise AssertionError("endless")

    def _write(self, text: str) -> None:
        self._size += len(text)
        if self._size > MOST_CHARACTERS:
            raise TemplateProblem(f"it gives more than {MOST_CHARACTERS:,} characters", 1)
        self._out.append(text)

    def _count(self, line: int) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise TemplateProblem(f"it takes more than {MOST_STEPS:,} steps", line or 1)
