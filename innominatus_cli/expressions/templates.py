"""Templates rendered by Jinja2, locked down: its sandbox, without calls, assignments, macros, imports and arithmetic.

What comes in are the parts of a `Template` and one value for each of its names `v0`, `v1`, …; what comes out is a text.
How long that takes, and how much comes out, is bounded whatever the template and the values say.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import lru_cache, wraps
from math import isfinite
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined, nodes, pass_environment
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.filters import sync_do_sum
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from innominatus_cli.expressions.references import Problem, ProblemKind, Template, TemplatePart, first_tag, is_plain
from innominatus_cli.findings.near_names import did_you_mean

LONGEST_RESULT: Final = 1_048_576
"""Characters that a template may give, and that a filter may."""
MOST_ROUNDS: Final = 10_000
"""How often the loops of one rendering go round, all together."""
ALLOWED: Final = (
    "Templates show values, with filters, 'if' and 'for': they call nothing, set nothing and compute nothing."
)
IN_ENV: Final = "Give the value to the step under 'env:' and use it in the script as \"$NAME\"."
"""The remedy for what may not stand in the text of a script."""
MOST_FILTERED: Final = 10 * LONGEST_RESULT
"""Characters, items and keys that the filters of one rendering go over, all together."""
_LEFT: Final[ContextVar[list[int]]] = ContextVar("_LEFT")
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_DEEPEST = 60
_WIDEST = 200
"""Blanks that `indent` may put before a line."""
_BUDGET = "_budget"
_OPENING, _CLOSING = ("\ue000", "\ue001"), ("\ue002", "\ue003")
_COMMENT = ("\ue004", "\ue005")
_PRIVATE = frozenset("\ue000\ue001\ue002\ue003\ue004\ue005\r")

_ALLOWED: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Const,
    nodes.Name,
    nodes.NSRef,
    nodes.Getitem,
    nodes.Getattr,
    nodes.Filter,
    nodes.Test,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.List,
    nodes.Tuple,
    nodes.Dict,
    nodes.Pair,
    nodes.Keyword,
    nodes.Neg,
)
_FILTERS: Final = (
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "int",
    "items",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
)
_TESTS: Final = (
    "boolean",
    "defined",
    "divisibleby",
    "eq",
    "equalto",
    "even",
    "false",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sequence",
    "string",
    "true",
    "undefined",
    "upper",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
)
FILTERS: Final = tuple(sorted({*_FILTERS, "b64encode", "indent", "join", "replace", "string", "tojson", "urlencode"}))
"""The filters that a template may use."""


class UnusableTemplateError(ValueError):
    """Why a template is wrong, or has no text with these values: a sentence, and what to do about it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy or ALLOWED


class _Budget:
    """Counts the rounds of all loops of one rendering."""

    def __init__(self) -> None:
        self.left = MOST_ROUNDS

    def over(self, value: object) -> list[Any]:
        """The items of a loop. Raises UnusableTemplateError where they are no list, or too many."""
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise UnusableTemplateError("a loop goes over a list or a mapping")
        items = list(value)
        self.left -= len(items)
        if self.left < 0:
            raise UnusableTemplateError(f"the loops of a template go round more than {MOST_ROUNDS:,} times")
        return items


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 without everything that computes: what is missing is told by `_check`."""

    def __init__(self, *, script: bool) -> None:
        super().__init__(
            variable_start_string=_OPENING[0],
            variable_end_string=_OPENING[1],
            block_start_string=_CLOSING[0],
            block_end_string=_CLOSING[1],
            comment_start_string=_COMMENT[0],
            comment_end_string=_COMMENT[1],
            keep_trailing_newline=True,
            undefined=StrictUndefined,
            autoescape=False,
            finalize=_plain_text if script else _text,
            cache_size=0,
            optimized=False,  # Jinja2 writes a folded infinity as a name that nobody has
        )
        self.globals.clear()
        filters = {name: self.filters[name] for name in _FILTERS} | _OWN_FILTERS
        self.filters = {name: _counted(function) for name, function in filters.items()}
        self.tests = {name: self.tests[name] for name in _TESTS}

    def call(self, _context: Context, _called: object, /, *_: object, **__: object) -> object:
        """Nothing can be called."""
        raise SecurityError("nothing can be called in a template")


def _counted(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter whose rendering is given up once its filters have gone over too much."""

    @wraps(function)
    def filtered(*arguments: object, **options: object) -> object:
        left = _LEFT.get()
        left[0] -= sum(len(one) for one in arguments if isinstance(one, str | list | dict))
        if left[0] < 0:
            raise UnusableTemplateError(f"the filters of a template go over more than {MOST_FILTERED:,} characters")
        return function(*arguments, **options)

    return filtered


