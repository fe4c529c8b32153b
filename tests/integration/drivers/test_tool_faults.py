"""What a tool can do to a step: be missing, die, hang, print garbage, lie, ask. Every driver is held to it.

The real tools are tested beside this file; fakes are for faults alone.
"""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from innominatus_cli.drivers.registry import Part, part_for
from innominatus_cli.step_types.catalogue import STEP_TYPES

FAULTS = {
    "is-killed": "kill -9 $$",
    "hangs": "exec /bin/sleep 60",
    "prints-half-of-its-json": """printf '{"half": [' """,
    "prints-json-of-another-kind": "echo '[null]'",
    "does-nothing-and-exits-with-0": "exit 0",
    "fails-and-exits-with-0": "echo 'Error: it went wrong' >&2; exit 0",
    "prints-more-than-a-mebibyte": "/usr/bin/head -c 3000000 /dev/zero | /usr/bin/tr '\\0' '['",
    "asks": "printf 'Are you sure? [y/N] '; read -r answer && [ -n \"$answer\" ] || exit 1",
    "needs-a-terminal": "exec 3</dev/tty || exit 1",
}
NOTHING_DONE = frozenset({"does-nothing-and-exits-with-0", "fails-and-exits-with-0"})
SAYS_IT_SUCCEEDED = frozenset(FAULTS) - {"is-killed", "hangs", "asks", "needs-a-terminal"}
"""For a program of the user's own, whose exit status is all that there is to go by."""


class Used(NamedTuple):
    """A step that uses a tool."""

    step_type: str
    tool: str
    says: str
    """What the tool answers when it is asked for its version."""
    inputs: Mapping[str, Any]
    needs: Mapping[str, str] = {}
    """Files of the repository."""
    harmless: frozenset[str] = frozenset()
    """Faults that are none here: a program that does nothing and exits with 0 has done what the step asks for."""


SETTINGS = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "b"}}'
SQL = {"m/001_a.sql": "-- migrate:up\nSELECT 1;\n"}
POSTGRES = {"DATABASE_URL": "postgresql://owner:hunter2@127.0.0.1:1/x"}
KUBECTL = "Client Version: v1.33.1"
OBJECTS = {"mode": "apply", "namespace": "shop", "manifest": SETTINGS}
ARGO = {"mode": "apply", "repoUrl": "https://git.example.com/a.git", "syncTimeout": 1}
SCANNED = {"app/main.py": "print('hello')\n", "rules.yaml": "rules: []\n"}
REGO = {"policy/a.rego": "package main\n", "k8s/a.yaml": SETTINGS}
KUSTOMIZATION = {"k/kustomization.yaml": "resources: []\n"}
WEB = {"resourceType": "deployment", "resourceName": "web"}
UNINSTALL = {"release": "a", "mode": "apply"}
SUITE = {"workingDir": "suite", "arguments": ["it"]}

