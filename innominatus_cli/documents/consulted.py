"""What was asked of a state of a repository while something was made of it: files, lists of folders, paths.

Whoever asked the same questions of another state and got the same answers would make the same of it. So what was made
needs to be made again only where an answer differs; a file that was looked for and was not there is a question too.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, TypeVar

from innominatus_cli.documents.snapshot import MAX_FILE, Snapshot
from innominatus_cli.documents.tree import Tree
from innominatus_cli.findings.finding import Finding

T = TypeVar("T")
Question: TypeAlias = tuple[str, ...]
"""What is asked (`read`, `exists`, `is_file`, `is_folder`, `paths`), and of which path; of `paths` the suffixes too."""


class Asked(NamedTuple):
    """Everything that was asked to make something."""

    own: frozenset[Question]
    together: tuple[frozenset[Question], ...] = ()
    """What many ask together: the very same sets for all of them."""

    @property
    def all(self) -> frozenset[Question]:
        """All of the questions."""
        return self.own.union(*self.together)

    def and_together(self, *more: frozenset[Question]) -> "Asked":
        """These, and questions that others ask as well."""
        return Asked(self.own, tuple(dict.fromkeys((*self.together, *more))))


class KnownAnswers:
    """The answers of one state, each found once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.made: dict[object, tuple[Any, frozenset[Question]]] = {}
        """What was made of this state, with the questions that it rests on, by what else it depends on."""
        self._answers: dict[Question, Any] = {}
        self._read: dict[str, bytes | Finding] = {}

    def of(self, question: Question) -> Any:  # noqa: ANN401 - what the method of that name gives
        """The answer: of `read` an object id, or the code of the finding that there is instead."""
        known = self._answers.get(question, self)
        if known is self:
            known = self._answers[question] = self._find(question)
        return known

    def data(self, path: str) -> bytes | Finding:
        """The bytes of a file, or why there are none."""
        known = self._read.get(path)
        if known is None:
            known = self._read[path] = self.snapshot.read(path)
        return known

    def _find(self, question: Question) -> Any:  # noqa: ANN401
        what, path, *suffixes = question
        match what:
            case "read":
                return self.snapshot.object_id(path) or self._why_not(path)
            case "paths":
                return tuple(self.snapshot.paths(path, tuple(suffixes)))
            case "exists":
                return self.snapshot.exists(path)
            case "is_file":
                return self.snapshot.is_file(path)
            case _:
                return self.snapshot.is_folder(path)

    def _why_not(self, path: str) -> str:
        """The code of the finding; its message may name the state."""
        data = self.data(path)
        return data.code.number if isinstance(data, Finding) else ""


class RecordingSnapshot:
    """A state of a repository that remembers which questions it was asked (see `Snapshot`).

    What many ask together (`together`) is told apart from what only the one who reads now has asked.
    """

    def __init__(self, answers: KnownAnswers) -> None:
        self._answers = answers
        self.asked: set[Question] = set()
        self._together: dict[frozenset[Question], None] = {}

    @property
    def everything_asked(self) -> Asked:
        """All questions so far."""
        return Asked(frozenset(self.asked), tuple(self._together))

    def describe(self) -> str:
        """What people call the state."""
        return self._answers.snapshot.describe()

    def _ask(self, *question: str) -> Any:  # noqa: ANN401
        self.asked.add(question)
        return self._answers.of(question)

    def answer(self, question: Question) -> Any:  # noqa: ANN401 - see `KnownAnswers.of`
        """The answer to a question, which is asked with that."""
        return self._ask(*question)

    def asked_by(self, make: Callable[[], T]) -> tuple[T, frozenset[Question]]:
        """What `make` gives, and the questions that it asked of this state."""
        before = self.asked, self._together
        self.asked, self._together = set(), {}
        try:
            made = make()
            return made, self.everything_asked.all
        finally:
            self.asked |= before[0]
            self._together = before[1] | self._together

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, made once in this state; `key` names everything else that it depends on."""
        known = self._answers.made.get(key)
        if known is None:
            known = self._answers.made[key] = self.asked_by(make)
        self.asked |= known[1]
        made: T = known[0]
        return made

    def together(self, key: object, make: Callable[[], T], keep: Callable[[T], bool]) -> T:
        """The same for what many have in common: its questions are asked together. Made again if not to `keep`."""
        known = self._answers.made.get(key)
        if known is None:
            before = set(self.asked)
            known = self.asked_by(make)
            self.asked = before
            if keep(known[0]):
                self._answers.made[key] = known
        self._together[known[1]] = None
        made: T = known[0]
        return made

    def paths(self, under: str = "", suffixes: tuple[str, ...] = ()) -> list[str]:
        """See `Snapshot.paths`."""
        return [*self._ask("paths", under, *suffixes)]

    def read(self, path: str, limit: int = MAX_FILE) -> bytes | Finding:
        """See `Snapshot.read`."""
        self._ask("read", path)
        return self._answers.data(path) if limit == MAX_FILE else self._answers.snapshot.read(path, limit)

    def object_id(self, path: str) -> str | None:
        """See `Snapshot.object_id`."""
        found: str = self._ask("read", path)
        return None if found.startswith("ORC-") else found

    def exists(self, path: str) -> bool:
        """See `Snapshot.exists`."""
        return bool(self._ask("exists", path))

    def is_file(self, path: str) -> bool:
        """See `Snapshot.is_file`."""
        return bool(self._ask("is_file", path))

    def is_folder(self, path: str) -> bool:
        """See `Snapshot.is_folder`."""
        return bool(self._ask("is_folder", path))

    def tree(self, under: str = "") -> Tree:
        """No plan asks for it."""
        raise AssertionError(f"the tree below '{under}' is no question that is remembered")
