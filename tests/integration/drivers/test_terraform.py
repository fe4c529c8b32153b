"""`terraform` with the real program, offline: `terraform_data` needs no provider."""

import fcntl
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.plan import Undo
from innominatus_cli.system.commands import CommandOutcome
from tests.integration.drivers.page_examples import blocks, steps
from tests.integration.services import Postgres

STEP = "deployment/application/-/workload/the-step"
RUN = "01JD0000000000000000000000"
PASSWORD = "correct-horse-9"  # noqa: S105 - what must be nowhere
MODULE = """
variable "app" { type = string }
variable "password" {
  type      = string
  sensitive = true
  default   = ""
}
resource "terraform_data" "db" {
  input            = { name = "${var.app}-db", port = 5432, tags = ["a", "b"] }
  triggers_replace = [var.app]
}
output "db_url" { value = "postgres://localhost:5432/${terraform_data.db.output.name}" }
output "port" { value = terraform_data.db.output.port }
output "tags" { value = terraform_data.db.output.tags }
output "password" {
  value     = var.password
  sensitive = true
}
"""


@pytest.fixture(autouse=True)
def terraform(tool: Callable[[str], Path]) -> Path:
    return tool("terraform")


@pytest.fixture
def module(repository: Path) -> Path:
    folder = repository / "infra" / "db"
    folder.mkdir(parents=True)
    (folder / "main.tf").write_text(MODULE)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def undo_of(*runs: str) -> Undo:
    return Undo(step=STEP, how="itself", runs=list(runs))


