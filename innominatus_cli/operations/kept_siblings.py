"""What an application has in common with others, as plain data, to be kept between two runs."""

import json
from typing import Any, NamedTuple

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.consulted import Asked
from innominatus_cli.planning.request import Facts
from innominatus_cli.planning.siblings import Sibling
from innominatus_cli.planning.surroundings import ApplicationData, surroundings_of


class KeptSibling(NamedTuple):
    """An application whose own part of a plan is right, and all that the workflows of others can read of it."""

    key: str
    organization: str
    files: frozenset[str]
    steps: int
    data: ApplicationData

    def as_sibling(self, name: str, asked: Asked, facts: Facts, config: AdminConfigDocument) -> Sibling:
        """The application as it is in a state that answers all that was asked as it was answered."""
        surroundings = surroundings_of(self.data, facts, config)
        return Sibling(
            self.key,
            self.organization,
            name,
            asked,
            (),
            self.files,
            self.steps,
            lambda: self.data,
            lambda: surroundings,
            lambda: True,
        )


def sibling_as_plain(sibling: Sibling) -> list[Any] | None:
    """JSON data; None where that would not say the same."""
    plain = [sibling.key, sibling.organization, sorted(sibling.own_files), sibling.own_steps, list(sibling.data())]
    try:
        return plain if json.loads(json.dumps(plain)) == plain else None
    except (ValueError, TypeError):
        return None


def sibling_from_plain(plain: Any) -> KeptSibling:  # noqa: ANN401 - what a file says
    """What `sibling_as_plain` was given. Raises ValueError or TypeError for anything else."""
    key, organization, files, steps, (origin, application, metadata, environment, resources, first_names) = plain
    if type(steps) is not int or not isinstance(files, list):
        raise TypeError("no such numbers")
    if any(type(text) is not str for text in (key, organization, origin, *files)):
        raise TypeError("no text")
    mappings = [application, metadata, environment, resources, first_names]
    if any(not isinstance(one, dict) for one in (*mappings, *dict(resources).values())):
        raise TypeError("no mapping")
    if any(type(name) is not str for name in dict(first_names).values()):
        raise TypeError("no names")
    data = ApplicationData(origin, *mappings)
    return KeptSibling(key, organization, frozenset(files), steps, data)
