"""Values that would be options, and files outside of the repository: what steps give to tools, and what they read."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from innominatus_cli.step_types.catalogue import STEP_TYPES
from innominatus_cli.step_types.markers import keys_with_paths

EVIL = "--evil"
OBJECT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
KUBERNETES = {"mode": "apply", "namespace": "shop"}
GET = {"operation": "get", "resourceType": "pod", "resourceName": "a"}
CHART = {"release": "a", "mode": "apply", "chart": "oci://r.example/c", "version": "1.0.0"}
KUBECTL = (
    'case "$*" in version*) echo v1.33.1;; *apply*) echo a/b serverside-applied; echo a/b serverside-applied;; esac'
)
TERRAFORM = (
    'case $1 in version) echo v1.9.0;; show) echo \'{"format_version":"1.2"}\';; '
    "plan) exit 2;; workspace) exit 1;; esac"
)
TOOLS = {
    "ansible-playbook": "[ $1 = --version ] && echo '[core 2.19.1]'",
    "aws": '[ $1 = --version ] && echo aws-cli/2.17.0 || { echo "does not exist" >&2; exit 254; }',
    "bandit": "[ $1 = --version ] && echo bandit 1.9.0",
    "buildah": "[ $1 = --version ] && echo buildah version 1.28.0",
    "checkov": "[ $1 = --version ] && echo 3.3.0",
    "conftest": "echo []",
    "dbmate": "[ $1 = --version ] && echo dbmate version 2.36.0",
    "docker": "[ $1 = --version ] && echo Docker version 28.0.0",
    "flyway": '[ $1 = -v ] && echo Flyway Community Edition 10.17.0 || echo "{}"',
    "git": '[ $1 = --version ] && echo git version 2.40.1; case "$*" in *rev-parse*) echo 1234567;; esac',
    "gitleaks": "[ $1 = version ] && echo 8.30.0",
    "helm": '[ $1 = version ] && echo v3.15.0 || echo \'{"version": 1, "info": {"status": "deployed"}}\'',
    "kubectl": KUBECTL,
    "liquibase": "[ $1 = --version ] && echo Liquibase Version: 4.28.0",
    "opa": "[ $1 = version ] && echo Version: 1.2.0 || echo '{\"result\": []}'",
    "pulumi": "[ $1 = version ] && echo v3.100.0 || echo '{}'",
    "semgrep": "[ $1 = --version ] && echo 1.185.0",
    "terraform": TERRAFORM,
    "trivy": "[ $1 = --version ] && echo Version: 0.60.0",
}
"""Programs that answer just well enough for a driver to go on; what they were given is noted."""


class Step(NamedTuple):
    """A step, and the inputs of it that a value like an option is put into, one at a time."""

    step_type: str
    inputs: Mapping[str, Any]
    hostile: Mapping[str, Any]
    """By input: the value."""


STEPS = [
    Step(
        "ansible",
        {"playbook": "p.yml", "hosts": ["localhost"]},
        {
            "playbook": EVIL,
            "hosts": [EVIL],
            "limit": EVIL,
            "tags": [EVIL],
            "skipTags": [EVIL],
            "workingDir": EVIL + "-folder",
        }
        | {"pythonInterpreter": EVIL},
    ),
    Step("ansible", {"playbook": "p.yml"}, {"inventory": EVIL}),
    Step(
        "argocd-app",
        {"mode": "apply", "repoUrl": "https://git.example.com/a.git", "syncTimeout": 1},
        {"appName": EVIL, "argocdNamespace": EVIL, "context": EVIL},
    ),
    Step(
        "cloudformation",
        {"stack": "s", "template": "t.yaml"},
        {"template": EVIL, "region": EVIL, "parameters": {EVIL: EVIL}},
    ),
    *(
        Step(
            "container-build",
            {"image": "r.example/a", "builder": builder},
            {"context": EVIL + "-folder", "tags": [EVIL], "buildArgs": {EVIL: EVIL}, "image": EVIL},
        )
        for builder in ("docker", "buildah")
    ),
    *(
        Step(
            "database-migration",
            {"migrationsPath": "m", "tool": tool},
            {"migrationsPath": EVIL + "-folder", "version": EVIL},
        )
        for tool in ("dbmate", "flyway", "liquibase")
    ),
    Step(
        "git-commit-manifests",
        {"url": "https://git.example.com/a.git"},
        {"url": EVIL, "branch": EVIL, "targetPath": EVIL},
    ),
    Step("helm", CHART, {"release": EVIL, "namespace": EVIL, "version": EVIL, "context": EVIL, "chart": EVIL}),
    Step("helm", CHART, {"valuesFiles": [EVIL], "repository": EVIL}),
    Step("kubernetes", {**KUBERNETES, "objects": [OBJECT]}, {"namespace": EVIL, "context": EVIL, "manifests": [EVIL]}),
    Step("kubernetes", {**KUBERNETES, **GET}, {"resourceType": EVIL, "resourceName": EVIL}),
    Step("kubernetes", {**KUBERNETES, **GET, "operation": "restart"}, {"resourceType": EVIL, "resourceName": EVIL}),
    Step("kustomize", {"path": "k", "mode": "apply"}, {"path": EVIL + "-folder", "context": EVIL, "namespace": EVIL}),
    *(
        Step("policy", {"engine": engine, "policyFiles": ["p"], "manifests": ["k8s"]}, {"policyFiles": [EVIL]})
        for engine in ("opa", "conftest")
    ),
    Step("pulumi", {"path": "p", "stack": "dev"}, {"stack": EVIL, "path": EVIL + "-folder", "config": {EVIL: EVIL}}),
    *(
        Step("security", {"scanner": scanner, "paths": ["p"], "rules": ["r.yaml"]}, {"paths": [EVIL], "rules": [EVIL]})
        for scanner in ("bandit", "checkov", "gitleaks", "semgrep", "trivy")
    ),
    Step(
        "terraform",
        {"path": "t"},
        {"path": EVIL + "-folder", "targets": [EVIL], "replace": [EVIL], "varFiles": [EVIL], "workspace": EVIL}
        | {"backendConfig": {EVIL: EVIL}, "variables": {EVIL: EVIL}, "state": EVIL},
    ),
]
FILES = {
    "p.yml": "",
    "t.yaml": "Resources: {}\n",
    "r.yaml": "rules: []\n",
    "Dockerfile": "",
    "m/001_a.sql": "-- migrate:up\nSELECT 1;\n",
    "m/changelog.sql": "--liquibase formatted sql\n",
    "k/kustomization.yaml": "resources: []\n",
    "k8s/a.yaml": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}',
    "p/Pulumi.yaml": "name: a\nruntime: yaml\n",
    "p/main.py": "print('hello')\n",
    "t/main.tf": "",
    EVIL: "{}\n",
}


@pytest.fixture
def spied(repository: Path, tmp_path: Path) -> Path:
    """A repository with everything that the steps read; tools first on PATH that note their arguments here."""
    for path, text in FILES.items():
        (repository / path).parent.mkdir(parents=True, exist_ok=True)
        (repository / path).write_text(text)
    hostile = repository / f"{EVIL}-folder"
    hostile.mkdir()
    for folder in ("m", "k", "p", "t"):
        for file in (repository / folder).iterdir():
            (hostile / file.name).write_text(file.read_text())
    (hostile / "Dockerfile").write_text("")
    (tmp_path / "bin").mkdir()
    for name, script in TOOLS.items():
        note = f'{{ printf "%s\\n" "$@"; echo =====; }} >> {tmp_path}/seen'
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{note}\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path / "seen"


def one_at_a_time() -> Iterator[Any]:
    for step in STEPS:
        for key, value in step.hostile.items():
            chosen = step.inputs.get("builder") or step.inputs.get("tool") or step.inputs.get("scanner") or ""
            yield pytest.param(step, {**step.inputs, key: value}, id=f"{step.step_type}-{chosen}-{key}")


@pytest.mark.parametrize(("step", "inputs"), list(one_at_a_time()))
def test_a_value_never_becomes_an_option(
    run_step: Any, spied: Path, tmp_path: Path, step: Step, inputs: Mapping[str, Any]
) -> None:
    try:
        STEP_TYPES[step.step_type].inputs.model_validate(inputs)
    except ValueError:
        return  # refused before anything runs
    env = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "DATABASE_URL": "postgresql://o@127.0.0.1:1/x"}
    done = run_step(step.step_type, inputs, env=env, timeout_seconds=20)
    if not spied.exists():
        assert done.failure is not None
        return
    calls = [call.splitlines() for call in spied.read_text().split("=====\n")]
    for call in calls:
        options = call[: call.index("--")] if "--" in call else call
        assert not [one for one in options if one.startswith(EVIL)], options


OUTSIDE: list[tuple[str, dict[str, Any]]] = [
    ("ansible", {"playbook": "p.yml", "hosts": ["localhost"]}),
    ("cloudformation", {"stack": "s", "template": "t.yaml"}),
    ("cost-analysis", {"planFiles": ["p"], "onlyPlans": True}),
    ("container-build", {"image": "r.example/a"}),
    ("database-migration", {"migrationsPath": "m", "tool": "liquibase"}),
    ("database-migration", {"migrationsPath": "m", "connectionString": "sqlite:///a.db"}),
    ("database-schema", {"schema": "m/001_a.sql", "connectionString": "sqlite:///a.db"}),
    ("git-commit-manifests", {"url": "https://git.example.com/a.git"}),
    ("helm", dict(CHART)),
    ("http", {"url": "http://127.0.0.1:1/"}),
    ("kubernetes", {"objects": [OBJECT]}),
    ("kustomize", {"path": "k"}),
    ("policy", {"engine": "opa", "policyFiles": ["p"], "manifests": ["k8s"]}),
    ("policy", {"script": "true"}),
    ("pulumi", {"workingDir": "p", "stack": "dev"}),
    ("script", {"script": "true"}),
    ("security", {"scanner": "semgrep", "paths": ["p"], "rules": ["r.yaml"]}),
    ("security", {"paths": ["p"]}),
    ("terraform", {"workingDir": "t"}),
    ("test", {"script": "true"}),
    ("validation", {"script": "true"}),
]
"""Every type with files among its inputs."""
UNREAD = {
    "policy with opa": {"workingDir"},
    "policy": {"manifests", "policyFiles"},
    "security": {"rules"},
}
"""Inputs that a step of these inputs does not read."""
DEEPER = {"checks", "healthChecks", "sign"}
"""Inputs whose paths stand deeper: of certificates, databases and keys, which have tests of their own."""
ONLY_IN_THE_DIGEST = {"files", "includes"}
"""Inputs that name what a program reads by itself: planning covers them with its digest, no driver opens them."""


def paths() -> Iterator[Any]:
    for number, (step_type, inputs) in enumerate(OUTSIDE):
        keys = keys_with_paths(STEP_TYPES[step_type].inputs) or frozenset()
        named = " with ".join(filter(None, (step_type, inputs.get("engine") or inputs.get("scanner"))))
        for key in sorted(keys - ONLY_IN_THE_DIGEST - DEEPER - UNREAD.get(named, set())):
            for way in ("outside", "link"):
                yield pytest.param(step_type, inputs, key, way, id=f"{step_type}-{number}-{key}-{way}")


@pytest.mark.usefixtures("spied")
@pytest.mark.parametrize(("step_type", "inputs", "key", "way"), list(paths()))
def test_a_path_that_leads_out_of_the_repository_is_refused(
    run_step: Any, repository: Path, tmp_path: Path, step_type: str, inputs: Mapping[str, Any], key: str, way: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for path in repository.rglob("*"):
        if path.is_file():
            (outside / path.name).write_text(path.read_text())
    (repository / "link").symlink_to(outside)
    written = {"outside": "../outside", "link": "link"}[way]
    schema = STEP_TYPES[step_type].inputs.model_json_schema()["properties"][key]
    listed = "array" in {schema.get("type"), *(one.get("type") for one in schema.get("anyOf", ()))}
    given = {**inputs, key: [written] if listed else written}
    if step_type == "helm" and key == "chartPath":
        given = {name: value for name, value in given.items() if name not in {"chart", "version"}}
    env = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "DATABASE_URL": "postgresql://o@127.0.0.1:1/x"}
    done = run_step(step_type, given, env=env, timeout_seconds=20)
    assert done.failure is not None
    assert done.failure.code.number == "ORC-5104", done.failure.message
    assert done.failure.place.line == 3
    assert done.outputs == {}
    assert done.artifacts == {}


def test_every_type_with_paths_is_among_them() -> None:
    with_paths = {name for name, known in STEP_TYPES.items() if keys_with_paths(known.inputs)}
    # Paths of the last two stand deeper; monitoring looks for promtool before it looks for a file.
    assert with_paths - {step_type for step_type, _ in OUTSIDE} == {"monitoring", "vault-setup", "wait"}


def test_rules_of_a_policy_are_read_inside_of_the_repository_only(run_step: Any, tmp_path: Path) -> None:
    (tmp_path / "rules.hcl").write_text("")
    inputs = {"policies": [{"name": "a", "file": "../rules.hcl"}], "vault": {"address": "http://127.0.0.1:1"}}
    done = run_step("vault-setup", inputs, env={"VAULT_TOKEN": "t"})
    assert done.failure.code.number == "ORC-5104"