def program(folder: Path, text: str, name: str = "terraform") -> dict[str, str]:
    """A stand-in for a program, first on PATH."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


APPLY: dict[str, Any] = {"path": "infra/db", "variables": {"app": "shop", "password": PASSWORD}}


@pytest.mark.usefixtures("module")
def test_a_module_is_applied_and_its_outputs_keep_their_types(
    run_step: Any, repository: Path, state: Path, outcomes: list[CommandOutcome]
) -> None:
    before = files_of(repository)
    done = run_step("terraform", APPLY)
    assert done.failure is None
    assert done.message == "1 added, 0 changed, 0 destroyed"
    assert done.outputs["db_url"] == "postgres://localhost:5432/shop-db"
    assert done.outputs["port"] == 5432
    assert done.outputs["tags"] == ["a", "b"]
    assert done.outputs["password"] == PASSWORD
    assert done.secret == ("password",)
    assert done.outputs["changed"] is True
    assert done.outputs["plan_summary"] == {
        "add": 1,
        "change": 0,
        "destroy": 0,
        "changes": [{"action": "create", "object": "terraform_data.db"}],
    }
    assert set(done.public) == set(done.outputs)
    assert done.tools[0].name == "terraform"
    assert done.tools[0].version.startswith("1.")
    assert files_of(repository) == before
    assert [path for path in state.rglob("terraform.tfstate") if "data" not in path.parts] != []

    again = run_step("terraform", APPLY)
    assert again.message == "no changes"
    assert again.outputs["changed"] is False
    assert again.outputs["db_url"] == done.outputs["db_url"]

    other = run_step("terraform", {**APPLY, "variables": {"app": "till"}, "outputs": ["port"]})
    assert other.message == "1 added, 0 changed, 1 destroyed"
    assert other.outputs["plan_summary"]["changes"] == [{"action": "replace", "object": "terraform_data.db"}]
    assert set(other.outputs) == {"plan_summary", "changed", "plan", "port"}
    assert other.outputs["plan"] == ""  # a file only where somebody asks for a plan
    assert all(outcome.exit_code in {0, 2} for outcome in outcomes)


@pytest.mark.usefixtures("module")
def test_variables_are_in_a_private_file_and_in_no_argument(run_step: Any, tmp_path: Path, terraform: Path) -> None:
    seen = tmp_path / "seen"
    spy = f'printf "%s\\n" "$@" >> {seen}; stat -c %a {tmp_path}/scratch-*/*.tfvars.json >> {seen}.modes 2>/dev/null\n'
    done = run_step("terraform", APPLY, env=program(tmp_path / "bin", f'{spy}exec {terraform} "$@"'))
    assert done.failure is None
    assert "apply" in seen.read_text()
    assert PASSWORD not in seen.read_text()
    assert set((tmp_path / "seen.modes").read_text().split()) == {"600"}


def test_modules_beside_the_module_and_its_lock_file_are_found(run_step: Any, repository: Path, state: Path) -> None:
    root, shared = repository / "infra" / "live" / "shop", repository / "infra" / "modules" / "name"
    root.mkdir(parents=True)
    shared.mkdir(parents=True)
    (shared / "main.tf").write_text('output "it" { value = "shared" }\n')
    (root / "main.tf").write_text(
        'module "name" { source = "../../modules/name" }\noutput "it" { value = module.name.it }\n'
        'resource "terraform_data" "file" {\n'
        '  provisioner "local-exec" { command = "echo made > ${path.module}/made" }\n}\n'
    )
    (root / "values.auto.tfvars").write_text("")
    (root / ".terraform").mkdir()
    (root / "terraform.tfstate").write_text("this is no state")
    before = files_of(repository)
    done = run_step("terraform", {"workingDir": "infra/live/shop", "includes": ["infra/modules"]})
    assert done.failure is None
    assert done.outputs["it"] == "shared"
    assert files_of(repository) == before
    assert len(list(state.rglob("made"))) == 1
    (root / "values.auto.tfvars").unlink()
    (shared / "main.tf").write_text('output "it" { value = "changed" }\n')
    assert run_step("terraform", {"workingDir": "infra/live/shop"}).outputs["it"] == "changed"
    assert list(state.rglob("values.auto.tfvars")) == []
    assert len(list(state.rglob("made"))) == 1


def test_a_link_out_of_the_repository_is_refused(run_step: Any, module: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.tf").write_text("")
    (module / "more.tf").symlink_to(tmp_path / "outside.tf")
    done = run_step("terraform", APPLY)
    assert done.failure.code.number == "ORC-5106"
    assert "leads out of the repository: 'more.tf'" in done.failure.message


@pytest.mark.usefixtures("module")
def test_a_plan_changes_nothing_and_says_what_it_would_do(run_step: Any, state: Path) -> None:
    done = run_step("terraform", {**APPLY, "operation": "plan"})
    assert done.failure is None
    assert done.message == "1 to add, 0 to change, 0 to destroy"
    assert set(done.outputs) == {"plan_summary", "changed", "plan"}
    assert (state / done.outputs["plan"]).is_file()
    assert not list(state.rglob("made.json"))
    shown = run_step("terraform", APPLY, part="preview")
    assert shown.outputs == {"changes": [{"action": "create", "object": "terraform_data.db"}]}
    assert run_step("terraform", APPLY, part="probe").outputs["done"] is False
    assert run_step("terraform", APPLY).failure is None
    assert run_step("terraform", APPLY, part="probe").outputs["done"] is True
    assert run_step("terraform", APPLY, part="probe").outputs["port"] == 5432
    assert run_step("terraform", APPLY, part="drift").outputs == {"drift": []}


@pytest.mark.usefixtures("module")
def test_what_is_destroyed_is_gone_and_can_be_destroyed_again(run_step: Any) -> None:
    assert run_step("terraform", APPLY).failure is None
    gone = {**APPLY, "operation": "destroy"}
    assert run_step("terraform", gone, part="preview").outputs["changes"][0]["action"] == "delete"
    done = run_step("terraform", gone)
    assert done.failure is None
    assert done.message == "1 destroyed"
    assert run_step("terraform", gone).message == "nothing was there"


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize(
    ("commands", "message"),
    [
        (["init", "plan", "apply"], "1 added, 0 changed, 0 destroyed"),
        (["init", "plan"], "1 to add, 0 to change, 0 to destroy"),
        (["init", "validate"], "the module is valid"),
        (["destroy", "clean"], "nothing was there"),
    ],
)
def test_commands_of_old_files_are_operations(run_step: Any, commands: list[str], message: str) -> None:
    done = run_step("terraform", {**APPLY, "commands": commands})
    assert done.failure is None
    assert done.message == message


@pytest.mark.usefixtures("module")
def test_workspaces_and_named_states_are_apart(run_step: Any, state: Path) -> None:
    for more in ({}, {"workspace": "blue"}, {"state": "second"}, {"backendConfig": {"path": "mine/x.tfstate"}}):
        assert run_step("terraform", {**APPLY, **more}).message == "1 added, 0 changed, 0 destroyed"
    assert run_step("terraform", {**APPLY, "operation": "destroy", "workspace": "blue"}).message == "1 destroyed"
    assert run_step("terraform", APPLY).message == "no changes"
    assert run_step("terraform", {**APPLY, "operation": "plan"}, env={"TF_WORKSPACE": "red"}).outputs["changed"]
    assert (state / "mine" / "x.tfstate").is_file()
    found = run_step("terraform", {**APPLY, "operation": "output"})
    assert found.outputs["port"] == 5432
    assert found.secret == ("password",)
    assert run_step("terraform", {**APPLY, "workspace": "-x"}).failure.code.number == "ORC-5106"
    outside = run_step("terraform", {**APPLY, "backendConfig": {"path": "../x"}})
    assert outside.failure.code.number == "ORC-5104"


def test_a_backend_of_the_module_gets_its_configuration_from_a_private_file(
    run_step: Any, module: Path, tmp_path: Path, terraform: Path, state: Path
) -> None:
    (module / "backend.tf").write_text('terraform {\n  backend "pg" {}\n}\n')
    seen = tmp_path / "seen"
    env = program(tmp_path / "bin", f'printf "%s\\n" "$@" >> {seen}; exec {terraform} "$@"')
    address = "postgres://u:pass-word-7@127.0.0.1:1/db?sslmode=disable&connect_timeout=1"
    done = run_step("terraform", {**APPLY, "backendConfig": {"conn_str": address}}, env=env)
    assert done.failure.code.number == "ORC-5400"
    assert "refused" in done.failure.message
    assert "pass-word-7" not in seen.read_text() + done.failure.message
    assert "-backend-config=" in seen.read_text()
    assert not [path for path in state.rglob("*") if path.is_file() and b"pass-word-7" in path.read_bytes()]


def test_a_backend_in_a_comment_is_no_backend(run_step: Any, module: Path, state: Path) -> None:
    (module / "backend.tf").write_text(
        '# terraform { backend "s3" {} }\nterraform {\n  backend "local" { path = "here" }\n}\n'
    )
    assert run_step("terraform", APPLY).failure is None
    assert len(list(state.rglob("terraform.tfstate"))) == 1
    assert list(state.rglob("here")) == []


@pytest.mark.usefixtures("module")
def test_a_rollback_destroys_what_its_own_run_made_and_nothing_else(run_step: Any) -> None:
    other = "01JD0000000000000000000001"
    assert run_step("terraform", APPLY).failure is None
    untouched = run_step("terraform", APPLY, part="undo", undoes=undo_of(other))
    assert untouched.failure is None
    assert untouched.message == "the run changed nothing here"
    undone = run_step("terraform", APPLY, part="undo", undoes=undo_of(RUN))
    assert undone.failure is None
    assert undone.message == "1 destroyed"
    assert run_step("terraform", APPLY, part="probe").outputs["done"] is False


@pytest.mark.usefixtures("module")
def test_a_rollback_leaves_a_state_that_was_there_before(run_step: Any, state: Path) -> None:
    assert run_step("terraform", APPLY).failure is None
    note = next(state.rglob("made.json"))
    note.write_text(note.read_text().replace(RUN, "01JD0000000000000000000009"))
    changed = {**APPLY, "variables": {"app": "till"}}
    assert run_step("terraform", changed).failure is None
    undone = run_step("terraform", changed, part="undo", undoes=undo_of(RUN))
    assert undone.failure.code.number == "ORC-5405"
    assert run_step("terraform", changed).message == "no changes"


@pytest.mark.parametrize(
    ("text", "inputs", "code", "says"),
    [
        ("", {"variables": {"app": "shop", "aap": 1}}, "ORC-5404", "no variable 'aap'"),
        ("", {"variables": {}}, "ORC-5400", "No value for required variable (main.tf:2)"),
        ("resource {}", {}, "ORC-5400", "'terraform init': "),
        (
            'output "x" { value = terraform_data.none.id }',
            {},
            "ORC-5400",
            "Reference to undeclared resource (more.tf:1)",
        ),
        ("", {"outputs": ["nope"]}, "ORC-5008", "no output 'nope'"),
        ("", {"targets": ["-destroy"]}, "ORC-5400", "Invalid target"),
        ("", {"path": "infra/none"}, "ORC-5105", "'infra/none' does not exist"),
        ("", {"path": "infra"}, "ORC-5106", "holds no Terraform file"),
        ("", {"path": "../x"}, "ORC-5104", "leads out of the repository"),
        ("", {"tool": "tofu"}, "ORC-5102", "'tofu' cannot be started"),
    ],
)
def test_what_is_wrong_is_a_finding(
    run_step: Any, module: Path, text: str, inputs: dict[str, Any], code: str, says: str
) -> None:
    (module / "more.tf").write_text(text)
    done = run_step("terraform", {**APPLY, **inputs})
    assert done.failure.code.number == code
    assert says in done.failure.message
    assert done.outputs == {}


def test_a_provider_that_cannot_be_had_is_named_as_such(run_step: Any, module: Path, tmp_path: Path) -> None:
    (module / "more.tf").write_text('terraform {\n  required_providers { x = { source = "nobody/nothing" } }\n}\n')
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (tmp_path / "rc").write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n')
    done = run_step("terraform", APPLY, env={"TF_CLI_CONFIG_FILE": str(tmp_path / "rc")})
    assert done.failure.code.number == "ORC-5402"


@pytest.mark.usefixtures("module")
def test_a_locked_state_is_named_as_such(run_step: Any, state: Path) -> None:
    assert run_step("terraform", APPLY).failure is None
    held = next(path for path in state.rglob("terraform.tfstate"))
    with held.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        done = run_step("terraform", {**APPLY, "lockTimeout": 0})
    assert done.failure.code.number == "ORC-5401"
    assert run_step("terraform", APPLY).failure is None


def test_an_apply_that_runs_out_of_time_keeps_its_state(run_step: Any, module: Path, state: Path) -> None:
    (module / "slow.tf").write_text(
        'resource "terraform_data" "slow" {\n  depends_on = [terraform_data.db]\n'
        '  provisioner "local-exec" { command = "${var.app == "shop" ? "sleep 60" : "true"}" }\n}\n'
    )
    done = run_step("terraform", APPLY, timeout_seconds=3)
    assert done.failure is not None
    assert done.outputs == {}
    kept = json.loads(next(state.rglob("terraform.tfstate")).read_bytes())
    assert {one["name"] for one in kept["resources"]} == {"db", "slow"}
    undone = run_step("terraform", APPLY, part="undo", undoes=undo_of(RUN))
    assert undone.message == "2 destroyed"


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize(
    ("script", "code", "says"),
    [
        ("exit 0", "ORC-5102", "names no version"),
        ('[ $1 = version ] && echo "Terraform v1.2.0"', "ORC-5102", "is 1.2.0, and >=1.6 is needed"),
        ('[ $1 = version ] && echo "Terraform v1.9.0" || echo garbage', "ORC-5403", "'terraform show -json' printed"),
        ("case $1 in version) echo v1.9.0;; init) sleep 60;; esac", "ORC-5103", "'terraform init' ran out of time"),
        (
            "case $1 in version) echo v1.9.0;; plan) kill -9 $$;; esac",
            "ORC-5103",
            "'terraform plan' was killed by SIGKILL",
        ),
        (
            'case $1 in version) echo v1.9.0;; plan) exit 2;; show) echo \'{"format_version":"1.2"}\';; esac',
            "ORC-5403",
            "'terraform apply' printed no JSON that says what it did",
        ),
        (
            'case $1 in version) echo v1.9.0;; plan) exit 0;; show) echo \'{"format_version":"1.2"}\';; esac',
            "ORC-5403",
            "'terraform output -json' printed",
        ),
        (
            'case $1 in version) echo v1.9.0;; show) echo \'{"format_version":"1.2"}\';; output) exit 1;; esac',
            "ORC-5103",
            "'terraform output' ended with exit status 1",
        ),
    ],
)
def test_a_program_that_is_not_what_it_seems_is_never_a_success(
    run_step: Any, tmp_path: Path, script: str, code: str, says: str
) -> None:
    done = run_step("terraform", APPLY, env=program(tmp_path / "bin", script), timeout_seconds=2)
    assert done.failure.code.number == code
    assert says in done.failure.message
    assert done.outputs == {}


@pytest.mark.usefixtures("module")
def test_without_any_program_both_ways_are_told(run_step: Any, tmp_path: Path) -> None:
    done = run_step("terraform", APPLY, env={"PATH": str(tmp_path)})
    assert done.failure.code.number == "ORC-5102"
    assert "Install terraform" in done.failure.remedy


@pytest.mark.usefixtures("module")
def test_tofu_takes_the_place_of_a_terraform_that_is_not_there(
    run_step: Any, tmp_path: Path, tool: Callable[[str], Path], state: Path
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "tofu").symlink_to(tool("tofu"))
    env = {"PATH": str(folder)}
    assert run_step("terraform", APPLY, part="preview", env=env).outputs["changes"] == [
        {"action": "create", "object": "terraform_data.db"}
    ]
    done = run_step("terraform", APPLY, env=env)
    assert done.failure is None
    assert (done.tools[0].name, done.message) == ("tofu", "1 added, 0 changed, 0 destroyed")
    assert done.outputs["tags"] == ["a", "b"]
    assert done.secret == ("password",)
    assert run_step("terraform", {**APPLY, "tool": "tofu"}, part="probe", env=env).outputs["done"] is True
    assert run_step("terraform", APPLY, part="drift", env=env).outputs == {"drift": []}
    assert run_step("terraform", APPLY, part="undo", undoes=undo_of(RUN), env=env).message == "1 destroyed"
    (kept,) = (path for path in state.rglob("terraform.tfstate") if "data" not in path.parts)
    assert b'"resources": []' in kept.read_bytes() or b'"resources":[]' in kept.read_bytes()


@pytest.mark.usefixtures("module")
def test_the_folders_of_a_state_are_private(run_step: Any, state: Path) -> None:
    assert run_step("terraform", APPLY).failure is None
    for folder in (state, *(path for path in (state / "terraform").iterdir())):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_example_of_the_page_works(run_step: Any, repository: Path) -> None:
    [step] = steps("terraform")
    folder = repository / "infra" / "database"
    folder.mkdir(parents=True)
    (folder / "main.tf").write_text(blocks("terraform", "hcl")[0])
    done = run_step(step["type"], step["config"])
    assert done.failure is None
    assert done.outputs["db_name"] == "shop-db"
    assert done.secret == ("db_password",)


@pytest.mark.usefixtures("module")
def test_a_state_on_postgresql_is_locked_there(
    run_step: Any, repository: Path, state: Path, postgres: Postgres
) -> None:
    (repository / "infra" / "db" / "backend.tf").write_text('terraform {\n  backend "pg" {}\n}\n')
    env = {"PG_CONN_STR": postgres.url(postgres.new_database())}
    inputs = {**APPLY, "backendConfig": {"schema_name": "shop"}, "lockTimeout": 0}
    done = run_step("terraform", inputs, env=env)
    assert done.failure is None, done.failure.message
    assert done.message == "1 added, 0 changed, 0 destroyed"
    assert list(state.rglob("terraform.tfstate")) == []
    assert run_step("terraform", inputs, part="probe", env=env).outputs["done"] is True
    gone = run_step("terraform", {**inputs, "operation": "destroy"}, env=env)
    assert gone.message == "1 destroyed"
