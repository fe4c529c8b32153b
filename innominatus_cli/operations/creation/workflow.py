"""`new workflow` and `new product`: a workflow with a first step of each wanted type, in its tier's folder."""

from typing import Any, Final

from innominatus_cli.documents.vocabulary import PHASES, Phase, Trigger
from innominatus_cli.operations.creation.allowing import allow
from innominatus_cli.operations.creation.files import Creation, NewFile, new_document
from innominatus_cli.operations.creation.first_steps import Setting, first_steps
from innominatus_cli.operations.creation.questions import (
    Answer,
    Asked,
    Kind,
    Question,
    as_words,
    description,
    name,
    name_problem,
    owner,
    product_problem,
)
from innominatus_cli.policies.rules import Rule

_API: Final = "workflow.dev/v1"
_TIERS: Final = ("product", "platform", "reusable")
_KINDS: Final = {"product": "ProductWorkflow", "platform": "PlatformWorkflow", "reusable": "Workflow"}
_FIRST_PHASE: Final = {
    "resource-provisioning": Phase.PRE_DEPLOYMENT,
    "database-migration": Phase.PRE_DEPLOYMENT,
    "database-schema": Phase.PRE_DEPLOYMENT,
    "vault-setup": Phase.PRE_DEPLOYMENT,
    "security": Phase.PRE_DEPLOYMENT,
    "policy": Phase.POST_DEPLOYMENT,
    "validation": Phase.POST_DEPLOYMENT,
    "monitoring": Phase.POST_DEPLOYMENT,
    "cost-analysis": Phase.POST_DEPLOYMENT,
    "notification": Phase.POST_DEPLOYMENT,
    "test": Phase.POST_DEPLOYMENT,
}
"""Where a type of step mostly belongs; `deployment` for the others."""


def _default_tier(asked: Asked) -> Answer:
    return ("product",) if asked.surroundings.products or asked.answers.get("product") else ("platform",)


def _is_product(asked: Asked) -> bool:
    return asked.text("tier") == "product"


def _has_tier(asked: Asked) -> bool:
    return asked.text("tier") != "reusable"


def _identity(asked: Asked) -> str:
    """`<product>/<workflow>` of what is made; empty for a workflow of no product."""
    if "tier" not in asked.answers:
        return f"{asked.text('name')}/{asked.text('workflow')}"
    return f"{asked.text('product')}/{asked.text('name')}" if _is_product(asked) else ""


def _default_phase(asked: Asked) -> Answer:
    phases = [_FIRST_PHASE.get(used, Phase.DEPLOYMENT) for used in asked.texts("step-type")]
    return (max(phases, key=PHASES.index).value,) if phases else (Phase.DEPLOYMENT.value,)


def _default_step_type(asked: Asked) -> Answer:
    known = asked.surroundings.step_types
    return ("script",) if "script" in known else tuple(known[:1])


def _type_not_allowed(asked: Asked, value: str) -> str:
    rule = asked.surroundings.policies.allowed_step_types
    if rule is None or value in rule.value or value not in asked.surroundings.known_step_types:
        return ""
    place = f"{rule.place.path}:{rule.place.line}"
    return f"step type '{value}' is not allowed here: it is not in allowedStepTypes at {place}"


def _default_trigger(asked: Asked) -> Answer:
    platform = asked.text("tier") == "platform"
    return ((Trigger.ALL_DEPLOYMENTS if platform else Trigger.PRODUCT_DEPLOYMENT).value,)


def _default_description(asked: Asked) -> str:
    words = as_words(_identity(asked).rpartition("/")[2] or asked.text("name"))
    product = _product(asked)
    where = f"applications of {product}" if product else "every deployment" if _has_tier(asked) else "other workflows"
    return f"{words[:1].upper()}{words[1:]} for {where}"


def _product(asked: Asked) -> str:
    return _identity(asked).rpartition("/")[0]


def _list_that_lacks(asked: Asked) -> Rule[tuple[str, ...]] | None:
    """The list of allowed product workflows, where there is one and it lacks what is made."""
    rule = asked.surroundings.policies.allowed_product_workflows
    identity = _identity(asked)
    return rule if rule is not None and identity and identity not in rule.value else None


def _may_be_allowed(asked: Asked) -> bool:
    return _list_that_lacks(asked) is not None


