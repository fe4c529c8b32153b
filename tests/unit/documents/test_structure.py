"""Messages and places of the structural check; its verdicts are held against jsonschema in the conformance tests."""

import json
import re

import pytest

from innominatus_cli.documents.loading import load
from innominatus_cli.documents.nodes import MappingNode
from innominatus_cli.documents.schemas import KIND_FILES, schema_of_kind, schema_of_step_type, step_type_names
from innominatus_cli.documents.structure import check_step_config
from innominatus_cli.findings.catalogue import document as codes
from innominatus_cli.findings.finding import Code, Finding, Severity

WORKFLOW = "apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata: {name: my-flow}\nspec:\n"
SCORE = "apiVersion: score.dev/v1b1\nmetadata: {name: my-app}\ncontainers:\n  main:\n    image: x\n"


def errors(text: str) -> list[Finding]:
    return [f for f in load("f.yaml", text.encode()).findings if f.severity is Severity.ERROR]


STEPS = WORKFLOW + "  steps: "
PORTS = SCORE + "service: {ports: "
CASES: list[tuple[str, Code, str, str]] = [
    (f"{STEPS}x", codes.WRONG_TYPE, "5:10", "'steps' must be a list, not a string"),
    (f"{STEPS}[]\n  timeout: soon", codes.WRONG_FORM, "6:12", "'timeout' is 'soon', which is not a duration"),
    (f"{STEPS}[]\n  failFast: 1", codes.WRONG_TYPE, "6:13", "'failFast' must be true or false, not an integer"),
    (f"{STEPS}[{{type: x}}]", codes.MISSING_KEY, "5:11", "'steps[0]' needs the key 'name'"),
    (f"{STEPS}[{{name: 5, type: x}}]", codes.WRONG_TYPE, "5:18", "'name' must be a string, not an integer"),
    (f"{STEPS}[{{name: a/b, type: x}}]", codes.WRONG_FORM, "5:18", "'name' is 'a/b', which is not a step's name"),
    (f"{STEPS}[]\n  triggers: [manuel]", codes.NOT_ALLOWED, "6:14", "'manuel', which is not one of all_deployments"),
    (f"{STEPS}[]\n  stepz: []", codes.UNKNOWN_KEY, "6:3", "unknown key 'stepz' in 'spec'"),
    (WORKFLOW, codes.WRONG_TYPE, "4:6", "'spec' has no value; a mapping is expected"),
    (f"{SCORE}    args: [1]", codes.WRONG_TYPE, "6:12", "'args[0]' must be a string, not an integer"),
    (f"{SCORE}    files: {{/a: {{}}}}", codes.MISSING_KEY, "6:17", "needs one of the keys 'source', 'content' or"),
    (f"{SCORE}    files: {{/a: {{content: x, source: y}}}}", codes.NO_ALTERNATIVE, "6:17", "may have only one of"),
    (f"{PORTS}{{www: {{port: 0}}}}}}", codes.OUT_OF_RANGE, "6:31", "'port' is 0, less than 1"),
    (f"{PORTS}{{www: {{port: 65536}}}}}}", codes.OUT_OF_RANGE, "6:31", "'port' is 65536, more than 65535"),
    (f"{PORTS}{{www: {{port: true}}}}}}", codes.WRONG_TYPE, "6:31", "'port' must be an integer, not a boolean"),
    (f"{PORTS}{{w: {{port: 1}}}}}}", codes.OUT_OF_RANGE, "6:19", "the key 'w' has less than 2 characters"),
    (f"{SCORE}    variables: {{'a=b': x}}", codes.WRONG_FORM, "6:17", "the key 'a=b' is not of the form"),
]


@pytest.mark.parametrize(("text", "code", "place", "message"), CASES)
def test_a_finding_says_what_is_wrong_where_it_stands(text: str, code: Code, place: str, message: str) -> None:
    found = errors(text)
    assert [(f.code, str(f.place)) for f in found] == [(code, f"f.yaml:{place}")], found
    assert message in found[0].message


def test_all_findings_of_a_file_come_at_once_in_their_order() -> None:
    found = errors(
        WORKFLOW + "  stepz: []\n  steps:\n    - {name: a}\n    - {name: 1, type: x, whenn: always}\n  timeout: x\n"
    )
    assert [f.place.line for f in found] == sorted(f.place.line for f in found)
    assert len(found) == 5