def _text(value: object) -> object:
    """What a tag puts into the text: a scalar as references put it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _to_json(value)
    if isinstance(value, str | StrictUndefined):
        return value
    kind = "nothing" if value is None else "a mapping" if isinstance(value, Mapping) else "a list"
    raise UnusableTemplateError(f"a tag gives {kind}, which is no text; 'join' and 'tojson' make text of it")


def _plain_text(value: object) -> object:
    text = _text(value)
    if isinstance(text, str) and not is_plain(text):
        raise UnusableTemplateError("a tag gives a text with characters that a shell could take for code", IN_ENV)
    return text


def _too_long() -> UnusableTemplateError:
    return UnusableTemplateError(f"a template gives more than {LONGEST_RESULT:,} characters")


def _joined(pieces: Iterable[str], separator: str = "") -> str:
    """One text of many, which are not all made where that is too much."""
    made: list[str] = []
    length = 0
    for piece in pieces:
        length += len(piece) + (len(separator) if made else 0)
        if length > LONGEST_RESULT:
            raise _too_long()
        made.append(piece)
    return separator.join(made)


def _replace(value: object, old: str, new: str) -> str:
    text = str(_text(value))
    count = text.count(old)
    if len(text) + count * (len(new) - len(old)) > LONGEST_RESULT:
        raise _too_long()
    return text.replace(old, new)


def _join(value: Iterable[object], separator: str = "") -> str:
    return _joined((str(_text(item)) for item in value), separator)


def _indent(value: object, width: int = 4, first: bool = False) -> str:
    text = str(_text(value))
    if not 0 <= width <= _WIDEST:
        raise UnusableTemplateError(f"'indent' takes 0 to {_WIDEST} blanks")
    blanks = " " * width
    lines = enumerate(text.split("\n"))
    return _joined((blanks + line if line and (first or number) else line for number, line in lines), "\n")


def _to_json(value: object) -> str:
    try:
        return _joined(_JSON.iterencode(value))
    except UnusableTemplateError:
        raise
    except ValueError as wrong:
        raise UnusableTemplateError("a number of a template is too large, or none") from wrong


def _to_base64(value: object) -> str:
    from base64 import b64encode  # noqa: PLC0415 - few templates need it

    return _joined((b64encode(str(_text(value)).encode()).decode("ascii"),))


def _to_url(value: object) -> str:
    return _joined((quote(str(_text(value)), safe="/"),))


@pass_environment
def _sum(
    environment: Environment, values: Iterable[Any], attribute: str | int | None = None, start: float = 0
) -> object:
    """Jinja2's sum, of numbers only: it adds lists in quadratic time."""
    if not isinstance(start, int | float):
        raise UnusableTemplateError("'sum' adds numbers")
    return sync_do_sum(environment, values, attribute, start)


def _pairs(value: object) -> list[tuple[object, object]]:
    """Keys (or positions) and values, as the original's `range` gives them: mappings by key."""
    if isinstance(value, Mapping):
        return sorted(value.items(), key=lambda item: str(item[0]))
    return list(enumerate(value)) if isinstance(value, Sequence) and not isinstance(value, str) else []


def _values(value: object) -> list[object]:
    return [item for _, item in _pairs(value)]


_OWN_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "replace": _replace,
    "join": _join,
    "indent": _indent,
    "string": lambda value: str(_text(value)),
    "tojson": _to_json,
    "b64encode": _to_base64,
    "urlencode": _to_url,
    "sum": _sum,
    "_over": lambda value, budget: budget.over(value),
    "_pairs": _pairs,
    "_values": _values,
}


@lru_cache(maxsize=2)
def _sandbox(*, script: bool) -> _Sandbox:
    return _Sandbox(script=script)


def syntax_problem(template: Template, text: str) -> Problem | None:
    """What is wrong with the code of a template, at the first tag of its text; None where nothing is."""
    try:
        _tree(template.parts, script=False)
    except UnusableTemplateError as wrong:
        return problem_of(wrong, text)
    return None


