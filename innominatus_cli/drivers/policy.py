"""`policy`: rules over manifests, other engines, or a program that must succeed."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from innominatus_cli.documents.words import counted
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.manifests import Manifest, of_run, read_paths
from innominatus_cli.drivers.policy_engines import judge
from innominatus_cli.drivers.programs import run_program
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.checking import ManifestRule, PolicyInputs
from innominatus_cli.step_types.contract import known

_TOKEN: Final = re.compile(r"""\[\*\]|\[([0-9]+)\]|\[(?:"([^"\]]*)"|'([^'\]]*)')\]|([^.\[\]]+)|(\.)""")
_MOST_TOLD: Final = 20
_LONGEST_VALUE: Final = 80
_HIDDEN_KINDS: Final = frozenset({"Secret", "ConfigMap"})

Part: TypeAlias = str | int | None
"""A key, an index, or None for every item of a list."""


class _Missing:
    """What stands at a path that is not there."""


_MISSING: Final = _Missing()


def driver(ctx: StepContext) -> DriverSteps:
    """Judges every manifest by every rule and tells all violations; then runs the program."""
    inputs = ctx.inputs_of(PolicyInputs)
    engine = str(known(inputs.engine))
    if engine != "builtin":
        return (yield from _by_engine(ctx, inputs, engine))
    judged = _judge(ctx, inputs)
    if isinstance(judged, Finding):
        return DriverResult(failure=judged)
    outputs = {"judged": judged}
    if inputs.script is None and not inputs.command:
        return DriverResult(outputs=outputs, message=_kept(judged, len(inputs.rules)))
    ran = yield from run_program(ctx, inputs, env={"INNOMINATUS_RENDERED_DIR": _write_rendered(ctx)})
    return DriverResult(ran.failure, outputs={} if ran.failure else outputs, printed=ran.printed, tools=ran.tools)


def _by_engine(ctx: StepContext, inputs: PolicyInputs, engine: str) -> DriverSteps:
    if engine == "kyverno":
        named = f" ({', '.join(inputs.policies)})" if inputs.policies else ""
        return ctx.failed(codes.ENGINE_MISSING, f"the policy engine 'kyverno' is not available{named}")
    manifests = _manifests(ctx, inputs)
    if isinstance(manifests, Finding):
        return DriverResult(failure=manifests)
    said = yield from judge(ctx, inputs, engine, manifests)
    if isinstance(said, Finding):
        return DriverResult(failure=said)
    broken, tools = said
    if broken:
        return DriverResult(_violations(ctx, broken), tools=tools)
    message = f"{counted(len(manifests), 'manifest')} judged by {engine}"
    return DriverResult(outputs={"judged": len(manifests)}, message=message, tools=tools)


def _violations(ctx: StepContext, broken: list[str]) -> Finding:
    more = f"; and {len(broken) - _MOST_TOLD} more" if len(broken) > _MOST_TOLD else ""
    return ctx.finding(codes.POLICY_BROKEN, "; ".join(broken[:_MOST_TOLD]) + more)


def _manifests(ctx: StepContext, inputs: PolicyInputs) -> list[Manifest] | Finding:
    """The objects to judge: those of this run and those that the step names."""
    manifests: list[Manifest] = []
    for part in (of_run(ctx), read_paths(ctx, inputs.manifests)):
        if isinstance(part, Finding):
            return part
        manifests += part
    if not manifests:
        return ctx.finding(codes.NOTHING_TO_CHECK, "no step before this one rendered a manifest that it could judge")
    return manifests


def _kept(manifests: int, rules: int) -> str:
    keep = "keeps" if manifests == 1 else "keep"
    return f"{counted(manifests, 'manifest')} {keep} {counted(rules, 'rule')}"


def _write_rendered(ctx: StepContext) -> str:
    """The manifests of this run as files, for programs that judge files."""
    folder = ctx.scratch_dir / "rendered"
    folder.mkdir(exist_ok=True)
    for path, data in sorted(ctx.manifests.items()):
        file = folder / path.removeprefix(ctx.manifests_dir).lstrip("/")
        if file.resolve().is_relative_to(folder.resolve()):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    return str(folder)


def _judge(ctx: StepContext, inputs: PolicyInputs) -> int | Finding:
    """The number of judged manifests."""
    if not inputs.rules:
        return 0
    paths = {rule.name: _parts(rule.path) for rule in inputs.rules}
    for rule in inputs.rules:
        if paths[rule.name] is None:
            return ctx.finding(codes.INPUTS_UNUSABLE, f"rule '{rule.name}': '{rule.path}' is no path")
    manifests = _manifests(ctx, inputs)
    if isinstance(manifests, Finding):
        return manifests
    broken = [
        told
        for rule in inputs.rules
        for manifest in manifests
        if not rule.kinds or manifest.kind in rule.kinds
        for told in _broken(rule, paths[rule.name] or (), manifest)
    ]
    return _violations(ctx, broken) if broken else len(manifests)


