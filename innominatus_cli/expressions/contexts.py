"""Contexts: what a reference may name, each value with where it came from, known now or only when the step runs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from innominatus_cli.expressions.references import CLOCK, RUN_BEGAN, path_text
from innominatus_cli.findings.near_names import did_you_mean


@dataclass(frozen=True, slots=True)
class Known:
    """A value that is known when planning.

    `origin` says where it came from. `evidence` is set for what stands outside the sources (an environment variable,
    git): a plan that uses it lists it under `inputs` by the name `listed_as`.
    """

    value: object
    origin: str
    evidence: str = ""
    listed_as: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """A value that is known only when the step runs: the canonical path that execution looks up."""

    path: tuple[str, ...]
    origin: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Unresolved:
    """No such thing. `absent` tells a known place that holds nothing, which a comparison with `null` may ask for."""

    message: str
    remedy: str = ""
    absent: bool = False


Resolution: TypeAlias = "Known | Later | Unresolved"


class Context(Protocol):
    """One name space of references."""

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """What `<context>.<rest>` is; `written` is the whole reference, for messages."""

    def names(self) -> Iterable[str]:
        """The names directly under it, for near names."""


@dataclass(frozen=True, slots=True)
class DataContext:
    """A context over plain data that is known when planning."""

    name: str
    data: Mapping[str, object]
    origin: str
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Other names of keys at the top level."""
    bringing: str = ""
    """Where there is no data at all: how somebody brings it."""

    def names(self) -> Iterable[str]:
        """The top-level keys."""
        return self.data

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """The value at the path."""
        if not rest:
            return Known(dict(self.data), self.origin)
        value: object = self.data
        at = [self.name]
        for key in rest:
            if len(at) == 1:
                key = self.aliases.get(key, key)  # noqa: PLW2901 - the alias takes its place
            found = _child(value, key)
            if found is _NOTHING and self.bringing:
                return Unresolved(f"'${{{written}}}': {self.origin} was named", self.bringing, absent=True)
            if found is _NOTHING:
                return _no_key(written, path_text(at), key, value)
            at.append(key)
            value = found
        if value is None:
            return Unresolved(f"'${{{written}}}' has no value", f"Give {self.origin} a value for it.", absent=True)
        return Known(value, f"{self.origin}: {path_text(rest)}")


_NOTHING = object()


def _child(value: object, key: str) -> object:
    if isinstance(value, Mapping):
        return value.get(key, _NOTHING)
    if isinstance(value, Sequence) and not isinstance(value, str) and key.isdecimal() and int(key) < len(value):
        found: object = value[int(key)]
        return found
    return _NOTHING


def _no_key(written: str, at: str, key: str, value: object) -> Unresolved:
    known = [str(name) for name in value] if isinstance(value, Mapping) else []
    return Unresolved(f"'${{{written}}}': {at} has no '{key}'", hint(key, known), absent=True)


def hint(name: str, known: Iterable[str], shown: int = 8) -> str:
    """A remedy that names what is near, or else what there is."""
    names = sorted(set(known))
    near = did_you_mean(name, names)
    if near:
        return near
    if not names:
        return ""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return f"Known here: {', '.join(names[:shown])}{more}."


@dataclass(frozen=True, slots=True)
class OutsideContext:
    """Values from outside the sources: allow-listed environment variables, git."""

    name: str
    values: Mapping[str, str]
    evidence: Callable[[str], str]
    remedy: Callable[[str], str]

    def names(self) -> Iterable[str]:
        """The names that have a value."""
        return self.values

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """The value, with its evidence."""
        if len(rest) != 1:
            return Unresolved(f"'${{{written}}}' is no name of {self.name}", f"Write '${{{self.name}.NAME}}'.")
        value = self.values.get(rest[0])
        if value is None:
            near = did_you_mean(rest[0], self.values)
            remedy = " ".join(part for part in (self.remedy(rest[0]), near) if part)
            return Unresolved(f"'${{{written}}}' has no value", remedy, absent=True)
        return Known(value, self.evidence(rest[0]), self.evidence(rest[0]), f"{self.name}.{rest[0]}")


@dataclass(frozen=True, slots=True)
class LaterContext:
    """Names of which only execution knows the values: `run.*`, `secrets.*`."""

    name: str
    known: frozenset[str]
    secret: bool = False
    remedy: str = ""

    def names(self) -> Iterable[str]:
        """The known names."""
        return self.known

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """A reference for execution."""
        if len(rest) != 1 or rest[0] not in self.known:
            remedy = " ".join(part for part in (hint(".".join(rest), self.known), self.remedy) if part)
            return Unresolved(f"'${{{written}}}': there is no such name in {self.name}", remedy, absent=True)
        return Later((self.name, rest[0]), f"{self.name} of the run", self.secret)


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything that references of one place may name.

    `short` resolves what begins with no context: `<step>.<name>`, and single names (`bare`): variables, parameters.
    """

    contexts: Mapping[str, Context]
    steps: frozenset[str] = frozenset()
    """Names of the steps that `<step>.<name>` may begin with."""
    bare: tuple[str, ...] = ("variables", "parameters")
    """Contexts that single names are looked up in, in this order."""
    texts: dict[tuple[str, ...], str] = field(default_factory=dict, compare=False, repr=False)
    """Short texts of paths that were looked up here and are nobody's else to know: the same in every text."""

    def resolve(self, path: tuple[str, ...]) -> Resolution:
        """What the path names here."""
        written = path_text(path)
        head, rest = path[0], path[1:]
        context = self.contexts.get(head)
        if context is not None and (rest or head not in self.steps):
            return context.resolve(rest, written)
        if rest and head in self.steps:
            return self.contexts["steps"].resolve(path, written)
        if not rest:
            for name in self.bare:
                found = self.contexts[name].resolve(path, written) if name in self.contexts else None
                if found is not None and not isinstance(found, Unresolved):
                    return found
            if head == CLOCK and "run" in self.contexts:
                return self.contexts["run"].resolve(RUN_BEGAN[1:], path_text(RUN_BEGAN))
        return self._unknown(written, head, rest)

    def _unknown(self, written: str, head: str, rest: tuple[str, ...]) -> Unresolved:
        if rest:
            return Unresolved(
                f"'${{{written}}}': '{head}' is neither a context nor a step before this one",
                hint(head, {*self.contexts, *self.steps}, shown=20),
            )
        known = {name for context in self.bare if context in self.contexts for name in self.contexts[context].names()}
        return Unresolved(
            f"'${{{written}}}': there is no variable or parameter '{head}'", hint(head, known), absent=True
        )
