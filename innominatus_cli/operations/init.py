"""`init`: a working repository in an empty folder, from the files in `templates/init`.

In a template's path, `dot.` at the start of a part stands for `.`, and `APPLICATION` for the application's name; in its
text, `APPLICATION` and `VERSION` are replaced. The schemas that the files' modelines name are written too.
"""

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from innominatus_cli import __version__
from innominatus_cli.documents.yaml_writer import inline_text
from innominatus_cli.findings.catalogue.workflow import WOULD_OVERWRITE
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.creation.files import schema_files
from innominatus_cli.system.files import is_below, write_together

_KINDS = ("AdminConfig", "GoldenPath", "ProductWorkflow", "WorkflowTest", "Workload")
"""What the template's documents are."""
_SHOWN = 5
"""Files that are named where some stand in the way."""
APPLICATION_NAME = r"[a-z0-9][a-z0-9-]{0,61}[a-z0-9]"
"""What Score allows as a workload's name (score-v1b1.json, metadata.name)."""


def init_repository(folder: Path, name: str) -> list[Path]:
    """Writes the template into `folder` with an application called `name`; returns the files, relative and sorted.

    Raises CannotContinue where one of the files, or a link in its place, is there already (nothing is written then), or
    the disk refuses.
    Raises ValueError for a name that Score does not allow, or Kubernetes for the application's Service.
    """
    if not re.fullmatch(APPLICATION_NAME, name) or name[0].isdigit():
        allowed = "a lower-case letter, then 1 to 62 more, digits, and dashes inside"
        raise ValueError(f"'{name}' is no application name: {allowed}")
    texts = {path.replace("APPLICATION", name): text for path, text in _template()}
    schemas = schema_files(_KINDS)
    in_the_way = sorted(path for path in (*texts, *schemas) if not _is_free(folder, path))
    if in_the_way:
        shown = ", ".join(in_the_way[:_SHOWN]) + (f" and {len(in_the_way) - _SHOWN} more" * (len(in_the_way) > _SHOWN))
        remedy = "Take an empty folder (`init FOLDER`), or let `new` write what is missing here."
        raise CannotContinue(Finding(WOULD_OVERWRITE, f"already there: {shown}", Place(in_the_way[0]), remedy))
    data = {
        path: text.replace(": APPLICATION\n", f": {inline_text(name)}\n")
        .replace("APPLICATION", name)
        .replace("VERSION", __version__)
        .encode()
        for path, text in texts.items()
    }
    write_together(folder, dict(sorted((data | schemas).items())))
    return [Path(path) for path in sorted(data | schemas)]


def application_name_for(folder: Path) -> str:
    """A name for the application from the folder's own, or `hello` where nothing usable is in it."""
    words = re.findall(r"[a-z0-9]+", folder.resolve().name.lower())
    name = "-".join(words).lstrip("0123456789-")[:63].strip("-")
    return name if re.fullmatch(APPLICATION_NAME, name) else "hello"


def _is_free(folder: Path, path: str) -> bool:
    target = folder / path
    inside = is_below(str(folder.resolve()), str(target.parent.resolve()))
    return inside and not target.exists() and not target.is_symlink()


def _template() -> list[tuple[str, str]]:
    return list(_below(files("innominatus_cli.operations").joinpath("templates", "init"), ""))


def _below(folder: Traversable, path: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in folder.iterdir():
        shown = "." + entry.name.removeprefix("dot.") if entry.name.startswith("dot.") else entry.name
        here = f"{path}/{shown}" if path else shown
        if entry.is_dir():
            found += _below(entry, here)
        else:
            found.append((here, entry.read_text(encoding="utf-8")))
    return found
