"""A Score file with overrides: what is validated, planned, deployed and recorded is the overridden workload."""

from typing import Any

import pytest

SCORE = """\
    apiVersion: score.dev/v1b1
    metadata: {name: shop}
    containers:
      web:
        image: registry.example.com/shop:1.0.0
        variables: {MODE: development, DEBUG: "true"}
    """
OVERRIDES = """\
    containers:
      web:
        image: registry.example.com/shop:2.0.0
        variables: {MODE: production, DEBUG: null}
    """


@pytest.fixture
def shop(workshop: Any) -> Any:
    workshop.write("score.yaml", SCORE)
    workshop.write("overrides.prod.yaml", OVERRIDES)
    workshop.write("admin-config.yaml", "workflowPolicies: {}\n")
    workshop.commit()
    return workshop


def test_a_run_deploys_the_overridden_workload_and_its_plan_says_so(shop: Any) -> None:
    options = ["--overrides-file", "overrides.prod.yaml", "--override-property", "containers.web.args=[serve]"]
    planned = shop("plan", "score.yaml", "--digest", *options)
    told = shop("run", "deploy-app", "score.yaml", *options, "-o", "json")
    assert told.status == 0, told.all
    (record,) = shop.records("run")
    assert record["plan"] == planned.out.strip()
    assert record["dirty"] is False
    (path,) = [one for one in shop.git("ls-files").splitlines() if one.endswith("deploy-application.yaml")]
    manifest = (shop.folder / path).read_text(encoding="utf-8")
    assert 'image: "registry.example.com/shop:2.0.0"' in manifest
    assert "- serve" in manifest
    assert "value: production" in manifest
    assert "DEBUG" not in manifest
    assert shop("plan", "score.yaml", "--digest").out != planned.out


def test_an_uncommitted_overrides_file_makes_the_record_dirty(shop: Any) -> None:
    shop.write("overrides.prod.yaml", OVERRIDES.replace("2.0.0", "2.0.1"))
    assert shop("deploy", "score.yaml", "--overrides-file", "overrides.prod.yaml").status == 0
    (record,) = shop.records("run")
    assert record["dirty"] is True


def test_a_wrong_override_runs_nothing_and_is_told_at_its_place(shop: Any) -> None:
    told = shop("deploy", "score.yaml", "--override-property", "containers.web.image.x=1")
    assert told.status == 1, told.all
    assert told.err.splitlines()[:3] == [
        "--override-property:1:22: error ORC-2102: nothing can be inside 'image', which is a string",
        "    1 | containers.web.image.x=1",
        "      |                      ^",
    ]
    assert shop.records("run") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "--override-property", "metadata.team=x"],
        ["validate", ".", "--overrides-file", "overrides.prod.yaml"],
        ["validate", "score.yaml", "score.yaml", "--overrides-file", "overrides.prod.yaml"],
        ["validate", "admin-config.yaml", "--overrides-file", "overrides.prod.yaml"],
        ["plan", "--override-property", "metadata.team=x"],
        ["run", "deploy-app", "--override-property", "metadata.team=x"],
    ],
)
def test_overrides_without_exactly_one_score_file_are_wrong_usage(shop: Any, arguments: list[str]) -> None:
    told = shop(*arguments)
    assert told.status == 2, told.all
    assert "Error:" in told.err


def test_validate_shows_the_line_of_an_override(shop: Any) -> None:
    shop.write("overrides.prod.yaml", "containers: {web: {image: 5}}\n")
    told = shop("validate", "score.yaml", "--overrides-file", "overrides.prod.yaml")
    assert told.status == 1, told.all
    assert told.out.splitlines()[:3] == [
        "overrides.prod.yaml:1:27: error ORC-1035: 'image' must be a string, not an integer",
        "    1 | containers: {web: {image: 5}}",
        "      |                           ^",
    ]


@pytest.fixture
def tried(shop: Any) -> Any:
    """The shop with a product whose workflow failed once, and with a manual one."""
    shop.write("score.yaml", SCORE.replace("{name: shop}", "{name: shop, product: store}"))
    workflow = """\
        apiVersion: workflow.dev/v1
        kind: ProductWorkflow
        metadata: {{name: {name}, description: Works, owner: team, product: store, phase: {phase}}}
        spec:
          triggers: [{trigger}]
          timeout: 1m
          steps:
            - name: {name}
              type: script
              config: {{script: "{script}"}}
        """
    work = {"name": "work", "phase": "pre-deployment", "trigger": "product_deployment", "script": "exit 1"}
    extra = {"name": "extra", "phase": "deployment", "trigger": "manual", "script": "true"}
    for one in (work, extra):
        shop.write(f"workflows/products/store/{one['name']}.yaml", workflow.format(**one))
    shop.commit()
    options = ["--override-property", "containers.web.args=[serve]", "--overrides-file", "overrides.prod.yaml"]
    assert shop("deploy", "score.yaml", "--workflow", "store/extra", *options).status == 4
    shop.write("workflows/products/store/work.yaml", workflow.format(**{**work, "script": "true"}))
    shop.commit()
    return shop


def test_another_clone_that_accepts_changes_goes_on_with_what_was_asked_for(tried: Any) -> None:
    tried.git("clone", "-q", ".", "../other")
    other = type(tried)(tried.folder.parent / "other")
    told = other("resume", "latest", "--accept-changes")
    assert told.status == 0, told.all
    record = other.records("resume")[0]
    assert "deployment/product/store/extra/extra" in [step["step"] for step in record["steps"]]
    (path,) = [one for one in other.git("ls-files").splitlines() if one.endswith("deploy-application.yaml")]
    manifest = (other.folder / path).read_text(encoding="utf-8")
    assert 'image: "registry.example.com/shop:2.0.0"' in manifest
    assert "- serve" in manifest


def test_a_redeployment_has_the_overrides_file_of_the_last_one(tried: Any) -> None:
    assert tried("resume", "latest", "--accept-changes").status == 0
    told = tried("redeploy", "shop")
    assert told.status == 0, told.all
    first, again = tried.records("resume")[0], tried.records("run")[-1]
    assert first["run"] < again["run"]
    assert first["plan"] == again["plan"]
