from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.discovery import (
    golden_paths,
    products,
    shown_workflow,
    workflow_named,
    workflows_by_product,
    workflows_of,
)
from innominatus_cli.reports.listing import listing_text
from innominatus_cli.reports.products import golden_paths_listing

Make = Callable[[Mapping[str, str]], Repository]


@pytest.fixture
def repository(tmp_path: Path) -> Make:
    """A repository of these files."""

    def make(files: Mapping[str, str]) -> Repository:
        for path, text in files.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return Repository(WorkingTreeSnapshot(tmp_path))

    return make


def workflow(product: str, name: str, phase: str = "deployment", steps: str = "") -> dict[str, str]:
    """A product workflow of one step, or of these."""
    written = steps or "    - {name: only, type: script, config: {script: 'true'}}\n"
    return {
        f"workflows/products/{product}/{name}.yaml": (
            "apiVersion: workflow.dev/v1\nkind: ProductWorkflow\n"
            f"metadata: {{name: {name}, product: {product}, phase: {phase}, owner: {product}-team}}\n"
            f"spec:\n  triggers: [product_deployment]\n  steps:\n{written}"
        )
    }


def listed(*identities: str) -> dict[str, str]:
    """An admin-config.yaml that allows these."""
    return {"admin-config.yaml": f"workflowPolicies: {{allowedProductWorkflows: [{', '.join(identities)}]}}\n"}


PLATFORM = {
    "workflows/platform/security-scan.yaml": (
        "apiVersion: workflow.dev/v1\nkind: PlatformWorkflow\n"
        "metadata: {name: security-scan, phase: pre-deployment}\n"
        "spec: {triggers: [all_deployments], steps: [{name: scan, type: security, config: {scanner: builtin}}]}\n"
    )
}


def test_allowed_products_come_first_then_those_with_most_workflows_then_by_name(repository: Make) -> None:
    found = products(
        repository(
            {
                **listed("b/one", "c/one", "d/one"),
                **workflow("a", "one"),
                **workflow("a", "two"),
                **workflow("b", "one"),
                **workflow("c", "one"),
                **workflow("d", "one"),
                **workflow("d", "two"),
            }
        )
    )
    assert [(p["product"], p["workflow_count"], p["allowed_count"]) for p in found] == [
        ("d", 2, 1),
        ("b", 1, 1),
        ("c", 1, 1),
        ("a", 2, 0),
    ]
    assert found[-1]["reason"] == "not in allowedProductWorkflows"


def test_without_the_list_every_product_is_allowed(repository: Make) -> None:
    assert [p["allowed"] for p in products(repository(workflow("a", "one")))] == [True]


def test_a_product_whose_only_file_cannot_be_read_is_listed_and_the_finding_kept(repository: Make) -> None:
    made = repository({"workflows/products/a/broken.yaml": "kind: ProductWorkflow\nsteps: [\n"})
    (product,) = products(made)
    assert (product["workflow_count"], product["allowed"]) == (0, False)
    assert [finding.place.path for finding in made.findings] == ["workflows/products/a/broken.yaml"]


def test_workflows_are_in_the_order_of_phases_then_names(repository: Make) -> None:
    made = repository(
        {
            **workflow("a", "z", "pre-deployment"),
            **workflow("a", "y", "post-deployment"),
            **workflow("a", "x"),
            **workflow("a", "w"),
        }
    )
    assert [one["name"] for one in workflows_of(made, "a")] == ["z", "w", "x", "y"]
    assert [product for product, _ in workflows_by_product(made)] == ["a"]


def test_an_unknown_product_ends_the_command_with_near_names(repository: Make) -> None:
    with pytest.raises(CannotContinue) as ended:
        workflows_of(repository(workflow("ecommerce", "one")), "ecomerce")
    assert ended.value.findings[0].code.number == "ORC-2092"
    assert ended.value.findings[0].help == "Did you mean 'ecommerce'?"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a/one", "a/one"),
        ("two", "b/two"),
        ("security-scan", "security-scan"),
        ("workflows/products/a/one.yaml", "a/one"),
    ],
)
def test_a_workflow_is_named_by_identity_name_or_file(repository: Make, name: str, found: str) -> None:
    made = repository({**PLATFORM, **workflow("a", "one"), **workflow("b", "two")})
    assert shown_workflow(made, name)["identity"] == found


@pytest.mark.parametrize(
    ("name", "message", "remedy"),
    [
        ("one", "'one' names 2 workflows", "Name one of a/one, b/one."),
        ("security-scam", "there is no workflow 'security-scam'", "Did you mean 'security-scan'?"),
    ],
)
def test_a_name_of_none_or_of_several_ends_the_command(repository: Make, name: str, message: str, remedy: str) -> None:
    made = repository({**PLATFORM, **workflow("a", "one"), **workflow("b", "one")})
    with pytest.raises(CannotContinue) as ended:
        workflow_named(made, name)
    assert [(finding.message, finding.help) for finding in ended.value.findings] == [(message, remedy)]


