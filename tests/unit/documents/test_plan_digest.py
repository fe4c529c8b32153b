"""A plan's digest is that of what it holds now, however often it was asked for before."""

from innominatus_cli.documents.canonical import digest
from innominatus_cli.documents.plan import Application, Plan
from innominatus_cli.documents.vocabulary import Operation


def test_a_copy_with_other_content_has_another_digest() -> None:
    plan = Plan(
        operation=Operation.DEPLOY, application=Application(name="shop"), environment="dev", sources=[], inputs=[],
        workflows=[], steps=[],
    )  # fmt: skip
    assert plan.digest == plan.digest == digest(plan.as_json())
    other = plan.model_copy(update={"environment": "prod"})
    assert other.digest == digest(other.as_json()) != plan.digest
    assert Plan.model_validate_json(plan.canonical).digest == plan.digest
    assert plan == Plan.model_validate_json(plan.canonical)
