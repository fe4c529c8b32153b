"""Rules over a workflow of any tier: its metadata."""

import posixpath
from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts
from innominatus_cli.documents.nodes import Document, ScalarNode
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Finding


def check_file_name(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2023: a file with one document is named after it."""
    metadata = document.mapping.mapping("metadata")
    name, node = metadata.text("name"), metadata.get("name")
    if name and document.path.endswith(f"/{name}.yaml") and name[0].isalnum():
        return  # most are, and taking paths apart takes longer
    stem = posixpath.splitext(posixpath.basename(document.path))[0]
    is_other = bool(name) and name != stem and document.index == 0
    if is_other and not _is_made_up(document) and not _names_version(document, stem):
        message = f"workflow '{name}' is in a file named '{posixpath.basename(document.path)}'"
        yield Finding(codes.FILE_IS_NOT_NAME, message, document.place(node))


def _names_version(document: Document, stem: str) -> bool:
    """Whether a file's name is that of the workflow and of its version: `deploy-2.0.0`, `deploy-2`, `deploy@2.0`."""
    metadata = document.mapping.mapping("metadata")
    name, version = metadata.text("name") or "", metadata.get("version")
    rest = stem.removeprefix(name)
    written = version.text if isinstance(version, ScalarNode) else ""
    return rest != stem and rest[:1] in {"-", "@"} and bool(written) and f"{written}.".startswith(f"{rest[1:]}.")


def _is_made_up(document: Document) -> bool:
    """Whether the name was made by normalisation, for a file that has none."""
    return "name" not in document.mapping.mapping("metadata").key_nodes


def check_steps_exist(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2028: a workflow has at least one step."""
    spec = document.mapping.mapping("spec")
    if "steps" in spec.values and not spec.sequence("steps") and spec.values["steps"].type_name == "list":
        yield Finding(codes.MISSING_STEPS, "the workflow has no steps", document.place(spec.key("steps")))


RULES = (check_file_name, check_steps_exist)
