"""YAML 1.2 files to nodes with places: most texts are read line by line, others in one go, all others event by event.

At most 1 MiB a file; the limits of what stands in it are `event_reader`'s.
"""

from innominatus_cli.documents.line_reader import read_lines
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.yaml_text import text_of
from innominatus_cli.findings.finding import Finding


def read_yaml(path: str, data: bytes) -> tuple[list[Document], list[Finding]]:
    """All documents of a file, in order, and what is wrong with its text. Raises nothing for what the bytes hold.

    After a finding that stops the reading (syntax, a limit) the documents before it are returned.
    """
    text, findings = text_of(path, data)
    if text is None:
        return [], findings
    if not findings and (document := read_lines(path, text)) is not None:
        return [document], []
    from innominatus_cli.documents.quick_reader import read_quickly  # noqa: PLC0415 - most files need no PyYAML

    if not findings and (documents := read_quickly(path, text)) is not None:
        return documents, []
    from innominatus_cli.documents.event_reader import read_events  # noqa: PLC0415 - a good file does without

    return read_events(path, text, findings)
