"""`new workflow-test`: a test beside the workflows, which passes as it is."""

from typing import Any, Final

from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.vocabulary import Trigger, When
from innominatus_cli.documents.words import either
from innominatus_cli.documents.workflow import StepDefinition, WorkflowDocument
from innominatus_cli.operations.creation.files import Creation, new_document
from innominatus_cli.operations.creation.questions import (
    Asked,
    Kind,
    Question,
    description,
    name,
    name_problem,
    owner,
)

_NO_APPLICATION: Final = "SCORE_FILE"


def _workflow(asked: Asked) -> Typed[WorkflowDocument] | None:
    return asked.surroundings.workflows.get(asked.text("workflow"))


def _product(asked: Asked) -> str:
    found = _workflow(asked)
    return (found.model.metadata.product or "") if found is not None else ""


def _default_workflow(asked: Asked) -> tuple[str, ...]:
    """The one that is called as the test is, else the first of a product."""
    known = sorted(asked.surroundings.workflows)
    fitting = [one for one in known if one.rpartition("/")[2] == asked.text("name")]
    return tuple([*fitting, *(one for one in known if "/" in one), *known][:1])


def _always_runs(step: StepDefinition) -> bool:
    return step.if_ is None and step.unless is None and step.when in {When.ON_SUCCESS, When.ALWAYS}


def _score(asked: Asked, product: str) -> str | dict[str, Any]:
    """An application of the product, or a small one in the test."""
    found = asked.surroundings.application_of(product)
    if found != _NO_APPLICATION:
        return found
    metadata = {"name": "hello", **({"product": product} if product else {})}
    containers = {"web": {"image": "registry.example.com/hello:1.0.0"}}
    return {"apiVersion": "score.dev/v1b1", "metadata": metadata, "containers": containers}


def _test(identity: str, workflow: WorkflowDocument) -> dict[str, Any]:
    """One test: the workflow is in a deployment, and its steps that always run do so."""
    steps = [step.name for step in workflow.spec.steps if _always_runs(step)]
    given: dict[str, Any] = {}
    if set(workflow.spec.triggers) == {Trigger.MANUAL}:
        given["workflows"] = [identity]
    named = [f"{identity}/{step}" for step in steps[:1]]
    expect: dict[str, Any] = {"result": "succeeded"} | ({"runs": named} if named else {})
    if len(steps) > 1 and not any(step.parallel or step.parallel_group for step in workflow.spec.steps):
        last = workflow.spec.steps[-1].name
        if all(step.depends_on is None for step in workflow.spec.steps) and last != steps[0]:
            expect["order"] = [{"step": named[0], "before": f"{identity}/{last}"}]
    test: dict[str, Any] = {"name": "it-runs", "description": f"A deployment runs {identity}"}
    return {**test, **({"given": given} if given else {}), "expect": expect}


def _make(asked: Asked) -> Creation:
    called, identity = asked.text("name"), asked.text("workflow")
    found, product = _workflow(asked), _product(asked)
    root = asked.surroundings.workflows_root
    folder = f"{root}/products/{product}" if product else f"{root}/platform"
    tests = [_test(identity, found.model)] if found is not None else []
    data = {
        "apiVersion": "workflow.dev/v1",
        "kind": "WorkflowTest",
        "metadata": {key: asked.text(key) for key in ("name", "description", "owner")},
        "spec": {"given": {"score": _score(asked, product)}, "tests": tests},
    }
    path = f"{folder}/tests/{called}.yaml"
    rule = asked.surroundings.policies.allowed_product_workflows
    remarks = ["Nothing in a test is executed: steps give what `fakes` say, or texts in the place of their outputs."]
    if product and rule is not None and identity not in rule.value:
        remarks.append(f"It fails until the platform team allows {identity}: no policy may refuse what a test plans.")
    return Creation(
        (new_document(path, "WorkflowTest", data),), remarks=tuple(remarks), commands=(f"innominatus-ctl test {path}",)
    )


def _problem(asked: Asked, value: str) -> str:
    if not asked.surroundings.workflows:
        return "there is no workflow yet: `innominatus-ctl new workflow` makes one"
    known = sorted(asked.surroundings.workflows)
    return "" if value in known else f"there is {either(known)}"


WORKFLOW_TEST: Final = Kind(
    "workflow-test",
    "A test of a workflow, which stands beside it.",
    r"""Write a test of a workflow: what a deployment does with it, and in which order. It passes as it is.

    \b
    Examples:
      innominatus-ctl new workflow-test
      innominatus-ctl new workflow-test catalog --workflow storefront/setup
    """,
    (
        name("Its name, and its file's", "workflows", name_problem),
        Question(
            "workflow",
            "The workflow that it is about",
            _default_workflow,
            _problem,
            choices=lambda asked: sorted(asked.surroundings.workflows),
        ),
        description(
            "What it holds, in one sentence", lambda asked: f"What deployments do with {asked.text('workflow')}"
        ),
        owner(_product),
    ),
    _make,
)
