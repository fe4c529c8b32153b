"""`cost-analysis`, `tagging` and `monitoring`."""

import json
from typing import Any

import pytest
import yaml

PRICES = [
    {"name": "cpu", "monthlyCents": 2400, "unit": "core"},
    {"name": "memory", "monthlyCents": 320, "unit": "GiB"},
    {"name": "storage", "monthlyCents": 12, "unit": "GiB"},
    {"name": "sqlite", "monthlyCents": 100, "unit": "database"},
]
WORKLOAD = {
    "apiVersion": "score.dev/v1b1",
    "metadata": {"name": "shop"},
    "containers": {
        "web": {"image": "w:1", "resources": {"requests": {"cpu": "500m", "memory": "512Mi"}}},
        "side": {"image": "s:1", "resources": {"limits": {"cpu": "1"}}},
        "free": {"image": "f:1"},
    },
    "resources": {"data": {"type": "volume", "params": {"size": "10Gi"}}, "db": {"type": "sqlite"}},
}


def cost(context: Any, play: Any, **inputs: Any) -> Any:
    result, requests = play(context("cost-analysis", {"workload": WORKLOAD, "prices": PRICES, **inputs}))
    assert requests == []
    return result


def test_every_request_and_resource_is_priced(context: Any, play: Any) -> None:
    result = cost(context, play)
    assert result.failure is None
    # 1.5 cores, half a GiB of memory, 10 GiB of storage, one database.
    assert result.outputs["monthly_cents"] == 3600 + 160 + 120 + 100
    assert result.outputs["budget_share"] is None
    assert [(item["what"], item["amount"], item["cents"]) for item in result.outputs["items"]] == [
        ("cpu of side", "1", 2400),
        ("cpu of web", "0.5", 1200),
        ("memory of web", "0.5", 160),
        ("resource data", "10", 120),
        ("resource db", "1", 100),
    ]
    json.dumps(result.outputs)


def test_replicas_multiply_containers_and_not_resources(context: Any, play: Any) -> None:
    assert cost(context, play, replicas=2).outputs["monthly_cents"] == 2 * 3760 + 220


def test_over_the_budget_fails_and_names_the_most_expensive(context: Any, play: Any) -> None:
    result = cost(context, play, budgetLimit=39)
    assert result.failure.code.number == "ORC-5160"
    assert "39.80 a month of a budget of 39.00; most of it for cpu of side" in result.failure.message


@pytest.mark.parametrize(
    ("inputs", "share", "words"),
    [
        ({"budgetLimit": 39, "enforceLimit": False}, 103, "over the budget, which is not enforced"),
        ({"budgetLimit": 45}, 89, "89 % and over the threshold"),
        ({"budgetLimit": 500}, 8, "39.80 a month of a budget of 500.00"),
        ({"budgetLimit": 39.8}, 100, "over the threshold"),
        ({"budgetLimit": 0, "enforceLimit": False}, None, "not enforced"),
    ],
)
def test_within_the_budget_the_step_only_says_so(
    context: Any, play: Any, inputs: Any, share: int | None, words: str
) -> None:
    result = cost(context, play, **inputs)
    assert result.failure is None
    assert result.outputs["budget_share"] == share
    assert words in result.message


def test_what_has_no_price_fails_the_estimate(context: Any, play: Any) -> None:
    result = cost(context, play, prices=PRICES[:1])
    assert result.failure.code.number == "ORC-5161"
    assert "no price for 'memory', 'sqlite', 'storage'" in result.failure.message


def test_a_type_with_a_price_for_each_gib_is_priced_by_size(context: Any, play: Any) -> None:
    prices = [*PRICES, {"name": "volume", "monthlyCents": 50, "unit": "GiB"}]
    items = {item["what"]: item["cents"] for item in cost(context, play, prices=prices).outputs["items"]}
    assert items["resource data"] == 500
    prices = [*PRICES, {"name": "volume", "monthlyCents": 50, "unit": "volume"}]
    items = {item["what"]: item["cents"] for item in cost(context, play, prices=prices).outputs["items"]}
    assert items["resource data"] == 50


def test_a_size_that_is_none_and_a_missing_workload_are_findings(context: Any, play: Any) -> None:
    wrong = json.loads(json.dumps(WORKLOAD))
    wrong["resources"]["data"]["params"]["size"] = "big"
    assert "size 'big' is no quantity" in cost(context, play, workload=wrong).failure.message
    assert cost(context, play, workload="application").failure.code.number == "ORC-5106"
    assert cost(context, play, workload={"a": 1}).failure.code.number == "ORC-5106"


