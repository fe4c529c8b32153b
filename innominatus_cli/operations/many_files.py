"""Checks of many files: in several processes where that is worth it, with facts of unchanged files kept.

What is found, and its order, is the same as in one process without a cache. Of documents that a repository has many
of, nodes are there only while their file is checked; whoever asks for them later has the file read again.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from innominatus_cli.checks.checking import check_document
from innominatus_cli.checks.details import Details, details_of
from innominatus_cli.checks.guards import MANY, Subject, surroundings_matter
from innominatus_cli.checks.placement import ADMIN_CONFIG, GOLDEN_PATHS, check_placement
from innominatus_cli.checks.said import Said, said_by
from innominatus_cli.documents.loading import Loaded
from innominatus_cli.documents.nodes import Document, MappingNode
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.packing import pack, unpack
from innominatus_cli.operations.facts_cache import DocumentFacts, FileFacts
from innominatus_cli.system.forking import Work, can_fork, in_processes, usable_processors

if TYPE_CHECKING:
    from innominatus_cli.operations.repository_check import RepositoryCheck

_SPEAKING_OF_ALL = frozenset(("golden-paths", "policies"))
"""The folders of policies and golden paths."""
WORTH_A_PROCESS = 150
"""Files that take a process longer than it takes to start it and to bring its outcomes (docs/adr/0013)."""
_MOST_PROCESSES = 8
_BLOCK = 25
_BLOCKS = 8_000


class Checked(NamedTuple):
    """A file as it was loaded, and everything that is wrong with it alone. `key` and `raw` are what the cache got.

    `marked` tells that it may hold comments that speak to the tool.
    """

    path: str
    loaded: Loaded
    findings: list[Finding]
    key: str = ""
    raw: bytes = b""
    marked: bool = False


def check_many(check: "RepositoryCheck", paths: Sequence[str]) -> Iterator[Finding]:
    """What is wrong with each file alone, in the order of `paths`. Afterwards `check` knows all their documents."""
    cache = check.cache
    known = {} if cache is None or cache.is_empty else _known_files(check, paths)
    others = [path for path in paths if path not in known]
    processes = processes_for(len(others), check.jobs)
    if processes > 1:
        _know_surroundings(check)
        for checked in _in_several(check, [path for path in others if not _speaks_of_all(path)], processes):
            check.take_over(checked.path, checked.loaded)
            check.note_mark(checked.path, marked=checked.marked)
            if cache is not None and checked.raw:
                cache.take(checked.key, checked.raw)
            known[checked.path] = checked.findings
    for path in paths:
        if path in known:
            yield from known[path]
        else:
            checked = _check_one(check, path)
            check.note_mark(path, marked=checked.marked)
            yield from checked.findings
    if cache is not None:
        cache.save()


def _speaks_of_all(path: str) -> bool:
    """Whether a file, by its place, is held against all workflows: who checks it has to know them."""
    folder, _, name = path.rpartition("/")
    return name in {ADMIN_CONFIG, GOLDEN_PATHS} or not _SPEAKING_OF_ALL.isdisjoint(folder.split("/"))


def processes_for(files: int, wanted: int | None) -> int:
    """How many processes are worth it: so many as are wanted, else by the number of files and of processors."""
    if wanted is None:
        wanted = min(usable_processors(), _MOST_PROCESSES, files // WORTH_A_PROCESS)
    return wanted if wanted > 1 and files > 1 and can_fork() else 1


def _know_surroundings(check: "RepositoryCheck") -> None:
    """Reads what every process needs before there are several."""
    facts = check.facts
    if facts.golden_paths is not None:
        facts.golden_paths()
    if facts.provided_types is not None:
        facts.provided_types()
    if facts.products is not None:
        facts.products()
    if facts.own_types is not None:
        facts.own_types()


def _known_files(check: "RepositoryCheck", paths: Sequence[str]) -> dict[str, list[Finding]]:
    """What the cache says of files whose surroundings do not matter; they are not read.

    Their documents are there when somebody asks for their nodes.
    """
    known = {}
    for path in paths:
        facts = _cached(check, path)
        if facts is None:
            continue
        documents = []
        for number, one in enumerate(facts.documents):
            document = Document.absent(path, one.kind, one.number, _again(check, path, number))
            document.said, document.details = one.said, one.details
            documents.append(document)
        check.take_over(path, Loaded(tuple(documents), facts.findings[: facts.of_loading]))
        check.note_mark(path, marked=check.speaks_to_us(path))
        known[path] = [*facts.findings]
    return known


def _cached(check: "RepositoryCheck", path: str) -> FileFacts | None:
    cache, data = check.cache_for(path), check.bytes_of(path)
    facts = None if cache is None or data is None else cache.get(cache.key(path, data), path)
    return None if facts is None or _surroundings_matter(check, path, facts.documents) else facts


def _check_one(check: "RepositoryCheck", path: str) -> Checked:
    """Checks a file. Of documents that there are many of, what others may ask is kept and the nodes are let go."""
    loaded = check.load(path)
    findings = [*loaded.findings]
    kept: list[DocumentFacts] = []
    for number, document in enumerate(loaded.documents):
        if document.kind not in MANY:
            findings += check.findings_of(path, document)
            continue
        facts = check.facts_for(document)
        said, details = said_by(document), details_of(document, facts)
        matter = surroundings_matter(Subject(path, document.kind, said, details), facts)
        misplaced = [*check_placement(document, check.workflows_root)]
        findings += misplaced
        findings += check_document(document, facts, unaffected=not matter)
        if not matter and not misplaced:
            kept.append(DocumentFacts(document.kind, document.index, said, details))
        document.forget(_again(check, path, number))
    checked = Checked(path, loaded, findings, marked=check.speaks_to_us(path))
    return _put(check, checked, kept) if len(kept) == len(loaded.documents) else checked


def _put(check: "RepositoryCheck", checked: Checked, documents: list[DocumentFacts]) -> Checked:
    """Keeps the facts of a file that nothing around it changes. What can be mended is found anew each time."""
    cache, data = check.cache_for(checked.path), check.bytes_of(checked.path)
    if cache is None or data is None or any(finding.fix is not None for finding in checked.findings):
        return checked
    facts = FileFacts(tuple(documents), len(checked.loaded.findings), tuple(checked.findings))
    key = cache.key(checked.path, data)
    return checked._replace(key=key, raw=cache.put(key, facts))


def _surroundings_matter(check: "RepositoryCheck", path: str, documents: Sequence[DocumentFacts]) -> bool:
    """Whether rules may find something else than what the file alone gives, or it may stand in a wrong place."""
    for one in documents:
        if surroundings_matter(Subject(path, one.kind, one.said, one.details), check.facts):
            return True
        if any(check_placement(Document(path, MappingNode(), kind=one.kind), check.workflows_root)):
            return True
    return False


def _in_several(check: "RepositoryCheck", paths: Sequence[str], processes: int) -> list[Checked]:
    size = max(_BLOCK, -(-len(paths) // _BLOCKS))
    blocks = [paths[start : start + size] for start in range(0, len(paths), size)]
    codes = _Codes()
    work = Work(
        lambda number: [_check_one(check, path) for path in blocks[number]],
        lambda done: [_packed(checked) for checked in done],
        lambda plain: [_unpacked(check, one, codes) for one in plain],
        lambda: check.findings_of_names,
    )
    return [checked for done in in_processes(work, len(blocks), processes) for checked in done]


class _Codes(dict[str, Any]):
    """The codes of the catalogue by number, read when the first finding needs one."""

    def __missing__(self, number: str) -> Any:  # noqa: ANN401 - a code
        from innominatus_cli.findings.catalogue import every_code  # noqa: PLC0415 - most files have no finding

        self.update(every_code())
        return self[number]


def _packed(checked: Checked) -> tuple[Any, ...]:
    documents = [
        (document.kind, document.index, tuple(said_by(document)) if document.kind else None, _plain(document.details))
        for document in checked.loaded.documents
    ]
    findings = [pack(finding) for finding in checked.findings]
    return checked.path, checked.key, checked.raw, checked.marked, documents, len(checked.loaded.findings), findings


def _plain(details: object) -> tuple[Any, ...] | None:
    return tuple(details) if isinstance(details, Details) else None


def _unpacked(check: "RepositoryCheck", plain: tuple[Any, ...], codes: _Codes) -> Checked:
    path, key, raw, marked, documents, of_loading, found = plain
    findings = [unpack(one, codes) for one in found]
    absent = []
    for number, (kind, index, said, details) in enumerate(documents):
        document = Document.absent(path, kind, index, _again(check, path, number))
        document.said = None if said is None else Said(*said)
        document.details = None if details is None else Details(*details)
        absent.append(document)
    return Checked(path, Loaded(tuple(absent), tuple(findings[:of_loading])), findings, key, raw, marked)


def _again(check: "RepositoryCheck", path: str, number: int) -> Callable[[], Document]:
    def read() -> Document:
        documents = check.read(path).documents
        return documents[number] if number < len(documents) else Document(path, MappingNode())  # a forged cache

    return read
