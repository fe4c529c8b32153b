"""Why a step of a plan is there and what it waits for, read from the plan and the drafts that it was made of."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from innominatus_cli.documents.plan import Plan, PlannedStep, Provenance
from innominatus_cli.documents.plan_explanation import ExplainedCondition, ExplainedNeed, KnownValue
from innominatus_cli.documents.vocabulary import Trigger
from innominatus_cli.documents.workflow import StepDefinition
from innominatus_cli.expressions.conditions import parse_condition
from innominatus_cli.expressions.references import split_path
from innominatus_cli.expressions.truth import is_true
from innominatus_cli.planning.application_tier import GENERATED
from innominatus_cli.planning.drafts import Draft

_GOLDEN_PATH: Final = "golden path "
_NOTHING: Final = object()


def trigger_reason(plan: Plan, written: Provenance) -> str:
    """Why the trigger of a step's workflow is true, as a sentence."""
    trigger = written.trigger
    first = next((one.evidence for one in plan.inputs if one.name == "first_deployment"), "")
    reasons = {
        Trigger.ALL_DEPLOYMENTS.value: "it is part of every deployment",
        Trigger.PRODUCT_DEPLOYMENT.value: f"the application is of product '{written.product}'",
        Trigger.FIRST_DEPLOYMENT.value: f"this is the first deployment in {plan.environment} ({first})",
        Trigger.MANUAL.value: "it was named",
        GENERATED: "it is generated from the Score file",
    }
    if trigger.startswith(_GOLDEN_PATH):
        return "the golden path runs it in the place of the generated workflows"
    return reasons.get(trigger, "the Score file has it")


class Reasons:
    """Answers about the steps of one plan; `drafts` are the workflows that it was made of."""

    def __init__(self, plan: Plan, drafts: tuple[Draft, ...]) -> None:
        self._plan = plan
        self._drafts = {draft.id: draft for draft in drafts}
        self._groups = {step.id: step for step in plan.steps if step.group is not None}
        self._workflows = {workflow.id: workflow for workflow in plan.workflows}
        self._definitions = {
            draft.id: {part.definition.name: part.definition for part in draft.steps} for draft in drafts
        }

    def needs(self, step: PlannedStep) -> list[ExplainedNeed]:
        """What the step waits for directly; nothing where it starts at once."""
        return [ExplainedNeed.model_validate({"id": need, "because": self._why(step, need)}) for need in step.needs]

    def _why(self, step: PlannedStep, need: str) -> str:
        owner = step.workflow_id or ""
        if need in self._workflows:
            return "workflow dependsOn"
        if not need.startswith(f"{owner}/"):
            return "barrier"
        if step.within and _call_of(step.id, owner) and _call_of(step.id, owner) == _call_of(need, owner):
            return "sub-workflow"
        written = self._definition(owner, step.id)
        if written is not None and written.depends_on is not None:
            return "dependsOn"
        if step.cleanup and not self._is_cleanup(need):
            return "finally"
        before = self._definition(owner, need)
        in_group = before is None or before.parallel or bool(before.parallel_group)
        return "group" if in_group and (before is not None or need.endswith("]")) else "order of the list"

    def _definition(self, owner: str, step_id: str) -> StepDefinition | None:
        """The definition of a step; of an expanded one that of the step it was expanded from."""
        name = step_id.removeprefix(f"{owner}/")
        known = self._definitions.get(owner, {})
        return known.get(name) or known.get(name.partition("[")[0]) or known.get(name.partition(".")[0])

    def _is_cleanup(self, step_id: str) -> bool:
        return any(step.id == step_id and step.cleanup for step in self._plan.steps)

    def conditions(self, step: PlannedStep) -> list[ExplainedCondition]:
        """`if` and `unless` as written, what is known of them, and the values that they ask for.

        Those of the sub-workflows and loops that it is in come behind its own.
        """
        found = self._own_conditions(step)
        group = self._groups.get(step.within or "")
        while group is not None:
            found += self._own_conditions(group)
            group = self._groups.get(group.within or "")
        return found

    def _own_conditions(self, step: PlannedStep) -> list[ExplainedCondition]:
        written = step.conditions
        found = []
        for word, text, tree in (
            ("if", written.if_text, written.if_tree),
            ("unless", written.unless_text, written.unless_tree),
        ):
            if text is not None:
                truth = is_true(tree["value"]) if isinstance(tree, dict) and "value" in tree else None
                known = list(self._known(text, step.workflow_id or ""))
                found.append(
                    ExplainedCondition.model_validate({"word": word, "text": text, "truth": truth, "known": known})
                )
        return found

    def _known(self, text: str, owner: str) -> Iterator[KnownValue]:
        tree = parse_condition(text).tree
        for name in dict.fromkeys(_references(tree)) if tree is not None else ():
            path = split_path(name)
            value, evidence = self._value(path, owner) if isinstance(path, tuple) else (_NOTHING, "")
            if value is not _NOTHING:
                yield KnownValue(name=name, value=value, evidence=evidence)

    def _value(self, path: tuple[str, ...], owner: str) -> tuple[Any, str]:
        """The value of a static reference and where it comes from, as far as the plan holds it."""
        planned = self._plan
        listed = {one.name: one for one in planned.inputs}
        workflow = self._workflows.get(owner)
        application = {**planned.application.metadata, "name": planned.application.name}
        if planned.application.product:
            application["product"] = planned.application.product
        head, *rest = path
        name = ".".join(path)
        found: tuple[Any, str] = (_NOTHING, "")
        if name in listed:
            found = listed[name].value, listed[name].evidence
        elif head == "environment" and rest in (["name"], ["type"]):
            found = planned.environment, listed["environment"].evidence
        elif head in {"application", "metadata"}:
            found = _inside(application, rest), planned.application.path or ""
        elif head in {"variables", "workflow"} and workflow is not None:
            found = _inside(workflow.variables, rest), f"variables of {workflow.identity}"
        elif head == "parameters" and rest:
            found = self._parameter(rest[0], rest[1:], owner)
        elif not rest and workflow is not None and head in workflow.variables:
            found = _inside(workflow.variables, path), f"variables of {workflow.identity}"
        elif not rest:
            found = self._parameter(head, [], owner)
        return found

    def _parameter(self, name: str, rest: list[str], owner: str) -> tuple[Any, str]:
        if name in self._plan.parameters:
            given = any(one.name == f"parameters.{name}" for one in self._plan.inputs)
            return _inside(self._plan.parameters, (name, *rest)), "argument --param" if given else "its default"
        draft = self._drafts.get(owner)
        own = {one.name: one.default for one in draft.parameters} if draft else {}
        return _inside(own, (name, *rest)), "its default in the workflow"


def _call_of(step_id: str, owner: str) -> str:
    """The call inside of which a step of a sub-workflow is; empty for another one."""
    return step_id.removeprefix(f"{owner}/").rpartition(".")[0]


def _references(tree: Mapping[str, Any]) -> Iterator[str]:
    """The paths that a condition's tree names, in order."""
    if "ref" in tree:
        yield tree["ref"]
    elif "word" in tree:
        yield tree["word"]
    for arg in tree.get("args", ()):
        yield from _references(arg)


def _inside(data: Any, path: "list[str] | tuple[str, ...]") -> Any:  # noqa: ANN401 - JSON data
    for key in path:
        if not isinstance(data, Mapping) or key not in data:
            return _NOTHING
        data = data[key]
    return _NOTHING if isinstance(data, Mapping) and any(key.startswith("$") for key in data) else data
