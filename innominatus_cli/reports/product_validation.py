"""What `validate-product-workflow` prints: an answer a line, for each file."""

from collections.abc import Iterator
from typing import Any

from innominatus_cli.documents.words import counted
from innominatus_cli.findings.finding import Finding
from innominatus_cli.operations.product_validation import ProductValidation, ValidatedFile
from innominatus_cli.reports.terminal import one_line

_GOOD = "✅"
_BAD = "❌"
_WARNING = "⚠️  Warning:"


def validation_report(found: ProductValidation, output: str) -> str:
    """The answers as text, JSON or YAML (`output` names which)."""
    if output == "text":
        return validation_text(found)
    from innominatus_cli.reports.listing import data_text  # noqa: PLC0415 - the text needs it not

    return data_text(validation_document(found), output)


def validation_text(found: ProductValidation) -> str:
    """The answers; with several files, each below its path."""
    several = len(found.files) > 1
    blocks = []
    for file in found.files:
        lines = [f"{one_line(file.path)}:"] if several else []
        lines += [f"{'  ' if several else ''}{line}" for line in _answers(file)]
        blocks.append("".join(f"{line}\n" for line in lines))
    return "".join(blocks)


def validation_document(found: ProductValidation) -> dict[str, Any]:
    """The findings in their versioned shape, and the answers for each file; null where a file could not be read."""
    from innominatus_cli.reports.findings_json import findings_document  # noqa: PLC0415 - the text needs it not

    answers = [
        {
            "path": file.path,
            "structure_valid": not file.structure,
            "step_types_allowed": not file.step_types if file.readable else None,
            "metadata_complete": not file.metadata if file.readable else None,
            "allowed": not file.not_allowed if file.readable else None,
        }
        for file in found.files
    ]
    return {**findings_document(found.findings, len(found.files), found.suppressed), "files": answers}


def _answers(file: ValidatedFile) -> Iterator[str]:
    yield _answer("Workflow structure valid", "Workflow structure invalid", file.structure)
    if not file.readable:
        return
    yield _answer("All step types allowed", "Step types not allowed", file.step_types)
    if file.metadata:
        yield f"{_WARNING} Metadata incomplete: {'; '.join(one_line(finding.message) for finding in file.metadata)}"
    else:
        yield f"{_GOOD} Metadata complete"
    if file.not_allowed:
        yield f"{_WARNING} Workflow not in admin-config.yaml allowedProductWorkflows"
    for finding in file.warnings:
        yield f"{_WARNING} {one_line(finding.message)} (line {finding.place.line})"


def _answer(good: str, bad: str, errors: tuple[Finding, ...]) -> str:
    return f"{_BAD} {bad}: {counted(len(errors), 'error')}" if errors else f"{_GOOD} {good}"
