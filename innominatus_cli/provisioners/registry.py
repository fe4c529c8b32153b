"""Which provisioner makes which resource: from documents of one snapshot, by fixed rules (docs/adr/0045). Pure.

First come the provisioners of the application's own product, then providers, Score provisioner files and provisioners
of every product, and last those that are built in. Within one of these two for one resource are a conflict; of the
entries of Score provisioner files the first match counts, as in score-compose and score-k8s.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from innominatus_cli.documents.repository import Repository
from innominatus_cli.findings.catalogue import provisioning as codes
from innominatus_cli.findings.catalogue.structure import NOTHING_MAKES_RESOURCE
from innominatus_cli.findings.finding import Finding, Place, Related
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.provisioners.choice import ANY, Choice, Kind
from innominatus_cli.provisioners.contract import Provisioner
from innominatus_cli.provisioners.described import DESCRIBED, SAID_ANYWAY
from innominatus_cli.provisioners.local_files import SQLITE, VOLUME
from innominatus_cli.provisioners.route import ROUTE

PROVISIONERS: Mapping[str, Provisioner] = MappingProxyType(
    {one.type: one for one in sorted((ROUTE, SQLITE, VOLUME, *DESCRIBED, *SAID_ANYWAY), key=lambda one: one.type)}
)
"""The built-in ones, read only, sorted by type."""
DEFAULT_CLASS: Final = "default"
_SCORE: Final = frozenset({Kind.SCORE_COMMAND, Kind.SCORE_TEMPLATE})


def provisioner_for(resource_type: str) -> Provisioner | None:
    """The built-in provisioner of a type of resource, or None."""
    return PROVISIONERS.get(resource_type)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be provisioned. `id` is that of the uid: what the Score file says, or `<workload>.<resource>`."""

    type: str
    class_: str = DEFAULT_CLASS
    id: str = ""
    product: str | None = None
    resource: str = ""
    """What a finding calls it."""


@dataclass(slots=True)
class Registry:
    """All provisioners of a repository, in the order in which they are asked; `findings` is what is wrong with them."""

    choices: tuple[Choice, ...] = ()
    findings: list[Finding] = field(default_factory=list)

    def resolve(self, wanted: Wanted, place: Place) -> Choice | Finding:
        """What makes the resource that is written at `place`; a finding where nothing does, or two would."""
        fitting = [one for one in self.choices if _fits(one, wanted)]
        usable = [one for one in fitting if one.kind is not Kind.COMPILED]
        own = [one for one in usable if one.product != ANY]
        shared = _first_of_score([one for one in usable if one.product == ANY and one.kind is not Kind.BUILT_IN])
        for group in (own, shared, [one for one in usable if one.kind is Kind.BUILT_IN]):
            if len(group) > 1:
                return _conflict(group, wanted, place)
            if group:
                return _unusable(group[0], wanted, place) if group[0].problem else group[0]
        if fitting:
            return _unusable(fitting[0], wanted, place)
        types = sorted(
            {one.type for one in self.choices if wanted.product in {None, one.product} or one.product == ANY}
        )
        message = f"{_called(wanted)}nothing makes the type '{wanted.type}'"
        classes = sorted({one.class_ for one in self.choices if one.type == wanted.type and one.class_})
        if classes:
            message = f"{_called(wanted)}nothing makes the class '{wanted.class_}' of the type '{wanted.type}'"
            near = did_you_mean(wanted.class_, classes) or f"There are the classes {', '.join(classes)}."
            return Finding(NOTHING_MAKES_RESOURCE, message, place, near)
        return Finding(NOTHING_MAKES_RESOURCE, message, place, did_you_mean(wanted.type, types))

    def types(self, product: str | None = None) -> set[str]:
        """The types that something usable makes for a product; for anybody where it is None."""
        return {
            one.type
            for one in self.choices
            if one.kind is not Kind.COMPILED and (product is None or one.product in {ANY, product})
        }


def registry_of(repository: Repository) -> Registry:
    """Everything that the documents of a repository offer, and what is built in."""
    from innominatus_cli.provisioners.offers import offers_of  # noqa: PLC0415 - where nothing but built-ins is used

    choices, findings = offers_of(repository)
    return Registry((*choices, *built_in()), findings)


def built_in() -> Iterable[Choice]:
    """The built-in provisioners as choices."""
    for one in PROVISIONERS.values():
        yield Choice(
            type=one.type,
            name=one.type,
            kind=Kind.BUILT_IN,
            place=Place(""),
            outputs=dict.fromkeys(one.outputs, "any"),
            params=tuple(one.params),
            description=one.summary,
        )


def _fits(choice: Choice, wanted: Wanted) -> bool:
    return (
        choice.type == wanted.type
        and choice.product in {ANY, wanted.product}
        and choice.class_ in {None, wanted.class_}
        and choice.id in {None, wanted.id}
    )


def _first_of_score(choices: list[Choice]) -> list[Choice]:
    """Without the entries of Score provisioner files behind the first one."""
    first = next((one for one in choices if one.kind in _SCORE), None)
    return [one for one in choices if one.kind not in _SCORE or one is first]


def _called(wanted: Wanted) -> str:
    return f"resource '{wanted.resource}': " if wanted.resource else ""


def _conflict(group: list[Choice], wanted: Wanted, place: Place) -> Finding:
    names = " and ".join(f"'{one.name}' ({one.where})" for one in group[:2])
    message = f"{_called(wanted)}{len(group)} provisioners are for the type '{wanted.type}': {names}"
    related = tuple(Related(f"'{one.name}' is declared here", one.place) for one in group if one.place.path)
    return Finding(codes.SEVERAL_PROVISIONERS, message, place, related=related)


def _unusable(choice: Choice, wanted: Wanted, place: Place) -> Finding:
    message = f"{_called(wanted)}the provisioner '{choice.name}' of the type '{wanted.type}' cannot be used: "
    related = (Related("it is declared here", choice.place),)
    remedy = ""
    if choice.kind is Kind.COMPILED:
        remedy = (
            "Declare a program of your own with `command:`, or a Python class with `module: package.module:Class`; "
            "`innominatus-ctl provisioners new` writes either."
        )
    return Finding(codes.UNUSABLE_PROVISIONER, message + choice.problem, place, remedy, related=related)