def test_tags_are_output_and_written_down(context: Any, play: Any) -> None:
    result, _ = play(context("tagging", {"tags": {"team": " shop ", "tier": 3}}))
    expected = {
        "application": "checkout",
        "environment": "development",
        "managed-by": "innominatus-ctl",
        "team": "shop",
        "tier": "3",
    }
    assert result.outputs == {"tags": expected}
    ((path, data),) = result.artifacts.items()
    assert path.endswith("the-step.json")
    assert json.loads(data)["tags"] == expected


@pytest.mark.parametrize("inputs", [{"tags": {"team": " "}}, {"tags": {"a": "b"}, "required": ["team"]}])
def test_a_tag_without_a_value_fails(context: Any, play: Any, inputs: Any) -> None:
    result, _ = play(context("tagging", inputs))
    assert result.failure.code.number == "ORC-5165"
    assert "'team'" in result.failure.message
    assert result.artifacts == {}


def test_a_name_that_stays_a_placeholder_is_no_name_of_a_tag(context: Any, play: Any) -> None:
    result, _ = play(context("tagging", {"tags": {"${a b}": "x"}}))
    assert result.failure.code.number == "ORC-5106"
    assert "is no name of a tag" in result.failure.message


def test_no_tags_at_all_is_a_mistake(context: Any, play: Any) -> None:
    assert play(context("tagging", {}))[0].failure.code.number == "ORC-5106"


ALERT = {
    "name": "error_rate",
    "expression": 'rate(errors{job="$SERVICE"}[5m]) > 0.1',
    "for": "5m",
    "severity": "critical",
    "description": "Too many errors",
}


def test_alerts_render_as_prometheus_rules_and_say_that_nobody_checked(context: Any, play: Any, missing: Any) -> None:
    ctx = context("monitoring", {"service": "shop", "alerts": [ALERT], "labels": {"team": "x"}})
    result, (request,) = play(ctx, [missing])
    assert result.failure is None
    assert request.argv[:3] == ("promtool", "check", "rules")
    rule = yaml.safe_load(next(iter(result.artifacts.values())))
    assert rule["kind"] == "PrometheusRule"
    assert rule["metadata"]["name"] == "shop-alerts"
    assert rule["spec"]["groups"] == [
        {
            "name": "shop",
            "rules": [
                {
                    "alert": "error_rate",
                    "expr": 'rate(errors{job="shop"}[5m]) > 0.1',
                    "for": "5m",
                    "labels": {"severity": "critical", "service": "shop", "application": "checkout", "team": "x"},
                    "annotations": {"summary": "Too many errors"},
                }
            ],
        }
    ]
    assert result.outputs == {
        "alerts": ["error_rate"],
        "dashboards": [],
        "checked": False,
        "tested": 0,
        "manifest": next(iter(result.artifacts.values())).decode(),
    }
    assert result.message == "1 alert rule; promtool is not installed: not checked"


def test_promtool_has_a_look_where_it_is_there(context: Any, play: Any, ended: Any) -> None:
    ctx = context("monitoring", {"alerts": [ALERT]})
    result, (request,) = play(ctx, [ended(stdout=b"  SUCCESS: 1 rules found\n")])
    assert result.outputs["checked"] is True
    assert [tool.name for tool in result.tools] == ["promtool"]
    with open(request.argv[3]) as file:  # noqa: PTH123
        assert yaml.safe_load(file)["groups"][0]["rules"][0]["alert"] == "error_rate"
    result, _ = play(ctx, [ended(1)])
    assert result.failure.code.number == "ORC-5170"
    assert result.artifacts == {}


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"alerts": ["latency"]}, "ORC-5106"),
        ({"alerts": [{"name": "a", "expression": " "}]}, "ORC-5170"),
        ({"alerts": [ALERT], "labels": {"not-a-label": "x"}}, "ORC-5170"),
        ({"alerts": [ALERT], "dashboards": ["d"]}, "ORC-5106"),
    ],
)
def test_what_cannot_be_rendered_is_a_finding(context: Any, play: Any, inputs: Any, code: str) -> None:
    result, requests = play(context("monitoring", inputs))
    assert requests == []
    assert result.failure.code.number == code


def test_no_alerts_render_nothing_and_say_so(context: Any, play: Any) -> None:
    result, _ = play(context("monitoring", {"service": "shop"}))
    assert result.failure is None
    assert result.artifacts == {}
    assert result.message == "names no alerts: nothing to render"
