"""The catalogue: every type that the product promises, aliases, references, markers."""

from typing import Any

import pytest
from pydantic import ValidationError

from innominatus_cli.documents.admin_config import EnvironmentDefinition
from innominatus_cli.documents.model import YamlModel
from innominatus_cli.drivers.registry import driver_for, part_for
from innominatus_cli.step_types.catalogue import STEP_TYPES, step_type
from innominatus_cli.step_types.contract import Reference, StepInputs, known
from innominatus_cli.step_types.markers import Marked, marked_values

PROMISED = {
    "ansible",
    "approval",
    "argocd-app",
    "cloudformation",
    "container-build",
    "cost-analysis",
    "database-migration",
    "database-schema",
    "git-commit-manifests",
    "gitea-repo",
    "helm",
    "http",
    "kubernetes",
    "kustomize",
    "monitoring",
    "notification",
    "policy",
    "pulumi",
    "resource-provisioning",
    "script",
    "security",
    "tagging",
    "terraform",
    "terraform-generate",
    "test",
    "validation",
    "vault-setup",
    "wait",
    "workflow",
}


def inputs_of(name: str, written: dict[str, Any]) -> dict[str, Any]:
    return STEP_TYPES[name].inputs.model_validate(written).model_dump(by_alias=True, exclude_unset=True)


def test_every_promised_type_is_known() -> None:
    assert set(STEP_TYPES) == PROMISED


def test_types_are_sorted_and_carry_their_own_name() -> None:
    assert list(STEP_TYPES) == sorted(STEP_TYPES)
    assert all(kind.name == name and kind.summary.endswith(".") for name, kind in STEP_TYPES.items())


