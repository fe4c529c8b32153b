"""`cost-analysis` of plans that the real terraform made, and of files that are none."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.drivers.page_examples import blocks, steps

MODULE = """\
resource "terraform_data" "small" { input = { size = "small", gb = 20, disks = [{ gb = 5 }, { gb = "7.5" }] } }
resource "terraform_data" "many" {
  count = 2
  input = { size = "large", gb = 1 }
}
resource "terraform_data" "later" { input = { size = terraform_data.small.id, gb = 1 } }
resource "terraform_data" "secret" { input = sensitive({ size = "hush-hush", gb = 3 }) }
"""
ANY = {"name": "any", "resource": "terraform_*", "monthlyCents": 1000}
SMALL = {"name": "small", "resource": "terraform_data", "where": {"input.size": "small"}, "monthlyCents": 200}
DISK = {"name": "disk", "resource": "terraform_data", "part": "disk", "quantity": "input.gb", "monthlyCents": 3}
SMALLISH = {"where": {"input.size": "sm*"}}
SECOND = {**DISK, "name": "second", "part": "second disk", "quantity": "input.disks.1.gb", **SMALLISH}


@pytest.fixture
def planned(run_step: Any, repository: Path, tool: Callable[[str], Path]) -> Callable[[str], str]:
    """Plans a module and gives the path of the plan below the state folder."""
    env = {"PATH": f"{tool('terraform').parent}{os.pathsep}{os.environ['PATH']}"}

    def plan(text: str) -> str:
        (repository / "infra").mkdir(exist_ok=True)
        (repository / "infra" / "main.tf").write_text(text)
        result = run_step("terraform", {"workingDir": "infra", "operation": "plan"}, env=env)
        assert result.failure is None, result.failure
        path: str = result.outputs["plan"]
        return path

    return plan


def cost(run_step: Any, *prices: dict[str, Any], **inputs: Any) -> Any:
    return run_step("cost-analysis", {"onlyPlans": True, "prices": list(prices), **inputs})


def test_every_resource_of_a_plan_has_the_price_that_says_most(run_step: Any, planned: Callable[[str], str]) -> None:
    plan = planned("\n".join(MODULE.splitlines()[:5]))
    result = cost(run_step, ANY, SMALL, DISK, SECOND, plans=[plan])
    assert result.failure is None
    items = {item["what"]: (item["price"], item["amount"], item["cents"]) for item in result.outputs["items"]}
    assert items == {
        "terraform_data.small": ("small", "1", 200),
        "terraform_data.small disk": ("disk", "20", 60),
        "terraform_data.small second disk": ("second", "7.5", 23),
        "terraform_data.many[0]": ("any", "1", 1000),
        "terraform_data.many[0] disk": ("disk", "1", 3),
        "terraform_data.many[1]": ("any", "1", 1000),
        "terraform_data.many[1] disk": ("disk", "1", 3),
    }
    assert result.outputs["monthly_cents"] == 2289
    over = cost(run_step, ANY, SMALL, DISK, SECOND, plans=[plan], budgetLimit=22)
    assert over.failure.code.number == "ORC-5160"
    assert "most of it for terraform_data.many[0]" in over.failure.message


def test_what_has_no_price_is_told_and_never_free(run_step: Any, planned: Callable[[str], str], state: Path) -> None:
    plan = planned(MODULE)
    assert "hush" not in (state / plan).read_text()
    assert (state / plan).stat().st_mode & 0o777 == 0o600
    result = cost(run_step, SMALL, plans=[plan])
    assert (result.failure.code.number, result.outputs) == ("ORC-5161", {})
    without = [
        "terraform_data.later ('input.size' is not known before it is applied)",
        "terraform_data.many[0] (terraform_data)",
        "terraform_data.many[1] (terraform_data)",
        "terraform_data.secret ('input.size' is not known before it is applied)",
    ]
    assert all(words in result.failure.message for words in without)
    told = cost(run_step, SMALL, plans=[plan], unpriced="tell", budgetLimit=100)
    assert told.failure is None
    assert sorted(told.outputs["unpriced"]) == without
    assert told.outputs["monthly_cents"] == 200
    assert told.message.startswith("at least 2.00 a month of a budget of 100.00; no price for terraform_data.")
    twice = cost(run_step, ANY, {**ANY, "name": "other"}, plans=[plan])
    assert "(prices 'any' and 'other' fit equally)" in twice.failure.message
    amount = cost(run_step, {**DISK, "quantity": "input.none"}, plans=[plan])
    assert "terraform_data.small ('input.none' is no known amount)" in amount.failure.message


def test_a_plan_file_of_terraform_is_read_and_a_saved_plan_is_not(
    run_step: Any, repository: Path, tool: Callable[[str], Path]
) -> None:
    (repository / "main.tf").write_text(MODULE.splitlines()[0])
    program = tool("terraform")
    for arguments in (("init",), ("plan", "-out=saved"), ("apply", "saved"), ("plan", "-out=saved")):
        subprocess.run([program, *arguments], cwd=repository, check=True, capture_output=True)
    shown = subprocess.run([program, "show", "-json", "saved"], cwd=repository, check=True, capture_output=True)
    (repository / "plan.json").write_bytes(shown.stdout)
    result = cost(run_step, SMALL, planFiles=["plan.json"])
    assert result.outputs["monthly_cents"] == 200
    result = cost(run_step, SMALL, planFiles=["saved"])
    assert result.failure.code.number == "ORC-5513"
    assert "'saved' is no JSON but a saved plan" in result.failure.message
    gone = subprocess.run([program, "plan", "-destroy", "-out=saved"], cwd=repository, check=True, capture_output=True)
    assert gone.returncode == 0
    shown = subprocess.run([program, "show", "-json", "saved"], cwd=repository, check=True, capture_output=True)
    (repository / "plan.json").write_bytes(shown.stdout)
    assert cost(run_step, planFiles=["plan.json"]).outputs["monthly_cents"] == 0


CHANGE = {"address": "a.b", "type": "a", "mode": "managed", "change": {"actions": ["create"], "after": {}}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "nonsense",
        '{"format_version": "1.2"}',
        '{"format_version": "2.0", "resource_changes": []}',
        '{"format_version": "1.2", "errored": true, "resource_changes": []}',
        '{"format_version": "1.2", "complete": false, "resource_changes": []}',
        '{"format_version": "1.2", "resource_changes": [1]}',
        '{"format_version": "1.2", "resource_changes": {"a": 1}}',
        json.dumps({"format_version": "1.2", "resource_changes": [{**CHANGE, "change": {"actions": ["create"]}}]}),
        json.dumps({"format_version": "1.2", "resource_changes": [{**CHANGE, "mode": None, "change": None}]}),
        "[" * 100_000,
    ],
)
def test_what_is_no_whole_plan_has_no_price(run_step: Any, repository: Path, text: str) -> None:
    (repository / "plan.json").write_text(text)
    result = cost(run_step, {"name": "a", "resource": "a", "monthlyCents": 0}, planFiles=["plan.json"])
    assert (result.failure.code.number, result.outputs) == ("ORC-5513", {})


def test_what_terraform_forgets_goes_on_to_cost(run_step: Any, repository: Path) -> None:
    change = {"actions": ["forget"], "before": {"size": 2}, "after": None}
    plan = {"format_version": "1.2", "resource_changes": [{**CHANGE, "change": change}]}
    (repository / "plan.json").write_text(json.dumps(plan))
    price = {"name": "a", "resource": "a", "monthlyCents": 5, "quantity": "size"}
    assert cost(run_step, price, planFiles=["plan.json"]).outputs["monthly_cents"] == 10


def test_paths_that_lead_out_or_nowhere_are_refused(run_step: Any) -> None:
    assert cost(run_step).failure.code.number == "ORC-5106"
    assert cost(run_step, planFiles=["../plan.json"]).failure.code.number == "ORC-5104"
    assert cost(run_step, plans=["../plan.json"]).failure.code.number == "ORC-5104"
    assert cost(run_step, planFiles=["plan.json"]).failure.code.number == "ORC-5105"
    assert cost(run_step, plans=["plans/none.json"]).failure.code.number == "ORC-5513"


def test_the_example_of_the_page_prices_a_workload_and_a_plan(run_step: Any, repository: Path) -> None:
    [step] = steps("cost-analysis")
    [table] = blocks("cost-analysis", "yaml-tables")
    made, asked = yaml.safe_load(blocks("cost-analysis", "yaml-steps")[0])
    assert (made["config"]["operation"], set(asked["config"])) == ("plan", {"budgetLimit", "plans"})
    prices = [{"name": name, **price} for name, price in yaml.safe_load(table)["prices"].items()]
    after = {"instance_class": "db.t3.small", "allocated_storage": 100}
    kinds = {"aws_db_instance": after, "aws_iam_role": {"name": "shop"}}
    changes = [
        {"address": f"{kind}.it", "type": kind, "mode": "managed", "change": {"actions": ["create"], "after": values}}
        for kind, values in kinds.items()
    ]
    (repository / "plan.json").write_text(json.dumps({"format_version": "1.2", "resource_changes": changes}))
    config = dict(step["config"])
    workload = {
        "apiVersion": "score.dev/v1b1",
        "metadata": {"name": "shop"},
        "containers": {"web": {"image": "w:1", "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}},
    }
    config |= {"budgetLimit": 55, "planFiles": ["plan.json"], "prices": prices, "workload": workload}
    result = run_step("cost-analysis", config)
    assert result.failure is None
    assert result.outputs["monthly_cents"] == 1200 + 320 + 2600 + 1200
    assert result.message == "53.20 a month of a budget of 55.00: 97 % and over the threshold for an alert"
