"""`provisioners list`, `show` and `validate`: what makes resources here, as plain data."""

from collections.abc import Mapping
from typing import Any

from innominatus_cli.documents.repository import Repository
from innominatus_cli.findings.catalogue import provisioning as codes
from innominatus_cli.findings.catalogue.structure import NOTHING_MAKES_RESOURCE
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, Related
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.provisioning.users import users_of
from innominatus_cli.provisioners.choice import ANY, Choice, Kind
from innominatus_cli.provisioners.registry import PROVISIONERS, Registry, registry_of

Data = dict[str, Any]


def provisioners(repository: Repository, product: str | None = None) -> list[Data]:
    """Every provisioner, by type; of a product only those that its applications may have."""
    registry = registry_of(repository)
    users = users_of(repository, registry)
    found = [one for one in registry.choices if product is None or one.product in {ANY, product}]
    ordered = sorted(found, key=lambda one: (one.type, one.product == ANY, one.where))
    return [as_data(one, registry, users) for one in ordered]


def provisioners_of_type(repository: Repository, kind: str) -> list[Data]:
    """Everything that makes a type, the first that counts first. Raises CannotContinue where nothing does."""
    registry = registry_of(repository)
    found = [one for one in registry.choices if kind in {one.type, one.name}]
    if not found:
        names = sorted({one.type for one in registry.choices})
        message = f"nothing makes the type '{kind}'"
        raise CannotContinue(Finding(NOTHING_MAKES_RESOURCE, message, Place("provisioners"), did_you_mean(kind, names)))
    users = users_of(repository, registry)
    return [as_data(one, registry, users, details=True) for one in found]


def as_data(choice: Choice, registry: Registry, users: Mapping[int, list[str]], *, details: bool = False) -> Data:
    """A provisioner as data; with details also what it promises, takes and is made of. `users` is by `users_of`."""
    hidden = _hidden_by(choice, registry)
    data: Data = {
        "type": choice.type,
        "name": choice.name,
        "kind": choice.kind.value,
        "version": choice.version,
        "product": choice.product,
        "class": choice.class_ or ANY,
        "id": choice.id or ANY,
        "source": choice.where,
        "usable": not choice.problem,
        "problem": choice.problem,
        "hidden_by": hidden,
        "state": "cannot be used" if choice.problem else f"hidden by {hidden}" if hidden else "ready",
        "used_by": users.get(id(choice), []),
        "description": choice.description,
    }
    if not details:
        return data
    built_in = PROVISIONERS.get(choice.type) if choice.kind is Kind.BUILT_IN else None
    return data | {
        "alias_of": choice.alias_of or "",
        "operations": sorted(choice.workflows) or ["create", "delete"],
        "workflows": dict(choice.workflows),
        "run": list(choice.run),
        "files": list(choice.files),
        "params": dict(built_in.params) if built_in else dict.fromkeys(choice.params, ""),
        "outputs": dict(built_in.outputs) if built_in else dict(choice.outputs),
        "secret_outputs": list(choice.secret_outputs),
    }


def _hidden_by(choice: Choice, registry: Registry) -> str:
    """What goes before a built-in provisioner for every resource of its type; empty where nothing does."""
    if choice.kind is not Kind.BUILT_IN:
        return ""
    before = (
        one.where
        for one in registry.choices
        if one.type == choice.type
        and one.kind not in {Kind.BUILT_IN, Kind.COMPILED}
        and (one.product, one.class_, one.id) == (ANY, None, None)
    )
    return next(before, "")


def problems(repository: Repository) -> tuple[list[Finding], int]:
    """What is wrong with the provisioners of a repository, each at its place, and how many there are."""
    registry = registry_of(repository)
    own = [one for one in registry.choices if one.kind is not Kind.BUILT_IN]
    found = [*repository.findings, *registry.findings]
    for one in own:
        if one.problem:
            message = f"the provisioner '{one.name}' of the type '{one.type}' cannot be used: {one.problem}"
            found.append(Finding(codes.UNUSABLE_PROVISIONER, message, one.place))
    found += _conflicts([one for one in own if one.kind is not Kind.COMPILED])
    return sorted(dict.fromkeys(found), key=lambda one: one.sort_key), len(own)


def _conflicts(choices: list[Choice]) -> list[Finding]:
    """Two that would be for the same resources; entries of Score provisioner files may follow one another."""
    first: dict[tuple[str, str], Choice] = {}
    found: list[Finding] = []
    for one in choices:
        if one.kind in {Kind.SCORE_COMMAND, Kind.SCORE_TEMPLATE}:
            continue
        other = first.setdefault((one.product, one.type), one)
        if other is not one:
            message = f"the type '{one.type}' has another provisioner, '{other.name}'"
            related = (Related("the other one", other.place),)
            found.append(Finding(codes.SEVERAL_PROVISIONERS, message, one.place, related=related))
    return found
