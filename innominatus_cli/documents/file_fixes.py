"""All fixes that the shaping of a document may ask for, made from the text of its file."""

from collections.abc import Iterable, Sequence

from innominatus_cli.documents import score_fixes, score_moves, workflow_fixes
from innominatus_cli.documents.libyaml import YAMLError
from innominatus_cli.documents.moving_fixes import MovingFixes
from innominatus_cli.documents.nodes import Node
from innominatus_cli.findings.catalogue.document import (
    DUPLICATE_KEY,
    KEY_NOT_TEXT,
    TOO_DEEP,
    TOO_MANY_ALIASES,
    TOO_MANY_NODES,
    YAML_SYNTAX,
)
from innominatus_cli.findings.finding import Finding, Fix

_ENDS_READING = frozenset((TOO_DEEP, TOO_MANY_ALIASES, TOO_MANY_NODES, YAML_SYNTAX))
"""Behind these findings a file was not read to its end."""


def fixes_of(text: str, findings: Iterable[Finding]) -> "FileFixes | None":
    """What makes the fixes of a file; None where its reader's findings say that it was not read to its end."""
    if not _ENDS_READING.isdisjoint(finding.code for finding in findings):
        return None
    try:
        return FileFixes(text)
    except (YAMLError, ValueError):
        return None


class FileFixes(MovingFixes):
    """The fixes of one file: of any YAML, of workflows and golden paths, of Score files."""

    def of_reading(self, finding: Finding) -> Finding:
        """A finding of the reader with the fix that it can have: for a key that is no text, or stands there twice."""
        place = finding.place
        at = Node(place.line, place.column)
        if finding.code is KEY_NOT_TEXT:
            return finding._replace(fix=self.quote(at))
        if finding.code is DUPLICATE_KEY and finding.related:
            first = finding.related[0].place
            return finding._replace(fix=self.drop_twin(at, Node(first.line, first.column)))
        return finding

    def touches_knots(self, fix: Fix) -> bool:
        """Whether a fix of one place would write over an anchor, an alias or a tag."""
        spots = [self.layout.line(edit.line)[edit.column - 1 : edit.column] for edit in fix.edits if edit.column > 1]
        return any(spot in "&*!" for spot in spots if spot)

    def canonical_top(self, root: Node, keys: Sequence[Node], spec: Node | None, name: str | None) -> Fix | None:
        """See `workflow_fixes.canonical_top`."""
        return workflow_fixes.canonical_top(self, root, keys, spec, name)

    def call_of_step(self, step: Node, keys: Sequence[Node]) -> Fix | None:
        """See `workflow_fixes.call_of_step`."""
        return workflow_fixes.call_of_step(self, step, keys)

    def parameters_as_list(self, key: Node) -> Fix | None:
        """See `workflow_fixes.parameters_as_list`."""
        return workflow_fixes.parameters_as_list(self, key)

    def typed_parameters(self, keys: Sequence[Node]) -> Fix | None:
        """See `workflow_fixes.typed_parameters`."""
        return workflow_fixes.typed_parameters(self, keys)

    def variables_of_env(self, key: Node) -> Fix | None:
        """See `score_fixes.variables_of_env`."""
        return score_fixes.variables_of_env(self, key)

    def params_of_properties(self, key: Node) -> Fix | None:
        """See `score_fixes.params_of_properties`."""
        return score_fixes.params_of_properties(self, key)

    def service_ports(self, key: Node, root: Node) -> Fix | None:
        """See `score_moves.service_ports`."""
        return score_moves.service_ports(self, key, root)

    def variables_of_workflow(self, key: Node, workflow: Node) -> Fix | None:
        """See `score_moves.variables_of_workflow`."""
        return score_moves.variables_of_workflow(self, key, workflow)

    def entries_by_target(self, key: Node) -> Fix | None:
        """See `score_fixes.entries_by_target`."""
        return score_fixes.entries_by_target(self, key)

    def joined_content(self, content: Node) -> Fix | None:
        """See `score_fixes.joined_content`."""
        return score_fixes.joined_content(self, content)