def test_an_unknown_type_is_none() -> None:
    assert step_type("teraform") is None


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_every_type_has_a_driver_but_the_one_that_the_plan_expands(name: str) -> None:
    assert (driver_for(name) is not None) == (name != "workflow")


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_an_unknown_input_is_refused(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        STEP_TYPES[name].inputs.model_validate({"nonsense": 1})
    assert any(error["type"] == "extra_forbidden" for error in refused.value.errors())


@pytest.mark.parametrize(
    ("name", "written", "read"),
    [
        ("terraform", {"working_dir": "tf"}, {"workingDir": "tf"}),
        ("terraform", {"workingDir": "tf"}, {"workingDir": "tf"}),
        ("terraform", {"path": "tf"}, {"workingDir": "tf"}),
        ("terraform", {"module": "tf", "vars": {"a": 1}}, {"workingDir": "tf", "variables": {"a": 1}}),
        (
            "terraform",
            {"path": "tf", "commands": ["init", "apply"]},
            {"workingDir": "tf", "commands": ["init", "apply"]},
        ),
        ("ansible", {"playbook": "p", "extra_vars": {"a": 1}}, {"playbook": "p", "variables": {"a": 1}}),
        ("cloudformation", {"stackName": "s", "action": "delete"}, {"stack": "s", "operation": "delete"}),
        ("pulumi", {"path": "p", "stackName": "s"}, {"workingDir": "p", "stack": "s"}),
        (
            "database-migration",
            {"migrationPath": "m", "connectionString": "sqlite:///a"},
            {"migrationsPath": "m", "connectionString": "sqlite:///a"},
        ),
        (
            "database-migration",
            {"migrations_path": "m", "connection_string": "sqlite:///a", "direction": "down"},
            {"migrationsPath": "m", "connectionString": "sqlite:///a", "operation": "down"},
        ),
        ("gitea-repo", {"repo_name": "r", "org_name": "o"}, {"repoName": "r", "owner": "o"}),
        ("argocd-app", {"repoURL": "u", "dest_namespace": "n"}, {"repoUrl": "u", "namespace": "n"}),
        ("argocd-app", {"repo_url": "u", "app_name": "a"}, {"repoUrl": "u", "appName": "a"}),
        ("policy", {"command": "#!/bin/bash\necho hi\n"}, {"script": "#!/bin/bash\necho hi\n"}),
        ("script", {"command": ["psql", "-p", 5432]}, {"command": ["psql", "-p", "5432"]}),
        ("kubernetes", {"manifests": "./k8s"}, {"manifests": ["./k8s"]}),
        ("kubernetes", {"manifest": "./k8s/app.yaml"}, {"manifests": ["./k8s/app.yaml"]}),
        ("kubernetes", {"action": "create", "namespace": "n"}, {"operation": "create-namespace", "namespace": "n"}),
        ("kubernetes", {"operation": "create", "path": "k"}, {"operation": "apply", "manifests": ["k"]}),
        ("security", {"severity_threshold": "high"}, {"severityThreshold": "high"}),
        ("resource-provisioning", {"name": "db", "type": "sqlite"}, {"resource": "db", "resourceType": "sqlite"}),
    ],
)
def test_old_spellings_become_the_one_spelling(name: str, written: dict[str, Any], read: dict[str, Any]) -> None:
    assert inputs_of(name, written) == read


def test_two_spellings_of_one_input_are_refused() -> None:
    with pytest.raises(ValidationError, match="'path' and 'workingDir' are the same input"):
        STEP_TYPES["terraform"].inputs.model_validate({"path": "a", "workingDir": "b"})


def test_two_spellings_that_say_the_same_are_one_input() -> None:
    written = {"appName": "shop", "namespace": "shop", "destNamespace": "shop", "repoUrl": "https://git.example/a.git"}
    assert inputs_of("argocd-app", written)["namespace"] == "shop"


def test_aliases_stand_in_the_schema() -> None:
    schema = STEP_TYPES["terraform"].inputs.model_json_schema()
    assert schema["x-aliases"]["path"] == "workingDir"
    assert schema["x-aliases"]["working_dir"] == "workingDir"
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_no_alias_hides_a_key(name: str) -> None:
    model = STEP_TYPES[name].inputs
    keys = {info.alias for info in model.model_fields.values()}
    assert not keys & set(model.spellings)
    assert set(model.spellings.values()) <= keys


@pytest.mark.parametrize(
    ("name", "written", "words"),
    [
        ("script", {}, "'script'"),
        ("script", {"script": "a", "command": ["b"]}, "two programs"),
        ("validation", {}, "nothing checked is not valid"),
        ("policy", {}, "no policy is not a passed policy"),
        ("kubernetes", {}, "apply needs"),
        ("kubernetes", {"operation": "get"}, "resourceType"),
        ("policy", {"rules": [{"name": "r", "path": "a", "operator": "in", "value": "x"}]}, "needs a list"),
        ("policy", {"rules": [{"name": "r", "path": "a", "operator": "atMost", "value": True}]}, "needs a number"),
        ("policy", {"rules": [{"name": "r", "path": "a", "operator": "equals"}]}, "needs 'value'"),
        ("policy", {"rules": [{"name": "r", "path": "a", "operator": "matches", "value": 3}]}, "needs a pattern"),
    ],
)
def test_inputs_that_say_nothing_to_do_are_refused(name: str, written: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        STEP_TYPES[name].inputs.model_validate(written)


@pytest.mark.parametrize(
    "name", ["", " ", "cost center", "-team", "a\nb", "team\n", "n" * 129, "a,b", "aws:team", "AWS:x"]
)
@pytest.mark.parametrize("key", ["tags", "required"])
def test_a_tag_has_a_name_that_clouds_take(name: str, key: str) -> None:
    written = {"tags": {"team": "shop", name: "x"}} if key == "tags" else {"required": ["team", name]}
    with pytest.raises(ValidationError, match="is no name of a tag"):
        STEP_TYPES["tagging"].inputs.model_validate(written)


@pytest.mark.parametrize("name", ["team", "cost-center", "example.com/tier", "a:b", "_x", "Größe", "n" * 128, "${a b}"])
def test_usual_names_of_tags_are_taken(name: str) -> None:
    STEP_TYPES["tagging"].inputs.model_validate({"tags": {name: "x"}, "required": [name]})


@pytest.mark.parametrize("tag", ["", " ", "1 2", "-1", ".1", "1/2", "1:2", "ü", "1\n", "1" * 129])
def test_an_image_has_a_tag_that_registries_take(tag: str) -> None:
    with pytest.raises(ValidationError, match="is no tag of an image"):
        STEP_TYPES["container-build"].inputs.model_validate({"image": "r/web", "tags": ["1.4", tag]})


@pytest.mark.parametrize("tag", ["1.4", 3, "_a", "v1.2-rc_1", "1" * 128, "${run.id}", "v{{ .parameters.x }}"])
def test_usual_tags_of_images_are_taken(tag: str | int) -> None:
    STEP_TYPES["container-build"].inputs.model_validate({"image": "r/web", "tags": [tag]})


def test_a_typed_input_takes_a_reference_and_keeps_its_text() -> None:
    inputs = STEP_TYPES["kubernetes"].inputs.model_validate({"manifests": "k", "replicas": "${parameters.replicas}"})
    assert inputs.model_dump(by_alias=True)["replicas"] == "${parameters.replicas}"
    assert Reference("${a}") == Reference("${a}") != Reference("${b}")
    assert len({Reference("${a}"), Reference("${a}")}) == 1
    assert repr(Reference("${a}")) == "Reference('${a}')"


def test_a_reference_that_nobody_resolved_is_a_bug() -> None:
    unresolved: int | Reference[int] = Reference("${a.b}")
    with pytest.raises(AssertionError, match="not resolved"):
        known(unresolved)


def test_an_environment_that_applies_needs_kubectl() -> None:
    kubernetes = STEP_TYPES["kubernetes"]
    environment = EnvironmentDefinition.model_validate({"kubernetes": {"mode": "apply", "context": "staging"}})
    assert kubernetes.environment_defaults is not None
    given = kubernetes.environment_defaults(environment)
    assert given == {"mode": "apply", "context": "staging"}
    assert [tool.name for tool in kubernetes.tools_for(given)] == ["kubectl"]
    assert kubernetes.tools_for({"mode": "render"}) == ()
    assert [tool.name for tool in STEP_TYPES["script"].tools_for({})] == ["bash"]


def test_markers_find_paths_names_of_tables_secrets_and_workloads() -> None:
    found = list(marked_values(STEP_TYPES["kubernetes"].inputs, {"manifests": ["a", "b"], "workload": "application"}))
    assert found == [
        Marked(("manifests", 0), "path", "a"),
        Marked(("manifests", 1), "path", "b"),
        Marked(("workload",), "workload", "application"),
    ]
    found = list(marked_values(STEP_TYPES["vault-setup"].inputs, {"secrets": ["key", {"name": "entry"}]}))
    assert found == [Marked(("secrets", 0), "table", "key", "secrets"), Marked(("secrets", 0), "secret", "key")]
    found = list(marked_values(STEP_TYPES["cost-analysis"].inputs, {"prices": ["*"]}))
    assert found == [Marked(("prices", 0), "table", "*", "prices")]


def test_markers_pass_over_a_workload_that_is_there_already() -> None:
    workload = {"metadata": {"name": "application"}}
    assert list(marked_values(STEP_TYPES["security"].inputs, {"workload": workload, "paths": []})) == []


def test_a_model_without_aliases_has_snake_case_twins_only() -> None:
    class OwnInputs(StepInputs):
        firstThing: int = 0  # noqa: N815 - as a YAML key
        second_thing: int = 0

    assert OwnInputs.spellings == {"first_thing": "firstThing", "second_thing": "secondThing"}
    assert issubclass(OwnInputs, YamlModel)


def test_what_is_no_mapping_is_left_to_the_model() -> None:
    with pytest.raises(ValidationError):
        STEP_TYPES["script"].inputs.model_validate("echo")
    with pytest.raises(ValidationError):
        STEP_TYPES["kubernetes"].inputs.model_validate(["a"])


def test_a_type_says_that_it_has_a_probe_where_its_driver_offers_one() -> None:
    said = {name for name, kind in STEP_TYPES.items() if kind.has_probe}
    assert said == {name for name in STEP_TYPES if part_for(name, "probe") is not None}
