"""What a condition's tree means: folding what is known when planning, and evaluating the rest when the step runs.

Errors are values with an offset. Nothing here skips a step because a condition is wrong.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from innominatus_cli.expressions.conditions import FUNCTIONS, Tree
from innominatus_cli.expressions.contexts import Known, Later, Scope, Unresolved, hint
from innominatus_cli.expressions.references import Problem, path_text, split_path
from innominatus_cli.expressions.values import NoValue

_LONGEST_NUMBER = 40


@dataclass(slots=True)
class FoldedCondition:
    """A tree in which everything static is a value, and what folding found."""

    tree: Tree
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    steps: set[str] = field(default_factory=set)
    """Steps whose status it asks for."""
    later: set[tuple[str, ...]] = field(default_factory=set)
    outside: dict[str, Known] = field(default_factory=dict)
    asks_for_failure: bool = False
    """It speaks of what failed, so that it must be asked after a failure too."""


def fold_condition(tree: Tree, scope: Scope) -> FoldedCondition:
    """Puts in every value that is known; constant parts become a single value."""
    folder = _Folder(scope)
    folded = folder.fold(tree)
    result = folder.result
    result.tree = folded
    return result


class _Folder:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.result = FoldedCondition({})

    def fold(self, tree: Tree, *, beside_reference: bool = False, null_asked: bool = False) -> Tree:
        if "value" in tree:
            return tree
        if "status" in tree:
            return self._status(tree)
        if "ref" in tree:
            return self._reference(tree, null_asked=null_asked, beside_reference=beside_reference)
        if "word" in tree:
            return self._word(tree, beside_reference=beside_reference, null_asked=null_asked)
        return self._operation(tree)

    def _status(self, tree: Tree) -> Tree:
        step = tree["status"]
        self.result.steps.add(step)
        before = self._scope.contexts["steps"].names() if "steps" in self._scope.contexts else ()
        if step in self._scope.steps and step not in before:
            remedy = f"Let this step follow '{step}', for example with dependsOn."
            self._problem(f"step '{step}' is not finished when this one starts", tree, remedy)
        elif step not in before:
            self._problem(f"there is no step '{step}' before this one", tree, hint(step, before))
        if tree["is"] == "failed":
            self.result.asks_for_failure = True
        return tree

    def _begins_known(self, path: tuple[str, ...] | str) -> bool:
        return isinstance(path, tuple) and (path[0] in self._scope.contexts or path[0] in self._scope.steps)

    def _reference(self, tree: Tree, *, null_asked: bool, beside_reference: bool = False) -> Tree:
        path = split_path(tree["ref"])
        if tree.get("bare") and beside_reference and not self._begins_known(path):
            return self._word(
                {"word": tree["ref"], "at": tree["at"]}, beside_reference=beside_reference, null_asked=null_asked
            )
        found = self._scope.resolve(path) if isinstance(path, tuple) else Unresolved(path)
        at = tree["at"]
        match found:
            case Known(value=value):
                if found.listed_as:
                    self.result.outside[found.listed_as] = found
                return {"value": value, "at": at}
            case Later(path=canonical, secret=True):
                self._problem(f"'{path_text(canonical)}' is a secret, which no condition may ask for", tree)
                return tree
            case Later(path=canonical):
                self.result.later.add(canonical)
                return {"ref": path_text(canonical), "at": at}
            case _:
                if null_asked and found.absent:
                    return {"value": None, "at": at}
                self._problem(found.message, tree, found.remedy)
                return tree

    def _word(self, tree: Tree, *, beside_reference: bool, null_asked: bool) -> Tree:
        word = tree["word"]
        path = split_path(word)
        if isinstance(path, tuple) and len(path) == 1 and (path[0] == "item" or path[0] not in self._scope.contexts):
            found = self._scope.resolve(path)
            if not isinstance(found, Unresolved):
                return self._reference({"ref": path_text(path), "at": tree["at"]}, null_asked=null_asked)
        if beside_reference:
            self.result.warnings.append(
                Problem(f"'{word}' is compared as a bare word", tree["at"], f'Put it into quotes: "{word}".')
            )
            return {"value": word, "at": tree["at"]}
        if null_asked:
            return {"value": None, "at": tree["at"]}
        unknown = self._scope.resolve(path) if isinstance(path, tuple) else None
        near = unknown.remedy if isinstance(unknown, Unresolved) else ""
        self._problem(f"'{word}' is no variable, parameter or step", tree, near or f'Text stands in quotes: "{word}".')
        return tree

    def _operation(self, tree: Tree) -> Tree:
        operator, args = tree["op"], tree["args"]
        if operator in FUNCTIONS:
            self.result.asks_for_failure |= operator != "success"
            return tree
        folded = self._list(tree) if operator == "list" else self._args(operator, args)
        new = {"op": operator, "args": folded, "at": tree["at"]}
        if operator in {"and", "or"}:
            return _shortened(new)
        if all("value" in arg for arg in folded):
            value = _apply(operator, [arg["value"] for arg in folded], tree["at"])
            if isinstance(value, Problem):
                self.result.problems.append(value)
                return new
            return {"value": value, "at": tree["at"]}
        return new

    def _list(self, tree: Tree) -> list[Tree]:
        return [self.fold(item, beside_reference=True) for item in tree["args"]]

    def _args(self, operator: str, args: list[Tree]) -> list[Tree]:
        if operator in {"and", "or", "not"}:
            return [self.fold(arg) for arg in args]
        left, right = args
        null = operator in {"==", "!="} and any("value" in arg and arg["value"] is None for arg in args)
        return [
            self.fold(left, beside_reference=self._names(right), null_asked=null),
            self.fold(right, beside_reference=self._names(left) or "value" in left, null_asked=null),
        ]

    def _names(self, tree: Tree) -> bool:
        """Whether this operand names something, so that a bare word beside it is text."""
        if "word" in tree:
            path = split_path(tree["word"])
            return isinstance(path, tuple) and not isinstance(self._scope.resolve(path), Unresolved)
        return "ref" in tree or tree.get("op") == "list"

    def _problem(self, message: str, tree: Tree, remedy: str = "") -> None:
        self.result.problems.append(Problem(message, tree["at"], remedy))


def _shortened(tree: Tree) -> Tree:
    """`and` and `or` without the parts that are known already."""
    deciding = tree["op"] == "or"
    rest: list[Tree] = []
    for arg in tree["args"]:
        if "value" in arg:
            if is_true(arg["value"]) is deciding:
                return {"value": deciding, "at": tree["at"]}
        else:
            rest.append(arg)
    if not rest:
        return {"value": not deciding, "at": tree["at"]}
    return {**tree, "args": rest}


def is_true(value: object) -> bool:
    """What a value means as a condition: nothing, `false`, `0`, empty text and empty collections are false."""
    if isinstance(value, str):
        return value.strip().lower() not in {"", "false", "0"}
    return bool(value)


class Runtime(Protocol):
    """What a condition may ask when its step is about to run."""

    def value(self, path: tuple[str, ...]) -> object:
        """The value of a canonical path. Raises NoValue."""

    def status(self, step: str) -> str | None:
        """`succeeded`, `failed` or `skipped`; None where it has not run."""

    def failed(self) -> bool:
        """Whether anything that this step stands behind has failed."""


def evaluate(tree: Mapping[str, Any], runtime: Runtime) -> bool | Problem:
    """Whether the condition holds now, or the problem because of which nobody can say."""
    try:
        return is_true(_evaluate(tree, runtime))
    except _ConditionError as found:
        return found.problem


class _ConditionError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def _evaluate(tree: Mapping[str, Any], runtime: Runtime) -> object:
    if "value" in tree:
        return tree["value"]
    if "ref" in tree:
        return _value(tree["ref"], tree.get("at", 0), runtime)
    if "status" in tree:
        return _has_status(tree["status"], tree["is"], tree.get("at", 0), runtime)
    operator: str = tree["op"]
    if operator in FUNCTIONS:
        return operator == "always" or runtime.failed() == (operator == "failure")
    if operator in {"and", "or"}:
        truths = (is_true(_evaluate(arg, runtime)) for arg in tree["args"])
        return all(truths) if operator == "and" else any(truths)
    return _applied(operator, tree["args"], tree.get("at", 0), runtime)


def _applied(operator: str, args: list[Mapping[str, Any]], at: int, runtime: Runtime) -> object:
    evaluated = _null_or_value if _asks_for_null(operator, args) else _evaluate
    result = _apply(operator, [evaluated(arg, runtime) for arg in args], at)
    if isinstance(result, Problem):
        raise _ConditionError(result)
    return result


def _asks_for_null(operator: str, args: list[Mapping[str, Any]]) -> bool:
    return operator in {"==", "!="} and any("value" in arg and arg["value"] is None for arg in args)


def _null_or_value(tree: Mapping[str, Any], runtime: Runtime) -> object:
    try:
        return _evaluate(tree, runtime)
    except _ConditionError:
        return None


def _value(name: str, at: int, runtime: Runtime) -> object:
    path = split_path(name)
    if isinstance(path, str):
        raise _ConditionError(Problem(path, at))
    try:
        return runtime.value(path)
    except NoValue as missing:
        raise _ConditionError(Problem(str(missing), at)) from missing


def _has_status(step: str, wanted: str, at: int, runtime: Runtime) -> bool:
    status = runtime.status(step)
    if status is None:
        raise _ConditionError(Problem(f"step '{step}' has no result yet", at))
    return status == wanted


def _apply(operator: str, values: list[Any], at: int) -> object:
    if operator == "list":
        return values
    if operator == "not":
        return not is_true(values[0])
    return _compare(operator, values[0], values[1], at)


def _compare(operator: str, left: object, right: object, at: int) -> bool | Problem:
    match operator:
        case "==" | "!=":
            return _equal(left, right) == (operator == "==")
        case "in":
            return _contains(right, left, at)
        case "contains":
            return _contains(left, right, at)
        case "<" | "<=" | ">" | ">=":
            return _ordered(operator, left, right, at)
        case _:
            return _text_test(operator, left, right, at)


def _equal(left: object, right: object) -> bool:
    """Equal values; text equals the boolean or number that it spells."""
    if isinstance(left, str) and isinstance(right, bool | int | float):
        left, right = right, left
    if isinstance(left, bool):
        return right.strip().lower() == str(left).lower() if isinstance(right, str) else left is right
    if isinstance(right, bool):
        return False
    if isinstance(left, int | float) and isinstance(right, str):
        return left == _number(right)
    return left == right


def _number(value: object) -> float | int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or len(value) > _LONGEST_NUMBER or not value.isascii():
        return None
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value) if value.strip()[:1] in set("+-.0123456789") else None
    except ValueError:
        return None


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _ordered(operator: str, left: object, right: object, at: int) -> bool | Problem:
    """Numbers by size (also as text, when both are), other texts by code points."""
    numbers = _number(left), _number(right)
    if numbers[0] is not None and numbers[1] is not None:
        return _ORDERS[operator](*numbers)
    if isinstance(left, str) and isinstance(right, str):
        return _ORDERS[operator](left, right)
    return Problem(f"'{operator}' cannot order {_kind(left)} and {_kind(right)}", at, "Compare two numbers, or texts.")


def _contains(whole: object, part: object, at: int) -> bool | Problem:
    if isinstance(whole, list | tuple):
        return any(_equal(item, part) for item in whole)
    if isinstance(whole, Mapping):
        return isinstance(part, str) and part in whole
    if isinstance(whole, str) and isinstance(part, str):
        return part in whole
    return Problem(f"{_kind(whole)} cannot contain {_kind(part)}", at, "Search in a list, a mapping or a text.")


def _text_test(operator: str, left: object, right: object, at: int) -> bool | Problem:
    if not isinstance(left, str) or not isinstance(right, str):
        return Problem(f"'{operator}' needs two texts, not {_kind(left)} and {_kind(right)}", at)
    if operator == "startsWith":
        return left.startswith(right)
    if operator == "endsWith":
        return left.endswith(right)
    from innominatus_cli.expressions.patterns import LONGEST_TEXT, PatternError, compile_pattern  # noqa: PLC0415

    if len(left) > LONGEST_TEXT:
        return Problem(f"a text that 'matches' looks at has at most {LONGEST_TEXT} characters", at)
    try:
        return compile_pattern(right).search(left)
    except PatternError as wrong:
        return Problem(f"the pattern is wrong: {wrong}", at)


def _kind(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list() | tuple():
            return "a list"
        case _:
            return "a mapping"
