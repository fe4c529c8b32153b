"""What was found out about files, kept in the git directory: facts that follow from a file's bytes and path alone.

Never a verdict: whatever depends on policies or other files is judged anew. An entry is known by a digest of the file
and its path, of this tool's code and of what it reads YAML with. The cache is data of anybody: it is JSON whose every
value is looked at, in a file of this user's; what is not as it should be is as if it were not there.
"""

import os
import sys
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from innominatus_cli import __version__
from innominatus_cli.checks.details import Details
from innominatus_cli.checks.guards import MANY
from innominatus_cli.checks.said import Said
from innominatus_cli.documents.schemas import schemas_folder
from innominatus_cli.documents.snapshot import MAX_FILE
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.packing import pack, unpack
from innominatus_cli.operations.cache_folder import git_directory_of, read_cache, write_cache

_FILE: Final = "facts.v1"
_MOST_BYTES: Final = 32 * 1024 * 1024
_KEPT_UNUSED: Final = 1024 * 1024
_DECIDING: Final = ("PyYAML", "Jinja2")
"""Packages of others whose parsers rules over these kinds of documents ask."""
_LAST_PLACE: Final = MAX_FILE + 1
_KEY_BYTES: Final = 16


T = TypeVar("T")
_KINDS_OF_FIELDS: Final[dict[Any, type | None]] = {
    str: str,
    int: int,
    bool: bool,
    tuple[str, ...]: tuple,
    str | None: None,
}
_SAID: Final = tuple(_KINDS_OF_FIELDS[wanted] for wanted in Said.__annotations__.values())
_DETAILS: Final = tuple(_KINDS_OF_FIELDS[wanted] for wanted in Details.__annotations__.values())
"""The classes of the fields, as they are declared; None is a text or nothing."""


class DocumentFacts(NamedTuple):
    """One document of a file."""

    kind: str
    number: int
    """Of the documents of its file."""
    said: Said
    details: Details


class FileFacts(NamedTuple):
    """A file: its documents, and everything that is wrong with it wherever it stands.

    The first `of_loading` findings are about its text and shape.
    """

    documents: tuple[DocumentFacts, ...]
    of_loading: int
    findings: tuple[Finding, ...]


