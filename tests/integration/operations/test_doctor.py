"""`doctor`: on a bare machine it lists exactly what the repository's workflows need."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.doctor.diagnosis import diagnose
from innominatus_cli.operations.doctor.looking import Check, Diagnosis

WORKFLOW = """
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {{name: {name}, description: d, owner: o, phase: deployment}}
spec:
  triggers: [{trigger}]
  steps:
{steps}
"""
SCORE = """
apiVersion: score.dev/v1b1
metadata: {name: shop}
containers: {web: {image: r.example/shop:1}}
"""
ADMIN = """
environments:
  staging: {kubernetes: {mode: apply, context: staging-cluster}}
secrets:
  key: {store: aws}
  token: {store: vault}
"""
ELSEWHERE = """
environments: {development: {}, staging: {}}
secrets:
  key:
    generate: true
    environments: {staging: {store: vault}}
"""
Make = Callable[..., Path]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    write(root, "admin-config.yaml", "environments: {development: {}}\n")
    subprocess.run(["git", "init", "-q", root], check=True)
    return root


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH has nothing in it."""
    (tmp_path / "bin").mkdir()
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def workflow(root: Path, name: str, *steps: str, trigger: str = "all_deployments") -> None:
    listed = "\n".join(f"    - {{name: s{number}, {step}}}" for number, step in enumerate(steps))
    write(root, f"workflows/platform/{name}.yaml", WORKFLOW.format(name=name, steps=listed, trigger=trigger))


def program(folder: str, name: str, says: str, *, then: str = "exit 0") -> None:
    path = Path(folder) / name
    path.write_text(f"#!/bin/sh\n{says}\n{then}\n")
    path.chmod(0o755)


def missing(diagnosis: Diagnosis) -> set[str]:
    return {check.name for check in diagnosis.checks if check.state == "missing"}


def check_of(diagnosis: Diagnosis, name: str) -> Check:
    return next(check for check in diagnosis.checks if check.name == name)


def test_on_a_bare_machine_it_lists_exactly_what_the_workflows_need(repository: Path, bare: dict[str, str]) -> None:
    workflow(
        repository,
        "one",
        "type: script, config: {script: 'true'}",
        "type: script, config: {command: [shop-lint, --all]}",
        "type: script, config: {command: [./own.sh]}",
        "type: database-migration, config: {tool: alembic, migrationsPath: m}",
        "type: database-migration, config: {migrationsPath: m, connectionString: 'sqlite:///x.db'}",
        "type: database-migration, config: {migrationsPath: m, connectionString: 'postgresql://h/x'}",
        "type: approval",
    )
    workflow(repository, "two", "type: terraform, config: {workingDir: tf}", trigger="manual")
    found = diagnose(directory=repository, outside=bare)
    assert missing(found) == {"git", "bash", "shop-lint", "alembic", "psql", "terraform"}
    alembic = check_of(found, "alembic")
    assert alembic.needed_by == ("workflows/platform/one.yaml:11: step 's3'",)
    assert alembic.range == ">=1.8"
    assert "pip install alembic" in alembic.install
    assert {finding.code.number for finding in found.findings} == {"ORC-5500"}
    assert {int(finding.code.exit_status) for finding in found.findings} == {69}


def test_programs_of_checks_and_scripts_of_other_types_are_needed_too(repository: Path, bare: dict[str, str]) -> None:
    check = "{type: http, url: 'http://x', environments: {development: {type: command, command: [looks-well]}}}"
    write(
        repository,
        "admin-config.yaml",
        f"environments: {{development: {{}}, staging: {{}}}}\nhealthChecks: {{well: {check}}}\n",
    )
    workflow(
        repository,
        "one",
        "type: validation, config: {healthChecks: [well]}",
        "type: validation, config: {checks: [{name: a, type: command, command: [shop-probe, now]}]}",
        "type: wait, config: {until: [{name: b, type: command, command: [./own.sh]}]}",
    )
    assert missing(diagnose(directory=repository, outside=bare)) == {"git", "looks-well", "shop-probe"}
    assert missing(diagnose([], "staging", directory=repository, outside=bare)) == {"git", "shop-probe"}
    workflow(repository, "two", "type: policy, config: {script: 'true'}")
    assert missing(diagnose([], "staging", directory=repository, outside=bare)) == {"git", "shop-probe", "bash"}


def test_a_plan_needs_only_what_it_reaches_in_its_environment(repository: Path, bare: dict[str, str]) -> None:
    write(repository, "admin-config.yaml", ADMIN.split("secrets:", maxsplit=1)[0] + "  development: {}\n")
    write(repository, "apps/score.yaml", SCORE)
    workflow(repository, "other", "type: helm, config: {chart: c, release: r}", trigger="manual")
    score = str(repository / "apps" / "score.yaml")
    here = diagnose([score], "development", directory=repository, outside=bare)
    assert missing(here) == {"git"}
    there = diagnose([score], "staging", directory=repository, outside=bare)
    assert missing(there) == {"git", "kubectl"}
    assert "apps/score.yaml:" in check_of(there, "kubectl").needed_by[0]
    assert missing(diagnose(directory=repository, outside=bare)) == {"git", "kubectl", "helm"}
    write(repository, "apps/score.yaml", "metadata: {name: shop}\n")
    with pytest.raises(CannotContinue):
        diagnose([score], "development", directory=repository, outside=bare)


