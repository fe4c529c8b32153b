"""Documents that several repositories share: the same bytes at the same path are read and typed once.

Two states of a repository, or its thousand applications, have nearly all of their documents in common.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

from innominatus_cli.documents.consulted import Question, RecordingSnapshot
from innominatus_cli.documents.loading import Loaded, load
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.typed import Typed, typed_or_findings
from innominatus_cli.findings.finding import Finding

T = TypeVar("T")
ModelT = TypeVar("ModelT", bound=BaseModel)


class DocumentPool:
    """Nobody changes a document of the pool, and none is let go before the pool is."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, str], Loaded] = {}
        self._typed: dict[tuple[int, type[BaseModel]], Any] = {}
        self._made: dict[object, list[tuple[list[tuple[Question, Any]], Any]]] = {}
        self._kept: dict[Any, Any] = {}
        self.parsed = 0
        """How many files were read: each once, however many ask."""

    def loaded(self, path: str, object_id: str, data: bytes) -> Loaded:
        """A file's canonical documents and findings; `object_id` is that of `data`."""
        known = self._loaded.get((path, object_id))
        if known is None:
            known = self._loaded[path, object_id] = load(path, data)
            self.parsed += 1
        return known

    def kept(self, kind: Callable[[], T]) -> T:
        """The one thing of a kind that this pool has, made when it is first asked for."""
        found: T = self._kept.get(kind) or self._kept.setdefault(kind, kind())
        return found

    def noted(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, made once; `key` names all that it depends on, objects of the pool by their `id`."""
        found: T | None = self._kept.get(key)
        if found is None:
            found = self._kept[key] = make()
        return found

    def remembered(self, key: object, snapshot: RecordingSnapshot, make: Callable[[], T]) -> T:
        """What `make` gives, made once for all states that answer its questions alike.

        `key` names everything else that it depends on; documents by their `id`.
        """
        return snapshot.once(key, lambda: self._remembered(key, snapshot, make))

    def _remembered(self, key: object, snapshot: RecordingSnapshot, make: Callable[[], T]) -> T:
        known = self._made.setdefault(key, [])
        for answers, value in known:
            if all(snapshot.answer(question) == answer for question, answer in answers):
                found: T = value
                return found
        made, asked = snapshot.asked_by(make)
        known.append(([(question, snapshot.answer(question)) for question in asked], made))
        return made

    def typed(self, document: Document, model: type[ModelT]) -> Typed[ModelT] | list[Finding]:
        """The model of a document of the pool, or why there is none."""
        known: Typed[ModelT] | list[Finding] | None = self._typed.get((id(document), model))
        if known is None:
            known = self._typed[id(document), model] = typed_or_findings(document, model)
        return known
