"""What is said of names that are not on an allow-list: of a plan by `judge`, of a file by validation."""

from innominatus_cli.findings.catalogue import policy as codes
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.policies.rules import Rule

Names = tuple[str, ...]


def step_type_refusal(name: str, type_name: str, place: Place, rule: Rule[Names]) -> Finding:
    """A step of a type that is not on the list."""
    near = did_you_mean(type_name, rule.value)
    return Finding(
        codes.STEP_TYPE_NOT_ALLOWED,
        f"step '{name}' is of type '{type_name}', which is not in allowedStepTypes{f'; {near}' if near else ''}",
        place,
        related=rule.leaves_out(type_name),
    )


def product_workflow_refusal(identity: str, place: Place, rule: Rule[Names]) -> Finding:
    """A product workflow that is not on the list, in a plan."""
    return Finding(
        codes.PRODUCT_WORKFLOW_NOT_ALLOWED,
        f"product workflow '{identity}' is not in allowedProductWorkflows{'' if rule.value else ', which allows none'}",
        place,
        related=rule.leaves_out(identity),
    )


def not_on_allow_list(identity: str, place: Place, rule: Rule[Names]) -> Finding:
    """The early warning of the same, to who writes the workflow."""
    return Finding(
        codes.NOT_ON_ALLOW_LIST,
        f"workflow '{identity}' is not in admin-config.yaml allowedProductWorkflows",
        place,
        related=rule.leaves_out(identity),
    )
