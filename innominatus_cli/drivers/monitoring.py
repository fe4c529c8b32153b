"""`monitoring`: alert rules as a manifest for Prometheus' operator, held to promtool, and dashboards for Grafana."""

import json
import re
from collections.abc import Generator, Mapping, Sequence
from typing import Any, Final

from innominatus_cli.documents.model import duration_text
from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.documents.words import counted
from innominatus_cli.documents.yaml_writer import yaml_text
from innominatus_cli.drivers import promtool
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.dashboards import problem_of, queries_of, rendered
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.oversight import MonitoringInputs, NamedAlert, NamedDashboard
from innominatus_cli.system.commands import CommandOutcome, CommandRequest

_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_NOT_A_NAME: Final = re.compile(r"[^a-z0-9-]+")
_LONGEST: Final = 63


def driver(ctx: StepContext) -> DriverSteps:
    """Renders one rule an alert, and the dashboards. A step that names neither renders nothing and says so."""
    inputs = ctx.inputs_of(MonitoringInputs)
    service = inputs.service or ctx.application
    rules = _rules(ctx, inputs, service)
    if isinstance(rules, Finding):
        return DriverResult(failure=rules)
    boards = _dashboards(ctx, inputs)
    if isinstance(boards, Finding):
        return DriverResult(failure=boards)
    if inputs.tests and not rules:
        return ctx.failed(codes.INPUTS_UNUSABLE, "there are tests and no alerts that they could be of")
    if not rules and not boards:
        return DriverResult(outputs=_outputs([], [], checked=False), message="names no alerts: nothing to render")
    group = {"name": service, "rules": rules}
    queries = [query for board in boards for query in queries_of(board, service)]
    judged = yield from _judged(ctx, inputs, group, queries)
    if isinstance(judged, Finding):
        return DriverResult(failure=judged)
    checked = bool(judged)
    manifests = [_manifest(ctx, inputs, service, group)] if rules else []
    manifests += [_config_map(ctx, inputs, service, board) for board in boards]
    text = yaml_text(manifests)
    return DriverResult(
        outputs=_outputs([rule["alert"] for rule in rules], boards, text, checked=checked, tested=len(inputs.tests)),
        artifacts={ctx.artifact_path(): text.encode()},
        message=_message(len(rules), len(boards), len(inputs.tests), checked=checked),
        tools=judged,
    )


def _judged(
    ctx: StepContext, inputs: MonitoringInputs, group: Mapping[str, Any], queries: Sequence[str]
) -> Generator[CommandRequest, CommandOutcome, tuple[ToolFound, ...] | Finding]:
    """The promtool that judged; none where it is missing and not needed."""
    tools = []
    for need in ctx.step.tools:
        found = yield from tool(ctx, need)
        if isinstance(found, Finding):
            return found
        tools.append(found)
    checked = yield from promtool.check(ctx, group, queries)
    if isinstance(checked, Finding):
        return checked
    failed = yield from promtool.test(ctx, inputs.tests)
    if failed is not None:
        return failed
    return tuple(tools) or ((ToolFound(name="promtool"),) if checked else ())


def _outputs(
    alerts: Sequence[str], boards: Sequence[NamedDashboard], manifest: str = "", *, checked: bool, tested: int = 0
) -> dict[str, Any]:
    return {
        "alerts": list(alerts),
        "dashboards": [board.name for board in boards],
        "checked": checked,
        "tested": tested,
        "manifest": manifest,
    }


def _message(rules: int, boards: int, tests: int, *, checked: bool) -> str:
    rendered_ = [counted(rules, "alert rule")] if rules else []
    rendered_ += [counted(boards, "dashboard")] if boards else []
    told = "promtool found no fault" if checked else "promtool is not installed: not checked"
    return f"{', '.join(rendered_)}; {told}" + (f"; {counted(tests, 'file')} of tests passed" if tests else "")


def _rules(ctx: StepContext, inputs: MonitoringInputs, service: str) -> list[dict[str, Any]] | Finding:
    rules: list[dict[str, Any]] = []
    for alert in inputs.alerts:
        if not isinstance(alert, NamedAlert):
            return ctx.finding(codes.INPUTS_UNUSABLE, f"alert '{alert}' is not in admin-config's alerts")
        if not alert.expression.strip():
            return ctx.finding(codes.ALERT_UNUSABLE, f"alert '{alert.name}' has no 'expression'")
        labels = {"severity": alert.severity, "service": service, "application": ctx.application} | inputs.labels
        wrong = sorted(label for label in labels if not _LABEL.fullmatch(label))
        if wrong:
            return ctx.finding(codes.ALERT_UNUSABLE, f"'{wrong[0]}' cannot be the name of a Prometheus label")
        rules.append(
            {
                "alert": alert.name,
                "expr": alert.expression.strip().replace("$SERVICE", json.dumps(service)[1:-1]),
                "for": duration_text(alert.for_),
                "labels": labels,
                "annotations": {"summary": alert.description or alert.name},
            }
        )
    return rules


def _dashboards(ctx: StepContext, inputs: MonitoringInputs) -> list[NamedDashboard] | Finding:
    found: dict[str, NamedDashboard] = {}
    for board in inputs.dashboards:
        if not isinstance(board, NamedDashboard):
            return ctx.finding(codes.INPUTS_UNUSABLE, f"dashboard '{board}' is not in admin-config's dashboards")
        problem = problem_of(board)
        if problem:
            return ctx.finding(codes.ALERT_UNUSABLE, f"dashboard '{board.name}': {problem}")
        if board.name in found:
            return ctx.finding(codes.INPUTS_UNUSABLE, f"two dashboards are called '{board.name}'")
        found[board.name] = board
    return list(found.values())


def _metadata(ctx: StepContext, inputs: MonitoringInputs, name: str, **labels: str) -> dict[str, Any]:
    return {
        "name": _NOT_A_NAME.sub("-", name.lower()).strip("-")[:_LONGEST].strip("-"),
        "namespace": inputs.namespace or ctx.application,
        "labels": {
            "app.kubernetes.io/managed-by": "innominatus-ctl",
            "app.kubernetes.io/part-of": ctx.application,
            **labels,
        },
    }


def _manifest(ctx: StepContext, inputs: MonitoringInputs, service: str, group: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": _metadata(ctx, inputs, f"{service}-alerts"),
        "spec": {"groups": [group]},
    }


def _config_map(ctx: StepContext, inputs: MonitoringInputs, service: str, board: NamedDashboard) -> dict[str, Any]:
    """What the sidecar of Grafana's chart loads. Source: `sidecar.dashboards` of the chart's values."""
    file = _NOT_A_NAME.sub("-", board.name.lower()).strip("-") or "dashboard"
    identity = (ctx.application, ctx.environment, ctx.step.id, service)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(ctx, inputs, f"{service}-{board.name}-dashboard", grafana_dashboard="1"),
        "data": {f"{file}.json": rendered(board, service, identity)},
    }
