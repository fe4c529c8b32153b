"""From bytes to canonical documents and everything that is wrong with their text and shape."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from innominatus_cli.documents.kinds import kind_of, unknown_kind
from innominatus_cli.documents.nodes import Document, pointers
from innominatus_cli.documents.shapes import normalise
from innominatus_cli.documents.structure import check_structure
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.findings.catalogue.document import AMBIGUOUS_SCALAR, DUPLICATE_KEY, EMPTY
from innominatus_cli.findings.finding import Finding, Severity, has_errors

_MAY_BE_EMPTY = ("goldenpaths.yaml", "goldenpaths.yml")
_WITH_RULES_BETWEEN_FIELDS = ("RemediationWorkflow",)


Amend: TypeAlias = Callable[[Document], list[Finding]]
"""Changes a raw Score document before its shape is looked at, and says what is wrong with the changes."""


class Loaded(NamedTuple):
    """A file's canonical documents (of kind "" what is not ours) and its findings, sorted by place."""

    documents: tuple[Document, ...]
    findings: tuple[Finding, ...]


def load(path: str, data: bytes, amend: Amend | None = None, *, with_fixes: bool = False) -> Loaded:
    """Reads, normalises and checks the structure of a file. Raises nothing for what it holds.

    `amend` changes the first Score workload of the file; where that goes wrong, the workload is left out.

    A document that is of no kind of ours gives no finding of its own (see `kinds.not_ours`), unless its apiVersion
    says that it is ours. With `with_fixes` what the reader and the shaping found carries a fix where one is safe.
    """
    read, of_the_text = read_yaml(path, data)
    findings: list[Finding] = []
    fixes = None
    if with_fixes and read:
        from innominatus_cli.documents.file_fixes import fixes_of  # noqa: PLC0415 - few ask for them

        fixes = fixes_of(read[0].text, of_the_text)
        of_the_text = of_the_text if fixes is None else [fixes.of_reading(finding) for finding in of_the_text]
    if path.endswith(_MAY_BE_EMPTY):
        of_the_text = [f._replace(severity_override=Severity.INFO) if f.code is EMPTY else f for f in of_the_text]
    documents: list[Document] = []
    for document in read:
        document.kind = kind_of(document)
        if not document.kind:
            documents.append(document)
            if (unknown := unknown_kind(document)) is not None:
                findings.append(unknown)
            continue
        if amend is not None and document.kind == "Workload":
            wrong, amend = amend(document), None
            findings += wrong
            if has_errors(wrong):
                continue
        shaped, changes = normalise(document, fixes)
        findings += changes
        for canonical in shaped:
            findings += _check(canonical)
        documents += shaped
    if not any(document.kind for document in documents):
        of_the_text = [finding for finding in of_the_text if finding.code is not AMBIGUOUS_SCALAR]
    findings += _with_pointers(of_the_text, documents) if of_the_text else []
    return Loaded(tuple(documents), tuple(sorted(findings, key=lambda finding: finding.sort_key)))


def _with_pointers(findings: list[Finding], documents: list[Document]) -> list[Finding]:
    """What the reader found, before there were pointers, with those of the nodes (keys too) that stand at its places.

    The second of two equal keys has the pointer of the first.
    """
    known = {(node.line, node.column): pointer for document in documents for node, pointer in pointers(document.root)}
    found = []
    for finding in findings:
        twin = finding.related[0].place if finding.code is DUPLICATE_KEY else finding.place
        pointer = known.get((twin.line, twin.column), "")
        found.append(finding._replace(place=finding.place._replace(pointer=pointer)) if pointer else finding)
    return found


def _check(document: Document) -> list[Finding]:
    findings = check_structure(document)
    if document.kind in _WITH_RULES_BETWEEN_FIELDS and not findings:
        from innominatus_cli.documents.typed import rule_findings  # noqa: PLC0415 - needs pydantic; the catalogue only

        return rule_findings(document)
    return findings
