"""A first step of every step type: small, valid, and harmless until somebody changes it."""

import posixpath
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.schemas import Schema
from innominatus_cli.expressions.references import CONTEXTS
from innominatus_cli.operations.creation.files import NewFile, new_document
from innominatus_cli.operations.creation.questions import Asked
from innominatus_cli.operations.creation.surroundings import Surroundings

Data = dict[str, Any]


class Setting(NamedTuple):
    """Where steps are to stand: the workflow's name, the folder of its file, and the repository."""

    workflow: str
    home: str
    surroundings: Surroundings

    @property
    def folder(self) -> str:
        """The folder of the steps' files, relative to the workflow's own."""
        return f"./{self.workflow}"


class FirstStep(NamedTuple):
    """A step without name and type, and the files that it reads, by paths relative to the workflow's folder."""

    config: Data
    fields: Mapping[str, Any] = {}
    """Other fields of the step: `env`, `outputs`."""
    files: Mapping[str, str] = {}


def first_steps(types: Iterable[str], setting: Setting) -> tuple[list[Data], list[NewFile]]:
    """A step of each type as a workflow has it, with names of their own, and the files that they read."""
    steps: list[Data] = []
    files: dict[str, NewFile] = {}
    for step_type in types:
        first = first_step(step_type, setting)
        plain = f"run-{step_type}" if step_type in CONTEXTS else step_type
        number = sum(1 for step in steps if step["type"] == step_type) + 1
        fields = dict(first.fields)
        env = {"env": fields.pop("env")} if "env" in fields else {}
        config = {} if "workflow" in fields else {"config": first.config}
        name = plain if number == 1 else f"{plain}-{number}"
        steps.append({"name": name, "type": step_type, "timeout": "5m", **env, **config, **fields})
        for path, text in first.files.items():
            files[path] = NewFile(posixpath.join(setting.home, posixpath.normpath(path)), text)
    return steps, list(files.values())


def reusable_workflow(asked: Asked, folder: str, called: str, about: str) -> list[NewFile]:
    """A workflow with one step, and the files that it reads: for what needs one, and has none yet."""
    known = asked.surroundings.step_types
    types = ["script"] if "script" in known else known[:1]
    steps, files = first_steps(types, Setting(called, folder, asked.surroundings))
    metadata = {"name": called, "description": about, "owner": asked.text("owner")}
    data = {"apiVersion": "workflow.dev/v1", "kind": "Workflow", "metadata": metadata, "spec": {"steps": steps}}
    return [new_document(f"{folder}/{called}.yaml", "Workflow", data), *files]


def first_step(step_type: str, setting: Setting) -> FirstStep:
    """A step of this type: one of ours, or of a StepType document of the repository."""
    make = _OURS.get(step_type)
    if make is not None:
        return make(setting)
    document = setting.surroundings.own_step_types.get(step_type)
    schema = None if document is None else document.mapping.mapping("spec").mapping("inputs").plain()
    return FirstStep(example_of(schema) if isinstance(schema, dict) else {})


def example_of(schema: Schema) -> Data:
    """The required properties of an object's JSON Schema, each with the plainest value that it allows."""
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, dict) or not isinstance(required, list):
        return {}
    return {str(name): _value_of(properties.get(name)) for name in required}


def _value_of(schema: object) -> object:
    if not isinstance(schema, dict):
        return "change-me"
    listed = [schema[keyword][0] for keyword in ("enum", "examples") if schema.get(keyword)]
    given = [*(schema[keyword] for keyword in ("default", "const") if keyword in schema), *listed]
    by_type: dict[str, Callable[[], object]] = {
        "object": lambda: example_of(schema),
        "array": lambda: [_value_of(schema.get("items"))] * int(schema.get("minItems", 0)),
        "integer": lambda: schema.get("minimum", 1),
        "number": lambda: schema.get("minimum", 1),
        "boolean": lambda: False,
    }
    return given[0] if given else by_type.get(str(schema.get("type")), lambda: "change-me")()


def _script(setting: Setting) -> FirstStep:
    script = f'echo "{setting.workflow} runs for $APPLICATION in $ENVIRONMENT"\n'
    env = {"APPLICATION": "${application.name}", "ENVIRONMENT": "${environment.name}"}
    return FirstStep({"script": script}, {"env": env})


def _migration(setting: Setting) -> FirstStep:
    folder = f"{setting.folder}/migrations"
    table = "CREATE TABLE entries (\n    id INTEGER PRIMARY KEY,\n    text TEXT NOT NULL\n);\n"
    return FirstStep(
        {"migrationsPath": folder, "connectionString": f"sqlite:///{setting.workflow}.db"},
        files={f"{folder}/0001_entries.up.sql": table, f"{folder}/0001_entries.down.sql": "DROP TABLE entries;\n"},
    )


def _provisioning(setting: Setting) -> FirstStep:
    config = {
        "resource": setting.workflow,
        "resourceType": "sqlite",
        "annotations": {"innominatus.dev/backup": "daily"},
    }
    return FirstStep(config, {"outputs": ["connection_string"]})


def _secrets(setting: Setting) -> FirstStep:
    return FirstStep({"secrets": list(setting.surroundings.admin_config.secrets)[:1]})


