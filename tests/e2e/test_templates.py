"""Templates in a real run: what is known is put in when planning, the rest when the step starts."""

from typing import Any

WORKFLOW = """\
    apiVersion: workflow.dev/v1
    kind: Workflow
    metadata: {name: report, description: Tells what it was given, owner: platform}
    spec:
      parameters:
        - {name: size, default: medium}
        - {name: zones, type: list, default: [a, b]}
      steps:
        - name: measure
          type: script
          outputs: [host]
          config: {script: "echo OUTPUT_host=DB-1.EXAMPLE.COM"}
        - name: tell
          type: script
          outputs: [said]
          env:
            KNOWN: '{% for zone in parameters.zones %}[{{ zone | upper }}]{% endfor %}'
            LATER: '{% if measure.host %}{{ measure.host | lower }}{% else %}nowhere{% endif %}'
          config:
            script: |
              {{ if eq .parameters.size "medium" }}SIZE=20{{ else }}SIZE=5{{ end }}
              echo "OUTPUT_said=$SIZE $KNOWN $LATER"
"""


def test_a_run_renders_its_templates(workshop: Any) -> None:
    workshop.git("init", "-q")
    workshop.write("admin-config.yaml", "{}\n")
    workshop.write("workflows/report.yaml", WORKFLOW)
    workshop.commit("Report")
    assert workshop("validate", "--strict", "workflows/report.yaml").status == 0
    told = workshop("run", "workflows/report.yaml")
    assert told.status == 0, told.all
    (record,) = workshop.records("run")
    said = {step["step"].rpartition("/")[2]: step["outputs"] for step in record["steps"]}
    assert said["tell"] == {"said": "20 [A][B] db-1.example.com"}