def problem_of(wrong: UnusableTemplateError, text: str) -> Problem:
    """What is wrong with a template, at the first tag of its text."""
    return Problem(str(wrong), first_tag(text), wrong.remedy, ProblemKind.MALFORMED)


def render(parts: Sequence[TemplatePart], values: Mapping[str, object], *, script: bool = False) -> str:
    """The text of a template; names without a value are undefined. Raises UnusableTemplateError.

    In a script every value that a tag puts into the text must have the plain form.
    """
    made: list[str] = []
    length = 0
    for piece in _pieces(tuple(parts), values, script=script):
        length += len(piece)
        if length > LONGEST_RESULT:
            raise UnusableTemplateError(f"a template gives more than {LONGEST_RESULT:,} characters")
        made.append(piece)
    return "".join(made)


def _pieces(parts: tuple[TemplatePart, ...], values: Mapping[str, object], *, script: bool) -> Iterator[str]:
    environment = _sandbox(script=script)
    _LEFT.set([MOST_FILTERED])
    try:
        code = environment.compile(_tree(parts, script=script))
        template = environment.template_class.from_code(environment, code, {})
        yield from template.generate({**values, _BUDGET: _Budget()})
    except UndefinedError as missing:
        raise UnusableTemplateError(f"something that a tag speaks of has no value: {missing.message}") from missing
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as wrong:
        raise UnusableTemplateError(str(wrong) or type(wrong).__name__) from wrong
    except (RecursionError, MemoryError) as deep:
        raise UnusableTemplateError("the template is nested too deep") from deep


def _tree(parts: Sequence[TemplatePart], *, script: bool) -> nodes.Template:
    """The checked tree of a template. Raises UnusableTemplateError."""
    source = []
    for part in parts:
        text = part if isinstance(part, str) else part[1]
        if not _PRIVATE.isdisjoint(text):
            raise UnusableTemplateError("a template holds no carriage returns and no characters for private use")
        if isinstance(part, str):
            source.append(part)
        else:
            opening, closing = _OPENING if part[0] == "value" else _CLOSING
            source.append(f"{opening} {text} {closing}")
    try:
        tree = _sandbox(script=script).parse("".join(source))
    except TemplateSyntaxError as wrong:
        raise UnusableTemplateError(wrong.message or "the template is wrong") from wrong
    except ValueError as wrong:
        raise UnusableTemplateError("a number of the template is too long") from wrong
    except (RecursionError, MemoryError) as deep:
        raise UnusableTemplateError("the template is nested too deep") from deep
    _check(tree, 0)
    return tree


def _check(node: nodes.Node, depth: int) -> None:
    """Refuses what is not allowed, and lets loops count."""
    if depth > _DEEPEST:
        raise UnusableTemplateError("the template is nested too deep")
    if not isinstance(node, _ALLOWED):
        name = _WORDS.get(type(node).__name__, type(node).__name__)
        raise UnusableTemplateError(f"{name} cannot be used in a template here")
    if isinstance(node, nodes.Const) and isinstance(node.value, float) and not isfinite(node.value):
        raise UnusableTemplateError("a number of the template is too long")
    if isinstance(node, nodes.Filter) and node.name not in FILTERS and not node.name.startswith("_"):
        remedy = did_you_mean(node.name, FILTERS) or f"Known: {', '.join(FILTERS)}."
        raise UnusableTemplateError(f"there is no filter '{node.name}'", remedy)
    if isinstance(node, nodes.Test) and node.name not in _TESTS:
        raise UnusableTemplateError(f"there is no test '{node.name}'", did_you_mean(node.name, _TESTS))
    for child in node.iter_child_nodes():
        _check(child, depth + 1)
    if isinstance(node, nodes.For):
        if node.recursive:
            raise UnusableTemplateError("a loop cannot be recursive")
        counted = nodes.Filter(node.iter, "_over", [nodes.Name(_BUDGET, "load")], [], None, None)
        node.iter = counted.set_lineno(node.lineno)


_WORDS: Final = {
    "Call": "a call",
    "Add": "'+'",
    "Sub": "'-'",
    "Mul": "'*'",
    "Div": "'/'",
    "FloorDiv": "'//'",
    "Mod": "'%'",
    "Pow": "'**'",
    "Concat": "'~'",
    "Slice": "a slice",
    "Assign": "'set'",
}
