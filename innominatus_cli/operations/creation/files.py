"""The files that a creation consists of, held against the rules of `validate`, and written all together or not at all.

Every YAML file begins with an editor's modeline. It names the schema by a path inside of the repository, so that
completion and checks in an editor need no network (docs/adr/0016).
"""

import json
import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from innominatus_cli.documents.loading import Loaded
from innominatus_cli.documents.schemas import KIND_FILES, schemas_folder
from innominatus_cli.documents.yaml_writer import document_text
from innominatus_cli.findings.catalogue.document import OUTSIDE_REPOSITORY
from innominatus_cli.findings.catalogue.policy import NOT_ON_ALLOW_LIST
from innominatus_cli.findings.catalogue.workflow import WOULD_OVERWRITE
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, Severity
from innominatus_cli.operations.repository_check import RepositoryCheck
from innominatus_cli.system.files import is_below, write_together

SCHEMAS: Final = ".innominatus/schemas"
"""Where a repository keeps the schemas that its modelines name."""
_MODELINE: Final = "# yaml-language-server: $schema="


class NewFile(NamedTuple):
    """A file by its repository-relative path. `kind` is that of its document, empty for what is none of ours."""

    path: str
    text: str
    kind: str = ""


class Creation(NamedTuple):
    """What `new` would write.

    `files` are new ones, the document that was asked for first; `edited` are files of the repository with their new
    text; `remarks` say what else there is to know or do; `commands` come next.
    """

    files: tuple[NewFile, ...]
    edited: tuple[NewFile, ...] = ()
    remarks: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


class Written(NamedTuple):
    """One file of a creation, and what became of it: `new`, `replaced`, `edited`, or `other version` (left alone)."""

    path: str
    how: str


def new_document(path: str, kind: str, data: Mapping[str, object]) -> NewFile:
    """The file of a document: the modeline, then the data."""
    return NewFile(path, modeline(path, kind) + document_text(data), kind)


def modeline(path: str, kind: str) -> str:
    """The first line of a file with a document of this kind: where an editor finds its schema, and a line end."""
    return f"{_MODELINE}{posixpath.relpath(schema_path(kind), posixpath.dirname(path) or '.')}\n"


def schema_path(kind: str) -> str:
    """Where the schema of a kind stands in a repository."""
    return f"{SCHEMAS}/{KIND_FILES[kind]}.schema.json"


def schema_files(kinds: Iterable[str]) -> dict[str, bytes]:
    """The schemas of these kinds, by their paths in a repository. Raises OSError."""
    folder = Path(schemas_folder())
    paths = sorted({schema_path(kind) for kind in kinds if kind})
    return {path: (folder / posixpath.basename(path)).read_bytes() for path in paths}


def findings_of(
    root: Path, creation: Creation, *, alone: bool = False, shared: dict[str, Loaded] | None = None
) -> list[Finding]:
    """What `validate --strict` would say of the files, once they were written.

    `shared` keeps files that were read for the next time. `alone` leaves out what the new files get wrong together
    with others of the repository. That a product workflow is on no list of allowed ones is no finding here: it is the
    platform team's to add, and a remark of the creation.
    """
    files = (*creation.files, *creation.edited)
    proposed = {file.path: file.text.encode() for file in files}
    check = RepositoryCheck(str(root), proposed, shared=shared)
    check.select_new((file.path for file in files if file.kind), alone=alone)
    return [
        finding
        for finding in check.findings()
        if finding.severity is not Severity.INFO and finding.code is not NOT_ON_ALLOW_LIST
    ]


def write_creation(
    root: Path,
    creation: Creation,
    *,
    force: bool = False,
    dry_run: bool = False,
    shared: dict[str, Loaded] | None = None,
) -> list[Written]:
    """Writes the files, and the schemas that their modelines name; returns what was written, in this order.

    A schema of another version of the tool is left as it is, unless `force`. With `dry_run` all is looked at and
    nothing written. `shared` holds files that `findings_of` has read.
    Raises CannotContinue where the files would not validate, where one is there already and not `force`, or where the
    disk refuses; then nothing was written.
    """
    wrong = findings_of(root, creation, shared=shared)
    if wrong:
        raise CannotContinue(*wrong)
    in_the_way = [finding for file in creation.files if (finding := _in_the_way(root, file.path, force=force))]
    if in_the_way:
        raise CannotContinue(*in_the_way)
    texts = {file.path: file.text.encode() for file in (*creation.files, *creation.edited)}
    how = {file.path: "replaced" if _is_there(root, file.path) else "new" for file in creation.files}
    how |= {file.path: "edited" for file in creation.edited}
    for path, schema in schema_files(file.kind for file in creation.files).items():
        there = _is_there(root, path)
        if there and _is_same(root / path, schema):
            continue
        how[path] = "new" if not there else "replaced" if force else "other version"
        if how[path] != "other version":
            texts[path] = schema
    if not dry_run:
        write_together(root, texts, [path for path in texts if how[path] != "new"])
    return [Written(path, word) for path, word in how.items()]


def _in_the_way(root: Path, path: str, *, force: bool) -> Finding | None:
    """Why a file cannot be written at a path, if it cannot."""
    target = root / path
    if not is_below(str(root.resolve()), str(target.parent.resolve())):
        return Finding(OUTSIDE_REPOSITORY, f"'{path}' would be outside of the repository", Place(path))
    if target.is_dir() and not target.is_symlink():
        return Finding(WOULD_OVERWRITE, f"'{path}' is a folder", Place(path))
    if _is_there(root, path) and not force:
        return Finding(WOULD_OVERWRITE, f"'{path}' is there already", Place(path))
    return None


def _is_there(root: Path, path: str) -> bool:
    target = root / path
    return target.exists() or target.is_symlink()


def _is_same(path: Path, schema: bytes) -> bool:
    """Whether a file says what a schema says, however it is laid out."""
    try:
        return bool(json.loads(path.read_bytes()) == json.loads(schema))
    except (OSError, ValueError):
        return False
