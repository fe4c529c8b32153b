"""Templates of applications: folders with a manifest, a Score file and programs (operations/templates/applications)."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Final, NamedTuple

from pydantic import Field

from innominatus_cli.documents.model import Name, YamlModel
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.documents.yaml_writer import inline_text

MANIFEST: Final = "template.yaml"
SCORE: Final = "score.yaml"
_WORD: Final = re.compile(r"<([a-z][a-z-]*)>")


class Flavour(YamlModel):
    """One way to write the application: a language, mostly."""

    image: str
    program: str
    """Where the program's file is mounted; the file of this name stands in the flavour's folder."""
    command: tuple[str, ...] = ()
    cpu: str = "500m"
    memory: str


class Manifest(YamlModel):
    """template.yaml: what a template is, and the defaults of what it asks for."""

    name: Name
    description: str
    tags: tuple[str, ...] = ()
    port: Annotated[int | None, Field(ge=1, le=65535)] = None
    """What the program listens on; without one, no port is asked for."""
    schedule: str | None = None
    """The five fields of a crontab's line; without them, no schedule is asked for."""
    flavours: Annotated[dict[str, Flavour], Field(min_length=1)]
    """By name, the default first."""


class Template(NamedTuple):
    """A template that can be filled in."""

    manifest: Manifest
    folder: Traversable

    def score(self, values: Mapping[str, object]) -> str:
        """The Score file with these values in the place of its words. Raises KeyError for a word without a value."""
        return filled(self.folder.joinpath(SCORE).read_text(encoding="utf-8"), values)

    def program(self, flavour: str) -> tuple[str, str]:
        """The name and the text of the program's file."""
        name = self.manifest.flavours[flavour].program.rpartition("/")[2]
        return name, self.folder.joinpath(flavour, name).read_text(encoding="utf-8")


@cache
def application_templates() -> Mapping[str, Template]:
    """The templates that come with the tool, by name."""
    folder = files("innominatus_cli.operations").joinpath("templates", "applications")
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.joinpath(MANIFEST).is_file():
            template = Template(_manifest(entry.joinpath(MANIFEST).read_bytes()), entry)
            found[template.manifest.name] = template
    return found


def filled(text: str, values: Mapping[str, object]) -> str:
    """The text with each `<word>` replaced by its value, as YAML on one line; a line with an empty value is left out.

    Raises KeyError for a word without a value.
    """
    return "".join(
        _WORD.sub(lambda found: inline_text(values[found[1]]), line)
        for line in text.splitlines(keepends=True)
        if all(values[word] not in (None, "") for word in _WORD.findall(line))
    )


def _manifest(data: bytes) -> Manifest:
    documents, _ = read_yaml(MANIFEST, data)
    return Manifest.model_validate(documents[0].root.plain())
