"""Every shape and spelling in the wild becomes the canonical one; places stay, and each change is told."""

from typing import Any

import pytest

from innominatus_cli.documents.loading import Loaded, load
from innominatus_cli.documents.nodes import MappingNode
from innominatus_cli.documents.typed import Typed, typed_or_findings
from innominatus_cli.documents.workflow import StepDefinition, WorkflowDocument
from innominatus_cli.documents.workflow_shapes import STEP_KEYS
from innominatus_cli.findings.catalogue import document as codes
from innominatus_cli.findings.finding import Finding, Severity


def loaded(text: str, path: str = "workflows/my-flow.yaml") -> Loaded:
    return load(path, text.encode())


def canonical(text: str, path: str = "workflows/my-flow.yaml") -> Any:
    found = loaded(text, path)
    assert [f for f in found.findings if f.severity is Severity.ERROR] == []
    (document,) = found.documents
    return document.root.plain()


def changes(text: str, path: str = "workflows/my-flow.yaml") -> list[tuple[str, str]]:
    return [(finding.code.number, str(finding.place).partition(":")[2]) for finding in loaded(text, path).findings]


def errors(text: str, path: str = "f.yaml") -> list[Finding]:
    return [finding for finding in loaded(text, path).findings if finding.severity is Severity.ERROR]


SHAPE_A = """
apiVersion: workflow.dev/v1
kind: Workflow
metadata: {name: my-flow}
spec:
  variables: {A: x}
  steps: [{name: one, type: script, config: {script: echo}}]
"""
SHAPE_B = """
apiVersion: innominatus.io/v1alpha1
kind: Workflow
metadata: {name: my-flow}
variables: {A: x}
steps: [{name: one, type: script, config: {script: echo}}]
"""
SHAPE_C = """
apiVersion: orchestrator.innominatus.dev/v1
kind: Workflow
metadata: {name: my-flow}
variables: {A: x}
spec:
  steps: [{name: one, type: script, config: {script: echo}}]
"""
BARE = """
variables: {A: x}
steps: [{name: one, type: script, config: {script: echo}}]
"""


@pytest.mark.parametrize("text", [SHAPE_B, SHAPE_C, BARE])
def test_four_shapes_are_one_workflow(text: str) -> None:
    expected = canonical(SHAPE_A)
    found = canonical(text)
    found.setdefault("apiVersion", "workflow.dev/v1")
    assert found == expected


def test_the_canonical_shape_is_told_nothing() -> None:
    assert changes(SHAPE_A) == []


def test_a_moved_key_keeps_its_place() -> None:
    document = loaded(SHAPE_B).documents[0]
    spec = document.mapping.mapping("spec")
    assert (spec.key("steps").line, spec.key("steps").column) == (6, 1)
    assert ("ORC-1050", "6:1") in changes(SHAPE_B)
    step = spec.sequence("steps")[0]
    assert document.place(step).pointer == "/spec/steps/0"


def step_of(text: str) -> Any:
    return canonical(f"kind: Workflow\nmetadata: {{name: f}}\nspec:\n  steps:\n    - {text}\n")["spec"]["steps"][0]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (
            "{name: a, type: kubernetes, namespace: x}",
            {"name": "a", "type": "kubernetes", "config": {"namespace": "x"}},
        ),
        (
            "{name: a, type: kubernetes, namespace: x, config: {manifests: m}}",
            {"name": "a", "type": "kubernetes", "config": {"manifests": "m", "namespace": "x"}},
        ),
        (
            "{name: a, type: terraform, working_dir: x}",
            {"name": "a", "type": "terraform", "config": {"working_dir": "x"}},
        ),
        ("{name: a, type: ansible, playbook: x}", {"name": "a", "type": "ansible", "config": {"playbook": "x"}}),
        ("{name: a, type: script, depends_on: [b]}", {"name": "a", "type": "script", "dependsOn": ["b"]}),
        ("{name: a, type: script, with: {script: x}}", {"name": "a", "type": "script", "config": {"script": "x"}}),
        ("{name: a, type: script, output_file: x}", {"name": "a", "type": "script", "outputFile": "x"}),
        ("{name: a, type: script, env: , config: }", {"name": "a", "type": "script"}),
        (
            "{name: a, type: workflow, config: {provider: p, workflow: w, variables: {x: y}}}",
            {"name": "a", "type": "workflow", "workflow": "p/w", "parameters": {"x": "y"}},
        ),
        (
            "{name: a, type: validation, timeout: 30, config: {timeout: 30s}}",
            {"name": "a", "type": "validation", "timeout": 30, "config": {"timeout": "30s"}},
        ),
    ],
)
def test_steps_have_one_spelling(written: str, read: Any) -> None:
    assert step_of(written) == read


