"""Values of a plan: data in which what is known only at run time stands as a reference.

- `{"$ref": "steps.create-db.outputs.host"}` keeps the type of what it names;
- `{"$template": ["postgres://", {"$ref": "…"}]}` is text;
- `{"$script": […]}` is the text of a script: every value in it must have the plain form;
- `{"$jinja": {"parts": […], "values": {"v0": …}}}` is a template that the run renders (see `expressions.templates`);
- `{"$literal": …}` is data as written, for a mapping of a person's own that only looks like one of these.

`fold` makes such values when planning, `resolve` takes them apart when the step runs.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias

from innominatus_cli.expressions.contexts import Known, Later, Scope, Unresolved
from innominatus_cli.expressions.references import (
    ParsedText,
    Problem,
    ProblemKind,
    Reference,
    is_plain,
    parse,
    parse_script,
    path_text,
    split_path,
)

REF = "$ref"
TEMPLATE = "$template"
SCRIPT = "$script"
LITERAL = "$literal"
JINJA = "$jinja"
JSON_TEXT = "$json"
"""In the place of `$ref` inside a `$template`: a value that is no text is written as JSON, as Score wants it."""

LONGEST_TEXT = 4_194_304
"""Characters of a text that values are put into: variables that name each other twice would have no end."""
_REMEMBERED = 64
"""Characters of a value that is put into texts without another look: so many of them are never too long."""
_TOO_LONG = f"with its values the text has more than {LONGEST_TEXT:,} characters"
_MARKS = frozenset({REF, TEMPLATE, SCRIPT, LITERAL, JINJA, JSON_TEXT})

Pointer: TypeAlias = "tuple[str | int, ...]"


@dataclass(frozen=True, slots=True)
class PlacedProblem:
    """A problem in a value: the way to the text that has it, and the offset in that text."""

    pointer: Pointer
    problem: Problem


@dataclass(slots=True)
class Folded:
    """What folding found: problems, secrets that are named, and values from outside the sources."""

    problems: list[PlacedProblem] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    outside: dict[str, Known] = field(default_factory=dict)
    later: set[tuple[str, ...]] = field(default_factory=set)

    def add(self, pointer: Pointer, problem: Problem) -> None:
        """Notes a problem."""
        self.problems.append(PlacedProblem(pointer, problem))


IsScript: TypeAlias = Callable[[Pointer], bool]


def never_script(pointer: Pointer) -> bool:  # noqa: ARG001 - the shape of `IsScript`
    """No text is a script."""
    return False


def fold(value: object, scope: Scope, found: Folded, *, is_script: IsScript = never_script, at: Pointer = ()) -> Any:  # noqa: ANN401 - JSON data
    """`value` with every static reference replaced by its value and every other one by a reference of the plan.

    Keys are left alone. What cannot be resolved is noted in `found`; the text then stays as it was.
    """
    if isinstance(value, str):
        return _fold_script(value, scope, found, at) if is_script(at) else _fold_text(value, scope, found, at)
    if value.__class__ is dict or isinstance(value, Mapping):
        folded = {
            str(key): fold(item, scope, found, is_script=is_script, at=(*at, str(key))) for key, item in value.items()
        }
        return _as_data(folded)
    if isinstance(value, list | tuple):
        return [fold(item, scope, found, is_script=is_script, at=(*at, i)) for i, item in enumerate(value)]
    return value


def text_without_references(text: str) -> str | None:
    """What `fold` makes of a text that names nothing; None for one that does, or has a problem."""
    parsed = parse(text)
    return None if parsed.references or parsed.problems or parsed.template is not None else parsed.literal


def as_literal(value: object) -> Any:  # noqa: ANN401 - JSON data
    """Data from elsewhere as a value of a plan: nothing in it is taken for a reference."""
    if isinstance(value, Mapping):
        return _as_data({str(key): as_literal(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return [as_literal(item) for item in value]
    return value


def _as_data(mapping: dict[str, Any]) -> dict[str, Any]:
    return {LITERAL: mapping} if len(mapping) == 1 and not _MARKS.isdisjoint(mapping) else mapping


def _fold_text(text: str, scope: Scope, found: Folded, at: Pointer) -> object:
    parsed = parse(text)
    known = scope.texts
    if known and len(parsed.parts) > 1 and not parsed.problems:
        try:  # most texts of a step name what another one has named
            return "".join([part if part.__class__ is str else known[part.path] for part in parsed.parts])  # type: ignore[union-attr]
        except KeyError:
            pass
    _note(parsed, found, at)
    if parsed.template is not None:
        return _fold_template(text, parsed, scope, found, at, script=False)
    if not parsed.references:
        return parsed.literal
    if parsed.whole is not None:
        return _fold_whole(parsed.whole, text, scope, found, at)
    parts = [
        part if isinstance(part, str) else _fold_part(part, scope, found, at, script=False) for part in parsed.parts
    ]
    joined = _joined(parts, TEMPLATE)
    if isinstance(joined, str) and len(joined) > LONGEST_TEXT:
        found.add(at, Problem(_TOO_LONG, parsed.references[0].offset, kind=ProblemKind.MALFORMED))
        return text
    return joined


def _fold_script(text: str, scope: Scope, found: Folded, at: Pointer) -> object:
    parsed = parse_script(text)
    _note(parsed, found, at)
    if parsed.template is not None:
        return _fold_template(text, parsed, scope, found, at, script=True)
    parts = [
        part if isinstance(part, str) else _fold_part(part, scope, found, at, script=True) for part in parsed.parts
    ]
    return _joined(parts, SCRIPT)


def _fold_template(text: str, parsed: ParsedText, scope: Scope, found: Folded, at: Pointer, *, script: bool) -> object:
    """The text of a template where all that it names is known; else the template with what it names."""
    template = parsed.template
    before = len(found.problems)
    values: dict[str, Any] = {}
    optional: list[str] = []
    is_static = True
    for index, reference in enumerate(parsed.references):
        if template is None or (template.optional[index] and _is_absent(scope, reference)):
            continue
        resolved = resolve_reference(reference, scope, found, at)
        if isinstance(resolved, Later):
            if script and resolved.secret:
                message = f"'{reference.written}' would put a secret into the text of a script"
                found.add(at, Problem(message, reference.offset, ENV, ProblemKind.NOT_PLAIN))
            is_static = False
            values[f"v{index}"] = {REF: path_text(resolved.path)}
            optional += [f"v{index}"] if template.optional[index] else []
        elif resolved is not None:
            values[f"v{index}"] = resolved.value if is_static else as_literal(resolved.value)
    if template is None or parsed.problems or len(found.problems) > before:
        return text
    from innominatus_cli.expressions.template_filters import UnusableTemplateError  # noqa: PLC0415 - most plans have none
    from innominatus_cli.expressions.templates import (  # noqa: PLC0415 - as above
        problem_of,
        render,
        syntax_problem,
    )

    if is_static:
        try:
            return render(template.parts, values, script=script)
        except UnusableTemplateError as wrong:
            found.add(at, problem_of(wrong, text))
            return text
    if (problem := syntax_problem(template, text)) is not None:
        found.add(at, problem)
        return text
    values = {name: value if _is_marked(value) else as_literal(value) for name, value in values.items()}
    parts = [part if isinstance(part, str) else {part[0]: part[1]} for part in template.parts]
    more = {"optional": optional} if optional else {}
    return {JINJA: {"parts": parts, "values": values, **more, **({"script": True} if script else {})}}


def _is_absent(scope: Scope, reference: Reference) -> bool:
    """Whether the reference could have a value, and has none."""
    resolved = scope.resolve(reference.path)
    return isinstance(resolved, Unresolved) and resolved.absent


def _is_marked(value: object) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and not _MARKS.isdisjoint(value)


def _note(parsed: ParsedText, found: Folded, at: Pointer) -> None:
    found.problems.extend(PlacedProblem(at, problem) for problem in parsed.problems)


def _fold_whole(reference: Reference, text: str, scope: Scope, found: Folded, at: Pointer) -> object:
    match resolve_reference(reference, scope, found, at):
        case Known(value=value):
            return as_literal(value)
        case Later(path=path):
            return {REF: path_text(path)}
        case _:
            return text


def _fold_part(reference: Reference, scope: Scope, found: Folded, at: Pointer, *, script: bool) -> str | dict[str, str]:
    resolved = resolve_reference(reference, scope, found, at)
    if isinstance(resolved, Later):
        if script and resolved.secret:
            message = f"'{reference.written}' would put a secret into the text of a script"
            found.add(at, Problem(message, reference.offset, ENV, ProblemKind.NOT_PLAIN))
        return {REF: path_text(resolved.path)}
    if resolved is None:
        return reference.written
    text = text_of(resolved.value)
    if text is None:
        kind = "a mapping" if isinstance(resolved.value, Mapping) else "a list"
        message = f"'{reference.written}' is {kind}, which is no text"
        found.add(at, Problem(message, reference.offset, "Name a key of it."))
        return reference.written
    if script and not is_plain(text):
        found.add(at, Problem(not_plain(reference.name), reference.offset, ENV, ProblemKind.NOT_PLAIN))
    if not resolved.listed_as and len(text) < _REMEMBERED:
        scope.texts[reference.path] = text
    return text


ENV = "Give the value to the step under 'env:' and use it in the script as \"$NAME\"."
"""The remedy for what may not stand in the text of a script."""


def not_plain(name: str) -> str:
    """The message for a value that a script's text may not hold."""
    return f"the value of '${{{name}}}' has characters that a shell could take for code"