def _broken(rule: ManifestRule, path: tuple[Part, ...], manifest: Manifest) -> Iterator[str]:
    for where, value in _values(manifest.data, path, ""):
        problem = _problem(rule, value, hidden=manifest.kind in _HIDDEN_KINDS)
        if problem:
            because = f" ({rule.message})" if rule.message else ""
            yield f"{rule.name}: {manifest.title}: {where} {problem}{because}"


def _parts(path: str) -> tuple[Part, ...] | None:
    """The parts of `spec.containers[*].image` or `metadata.labels["a.b/c"]`; None where it is no path."""
    parts: list[Part] = []
    at = 0
    wants_key = True
    while at < len(path):
        found = _TOKEN.match(path, at)
        if not found or (found.group(5) and wants_key):
            return None
        index, double, single, key, dot = found.groups()
        if dot:
            wants_key = True
        elif key is not None:
            if not wants_key:
                return None
            parts.append(key)
            wants_key = False
        else:
            quoted = double if double is not None else single
            parts.append(int(index) if index is not None else quoted)
            wants_key = False
        at = found.end()
    return tuple(parts) if parts and not wants_key else None


def _values(data: object, path: tuple[Part, ...], where: str) -> Iterator[tuple[str, object]]:
    """Every value at the path with its place; `_MISSING` where a key on the way is not there."""
    if not path:
        yield where, data
        return
    part, rest = path[0], path[1:]
    if part is None and isinstance(data, list):
        for index, item in enumerate(data):
            yield from _values(item, rest, f"{where}[{index}]")
    elif isinstance(part, int) and isinstance(data, list) and part < len(data):
        yield from _values(data[part], rest, f"{where}[{part}]")
    elif isinstance(part, str) and isinstance(data, dict) and part in data:
        yield from _values(data[part], rest, _under(where, part))
    else:
        yield _under(where, "[*]" if part is None else str(part)) + "".join(_written(other) for other in rest), _MISSING


def _under(where: str, part: str) -> str:
    return f"{where}{part}" if part.startswith("[") or not where else f"{where}.{part}"


def _written(part: Part) -> str:
    if part is None:
        return "[*]"
    return f"[{part}]" if isinstance(part, int) else f".{part}"


def _problem(rule: ManifestRule, value: object, *, hidden: bool) -> str:
    """What is wrong with a value, or an empty text. A value that is not there breaks `exists` only."""
    if rule.operator == "exists":
        return "is missing" if value is _MISSING or value is None else ""
    if value is _MISSING:
        return ""
    holds, words = _OPERATORS[rule.operator]
    if holds(value, rule.value):
        return ""
    told = "has a value that is not shown" if hidden or isinstance(value, dict | list) else f"is {_shown(value)}"
    return f"{told}, {words.format(_shown(rule.value))}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(left: object, right: object) -> bool:
    """Equal, and of one type: `true` is not 1."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _shown(value: Any) -> str:  # noqa: ANN401 - data of a manifest or a rule
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"


def matches(pattern: str, text: str) -> bool:
    """Whether `text` is `pattern`, in which `*` stands for any run of characters; in linear time."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if not text.startswith(first) or len(text) < len(first) + len(last) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


_OPERATORS: Final[Mapping[str, tuple[Callable[[Any, Any], bool], str]]] = {
    "absent": (lambda _value, _wanted: False, "and must not be there"),
    "equals": (_same, "not {}"),
    "notEquals": (lambda value, wanted: not _same(value, wanted), "which it must not be"),
    "in": (lambda value, wanted: any(_same(value, one) for one in wanted), "not one of {}"),
    "notIn": (lambda value, wanted: not any(_same(value, one) for one in wanted), "one of {}"),
    "matches": (lambda value, wanted: matches(wanted, str(value)), "which does not match {}"),
    "notMatches": (lambda value, wanted: not matches(wanted, str(value)), "which matches {}"),
    "atMost": (lambda value, wanted: _is_number(value) and value <= wanted, "no number up to {}"),
    "atLeast": (lambda value, wanted: _is_number(value) and value >= wanted, "no number from {} on"),
}
"""By operator: whether a value keeps the rule, and the words for one that does not."""
