"""What `affected` found out, kept in the git directory: what plans asked, with what answers, and what came of it.

Whoever asks a state of the repository the same questions and gets the same answers, from the same facts, makes the same
plan of it. So a kept comparison holds where all of that comes out as it did, at both ends; no time and no name proves
anything. Questions with their answers stand in one table that all applications share, answers and values from outside
as digests. The file is JSON of this user's whose every value is looked at: one that is not as it should be is as if it
were not there.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeAlias

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.consulted import Asked, KnownAnswers, Question
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.operations.affected_applications import Affected, as_plain, from_plain
from innominatus_cli.operations.cache_folder import git_directory_of, read_cache, write_cache
from innominatus_cli.operations.facts_cache import digest_of_code, version_of
from innominatus_cli.operations.kept_siblings import sibling_as_plain, sibling_from_plain
from innominatus_cli.planning.request import Facts, PlanRequest
from innominatus_cli.planning.siblings import Sibling

_FILE: Final = "affected.v2"
_MOST_BYTES: Final = 32 * 1024 * 1024
_MOST_OF_ONE: Final = 4
"""Comparisons of one application that are kept: those of the last changes."""
_DIGEST_BYTES: Final = 16
_DECIDING: Final = ("pydantic", "pydantic-core", "jsonschema")
_KINDS: Final = frozenset(("read", "paths", "exists", "is_file", "is_folder"))
_UNAFFECTED: Final = -1

FirstDeployment: TypeAlias = Callable[[str, str], tuple[bool, str]]
"""Whether an application was not yet deployed in an environment, and what says so."""


class Outside(NamedTuple):
    """What one plan took from outside the repository."""

    application: str
    environment: str
    first: bool
    evidence: str
    looked_up: tuple[tuple[str, str, str], ...]
    """`env` or `git`, a name, and the digest of its value; empty where it has none."""


class NotedFacts:
    """Notes what one plan takes from outside the repository."""

    def __init__(self, before: Outside | None = None) -> None:
        """`before` is what the same plan is known to have taken already."""
        self._given: tuple[str, PlanRequest, Facts] | None = None
        looked_up = before.looked_up if before is not None else ()
        self._looked_up: dict[tuple[str, str], str] = {(kind, name): value for kind, name, value in looked_up}
        self._is_all = True

    def note(self, application: str, request: PlanRequest, facts: Facts) -> Facts:
        """The same facts, in which variables and git note what is looked up."""
        self._given = application, request, facts
        env, git = (_Noted(kind, values, self) for kind, values in (("env", facts.env), ("git", facts.git)))
        return Facts(facts.first_deployment, facts.first_deployment_evidence, env, git, facts.deployed)

    def look_up(self, kind: str, values: Mapping[str, str], name: str) -> None:
        """Notes a name that is looked up."""
        self._looked_up[kind, name] = _value_digest(values, name)

    def look_at_all(self) -> None:
        """Notes that somebody asked for all names there are: nobody can tell what came of that."""
        self._is_all = False

    @property
    def taken(self) -> Outside | None:
        """What the plan took; None where that cannot be said, and of what nothing was planned."""
        if self._given is None or not self._is_all:
            return None
        application, request, facts = self._given
        if not application or request.operation is Operation.UNDEPLOY:
            return None
        looked_up = tuple(sorted((kind, name, value) for (kind, name), value in self._looked_up.items()))
        first, evidence = facts.first_deployment, facts.first_deployment_evidence
        return Outside(application, request.environment, first, evidence, looked_up)


class _Noted(Mapping[str, str]):
    """Values from outside."""

    def __init__(self, kind: str, values: Mapping[str, str], noted: NotedFacts) -> None:
        self._kind = kind
        self._values = values
        self._noted = noted

    def __getitem__(self, name: str) -> str:
        self._noted.look_up(self._kind, self._values, name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        self._noted.look_at_all()
        return iter(self._values)

    def __len__(self) -> int:
        self._noted.look_at_all()
        return len(self._values)


class Made(NamedTuple):
    """How a comparison was made: what plans, and the policies that judge them, asked at both ends."""

    outside: tuple[Outside | None, ...]
    """Of the plans that were begun; None for one of which it cannot be said."""
    old: Asked
    new: Asked
    sibling: Sibling | None = None
    """What the application has in common with others at the old end, where that is known and nothing is wrong."""


class Known(NamedTuple):
    """What is known of an application: None where it is not affected."""

    affected: Affected | None


class _Answers(NamedTuple):
    """The numbers of questions and their answers: those of one application, and of lists that many have in common."""

    own: tuple[int, ...]
    lists: tuple[int, ...]


class _Entry(NamedTuple):
    outside: tuple[Outside, ...]
    old: _Answers
    new: _Answers
    result: int
    """The number of what came of it."""
    sibling: list[Any] | None = None
    """See `kept_siblings`."""


class KeptComparisons:
    """The comparisons of one repository, for one wish."""

    def __init__(self, git_directory: str, key: str, first: FirstDeployment, facts: Facts) -> None:
        """`key` names what comparisons depend on besides questions and facts; of `facts` env and git are looked at."""
        self._git_directory = git_directory
        self._key = key
        self._first = first
        self._outside: dict[str, Mapping[str, str]] = {"env": facts.env, "git": facts.git}
        self._asked: list[tuple[Question, str]] = []
        self._lists: list[tuple[int, ...]] = []
        self._results: list[Any] = []
        self._entries: dict[str, list[_Entry]] = {}
        self._is_new = False
        data = read_cache(git_directory, _FILE, _MOST_BYTES)
        if data is not None:
            self._read(data)
        self._numbers = {one: number for number, one in enumerate(self._asked)}
        self._list_numbers = {one: number for number, one in enumerate(self._lists)}
        self._result_numbers = {_json(one): number for number, one in enumerate(self._results)}
        self._old: _State | None = None
        self._new: _State | None = None

    @classmethod
    def of(cls, root: str, about: object, first: FirstDeployment, facts: Facts) -> "KeptComparisons | None":
        """Those of the repository at `root` (resolved), for what `about` tells apart; None without a place for them.

        `about` is told by its `repr`.
        """
        directory = git_directory_of(root)
        if directory is None:
            return None
        try:
            code = digest_of_code()
        except OSError:
            return None
        versions = [version_of(name) for name in _DECIDING]
        key = blake2b(repr((about, versions)).encode("utf-8", "surrogateescape"), digest_size=_DIGEST_BYTES, key=code)
        return cls(directory, key.hexdigest(), first, facts)

    def hold_against(self, old: KnownAnswers, new: KnownAnswers) -> None:
        """Says which two states are compared now; to be called once, before all else."""
        self._old, self._new = (_State(answers, self._asked, self._lists) for answers in (old, new))

    @property
    def _states(self) -> "tuple[_State, _State]":
        if self._old is None or self._new is None:
            raise AssertionError("nothing is compared yet")
        return self._old, self._new

    def find(self, path: str) -> Known | None:
        """What came of an application in two states that answered as these do; None where nobody knows."""
        old, new = self._states
        for entry in self._entries.get(path, ()):
            if not old.answers_like(entry.old) or not all(map(self._comes_out, entry.outside)):
                continue
            if new.answers_like(entry.old):  # as the old one does: there is nothing to compare
                return Known(None)
            if new.answers_like(entry.new):
                return self._known(path, entry)
        return None

    def _known(self, path: str, entry: _Entry) -> Known | None:
        if entry.result == _UNAFFECTED:
            return Known(None)
        try:
            return Known(from_plain(path, entry.outside[-1].application, self._results[entry.result]))
        except (ValueError, TypeError, LookupError, AttributeError):
            return None

    def sibling(self, path: str, config: AdminConfigDocument) -> tuple[Sibling, NotedFacts] | None:
        """In what an application is like others at the old end, where that is known; and what it takes from outside.

        `config` is what admin-config.yaml says there.
        """
        old, _ = self._states
        for entry in self._entries.get(path, ()):
            if entry.sibling is None or not old.answers_like(entry.old) or not all(map(self._comes_out, entry.outside)):
                continue
            outside = entry.outside[0]
            noted = NotedFacts(outside)
            facts = Facts(outside.first, outside.evidence, self._outside["env"], self._outside["git"])
            facts = noted.note(outside.application, PlanRequest(outside.environment), facts)
            asked = Asked(
                frozenset(self._asked[number][0] for number in entry.old.own),
                tuple(old.questions(number) for number in entry.old.lists),
            )
            return sibling_from_plain(entry.sibling).as_sibling(outside.application, asked, facts, config), noted
        return None

    def _comes_out(self, outside: Outside) -> bool:
        if self._first(outside.application, outside.environment) != (outside.first, outside.evidence):
            return False
        return all(_value_digest(self._outside[kind], name) == value for kind, name, value in outside.looked_up)

    def put(self, path: str, made: Made, found: Affected | None) -> None:
        """Keeps what came of an application until `save`, if that can be written and known again."""
        outside = tuple(one for one in made.outside if one is not None)
        if not outside or len(outside) < len(made.outside):
            return
        result = _UNAFFECTED
        if found is not None:
            try:
                plain = as_plain(found)
                text = _json(plain)
                if text not in self._result_numbers and as_plain(from_plain("", "", json.loads(text))) != plain:
                    return
            except (ValueError, TypeError, LookupError):
                return
            result = self._result_numbers.setdefault(text, len(self._results))
            if result == len(self._results):
                self._results.append(json.loads(text))
        old, new = self._states
        sibling = None if made.sibling is None else sibling_as_plain(made.sibling)
        entry = _Entry(outside, self._numbered(made.old, old), self._numbered(made.new, new), result, sibling)
        self._entries[path] = [entry, *self._entries.get(path, ())][:_MOST_OF_ONE]
        self._is_new = True

    def _numbered(self, asked: Asked, state: "_State") -> _Answers:
        lists = []
        for some in asked.together:
            number = state.numbers.get(some)
            if number is None:
                number = self._list_numbers.setdefault(self._rows(some, state), len(self._list_numbers))
                state.numbers[some] = number
            lists.append(number)
        return _Answers(self._rows(asked.own, state), tuple(lists))

    def _rows(self, asked: Iterable[Question], state: "_State") -> tuple[int, ...]:
        rows = ((question, state.digest(question)) for question in sorted(asked))
        return tuple(self._numbers.setdefault(row, len(self._numbers)) for row in rows)

    def save(self, paths: Iterable[str]) -> None:
        """Writes what is kept of these applications, if anything is new."""
        if not self._is_new:
            return
        entries = {path: self._entries[path] for path in sorted(paths) if path in self._entries}
        asked, results = _Renumbered(list(self._numbers)), _Renumbered(self._results)
        lists = _Renumbered(list(self._list_numbers))

        def row_of(answers: _Answers) -> list[list[int]]:
            return [[asked.number(n) for n in answers.own], [lists.number(n) for n in answers.lists]]

        rows = [
            [
                path,
                one.outside,
                row_of(one.old),
                None if one.new == one.old else row_of(one.new),
                one.result if one.result == _UNAFFECTED else results.number(one.result),
                one.sibling,
            ]
            for path, some in entries.items()
            for one in some
        ]
        together = [[asked.number(n) for n in some] for some in lists.used]
        data = _json([self._key, asked.used, together, results.used, rows]).encode()
        if len(data) <= _MOST_BYTES:
            write_cache(self._git_directory, _FILE, data)

    def _read(self, data: bytes) -> None:
        """Reads what was kept for the same wish by the same tool; nothing where anything is not as it should be."""
        try:
            key, asked, together, results, rows = json.loads(data)
            if key != self._key:
                return
            questions = [(_question(question), _text(answer)) for question, answer in asked]
            if len(set(questions)) < len(questions) or type(results) is not list:
                raise ValueError("no tables")  # noqa: TRY301 - nothing of the file is believed then
            lists = [_below(some, len(questions)) for some in together]
            entries: dict[str, list[_Entry]] = {}
            for path, outside, old, new, result, sibling in rows:
                if sibling is not None:
                    sibling_from_plain(sibling)
                before = _answers(old, len(questions), len(lists))
                after = before if new is None else _answers(new, len(questions), len(lists))
                if result != _UNAFFECTED:
                    _below([result], len(results))
                entry = _Entry(tuple(_outside(*one) for one in outside), before, after, result, sibling)
                if not (outside and before.own and after.own):
                    raise ValueError("a plan that asks nothing")  # noqa: TRY301 - the same
                entries.setdefault(_text(path), []).append(entry)
        except (ValueError, TypeError, LookupError, RecursionError):
            return
        self._asked, self._lists, self._results, self._entries = questions, lists, results, entries


class _State:
    """One of the two states, held against what was answered before."""

    def __init__(self, answers: KnownAnswers, asked: list[tuple[Question, str]], lists: list[tuple[int, ...]]) -> None:
        self._answers = answers
        self._asked = asked
        self._lists = lists
        self._questions: dict[int, frozenset[Question]] = {}
        self.numbers: dict[frozenset[Question], int] = {}
        """The numbers of lists of questions with the answers that this state gives."""
        self._digests: dict[Question, str] = {}

    def digest(self, question: Question) -> str:
        """The digest of the answer that it gives."""
        found = self._digests.get(question)
        if found is None:
            found = self._digests[question] = _digest(repr(self._answers.of(question)))
        return found

    @cached_property
    def _otherwise(self) -> set[int]:
        """The numbers of all kept questions to which it gives another answer."""
        return {number for number, (question, answer) in enumerate(self._asked) if self.digest(question) != answer}

    def questions(self, number: int) -> frozenset[Question]:
        """The questions of a kept list."""
        found = self._questions.get(number)
        if found is None:
            found = self._questions[number] = frozenset(self._asked[one][0] for one in self._lists[number])
        return found

    @cached_property
    def _lists_otherwise(self) -> set[int]:
        """The numbers of all kept lists with such a question."""
        return {number for number, some in enumerate(self._lists) if not self._otherwise.isdisjoint(some)}

    def answers_like(self, answers: _Answers) -> bool:
        """Whether it answers these questions as they were answered."""
        return self._otherwise.isdisjoint(answers.own) and self._lists_otherwise.isdisjoint(answers.lists)


class _Renumbered:
    """Rows of a table that are used, numbered anew."""

    def __init__(self, rows: list[Any]) -> None:
        self._rows = rows
        self._new: dict[int, int] = {}
        self.used: list[Any] = []

    def number(self, old: int) -> int:
        """The new number of a row."""
        found = self._new.get(old)
        if found is None:
            found = self._new[old] = len(self.used)
            self.used.append(self._rows[old])
        return found


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).hexdigest()


def _value_digest(values: Mapping[str, str], name: str) -> str:
    return _digest(values[name]) if name in values else ""


def _text(value: object) -> str:
    if type(value) is not str:
        raise TypeError("no text")
    return value


def _question(value: list[object]) -> Question:
    if type(value) is not list or value[0] not in _KINDS:
        raise ValueError("no question")
    return tuple(map(_text, value))


def _below(numbers: list[int], end: int) -> tuple[int, ...]:
    if type(numbers) is not list or any(type(n) is not int or not 0 <= n < end for n in numbers):
        raise ValueError("no such numbers")
    return tuple(numbers)


def _answers(parts: list[list[int]], questions: int, lists: int) -> _Answers:
    own, together = parts
    return _Answers(_below(own, questions), _below(together, lists))


def _outside(application: object, environment: object, first: object, evidence: object, looked_up: Any) -> Outside:  # noqa: ANN401
    if type(first) is not bool:
        raise TypeError("neither true nor false")
    found = tuple((_text(kind), _text(name), _text(value)) for kind, name, value in looked_up)
    if any(kind not in {"env", "git"} for kind, _, _ in found):
        raise ValueError("from nowhere")
    return Outside(_text(application), _text(environment), first, _text(evidence), found)