def _approval(setting: Setting) -> FirstStep:
    return FirstStep({"teams": list(setting.surroundings.admin_config.teams)[:1] or ["platform-team"]})


def _cost(setting: Setting) -> FirstStep:
    if setting.surroundings.admin_config.prices:
        return FirstStep({"budgetLimit": 500})
    prices = [
        {"name": name, "monthlyCents": cents} for name, cents in (("cpu", 2000), ("memory", 300), ("storage", 10))
    ]
    return FirstStep({"budgetLimit": 500, "prices": prices})


def _call(setting: Setting) -> FirstStep:
    others = sorted(workflow.document.path for workflow in setting.surroundings.workflows.values())
    return FirstStep({}, {"workflow": next(iter(others), "workflows/another.yaml")})


def _monitoring(_setting: Setting) -> FirstStep:
    alert = {
        "name": "not-answering",
        "description": "No instance answers",
        "expression": 'up{service="$SERVICE"} == 0',
        "for": "5m",
        "severity": "critical",
    }
    return FirstStep({"service": "${application.name}", "alerts": [alert]})


def _policy(_setting: Setting) -> FirstStep:
    rule = {
        "name": "fixed-images",
        "kinds": ["Deployment", "StatefulSet"],
        "path": "spec.template.spec.containers[*].image",
        "operator": "notMatches",
        "value": "*:latest",
        "message": "name a version",
    }
    return FirstStep({"rules": [rule]})


def _kubernetes(setting: Setting) -> FirstStep:
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{setting.workflow.replace('_', '-')}-settings"},
        "data": {"ENVIRONMENT": "${environment.name}"},
    }
    return FirstStep({"manifest": settings})


def _with_file(name: str, text: str, /, **config: object) -> Callable[[Setting], FirstStep]:
    """A step that reads a file of its own; the values `{file}` and `{folder}` become the file and its folder."""

    def make(setting: Setting) -> FirstStep:
        file = f"{setting.folder}/{name}"
        paths = {"{file}": file, "{folder}": file.rpartition("/")[0]}
        return FirstStep({key: paths.get(str(value), value) for key, value in config.items()}, files={file: text})

    return make


def _plain(**config: object) -> Callable[[Setting], FirstStep]:
    return lambda _setting: FirstStep(dict(config))


_PLAYBOOK: Final = (
    "- name: Say hello\n  hosts: localhost\n  gather_facts: false\n  tasks:\n    - ansible.builtin.ping:\n"
)
_STACK: Final = "Resources:\n  Files:\n    Type: AWS::S3::Bucket\n"
_KUSTOMIZATION: Final = (
    "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    "configMapGenerator:\n  - name: settings\n    literals: [level=info]\n"
)
_OURS: Final[Mapping[str, Callable[[Setting], FirstStep]]] = {
    "ansible": _with_file("ansible/playbook.yaml", _PLAYBOOK, playbook="{file}"),
    "approval": _approval,
    "argocd-app": _plain(repoUrl="https://git.example.com/platform/gitops.git", targetPath="apps/${application.name}"),
    "cloudformation": _with_file("stack/template.yaml", _STACK, stack="${application.name}", template="{file}"),
    "container-build": _with_file(
        "image/Containerfile", "FROM scratch\n", image="registry.example.com/${application.name}", context="{folder}"
    ),
    "cost-analysis": _cost,
    "database-migration": _migration,
    "database-schema": _with_file(
        "schema/schema.sql", "CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY);\n", schema="{file}"
    ),
    "git-commit-manifests": _plain(
        url="https://git.example.com/platform/gitops.git", targetPath="apps/${application.name}"
    ),
    "gitea-repo": _plain(repoName="${application.name}"),
    "helm": _plain(release="${application.name}", chart="oci://registry.example.com/charts/app", version="1.0.0"),
    "http": _plain(url="http://localhost:8080/healthz"),
    "kubernetes": _kubernetes,
    "kustomize": _with_file("kustomize/kustomization.yaml", _KUSTOMIZATION, path="{folder}"),
    "monitoring": _monitoring,
    "notification": _plain(
        channel="webhook",
        url="http://localhost:8080/notifications",
        message="${application.name} goes to ${environment.name}",
    ),
    "policy": _policy,
    "pulumi": _with_file(
        "pulumi/Pulumi.yaml",
        "name: infrastructure\nruntime: yaml\n",
        workingDir="{folder}",
        stack="${environment.name}",
    ),
    "resource-provisioning": _provisioning,
    "script": _script,
    "security": _plain(scanner="builtin", severityThreshold="HIGH"),
    "tagging": _plain(tags={"application": "${application.name}", "environment": "${environment.name}"}),
    "terraform": _with_file(
        "terraform/main.tf", 'output "greeting" {\n  value = "hello"\n}\n', workingDir="{folder}", operation="apply"
    ),
    "terraform-generate": _plain(resource="s3"),
    "test": _plain(script="echo 'no tests yet'\n"),
    "validation": _plain(checks=[{"name": "git-is-here", "type": "command", "command": ["git", "--version"]}]),
    "vault-setup": _secrets,
    "wait": _plain(duration="10s"),
    "workflow": _call,
}
