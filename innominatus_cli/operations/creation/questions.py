"""Questions: what `new` asks for, what each answer must be, and what it is where nobody says.

An answer is a tuple of texts, with one text for most questions and none for what is left open. Questions are asked in
order; a default and the choices may depend on the answers before.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from innominatus_cli.documents.words import either, pattern_in_words, short
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.creation.files import Creation, findings_of
from innominatus_cli.operations.creation.surroundings import Surroundings

Answer: TypeAlias = tuple[str, ...]
NAME: Final = r"^[a-z0-9][a-z0-9._-]{0,62}$"
"""What `documents.model.Name` allows; a test holds them equal."""
LABEL: Final = r"^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$"
"""What Score allows as a workload's name (score-v1b1.json, metadata.name)."""
_FEW: Final = 12


class Asked(NamedTuple):
    """Where a question stands: the repository, and the answers that are known."""

    surroundings: Surroundings
    answers: Mapping[str, Answer]

    def text(self, name: str) -> str:
        """The one text of an answer; empty where there is none."""
        return next(iter(self.answers.get(name, ())), "")

    def texts(self, name: str) -> Answer:
        """All texts of an answer."""
        return self.answers.get(name, ())


def _nothing(_asked: Asked) -> Answer:
    return ()


def _fine(_asked: Asked, _value: str) -> str:
    return ""


def _always(_asked: Asked) -> bool:
    return True


class Question(NamedTuple):
    """One thing that is asked for; its flag is `--<name>`."""

    name: str
    text: str
    """One line: what it is, as a person reads it."""
    default: Callable[[Asked], Answer] = _nothing
    check: Callable[[Asked, str], str] = _fine
    """What is wrong with one text of an answer, empty where it is right."""
    choices: Callable[[Asked], Sequence[str]] = _nothing
    """The texts that may be said; where there are none, any."""
    withheld: Callable[[Asked, str], str] = _fine
    """Why something that exists is no choice; empty for what does not exist."""
    applies: Callable[[Asked], bool] = _always
    shown: str = ""
    """What help shows for a value, where the choices are the same everywhere: `a|b|c`."""
    at: tuple[str, ...] = ()
    """JSON pointers into the new document: findings there speak of this answer."""
    what: str = ""
    """What one of the choices is, where it is not what the flag is called."""
    several: bool = False
    switch: bool = False
    """Yes or no; yes is the answer `("yes",)`."""
    required: bool = False
    """Whether it must be given where nobody can be asked."""
    optional: bool = False
    """Whether nothing is an answer too."""


class Kind(NamedTuple):
    """Something that `new` makes."""

    name: str
    summary: str
    help: str
    """What the command's help says: a sentence or two, then examples."""
    questions: tuple[Question, ...]
    make: Callable[[Asked], Creation]
    """The files for a full set of answers."""


def with_defaults(kind: Kind, asked: Asked) -> Asked:
    """All answers: those that are known, the others' defaults, none for questions that do not apply."""
    answers: dict[str, Answer] = dict(asked.answers)
    for question in kind.questions:
        now = asked._replace(answers=answers)
        if not question.applies(now):
            answers[question.name] = ()
        elif question.name not in answers:
            answers[question.name] = question.default(now)
    return asked._replace(answers=answers)


def problem_with(kind: Kind, asked: Asked, question: Question, answer: Answer) -> str:
    """What is wrong with an answer, as a sentence, by the question's own check and then by the rules of `validate`."""
    for value in answer:
        problem = _unusable(value) or _no_choice(question, asked, value) or question.check(asked, value)
        if problem:
            return problem
    if not answer and not question.optional and not question.switch:
        return "something must be said here"
    if not question.at:
        return ""
    draft = kind.make(
        with_defaults(kind, asked._replace(answers={**_before(kind, question, asked), question.name: answer}))
    )
    for finding in findings_of(asked.surroundings.root, draft, alone=True, shared=asked.surroundings.read):
        if finding.place.path == draft.files[0].path and _speaks_of(finding, question.at):
            return f"{finding.message} ({finding.code.number}). {finding.help}"
    return ""


def _before(kind: Kind, question: Question, asked: Asked) -> dict[str, Answer]:
    """The answers to the questions before this one. Later ones may be wrong, and are not this one's to answer for."""
    names = [one.name for one in kind.questions]
    return {name: asked.answers[name] for name in names[: names.index(question.name)] if name in asked.answers}


def name(text: str, default: str, check: Callable[[Asked, str], str], at: str = "/metadata/name") -> Question:
    """The question for a new thing's name, which must be given where nobody can be asked."""
    return Question("name", text, lambda _asked: (default,), check, at=(at,), required=True)


def description(text: str, default: Callable[[Asked], str]) -> Question:
    """The question for a sentence about the new thing."""
    return Question("description", text, lambda asked: (default(asked),), said, at=("/metadata/description",))


def doing(text: str, verb: str) -> Question:
    """The question for a sentence about the new thing, by default a verb and its name as words."""
    return description(text, lambda asked: f"{verb} {as_words(asked.text('name'))}")


def owner(product: Callable[[Asked], str] = lambda _asked: "") -> Question:
    """The question for a team; by default that of a product, or of the platform where `product` gives no name."""
    return Question(
        "owner",
        "The team that people ask about it",
        lambda asked: (asked.surroundings.owner_of(product(asked)),),
        said,
        at=("/metadata/owner",),
    )


def version() -> Question:
    """The question for a version."""
    return Question("version", "Its version", lambda _asked: ("1.0.0",), said, at=("/metadata/version",))


def said(_asked: Asked, value: str) -> str:
    """A check that refuses nothing but spaces."""
    return "" if value.strip() else "something must be said here"


def name_problem(_asked: Asked, value: str) -> str:
    """A check of names that become names of files."""
    return no_name(NAME, value)


def product_problem(asked: Asked, value: str) -> str:
    """A check of the products of other things, for a repository that has none (else the choices say)."""
    missing = value not in asked.surroundings.products
    return f"there is no product '{value}': `innominatus-ctl new product {value}` makes it" if missing else ""


def as_words(name: str) -> str:
    """A name as words of a sentence: `database-setup` as `database setup`."""
    return re.sub(r"[-_.]+", " ", name).strip()


def no_name(pattern: str, value: str) -> str:
    """What is wrong with a name that must match one of our schemas' patterns; empty where nothing is."""
    return "" if re.match(pattern + r"\Z", value) else f"'{short(value)}' must be {pattern_in_words(pattern)}"


def _unusable(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        return "this is no UTF-8 text"
    return "a NUL character cannot be written" if "\0" in value else ""


def _no_choice(question: Question, asked: Asked, value: str) -> str:
    choices = list(question.choices(asked))
    if not choices or value in choices:
        return ""
    withheld = question.withheld(asked, value)
    if withheld:
        return withheld
    hint = did_you_mean(value, choices)
    if not hint:
        hint = f"there is {either(choices)}" if len(choices) <= _FEW else f"there are {len(choices)}"
    what = question.what or question.name.replace("-", " ")
    return f"there is no {what} '{short(value)}': {hint}"


def _speaks_of(finding: Finding, pointers: tuple[str, ...]) -> bool:
    where = finding.place.pointer
    return any(where == pointer or where.startswith(f"{pointer}/") for pointer in pointers)