USED = [
    Used("ansible", "ansible-playbook", "[core 2.19.1]", {"playbook": "p.yml", "hosts": ["localhost"]}, {"p.yml": ""}),
    Used("argocd-app", "kubectl", KUBECTL, ARGO),
    Used(
        "cloudformation", "aws", "aws-cli/2.17.0", {"stack": "s", "template": "t.yaml"}, {"t.yaml": "Resources: {}\n"}
    ),
    *(
        Used(
            "container-build",
            name,
            f"{name} version 28.0.0",
            {"image": "r.example/a", "builder": name},
            {"Dockerfile": ""},
        )
        for name in ("docker", "buildah")
    ),
    Used("database-migration", "psql", "psql (PostgreSQL) 15.1", {"migrationsPath": "m"}, SQL),
    *(
        Used("database-migration", name, says, {"migrationsPath": "m", "tool": name}, SQL)
        for name, says in {
            "alembic": "alembic 1.20.0",
            "dbmate": "dbmate version 2.36.0",
            "flyway": "Flyway Community Edition 10.17.0",
            "liquibase": "Liquibase Version: 4.28.0",
        }.items()
    ),
    Used("database-schema", "psql", "psql (PostgreSQL) 15.1", {"schema": "s.sql"}, {"s.sql": "SELECT 1;\n"}),
    Used("git-commit-manifests", "git", "git version 2.40.1", {"url": "https://git.example.com/a.git"}),
    Used("helm", "helm", "v3.15.0", {"release": "a", "chartPath": "c", "mode": "apply"}, {"c/Chart.yaml": "name: c\n"}),
    Used("kubernetes", "kubectl", KUBECTL, OBJECTS),
    Used("kubernetes", "kubectl", KUBECTL, {**OBJECTS, "operation": "delete"}, harmless=NOTHING_DONE),
    *(
        Used("kubernetes", "kubectl", KUBECTL, {"operation": operation, "replicas": 2, **WEB})
        for operation in ("restart", "scale")
    ),
    *(
        Used("helm", "helm", "v3.15.0", {**UNINSTALL, **more})
        for more in ({"operation": "uninstall"}, {"operation": "rollback", "revision": 1})
    ),
    Used("kubernetes", "kubectl", KUBECTL, {"operation": "get", "resourceType": "pod", "resourceName": "a"}),
    *(
        Used("kustomize", "kubectl", KUBECTL, {"path": "k", "operation": operation, "mode": "apply"}, KUSTOMIZATION)
        for operation in ("build", "apply")
    ),
    Used("policy", "opa", "Version: 1.2.0", {"engine": "opa", "policyFiles": ["policy"], "manifests": ["k8s"]}, REGO),
    Used(
        "policy",
        "conftest",
        "Conftest: 0.60.0",
        {"engine": "conftest", "policyFiles": ["policy"], "manifests": ["k8s"]},
        REGO,
    ),
    Used("policy", "bash", "", {"script": "true"}, harmless=SAYS_IT_SUCCEEDED),
    Used("pulumi", "pulumi", "v3.100.0", {"path": "p", "stack": "dev"}, {"p/Pulumi.yaml": "name: a\nruntime: yaml\n"}),
    Used("script", "bash", "", {"script": "true"}, harmless=SAYS_IT_SUCCEEDED),
    *(
        Used("security", name, says, {"scanner": name, "paths": ["app"], "rules": rules}, SCANNED)
        for name, says, rules in (
            ("gitleaks", "8.30.0", []),
            ("checkov", "3.3.0", []),
            ("bandit", "bandit 1.9.0", []),
            ("semgrep", "1.185.0", ["rules.yaml"]),
            ("trivy", "Version: 0.60.0", []),
            ("grype", "grype 0.90.0", []),
        )
    ),
    Used(
        "security",
        "pip-audit",
        "pip-audit 2.10.0",
        {"scanner": "pip-audit", "paths": ["requirements.txt"]},
        {"requirements.txt": "a==1\n"},
    ),
    Used("terraform", "terraform", "Terraform v1.11.0", {"path": "t"}, {"t/main.tf": 'output "a" { value = 1 }\n'}),
    *(
        Used("test", name, says, {"framework": name, **SUITE}, {"suite/it": ""})
        for name, says in {"pytest": "pytest 8.0.0", "jest": "29.0.0", "newman": "6.0.0", "node": "v22.1.0"}.items()
    ),
    Used("validation", "bash", "", {"script": "true"}, harmless=SAYS_IT_SUCCEEDED),
    Used(
        "validation",
        "looker",
        "",
        {"checks": [{"name": "a", "type": "command", "command": ["looker"]}]},
        harmless=SAYS_IT_SUCCEEDED,
    ),
    Used(
        "wait",
        "looker",
        "",
        {"until": {"name": "a", "type": "command", "command": ["looker"]}},
        harmless=SAYS_IT_SUCCEEDED,
    ),
]


def cases() -> Iterator[Any]:
    """Every tool with every fault."""
    for used in USED:
        operation = f"-{used.inputs['operation']}" if "operation" in used.inputs else ""
        for fault in FAULTS:
            if fault not in used.harmless:
                yield pytest.param(used, fault, id=f"{used.step_type}{operation}-{used.tool}-{fault}")