BODY: Final = (
    Question(
        "step-type",
        "What its steps do: a step of each type is written",
        _default_step_type,
        choices=lambda asked: asked.surroundings.step_types,
        withheld=_type_not_allowed,
        several=True,
        at=("/spec/steps",),
    ),
    Question(
        "phase",
        "When in a deployment it runs",
        _default_phase,
        choices=lambda _asked: PHASES,
        shown="|".join(PHASES),
        applies=_has_tier,
        at=("/metadata/phase",),
    ),
    Question(
        "trigger",
        "What brings it into a deployment",
        _default_trigger,
        choices=lambda _asked: tuple(Trigger),
        shown="|".join(Trigger),
        applies=_has_tier,
        several=True,
        at=("/spec/triggers",),
    ),
    description("What it is for, in one sentence", _default_description),
    owner(_product),
    Question(
        "allow",
        "Add it to allowedProductWorkflows in admin-config.yaml (the platform team's to decide)",
        applies=_may_be_allowed,
        switch=True,
    ),
)
"""What is asked about every workflow, whichever folder it goes to."""


def _new_product_problem(asked: Asked, value: str) -> str:
    if ".." in value:
        return "'..' cannot stand in a product's name"
    if value in asked.surroundings.products:
        return f"there is a product '{value}' already: `new workflow --product {value}` adds a workflow to it"
    return name_problem(asked, value)


def _workflow_data(
    asked: Asked, kind: str, called: str, product: str, folder: str
) -> tuple[dict[str, Any], list[NewFile]]:
    """The document, and the files that its steps read."""
    steps, files = first_steps(asked.texts("step-type"), Setting(called, folder, asked.surroundings))
    metadata = {"name": called, "description": asked.text("description")}
    metadata |= {"product": product} if product else {}
    metadata |= {"owner": asked.text("owner")}
    spec: dict[str, Any] = {"steps": steps}
    if kind != "Workflow":
        metadata |= {"phase": asked.text("phase")}
        spec = {"triggers": list(asked.texts("trigger")), **spec}
    return {"apiVersion": _API, "kind": kind, "metadata": metadata, "spec": spec}, files


def _created(asked: Asked, kind: str, called: str, product: str, folder: str) -> Creation:
    data, files = _workflow_data(asked, kind, called, product, folder)
    path = f"{folder}/{called}.yaml"
    rule = _list_that_lacks(asked)
    edited, remarks = allow(asked.surroundings, _identity(asked), rule, write="yes" in asked.texts("allow"))
    commands = [f"innominatus-ctl validate {path}"]
    if kind == "ProductWorkflow":
        commands.append(f"innominatus-ctl show {product}/{called}")
        application = asked.surroundings.application_of(product)
        commands.append(f"innominatus-ctl test-product-workflow {path} {application} --dry-run")
    elif kind == "PlatformWorkflow":
        commands.append(f"innominatus-ctl show {called}")
    return Creation(
        (new_document(path, kind, data), *files),
        edited,
        tuple(remarks),
        tuple(commands),
    )


def _make_workflow(asked: Asked) -> Creation:
    tier, product = asked.text("tier"), asked.text("product")
    folders = {"product": f"products/{product}", "platform": "platform", "reusable": "reusable"}
    return _created(
        asked, _KINDS[tier], asked.text("name"), product, f"{asked.surroundings.workflows_root}/{folders[tier]}"
    )


def _make_product(asked: Asked) -> Creation:
    product = asked.text("name")
    folder = f"{asked.surroundings.workflows_root}/products/{product}"
    return _created(asked, "ProductWorkflow", asked.text("workflow"), product, folder)


WORKFLOW: Final = Kind(
    "workflow",
    "A workflow of a product, of the platform, or for others to use.",
    r"""Write a workflow of a product, of the platform, or for others to use.

    \b
    Examples:
      innominatus-ctl new workflow
      innominatus-ctl new workflow database-setup --product storefront --step-type resource-provisioning
      innominatus-ctl new workflow license-scan --tier platform --step-type security --phase pre-deployment
    """,
    (
        name("Its name, and its file's", "setup", name_problem),
        Question(
            "tier",
            "Whose it is",
            _default_tier,
            choices=lambda _asked: _TIERS,
            shown="|".join(_TIERS),
        ),
        Question(
            "product",
            "The product whose applications it runs for",
            lambda asked: tuple(asked.surroundings.products[:1]),
            product_problem,
            choices=lambda asked: asked.surroundings.products,
            applies=_is_product,
            required=True,
        ),
        *BODY,
    ),
    _make_workflow,
)
PRODUCT: Final = Kind(
    "product",
    "A product's folder with its first workflow.",
    r"""Write a product's folder with its first workflow, and say what the platform team has to allow.

    \b
    Examples:
      innominatus-ctl new product
      innominatus-ctl new product storefront
      innominatus-ctl new product storefront --workflow database-setup --step-type resource-provisioning --allow
    """,
    (
        name("Its name, and its folder's", "shop", _new_product_problem, "/metadata/product"),
        Question(
            "workflow",
            "The name of its first workflow",
            lambda _asked: ("setup",),
            name_problem,
            at=("/metadata/name",),
        ),
        *BODY,
    ),
    _make_product,
)
