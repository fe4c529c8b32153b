"""Workflows and products: a valid first step of every type, and the list of allowed workflows."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from innominatus_cli.documents.schemas import step_type_names
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.creation.files import Creation, write_creation
from innominatus_cli.operations.creation.first_steps import example_of

COMMENTED = "  allowedProductWorkflows:  # ours\n    - storefront/database-setup  # first\n"
Make = Callable[..., Creation]
Strict = Callable[[], list[str]]


@pytest.fixture
def every_type_allowed(repository: Path) -> None:
    config = repository / "admin-config.yaml"
    text = config.read_text()
    start, end = text.index("  allowedStepTypes:"), text.index("  security:")
    config.write_text(text[:start] + text[end:])


@pytest.mark.usefixtures("every_type_allowed")
@pytest.mark.parametrize("step_type", step_type_names())
def test_a_first_step_of_every_type_validates_strictly(
    make: Make, repository: Path, strict: Strict, step_type: str
) -> None:
    creation = make("workflow", name="first", product="storefront", step_type=step_type, allow="yes")
    write_creation(repository, creation)

    assert strict() == []
    steps = yaml.safe_load((repository / "workflows/products/storefront/first.yaml").read_text())["spec"]["steps"]
    assert [step["type"] for step in steps] == [step_type]


def test_two_steps_of_one_type_have_names_of_their_own(make: Make, repository: Path, strict: Strict) -> None:
    creation = make("workflow", name="twice", tier="platform", step_type=("script", "validation", "script"))
    write_creation(repository, creation)

    steps = yaml.safe_load(creation.files[0].text)["spec"]["steps"]
    assert [step["name"] for step in steps] == ["script", "validation", "script-2"]
    assert strict() == []


@pytest.mark.parametrize(
    ("tier", "path", "trigger"),
    [
        ("product", "workflows/products/storefront/new-one.yaml", ["product_deployment"]),
        ("platform", "workflows/platform/new-one.yaml", ["all_deployments"]),
        ("reusable", "workflows/reusable/new-one.yaml", None),
    ],
)
def test_a_tier_has_its_folder_and_its_trigger(make: Make, tier: str, path: str, trigger: list[str] | None) -> None:
    file = make("workflow", name="new-one", tier=tier).files[0]

    assert file.path == path
    assert yaml.safe_load(file.text)["spec"].get("triggers") == trigger


def test_the_phase_is_where_steps_of_the_type_belong(make: Make) -> None:
    def phase(*types: str) -> str:
        text = make("workflow", name="x", tier="platform", step_type=types).files[0].text
        return str(yaml.safe_load(text)["metadata"]["phase"])

    assert phase("security") == "pre-deployment"
    assert phase("script") == "deployment"
    assert phase("resource-provisioning", "validation") == "post-deployment"


def test_the_owner_is_whom_the_product_s_workflows_name(make: Make) -> None:
    assert "owner: storefront-team" in make("workflow", name="x", product="storefront").files[0].text
    assert "owner: cards-team" in make("product", name="cards").files[0].text


def test_people_are_told_what_the_platform_team_has_to_add_and_where(make: Make, repository: Path) -> None:
    creation = make("product", name="cards")

    lines = (repository / "admin-config.yaml").read_text().splitlines()
    line = lines.index("  allowedProductWorkflows:") + 1
    assert creation.edited == ()
    assert f"`- cards/setup` to allowedProductWorkflows at admin-config.yaml:{line}." in creation.remarks[0]


def test_nobody_is_told_of_a_list_that_there_is_not(make: Make, repository: Path) -> None:
    config = repository / "admin-config.yaml"
    config.write_text(config.read_text().replace("  allowedProductWorkflows:\n    - storefront/database-setup\n", ""))

    creation = make("product", name="cards", allow="yes")
    assert creation.edited == ()
    assert creation.remarks == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"{COMMENTED}    # last word\n",
            f"{COMMENTED}    - cards/setup\n    # last word\n",
        ),
        (
            "  allowedProductWorkflows:\n  - storefront/database-setup\n",
            "  allowedProductWorkflows:\n  - storefront/database-setup\n  - cards/setup\n",
        ),
        (
            "  allowedProductWorkflows: [storefront/database-setup]  # few\n",
            "  allowedProductWorkflows: [storefront/database-setup, cards/setup]  # few\n",
        ),
        ("  allowedProductWorkflows: []\n", "  allowedProductWorkflows: [cards/setup]\n"),
        (
            '  "allowedProductWorkflows": [ "storefront/database-setup" ]\n',
            '  "allowedProductWorkflows": [ "storefront/database-setup", cards/setup]\n',
        ),
        (
            "  allowedProductWorkflows:\r\n    - storefront/database-setup\r\n",
            "  allowedProductWorkflows:\r\n    - storefront/database-setup\r\n    - cards/setup\r\n",
        ),
    ],
)
def test_allow_adds_one_entry_and_keeps_everything_else(
    make: Make, repository: Path, strict: Strict, before: str, after: str
) -> None:
    config = repository / "admin-config.yaml"
    text = config.read_text()
    old = "  allowedProductWorkflows:\n    - storefront/database-setup\n"
    assert old in text
    config.write_bytes(text.replace(old, before).encode())

    written = write_creation(repository, make("product", name="cards", allow="yes"))
    assert {file.path: file.how for file in written}["admin-config.yaml"] == "edited"
    assert config.read_bytes() == text.replace(old, after).encode()
    assert [found for found in strict() if "cards" in found] == []


@pytest.mark.parametrize(
    "written",
    [
        "  allowedProductWorkflows: [\n    storefront/database-setup]\n",
        "  allowedProductWorkflows:\n    - >-\n      storefront/database-setup\n",
        "  allowedProductWorkflows: &names [storefront/database-setup]\n  requiredPlatformWorkflows: *names\n",
    ],
)
def test_a_list_of_another_shape_is_left_to_people(make: Make, repository: Path, written: str) -> None:
    config = repository / "admin-config.yaml"
    text = config.read_text().replace("  requiredPlatformWorkflows:\n    - security-scan\n", "")
    text = text.replace("  allowedProductWorkflows:\n    - storefront/database-setup\n", written)
    config.write_text(text)

    with pytest.raises(CannotContinue) as stopped:
        make("product", name="cards", allow="yes")
    assert stopped.value.findings[0].code.number == "ORC-2190"
    assert config.read_text() == text


def test_a_list_in_another_document_is_told_and_not_edited(make: Make, repository: Path) -> None:
    policies = repository / "workflows/policies/more.yaml"
    policies.parent.mkdir()
    policies.write_text(
        "apiVersion: workflow.dev/v1\nkind: WorkflowPolicies\nmetadata: {name: more}\n"
        "spec:\n  allowedProductWorkflows: [storefront/database-setup]\n"
    )

    creation = make("product", name="cards", allow="yes")
    assert [file.path for file in creation.edited] == ["admin-config.yaml"]
    assert [remark.rpartition(" at ")[2] for remark in creation.remarks] == ["workflows/policies/more.yaml:5."]


def test_a_step_of_the_repository_s_own_type_gets_the_inputs_that_it_needs(
    make: Make, repository: Path, strict: Strict
) -> None:
    write_creation(repository, make("step-type", name="greet", input=("name", "place")))
    config = repository / "admin-config.yaml"
    config.write_text(config.read_text().replace("    - script\n", "    - script\n    - greet\n"))

    creation = make("workflow", name="hello", tier="platform", step_type="greet")
    write_creation(repository, creation)
    step = yaml.safe_load(creation.files[0].text)["spec"]["steps"][0]
    assert step["config"] == {"name": "change-me", "place": "change-me"}
    assert strict() == []


def test_examples_of_a_schema_are_what_it_allows() -> None:
    schema = {
        "required": ["size", "on", "mode", "tags", "inner", "fixed"],
        "properties": {
            "size": {"type": "integer", "minimum": 3},
            "on": {"type": "boolean"},
            "mode": {"enum": ["fast", "slow"]},
            "tags": {"type": "array", "minItems": 1, "items": {"type": "string"}},
            "inner": {"type": "object", "required": ["a"], "properties": {"a": {"default": 7}}},
            "fixed": {"const": "x"},
        },
    }

    assert example_of(schema) == {
        "size": 3,
        "on": False,
        "mode": "fast",
        "tags": ["change-me"],
        "inner": {"a": 7},
        "fixed": "x",
    }
