"""Templates rendered by Jinja2, locked down: its sandbox, without calls, assignments, macros, imports and arithmetic.

What comes in are the parts of a `Template` and one value for each of its names `v0`, `v1`, …; what comes out is a text.
How long that takes, and how much comes out, is bounded whatever the template and the values say.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from typing import Final

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from innominatus_cli.expressions.references import Problem, ProblemKind, Template, TemplatePart, first_tag
from innominatus_cli.expressions.template_filters import (
    BUILT_IN,
    FILTERS,
    LONGEST_RESULT,
    OWN_FILTERS,
    Budget,
    UnusableTemplateError,
    counted,
    plain_text,
    shown,
    spend_filters,
)
from innominatus_cli.findings.near_names import did_you_mean

_DEEPEST = 60
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
            finalize=plain_text if script else shown,
            cache_size=0,
            optimized=False,  # Jinja2 writes a folded infinity as a name that nobody has
        )
        self.globals.clear()
        filters = {name: self.filters[name] for name in BUILT_IN} | OWN_FILTERS
        self.filters = {name: counted(function) for name, function in filters.items()}
        self.tests = {name: self.tests[name] for name in _TESTS}

    def call(self, _context: Context, _called: object, /, *_: object, **__: object) -> object:
        """Nothing can be called."""
        raise SecurityError("nothing can be called in a template")


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
    spend_filters()
    try:
        code = environment.compile(_tree(parts, script=script))
        template = environment.template_class.from_code(environment, code, {})
        yield from template.generate({**values, _BUDGET: Budget()})
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
