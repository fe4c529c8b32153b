"""Inputs of a step whose type the repository brings: checked by the type's JSON Schema, and what its program needs."""

from collections.abc import Mapping
from typing import Any

from innominatus_cli.documents.plan import PlannedProgram
from innominatus_cli.documents.step_type import StepTypeDocument
from innominatus_cli.documents.typed import Typed
from innominatus_cli.expressions.contexts import Scope
from innominatus_cli.expressions.references import Reference, parse
from innominatus_cli.expressions.values import (
    JINJA,
    JSON_TEXT,
    LITERAL,
    REF,
    SCRIPT,
    TEMPLATE,
    Folded,
    as_literal,
    fold,
    references_in,
)
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.catalogue import structure as more
from innominatus_cli.findings.finding import Finding, Related
from innominatus_cli.planning.files import FoundPath, InputFiles
from innominatus_cli.planning.inputs import BuiltInputs
from innominatus_cli.planning.places import Spot, findings_of
from innominatus_cli.step_types.contract import StepType
from innominatus_cli.step_types.own import (
    INPUTS,
    NoInput,
    Unknown,
    as_argument,
    references_of,
    value_of,
    wrong_inputs,
)

_MARKS = frozenset({REF, TEMPLATE, SCRIPT, JINJA})


def build_own_inputs(
    kind: StepType, files: InputFiles, config: Mapping[str, Any], scope: Scope, spot: Spot, folded: Folded
) -> BuiltInputs:
    """Inputs from what is written at `spot` (the step's `config`), the command that they go into, and its environment.

    `kind.own` is there. What is wrong is among the findings of the answer.
    """
    own = _own(kind)
    built = BuiltInputs()
    given: dict[str, Any] = fold(dict(config), scope, folded)
    wrong = findings_of(folded, spot)
    if wrong:
        built.findings += wrong
        return built
    schema = own.model.spec.inputs
    properties = _properties(schema)
    written = set(given)
    for name, part in properties.items():
        if name not in given and "default" in part:
            given[name] = as_literal(part["default"])
    if LITERAL in given and len(given) == 1:
        given = given[LITERAL]
    for one in wrong_inputs(schema, {name: _with_unknowns(value) for name, value in given.items()}):
        built.findings.append(_wrong_input(kind, one.at, one.message, one.hint, one.key, spot))
    if built.findings:
        return built
    for name, part in properties.items():
        if name in given:
            where = spot.at(name) if name in written else Spot(own.document).at("spec", "inputs", "properties", name)
            given[name] = _with_paths(given[name], part, name, where, files, built)
    built.values = given
    _add_program(kind, own, schema, scope, spot, folded, files, built)
    return built


def _own(kind: StepType) -> Typed[StepTypeDocument]:
    if kind.own is None:
        raise AssertionError(f"'{kind.name}' is built in")
    return kind.own


