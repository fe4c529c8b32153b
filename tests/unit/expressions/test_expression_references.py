"""Tests of the tokens of references."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.expressions.references import (
    Reference,
    parse,
    parse_script,
    path_text,
    split_path,
)


def test_a_text_is_literal_parts_and_references_with_offsets() -> None:
    parsed = parse("a ${x.y} b ${z}")
    assert parsed.parts[0] == "a "
    assert parsed.references == (Reference(("x", "y"), 2, 8, "${x.y}"), Reference(("z",), 11, 15, "${z}"))


def test_a_whole_reference_keeps_its_type() -> None:
    assert parse("${parameters.n}").whole is not None
    assert parse(" ${parameters.n}").whole is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [("$${x}", "${x}"), ("cost: $5", "cost: $5"), ("$HOME", "$HOME"), ("a$$b", "a$$b"), ("$$${", "$${"), ("", "")],
)
def test_two_dollars_and_a_brace_are_a_literal(written: str, meant: str) -> None:
    parsed = parse(written)
    assert not parsed.references
    assert parsed.literal == meant


def test_a_dot_inside_a_key_is_escaped() -> None:
    (found,) = parse(r"${metadata.annotations.innominatus\.dev/product}").references
    assert found.path == ("metadata", "annotations", "innominatus.dev/product")


@pytest.mark.parametrize("text", ["${", "${a..b}", "${}", "${a b!}", "${x", "${VAR:-default}", "${.a}"])
def test_what_is_no_reference_is_a_problem_and_never_an_empty_text(text: str) -> None:
    parsed = parse(text)
    assert parsed.problems
    assert parsed.literal == text


def test_the_dotted_form_of_the_originals_templates_is_a_reference() -> None:
    assert parse("{{ .parameters.size }}").whole == Reference(("parameters", "size"), 0, 22, "{{ .parameters.size }}")
    (found,) = parse("x{{.steps.gen.output.user}}").references
    assert found.path == ("steps", "gen", "outputs", "user")


@pytest.mark.parametrize(
    "script",
    [
        "echo ${VAR:-x} ${#list[@]} $HOME $(date) $$ ${name}",
        "docker inspect --format '{{.State.Running}}' x",
        "kubectl get -o jsonpath={.items[0]..}",
        "echo $${HOME} $$${x}",
    ],
)
def test_a_script_is_left_alone_but_for_known_contexts(script: str) -> None:
    parsed = parse_script(script)
    assert parsed.parts == (script,)
    assert not parsed.problems


def test_a_known_context_is_seen_in_a_script() -> None:
    parsed = parse_script("deploy ${application.name} $${application.name} {{ .parameters.x }}")
    assert [found.path for found in parsed.references] == [("application", "name"), ("parameters", "x")]
    assert "${application.name}" in "".join(part for part in parsed.parts if isinstance(part, str))


def test_a_script_is_a_template_only_where_a_tag_names_a_context() -> None:
    assert parse_script("{{ range .State.items }}{{ . }}{{ end }}").template is None
    assert parse_script("{{ range $k := .parameters.items.x }}{{ $k }}{{ end }}").template is not None


@given(st.lists(st.from_regex(r"[A-Za-z][A-Za-z0-9_./\\-]{0,8}", fullmatch=True), min_size=1, max_size=6))
def test_a_path_survives_its_text(path: list[str]) -> None:
    assert split_path(path_text(path)) == tuple(path)


@given(st.text(alphabet="${}ab.\\ {}", max_size=40))
def test_no_text_makes_the_parser_raise(text: str) -> None:
    parsed = parse(text)
    rebuilt = "".join(part if isinstance(part, str) else part.written for part in parsed.parts)
    if "$${" not in text and parsed.template is None and not parsed.problems:
        assert rebuilt == text
    parse_script(text)


def test_many_references_that_are_never_closed_are_text() -> None:
    text = "${" * 200_000
    assert parse_script(text).literal == text


@pytest.mark.parametrize("opening", ["${", "$${", "${steps.", "{{ ", "{{ .steps.a", "${{{", "{{${"])
def test_a_hundred_thousand_openings_and_one_end_are_read_in_one_go(opening: str) -> None:
    text = opening * 100_000 + "}"
    for found in (parse(text), parse_script(text)):
        assert not found.references
