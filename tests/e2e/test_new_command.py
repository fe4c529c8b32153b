"""What `new` wrote is deployed for real."""

from typing import Any

import pytest
import yaml

from innominatus_cli.operations.creation.templates import application_templates
from innominatus_cli.step_types.catalogue import STEP_TYPES
from tests.e2e.conftest import Workshop


@pytest.fixture
def repository(workshop: Workshop) -> Workshop:
    told = workshop("init", "--name", "first-app")
    assert told.status == 0, told.all
    workshop.commit()
    return workshop


@pytest.mark.parametrize("template", application_templates())
def test_every_template_validates_plans_deploys_as_it_says_and_is_removed(repository: Workshop, template: str) -> None:
    made = repository("new", "application", "reports", "--template", template, "--product", "storefront")
    assert made.status == 0, made.all
    repository.commit("An application")
    commands = [line.split() for line in made.out.splitlines() if line.startswith("  innominatus-ctl ")]
    assert [command[1] for command in commands] == ["validate", "plan", "deploy"]

    assert repository("validate", "--strict").status == 0
    for command in commands:
        told = repository(*command[1:])
        assert told.status == 0, told.all
    (record,) = repository.records("run")
    assert record["status"] == "succeeded"
    manifests = repository.folder.glob(".innominatus/manifests/reports/development/**/deploy-application.yaml")
    kinds = [data["kind"] for path in manifests for data in yaml.safe_load_all(path.read_text())]
    assert {"Deployment", "ConfigMap"} <= set(kinds)
    assert ("Service" in kinds) == ("service" in made_score(repository))

    told = repository("deprovision", "reports", "--env", "development")
    assert told.status == 0, told.all
    assert not (repository.folder / ".innominatus/manifests/reports").exists()


def made_score(repository: Workshop) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((repository.folder / "apps/reports/score.yaml").read_text())
    return loaded


NEED_MORE = frozenset(
    {
        *("ansible", "argocd-app", "cloudformation", "container-build", "git-commit-manifests", "gitea-repo", "helm"),
        *("http", "kustomize", "notification", "pulumi", "terraform", "terraform-generate", "test"),
        *("approval", "workflow"),
    }
)
"""Types whose first step needs a tool, a server or people."""


def test_a_first_step_of_every_type_that_needs_nothing_runs(repository: Workshop) -> None:
    text = (repository.folder / "admin-config.yaml").read_text()
    start, end = text.index("  allowedStepTypes:"), text.index("  security:")
    (repository.folder / "admin-config.yaml").write_text(text[:start] + text[end:])
    types = [name for name in STEP_TYPES if name not in NEED_MORE]
    made = repository("new", "workflow", "first", "--product", "storefront", "--step-type", ",".join(types), "--allow")
    assert made.status == 0, made.all
    repository.commit("A workflow")

    told = repository("deploy", "apps/first-app/score.yaml", "--env", "development")
    assert told.status == 0, told.all
    for name in types:
        assert f"storefront/first/{name} … ok" in told.all


def test_a_new_golden_path_of_every_operation_runs(repository: Workshop) -> None:
    assert repository("deploy", "apps/first-app/score.yaml", "--env", "development").status == 0
    for operation in ("deploy", "task", "undeploy"):
        made = repository("new", "golden-path", f"try-{operation}", "--operation", operation)
        assert made.status == 0, made.all
    repository.commit("Golden paths")

    for operation in ("deploy", "task", "undeploy"):
        told = repository("run", f"try-{operation}", "apps/first-app/score.yaml", "--env", "development")
        assert told.status == 0, told.all