def test_what_an_environment_never_runs_is_not_needed_there(repository: Path, bare: dict[str, str]) -> None:
    write(repository, "admin-config.yaml", ELSEWHERE)
    write(repository, "apps/score.yaml", SCORE)
    step = "type: script, if: environment.name == 'staging', env: {KEY: '${secrets.key}'}, config: {command: [psql]}"
    workflow(repository, "fill", step)
    score = str(repository / "apps" / "score.yaml")

    here = diagnose([score], "development", directory=repository, outside=bare)
    there = diagnose([score], "staging", directory=repository, outside=bare)

    assert missing(here) == {"git"}
    assert [check.name for check in here.checks if check.kind == "backend"] == []
    assert missing(there) == {"git", "psql"}
    assert [check.name for check in there.checks if check.kind == "backend"] == ["store vault"]


def test_versions_are_asked_and_held_against_every_range(repository: Path, bare: dict[str, str]) -> None:
    workflow(repository, "one", "type: database-migration, config: {tool: dbmate, migrationsPath: m}")
    for says, state, version in (
        ("echo dbmate version 2.36.0", "ok", "2.36.0"),
        ("echo dbmate version 2.36.0-shop.1", "ok", "2.36.0"),
        ("echo dbmate version 1.9.0", "wrong version", "1.9.0"),
        ("echo hello", "no answer", ""),
        ("echo dbmate version 2.36.0; exit 3", "no answer", ""),
    ):
        program(bare["PATH"], "dbmate", says)
        found = check_of(diagnose(directory=repository, outside=bare), "dbmate")
        assert (found.state, found.version, found.path) == (state, version, f"{bare['PATH']}/dbmate")


def test_nothing_is_executed_but_what_says_its_version(repository: Path, bare: dict[str, str], tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    workflow(
        repository,
        "one",
        "type: script, config: {command: [deploy-all]}",
        "type: database-migration, config: {tool: dbmate, migrationsPath: m}",
    )
    program(bare["PATH"], "deploy-all", f"echo deploy-all >> {trace}")
    (repository / "bin").mkdir()
    program(str(repository / "bin"), "dbmate", f"echo stolen >> {trace}")
    program(bare["PATH"], "dbmate", f'echo "dbmate $* in $PWD" >> {trace}; echo dbmate version 2.1.0')
    outside = {**bare, "PATH": f"{repository / 'bin'}:bin:{bare['PATH']}", "SECRET_TOKEN": "hunter2"}
    found = diagnose(directory=repository, outside=outside)
    assert check_of(found, "deploy-all").state == "ok"
    assert check_of(found, "dbmate").path == f"{bare['PATH']}/dbmate"
    assert trace.read_text().splitlines() == ["dbmate --version in /"]


def test_backends_are_looked_at_without_asking_a_server(repository: Path, bare: dict[str, str]) -> None:
    write(repository, "admin-config.yaml", ADMIN)
    write(repository, "apps/score.yaml", SCORE)
    program(bare["PATH"], "kubectl", 'case "$*" in config*) echo other;; *) echo Client Version: v1.33.1;; esac')
    found = diagnose(directory=repository, outside=bare)
    assert missing(found) == {"git", "aws"}
    assert check_of(found, "aws").needed_by == ("admin-config.yaml:5: secret 'key'",)
    states = {check.name: check.state for check in found.checks if check.kind == "backend"}
    assert states == {"context staging-cluster": "not set", "store vault": "not set"}
    program(bare["PATH"], "kubectl", 'case "$*" in config*) echo staging-cluster;; *) echo v1.33.1;; esac')
    ready = {**bare, "VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "t"}
    states = {check.name: check.state for check in diagnose(directory=repository, outside=ready).checks}
    assert (states["context staging-cluster"], states["store vault"]) == ("ok", "ok")


def test_an_admin_config_that_cannot_be_read_is_never_passed_over(repository: Path, bare: dict[str, str]) -> None:
    write(repository, "admin-config.yaml", "environments: [\n")
    with pytest.raises(CannotContinue):
        diagnose(directory=repository, outside=bare)


def test_the_shipped_example_has_what_it_needs_named(root: Path, bare: dict[str, str]) -> None:
    found = diagnose(directory=root, outside=bare)
    assert {"bash", "git", "kubectl"} <= missing(found)
    assert all(check.install for check in found.checks if check.state == "missing")


def test_real_tools_say_their_version(repository: Path, tool: Any) -> None:
    workflow(repository, "one", "type: script, config: {script: 'true'}")
    found = diagnose(directory=repository, outside=dict(os.environ))
    assert {check.name: check.state for check in found.checks} == {"python": "ok", "bash": "ok", "git": "ok"}
    assert tool("git").name == "git"
