"""Rules over the overlay of an environment, beside those that the Score file with it is held against."""

from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts
from innominatus_cli.documents.environment_names import is_among
from innominatus_cli.documents.nodes import Document, MappingNode
from innominatus_cli.documents.words import short
from innominatus_cli.findings.catalogue import score as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.near_names import did_you_mean, near_names


def check_overlay(overlay: Document, environment: str, base: Document | None, facts: Facts) -> Iterator[Finding]:
    """What is wrong with an overlay by its name, and with the names of containers that its Score file has not.

    `base` is the workload of the Score file without the overlay; None where there is no such file.
    """
    if base is None:
        yield Finding(codes.OVERLAY_WITHOUT_SCORE_FILE, "there is no Score file that it belongs to", overlay.place())
    known = () if facts.admin_config is None else tuple(facts.admin_config.mapping.mapping("environments").values)
    if known and not is_among(environment, known):
        message = f"environment '{short(environment)}' is not defined in admin-config.yaml"
        yield Finding(codes.OVERLAY_OF_NO_ENVIRONMENT, message, overlay.place(), did_you_mean(environment, known))
    if base is None or not isinstance(overlay.root, MappingNode):
        return
    there, containers = base.mapping.mapping("containers").values, overlay.root.mapping("containers")
    for name, node in containers.values.items():
        if name not in there and isinstance(node, MappingNode) and near_names(name, there):
            message = f"the Score file has no container '{short(name)}': the overlay adds one"
            place = overlay.place(containers.key(name))
            yield Finding(codes.OVERLAY_ADDS_CONTAINER, message, place, did_you_mean(name, there))
