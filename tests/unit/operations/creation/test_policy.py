"""Policies: what is said in a document is said in words too."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from innominatus_cli.operations.creation.files import Creation, write_creation
from innominatus_cli.operations.creation.policy import POLICY
from innominatus_cli.operations.creation.questions import Asked, problem_with
from innominatus_cli.operations.creation.surroundings import Surroundings

OTHER_TYPES = (
    "As it stands, storefront/database-setup would be refused: it has steps of the type database-migration, "
    "resource-provisioning, vault-setup."
)
Make = Callable[..., Creation]


@pytest.fixture
def unrestricted(repository: Path) -> None:
    """A repository whose admin-config says nothing about workflows."""
    config = repository / "admin-config.yaml"
    text = config.read_text()
    start, end = text.index("workflowPolicies:"), text.index("# Members are")
    config.write_text(text[:start] + text[end:])


@pytest.mark.usefixtures("unrestricted")
def test_every_rule_is_written_and_told(make: Make, repository: Path, strict: Callable[[], list[str]]) -> None:
    creation = make(
        "policy",
        name="limits",
        max_steps="2",
        max_duration="90m",
        max_concurrent="1",
        allow_step_type=("security", "script"),
        require_workflow="security-scan",
        require_approval="production",
        allow_executor="developers",
    )
    write_creation(repository, creation)

    assert yaml.safe_load(creation.files[0].text)["spec"] == {
        "allowedStepTypes": ["security", "script"],
        "requiredPlatformWorkflows": ["security-scan"],
        "maxStepsPerWorkflow": 2,
        "maxConcurrentWorkflows": 1,
        "maxWorkflowDuration": "90m",
        "security": {"requireApproval": ["production"], "allowedExecutors": ["developers"]},
    }
    assert creation.remarks == (
        "It refuses a workflow with more than 2 steps.",
        "It refuses a workflow that says it takes longer than 1h30m, and stops one that does.",
        "It lets 1 workflow run at once, and the others wait.",
        "It refuses every step of another type than security, script.",
        "It refuses a deployment without security-scan.",
        "It refuses a run in production that nobody has approved.",
        "It refuses a run by anybody outside of the team developers.",
        OTHER_TYPES,
        "As it stands, storefront/database-setup would be refused: it has 3 steps.",
    )
    assert [found for found in strict() if "limits.yaml" in found] == []


@pytest.mark.parametrize(
    ("question", "value", "problem"),
    [
        ("max-steps", "0", "is no number over 0"),
        ("max-steps", "many", "is no number over 0"),
        ("max-steps", "10", "ORC-4020"),
        ("max-steps", "20", ""),
        ("max-duration", "soon", "soon"),
        ("max-duration", "0s", "longer than nothing"),
        ("allow-step-type", "scrpt", "did you mean 'script'?"),
        ("allow-step-type", "script", "ORC-4020"),
        ("require-workflow", "security-scn", "did you mean 'security-scan'?"),
        ("require-approval", "prod", "did you mean 'production'?"),
        ("allow-executor", "developer", "did you mean 'developers'?"),
    ],
)
def test_an_answer_is_held_against_the_repository(repository: Path, question: str, value: str, problem: str) -> None:
    asked = Asked(Surroundings.around(repository), {"name": ("limits",)})
    wanted = next(one for one in POLICY.questions if one.name == question)

    found = problem_with(POLICY, asked, wanted, (value,))
    assert problem in found
    assert bool(found) == bool(problem)


def test_a_workflow_that_does_not_always_run_cannot_be_required(repository: Path) -> None:
    scan = repository / "workflows/platform/security-scan.yaml"
    scan.with_name("manual.yaml").write_text(
        scan.read_text().replace("name: security-scan", "name: manual").replace("- all_deployments", "- manual")
    )
    asked = Asked(Surroundings.around(repository), {"name": ("limits",)})
    wanted = next(one for one in POLICY.questions if one.name == "require-workflow")

    assert "ORC-2027" in problem_with(POLICY, asked, wanted, ("manual",))


def test_a_policy_without_a_rule_says_that_it_refuses_nothing(make: Make) -> None:
    assert make("policy", name="limits").remarks == ("It refuses nothing: no rule was given.",)