class FactsCache:
    """The facts of one repository's files."""

    def __init__(self, git_directory: str, known: dict[str, bytes], code: bytes) -> None:
        self._git_directory = git_directory
        self._known = known
        self._used: dict[str, bytes] = {}
        self._is_new = False
        self._code = code

    @classmethod
    def of(cls, root: str) -> "FactsCache | None":
        """The cache of a repository by its (resolved) folder; None where it has no git directory of this user's."""
        directory = git_directory_of(root)
        if directory is None:
            return None
        try:
            code = digest_of_code()
        except OSError:
            return None
        lines = (read_cache(directory, _FILE, _MOST_BYTES) or b"").split(b"\n")
        size = 2 * _KEY_BYTES
        known = {line[:size].decode("ascii", "replace"): line[size + 1 :] for line in lines if line}
        return cls(directory, known, code)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was kept by an earlier check."""
        return not self._known

    def key(self, path: str, data: bytes) -> str:
        """What an entry is known by."""
        from hashlib import blake2b  # noqa: PLC0415 - few checks are of so many files

        made = blake2b(data, digest_size=_KEY_BYTES, key=self._code)
        made.update(b"\0" + path.encode("utf-8", "surrogateescape"))
        return made.hexdigest()

    def get(self, key: str, path: str) -> FileFacts | None:
        """The facts of a file; None where there are none, or they are not such facts."""
        raw = self._known.get(key)
        facts = None if raw is None else _read(raw, path)
        if raw is not None and facts is not None:
            self._used[key] = raw
        return facts

    def put(self, key: str, facts: FileFacts) -> bytes:
        """Keeps facts until `save`; what is kept of them."""
        raw = _written(facts)
        self.take(key, raw)
        return raw

    def take(self, key: str, raw: bytes) -> None:
        """Keeps what another process has put."""
        self._used[key] = raw
        self._is_new = self._is_new or key not in self._known

    def save(self) -> None:
        """Writes the cache anew where something was put into it: what was used, and as much again of what was not.

        So a branch finds what it kept before another one was checked. Where the cache cannot be written nothing is
        said: the next check takes longer. The file is replaced as a whole, so that of two checks at the same time
        one's is kept.
        """
        if not self._is_new:
            return
        lines = [b"%s %s\n" % (key.encode(), raw) for key, raw in self._used.items()]
        used = sum(map(len, lines))
        left = min(max(used, _KEPT_UNUSED), _MOST_BYTES - used)
        for key, raw in self._known.items():
            if key not in self._used:
                left -= len(raw) + 2 * _KEY_BYTES + 2
                if left < 0:
                    break
                lines.append(b"%s %s\n" % (key.encode(), raw))
        if used <= _MOST_BYTES:
            write_cache(self._git_directory, _FILE, b"".join(lines))


@lru_cache(maxsize=1)
def digest_of_code() -> bytes:
    """Of everything that decides what is found: this tool's files, and the versions of the language and of parsers.

    Raises OSError where one of them cannot be read.
    """
    from hashlib import blake2b  # noqa: PLC0415

    from yaml._yaml import get_version  # noqa: PLC0415 - it is there: files are read with it

    versions = [__version__, sys.version, get_version(), *map(version_of, _DECIDING)]
    made = blake2b(repr(versions).encode(), digest_size=_KEY_BYTES)
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for folder in (package, schemas_folder()):
        for path, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                if name.endswith((".py", ".json")):
                    with open(os.path.join(path, name), "rb") as file:
                        data = file.read()
                    made.update(f"{os.path.relpath(path, folder)}\0{name}\0{len(data)}\0".encode() + data)
    return made.digest()


def version_of(package: str) -> str:
    """The version of a package as it is installed, which costs less than importing it; empty where there is none."""
    from importlib import metadata  # noqa: PLC0415 - checks of few files do without

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _written(facts: FileFacts) -> bytes:
    import json  # noqa: PLC0415 - schemas are read with it anyway

    documents = [[one.kind, one.number, one.said, one.details] for one in facts.documents]
    plain = [documents, facts.of_loading, [pack(finding) for finding in facts.findings]]
    return json.dumps(plain, separators=(",", ":")).encode()


def _read(raw: bytes, path: str) -> FileFacts | None:
    import json  # noqa: PLC0415

    try:
        documents, of_loading, findings = json.loads(raw)
        facts = FileFacts(
            tuple([_document(*one) for one in documents]),
            _typed(of_loading, int),
            tuple([_finding(one, path) for one in findings]),
        )
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
    return facts if 0 <= facts.of_loading <= len(facts.findings) else None


def _document(kind: object, number: object, said: list[object], details: list[object]) -> DocumentFacts:
    """The facts of a document. Raises ValueError or TypeError for anything else."""
    if kind not in MANY:
        raise ValueError("not of a kind that is kept")
    return DocumentFacts(
        _typed(kind, str), _typed(number, int), Said(*_like(said, _SAID)), Details(*_like(details, _DETAILS))
    )


def _like(values: list[object], classes: tuple[type | None, ...]) -> list[Any]:
    """Values of these classes; None stands for a text or nothing, `tuple` for a list of texts."""
    if type(values) is not list or len(values) != len(classes):
        raise ValueError("other fields")
    return [
        _texts(value)
        if wanted is tuple
        else value
        if wanted is None and value is None
        else _typed(value, wanted or str)
        for value, wanted in zip(values, classes, strict=True)
    ]


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("no list")
    for one in value:
        if type(one) is not str:
            raise TypeError("no text")
    return tuple(value)


def _typed(value: object, wanted: type[T]) -> T:
    if type(value) is not wanted:
        raise TypeError(f"no {wanted.__name__}")
    return value


def _finding(plain: list[Any], path: str) -> Finding:
    """A finding that speaks of the file alone, without a fix: those are only made of the file itself."""
    number, message, place, remedy, related, severity, fix = plain
    places = [place, *(where for _, where in related)]
    texts = [number, message, remedy, severity, *(words for words, _ in related)]
    if fix is not None or not all(_is_place(one, path) for one in places):
        raise ValueError("not of this file")
    _texts(texts)
    return unpack((number, message, place, remedy, related, severity, None), every_code())


def _is_place(place: list[Any], path: str) -> bool:
    """Whether it is a place in the file, no farther behind its end than a file may be long."""
    if [type(part) for part in place] != [str, int, int, int, int, str]:
        return False
    return bool(place[0] == path and min(place[1:5]) >= 0 and max(place[1:5]) <= _LAST_PLACE)
