"""`Suppressed`: a finding that does not count, and who says so."""

from typing import Literal, NamedTuple

from innominatus_cli.findings.finding import Finding, Place

By = Literal["comment", "admin-config", "baseline"]


class Suppressed(NamedTuple):
    """A finding that is ignored or known already.

    `by` is a comment in the file, `validation.ignores` of admin-config.yaml, or the baseline; `place` is where it
    says so. `until` is the last day of an ignore, as in `2027-01-31`; empty where it has none.
    """

    finding: Finding
    by: By
    reason: str
    place: Place
    until: str = ""
