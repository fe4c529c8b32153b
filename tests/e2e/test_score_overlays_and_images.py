"""What differs by environment and by build: overlays beside the Score file, images from options and from workflows."""

import json
from typing import Any

import pytest

SCORE = """\
    apiVersion: score.dev/v1b1
    metadata: {name: shop, product: ecommerce}
    containers:
      web:
        image: .
        variables: {MODE: development, DEBUG: "true"}
    """
OVERLAY = """\
    containers:
      web:
        variables: {MODE: staging, DEBUG: null}
    """
IMAGE = "registry.example.com/shop:1.4.2"
BUILD = """\
    apiVersion: workflow.dev/v1
    kind: ProductWorkflow
    metadata: {name: image, description: Builds the image., product: ecommerce, owner: shop, phase: pre-deployment}
    spec:
      triggers: [product_deployment]
      outputs: {image: "${steps.build.outputs.image}"}
      steps:
        - name: build
          type: script
          config: {script: "echo OUTPUT_image=registry.example.com/shop@sha256:feed"}
          outputs: [image]
    """


@pytest.fixture
def shop(workshop: Any) -> Any:
    workshop.write("apps/score.yaml", SCORE)
    workshop.write("apps/score.overrides.staging.yaml", OVERLAY)
    workshop.write("workflows/products/ecommerce/image.yaml", BUILD)
    workshop.write("admin-config.yaml", "environments: {staging: {}, development: {}}\n")
    workshop.commit()
    return workshop


def _deployed(shop: Any, environment: str) -> str:
    begins = f".innominatus/manifests/shop/{environment}/"
    (path,) = [
        one
        for one in shop.git("ls-files").splitlines()
        if one.startswith(begins) and one.endswith("deploy-application.yaml")
    ]
    text: str = (shop.folder / path).read_text(encoding="utf-8")
    return text


def test_the_overlay_of_an_environment_counts_there_and_nowhere_else(shop: Any) -> None:
    for environment in ("staging", "development"):
        told = shop("run", "deploy-app", "apps/score.yaml", "--env", environment, "--image", f"web={IMAGE}")
        assert told.status == 0, told.all
    assert "value: staging" in _deployed(shop, "staging")
    assert "DEBUG" not in _deployed(shop, "staging")
    assert "value: development" in _deployed(shop, "development")
    assert "DEBUG" in _deployed(shop, "development")


def test_the_overlay_is_a_source_of_the_plan_and_options_count_after_it(shop: Any) -> None:
    options = ("--image", f"web={IMAGE}", "--override-property", "containers.web.variables.MODE=canary")
    told = shop("plan", "apps/score.yaml", "--env", "staging", "-o", "json", *options)
    assert told.status == 0, told.all
    plan = json.loads(told.out)
    plan = plan.get("plan", plan)
    assert "apps/score.overrides.staging.yaml" in {source["path"] for source in plan["sources"]}
    (step,) = [step for step in plan["steps"] if step["name"] == "deploy-application"]
    assert step["inputs"]["workload"]["containers"]["web"]["variables"] == {"MODE": "canary"}
    given = {one["name"]: one["value"] for one in plan["inputs"] if one["name"].startswith("score.")}
    assert given["score.containers.web.image"] == IMAGE


def test_a_mistake_in_an_overlay_is_told_at_its_place(shop: Any) -> None:
    shop.write("apps/score.overrides.staging.yaml", "containers:\n  web:\n    imgae: x\n")
    told = shop("plan", "apps/score.yaml", "--env", "staging", "--image", f"web={IMAGE}")
    assert told.status == 1
    assert "apps/score.overrides.staging.yaml:3:5: error" in told.err
    assert shop("plan", "apps/score.yaml", "--env", "development", "--image", f"web={IMAGE}").status == 0


def test_an_image_that_nobody_gives_is_an_error_of_the_plan(shop: Any) -> None:
    told = shop("plan", "apps/score.yaml")
    assert told.status == 1
    assert "ORC-2120" in told.err
    assert "--image web=" in told.err


def test_an_image_comes_from_the_workflow_that_builds_it(shop: Any) -> None:
    reference = "web=${workflows.ecommerce/image.outputs.image}"
    told = shop("run", "deploy-app", "apps/score.yaml", "--image", reference)
    assert told.status == 0, told.all
    assert "image: registry.example.com/shop@sha256:feed" in _deployed(shop, "development").replace('"', "")
    told = shop("run", "undeploy-app", "apps/score.yaml")
    assert told.status == 0, told.all


def test_an_image_of_a_workflow_that_is_not_there_is_told_with_near_names(shop: Any) -> None:
    told = shop("plan", "apps/score.yaml", "--image", "web=${workflows.ecommerce/imgae.outputs.image}")
    assert told.status == 1
    assert "Did you mean 'ecommerce/image'?" in told.err
