"""Templates: what is read of them, what they give, and what nobody can make them do."""

import json
import time
import tracemalloc
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.expressions.contexts import Context, DataContext, LaterContext, Scope
from innominatus_cli.expressions.references import ParsedText, parse, parse_script
from innominatus_cli.expressions.template_filters import FILTERS, LONGEST_RESULT, UnusableTemplateError
from innominatus_cli.expressions.templates import (
    render,
    syntax_problem,
)
from innominatus_cli.expressions.values import Absent, Folded, NoValue, fold, references_in, resolve

DATA = {
    "size": "medium",
    "replicas": 3,
    "debug": False,
    "labels": {"team": "shop", "app": "checkout"},
    "zones": ["a", "b"],
    "none": "",
}


def _scope() -> Scope:
    contexts: dict[str, Context] = {
        "parameters": DataContext("parameters", DATA, "the test"),
        "run": LaterContext("run", frozenset({"id", "name"})),
        "secrets": LaterContext("secrets", frozenset({"token"}), secret=True),
    }
    return Scope(contexts)


def _folded(text: str, *, script: bool = False) -> tuple[object, list[str]]:
    found = Folded()
    value = fold(text, _scope(), found, is_script=lambda _: script)
    return value, [one.problem.message for one in found.problems]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ parameters.size | upper }}", "MEDIUM"),
        ("n={{ .parameters.replicas }} {{ parameters.debug | string }}", "n=3 false"),
        ("{% if parameters.replicas > 2 %}many{% else %}few{% endif %}", "many"),
        ("{% if parameters.size == 'small' %}1{% elif parameters.size in ['medium'] %}2{% endif %}", "2"),
        ("{% for zone in parameters.zones %}{{ loop.index }}{{ zone }};{% endfor %}", "1a;2b;"),
        (
            "{% for key, value in parameters.labels | dictsort %}{{ key }}={{ value }} {% endfor %}",
            "app=checkout team=shop ",
        ),
        ("{{ parameters.labels | tojson }}", '{"team":"shop","app":"checkout"}'),
        ("{{ parameters.zones | join(',') }} ${parameters.size} $${x}", "a,b medium ${x}"),
        ("{{ parameters.missing | default('x') }}{{ parameters.size | default('x') }}", "xmedium"),
        ("{% if parameters.missing %}a{% else %}b{% endif %}", "b"),
        ("{{ 'yes' if parameters.missing is defined else 'no' }}", "no"),
        ("a  {{- parameters.size -}}  b", "amediumb"),
        ("a{# told nobody #}b {{ parameters.size | trim }}", "ab medium"),
        ("{{ 'x\ny' | indent(2) }}", "x\n  y"),
        ("curl -w '%{http_code}' {{ parameters.size | lower }}", "curl -w '%{http_code}' medium"),
    ],
)
def test_a_template_gives_its_text(text: str, result: str) -> None:
    assert _folded(text) == (result, [])


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (
            '{{ if eq .parameters.size "small" }}5{{ else if eq .parameters.size "medium" }}20{{ else }}100{{ end }}',
            "20",
        ),
        ("{{ if .parameters.debug }}a{{ end }}{{ if not .parameters.debug }}b{{ end }}", "b"),
        ("{{ if .parameters.none }}a{{ else }}b{{ end }}", "b"),
        (
            "{{- range $key, $value := .parameters.labels }}\n{{ $key }}: {{ $value }}\n{{- end }}",
            "\napp: checkout\nteam: shop",
        ),
        ("{{ range .parameters.zones }}[{{ . }}]{{ end }}", "[a][b]"),
        ('{{ if and (eq .parameters.size "medium") (gt .parameters.replicas 2) }}x{{ end }}', "x"),
        ('{{ if or (ne .parameters.size "medium") (lt (len .parameters.zones) 2) }}x{{ else }}y{{ end }}', "y"),
        ('{{ if eq .parameters.size "small" "medium" }}x{{ end }}', "x"),
    ],
)
def test_blocks_of_the_originals_templates_mean_the_same(text: str, result: str) -> None:
    assert _folded(text) == (result, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ parameters.size.upper() }}", "nothing can be called"),
        ("{{ lookup(10) }}", "nothing can be called"),
        ("{% set x = 1 %}", "no block of templates"),
        ("{% include 'x' %}", "no block of templates"),
        ("{% for a in parameters.zones %}", "never closed"),
        ("{% endif %}{{ parameters.size | upper }}", "belongs to no block"),
        ("{{ end }}", "belongs to no block"),
        ('{{ define "x" }}', "no block of templates"),
        ("{{ . }}", "inside of '{{ range }}' only"),
        ("{{ $x }}", "no variable of a block"),
        ("{{ parameters.size ~ 'x' }}", "'~' cannot be used"),
        ("{{ parameters.replicas * 10 }}", "'*' cannot be used"),
        ("{{ parameters.size | attr('x') }}", "no filter 'attr'"),
        ("{{ parameters.size | map('attr', '__class__') | list }}", "attr"),
        ("{{ parameters.size is callable }}", "no test 'callable'"),
        ("{{ parameters.labels | upper | }}", "expected token"),
        ("{{ parameters.labels | items | list }}", "a list, which is no text"),
        ("{{ parameters.labels }} x", "a mapping, which is no text"),
        ("{{ parameters.sizes | upper }}", "'sizes'"),
        ("{{ nothing | upper }}", "there is no variable or parameter 'nothing'"),
        ("{% for x in parameters.size %}{% endfor %}", "a list or a mapping"),
        ("{{ }} x", "the tag is empty"),
        ("{{ 'x' | indent(10000) }}", "'indent' takes"),
        ("{{ parameters.size | round }}", "round"),
        ("{{ " + "9" * 400 + ".0 | round }}", "too long"),
        ("{{ '1e400' | float }}", "too large, or none"),
        ("{{ '1e400' | float | int }}", "infinity"),
        ("{{ [1, 2] | sum(start=[]) }}", "adds numbers"),
    ],
)
def test_what_a_template_cannot_do_is_a_problem(text: str, said: str) -> None:
    value, problems = _folded(text)
    assert value == text
    assert any(said in problem for problem in problems), problems


