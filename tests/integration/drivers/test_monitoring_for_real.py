"""`monitoring` with the real promtool, dashboards as Grafana's own types read them, and programs that lie."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.drivers.page_examples import blocks, steps

Env = dict[str, str]
ALERT = {"name": "down", "expression": 'up{job="$SERVICE"} == 0', "for": "5m"}
TEST = """\
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series: [{series: 'up{job="shop"}', values: 0x10}]
    alert_rule_test:
      - eval_time: 6m
        alertname: down
        exp_alerts: [EXPECTED]
"""
LABELS = "{severity: warning, service: shop, application: checkout, job: shop}"
EXPECTED = f"{{exp_labels: {LABELS}, exp_annotations: {{summary: down}}}}"


@pytest.fixture
def env(tool: Callable[[str], Path]) -> Env:
    """PATH with promtool."""
    return {"PATH": f"{tool('promtool').parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture
def read_by_grafana(tool: Callable[[str], Path]) -> Callable[[str], str]:
    """What Grafana's types say of a dashboard: how many panels, or what is wrong."""
    program = tool("grafana-dashboard")

    def read(text: str) -> str:
        done = subprocess.run([program], input=text, capture_output=True, text=True, check=False)
        return done.stdout or done.stderr

    return read


def rendered(result: Any) -> dict[str, Any]:
    """The objects of a result by kind; of dashboards the JSON."""
    assert result.failure is None, result.failure
    ((_, data),) = result.artifacts.items()
    return {one["kind"]: one for one in yaml.safe_load_all(data)}


def test_the_example_of_the_page_is_checked_tested_and_read_by_grafana(
    run_step: Any, repository: Path, env: Env, read_by_grafana: Callable[[str], str]
) -> None:
    [step] = steps("monitoring")
    [tables], [tests] = blocks("monitoring", "yaml-tables"), blocks("monitoring", "yaml-tests")
    (repository / "monitoring").mkdir()
    (repository / step["config"]["tests"][0]).write_text(
        tests.replace("shop-orders", "checkout-orders").replace("application: shop", "application: checkout")
    )
    config = step["config"] | {"service": "checkout-orders"}
    for table in ("alerts", "dashboards"):
        known = yaml.safe_load(tables)[table]
        config[table] = [{"name": name, **known[name]} for name in config[table]]
    result = run_step("monitoring", config, env=env)
    found = rendered(result)
    assert result.outputs == {
        "manifest": next(iter(result.artifacts.values())).decode(),
        "alerts": ["connection_count", "disk_usage"],
        "dashboards": ["orders"],
        "checked": True,
        "tested": 1,
    }
    assert result.message == "2 alert rules, 1 dashboard; promtool found no fault; 1 file of tests passed"
    assert result.tools[0].name == "promtool"
    board = found["ConfigMap"]["data"]["orders.json"]
    assert found["ConfigMap"]["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert read_by_grafana(board) == "schema 39, 3 panels\n"
    assert json.loads(board)["title"] == "Orders of checkout-orders"
    again = run_step("monitoring", config, env=env)
    assert again.artifacts == result.artifacts


def test_every_kind_of_panel_is_read_by_grafana_and_none_overlap(
    run_step: Any, env: Env, read_by_grafana: Callable[[str], str]
) -> None:
    kinds = ("timeseries", "stat", "gauge", "bargauge", "table")
    panels: list[dict[str, Any]] = [{"title": kind, "type": kind, "expression": "up", "width": 10} for kind in kinds]
    panels += [{"title": "many", "queries": {f"q{number}": f"up + {number}" for number in range(30)}, "height": 3}]
    panels += [{"title": "words", "type": "text", "text": "**bold**", "width": 24}]
    result = run_step("monitoring", {"dashboards": [{"name": "All of it", "panels": panels}]}, env=env)
    board = rendered(result)["ConfigMap"]["data"]["all-of-it.json"]
    assert read_by_grafana(board) == "schema 39, 7 panels\n"
    places = [panel["gridPos"] for panel in json.loads(board)["panels"]]
    cells = [
        (x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells))
    refs = [target["refId"] for target in json.loads(board)["panels"][5]["targets"]]
    assert len(set(refs)) == 30
    assert "unexpected" in read_by_grafana(board.replace('"gridPos"', '"gridpos"', 1))


def test_a_rule_that_promtool_refuses_is_not_rendered(run_step: Any, env: Env) -> None:
    result = run_step("monitoring", {"alerts": [{"name": "a", "expression": "rate(x[5m"}]}, env=env)
    assert (result.failure.code.number, result.artifacts, result.outputs) == ("ORC-5170", {}, {})
    board = {"name": "b", "panels": [{"title": "t", "expression": "sum by (x"}]}
    result = run_step("monitoring", {"alerts": [ALERT], "dashboards": [board]}, env=env)
    assert result.failure.code.number == "ORC-5170"
    assert "it does not take the dashboards' queries" in result.failure.message


def test_a_test_that_fails_is_named_with_its_alert_and_time(run_step: Any, repository: Path, env: Env) -> None:
    (repository / "t.yaml").write_text(TEST.replace("EXPECTED", EXPECTED))
    inputs = {"service": "shop", "alerts": [ALERT], "tests": ["t.yaml"]}
    assert run_step("monitoring", inputs, env=env).outputs["tested"] == 1
    (repository / "t.yaml").write_text(TEST.replace("EXPECTED", ""))
    result = run_step("monitoring", inputs, env=env)
    assert (result.failure.code.number, result.artifacts) == ("ORC-5510", {})
    assert "'t.yaml' failed: down at 6m" in result.failure.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rule_files: [other.yaml]\ntests: [{interval: 1m}]\n", "does not test the rules of this step"),
        ("rule_files: [rules.yaml]\n", "does not test the rules of this step"),
        ("- 1\n", "does not test the rules of this step"),
        ("a: [\n", "t.yaml:"),
        ("rule_files: [rules.yaml]\ntests: [{no-such-key: 1}]\n", "exit status 1"),
    ],
)
def test_a_file_that_tests_nothing_is_no_test(run_step: Any, repository: Path, env: Env, text: str, words: str) -> None:
    (repository / "t.yaml").write_text(text)
    result = run_step("monitoring", {"alerts": [ALERT], "tests": ["t.yaml"]}, env=env)
    assert result.failure.code.number == "ORC-5510"
    assert words in result.failure.message


