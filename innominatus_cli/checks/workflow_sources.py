"""Rules over `workflowSources` of admin-config.yaml, and over names of vendored workflows wherever one stands."""

from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts
from innominatus_cli.documents.git_address import folder_of, is_ref, problem_of
from innominatus_cli.documents.nodes import Document, MappingNode
from innominatus_cli.documents.vendored_names import vendored_path
from innominatus_cli.documents.words import short
from innominatus_cli.findings.catalogue import vendoring as codes
from innominatus_cli.findings.finding import Finding, Place, Related


def check_addresses(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-8001, ORC-8002: sources are fetched from addresses that start nothing and tell nobody a password."""
    for entry in document.mapping.mappings("workflowSources"):
        problem = problem_of(entry.text("repository") or "x")
        if problem is not None:
            code = codes.CREDENTIALS_IN_ADDRESS if problem.is_secret else codes.BAD_ADDRESS
            message = f"nothing is fetched from the repository of {_shown(entry)}: {problem.message}"
            yield Finding(code, message, document.place(entry.get("repository")))


def check_sources_once(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-8003: each source has a name of its own."""
    first: dict[str, MappingNode] = {}
    for entry in document.mapping.mappings("workflowSources"):
        earlier = first.setdefault(entry.text("name") or "", entry)
        if earlier is not entry and entry.text("name"):
            related = (Related("the other one", document.place(earlier.get("name"))),)
            message = f"there is a source '{entry.text('name')}' already"
            yield Finding(codes.SOURCE_SAYS_TWICE, message, document.place(entry.get("name")), related=related)


def check_refs(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-8004: refs and folders can be."""
    for entry in document.mapping.mappings("workflowSources"):
        ref, path = entry.text("ref"), entry.text("path")
        if ref and not is_ref(ref):
            message = f"no branch, tag or commit can be called '{short(ref)}'"
            yield Finding(codes.BAD_REF, message, document.place(entry.get("ref")))
        if path and folder_of(path) is None:
            message = f"'{short(path)}' is no folder of the other repository"
            yield Finding(codes.BAD_REF, message, document.place(entry.get("path")))


def check_vendored(written: str, place: Place, facts: Facts) -> Iterator[Finding]:
    """ORC-8005 to ORC-8010: a workflow that is named as `@<source>/<path>` is there, and is the locked one."""
    path = vendored_path(written)
    if path is None:
        message = f"'{short(written)}' names no file of a source"
        yield Finding(codes.NOT_IN_SOURCE, message, place, "write '@<source>/<path>', as in '@shared/deploy.yaml'.")
    elif facts.vendored is not None and (problem := facts.vendored(path)) is not None:
        yield problem._replace(place=place)


def _shown(entry: MappingNode) -> str:
    name = entry.text("name")
    return f"'{short(name)}'" if name else "a source"


RULES = (check_addresses, check_sources_once, check_refs)

CODES = frozenset(
    code.number
    for code in (
        codes.NOT_VENDORED,
        codes.DIFFERS,
        codes.LOCK_DAMAGED,
        codes.LOCK_STALE,
        codes.EXTRA_FILE,
        codes.LOCKED_WITHOUT_SOURCE,
        codes.UPDATE_INTERRUPTED,
    )
)
"""What the verification of all vendored files finds (`documents.vendored`), and the check of one file alone may not."""