def resolve_reference(reference: Reference, scope: Scope, found: Folded, at: Pointer) -> Known | Later | None:
    """What the reference names; None and a problem where it names nothing. Secrets and outside values are noted."""
    resolved = scope.resolve(reference.path)
    if isinstance(resolved, Unresolved):
        found.add(at, Problem(resolved.message, reference.offset, resolved.remedy))
        return None
    if isinstance(resolved, Later):
        found.later.add(resolved.path)
        if resolved.secret:
            found.secrets.add(resolved.path[-1])
        return resolved
    if resolved.listed_as:
        found.outside[resolved.listed_as] = resolved
    return resolved


def _joined(parts: list[str | dict[str, str]], mark: str) -> object:
    joined: list[str | dict[str, str]] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    if all(isinstance(part, str) for part in joined):
        return "".join(str(part) for part in joined)
    return {mark: joined}


def text_of(value: object) -> str | None:
    """A scalar as the text that a template gets: `true`, `5432`; None for lists, mappings and nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json.dumps(value)
    return None


Lookup: TypeAlias = Callable[[tuple[str, ...]], object]
"""The value of a canonical path at run time. Raises `NoValue` with a sentence where there is none."""


class NoValue(Exception):  # noqa: N818 - it says what is the case; never leaves `resolve`'s caller
    """A reference of a plan that has no value at run time."""


class Absent(NoValue):
    """A reference to something that could have a value, and has none: a template may ask whether it has."""


def resolve(value: object, lookup: Lookup) -> Any:  # noqa: ANN401 - JSON data
    """A plan's value with every reference replaced. Raises NoValue with a sentence that says what is missing."""
    if value.__class__ is str:
        return value
    if value.__class__ is dict or isinstance(value, Mapping):
        mark = next(iter(value)) if len(value) == 1 else ""
        if mark in _AT_LAST:
            return _AT_LAST[mark](value[mark], lookup)
        return {key: resolve(item, lookup) for key, item in value.items()}
    return [resolve(item, lookup) for item in value] if isinstance(value, list | tuple) else value


