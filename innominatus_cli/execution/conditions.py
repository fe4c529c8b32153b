"""What `if` and `unless` say when their step is about to run."""

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.execution.decide import Conditions
from innominatus_cli.execution.step_ends import finding_of
from innominatus_cli.execution.values import RunValues, StepView
from innominatus_cli.expressions.truth import evaluate
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding


def conditions_of(values: RunValues) -> Conditions:
    """A function for `decide`, over what is known in the run by now."""

    def asked(step: PlannedStep, failed: bool) -> str | Finding:
        view = StepView(values, step.workflow_id, failed=failed, cell=step.cell)
        written = step.conditions
        for word, tree, text in (
            ("if", written.if_tree, written.if_text),
            ("unless", written.unless_tree, written.unless_text),
        ):
            if tree is None:
                continue
            holds = evaluate(tree, view)
            if not isinstance(holds, bool):
                return finding_of(step, codes.CONDITION_FAILED, f"'{word}: {text}': {holds.message}", holds.remedy)
            if holds is not (word == "if"):
                return f"'{word}: {text}' {'holds' if holds else 'does not hold'}"
        return ""

    return asked
