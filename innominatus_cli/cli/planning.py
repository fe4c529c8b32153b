"""How `plan` shows a plan, or what stands in its way; and keeping it in a file."""

import sys

from innominatus_cli.cli.output import print_document, print_for_people, print_text
from innominatus_cli.cli.remarks import told
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.operations.planning import PlanReport, PlanWish
from innominatus_cli.reports.plan_graph import graph_text
from innominatus_cli.reports.plan_policies import policy_lines
from innominatus_cli.reports.plan_text import plan_document, plan_text, resolution_text
from innominatus_cli.reports.terminal import one_line, to_stderr, wants_colour
from innominatus_cli.system.files import write_output


def print_plan(report: PlanReport, output: str, *, digest: bool, wide: bool) -> int:
    """Findings go to stderr; the plan, its digest, or what was resolved before an error, to stdout.

    The exit status is 3 where a policy refuses the run. An approval that is waited for is told, and changes nothing:
    the plan is what people approve.
    """
    outcome, judged = report.outcome, report.judged
    told((*outcome.findings, *report.warnings, *(judged.findings if judged else ())), report.sources)
    refused = judged is not None and bool(judged.refused)
    if outcome.plan is None:
        if outcome.resolved and output in {"table", "wide", "tree"} and not digest:
            print_for_people(resolution_text(outcome))
        return ExitStatus.POLICY_REFUSED if refused else outcome.exit_status
    if digest:
        print_text(f"{outcome.plan.digest}\n")
    elif output in {"mermaid", "dot"}:
        print_text(graph_text(outcome.plan, output))
    else:
        print_document(plan_document(outcome, report), output, lambda: _text(report, output, wide=wide))
    return ExitStatus.POLICY_REFUSED if refused else ExitStatus.OK


def _text(report: PlanReport, output: str, *, wide: bool) -> str:
    if output != "tree":
        return plan_text(report.outcome, report, wide=wide)
    from innominatus_cli.reports.plan_tree import plan_tree  # noqa: PLC0415 - one of many formats

    text = plan_tree(report.outcome, wide=wide, colour=wants_colour(sys.stdout))
    lines = policy_lines(report.judged) if report.judged is not None else []
    return text + "".join(f"{line}\n" for line in lines)


def keep_plan(report: PlanReport, wish: PlanWish, out: str | None, status: int) -> int:
    """Writes the plan to the file `out`, where one is named and there is a plan; returns the exit status.

    `status` is what the plan gave so far. A plan that policies refuse is written too: who runs it may be somebody else,
    and it is judged again then; but not where the policies of another revision were asked for, and say no. Raises
    CannotContinue (exit 73) where the disk refuses.
    """
    if out is None:
        return status
    if report.outcome.plan is None or (status != ExitStatus.OK and report.policies_from is not None):
        to_stderr(one_line(f"'{out}' is not written: this plan cannot run."))
        return status
    from innominatus_cli.operations.plan_files import write_plan_file  # noqa: PLC0415 - few plans are kept

    write_plan_file(out, wish, report.outcome.plan)
    to_stderr(f"The plan is in {out}; `innominatus-ctl run --plan {out}` runs exactly it.")
    return status


def print_graph(report: PlanReport, form: str, file: str | None) -> int:
    """Writes the plan as a graph to a file or to stdout; findings go to stderr.

    Raises CannotContinue (exit 73) where the disk refuses.
    """
    told(report.outcome.findings, report.sources)
    if report.outcome.plan is None:
        return report.outcome.exit_status
    text = graph_text(report.outcome.plan, form)
    if file is None:
        print_text(text)
    else:
        write_output(file, text.encode("utf-8", "backslashreplace"))
    return ExitStatus.OK
