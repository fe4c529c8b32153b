"""Golden paths, step types and providers."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from innominatus_cli.operations.creation.files import Creation, write_creation
from innominatus_cli.operations.creation.kinds import KINDS
from innominatus_cli.operations.creation.questions import Asked, problem_with
from innominatus_cli.operations.creation.surroundings import Surroundings

Make = Callable[..., Creation]
Strict = Callable[[], list[str]]


@pytest.mark.parametrize("operation", ["deploy", "undeploy", "task"])
def test_a_golden_path_of_every_operation_validates_strictly(
    make: Make, repository: Path, strict: Strict, operation: str
) -> None:
    creation = make("golden-path", name="preview", operation=operation)
    write_creation(repository, creation)

    assert strict() == []
    assert yaml.safe_load(creation.files[0].text)["spec"]["operation"] == operation


def test_a_task_gets_a_first_workflow_and_the_next_one_offers_it(make: Make, repository: Path) -> None:
    creation = make("golden-path", name="rotate", operation="task")
    write_creation(repository, creation)
    spec = yaml.safe_load(creation.files[0].text)["spec"]

    assert [file.path for file in creation.files] == [
        "workflows/golden-paths/rotate.yaml",
        "workflows/reusable/rotate.yaml",
    ]
    assert spec == {"operation": "task", "workflow": "workflows/reusable/rotate.yaml"}
    again = make("golden-path", name="rotate-again", operation="task")
    assert yaml.safe_load(again.files[0].text)["spec"]["workflow"] == "workflows/reusable/rotate.yaml"


def test_a_command_is_an_argument_list_that_nothing_splits_again(make: Make, repository: Path, strict: Strict) -> None:
    creation = make("step-type", name="greet", input="name", command="echo 'Hello, ${inputs.name}' done")
    write_creation(repository, creation)

    spec = yaml.safe_load(creation.files[0].text)["spec"]
    assert spec["command"] == ["echo", "Hello, ${inputs.name}", "done"]
    assert spec["inputs"]["required"] == ["name"]
    assert strict() == []


def test_a_provider_is_a_folder_whose_parts_fit(make: Make, repository: Path, strict: Strict) -> None:
    creation = make("provider", name="databases", resource_type="postgres")
    write_creation(repository, creation)
    assert strict() == []

    entry = yaml.safe_load(creation.remarks[1].split("`")[1])
    config = repository / "admin-config.yaml"
    config.write_text(config.read_text() + "\n" + yaml.safe_dump({"providers": entry}))
    assert strict() == []


@pytest.mark.parametrize(
    ("kind", "question", "value", "problem"),
    [
        ("golden-path", "name", "Deploy App", "must be a name"),
        ("golden-path", "operation", "destroy", "there is deploy, undeploy or task"),
        ("golden-path", "workflow", "workflows/none.yaml", "there is no file"),
        ("step-type", "name", "script", "built-in"),
        ("step-type", "input", "a b", "letters, digits and '_'"),
        ("step-type", "command", "echo 'x", "no closing quotation"),
        ("step-type", "command", " ", "a program must be named"),
        ("provider", "resource-type", "my type", "must be a name"),
        ("workflow", "name", "a/b", "must be a name"),
        ("workflow", "product", "storefrnt", "did you mean 'storefront'?"),
        ("workflow", "phase", "deploy", "did you mean 'deployment'?"),
        ("workflow", "trigger", "product_deploy", "did you mean 'product_deployment'?"),
        ("workflow", "step-type", "terrafrm", "there is no step type"),
        ("workflow", "step-type", "helm", "'helm' is not allowed here: it is not in allowedStepTypes"),
        ("workflow", "description", "  ", "something must be said here"),
        ("product", "name", "storefront", "new workflow --product storefront"),
        ("product", "name", "a..b", "'..' cannot stand"),
    ],
)
def test_a_wrong_answer_is_told_in_words(repository: Path, kind: str, question: str, value: str, problem: str) -> None:
    asked = Asked(Surroundings.around(repository), {"name": ("new-one",), "product": ("storefront",)})
    wanted = next(one for one in KINDS[kind].questions if one.name == question)

    assert problem in problem_with(KINDS[kind], asked, wanted, (value,))


def test_a_platform_workflow_cannot_wait_for_a_product(repository: Path) -> None:
    asked = Asked(Surroundings.around(repository), {"name": ("new-one",), "tier": ("platform",)})
    wanted = next(one for one in KINDS["workflow"].questions if one.name == "trigger")

    assert "ORC-2005" in problem_with(KINDS["workflow"], asked, wanted, ("product_deployment",))
