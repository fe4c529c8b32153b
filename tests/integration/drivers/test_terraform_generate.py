"""`terraform-generate`: the modules are as `terraform fmt` would write them, and Terraform takes them."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.drivers.terraform_modules import MODULES
from tests.integration.drivers.page_examples import steps

MIRROR = Path(os.environ.get("TF_PLUGIN_MIRROR", "/opt/tf-plugins"))
GENERATED = ".innominatus/manifests/checkout/development/deployment/application/workload/the-step"


def generated(run_step: Any, **inputs: Any) -> dict[str, str]:
    done = run_step("terraform-generate", inputs)
    assert done.failure is None
    return {path: data.decode() for path, data in done.artifacts.items()}


@pytest.fixture(scope="module")
def with_provider(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which the AWS provider comes from a mirror on this machine."""
    if not (MIRROR / "registry.terraform.io" / "hashicorp" / "aws").is_dir():
        pytest.skip("no mirror has Terraform's AWS provider (TF_PLUGIN_MIRROR)")
    rc = tmp_path_factory.mktemp("terraform") / "rc"
    rc.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{MIRROR}"\n'
        '    include = ["registry.terraform.io/*/*"]\n  }\n}\n'
    )
    return {"TF_CLI_CONFIG_FILE": str(rc)}


@pytest.mark.parametrize("kind", sorted(MODULES))
def test_a_module_is_the_same_each_time_and_formatted(
    run_step: Any, tool: Callable[[str], Path], tmp_path: Path, kind: str
) -> None:
    files = generated(run_step, resource=kind, variables={"name": 'a"b\\c${d}%{e}'})
    assert files == generated(run_step, resource=kind, variables={"name": 'a"b\\c${d}%{e}'})
    assert set(files) == {f"{GENERATED}/{name}" for name in ("main.tf", "variables.tf", "outputs.tf")}
    for path, text in files.items():
        (tmp_path / path.rpartition("/")[2]).write_text(text)
    shown = subprocess.run(
        [tool("terraform"), "fmt", "-check", "-diff", "."],
        cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert shown.stdout + shown.stderr == ""


def test_terraform_validates_every_module_of_the_provider_that_is_there(
    run_step: Any, tool: Callable[[str], Path], repository: Path, with_provider: dict[str, str]
) -> None:
    tool("terraform")
    for kind in sorted(set(MODULES) - {"minio-s3-bucket"}):
        shutil.rmtree(repository / "module", ignore_errors=True)
        for path, text in generated(run_step, resource=kind, outputDir="module").items():
            (repository / path).parent.mkdir(exist_ok=True)
            (repository / path).write_text(text)
        done = run_step("terraform", {"path": "module", "operation": "validate"}, env=with_provider)
        assert done.failure is None, kind


def test_a_step_behind_it_applies_the_module_before_it_is_committed(
    run_step: Any, tool: Callable[[str], Path], state: Path
) -> None:
    tool("terraform")
    main = b'variable "name" { default = "x" }\noutput "it" { value = "${var.name}!" }\n'
    done = run_step("terraform", {"path": GENERATED}, manifests={f"{GENERATED}/main.tf": main, "other/x.tf": b"{"})
    assert done.failure is None
    assert done.outputs["it"] == "x!"
    assert list(state.rglob("x.tf")) == []
    bad = run_step("terraform", {"path": "m"}, manifests={"m/../../x.tf": b"", "m/main.tf": b""})
    assert bad.failure.code.number == "ORC-5106"


def test_the_name_is_that_of_application_and_environment(run_step: Any) -> None:
    done = run_step("terraform-generate", {"resource": "postgres", "outputDir": "./tmp-tf"})
    assert done.outputs == {"module": "tmp-tf", "files": ["main.tf", "outputs.tf", "variables.tf"]}
    variables = done.artifacts["tmp-tf/variables.tf"].decode()
    assert 'default     = "checkout-development-postgres"' in variables
    assert "password" not in done.artifacts["tmp-tf/variables.tf"].decode().lower().replace("owner's password", "")
    numbers = generated(run_step, resource="postgres", variables={"allocated_storage": 50, "deletion_protection": True})
    assert "default     = 50\n" in numbers[f"{GENERATED}/variables.tf"]
    assert "default     = true\n" in numbers[f"{GENERATED}/variables.tf"]


@pytest.mark.parametrize(
    ("inputs", "code", "says"),
    [
        ({"variables": {"versoning": True}}, "ORC-5106", "no variable 'versoning'"),
        ({"variables": {"versioning": "yes"}}, "ORC-5106", "variable 'versioning' of the module is a bool"),
        ({"resource": "minio-s3-bucket", "variables": {"secret_key": "x"}}, "ORC-5106", "is a secret"),
        ({"outputDir": "../x"}, "ORC-5104", "'../x' is no folder of the repository"),
        ({"outputDir": ".git/x"}, "ORC-5104", "is no folder"),
        ({"outputDir": "/etc"}, "ORC-5104", "is no folder"),
    ],
)
def test_what_is_wrong_is_a_finding(run_step: Any, inputs: dict[str, Any], code: str, says: str) -> None:
    done = run_step("terraform-generate", {"resource": "s3", **inputs})
    assert done.failure.code.number == code
    assert says in done.failure.message
    assert done.artifacts == {}


def test_the_example_of_the_page_works(
    run_step: Any, tool: Callable[[str], Path], with_provider: dict[str, str]
) -> None:
    tool("terraform")
    [generate] = steps("terraform-generate")
    made = run_step(generate["type"], generate["config"])
    inputs = {"path": made.outputs["module"], "operation": "validate"}
    done = run_step("terraform", inputs, manifests=made.artifacts, env=with_provider)
    assert done.failure is None