def test_shown_steps_are_in_the_order_in_which_they_run_and_say_what_they_wait_for(repository: Make) -> None:
    steps = (
        "    - {name: last, type: script, dependsOn: [first], config: {script: 'true'}}\n"
        "    - {name: first, type: script, dependsOn: [], config: {script: 'true'}}\n"
        "  finally:\n"
        "    - {name: tidy, type: script, config: {script: 'true'}}\n"
    )
    shown = shown_workflow(repository(workflow("a", "one", steps=steps)), "a/one")
    assert [(step["name"], step["needs"], step["finally"]) for step in shown["steps"]] == [
        ("first", [], False),
        ("last", ["first"], False),
        ("tidy", [], True),
    ]
    assert shown["step_count"] == 3
    assert shown["content"].startswith("apiVersion: workflow.dev/v1")


def test_shown_says_whether_it_is_allowed_and_why(repository: Make) -> None:
    made = repository({**PLATFORM, **listed("a/one"), **workflow("a", "one"), **workflow("a", "two")})
    reasons = {
        name: (shown_workflow(made, name)["allowed"], shown_workflow(made, name)["reason"])
        for name in ("a/one", "a/two", "security-scan")
    }
    assert reasons == {
        "a/one": (True, "listed at admin-config.yaml:1:46"),
        "a/two": (False, "not in allowedProductWorkflows, admin-config.yaml:1:20"),
        "security-scan": (True, "only product workflows need to be listed"),
    }


def test_shown_is_not_allowed_where_a_step_type_is_not(repository: Make) -> None:
    made = repository(
        {"admin-config.yaml": "workflowPolicies: {allowedStepTypes: [kubernetes]}\n", **workflow("a", "one")}
    )
    shown = shown_workflow(made, "a/one")
    assert (shown["allowed"], shown["reason"]) == (False, "the type of only is not in allowedStepTypes")


def test_golden_paths_say_which_parameters_they_require(repository: Make) -> None:
    made = repository(
        {
            "workflows/golden-paths/preview.yaml": (
                "apiVersion: workflow.dev/v1\nkind: GoldenPath\n"
                "metadata: {name: preview, description: A preview, tags: [test]}\n"
                "spec: {parameters: {ttl: {type: duration, required: true}, size: {default: small}}}\n"
            )
        }
    )
    (path,) = golden_paths(made)
    assert (path["name"], path["description"], path["tags"]) == ("preview", "A preview", ["test"])
    assert path["required_parameters"] == ["ttl"]
    assert path["parameters"]["size"]["default"] == "small"


def test_versions_of_a_golden_path_stand_in_their_order(repository: Make) -> None:
    versions = ("1.10.0", "1.9.0", "1.10.0-rc.1", "soon")
    made = repository(
        {
            f"workflows/golden-paths/preview-{number}.yaml": (
                "apiVersion: workflow.dev/v1\nkind: GoldenPath\n"
                f"metadata: {{name: preview, version: {version}, description: A preview}}\nspec: {{}}\n"
            )
            for number, version in enumerate(versions)
        }
    )
    found = golden_paths(made)
    assert [path["version"] for path in found if path["version"] != "soon"] == ["1.9.0", "1.10.0-rc.1", "1.10.0"]
    assert "1.10.0-rc.1" in listing_text(golden_paths_listing(found), "table")


@pytest.mark.parametrize(
    ("name", "file"),
    [("shop/seed", "seed-2.yaml"), ("seed", "seed-2.yaml"), ("shop/seed@^1", "seed.yaml"), ("seed@1.0.0", "seed.yaml")],
)
def test_of_several_versions_the_newest_is_named_or_one_of_a_range(repository: Make, name: str, file: str) -> None:
    made = repository(VERSIONS)
    assert workflow_named(made, name).document.path == f"workflows/products/shop/{file}"


def test_a_version_that_is_not_there_is_told_with_those_that_are(repository: Make) -> None:
    with pytest.raises(CannotContinue) as found:
        workflow_named(repository(VERSIONS), "shop/seed@^3")
    (finding,) = found.value.findings
    assert (finding.code.number, finding.help) == ("ORC-3124", "There is 1.0.0, 2.0.0.")


VERSIONS = {
    f"workflows/products/shop/seed{suffix}.yaml": (
        "apiVersion: workflow.dev/v1\nkind: ProductWorkflow\n"
        f"metadata: {{name: seed, version: {version}, product: shop, owner: o, description: d, phase: deployment}}\n"
        "spec: {triggers: [manual], steps: [{name: a, type: script, config: {script: make}}]}\n"
    )
    for suffix, version in (("", "1.0.0"), ("-2", "2.0.0"))
}
