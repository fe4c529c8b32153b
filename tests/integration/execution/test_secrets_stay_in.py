"""A run with secrets whose steps do their worst: no value in any form is in anything that the run leaves or says."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.registry import driver_for
from innominatus_cli.execution.engine import execute_plan
from innominatus_cli.execution.redaction import Redactor
from innominatus_cli.execution.secrecy import guarded
from innominatus_cli.reports.run_progress import PlainProgress
from tests.integration.execution.conftest import MakePlan, MakeSetting

VALUE = "Kq7/zT+9'w x$2&<é>%Lm"
SECRET = {"KEY": {"$ref": "secrets.key"}}


@pytest.fixture
def run(make_setting: MakeSetting, tmp_path: Path) -> Callable[..., dict[str, StepResult]]:
    """Runs a plan whose one secret is `key`; the results by name of step."""

    def ran(plan: Plan, value: str = VALUE, **more: object) -> dict[str, StepResult]:
        redactor = Redactor()
        secrets = guarded(lambda name: value if name == "key" else None, redactor, plan)
        setting = make_setting(plan, secrets=secrets, redactor=redactor, **more)
        with (tmp_path / "terminal").open("w", encoding="utf-8") as terminal:
            result = execute_plan(setting, observer=PlainProgress(terminal))
        told = json.dumps([finding.message for finding in result.findings])
        (tmp_path / "findings").write_text(told, encoding="utf-8")
        return {step.step.rpartition("/")[2]: step for step in result.steps}

    return ran


def leaks(folder: Path, value: str = VALUE) -> list[str]:
    """The files below a folder that hold a value in one of the forms that this test knows by itself."""
    data = value.encode()
    forms = [
        data, base64.b64encode(data).rstrip(b"=")[:-1], quote(value, safe="").encode(), data.hex().encode(),
        json.dumps(value)[1:-1].encode(), base64.b64encode(b"u:" + data)[4:-4],
    ]  # fmt: skip
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [str(path) for path in files for form in forms if form in path.read_bytes()]


def test_what_a_step_prints_is_kept_without_the_secret(
    make_plan: MakePlan, run: Callable[..., dict[str, StepResult]], tmp_path: Path
) -> None:
    script = """
        echo "plain $KEY"; echo "$KEY" >&2
        printf %s "$KEY" | base64; printf 'u:%s' "$KEY" | base64 -w0; echo
        printf %s "$KEY" | od -An -tx1 -v | tr -d ' \\n'; echo
        printf %s "$KEY" | fold -w 3 | tr -d '\\n'; echo
    """
    (tmp_path / "work").mkdir()
    found = run(make_plan({"one": {"script": script, "env": SECRET}}))["one"]
    assert found.status == "succeeded"
    assert found.stdout is not None
    assert found.stdout.head is not None
    assert found.stdout.head.startswith("plain ***\n***")
    assert found.stdout.redacted == 5
    assert found.stderr is not None
    assert found.stderr.head == "***\n"
    assert leaks(tmp_path) == []


def test_an_output_a_variable_and_a_reason_that_hold_it_are_withheld(
    make_plan: MakePlan, run: Callable[..., dict[str, StepResult]], tmp_path: Path
) -> None:
    found = run(
        make_plan(
            {
                "give": {
                    "script": 'echo "OUTPUT_url=https://u:$KEY@h/"; echo OUTPUT_plain=1',
                    "env": SECRET,
                    "declared_outputs": ["url", "plain"],
                    "set_variables": {"copy": {"$ref": "outputs.url"}},
                },
                "use": {
                    "script": '[ "$URL" = "https://u:$KEY@h/" ] && [ "$COPY" = "$URL" ]',
                    "needs": ["give"],
                    "env": {**SECRET, "URL": {"$ref": "steps.give.outputs.url"}, "COPY": {"$ref": "variables.copy"}},
                },
            }
        )
    )
    assert found["give"].outputs == {"plain": "1"}
    assert found["give"].withheld_outputs == ["url"]
    assert found["give"].variables == {}
    assert found["use"].status == "succeeded"
    assert leaks(tmp_path) == []
    assert "output 'url' holds a secret" in (tmp_path / "findings").read_text()


def test_a_secret_output_is_a_secret_from_its_step_on(
    make_plan: MakePlan, run: Callable[..., dict[str, StepResult]], tmp_path: Path
) -> None:
    derived = "derived-5e7-token"
    make = f'echo OUTPUT_token={derived}; echo also {derived}; echo {derived} >&2; [ -z "${{FAIL:-}}" ]'
    steps = {
        "make": {"script": make, "declared_outputs": ["token"], "secret_outputs": ["token"]},
        "tell": {
            "script": 'printf "%s" "$TOKEN" | base64; echo "$TOKEN"',
            "needs": ["make"],
            "env": {"TOKEN": {"$ref": "steps.make.outputs.token"}},
        },
        "break": {
            "script": make, "env": {"FAIL": "1"}, "secret_outputs": ["token"], "declared_outputs": ["token"],
            "continue_on_error": True,
        },
    }  # fmt: skip
    found = run(make_plan(steps))
    assert found["make"].stdout is not None
    assert found["make"].stdout.head == "OUTPUT_token=***\nalso ***\n"
    assert found["tell"].stdout is not None
    assert "***" in (found["tell"].stdout.head or "")
    assert found["break"].status == "failed"
    logs = [path for path in tmp_path.rglob("*") if path.parent.name == "logs"]
    assert logs
    assert [path for path in [*logs, tmp_path / "terminal"] if derived in path.read_text()] == []
    assert leaks(tmp_path, derived) == []


def test_a_driver_says_which_outputs_are_secrets(
    make_plan: MakePlan, run: Callable[..., dict[str, StepResult]], tmp_path: Path
) -> None:
    derived = "told-by-the-driver-7"

    def driver(ctx: StepContext) -> DriverSteps:
        outcome = yield ctx.command("printf", "%s", derived, logs_stdout=False)
        outputs = {"password": outcome.stdout.head.decode(), "pin": "12", "url": "https://h/"}
        return DriverResult(outputs=outputs, public=("password", "pin", "url"), secret=("password", "pin"))

    steps = {
        "make": {
            "declared_outputs": ["password"],
            "set_variables": {"pin_of_door": {"$ref": "outputs.pin"}, "url": {"$ref": "outputs.url"}},
            "type": "terraform", "inputs": {"workingDir": "."},
        },
        "tell": {
            "script": 'printf "%s" "$TOKEN" | base64; echo "$TOKEN $PIN"',
            "needs": ["make"],
            "env": {"TOKEN": {"$ref": "steps.make.outputs.password"}, "PIN": {"$ref": "variables.pin_of_door"}},
            "set_variables": {"again": {"$ref": "steps.make.outputs.pin"}},
        },
    }  # fmt: skip
    plan = make_plan(steps, outputs={"pin": {"$ref": "steps.make.outputs.pin"}, "url": {"$ref": "variables.url"}})
    found = run(plan, driver_for=lambda name: driver if name == "terraform" else driver_for(name))
    assert found["make"].outputs == {"url": "https://h/"}
    assert found["make"].withheld_outputs == ["password", "pin"]
    assert found["make"].variables == {"url": "https://h/"}
    assert found["make"].stdout is not None
    assert found["make"].stdout.bytes == 0
    assert found["tell"].status == "succeeded"
    assert found["tell"].variables == {}
    assert leaks(tmp_path, derived) == []
    told = (tmp_path / "findings").read_text()
    assert "the value of secret output 'pin' has less than 6 bytes" in told
    assert "'password'" not in told


def test_a_secret_that_is_injected_as_a_file_is_private_and_gone_after_the_step(
    make_plan: MakePlan, run: Callable[..., dict[str, StepResult]], tmp_path: Path
) -> None:
    script = 'stat -c %a "$KEY"; stat -c %a "$(dirname "$KEY")"; wc -c < "$KEY"; [[ $KEY == */scratch/* ]]'
    found = run(make_plan({"one": {"script": script, "env": SECRET}}), delivery=lambda _: "file")["one"]
    assert found.stdout is not None
    assert found.stdout.head == f"600\n700\n{len(VALUE.encode())}\n"
    assert leaks(tmp_path) == []


def test_a_secret_can_be_on_stdin_alone(
    make_plan: MakePlan, run: Callable[..., dict[str, StepResult]], tmp_path: Path
) -> None:
    script = '[ -z "${KEY+x}" ] && wc -c'
    found = run(make_plan({"one": {"script": script, "env": SECRET}}), delivery=lambda _: "stdin")["one"]
    assert found.stdout is not None
    assert (found.stdout.head or "").strip() == str(len(VALUE.encode()))
    assert leaks(tmp_path) == []


def test_a_program_whose_argument_would_hold_it_is_not_started(
    make_plan: MakePlan, run: Callable[..., dict[str, StepResult]], tmp_path: Path
) -> None:
    steps = {
        "give": {"script": 'echo "OUTPUT_k=$KEY"', "env": SECRET, "declared_outputs": ["k"]},
        "show": {
            "inputs": {"command": ["touch", {"$ref": "steps.give.outputs.k"}]}, "needs": ["give"],
        },
    }  # fmt: skip
    found = run(make_plan(steps))["show"]
    assert found.status == "failed"
    assert found.finding is not None
    assert found.finding.code == "ORC-5284"
    assert list((tmp_path / "work").iterdir()) == []
    assert leaks(tmp_path) == []


def test_excerpts_can_be_switched_off(make_plan: MakePlan, run: Callable[..., dict[str, StepResult]]) -> None:
    found = run(make_plan({"one": {"script": "echo hello"}}), keeps_excerpts=False)["one"]
    assert found.stdout is not None
    assert found.stdout.head is None
    assert found.stdout.bytes == 6


def test_an_excerpt_has_the_beginning_and_the_end(
    make_plan: MakePlan, run: Callable[..., dict[str, StepResult]]
) -> None:
    found = run(make_plan({"one": {"script": "seq 1 9999"}}))["one"]
    assert found.stdout is not None
    assert (found.stdout.head or "").startswith("1\n2\n")
    assert (found.stdout.tail or "").endswith("\n9998\n9999\n")
    assert len(found.stdout.head or "") == len(found.stdout.tail or "") == 2048
    two = run(make_plan({"one": {"script": "printf 'é%.0s' $(seq 1 1500)"}}))["one"].stdout
    assert two is not None
    assert (two.head or "") + (two.tail or "") == "é" * 1500


def test_a_sensitive_output_of_terraform_is_a_secret(
    make_plan: MakePlan, run: Callable[..., dict[str, StepResult]], tmp_path: Path, tool: Callable[[str], Path]
) -> None:
    tool("terraform")
    (tmp_path / "work").mkdir()
    value = "from-terraform-9"
    (tmp_path / "work" / "main.tf").write_text(
        'output "password" {\n  value = join("-", ["from", "terraform", "9"])\n  sensitive = true\n}\n'
    )
    show = "terraform init -input=false >&2; terraform apply -auto-approve -no-color >&2; terraform output -json"
    found = run(
        make_plan(
            {
                "show": {"script": show, "declared_outputs": ["password"]},
                "tell": {
                    "script": 'echo "it is $P" | base64',
                    "needs": ["show"],
                    "env": {"P": {"$ref": "steps.show.outputs.password.value"}},
                },
            }
        )
    )
    assert found["show"].status == "succeeded"
    assert found["show"].withheld_outputs == ["password"]
    assert '"value": "***"' in (found["show"].stdout.head or "" if found["show"].stdout else "")
    assert found["tell"].status == "succeeded"
    (tmp_path / "work" / "terraform.tfstate").unlink()
    assert leaks(tmp_path, value) == []


def test_a_sensitive_output_of_a_terraform_step_is_used_and_written_nowhere_but_in_its_state(
    make_plan: MakePlan, run: Callable[..., dict[str, StepResult]], tmp_path: Path, tool: Callable[[str], Path]
) -> None:
    tool("terraform")
    module = tmp_path / "work" / "infra"
    module.mkdir(parents=True)
    value = "from-terraform-9"
    (module / "main.tf").write_text(
        'variable "given" {\n  type      = string\n  sensitive = true\n}\n'
        'resource "terraform_data" "it" { input = var.given }\n'
        'output "made" {\n  value     = join("-", ["from", "terraform", "9"])\n  sensitive = true\n}\n'
        'output "given" {\n  value     = var.given\n  sensitive = true\n}\noutput "open" { value = "to-all" }\n'
    )
    found = run(
        make_plan(
            {
                "make": {
                    "type": "terraform",
                    "inputs": {"workingDir": "infra"},
                    "env": {"TF_VAR_given": {"$ref": "secrets.key"}},
                    "declared_outputs": ["plan_summary", "changed"],
                },
                "tell": {
                    "script": 'echo "it is $P" | base64; echo "$P $G"',
                    "needs": ["make"],
                    "env": {
                        "P": {"$ref": "steps.make.outputs.made"}, "G": {"$ref": "steps.make.outputs.given"},
                    },
                },
            }
        )
    )  # fmt: skip
    assert found["make"].status == "succeeded"
    assert found["make"].outputs["open"] == "to-all"
    assert found["make"].outputs["plan_summary"]["add"] == 1
    assert sorted(found["make"].withheld_outputs) == ["given", "made"]
    assert found["tell"].stdout is not None
    assert (found["tell"].stdout.head or "").endswith("*** ***\n")
    states = list(tmp_path.rglob("terraform.tfstate"))
    assert states
    for state in states:
        state.unlink()
    assert leaks(tmp_path, value) == []
    assert leaks(tmp_path) == []
