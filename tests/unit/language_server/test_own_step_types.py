"""What an editor is offered for steps whose type the repository brings."""

from innominatus_cli.checks.facts import Facts
from innominatus_cli.documents.loading import load
from innominatus_cli.language_server.completion import proposals
from innominatus_cli.language_server.hover import hover_text

TYPE = b"""apiVersion: workflow.dev/v1
kind: StepType
metadata: {name: greet, description: Greets somebody, owner: o}
spec:
  inputs:
    type: object
    required: [who]
    properties:
      who: {type: string, description: Whom to greet}
      how: {enum: [mail, chat], default: mail}
  command: [echo, "${inputs.who}", "${inputs.how}"]
  outputs: {names: {said: d}}
"""
WRITTEN = """apiVersion: workflow.dev/v1
kind: Workflow
metadata:
  name: w
spec:
  steps:
    - name: s
      type: greet
      config:
        how: mail
"""
LINES = [*WRITTEN.splitlines(), " " * 8]
FACTS = Facts(
    step_types=("greet",), own_types=lambda: {"greet": load("workflows/step-types/greet.yaml", TYPE).documents[0]}
)


def test_its_inputs_and_their_values_are_offered() -> None:
    keys = [one.label for one in proposals(LINES, len(LINES) - 1, 8, "Workflow", None, FACTS)]
    assert keys == ["who"]
    values = [one.label for one in proposals(LINES, len(LINES) - 2, 13, "Workflow", None, FACTS)]
    assert values == ["mail", "chat"]


def test_its_type_and_inputs_are_explained() -> None:
    line = next(number for number, text in enumerate(LINES) if "type: greet" in text)
    told = hover_text(LINES, line, 14, "Workflow", None, FACTS)
    assert told.splitlines()[0] == "**greet** Greets somebody"
    assert "Required: `who`." in told
    assert "Outputs: `said`." in told
