"""`pulumi` against a stand-in for its CLI (`pulumi_double.py`), which was written from Pulumi's published reference."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.plan import Undo
from tests.integration.drivers.page_examples import blocks, steps

RUN = "01JD0000000000000000000000"
UNDO = Undo(step="deployment/application/-/workload/the-step", how="itself", runs=[RUN])
PROGRAM = {
    "name": "shop",
    "runtime": "yaml",
    "resources": {
        "files": {"type": "aws:s3:Bucket", "properties": {"name": "${config:shop:name}"}},
        "queue": {"type": "aws:sqs:Queue", "properties": {}},
    },
    "outputs": {"bucket": "shop-files", "size": 3, "password": {"fn::secret": "correct-horse-9"}},
}
UP: dict[str, Any] = {
    "path": "infra",
    "stack": "dev",
    "config": {"shop:name": "files"},
    "configFrom": {"shop:k": "KEY"},
}


@pytest.fixture
def project(repository: Path) -> Path:
    folder = repository / "infra"
    (folder / "lib").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(json.dumps(PROGRAM))
    return folder


def pulumi(tmp_path: Path, script: str | None = None) -> dict[str, str]:
    """The stand-in, or another program by its name, first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / "pulumi"
    double = Path(__file__).parent / "pulumi_double.py"
    spy = f'printf "%s\\n" "$@" >> {tmp_path}/seen\nexec {sys.executable} -I {double} "$@"'
    program.write_text(f"#!/bin/sh\n{script or spy}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "KEY": "hush-hush-7"}


def test_a_stack_comes_up_changes_and_is_destroyed_by_a_rollback(
    run_step: Any, project: Path, tmp_path: Path, state: Path
) -> None:
    env = pulumi(tmp_path)
    shown = run_step("pulumi", UP, part="preview", env=env)
    assert shown.failure is None
    assert shown.outputs["changes"][0] == {"action": "create", "object": "aws:s3:Bucket files"}
    assert run_step("pulumi", UP, part="probe", env=env).outputs["done"] is False

    done = run_step("pulumi", UP, env=env)
    assert done.failure is None
    assert done.message == "2 create"
    assert done.outputs["bucket"] == "shop-files"
    assert done.outputs["size"] == 3
    assert done.outputs["password"] == "correct-horse-9"  # noqa: S105 - what the program says
    assert done.secret == ("password",)
    assert done.outputs["plan_summary"]["add"] == 2
    assert run_step("pulumi", UP, part="probe", env=env).outputs["done"] is True
    assert run_step("pulumi", UP, env=env).message == "no changes"
    assert "hush-hush-7" not in (tmp_path / "seen").read_text()
    assert sorted(path.name for path in project.iterdir()) == ["Pulumi.yaml", "lib"]
    assert list(state.rglob("Pulumi.dev.yaml"))

    undone = run_step("pulumi", UP, part="undo", undoes=UNDO, env=env)
    assert undone.failure is None
    assert undone.message == "2 delete"
    gone = run_step("pulumi", {**UP, "operation": "destroy"}, env=env)
    assert gone.message == "nothing was there"
    assert run_step("pulumi", {**UP, "stack": "none", "operation": "destroy"}, env=env).message == "nothing was there"


def test_a_rollback_leaves_a_stack_that_was_there_before(
    run_step: Any, project: Path, tmp_path: Path, state: Path
) -> None:
    env = pulumi(tmp_path)
    assert run_step("pulumi", UP, env=env).failure is None
    (state / "pulumi" / "made.json").unlink()
    program = {**PROGRAM, "resources": {"files": {"type": "aws:s3:Bucket", "properties": {"name": "x"}}}}
    (project / "Pulumi.yaml").write_text(json.dumps(program))
    done = run_step("pulumi", UP, env=env)
    assert done.outputs["plan_summary"]["change"] == 1
    assert done.outputs["plan_summary"]["destroy"] == 1
    undone = run_step("pulumi", UP, part="undo", undoes=UNDO, env=env)
    assert undone.failure.code.number == "ORC-5405"


@pytest.mark.usefixtures("project")
def test_drift_is_what_a_refresh_would_change(run_step: Any, tmp_path: Path, state: Path) -> None:
    env = pulumi(tmp_path)
    assert run_step("pulumi", UP, env=env).failure is None
    assert run_step("pulumi", UP, part="drift", env=env).outputs == {"drift": []}
    file = next(state.rglob("dev.json"))
    kept = json.loads(file.read_text())
    kept["resources"]["queue"]["gone"] = True
    file.write_text(json.dumps(kept))
    found = run_step("pulumi", UP, part="drift", env=env)
    assert found.outputs == {"drift": [{"object": "aws:sqs:Queue queue", "what": "it is gone"}]}
    refreshed = run_step("pulumi", {**UP, "operation": "refresh"}, env=env)
    assert refreshed.message == "1 delete"
    assert run_step("pulumi", {**UP, "operation": "preview"}, env=env).outputs["plan_summary"]["add"] == 1


@pytest.mark.parametrize(
    ("inputs", "code", "says"),
    [
        ({"stack": "-x"}, "ORC-5106", "cannot be the name of a stack"),
        ({"path": "."}, "ORC-5106", "holds no Pulumi.yaml"),
        ({"path": "none"}, "ORC-5105", "does not exist"),
        ({"config": {"-x": "1"}}, "ORC-5106", "cannot be a key"),
        ({"configFrom": {"k": "NOT_SET"}}, "ORC-5106", "NOT_SET is not set"),
        ({"stack": "none", "operation": "refresh"}, "ORC-5418", "there is no stack 'none'"),
    ],
)
@pytest.mark.usefixtures("project")
def test_what_is_wrong_is_a_finding(
    run_step: Any, tmp_path: Path, inputs: dict[str, Any], code: str, says: str
) -> None:
    done = run_step("pulumi", {**UP, **inputs}, env=pulumi(tmp_path))
    assert done.failure.code.number == code
    assert says in done.failure.message
    assert done.outputs == {}


VERSION = '[ "$1" = version ] && echo v3.138.0 && exit\n'
PREVIEW = """case "$1" in preview) echo '{"steps": [{"op": "create", "urn": "a::b::c::d"}]}';; esac\n"""


@pytest.mark.parametrize(
    ("script", "code", "says"),
    [
        ("echo v2.1.0", "ORC-5102", "is 2.1.0, and >=3 is needed"),
        (f"{VERSION}echo garbage", "ORC-5403", "'pulumi preview' printed no JSON"),
        (f"{VERSION}echo '{{}}'", "ORC-5403", "printed no steps"),
        (f"{VERSION}{PREVIEW}", "ORC-5403", "does not say what was done"),
        (
            f"""{VERSION}{PREVIEW}[ "$2" = history ] && echo '[{{"kind": "update", "result": "failed"}}]'; true""",
            "ORC-5415",
            "it is 'failed'",
        ),
        (f"{VERSION}echo 'the stack is currently locked' >&2; exit 255", "ORC-5416", "stack 'dev' is locked"),
        (f"{VERSION}echo 'PULUMI_ACCESS_TOKEN must be set' >&2; exit 255", "ORC-5417", "no usable credentials"),
        (f"{VERSION}exit 255", "ORC-5415", "'pulumi stack select' ended with exit status 255"),
        (f"{VERSION}sleep 60", "ORC-5103", "ran out of time"),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_program_that_is_not_what_it_seems_is_never_a_success(
    run_step: Any, tmp_path: Path, script: str, code: str, says: str
) -> None:
    done = run_step("pulumi", UP, env=pulumi(tmp_path, script), timeout_seconds=2)
    assert done.failure.code.number == code
    assert says in done.failure.message
    assert done.outputs == {}


def test_an_update_that_fails_gives_nothing(run_step: Any, project: Path, tmp_path: Path) -> None:
    (project / "Pulumi.yaml").write_text(json.dumps({**PROGRAM, "fails": True}))
    done = run_step("pulumi", UP, env=pulumi(tmp_path))
    assert done.failure.code.number == "ORC-5415"
    assert done.outputs == {}


def test_the_example_of_the_page_works(run_step: Any, repository: Path, tmp_path: Path) -> None:
    [step] = steps("pulumi")
    (repository / "infra").mkdir()
    (repository / "infra" / "Pulumi.yaml").write_text(blocks("pulumi", "json")[0])
    done = run_step(step["type"], step["config"], env=pulumi(tmp_path))
    assert done.failure is None
    assert done.outputs["bucket"] == "shop-files"
