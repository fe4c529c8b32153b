"""`monitoring`: Prometheus alert rules as a manifest for its operator; promtool checks them where it is installed."""

import json
import re
from collections.abc import Generator
from typing import Any, Final

from innominatus_cli.documents.model import duration_text
from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.documents.words import counted
from innominatus_cli.documents.yaml_writer import yaml_text
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext, ending_text
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.oversight import MonitoringInputs, NamedAlert
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_NOT_A_NAME: Final = re.compile(r"[^a-z0-9-]+")
_LONGEST: Final = 63


def driver(ctx: StepContext) -> DriverSteps:
    """Renders one rule an alert. A step that names no alert renders nothing and says so."""
    inputs = ctx.inputs_of(MonitoringInputs)
    if inputs.dashboards:
        return ctx.failed(
            codes.ALERT_UNUSABLE, "dashboards cannot be rendered yet", "Take 'dashboards' out; alerts are rendered."
        )
    if not inputs.alerts:
        return DriverResult(outputs={"alerts": [], "checked": False}, message="names no alerts: nothing to render")
    service = inputs.service or ctx.application
    rules = _rules(ctx, inputs, service)
    if isinstance(rules, Finding):
        return DriverResult(failure=rules)
    group = {"name": service, "rules": rules}
    checked = yield from _check(ctx, group)
    if isinstance(checked, Finding):
        return DriverResult(failure=checked)
    manifest = _manifest(ctx, inputs, service, group)
    names = [rule["alert"] for rule in rules]
    told = "promtool found no fault" if checked else "promtool is not installed: not checked"
    return DriverResult(
        outputs={"alerts": names, "checked": checked},
        artifacts={ctx.artifact_path(): yaml_text([manifest]).encode()},
        message=f"{counted(len(names), 'alert rule')}; {told}",
        tools=(ToolFound(name="promtool"),) if checked else (),
    )


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


def _check(ctx: StepContext, group: dict[str, Any]) -> Generator[CommandRequest, CommandOutcome, bool | Finding]:
    """Whether promtool had a look; a finding where it refuses the rules."""
    path = ctx.scratch_dir / "rules.yaml"
    path.write_text(yaml_text([{"groups": [group]}]), encoding="utf-8")
    outcome = yield ctx.command("promtool", "check", "rules", str(path))
    if outcome.ending is Ending.NOT_STARTED:
        return False
    if outcome.succeeded:
        return True
    return ctx.finding(codes.ALERT_UNUSABLE, f"promtool {ending_text(outcome)}: it does not take the rules")


def _manifest(ctx: StepContext, inputs: MonitoringInputs, service: str, group: dict[str, Any]) -> dict[str, Any]:
    name = _NOT_A_NAME.sub("-", f"{service}-alerts".lower()).strip("-")[:_LONGEST].strip("-")
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": name,
            "namespace": inputs.namespace or ctx.application,
            "labels": {
                "app.kubernetes.io/managed-by": "innominatus-ctl",
                "app.kubernetes.io/part-of": ctx.application,
            },
        },
        "spec": {"groups": [group]},
    }