def test_an_input_of_the_steps_own_type_moves_into_config() -> None:
    assert step_of("{name: a, type: vault-setup, secrets: [x]}")["config"] == {"secrets": ["x"]}


def test_a_misspelt_field_is_not_taken_for_an_input() -> None:
    (finding,) = errors(
        "kind: Workflow\nmetadata: {name: f}\nspec:\n  steps:\n    - {name: a, type: script, dependOn: []}"
    )
    assert finding.code is codes.UNKNOWN_KEY
    assert "dependsOn" in finding.help
    assert (finding.place.line, finding.place.column) == (5, 31)


def test_two_spellings_of_one_setting_are_a_finding_with_both_places() -> None:
    text = "kind: Workflow\nmetadata: {name: f}\nspec:\n  steps:\n    - name: a\n      type: script\n"
    (finding,) = errors(text + "      depends_on: []\n      dependsOn: []\n")
    assert finding.code is codes.SPELLED_TWICE
    assert (finding.place.line, finding.related[0].place.line) == (7, 8)


def test_parameters_by_name_become_a_list() -> None:
    text = (
        "kind: Workflow\nmetadata: {name: f}\nspec:\n  parameters:\n    size: {type: int, default: 3}\n    region: eu\n"
    )
    spec = canonical(text + "  steps: []\n")["spec"]
    assert spec["parameters"] == [
        {"type": "int", "default": 3, "name": "size"},
        {"default": "eu", "name": "region"},
    ]


def test_the_fields_of_steps_are_those_of_the_model() -> None:
    fields = {field.alias or name for name, field in StepDefinition.model_fields.items()}
    assert fields == STEP_KEYS


def test_golden_paths_of_one_file_become_documents() -> None:
    text = """
goldenpaths:
  simple: ./workflows/x.yaml
  full:
    workflow: ./workflows/y.yaml
    description: All of it
    tags: [a]
    estimated_duration: 5 minutes
    parameters:
      ttl: {type: duration, default: 2h, allowed_values: [1h, 2h]}
      size: {type: "", default: 3}
  old:
    workflow: z.yaml
    required_params: [a, b]
    optional_params: {b: x, c: 3}
"""
    found = loaded(text, "goldenpaths.yaml")
    assert [f for f in found.findings if f.severity is Severity.ERROR] == []
    assert [d.kind for d in found.documents] == ["GoldenPath"] * 3
    simple, full, old = [d.root.plain() for d in found.documents]
    assert simple == {
        "apiVersion": "workflow.dev/v1",
        "kind": "GoldenPath",
        "metadata": {"name": "simple"},
        "spec": {"workflow": "./workflows/x.yaml"},
    }
    assert isinstance(full, dict)
    assert full["metadata"] == {"name": "full", "description": "All of it", "tags": ["a"]}
    assert isinstance(old, dict)
    assert isinstance(old["spec"], dict)
    assert old["spec"]["parameters"] == {
        "a": {"type": "string", "required": True},
        "b": {"type": "string", "required": True},
        "c": {"default": 3},
    }
    assert found.documents[1].place().line == 4


@pytest.mark.parametrize("text", ["goldenpaths:", "goldenpaths: {}", "# nothing"])
def test_no_golden_paths_are_no_error(text: str) -> None:
    assert errors(text, "goldenpaths.yaml") == []


@pytest.mark.parametrize("text", ["goldenpaths: [a]", "goldenpaths: {a: 1}", "goldenpaths: {a: {wrkflow: x}}"])
def test_what_is_no_golden_path_is_an_error_at_its_place(text: str) -> None:
    (finding,) = errors(text, "goldenpaths.yaml")
    assert finding.place.line == 1
    assert finding.place.column > 1


SCORE = "apiVersion: score.dev/v1b1\nmetadata: {name: my-app}\ncontainers:\n  main:\n    image: x\n"


