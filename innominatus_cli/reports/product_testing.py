"""What `test-product-workflow` prints."""

from typing import Any

from innominatus_cli.operations.product_testing import Trial
from innominatus_cli.reports.terminal import one_line


def trial_text(trial: Trial) -> str:
    """Whether the workflow is triggered for the application, and the steps that would run."""
    lines = [f"🔄 Resolving workflows for {one_line(trial.application)}..."]
    name = one_line(trial.name)
    if trial.reason:
        lines.append(f"❌ Product workflow not triggered: {name} ({one_line(trial.reason)})")
    elif trial.steps:
        lines += [f"✅ Product workflow triggered: {name}", "📋 Steps to execute:"]
        lines += [
            f"    {number}. {one_line(step.name)} ({one_line(step.type)})" for number, step in enumerate(trial.steps, 1)
        ]
        lines += ["", "Run with --execute to actually execute steps"]
    else:
        lines.append(f"❌ Product workflow cannot be planned: {name}")
    return "".join(f"{line}\n" for line in lines)


def trial_document(trial: Trial) -> dict[str, Any]:
    """The same as data."""
    return {
        "schema": "innominatus.dev/workflow-trial/v1",
        "application": trial.application,
        "workflow": trial.identity,
        "triggered": not trial.reason,
        "reason": trial.reason,
        "steps": [{"name": step.name, "type": step.type, "description": step.description} for step in trial.steps],
    }
