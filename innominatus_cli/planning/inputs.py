"""The inputs of a step: folded, checked by the step type's own model, paths and names of tables resolved."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from innominatus_cli.expressions.contexts import Scope
from innominatus_cli.expressions.values import JINJA, JSON_TEXT, LITERAL, REF, SCRIPT, TEMPLATE, Folded, Pointer, fold
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.planning.files import InputFiles
from innominatus_cli.planning.own_types import StepTypes
from innominatus_cli.planning.places import Spot, findings_of
from innominatus_cli.planning.step_contexts import ResourcesContext
from innominatus_cli.planning.tables import Tables
from innominatus_cli.step_types.markers import Marked, marked_values
from innominatus_cli.step_types.wrong_inputs import in_words

if TYPE_CHECKING:
    from innominatus_cli.documents.plan import PlannedProgram
    from innominatus_cli.step_types.contract import StepInputs, StepType

SCRIPT_KEYS = frozenset({"script", "command", "run"})
"""Inputs whose text is a script; a list of arguments is none."""

_MARKS = frozenset({REF, TEMPLATE, SCRIPT, JINJA})
_STAND_IN = re.compile("\\$\\{\ue000([0-9]+)\\}")


@dataclass(slots=True)
class BuiltInputs:
    """Inputs as the plan holds them."""

    values: dict[str, Any] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    program: "PlannedProgram | None" = None
    """Of a step type that the repository brings; so are the next two."""
    env: dict[str, Any] = field(default_factory=dict)
    output_file: str | None = None


def _resources_are_there(scope: Scope | None) -> bool:
    """Whether outputs of resources are known when the step starts; generated steps stand behind them."""
    resources = scope.contexts.get("resources") if scope is not None else None
    return not isinstance(resources, ResourcesContext) or resources.available


def _as_written(value: Any) -> Any:  # noqa: ANN401 - values of a plan
    """The value with its references as text: a step before the resources reads the workload as its file has it."""
    if isinstance(value, Mapping):
        for mark in (REF, JSON_TEXT):
            if mark in value:
                return f"${{{value[mark]}}}"
        if TEMPLATE in value:
            return "".join(map(str, _as_written(value[TEMPLATE])))
        return {key: _as_written(item) for key, item in value.items()}
    return [_as_written(item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class InputBuilder:
    """Makes inputs for the steps of a plan."""

    tables: Tables
    files: InputFiles
    workload: Mapping[str, Any] | None
    """The application's canonical workload as values of the plan."""
    types: StepTypes

    def build(
        self, kind: "StepType", config: Mapping[str, Any], scope: Scope | None, spot: Spot, folded: Folded
    ) -> BuiltInputs:
        """Inputs from what is written at `spot`. Without a scope `config` holds values of a plan already."""
        built = BuiltInputs()
        given = dict(config) if scope is None else fold(config, scope, folded, is_script=is_script)
        if scope is not None and folded.problems:
            built.findings += findings_of(folded, spot)
            return built
        given = self._with_defaults(kind, given)
        stand_ins = _StandIns()
        model = _validated(kind, stand_ins.put(given), spot, built)
        if model is None:
            return built
        dumped = model.model_dump(mode="json", by_alias=True, exclude_none=True)
        found = list(marked_values(kind.inputs, dumped))
        fields = kind.inputs.model_fields
        written = {fields[name].alias or name for name in model.model_fields_set} if found else set()
        for marked in reversed(found):  # backwards, for `*` makes a list longer
            if marked.marker != "workload":
                self._mark(marked, dumped, spot, built, written=str(marked.at[0]) in written)
        if any(marked.marker == "workload" for marked in found):
            found = list(marked_values(kind.inputs, dumped))  # where they stand by now
        workloads = [marked.at for marked in found if marked.marker == "workload"]
        built.values = {key: stand_ins.take(value) for key, value in dumped.items()}
        for at in workloads:  # last, for the workload holds references of the plan already
            _put(built.values, at, self.workload if _resources_are_there(scope) else _as_written(self.workload))
        return built

    def _with_defaults(self, kind: "StepType", given: dict[str, Any]) -> dict[str, Any]:
        environment = self.tables.environment
        if kind.environment_defaults is None or environment is None:
            return given
        written = {kind.inputs.spellings.get(key, key) for key in given}
        defaults = kind.environment_defaults(environment)
        return given | {key: value for key, value in defaults.items() if key not in written}

    def _mark(self, marked: Marked, dumped: dict[str, Any], spot: Spot, built: BuiltInputs, *, written: bool) -> None:
        where = spot.at(*marked.at)
        match marked.marker:
            case "path" if written:
                self._path(marked, dumped, where, built)
            case "table":
                self._entry(marked, dumped, where, built)
            case "secret":
                built.secrets.update(self.tables.names("secrets") if marked.value == "*" else {marked.value})
            case _:
                pass

    def _path(self, marked: Marked, dumped: dict[str, Any], where: Spot, built: BuiltInputs) -> None:
        if _STAND_IN.search(marked.value):
            if marked.later:
                return
            message = f"the path at '{'.'.join(map(str, marked.at))}' depends on what only the run knows"
            built.findings.append(Finding(codes.PATH_NOT_STATIC, message, where.place))
            return
        found = self.files.resolve(marked.value, where)
        if isinstance(found, Finding):
            built.findings.append(found)
            return
        _put(dumped, marked.at, found.path)
        built.files.extend(path for path in found.files if path not in built.files)

    def _entry(self, marked: Marked, dumped: dict[str, Any], where: Spot, built: BuiltInputs) -> None:
        if _STAND_IN.search(marked.value):
            message = f"a name of the table '{marked.table}' must be known when planning"
            built.findings.append(Finding(codes.UNDEFINED_ENTRY, message, where.place))
            return
        if marked.value == "*":
            names = self.tables.names(marked.table)
            entries = [self.tables.entry(marked.table, name) for name in names]
            _put_all(dumped, marked.at, entries)
            return
        entry = self.tables.entry(marked.table, marked.value)
        if entry is None:
            known = self.tables.names(marked.table)
            remedy = did_you_mean(marked.value, known) or f"Define it under '{marked.table}' in admin-config.yaml."
            message = f"'{marked.value}' is not defined under '{marked.table}' in admin-config.yaml"
            built.findings.append(Finding(codes.UNDEFINED_ENTRY, message, where.place, remedy))
            return
        _put(dumped, marked.at, entry)


