"""Drift that Terraform finds: a bucket that somebody changed behind its back, on AWS's API by moto."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cloud import MotoServer

MIRROR = Path(os.environ.get("TF_PLUGIN_MIRROR", "/opt/tf-plugins"))
MODULE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}
provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  s3_use_path_style           = true
}
resource "aws_s3_bucket" "files" {
  bucket = "drifting-files"
  tags   = { team = "shop" }
}
output "arn" { value = aws_s3_bucket.files.arn }
"""


@pytest.fixture
def env(tmp_path: Path, moto_server: MotoServer, tool: Callable[[str], Path]) -> dict[str, str]:
    tool("terraform")
    if not (MIRROR / "registry.terraform.io" / "hashicorp" / "aws").is_dir():
        pytest.skip("no mirror has Terraform's AWS provider (TF_PLUGIN_MIRROR)")
    rc = tmp_path / "rc"
    rc.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{MIRROR}"\n  }}\n}}\n')
    return {**moto_server.environment, "TF_CLI_CONFIG_FILE": str(rc)}


def test_a_bucket_that_was_changed_behind_terraform_s_back_is_drift(
    run_step: Any, repository: Path, env: dict[str, str], tool: Callable[[str], Path]
) -> None:
    (repository / "infra").mkdir()
    (repository / "infra" / "main.tf").write_text(MODULE)
    inputs = {"path": "infra"}
    done = run_step("terraform", inputs, env=env, timeout_seconds=240)
    assert done.failure is None
    assert done.outputs["arn"] == "arn:aws:s3:::drifting-files"
    tags = "--tagging=TagSet=[{Key=team,Value=somebody}]"
    changed = ("s3api", "put-bucket-tagging", "--bucket=drifting-files", tags)
    subprocess.run([tool("aws"), *changed], check=True, env={"PATH": os.environ["PATH"], **env}, capture_output=True)
    drift = run_step("terraform", inputs, part="drift", env=env, timeout_seconds=240)
    assert drift.outputs == {"drift": [{"object": "aws_s3_bucket.files", "what": "tags, tags_all differ"}]}
    planned = run_step("terraform", {**inputs, "operation": "plan"}, env=env, timeout_seconds=240)
    assert planned.outputs["plan_summary"]["changes"] == [{"action": "update", "object": "aws_s3_bucket.files"}]
    assert run_step("terraform", {**inputs, "operation": "destroy"}, env=env, timeout_seconds=240).failure is None
