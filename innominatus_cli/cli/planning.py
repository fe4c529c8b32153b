"""How `plan` shows a plan, or what stands in its way."""

from innominatus_cli.cli.output import print_document, print_for_people, print_text
from innominatus_cli.cli.remarks import told
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.operations.planning import PlanReport
from innominatus_cli.reports.plan_text import plan_document, plan_text, resolution_text

_REFUSED = "Policies refuse it: no step would run.\n"


def print_plan(report: PlanReport, output: str, *, digest: bool, wide: bool) -> int:
    """Findings go to stderr; the plan, its digest, or what was resolved before an error, to stdout."""
    outcome, judgement = report.outcome, report.judgement
    told((*outcome.findings, *(judgement.findings if judgement else ())), report.sources)
    refused = judgement is not None and not judgement.verdict.allowed
    if outcome.plan is None:
        if outcome.resolved and output in {"table", "wide"} and not digest:
            print_for_people(resolution_text(outcome))
        return ExitStatus.POLICY_REFUSED if refused else ExitStatus.FINDINGS
    if digest:
        print_text(f"{outcome.plan.digest}\n")
    else:
        print_document(
            plan_document(outcome, report), output, lambda: plan_text(outcome, report, wide=wide) + _REFUSED * refused
        )
    return ExitStatus.POLICY_REFUSED if refused else ExitStatus.OK
