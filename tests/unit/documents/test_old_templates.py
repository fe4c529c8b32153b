"""Forms of the original's templates that are read as they were meant."""

import time
from textwrap import dedent, indent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.documents.loading import load
from innominatus_cli.documents.shell_quotes import between_double_quotes

HEAD = """
    apiVersion: workflow.dev/v1
    kind: Workflow
    metadata: {name: make, description: Makes it, owner: platform-team}
    spec:
"""


def loaded(body: str) -> tuple[dict[str, Any], list[str]]:
    """The `spec`, and the codes and messages of what is said of these forms."""
    found = load("make.yaml", f"{dedent(HEAD).lstrip()}{indent(dedent(body), '  ')}".encode())
    (document,) = found.documents
    told = [one.message for one in found.findings if one.code.number == "ORC-2220"]
    spec = document.mapping.mapping("spec").plain()
    assert isinstance(spec, dict)
    return spec, told


SCRIPT = """
      parameters:
        - {name: title, type: string, required: false, default: %s}
      steps:
        - name: make
          type: script
          config:
            script: |
              %s
              %s
"""


def test_a_value_between_double_quotes_becomes_a_variable() -> None:
    spec, told = loaded(SCRIPT % ("Team organization", "#!/bin/bash", 'echo "{{ .parameters.title }}"'))
    (step,) = spec["steps"]
    assert step["env"] == {"PARAM_TITLE": "{{ .parameters.title }}"}
    assert step["config"]["script"] == '#!/bin/bash\necho "${PARAM_TITLE}"\n'
    assert len(told) == 1


@pytest.mark.parametrize(
    ("default", "shebang", "line"),
    [
        ("plain", "#!/bin/bash", 'echo "{{ .parameters.title }}"'),
        ("Team organization", "#!/bin/bash", "echo {{ .parameters.title }}"),
        ("Team organization", "#!/bin/bash", "echo '{{ .parameters.title }}'"),
        ("Team organization", "#!/bin/bash", 'echo "{{ .parameters.title }}" {{ .parameters.title }}'),
        ("Team organization", "#!/usr/bin/env python3", 'print("{{ .parameters.title }}")'),
        ("Team organization", "#!/bin/bash", 'bash -c "echo {{ .parameters.title }}"'),
        ("Team organization", "#!/bin/bash", 'PARAM_TITLE=1; echo "{{ .parameters.title }}"'),
        ("Team organization", "#!/bin/bash", 'echo "${parameters.title}"'),
    ],
)
def test_every_other_script_is_left_as_it_is(default: str, shebang: str, line: str) -> None:
    spec, told = loaded(SCRIPT % (default, shebang, line))
    (step,) = spec["steps"]
    assert step["config"]["script"] == f"{shebang}\n{line}\n"
    assert not step.get("env")
    assert told == []


def test_a_shells_default_in_an_output_is_a_template() -> None:
    spec, told = loaded("      outputs: {url: '${GIT_URL:-http://git.example}/x', plain: '${steps.a.outputs.b}'}\n")
    assert spec["outputs"] == {
        "url": '{{ env.GIT_URL | default("http://git.example", true) }}/x',
        "plain": "${steps.a.outputs.b}",
    }
    assert len(told) == 1


@pytest.mark.parametrize(
    ("definition", "text", "is_given"),
    [
        ("type: string, required: false", "{{ .parameters.token }}", True),
        ("type: string, required: true", "{{ .parameters.token }}", False),
        ("type: number, required: false", "{{ .parameters.token }}", False),
        ("type: string, required: false, default: x", "{{ .parameters.token }}", False),
        ("type: string, required: false", "{{ parameters.token }}", False),
        ("type: string, required: false", "{{ .parameters.token }}{{ parameters.token | default('y') }}", False),
    ],
)
def test_an_optional_text_without_a_default_is_empty_in_old_tags_only(
    definition: str, text: str, is_given: bool
) -> None:
    body = f"""
      parameters: [{{name: token, {definition}}}]
      variables: {{v: "{text}"}}
"""
    spec, told = loaded(body)
    assert (spec["parameters"][0].get("default") == "") is is_given
    assert len(told) == is_given


@pytest.mark.parametrize(
    "line",
    [
        "sh " * 20_000,
        "()" * 40_000,
        '"$(' * 20_000,
        "cat <<E\n" * 1_000,
        "{{ " * 20_000,
        "".join(f'"{{{{ .parameters.p{number} }}}}"' for number in range(3_000)),
    ],
    ids=["shells", "parentheses", "substitutions", "documents", "tags", "parameters"],
)
def test_no_script_takes_long(line: str) -> None:
    script = f'#!/bin/bash\n{line}\necho "{{{{ .parameters.title }}}}"\n'
    definitions = "".join(f"        - {{name: p{number}, type: string, default: a b}}\n" for number in range(3_000))
    indented = indent(script, "              ")
    body = f"      parameters:\n        - {{name: title, type: string, default: a b}}\n{definitions}"
    body += "      steps:\n        - name: make\n          type: script\n          config:\n            script: |\n"
    body += indented
    begun = time.process_time()
    load("make.yaml", f"{dedent(HEAD).lstrip()}{indent(dedent(body), '  ')}".encode())
    assert time.process_time() - begun < 5


@given(st.text(alphabet="\"'`$(){}#<E\n\\ ax|;-", max_size=60), st.integers(0, 60))
def test_no_script_is_too_strange_to_be_read(script: str, at: int) -> None:
    assert between_double_quotes(script, [at]) <= {at}
