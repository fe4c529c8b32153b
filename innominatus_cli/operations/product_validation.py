"""`validate-product-workflow`: what `validate` finds in product workflows, sorted by the questions that people ask.

The hot path of a pre-commit hook: nothing here may need pydantic.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from innominatus_cli.findings.catalogue import policy
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Finding, Place, Severity
from innominatus_cli.operations.checking import CheckRequest, check
from innominatus_cli.operations.validation import Validation, are_folders

if TYPE_CHECKING:
    from innominatus_cli.findings.suppressed import Suppressed

_METADATA = (codes.MISSING_DESCRIPTION, codes.MISSING_OWNER)
_STEP_TYPES = (policy.STEP_TYPE_NOT_ALLOWED, codes.UNKNOWN_STEP_TYPE)
_KIND = "ProductWorkflow"


class ValidatedFile(NamedTuple):
    """One file, and its findings by the question that they answer; remarks (`info`) are in none of them."""

    path: str
    readable: bool = True
    """Whether a product workflow was found in it; where not, nothing can be said of steps and metadata."""
    structure: tuple[Finding, ...] = ()
    """Errors of text, shape and rules."""
    step_types: tuple[Finding, ...] = ()
    """Step types that do not exist or are not allowed."""
    metadata: tuple[Finding, ...] = ()
    """What the metadata lack."""
    not_allowed: tuple[Finding, ...] = ()
    """Lists of allowed product workflows that do not name it."""
    warnings: tuple[Finding, ...] = ()
    """Warnings of other kinds."""


class ProductValidation(NamedTuple):
    """Every file, all findings sorted by place, and the texts for their excerpts."""

    files: tuple[ValidatedFile, ...]
    findings: tuple[Finding, ...]
    sources: Mapping[str, str]
    suppressed: "tuple[Suppressed, ...]" = ()
    """What is ignored."""

    def fails(self, *, strict: bool) -> bool:
        """Whether there is an error, or a warning when strict; what policies will refuse is an error like others."""
        failing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
        return any(finding.severity in failing for finding in self.findings)

    def as_validation(self) -> Validation:
        """The same as `validate` says it, for the formats that all checks share."""
        kinds = {file.path: (_KIND,) if file.readable else () for file in self.files}
        return Validation(self.findings, len(self.files), self.sources, kinds, suppressed=self.suppressed)


def validate_product_workflows(paths: Sequence[str], directory: str = ".") -> ProductValidation:
    """Checks files, or the product workflows among those of folders. A file or folder without one is a finding."""
    found = check(CheckRequest(tuple(paths), directory))
    others = {path: kinds for path, kinds in found.kinds.items() if _KIND not in kinds and any(kinds)}
    if are_folders(paths, directory):
        findings = [finding for finding in found.findings if finding.place.path not in others]
        if not findings and len(others) == len(found.kinds):
            message = f"there is no {_KIND} here"
            findings = [Finding(codes.NOT_A_PRODUCT_WORKFLOW, message, Place(path)) for path in paths]
    else:
        findings = [*found.findings, *(_no_workflow(path, kinds) for path, kinds in others.items())]
        others = {}
    findings.sort(key=lambda finding: finding.sort_key)
    files = dict.fromkeys((*found.kinds, *(finding.place.path for finding in findings)))
    files = {path: None for path in files if path not in others}
    return ProductValidation(
        tuple(_sorted_out(path, _KIND in found.kinds.get(path, ()), findings) for path in files),
        tuple(findings),
        found.sources,
        tuple(one for one in found.suppressed if one.finding.place.path in files),
    )


def _no_workflow(path: str, kinds: Sequence[str]) -> Finding:
    message = f"the file holds {' and '.join(sorted(set(kinds) - {''}))}, and no {_KIND}"
    return Finding(codes.NOT_A_PRODUCT_WORKFLOW, message, Place(path, 1, 1))


def _sorted_out(path: str, readable: bool, findings: Sequence[Finding]) -> ValidatedFile:
    own = [finding for finding in findings if finding.place.path == path]
    step_types = tuple(finding for finding in own if finding.code in _STEP_TYPES)
    metadata = tuple(finding for finding in own if finding.code in _METADATA)
    not_allowed = tuple(finding for finding in own if finding.code is policy.NOT_ON_ALLOW_LIST)
    others = [finding for finding in own if finding not in (*step_types, *metadata, *not_allowed)]
    return ValidatedFile(
        path,
        readable,
        tuple(finding for finding in others if finding.severity is Severity.ERROR),
        step_types,
        metadata,
        not_allowed,
        tuple(finding for finding in others if finding.severity is Severity.WARNING),
    )
