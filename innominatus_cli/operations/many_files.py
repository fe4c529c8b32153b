"""Checks of many files: in several processes where that is worth it, with nodes let go when a file has been checked.

What is found, and its order, is the same as in one process.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from innominatus_cli.checks.placement import ADMIN_CONFIG, GOLDEN_PATHS
from innominatus_cli.checks.said import Said, keep_words, said_by
from innominatus_cli.documents.loading import Loaded
from innominatus_cli.documents.nodes import Document
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.packing import pack, unpack
from innominatus_cli.system.forking import Work, can_fork, in_processes, usable_processors

if TYPE_CHECKING:
    from innominatus_cli.operations.repository_check import RepositoryCheck

MANY = frozenset(("PlatformWorkflow", "ProductWorkflow", "Workflow", "Workload"))
"""Kinds of which a repository has many documents."""
_SPEAKING_OF_ALL = frozenset(("golden-paths", "policies"))
"""The folders of policies and golden paths."""
WORTH_A_PROCESS = 150
"""Files that take a process longer than it takes to start it and to bring its outcomes (docs/adr/0013)."""
_MOST_PROCESSES = 8
_BLOCK = 25
_BLOCKS = 8_000


class Checked(NamedTuple):
    """A file as it was loaded, and everything that is wrong with it alone."""

    path: str
    loaded: Loaded
    findings: list[Finding]


def check_many(check: "RepositoryCheck", paths: Sequence[str]) -> Iterator[Finding]:
    """What is wrong with each file alone, in the order of `paths`. Afterwards `check` knows all their documents."""
    processes = processes_for(len(paths), check.jobs)
    if processes == 1:
        for path in paths:
            yield from _check_one(check, path).findings
        return
    _know_surroundings(check)
    known = {}
    for checked in _in_several(check, [path for path in paths if not _speaks_of_all(path)], processes):
        check.take_over(checked.path, checked.loaded)
        known[checked.path] = checked.findings
    for path in paths:
        yield from known[path] if path in known else _check_one(check, path).findings


def _speaks_of_all(path: str) -> bool:
    """Whether a file, by its place, is held against all workflows: who checks it has to know them."""
    folder, _, name = path.rpartition("/")
    return name in {ADMIN_CONFIG, GOLDEN_PATHS} or not _SPEAKING_OF_ALL.isdisjoint(folder.split("/"))


def processes_for(files: int, wanted: int | None) -> int:
    """How many processes are worth it: so many as are wanted, else by the number of files and of processors."""
    if wanted is None:
        wanted = min(usable_processors(), _MOST_PROCESSES, files // WORTH_A_PROCESS)
    return wanted if wanted > 1 and can_fork() else 1


def _know_surroundings(check: "RepositoryCheck") -> None:
    """Reads what every process needs before there are several."""
    facts = check.facts
    if facts.golden_paths is not None:
        facts.golden_paths()
    if facts.provided_types is not None:
        facts.provided_types()


def _check_one(check: "RepositoryCheck", path: str) -> Checked:
    """Checks a file; the nodes of documents that a repository has many of are let go."""
    findings = check.check_file(path)
    loaded = check.load(path)
    for number, document in enumerate(loaded.documents):
        if document.kind in MANY:
            keep_words(document, check.facts)
            document.forget(_again(check, path, number))
    return Checked(path, loaded, findings)


def _in_several(check: "RepositoryCheck", paths: Sequence[str], processes: int) -> list[Checked]:
    size = max(_BLOCK, -(-len(paths) // _BLOCKS))
    blocks = [paths[start : start + size] for start in range(0, len(paths), size)]
    codes = _Codes()
    work = Work(
        lambda number: [_check_one(check, path) for path in blocks[number]],
        lambda done: [_packed(checked) for checked in done],
        lambda plain: [_unpacked(check, one, codes) for one in plain],
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
        (document.kind, document.index, tuple(said_by(document)) if document.kind else ())
        for document in checked.loaded.documents
    ]
    return checked.path, documents, len(checked.loaded.findings), [pack(finding) for finding in checked.findings]


def _unpacked(check: "RepositoryCheck", plain: tuple[Any, ...], codes: _Codes) -> Checked:
    path, documents, of_loading, found = plain
    findings = [unpack(one, codes) for one in found]
    absent = []
    for number, (kind, index, said) in enumerate(documents):
        document = Document.absent(path, kind, index, _again(check, path, number))
        document.said = Said(*said) if said else None
        absent.append(document)
    return Checked(path, Loaded(tuple(absent), tuple(findings[:of_loading])), findings)


def _again(check: "RepositoryCheck", path: str, number: int) -> Callable[[], Document]:
    return lambda: check.read(path).documents[number]