def _text_at_last(parts: Iterable[Any], lookup: Lookup, *, script: bool = False) -> str:
    made: list[str] = []
    length = 0
    for part in parts:
        if part.__class__ is str:
            text = part
        elif JINJA in part:
            text = _rendered(part[JINJA], lookup)
        else:
            mark, name = next(iter(part.items()))
            value = lookup(_path(name))
            text = value if value.__class__ is str else _text_for(value, name, mark)
            if script and not is_plain(text):
                raise NoValue(f"{not_plain(name)}; {ENV[0].lower()}{ENV[1:-1]}")
        length += len(text)
        if length > LONGEST_TEXT:
            raise NoValue(_TOO_LONG)
        made.append(text)
    return "".join(made)


def _text_for(value: object, name: str, mark: str) -> str:
    text = text_of(value)
    if text is None and value is not None and mark == JSON_TEXT:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if text is None:
        raise NoValue(f"'${{{name}}}' is no text: a list, a mapping or nothing")
    return text


def _rendered(template: Mapping[str, Any], lookup: Lookup) -> str:
    from innominatus_cli.expressions.template_filters import UnusableTemplateError  # noqa: PLC0415 - most plans have none
    from innominatus_cli.expressions.templates import render  # noqa: PLC0415 - as above

    values = {}
    for name, value in template["values"].items():
        try:
            values[name] = resolve(value, lookup)
        except Absent:
            if name not in template.get("optional", ()):
                raise
    parts = [part if isinstance(part, str) else next(iter(part.items())) for part in template["parts"]]
    try:
        return render(parts, values, script=bool(template.get("script")))
    except UnusableTemplateError as wrong:
        raise NoValue(f"a template has no text: {wrong}") from wrong


@lru_cache(maxsize=4096)
def _path(name: str) -> tuple[str, ...]:
    path = split_path(name)
    if isinstance(path, str):
        raise NoValue(f"'{name}' is no path: {path}")
    return path


_AT_LAST: Final[dict[str, Callable[[Any, Lookup], Any]]] = {
    REF: lambda name, lookup: lookup(_path(name)),
    TEMPLATE: _text_at_last,
    SCRIPT: partial(_text_at_last, script=True),
    JINJA: _rendered,
    LITERAL: lambda mapping, lookup: {key: resolve(item, lookup) for key, item in mapping.items()},
}
"""What becomes of each mark when its step starts."""


def is_settled(value: object) -> bool:
    """Whether a plan's value is the same whenever it is resolved: it names nothing."""
    if isinstance(value, Mapping):
        marked = len(value) == 1 and next(iter(value)) in _AT_LAST
        return not marked and all(map(is_settled, value.values()))
    return not isinstance(value, list | tuple) or all(map(is_settled, value))


def references_in(value: object) -> set[str]:
    """The canonical paths that a plan's value refers to."""
    if value.__class__ is str:
        return set()
    if value.__class__ is dict or isinstance(value, Mapping):
        named = value.get(REF, value.get(JSON_TEXT)) if len(value) == 1 else None
        if isinstance(named, str):
            return {named}
        own = value.get(LITERAL) if len(value) == 1 else None
        items = own.values() if isinstance(own, Mapping) else value.values()
        return {name for item in items for name in references_in(item)}
    if isinstance(value, list | tuple):
        return {name for item in value for name in references_in(item)}
    return set()
