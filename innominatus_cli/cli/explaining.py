"""`explain APP [STEP]` and `analyze APP`: from words and options to an explanation on stdout and an exit status."""

import sys
from typing import Any

import click

from innominatus_cli.cli.output import print_document, print_for_people
from innominatus_cli.cli.remarks import told
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.operations.analysing import analyse
from innominatus_cli.operations.applications import NoSuchApplicationError, score_file_of
from innominatus_cli.operations.explaining import explain_plan
from innominatus_cli.operations.opening import open_repository
from innominatus_cli.operations.planning import PlanWish
from innominatus_cli.reports.plan_analysis import analysis_text
from innominatus_cli.reports.plan_explanation import explanation_table, explanation_text
from innominatus_cli.reports.terminal import wants_colour

_MOST_WORDS = 2


def explain_application(words: tuple[str, ...], output: str, wish: dict[str, Any]) -> int:
    """Explains the plan of the application that the first word names, or the part that the second one names."""
    if len(words) > _MOST_WORDS:
        raise click.UsageError("name an application and at most one step")
    try:
        score = score_file_of(open_repository(), words[0])
    except NoSuchApplicationError as problem:
        hint = f"`explain --list {words[0]}` looks for the word in the codes"
        raise click.UsageError(f"'{words[0]}' is no code like ORC-2017, {problem}; {hint}") from problem
    report = explain_plan(PlanWish(**wish, score=score), words[1] if words[1:] else None)
    told(report.outcome.findings, report.sources)
    explanation = report.explanation
    if explanation is None:
        return report.outcome.exit_status
    if output in {"table", "wide"}:
        print_for_people(explanation_table(explanation, output))
    else:
        text = explanation_text(explanation, colour=wants_colour(sys.stdout))
        print_document(explanation.as_json(), output, lambda: text)
    return ExitStatus.OK


def score_of(word: str) -> str:
    """The Score file that a word means, a path or an application's name. Raises a usage error for neither."""
    try:
        return score_file_of(open_repository(), word)
    except NoSuchApplicationError as problem:
        raise click.UsageError(f"'{word}' is {problem}") from problem


def analyse_application(word: str, output: str, wish: dict[str, Any]) -> int:
    """Analyses the plan of the application that a word names, a Score file or a name."""
    report = analyse(PlanWish(**wish, score=score_of(word)))
    told(report.outcome.findings, report.sources)
    analysis = report.analysis
    if analysis is None:
        return report.outcome.exit_status
    wide, colour = output == "wide", wants_colour(sys.stdout)
    print_document(analysis.as_json(), output, lambda: analysis_text(analysis, wide=wide, colour=colour))
    return ExitStatus.OK
