"""Which version of several is meant, and what is said of one that is deprecated."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from innominatus_cli.documents.model import Deprecation
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.versions import best_of, parse_range
from innominatus_cli.findings.catalogue import structure as codes
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.planning.drafts import Draft, step_types_in
from innominatus_cli.planning.own_types import StepTypes
from innominatus_cli.planning.places import Spot
from innominatus_cli.step_types.catalogue import STEP_TYPES

T = TypeVar("T")


def split_version(wanted: str) -> tuple[str, str]:
    """A name and the range behind its last `@`; an empty range where there is none."""
    name, at, version = wanted.rpartition("@")
    return (name, version) if at and name else (wanted, "")


def version_meant(
    found: Sequence[T], version_of: Callable[[T], str], wanted: str, what: str, place: Place, findings: list[Finding]
) -> T | None:
    """The one of several that a range means; None, and a finding, where there is none in the range.

    `what` names all of them, as in `golden path 'deploy-app'`; `place` is where the range was written.
    """
    versions = [version_of(one) for one in found]
    index = best_of(versions, wanted)
    if index is not None:
        return found[index]
    if wanted and parse_range(wanted) is None:
        message = f"'{wanted}' is no range of versions"
        findings.append(Finding(codes.BAD_VERSION_RANGE, message, place))
    elif versions:
        known = ", ".join(sorted(dict.fromkeys(versions)))
        message = f"no version of {what} is in '{wanted}'"
        findings.append(Finding(codes.NO_SUCH_VERSION, message, place, f"There is {known}."))
    return None


def deprecation_of(deprecated: Deprecation | None, document: Document, what: str) -> list[Finding]:
    """The notice about something that is used and deprecated, at the place that says so."""
    if deprecated is None:
        return []
    since = f" since {deprecated.since}" if deprecated.since else ""
    why = f": {deprecated.message}" if deprecated.message else ""
    remedy = f"Use '{deprecated.replacement}'." if deprecated.replacement else ""
    place = Spot(document).at("metadata").key("deprecated").place
    return [Finding(codes.DEPRECATED_IN_USE, f"{what} is deprecated{since}{why}", place, remedy)]


def deprecated_in(drafts: Sequence[Draft], types: StepTypes) -> list[Finding]:
    """A notice for each workflow and step type of a plan that its owner wants to be used no more."""
    found: list[Finding] = []
    for draft in {draft.identity: draft for draft in drafts}.values():
        found += deprecation_of(draft.deprecated, draft.spot.document, f"workflow '{draft.identity}'")
    for kind in sorted(step_types_in(drafts) - STEP_TYPES.keys()):
        own = types.own.get(kind)
        if own is not None:
            found += deprecation_of(own.model.metadata.deprecated, own.document, f"step type '{kind}'")
    return found
