"""The check of overlays, overrides files that belong to a Score file by their name: each is read together with it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from innominatus_cli.checks.checking import check_document
from innominatus_cli.checks.overlays import check_overlay
from innominatus_cli.documents.kinds import base_of_overlay
from innominatus_cli.documents.loading import Loaded, load
from innominatus_cli.documents.score_overrides import Overrides
from innominatus_cli.findings.finding import Finding, Place, Related
from innominatus_cli.operations.overriding import amendment

if TYPE_CHECKING:
    from innominatus_cli.operations.surroundings import Surroundings


def findings_of_overlay(around: "Surroundings", path: str, data: bytes | Finding) -> Iterator[Finding]:
    """What is wrong with an overlay, its text `data` or why there is none: what its Score file is without, it is not.

    Findings stand in the overlay; one that the Score file has only with it, and that stands elsewhere (a key that the
    overlay deletes), stands at its beginning and names the place.
    """
    score, environment = base_of_overlay(path) or ("", "")
    raw = around.bytes_of(score)
    alone = Loaded((), ()) if raw is None else around.load(score)
    if isinstance(data, bytes):
        base = next((one for one in alone.documents if one.kind == "Workload"), None)
        for document in load(path, data).documents[:1]:
            yield from check_overlay(document, environment, base, around.facts)
    if raw is None:
        yield from [data] if isinstance(data, Finding) else load(path, data).findings
        return
    known = {(one.code, one.message) for one in _everything(around, alone)}
    merged = load(score, raw, amendment(Overrides(overlay=path, overlay_data=data)))
    for finding in _everything(around, merged):
        if finding.place.path == path:
            yield finding._replace(fix=None)  # its places are those of both files together
        elif (finding.code, finding.message) not in known:
            related = (Related("it is found here", finding.place), *finding.related)
            yield finding._replace(place=Place(path, 1, 1), related=related, fix=None)


def _everything(around: "Surroundings", loaded: Loaded) -> Iterator[Finding]:
    yield from loaded.findings
    for document in loaded.documents:
        if document.kind:
            yield from check_document(document, around.facts_for(document))
