"""The last look at a record before it is written: no secret that the run has used may stand in it."""

from collections.abc import Mapping
from typing import Any

from innominatus_cli.documents.run_record import RunRecord, StepResult
from innominatus_cli.documents.verdict import ReportedFinding
from innominatus_cli.execution.excerpts import without_excerpts
from innominatus_cli.execution.redaction import Redactor
from innominatus_cli.execution.secrecy import clean_result, holding_files
from innominatus_cli.findings.catalogue.secrets import RECORD_HELD_SECRET
from innominatus_cli.findings.finding import Finding, Place

GatedRecord = tuple[RunRecord, Mapping[str, bytes], tuple[Finding, ...]]
"""What may be written, and a finding where that is not what was to be written."""


def through_the_gate(redactor: Redactor, record: RunRecord, artifacts: Mapping[str, bytes]) -> GatedRecord:
    """A record and the files of its commit without secrets.

    Where one would have held a secret, the record has no outputs, variables and excerpts, all of its texts are
    redacted, and the files that hold one are left out: what happened is never lost.
    """
    held = holding_files(redactor, artifacts)
    if not held and not (redactor.active and redactor.holds(record.canonical)):
        return record, artifacts, ()
    what = "the files to commit" if held else "the record"
    message = f"a secret was in {what}; what held it is left out, with all outputs and excerpts"
    finding = Finding(RECORD_HELD_SECRET, message, Place(""))
    record = record.model_copy(
        update={
            "steps": [_withheld(redactor, step) for step in record.steps],
            "findings": [*record.findings, ReportedFinding.of(finding)],
            "outputs": {},
        }
    )
    if redactor.holds(record.canonical):
        record = RunRecord.model_validate(_redacted(redactor, record.as_json()))
    return record, {path: data for path, data in artifacts.items() if path not in held}, (finding,)


def _withheld(redactor: Redactor, step: StepResult) -> StepResult:
    update: dict[str, Any] = {
        "outputs": {},
        "withheld_outputs": [*step.withheld_outputs, *step.outputs],
        "variables": {},
        "cells": None,
    }
    return clean_result(redactor, without_excerpts(step.model_copy(update=update)))


def _redacted(redactor: Redactor, data: dict[str, Any]) -> dict[str, Any]:
    """Values only: names of fields are ours."""
    return {key: redactor.value(value) if redactor.holds(str(value).encode()) else value for key, value in data.items()}
