"""What the workflows of a plan read of their application, to be held against another one: does it get the same steps?

Every reference to something that all workflows share goes through a context that notes what came of it. An environment
variable of a step holds whatever text it is given: there it is enough that both applications give one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, TypeAlias

from innominatus_cli.expressions.contexts import Context, Known, Later, Resolution
from innominatus_cli.planning.scopes import Surroundings

_OF_APPLICATION: Final = frozenset({"application", "metadata"})
_MOST_PLAIN: Final = 64
"""Characters of a text that fits into any environment variable."""

Read: TypeAlias = tuple[str, tuple[str, ...], str]
"""A context, the path in it, and how the whole reference was written."""


class _Resources(NamedTuple):
    """What references can tell of an application's resources."""

    declared: Mapping[str, Mapping[str, object]]
    first_names: Mapping[str, str]


class Reads:
    """Notes what is read while steps are planned."""

    def __init__(self) -> None:
        self._named: dict[Read, object] = {}
        self._texts: set[Read] = set()
        """What only environment variables name, and is plain text."""
        self._resources: _Resources | None = None
        self.workflows: set[str] = set()
        """The identities of workflows whose outputs are named."""
        self.in_variables = False
        """Whether it is plain environment variables of a step that are read now."""

    @property
    def has_texts(self) -> bool:
        """Whether other applications may have other environment variables."""
        return any(read not in self._named for read in self._texts)

    def note(self, read: Read, found: Resolution) -> None:
        """Notes what came of a reference."""
        if read[0] == "workflows":
            self.workflows |= set(read[1][:1])
        elif self.in_variables and read[0] in _OF_APPLICATION and _is_plain(found):
            self._texts.add(read)
        else:
            self._named[read] = _essence(found)

    def note_resources(self, resources: _Resources) -> None:
        """Notes that somebody looked at the resources: all of them count then."""
        self._resources = resources

    def hold_for(self, other: Surroundings) -> bool:
        """Whether another application, whose surroundings these are, gives the same answers."""
        if self._resources is not None and self._resources != _Resources(other.resources, other.first_names):
            return False
        for (context, rest, written), known in self._named.items():
            if _essence(other.contexts[context].resolve(rest, written)) != known:
                return False
        return all(_is_plain(other.contexts[context].resolve(rest, written)) for context, rest, written in self._texts)


def noted(surroundings: Surroundings, reads: Reads) -> Surroundings:
    """The same surroundings, which note in `reads` what is asked of them."""
    resources = _NotedResources(_Resources(surroundings.resources, surroundings.first_names), reads)
    return replace(surroundings, resources=resources, watch=lambda name, context: _NotedContext(name, context, reads))


@dataclass(frozen=True, slots=True)
class _NotedContext:
    name: str
    context: Context
    reads: Reads

    def names(self) -> Iterable[str]:
        """Those of the context: only what has no value asks for them, and says so."""
        return self.context.names()

    def resolve(self, rest: tuple[str, ...], written: str) -> Resolution:
        """What the context says, noted."""
        found = self.context.resolve(rest, written)
        self.reads.note((self.name, rest, written), found)
        return found


class _NotedResources(Mapping[str, Mapping[str, object]]):
    def __init__(self, resources: _Resources, reads: Reads) -> None:
        self._resources = resources
        self._reads = reads

    def _looked_at(self) -> Mapping[str, Mapping[str, object]]:
        self._reads.note_resources(self._resources)
        return self._resources.declared

    def __getitem__(self, name: str) -> Mapping[str, object]:
        return self._looked_at()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._looked_at())

    def __len__(self) -> int:
        return len(self._looked_at())


def _is_plain(found: Resolution) -> bool:
    value = found.value if isinstance(found, Known) and not found.listed_as else None
    return type(value) is str and len(value) < _MOST_PLAIN and value.isascii()


def _essence(found: Resolution) -> Any:  # noqa: ANN401 - to be compared
    """What a plan takes of it: where a value stands, and how a message would be worded, is nothing that it holds."""
    match found:
        case Known(value=value, evidence=evidence, listed_as=listed_as):
            return "known", repr(value), evidence, listed_as
        case Later(path=path, secret=secret):
            return "later", path, secret
        case _:
            return "nothing", found.absent
