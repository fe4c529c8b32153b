"""The files that an editor has open, checked as if they were saved, in the repository around each."""

import os
from typing import NamedTuple

from innominatus_cli.checks.facts import NO_FACTS, Facts
from innominatus_cli.documents.nodes import Document
from innominatus_cli.findings.finding import Finding
from innominatus_cli.operations.checking import CheckRequest, check
from innominatus_cli.operations.repository_check import RepositoryCheck
from innominatus_cli.operations.validation import repository_around


class Checked(NamedTuple):
    """One open file: its text, what is wrong with it, and the last of its documents that could be read."""

    text: str = ""
    findings: tuple[Finding, ...] = ()
    documents: tuple[Document, ...] = ()
    facts: Facts = NO_FACTS

    def document_at(self, line: int) -> Document | None:
        """The document of the file that a line (from 0) is in."""
        begun = [one for one in self.documents if one.kind and one.root.line <= line + 1]
        return begun[-1] if begun else next((one for one in self.documents if one.kind), None)


class OpenFiles:
    """Texts of open files by their absolute path, and what the last check said of each."""

    def __init__(self, *, strict_score: bool = False) -> None:
        self.strict_score = strict_score
        self._texts: dict[str, str] = {}
        self._checked: dict[str, Checked] = {}

    def put(self, path: str, text: str) -> None:
        """Sets the text of a file that is open."""
        self._texts[path] = text

    def close(self, path: str) -> None:
        """Forgets a file: what is on disk counts again."""
        self._texts.pop(path, None)
        self._checked.pop(path, None)

    def last(self, path: str) -> Checked:
        """What the last check of a file said."""
        return self._checked.get(path, Checked())

    def check(self, path: str) -> Checked:
        """Checks a file in its repository; a file that is none of ours has no findings."""
        root = repository_around(path)
        edited = {
            os.path.relpath(os.path.realpath(one), root).replace(os.sep, "/"): text.encode("utf-8", "surrogatepass")
            for one, text in self._texts.items()
            if repository_around(one) == root
        }
        relative = os.path.relpath(os.path.realpath(path), root).replace(os.sep, "/")
        found = check(CheckRequest((relative,), root, self.strict_score, edited=edited, only_ours=True))
        repository = RepositoryCheck(root, edited)
        documents = repository.documents(relative) or self.last(path).documents
        own = tuple(one for one in found.findings if one.place.path == relative)
        self._checked[path] = Checked(self._texts.get(path, ""), own, documents, repository.facts)
        return self._checked[path]