def put(repository: Path, used: Used) -> None:
    for path, text in used.needs.items():
        (repository / path).parent.mkdir(parents=True, exist_ok=True)
        (repository / path).write_text(text)


def fake(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def answering_for_its_version(used: Used) -> str:
    """The beginning of a fake: it answers, where it is asked for its version."""
    return f"case \"$*\" in *version*|-v|'-v '*) echo '{used.says}'; exit 0;; esac\n" if used.says else ""


def tells(failure: Any) -> None:
    """It is a finding of the step, at its place, with something to do about it."""
    assert failure is not None, "it counts as done"
    assert failure.code.number.startswith("ORC-5")
    assert (failure.place.path, failure.place.line) == ("apps/score.yaml", 3)
    assert failure.remedy or failure.code.remedy
    assert "hunter2" not in failure.message


@pytest.mark.parametrize(("used", "fault"), list(cases()))
def test_a_tool_that_fails_in_any_way_fails_its_step(
    run_step: Any, repository: Path, tmp_path: Path, used: Used, fault: str
) -> None:
    put(repository, used)
    fake(tmp_path / "bin", used.tool, answering_for_its_version(used) + FAULTS[fault])
    (tmp_path / "bin" / "sleep").symlink_to("/bin/sleep")
    started = time.monotonic()
    done = run_step(used.step_type, used.inputs, env={"PATH": str(tmp_path / "bin"), **POSTGRES}, timeout_seconds=1)
    assert time.monotonic() - started < 20
    tells(done.failure)
    assert done.outputs == {}
    assert done.artifacts == {}


_CHANGING = {"delete", "get", "restart", "scale", "uninstall", "rollback"}
"""Operations of which nothing can be asked before or after."""
ASKING_PARTS: tuple[Part, ...] = ("preview", "probe", "drift")


def asking_cases() -> Iterator[Any]:
    """What only asks, with every fault that needs no time."""
    for used in USED:
        if used.tool in {"bash", "looker"} or used.inputs.get("operation") in _CHANGING:
            continue
        for part in ASKING_PARTS:
            if part_for(used.step_type, part) is not None:
                for fault in sorted(set(FAULTS) - {"hangs"}):
                    yield pytest.param(used, part, fault, id=f"{used.step_type}-{used.tool}-{part}-{fault}")


@pytest.mark.parametrize(("used", "part", "fault"), list(asking_cases()))
def test_a_tool_that_cannot_be_believed_is_never_a_good_answer(
    run_step: Any, repository: Path, tmp_path: Path, used: Used, part: Part, fault: str
) -> None:
    put(repository, used)
    fake(tmp_path / "bin", used.tool, answering_for_its_version(used) + FAULTS[fault])
    env = {"PATH": f"{tmp_path / 'bin'}", **POSTGRES}
    asked = run_step(used.step_type, used.inputs, part=part, env=env, timeout_seconds=5)
    if asked.failure is not None:
        tells(asked.failure)
        assert asked.outputs == {}
    elif part == "probe":
        assert asked.outputs["done"] is False
    else:
        assert asked.outputs["changes" if part == "preview" else "drift"] != [], "all is well, it says"


@pytest.mark.parametrize("used", USED, ids=lambda used: f"{used.step_type}-{used.tool}")
def test_a_tool_that_is_missing_is_named_with_the_way_to_get_it(
    run_step: Any, repository: Path, tmp_path: Path, used: Used
) -> None:
    put(repository, used)
    (tmp_path / "sleep").symlink_to("/bin/sleep")
    done = run_step(used.step_type, used.inputs, env={"PATH": str(tmp_path), **POSTGRES}, timeout_seconds=2)
    tells(done.failure)
    assert used.tool in done.failure.message
    if used.tool != "looker":
        assert done.failure.code.number == "ORC-5102"
        assert "Install" in done.failure.remedy
    assert done.outputs == {}


def test_every_type_that_needs_a_tool_is_among_them() -> None:
    tools = {need.name for name, known in STEP_TYPES.items() for need in known.tools}
    assert tools <= {used.tool for used in USED}
