"""What `validate` and `check` do, in the order of its stages; each stage is a function in a module of its own.

select files → check each and all together → judge strictness → take out what is ignored → take out what is known.
"""

from collections.abc import Mapping
from typing import NamedTuple

from innominatus_cli.findings.finding import Severity
from innominatus_cli.operations.overriding import NO_OVERRIDES, Overriding
from innominatus_cli.operations.validation import Validation, validate


class CheckRequest(NamedTuple):
    """What is asked of a check. Paths are as they were typed, relative to `directory`.

    `strict_score` makes Score's dialect an error. `edited` are contents that an editor has not saved yet, by path
    in the repository of `directory`; with `only_ours` files that are none of ours are passed over.
    """

    paths: tuple[str, ...] = ()
    directory: str = "."
    strict_score: bool = False
    edited: Mapping[str, bytes] | None = None
    only_ours: bool = False
    overriding: Overriding = NO_OVERRIDES
    """What is changed in the one Score file that `paths` names."""


def check(request: CheckRequest) -> Validation:
    """Everything that is wrong with what the request selects."""
    found = validate(
        request.paths,
        request.directory,
        request.overriding,
        edited=request.edited,
        only_ours=request.only_ours,
    )
    return strictly(found) if request.strict_score else found


def strictly(found: Validation) -> Validation:
    """The same, where the house's dialect of Score is an error: its keys, and placeholders that only it resolves."""
    from innominatus_cli.findings.catalogue.document import SCORE_DIALECT  # noqa: PLC0415 - few checks are strict
    from innominatus_cli.findings.catalogue.score import UNKNOWN_PLACEHOLDER_ROOT  # noqa: PLC0415

    dialect = {SCORE_DIALECT.number, UNKNOWN_PLACEHOLDER_ROOT.number}
    findings = [
        finding._replace(severity_override=Severity.ERROR) if finding.code.number in dialect else finding
        for finding in found.findings
    ]
    return found._replace(findings=tuple(findings))
