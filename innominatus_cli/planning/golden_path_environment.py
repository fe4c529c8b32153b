"""The environment that a golden path names by its parameters, and how long what it deploys may stay there."""

import re
from collections.abc import Mapping
from typing import Any, Final

from innominatus_cli.documents.durations import seconds_of
from innominatus_cli.documents.golden_path import GoldenPathDocument
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.versions import best_of
from innominatus_cli.findings.catalogue.environments import ENVIRONMENT_IS_NAMED, NO_SUCH_PARAMETER
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.planning.places import Spot
from innominatus_cli.planning.versions import split_version

_PARAMETER: Final = re.compile(r"\$\{parameters\.([A-Za-z0-9_.-]+)\}")


def environment_of_path(
    repository: Repository, wanted: str | None, given: Mapping[str, Any], asked: str | None
) -> str | Finding | None:
    """The environment that the golden path `wanted` names; None where it leaves that to others.

    `given` are the values of parameters that somebody gave, `asked` is what `--env` says. Where a parameter that the
    name needs has no value, there is no name: planning tells that it is required.
    """
    path = _found(repository, wanted)
    if path is None or path.model.spec.environment is None:
        return None
    written, missing = path.model.spec.environment, False
    defaults = {name: one.default for name, one in path.model.spec.parameters.items()}

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        found = given.get(match[1], defaults.get(match[1]))
        missing = missing or found is None
        return str(found)

    unknown = [name for name in _PARAMETER.findall(written) if name not in defaults]
    if unknown:
        place = Spot(path.document).at("spec", "environment").place
        return Finding(NO_SUCH_PARAMETER, f"there is no parameter '{unknown[0]}'", place)
    named = _PARAMETER.sub(value, written)
    if missing:
        return None
    if asked is not None and asked != named:
        message = f"golden path '{path.model.metadata.name}' deploys to '{named}', and --env says '{asked}'"
        return Finding(ENVIRONMENT_IS_NAMED, message, Place("--env"))
    return named


def lifetime_of_path(path: Typed[GoldenPathDocument] | None, parameters: Mapping[str, Any]) -> int | Finding | None:
    """Seconds that what is deployed may stay, by the checked values of `parameters`; None for ever."""
    name = path.model.spec.expires_after if path is not None else None
    if path is None or name is None:
        return None
    definition = path.model.spec.parameters.get(name)
    if definition is None or definition.type != "duration":
        message = f"'{name}' is no parameter of type duration"
        return Finding(NO_SUCH_PARAMETER, message, Spot(path.document).at("spec", "expiresAfter").place)
    value = parameters.get(name)
    return None if value in {None, ""} else seconds_of(value)


def _found(repository: Repository, wanted: str | None) -> Typed[GoldenPathDocument] | None:
    """The golden path of that name, of several versions the one that is meant."""
    name, version = split_version(wanted or "")
    found = repository.golden_paths_named(name) if name else []
    meant = best_of([one.model.metadata.version for one in found], version)
    return None if meant is None else found[meant]
