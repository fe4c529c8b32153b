"""What one plan took from outside the repository: the first deployment, variables and git's values, as digests."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Final, NamedTuple

from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.planning.request import Facts, PlanRequest

DIGEST_BYTES: Final = 16


class Outside(NamedTuple):
    """What one plan took from outside the repository."""

    application: str
    environment: str
    first: bool
    evidence: str
    looked_up: tuple[tuple[str, str, str], ...]
    """`env` or `git`, a name, and the digest of its value; empty where it has none."""


class NotedFacts:
    """Notes what one plan takes from outside the repository."""

    def __init__(self, before: Outside | None = None) -> None:
        """`before` is what the same plan is known to have taken already."""
        self._given: tuple[str, PlanRequest, Facts] | None = None
        looked_up = before.looked_up if before is not None else ()
        self._looked_up: dict[tuple[str, str], str] = {(kind, name): value for kind, name, value in looked_up}
        self._is_all = True

    def note(self, application: str, request: PlanRequest, facts: Facts) -> Facts:
        """The same facts, in which variables and git note what is looked up."""
        self._given = application, request, facts
        env, git = (_Noted(kind, values, self) for kind, values in (("env", facts.env), ("git", facts.git)))
        return Facts(facts.first_deployment, facts.first_deployment_evidence, env, git, facts.deployed)

    def look_up(self, kind: str, values: Mapping[str, str], name: str) -> None:
        """Notes a name that is looked up."""
        self._looked_up[kind, name] = value_digest(values, name)

    def look_at_all(self) -> None:
        """Notes that somebody asked for all names there are: nobody can tell what came of that."""
        self._is_all = False

    @property
    def taken(self) -> Outside | None:
        """What the plan took; None where that cannot be said, and of what nothing was planned."""
        if self._given is None or not self._is_all:
            return None
        application, request, facts = self._given
        if not application or request.operation is Operation.UNDEPLOY:
            return None
        looked_up = tuple(sorted((kind, name, value) for (kind, name), value in self._looked_up.items()))
        first, evidence = facts.first_deployment, facts.first_deployment_evidence
        return Outside(application, request.environment, first, evidence, looked_up)


class _Noted(Mapping[str, str]):
    """Values from outside."""

    def __init__(self, kind: str, values: Mapping[str, str], noted: NotedFacts) -> None:
        self._kind = kind
        self._values = values
        self._noted = noted

    def __getitem__(self, name: str) -> str:
        self._noted.look_up(self._kind, self._values, name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        self._noted.look_at_all()
        return iter(self._values)

    def __len__(self) -> int:
        self._noted.look_at_all()
        return len(self._values)


def digest_of(text: str) -> str:
    """The digest of a text."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).hexdigest()


def value_digest(values: Mapping[str, str], name: str) -> str:
    """The digest of a value; empty where there is none of the name."""
    return digest_of(values[name]) if name in values else ""