def test_the_house_dialect_becomes_score_with_a_warning_each() -> None:
    text = SCORE + (
        "    env: {PORT: 8080, DEBUG: true}\n"
        "    ports: [{name: http, containerPort: 8080}, 9090]\n"
        "resources:\n  db: {type: postgres, params: {a: 1, b: 1}, properties: {b: 2}}\n"
        "environment: {type: development}\n"
        "variables: {X: y}\n"
        "workflows: {deploy: {steps: [{name: a, type: script, script: echo}]}}\n"
    )
    assert canonical(text) == {
        "apiVersion": "score.dev/v1b1",
        "metadata": {"name": "my-app"},
        "containers": {"main": {"image": "x", "variables": {"PORT": "8080", "DEBUG": "true"}}},
        "service": {"ports": {"http": {"port": 8080}, "port-2": {"port": 9090}}},
        "resources": {"db": {"type": "postgres", "params": {"a": 1, "b": 2}}},
        "environment": {"type": "development"},
        "workflows": {
            "deploy": {
                "steps": [{"name": "a", "type": "script", "config": {"script": "echo"}}],
                "variables": {"X": "y"},
            }
        },
    }
    dialect = [f for f in loaded(text).findings if f.code is codes.SCORE_DIALECT]
    assert sorted(f.place.line for f in dialect) == [6, 7, 9, 10, 11, 12]
    assert {f.severity for f in dialect} == {Severity.WARNING}


def test_env_as_a_list_and_beside_variables_is_read() -> None:
    text = SCORE + "    variables: {A: x}\n    env: [{name: B, value: y}]\n"
    assert canonical(text)["containers"]["main"]["variables"] == {"A": "x", "B": "y"}


def test_a_variable_in_both_is_a_finding() -> None:
    (finding,) = errors(SCORE + "    variables: {A: x}\n    env: {A: y}\n")
    assert finding.code is codes.SPELLED_TWICE
    assert finding.related[0].place.line == 6


def test_deprecated_lists_become_mappings() -> None:
    text = SCORE + (
        "    files: [{target: /a, content: [x, y], mode: '0644'}]\n"
        "    volumes: [{source: s, target: /v, read_only: true}]\n"
    )
    main = canonical(text)["containers"]["main"]
    assert main["files"] == {"/a": {"content": "x\ny", "mode": "0644"}}
    assert main["volumes"] == {"/v": {"source": "s", "readOnly": True}}


@pytest.mark.parametrize("entry", ["{content: x}", "{target: 5, content: x}", "x"])
def test_an_entry_without_a_target_is_a_finding(entry: str) -> None:
    (finding,) = errors(SCORE + f"    files: [{entry}]\n")
    assert finding.place.line == 6


def test_two_entries_of_one_target_are_a_finding() -> None:
    (finding,) = errors(SCORE + "    files: [{target: /a, content: x}, {target: /a, content: y}]\n")
    assert finding.code is codes.DUPLICATE_KEY


def test_score_variables_that_are_dates_or_numbers_upstream_are_refused_where_they_stand() -> None:
    found = errors(
        SCORE + "    variables:\n      DAY: 2024-01-01\n      N: 1_000\n      OK: 12:30:45\n      Q: '2024-01-01'\n"
    )
    assert [(f.code, f.place.line, f.place.column) for f in found] == [
        (codes.WRONG_TYPE, 7, 12),
        (codes.WRONG_TYPE, 8, 10),
    ]
    assert "a date" in found[0].message
    assert '"2024-01-01"' in found[0].help


def test_texts_keep_what_was_written() -> None:
    text = "kind: Workflow\nmetadata: {name: f, version: 1.10}\nspec:\n  variables: {MODE: 0755, FLAG: true, N: 1e3}\n"
    document = loaded(text + "  steps: []\n").documents[0]
    outcome = typed_or_findings(document, WorkflowDocument)
    assert isinstance(outcome, Typed)
    assert outcome.model.metadata.version == "1.10"
    assert outcome.model.spec.variables == {"MODE": "0755", "FLAG": "true", "N": "1e3"}


def test_a_legacy_platform_is_a_provider() -> None:
    text = "apiVersion: innominatus.io/v1\nkind: Platform\nmetadata: {name: x, version: 1.0.0}\nconfiguration:\n"
    assert canonical(text) == {
        "apiVersion": "innominatus.io/v1",
        "kind": "Provider",
        "metadata": {"name": "x", "version": "1.0.0"},
    }


def test_shaping_survives_anything_in_the_place_of_anything() -> None:
    for key in ("metadata", "spec", "steps", "parameters", "variables", "containers", "resources", "workflows"):
        for value in ("", "1", "x", "[]", "[1]", "[[]]", "{}", "{a: }", "{a: 1}", "{a: [1]}", "{a: {b: }}"):
            for start in ("kind: Workflow\nsteps: [{type: x}]\n", SCORE, "goldenpaths: {}\n", "kind: Provider\n"):
                lines = [line for line in start.splitlines() if not line.startswith((f"{key}:", "  "))]
                found = loaded("\n".join([*lines, f"{key}: {value}"]))
                assert all(isinstance(d.mapping, MappingNode) for d in found.documents)
