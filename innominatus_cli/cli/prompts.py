"""Asking on the terminal, or taking what flags say: either way every answer is checked before it counts."""

import sys
from collections.abc import Mapping

import click

from innominatus_cli.operations.creation.questions import Answer, Asked, Kind, Question, problem_with
from innominatus_cli.operations.creation.surroundings import Surroundings

_NOTHING = "-"
_FEW = 8


def can_ask() -> bool:
    """Whether somebody is there: stdin and stdout are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def answers(kind: Kind, surroundings: Surroundings, given: Mapping[str, Answer], *, ask: bool) -> Asked:
    """An answer to every question: what flags gave, else what is typed (`ask`), else the default.

    Raises click.UsageError, which names the flag, for a wrong answer of a flag and for a missing one, and click.Abort
    where somebody interrupts.
    """
    asked = Asked(surroundings, dict(given))
    for question in kind.questions:
        asked = asked._replace(answers={**asked.answers, question.name: _answer(kind, asked, question, ask=ask)})
    return asked


def _answer(kind: Kind, asked: Asked, question: Question, *, ask: bool) -> Answer:
    given = asked.answers.get(question.name)
    flag = f"--{question.name}"
    if not question.applies(asked):
        if given and not question.switch:
            raise click.BadParameter("with the other answers it has no meaning: leave it out", param_hint=flag)
        return ()
    if given is None and ask:
        return _confirmed(question) if question.switch else _typed(kind, asked, question)
    if given is None and question.required:
        raise click.UsageError(f"Missing option {flag}: {question.text[:1].lower()}{question.text[1:]}")
    answer = question.default(asked) if given is None else given
    problem = problem_with(kind, asked, question, answer)
    if problem:
        raise click.BadParameter(problem, param_hint=flag)
    return answer


def _confirmed(question: Question) -> Answer:
    return ("yes",) if click.confirm(f"{question.text}?", default=False) else ()


def _typed(kind: Kind, asked: Asked, question: Question) -> Answer:
    """Asks until the answer is right. `?` shows all choices; `-` is nothing, where nothing is an answer.

    Where there is one answer only, and it need not be given, it is taken.
    """
    choices = list(question.choices(asked))
    default = ", ".join(question.default(asked))
    if choices == [default] and not (question.required or question.optional):
        return (default,)

    def answer_of(text: str) -> Answer:
        if text.strip() == "?" and choices:
            raise click.UsageError("there is " + ", ".join(choices))
        answer = answer_from(text, several=question.several)
        if question.optional and text.strip() in {"", _NOTHING}:
            answer = ()
        problem = problem_with(kind, asked, question, answer)
        if problem:
            raise click.UsageError(problem)
        return answer

    answer: Answer = click.prompt(
        question.text + _hint(question, choices, default),
        default=default,
        show_default=bool(default),
        value_proc=answer_of,
    )
    return answer


def answer_from(text: str, *, several: bool) -> Answer:
    """The answer that a text is: one value, or those between commas."""
    parts = [part.strip() for part in text.split(",")] if several else [text.strip()]
    return tuple(part for part in parts if part)


def _hint(question: Question, choices: list[str], default: str) -> str:
    hints = []
    if choices:
        hints.append(", ".join(choices) if len(choices) <= _FEW else "? lists them")
    if question.optional:
        hints.append(f"{_NOTHING} for none" if default else "Enter for none")
    return f" ({'; '.join(hints)})" if hints else ""