def test_a_reference_of_a_template_has_its_own_place() -> None:
    text = "a {{ parameters.size | replace('m', parameters.sizes) }}"
    found = Folded()
    fold(text, _scope(), found)
    (placed,) = found.problems
    assert text[placed.problem.offset :].startswith("parameters.sizes")


def test_what_only_the_run_knows_stays_a_template_in_the_plan() -> None:
    value, problems = _folded("{% if run.name == 'x' %}{{ parameters.size | upper }}{% endif %} ${run.id}")
    assert not problems
    assert references_in(value) == {"run.id", "run.name"}
    assert json.loads(json.dumps(value)) == value
    known = {"name": "x", "id": "01"}
    assert resolve(value, lambda path: known[path[1]]) == "MEDIUM 01"


def test_what_is_absent_at_run_time_has_its_default() -> None:
    value, problems = _folded(
        "{{ run.id | default('none') }}{% if run.name %}x{% else %}y{% endif %}{{ run.id is defined }}"
    )
    assert not problems
    assert json.loads(json.dumps(value)) == value

    def absent(path: tuple[str, ...]) -> object:
        raise Absent(f"there is no {path[-1]}")

    def wrong(path: tuple[str, ...]) -> object:
        raise NoValue(f"{path[-1]} cannot be read")

    assert resolve(value, absent) == "noneyfalse"
    assert resolve(value, lambda _: "1") == "1xtrue"
    with pytest.raises(NoValue, match="cannot be read"):
        resolve(value, wrong)
    strict, _ = _folded("{{ run.id | default('none') }}{{ run.id | upper }}")
    with pytest.raises(NoValue, match="there is no id"):
        resolve(strict, absent)


def test_a_template_without_text_at_run_time_says_why() -> None:
    value, _ = _folded("{{ run.name | join(',') }}{{ run.id | int }}")
    with pytest.raises(NoValue, match="a template has no text"):
        resolve(value, lambda _: 5)


def test_data_that_looks_like_a_reference_stays_data() -> None:
    parsed = parse("{{ run.id | upper }}{{ parameters.x | tojson }}")
    data = {"$ref": "secrets.token"}
    scope = _scope()
    contexts = {**scope.contexts, "parameters": DataContext("parameters", {"x": data}, "the test")}
    value = fold("{{ run.id | upper }}{{ parameters.x | tojson }}", Scope(contexts), Folded())
    assert parsed.template is not None
    assert resolve(value, lambda _: "id") == 'ID{"$ref":"secrets.token"}'


@pytest.mark.parametrize("hostile", ["$(reboot)", "a b", "'", "-x", ""])
def test_a_script_gets_plain_values_only(hostile: str) -> None:
    text = "run {% if parameters.on %}{{ parameters.value | trim }}{% endif %}"
    contexts = {"parameters": DataContext("parameters", {"on": True, "value": hostile}, "the test")}
    found = Folded()
    assert fold(text, Scope(contexts), found, is_script=lambda _: True) == text
    assert "shell could take for code" in found.problems[0].problem.message


def test_a_script_keeps_what_is_not_for_us() -> None:
    script = "docker inspect --format '{{.State.Running}}' x; echo ${#list[@]} {{ if .parameters.debug }}-x{{ end }}"
    value, problems = _folded(script, script=True)
    assert (value, problems) == ("docker inspect --format '{{.State.Running}}' x; echo ${#list[@]} ", [])


def test_a_script_gets_no_secret() -> None:
    _, problems = _folded("echo {{ secrets.token | upper }}", script=True)
    assert problems == ["'secrets.token' would put a secret into the text of a script"]