def test_unknown_keys_come_with_near_names() -> None:
    (finding,) = errors(WORKFLOW + "  steps: []\n  trigers: []\n")
    assert finding.help == "Did you mean 'triggers'?"


def test_a_number_where_text_is_expected_comes_with_the_quoted_form() -> None:
    (finding,) = errors(SCORE + "    variables: {PORT: 8080}\n")
    assert '"8080"' in finding.help


def test_a_pointer_names_the_value() -> None:
    (finding,) = errors(SCORE + "    files: {/a/b: {content: 1}}\n")
    assert finding.place.pointer == "/containers/main/files/~1a~1b/content"


def config_findings(config: str, type_name: str) -> list[Finding]:
    text = WORKFLOW + f"  steps:\n    - {{name: a, type: {type_name}{config}}}\n"
    document = load("f.yaml", text.encode()).documents[0]
    step = document.mapping.mapping("spec").sequence("steps")[0]
    assert isinstance(step, MappingNode)
    return check_step_config(document, step, type_name)


def test_a_steps_config_is_checked_by_the_schema_of_its_type() -> None:
    (finding,) = config_findings(", config: {manifests: m, namspace: x}", "kubernetes")
    assert finding.code is codes.UNKNOWN_KEY
    assert "namespace" in finding.help
    assert finding.place.pointer == "/spec/steps/0/config/namspace"


def test_another_spelling_in_config_is_told_and_no_error() -> None:
    (finding,) = config_findings(", config: {manifests_path: m}", "kubernetes")
    assert (finding.code, finding.severity) == (codes.OLD_SPELLING, Severity.INFO)


@pytest.mark.parametrize("config", ["{manifests_path: a, manifests: b}", "{manifests: b, manifests_path: a}"])
def test_two_spellings_in_config_are_an_error(config: str) -> None:
    found = config_findings(f", config: {config}", "kubernetes")
    (finding,) = [f for f in found if f.severity is Severity.ERROR]
    assert finding.code is codes.SPELLED_TWICE
    assert finding.related


def test_two_spellings_that_say_the_same_are_a_warning() -> None:
    found = config_findings(", config: {manifests_path: a, manifests: a}", "kubernetes")
    assert [(one.code, one.severity) for one in found][-1] == (codes.SPELLED_TWICE, Severity.WARNING)


def test_a_reference_stands_for_any_typed_input() -> None:
    assert config_findings(', config: {replicas: "${parameters.n}"}', "kubernetes") == []
    (finding,) = config_findings(", config: {replicas: many}", "kubernetes")
    assert finding.place.pointer == "/spec/steps/0/config/replicas"


def test_a_needed_input_of_an_absent_config_is_missed_at_the_step() -> None:
    needing = [name for name in step_type_names() if (schema_of_step_type(name) or {}).get("required")]
    assert needing
    for name in needing:
        assert {(f.code, f.place.pointer) for f in config_findings("", name)} == {(codes.MISSING_KEY, "/spec/steps/0")}


def test_an_unknown_step_type_has_no_schema() -> None:
    assert schema_of_step_type("../score") is None
    assert schema_of_kind("Nothing") is None
    assert config_findings("", "no-such-type") == []


def test_no_pattern_of_our_schemas_takes_exponential_time() -> None:
    """Our own patterns are the only ones that run; the test's timeout ends one that does not come back."""
    schemas = [*map(schema_of_step_type, step_type_names()), *map(schema_of_kind, KIND_FILES)]
    patterns = set(re.findall(r'"pattern": ("(?:[^"\\\\]|\\\\.)*")', json.dumps(schemas)))
    assert len(patterns) > 8
    for pattern in patterns:
        compiled = re.compile(json.loads(pattern))
        matched = [compiled.fullmatch(part * 2_000 + "/\n=") for part in ("a", "1", "a.", "1h", "a-", "${", "{")]
        assert not any(matched), pattern


def test_a_line_end_behind_a_name_is_no_part_of_it() -> None:
    (finding,) = errors(SCORE.replace("my-app", '"my-app\\n"'))
    assert finding.code is codes.WRONG_FORM