def is_script(pointer: Pointer) -> bool:
    """Whether the text at this pointer of a step's config is a script."""
    return len(pointer) == 1 and pointer[0] in SCRIPT_KEYS


class _StandIns:
    """Puts a text in the place of each reference of a plan, so that the model can check all the rest."""

    def __init__(self) -> None:
        self._values: list[Any] = []

    def put(self, value: Any) -> Any:  # noqa: ANN401 - JSON data
        if isinstance(value, str):
            return value
        if value.__class__ is dict or isinstance(value, Mapping):
            mark = next(iter(value)) if len(value) == 1 else ""
            if mark in _MARKS:
                self._values.append(value)
                return f"${{\ue000{len(self._values) - 1}}}"
            if mark == LITERAL:
                return {key: self.put(item) for key, item in value[LITERAL].items()}
            return {key: self.put(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.put(item) for item in value]
        return value

    def take(self, value: Any) -> Any:  # noqa: ANN401 - JSON data
        if isinstance(value, str):
            return self._text(value)
        if value.__class__ is dict or isinstance(value, Mapping):
            taken = {key: self.take(item) for key, item in value.items()}
            marked = len(taken) == 1 and next(iter(taken)) in {*_MARKS, LITERAL}
            return {LITERAL: taken} if marked else taken
        if isinstance(value, list | tuple):
            return [self.take(item) for item in value]
        return value

    def _text(self, text: str) -> Any:  # noqa: ANN401 - JSON data
        whole = _STAND_IN.fullmatch(text)
        if whole:
            return self._values[int(whole.group(1))]
        if not _STAND_IN.search(text):
            return text
        parts: list[Any] = []
        for index, part in enumerate(_STAND_IN.split(text)):
            parts += [part] if not index % 2 and part else _parts(self._values[int(part)]) if index % 2 else []
        return {TEMPLATE: parts}


def _parts(value: Mapping[str, Any]) -> list[Any]:
    return list(value[TEMPLATE]) if TEMPLATE in value else [value]


def _validated(kind: "StepType", given: Mapping[str, Any], spot: Spot, built: BuiltInputs) -> "StepInputs | None":
    try:
        return kind.inputs.model_validate(given)
    except ValidationError as wrong:
        built.findings += _wrong_inputs(kind, wrong, spot)
        return None


def _wrong_inputs(kind: "StepType", wrong: ValidationError, spot: Spot) -> list[Finding]:
    """One finding for each input that is wrong: a union says its piece once for every choice."""
    spellings: dict[str, list[str]] = {}
    for other, key in kind.inputs.spellings.items():
        spellings.setdefault(key, []).append(other)
    found: dict[str, Finding] = {}
    for error in wrong.errors(include_url=False, include_context=False):
        key = str(error["loc"][0]) if error["loc"] else ""
        if key in found:
            continue
        written = next((name for name in (key, *spellings.get(key, ())) if spot.has(name)), "")
        given = error["input"]
        known_value = None if isinstance(given, str) and _STAND_IN.search(given) else given
        message = "is missing" if error["type"] == "missing" else in_words(error["msg"], known_value)
        remedy = f"See the inputs of '{kind.name}' in docs/reference/step-types/{kind.name}.md."
        if error["type"] == "extra_forbidden":
            known = [field.alias or name for name, field in kind.inputs.model_fields.items()]
            message = f"type '{kind.name}' has no such input"
            remedy = did_you_mean(key, known) or f"Known: {', '.join(sorted(known))}."
        text = f"'{key}': {message}" if key else message
        place = (spot.key(written) if error["type"] == "extra_forbidden" else spot.at(written)).place
        found[key] = Finding(codes.WRONG_INPUT, text, place, remedy)
    return list(found.values())


def _put(data: Any, at: tuple[str | int, ...], value: Any) -> None:  # noqa: ANN401 - JSON data
    for key in at[:-1]:
        data = data[key]
    if value is None and isinstance(data, dict):
        del data[at[-1]]
    else:
        data[at[-1]] = value


def _put_all(data: Any, at: tuple[str | int, ...], values: list[Any]) -> None:  # noqa: ANN401 - JSON data
    """Every entry of a table in the place of `*`, which stands in a list."""
    for key in at[:-1]:
        data = data[key]
    if isinstance(data, list) and isinstance(at[-1], int):
        data[at[-1] : at[-1] + 1] = values
    else:
        data[at[-1]] = values
