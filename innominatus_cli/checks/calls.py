"""Where the workflow that a step of `type: workflow` calls is written. Rules and planning ask the same."""

import posixpath
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from innominatus_cli.documents.nodes import Document, MappingNode
from innominatus_cli.documents.vendored_names import VENDOR_FOLDER, is_vendored, is_vendored_name, vendored_path

DEEPEST: Final = 16
"""How many calls stand inside each other at most."""
_SUFFIXES = (".yaml", ".yml")


class Shelf(NamedTuple):
    """What the files of a repository are asked for: their places, and the documents in them.

    `root` is the folder of workflows, `provider_folders` are those that admin-config.yaml names.
    """

    root: str
    is_file: Callable[[str], bool]
    documents_of: Callable[[str], Sequence[Document]]
    provider_folders: tuple[str, ...] = ()


def is_path(written: str) -> bool:
    """Whether a call names a file, and not an identity."""
    return written.endswith(_SUFFIXES)


def file_of_call(written: str, caller: str, shelf: Shelf) -> str:
    """The path of the file that a call in the file `caller` means; empty where there is none.

    A path is looked for beside the caller, from the repository root and below the workflows root, and must lead below
    one of the folders that hold workflows. `<provider>/<name>` is what the provider's `workflows` say, or the file of
    that name in its folder; any other name is that of a file below the workflows root. `@<source>/<path>` is that of a
    vendored file, whether it is there or not: reading it says what is wrong. A vendored workflow calls those beside it.
    """
    if is_vendored_name(written):
        return vendored_path(written) or ""
    allowed = (shelf.root, *shelf.provider_folders)
    if is_vendored(caller):
        allowed = (*allowed, VENDOR_FOLDER)
    for candidate in _candidates(written, caller, shelf):
        path = posixpath.normpath(candidate)
        if any(path.startswith(f"{folder}/") for folder in allowed) and shelf.is_file(path):
            return path
    return ""


def _candidates(written: str, caller: str, shelf: Shelf) -> Iterator[str]:
    if is_path(written):
        yield posixpath.join(posixpath.dirname(caller), written)
        yield written
        yield f"{shelf.root}/{written}"
        return
    provider, slash, name = written.partition("/")
    if slash:
        for folder in _folders_of(provider, shelf):
            yield from _of_provider(folder, name, shelf)
    yield from (f"{shelf.root}/{written}{suffix}" for suffix in _SUFFIXES)


def _folders_of(provider: str, shelf: Shelf) -> Iterator[str]:
    """The folders of the provider of that name: by the folder's own name, else by what its provider.yaml says."""
    yield f"{shelf.root}/providers/{provider}"
    for folder in shelf.provider_folders:
        if posixpath.basename(folder) == provider or _name_of(folder, shelf) == provider:
            yield folder


def _name_of(folder: str, shelf: Shelf) -> str:
    found = _provider(folder, shelf)
    return (found.mapping("metadata").text("name") or "") if found is not None else ""


def _provider(folder: str, shelf: Shelf) -> MappingNode | None:
    path = f"{folder}/provider.yaml"
    documents = shelf.documents_of(path) if shelf.is_file(path) else ()
    return next((one.mapping for one in documents if one.kind == "Provider"), None)


def _of_provider(folder: str, name: str, shelf: Shelf) -> Iterator[str]:
    provider = _provider(folder, shelf)
    for entry in () if provider is None else provider.mappings("workflows"):
        if entry.text("name") == name and (file := entry.text("file")):
            yield f"{folder}/{file}"
    for suffix in _SUFFIXES:
        yield f"{folder}/workflows/{name}{suffix}"
        yield f"{folder}/{name}{suffix}"