def fake(folder: Path, text: str) -> Env:
    """A promtool of one's own, first on PATH."""
    folder.mkdir(exist_ok=True)
    version = '[ "$1" = --version ] && { echo promtool, version 2.42.0; exit; }'
    (folder / "promtool").write_text(f"#!/bin/sh\n{version}\n{text}\n")
    (folder / "promtool").chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("exit 0", "ORC-5511"),
        ("echo nonsense", "ORC-5511"),
        ("echo 'SUCCESS: 0 rules found'", "ORC-5511"),
        ('[ "$1" = check ] && echo "SUCCESS: 1 rules found"; exit 0', "ORC-5511"),
        ('[ "$1" = check ] && echo "SUCCESS: 1 rules found"; echo FAILED; echo SUCCESS', "ORC-5511"),
        ("kill -9 $$", "ORC-5170"),
        ('[ "$1" = check ] && echo "SUCCESS: 1 rules found" || sleep 20', "ORC-5103"),
    ],
)
def test_a_promtool_that_lies_or_hangs_has_checked_nothing(
    run_step: Any, repository: Path, tmp_path: Path, text: str, code: str
) -> None:
    (repository / "t.yaml").write_text(TEST.replace("EXPECTED", ""))
    inputs = {"alerts": [ALERT], "tests": ["t.yaml"]}
    result = run_step("monitoring", inputs, env=fake(tmp_path / "bin", text), timeout_seconds=2)
    assert (result.failure.code.number, result.outputs, result.artifacts) == (code, {}, {})


def test_tests_need_promtool_and_checks_do_without(run_step: Any, repository: Path, tmp_path: Path) -> None:
    (repository / "t.yaml").write_text(TEST.replace("EXPECTED", ""))
    nothing = {"PATH": str(tmp_path)}
    result = run_step("monitoring", {"alerts": [ALERT], "tests": ["t.yaml"]}, env=nothing)
    assert result.failure.code.number == "ORC-5102"
    assert "prometheus.io" in result.failure.remedy
    assert run_step("monitoring", {"alerts": [ALERT]}, env=nothing).outputs["checked"] is False


@pytest.mark.parametrize(
    ("panel", "words"),
    [
        ({}, "needs one of"),
        ({"expression": "up", "text": "t"}, "needs one of"),
        ({"type": "text", "expression": "up"}, "has the wrong one"),
        ({"text": "t"}, "has the wrong one"),
    ],
)
def test_a_panel_that_shows_nothing_is_refused(run_step: Any, panel: dict[str, Any], words: str) -> None:
    result = run_step("monitoring", {"dashboards": [{"name": "b", "panels": [{"title": "t", **panel}]}]})
    assert result.failure.code.number == "ORC-5170"
    assert words in result.failure.message


def test_names_that_no_table_has_and_names_twice_are_refused(run_step: Any) -> None:
    board = {"name": "b", "panels": [{"title": "t", "expression": "up"}]}
    for inputs in ({"dashboards": ["b"]}, {"dashboards": [board, board]}, {"dashboards": [board], "tests": ["t.yaml"]}):
        assert run_step("monitoring", inputs).failure.code.number == "ORC-5106"
