"""Images whose tag moves, and values that would become code."""

import pytest

from innominatus_cli.checks.checking import check_document
from innominatus_cli.documents.loading import load
from innominatus_cli.findings.finding import Finding


def found(kind: str, config: str, code: str) -> list[Finding]:
    head = "apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata: {name: w}\nspec:\n  steps:\n"
    text = f"{head}    - name: a\n      type: {kind}\n      config: {config}\n"
    return [one for one in check_document(load("w.yaml", text.encode()).documents[0]) if one.code.number == code]


def images(kind: str, config: str) -> list[str]:
    return [one.message for one in found(kind, config, "ORC-2161")]


IMAGES = [
    ("kubernetes", "{images: {web: nginx}}", "nginx"),
    ("kubernetes", "{objects: [{spec: {containers: [{image: 'a/b:latest'}]}}]}", "a/b:latest"),
    ("kubernetes", "{images: {web: 'r.example.com:5000/web'}}", "r.example.com:5000/web"),
    ("kubernetes", "{images: {web: 'nginx:1.27', b: 'x@sha256:abc', c: '${parameters.image}', d: '.'}}", ""),
    ("kubernetes", '{manifest: "spec:\\n  image: nginx:latest\\n"}', "nginx:latest"),
    ("script", "{script: 'docker run --rm nginx:latest true'}", "nginx:latest"),
    ("policy", "{script: 'podman pull r.example.com:5000/a/b:latest'}", "r.example.com:5000/a/b:latest"),
    ("script", "{script: 'docker run nginx:1.27'}", ""),
    ("script", "{script: 'echo see docs:latest'}", ""),
    ("script", '{script: "# docker run nginx:latest\\nmake"}', ""),
    ("container-build", "{image: 'r/web:latest'}", "r/web:latest"),
    ("container-build", "{image: r/web, tags: [latest, '1.4']}", ""),
    ("container-build", "{image: r/web}", ""),
]
"""A step type, a config, and the image that is found (empty: none)."""


@pytest.mark.parametrize(("kind", "config", "image"), IMAGES)
def test_an_image_has_a_version_of_its_own(kind: str, config: str, image: str) -> None:
    what = "the tag 'latest'" if image.endswith(":latest") else "no tag"
    assert images(kind, config) == ([f"the image '{image}' has {what}"] if image else [])


def test_a_build_gives_another_tag_than_latest() -> None:
    assert images("container-build", "{image: r/web, tags: [latest]}") == ["the image gets no tag but 'latest'"]


@pytest.mark.parametrize(
    "config",
    [
        '{command: [sh, -c, "echo ${parameters.x}"]}',
        '{command: [/bin/bash, -e, -c, "echo ${parameters.x}"]}',
        '{command: [bash, -ec, "echo {{ .parameters.x }}"]}',
        '{command: [python3, -c, "print(${parameters.x})"]}',
        '{command: [node, --eval, "${parameters.x}"]}',
        '{command: [busybox, sh, -c, "echo ${parameters.x}"]}',
    ],
)
def test_no_value_becomes_code_by_way_of_an_argument(config: str) -> None:
    (finding,) = found("script", config, "ORC-2018")
    assert finding.help.startswith("Write `env: {VALUE:")


def test_args_behind_a_shell_are_code_too() -> None:
    container = '{command: [sh, -c], args: ["echo ${parameters.x}"]}'
    assert len(found("kubernetes", f"{{manifest: {{spec: {{containers: [{container}]}}}}}}", "ORC-2018")) == 1


@pytest.mark.parametrize(
    "config",
    [
        '{command: [sh, -c, "echo \\"$1\\"", sh, "${parameters.x}"]}',
        '{command: [make, "TARGET=${parameters.x}"]}',
        '{command: [sh, script.sh, "${parameters.x}"]}',
        '{command: [grep, -c, "${parameters.x}"]}',
        '{command: [sh, -c, "echo $HOME"]}',
        "{command: [sh]}",
        "{command: []}",
    ],
)
def test_an_argument_of_its_own_is_no_code(config: str) -> None:
    assert found("script", config, "ORC-2018") == []


def test_a_template_in_a_script_shows_no_secret() -> None:
    (finding,) = found("script", "{script: 'echo {{ .secrets.token | b64encode }}'}", "ORC-2018")
    assert finding.message == "'.secrets.token' would write a secret into the text of a script"
    assert found("script", "{script: 'echo {{ .parameters.x | upper }}'}", "ORC-2018") == []