BOMBS: Mapping[str, str] = {
    "a loop in a loop": "{% for a in v0 %}" * 6 + "x" + "{% endfor %}" * 6,
    "replace of replace": "{{ 'a' " + "| replace('a', 'aaaaaaaaaaaaaaaa')" * 12 + " }}",
    "long values": "{{ v1 | lower }}" * 900,
    "long references": "${v1}" * 900,
    "deep brackets": "{{ " + "(" * 3_000 + "v0" + ")" * 3_000 + " }}",
    "many negations": "{{ " + "not " * 3_000 + "v0 }}",
    "deep lists": "{{ " + "[" * 500 + "]" * 500 + "| tojson }}",
    "deep blocks": "{% if v0 %}" * 200 + "{% endif %}" * 200,
    "indent": "{{ v2 " + "| indent(200)" * 20 + " }}",
    "base64 of base64": "{{ v1 " + "| b64encode" * 50 + " }}",
    "quotes in quotes": "{{ '\"' " + "| tojson" * 50 + " }}",
    "one value many times": "{{ [" + "v1, " * 1_500 + "] | join(v1) | length }}",
    "many copies": "{{ [" + "v1, " * 1_200 + "] | map('upper') | list | length }}",
    "work in loops": "{% for a in v0 %}{{ v1 | title | length }}{% for b in v4 %}{{ v1 | title | length }}{% endfor %}"
    "{% endfor %}",
    "sum of lists": "{{ v3 | map('list') | list | sum(start=v0) | length }}",
    "join": "{{ v3 | map('replace', 'x', v1) | join(v1) }}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_template_takes_long_or_much(name: str) -> None:
    data = {"v0": list(range(1_000)), "v1": "x" * 10_000, "v2": "x\n" * 5_000, "v3": ["x"] * 1_000, "v4": [1] * 8}
    began = time.process_time()
    tracemalloc.start()
    text = BOMBS[name]
    for key in data:
        text = text.replace(key, f"parameters.{key}")
    found = Folded()
    value = fold(text, Scope({"parameters": DataContext("parameters", data, "the test")}), found)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.problems
    assert value == text
    assert peak < 100_000_000
    assert time.process_time() - began < 20  # a hang, not a measurement


def test_a_long_text_is_no_template() -> None:
    parsed = parse("{{ a | upper }}" + "x" * 20_000)
    assert "at most 20,000" in parsed.problems[0].message


def test_every_filter_can_be_used() -> None:
    for name in FILTERS:
        text = f"{{{{ a | {name} }}}}"
        template = parse(text).template
        assert template is not None
        assert syntax_problem(template, text) is None


@given(st.text(alphabet="{}%-# .|ab$()[]\"'ifelsendrag \n", max_size=60))
def test_no_text_makes_reading_or_rendering_raise(text: str) -> None:
    for parsed in (parse(text), parse_script(text)):
        _render(parsed)


@given(
    st.lists(
        st.sampled_from(
            [
                "{{ a }}",
                "{% if a %}",
                "{% else %}",
                "{% endif %}",
                "{% for b in a %}",
                "{% endfor %}",
                "{{ b }}",
                " x ",
                "${a.b}",
                "{{ if .a.b }}",
                "{{ else }}",
                "{{ end }}",
                "{{ range .a.b }}",
                "{{ . }}",
                "{{- a | upper -}}",
                "{{ b.c | default('') }}",
            ]
        ),
        max_size=12,
    )
)
def test_tags_in_any_order_give_a_text_or_a_problem(tags: list[str]) -> None:
    _render(parse("".join(tags)))


def _render(parsed: ParsedText) -> None:
    if parsed.template is None or parsed.problems:
        return
    values = {f"v{number}": ["x", {"c": 1}] for number in range(len(parsed.references))}
    try:
        text = render(parsed.template.parts, values)
    except UnusableTemplateError:
        return
    assert len(text) <= LONGEST_RESULT


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ if .parameters.unsaid }}{{ .parameters.unsaid }}{{ else }}none{{ end }}", "none"),
        ('{{ if .parameters.unsaid }}{{ if eq .parameters.unsaid "a" }}a{{ end }}{{ else }}none{{ end }}', "none"),
        ("{% if parameters.unsaid %}{{ parameters.unsaid | upper }}{% else %}none{% endif %}", "none"),
        ("{{ if .parameters.size }}{{ .parameters.size }}{{ end }}", "medium"),
    ],
)
def test_what_a_block_asks_for_may_be_absent_inside_of_it(text: str, result: str) -> None:
    assert _folded(text) == (result, [])


@pytest.mark.parametrize(
    "text",
    [
        "{{ if .parameters.unsaid }}a{{ else }}{{ .parameters.unsaid }}{{ end }}",
        "{{ if .parameters.unsaid }}a{{ end }}{{ .parameters.unsaid }}",
        "{{ if not .parameters.unsaid }}{{ .parameters.unsaid }}{{ end }}",
        "{{ if .parameters.size }}{{ .parameters.unsaid }}{{ end }}",
    ],
)
def test_what_no_block_asks_for_may_not(text: str) -> None:
    (problem,) = _folded(text)[1]
    assert "unsaid" in problem
