"""What `new` can make, to be looked through: every template of an application, and every other kind."""

from collections.abc import Collection
from typing import Any

from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.creation.kinds import KINDS
from innominatus_cli.operations.creation.templates import application_templates

_WITH_TEMPLATES = "application"


def library(tags: Collection[str] = ()) -> list[dict[str, Any]]:
    """The templates that have all of the tags, as plain data; a kind is a tag of what is made of it."""
    return [entry for entry in _entries() if set(tags) <= set(entry["tags"])]


def tag_hint(tags: Collection[str]) -> str:
    """What to say where nothing has all of the tags: a near one for each that nothing has."""
    known = sorted({tag for entry in _entries() for tag in entry["tags"]})
    unknown = [tag for tag in tags if tag not in known]
    if not unknown:
        return "No template has all of these tags."
    near = did_you_mean(unknown[0], known) or f"Known: {', '.join(known)}."
    return f"No template has the tag '{unknown[0]}'. {near[0].upper()}{near[1:]}"


def _entries() -> list[dict[str, Any]]:
    templates = [
        {
            "name": template.manifest.name,
            "kind": _WITH_TEMPLATES,
            "description": template.manifest.description,
            "tags": [_WITH_TEMPLATES, *template.manifest.tags],
            "languages": list(template.manifest.flavours),
            "command": f"innominatus-ctl new {_WITH_TEMPLATES} NAME --template {template.manifest.name}",
        }
        for template in application_templates().values()
    ]
    return templates + [
        {
            "name": kind.name,
            "kind": kind.name,
            "description": kind.summary,
            "tags": [kind.name],
            "languages": [],
            "command": f"innominatus-ctl new {kind.name} NAME",
        }
        for kind in KINDS.values()
        if kind.name != _WITH_TEMPLATES
    ]
