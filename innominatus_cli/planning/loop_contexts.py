"""`item` and `matrix.<key>`: for which of its values a step of a loop is there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from innominatus_cli.expressions.contexts import Context, Known, Later, Resolution, Scope, Unresolved, hint
from innominatus_cli.expressions.values import LITERAL, references_in

INDEX = "index"


@dataclass(frozen=True, slots=True)
class NoLoopContext:
    """`item` or `matrix` of a step that is in no loop of that kind."""

    name: str
    key: str

    def names(self) -> Iterable[str]:
        """None."""
        return ()

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:  # noqa: ARG002 - the protocol's shape
        """Always a problem that says so."""
        return Unresolved(f"'${{{written}}}': the step has no '{self.key}'", f"Add `{self.key}` to the step.")


@dataclass(frozen=True, slots=True)
class ItemContext:
    """`item`, its keys, and `item.index`: the place among the values, unless the value has an `index` itself."""

    index: int
    value: Any
    """A value of the plan."""

    def names(self) -> Iterable[str]:
        """The keys of the value."""
        return (*(_plain(self.value) if isinstance(self.value, Mapping) else ()), INDEX)

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """The value, or what stands in it."""
        if rest == (INDEX,) and not (isinstance(self.value, Mapping) and INDEX in _plain(self.value)):
            return Known(self.index, "place in the loop")
        return _inside(self.value, "item", rest, written)


@dataclass(frozen=True, slots=True)
class MatrixContext:
    """`matrix.<key>` of one combination."""

    values: Mapping[str, Any]
    known: frozenset[str]
    """The keys of all combinations; one that `include` made may lack some."""

    def names(self) -> Iterable[str]:
        """The keys of the matrix."""
        return self.known

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """The value of a key, or what stands in it."""
        if rest and rest[0] not in self.values:
            if rest[0] in self.known:
                message = f"'${{{written}}}': one of the combinations has no '{rest[0]}'"
                return Unresolved(message, "Give every entry of `include` that key.", absent=True)
            return Unresolved(f"'${{{written}}}': the matrix has no key '{rest[0]}'", hint(rest[0], self.known))
        return _inside(dict(self.values), "matrix", rest, written)


@dataclass(frozen=True, slots=True)
class LaterLoopContext:
    """`item` or `matrix` in a loop that the run expands; `known` are a matrix's keys, None where nobody can tell."""

    name: str
    known: frozenset[str] | None = None

    def names(self) -> Iterable[str]:
        """The keys that are known."""
        return self.known or ()

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """A reference that every step of the loop has a value for."""
        if self.known is not None and rest and rest[0] not in self.known:
            return Unresolved(f"'${{{written}}}': the matrix has no key '{rest[0]}'", hint(rest[0], self.known))
        return Later((self.name, *rest), "value of the loop")


def in_loop(scope: Scope, *, item: Context | None = None, matrix: Context | None = None) -> Scope:
    """The scope of one step of a loop."""
    contexts = {**scope.contexts}
    if item is not None:
        contexts["item"] = item
    if matrix is not None:
        contexts["matrix"] = matrix
    return Scope(contexts, scope.steps, scope.bare)


def _inside(value: object, name: str, rest: tuple[str, ...], written: str) -> Resolution:
    if references_in(value):
        return Later((name, *rest), "value of the loop")
    for key in rest:
        data = _plain(value)
        if isinstance(data, Mapping) and key in data:
            value = data[key]
        elif isinstance(data, list) and key.isdecimal() and int(key) < len(data):
            value = data[int(key)]
        else:
            known = [str(one) for one in data] if isinstance(data, Mapping) else []
            message = f"'${{{written}}}': the value of this loop has no '{key}'"
            return Unresolved(message, hint(key, known), absent=True)
    return Known(plain_data(value), "value of the loop")


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON data
    """The mapping behind `$literal`."""
    return value[LITERAL] if isinstance(value, Mapping) and len(value) == 1 and LITERAL in value else value


def plain_data(value: Any) -> Any:  # noqa: ANN401 - JSON data
    """A plan's value without references, as it was before it became one."""
    data = _plain(value)
    if isinstance(data, Mapping):
        return {key: plain_data(item) for key, item in data.items()}
    return [plain_data(item) for item in data] if isinstance(data, list) else data