def _properties(schema: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found = schema.get("properties", {})
    return {name: part for name, part in found.items() if isinstance(part, dict)} if isinstance(found, dict) else {}


def _with_unknowns(value: Any) -> Any:  # noqa: ANN401 - values of a plan
    """Data for the schema: a value of a plan with stand-ins for what only the run knows."""
    if isinstance(value, Mapping):
        mark = next(iter(value)) if len(value) == 1 else ""
        if mark in _MARKS:
            return Unknown(is_text=mark != REF)
        inner = value[LITERAL] if mark == LITERAL else value
        return {key: _with_unknowns(item) for key, item in inner.items()}
    return [_with_unknowns(item) for item in value] if isinstance(value, list) else value


def _wrong_input(kind: StepType, at: tuple[str | int, ...], message: str, hint: str, key: str, spot: Spot) -> Finding:
    own = _own(kind)
    where = spot.at(*at)
    name = ".".join(map(str, (*at, *filter(None, (key,)))))
    remedy = hint or f"See the inputs of '{kind.name}' in {own.document.path}."
    related = (Related(f"the inputs of '{kind.name}'", Spot(own.document).at("spec", "inputs").place),)
    place = (where.key(key) if key else where).place
    text = f"'{name}': {message}" if name else f"the inputs of '{kind.name}': {message}"
    return Finding(codes.WRONG_INPUT, text, place, remedy, related)


def _with_paths(
    value: Any,  # noqa: ANN401 - values of a plan
    part: Mapping[str, Any],
    name: str,
    where: Spot,
    files: InputFiles,
    built: BuiltInputs,
) -> Any:  # noqa: ANN401 - values of a plan
    """The input with the repository's paths in it where its schema says `x-path: true`, of itself or of its items."""
    items = part.get("items")
    if isinstance(items, Mapping) and items.get("x-path") is True and isinstance(value, list):
        return [_path(one, f"{name}[{index}]", where.at(index), files, built) for index, one in enumerate(value)]
    return _path(value, name, where, files, built) if part.get("x-path") is True else value


def _path(value: Any, name: str, where: Spot, files: InputFiles, built: BuiltInputs) -> Any:  # noqa: ANN401
    if not isinstance(value, str):
        message = f"the path at '{name}' depends on what only the run knows"
        built.findings.append(Finding(codes.PATH_NOT_STATIC, message, where.place))
        return value
    found = _resolved(value, where, files, built)
    return value if found is None else found.path


def _resolved(written: str, where: Spot, files: InputFiles, built: BuiltInputs) -> FoundPath | None:
    found = files.resolve(written, where)
    if isinstance(found, Finding):
        built.findings.append(found)
        return None
    built.files.extend(path for path in found.files if path not in built.files)
    return found


def _add_program(
    kind: StepType,
    own: Typed[StepTypeDocument],
    schema: dict[str, Any],
    scope: Scope,
    spot: Spot,
    folded: Folded,
    files: InputFiles,
    built: BuiltInputs,
) -> None:
    """The command, the environment and the file of outputs; a finding for each input that they need and nobody gave."""
    spec, written = own.model.spec, Spot(own.document).at("spec")
    command = list(spec.command)
    for index, argument in enumerate(command):
        _need_inputs(kind, argument, built, spot, written.at("command", index))
    if "/" in command[0] and not command[0].startswith("/"):
        found = _resolved(command[0], written.at("command", 0), files, built)
        command[0] = f"./{found.path}" if found else command[0]
    for index, path in enumerate(spec.files):
        _resolved(path, written.at("files", index), files, built)
    for name, text in spec.env.items():
        if _need_inputs(kind, text, built, spot, written.at("env", name)):
            built.env[name] = _environment(text, scope, built, written.at("env", name), folded)
    if spec.outputs.source == "file" and spec.outputs.path is not None:
        where = written.at("outputs", "path")
        if _need_inputs(kind, spec.outputs.path, built, spot, where):
            path_value = _environment(spec.outputs.path, scope, built, where, folded)
            if isinstance(path_value, str):
                built.output_file = path_value
            else:
                message = "the path of the outputs depends on what only the run knows"
                built.findings.append(Finding(codes.PATH_NOT_STATIC, message, where.place))
    metadata = own.model.metadata
    built.program = PlannedProgram(
        step_type=f"{kind.name}@{metadata.version}",
        path=own.document.path,
        command=command,
        reads=spec.outputs.source,
        inputs_schema=dict(schema) if references_in(built.values) else None,
    )


def _need_inputs(kind: StepType, template: str, built: BuiltInputs, spot: Spot, where: Spot) -> bool:
    """Whether every input that a template names has a value; a finding for each that has none."""
    missing = False
    for reference in references_of(template):
        if reference.path[0] != INPUTS:
            continue
        try:
            value_of(_known_part(reference, built.values), built.values)
        except NoInput as name:
            missing = True
            message = f"'{str(name).partition('.')[2]}': a step of type '{kind.name}' needs this input, and has none"
            related = (Related("it is read here", where.place),)
            found = Finding(more.INPUT_WITHOUT_VALUE, message, spot.place, related=related)
            if found not in built.findings:
                built.findings.append(found)
    return not missing


def _known_part(reference: Reference, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The reference's path up to the first value that only the run knows."""
    found: Any = values
    for index, key in enumerate(reference.path[1:], start=1):
        if not isinstance(found, Mapping) or key not in found:
            break
        found = found[key]
        if isinstance(found, Mapping) and len(found) == 1 and next(iter(found)) in _MARKS:
            return reference.path[: index + 1]
    return reference.path


def _environment(text: str, scope: Scope, built: BuiltInputs, where: Spot, folded: Folded) -> Any:  # noqa: ANN401
    """A text of the step type as a value of the plan: its inputs, and the contexts that a step's `env` has."""
    parts: list[str | dict[str, str]] = []
    parsed = parse(text)
    if parsed.whole is not None and parsed.whole.path[0] == INPUTS:
        value = value_of(_known_part(parsed.whole, built.values), built.values)
        if isinstance(value, Mapping) and JINJA in value and len(value) == 1:
            return value
    for part in parsed.parts:
        if isinstance(part, str):
            parts.append(part)
        elif part.path[0] == INPUTS:
            parts += _input_parts(value_of(_known_part(part, built.values), built.values), part, built, where)
        else:
            found = Folded()
            value = fold(f"${{{part.name}}}", scope, found)
            built.findings += findings_of(found, where)
            built.secrets |= found.secrets
            folded.outside |= found.outside
            parts += _as_parts(value)
    if all(isinstance(part, str) for part in parts):
        return "".join(map(str, parts))
    return {TEMPLATE: parts}


def _input_parts(value: Any, part: Reference, built: BuiltInputs, where: Spot) -> list[str | dict[str, str]]:  # noqa: ANN401
    is_rendered = isinstance(value, Mapping) and JINJA in value and len(value) == 1
    if is_rendered or (isinstance(value, Mapping | list) and not _is_marked(value) and references_in(value)):
        message = f"'{part.written}' holds a value that only the run knows, and is no text"
        built.findings.append(Finding(codes.UNUSABLE_VALUE, message, where.place, "Name the part that is needed."))
        return []
    return _as_parts(value)


def _is_marked(value: object) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in _MARKS


def _as_parts(value: Any) -> list[str | dict[str, str]]:  # noqa: ANN401 - a value of a plan
    if isinstance(value, Mapping) and len(value) == 1:
        if REF in value:
            return [{JSON_TEXT: str(value[REF])}]
        if TEMPLATE in value:
            return list(value[TEMPLATE])
        value = value.get(LITERAL, value)
    return [as_argument(value)]
