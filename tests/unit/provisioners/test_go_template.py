"""Templates of Score provisioner files: Go's semantics for the words that published files use, and no others."""

import hashlib
from typing import Any

import pytest

from innominatus_cli.provisioners.go_template import render
from innominatus_cli.provisioners.go_template_reader import TemplateProblem
from innominatus_cli.provisioners.go_template_words import KNOWN, Structs

DATA: dict[str, Any] = {
    "Id": "shop.db",
    "Class": "default",
    "Params": {"host": "shop.example", "port": 80, "list": ["a", "b"], "empty": ""},
    "State": {"password": "kept"},
    "Nothing": None,
}


def rendered(template: str, data: dict[str, Any] | None = None) -> str:
    return render(template, DATA if data is None else data, lambda purpose: hashlib.sha256(purpose.encode()).digest())


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("a {{ .Id }} b", "a shop.db b"),
        ("{{ .Params.port }}/{{ .Params.absent }}", "80/<no value>"),
        ("x\n{{- if .Params.empty }}yes{{ else if eq .Params.port 80 }} eighty{{ else }}no{{ end -}}\n y", "x eightyy"),
        ("{{ range $i, $e := .Params.list }}{{ $i }}{{ $e }},{{ end }}", "0a,1b,"),
        ("{{ range .Params.list }}{{ . }}{{ end }}{{ range .Params.none }}x{{ else }}none{{ end }}", "abnone"),
        ("{{ range $k, $v := .State }}{{ $k }}={{ $v }}{{ end }}", "password=kept"),
        ("{{ with .Params.host }}{{ . }} of {{ $.Id }}{{ end }}", "shop.example of shop.db"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}", "1"),
        ("{{/* a comment */}}{{ not .Nothing }} {{ or .Params.empty .Id }}", "true shop.db"),
        ("{{ ne 1 2 }} {{ eq 3 1 3 }} {{ len .Params.list }} {{ index .Params.list 1 }}", "true true 2 b"),
        ('{{ (index .Params "list") | last }} {{ (dict "a" (dict "b" 1)).a.b }}', "b 1"),
        ('{{ dig "password" "new" .State }} {{ dig "user" "new" .State }}', "kept new"),
        ('{{ dig "a" "b" "none" (dict "a" (dict "b" 3)) }}', "3"),
        ('{{ "a\\"b" | quote }} {{ squote "x" }} {{ quote 5 .Nothing }}', '"a\\"b" \'x\' "5"'),
        ('{{ "Ab" | lower }}{{ "Ab" | upper }} {{ "ab" | b64enc }} {{ cat "a" 1 true }}', "abAB YWI= a 1 true"),
        ('{{ default "x" .Params.empty }} {{ default "x" .Id }} {{ default 0 .State.n | add 1 }}', "x shop.db 1"),
        (
            '{{ list 1 2 | toJson }} {{ append (list 1) 2 | toRawJson }} {{ "<" | toJson }} {{ "<" | toRawJson }}',
            '[1,2] [1,2] "\\u003c" "<"',
        ),
        (
            '{{ merge (dict "a" 1 "m" (dict "x" 1)) (dict "a" 2 "m" (dict "y" 2)) | toJson }}',
            '{"a":1,"m":{"x":1,"y":2}}',
        ),
        ('{{ substr 0 3 "abcdef" }} {{ replace "." "-" "a.b" }} {{ trimSuffix "!" "a!" }}', "abc a-b a"),
        (
            '{{ regexMatch "^[a-z]+$" "abc" }} {{ atoi "17" }} {{ splitList "," "a,b" | last }} {{ min 3 1 2 }}',
            "true 17 b 1",
        ),
        ('{{ indent 2 "a\\nb" }}', "  a\n  b"),
        (
            '{{ trunc 3 "abcdef" }} {{ trunc 9 "ab" }} {{ trunc -2 "abc" }} {{ "a-b" | trunc 2 | trimSuffix "-" }}',
            "abc ab bc a",
        ),
        ('{{ splitList "/" "x/y" | first }} {{ list | first }}', "x <no value>"),
        ('{{ printf "%s-%05d-%v-%q" "x" 42 true "y" }} {{ print 1 2 "a" 3 }}', 'x-00042-true-"y" 1 2a3'),
        ('{{ encodeSecretRef "name" "key" }}', "\U0001f510\U0001f4acname_key\U0001f4ac\U0001f510"),
        ("{{ .Params.list }} {{ .State }}", "[a b] map[password:kept]"),
    ],
)
def test_a_template_gives_what_go_gives(template: str, expected: str) -> None:
    assert rendered(template) == expected


def test_random_texts_are_of_their_alphabet_and_the_same_each_time() -> None:
    template = "{{ randAlphaNum 40 }} {{ randAlphaNum 40 }} {{ randAlpha 40 }}"
    first, second, third = rendered(template).split()
    assert rendered(template).split() == [first, second, third]
    assert first != second
    assert len(first) == 40
    assert third.isalpha()


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ env `HOME` }}", "the word 'env' is not known here"),
        ("{{ define `x` }}{{ end }}", "'define' is not known here"),
        ("{{ range .Params.list }}{{ break }}{{ end }}", "'break' is not known here"),
        ("{{ .Id | uper }}", "the word 'uper' is not known here"),
    ],
)
def test_any_other_word_is_refused_before_rendering(template: str, words: str) -> None:
    with pytest.raises(TemplateProblem, match=words) as refused:
        rendered(template)
    assert refused.value.word


@pytest.mark.parametrize(
    ("template", "words", "line"),
    [
        ("{{ if .Id }}", "'end' is missing", 1),
        ("a\n{{ end }}", "'end' has nothing that it ends", 2),
        ("a\n\n{{ .Id", "an action is never closed", 3),
        ("{{ .Nothing.x }}", "there is no '.x' in nothing", 1),
        ('\n{{ fail "no port" }}', "no port", 2),
        ("{{ index .Params.list 5 }}", "index 5 is out of range", 1),
        ('{{ eq 1 "1" }}', "values of two types are compared", 1),
        ("{{ range .Id }}{{ end }}", "range can't go over", 1),
        ("{{ lower }}", "'lower' cannot take what it is given", 1),
        ("{{ $x }}", "the variable \\$x is not declared", 1),
        ("{{ .Id 5 }}", "is given to what is no function", 1),
        ("{{ range 9000 }}{{ range 9000 }}a{{ end }}{{ end }}", "it takes more than 100,000 steps", 1),
        ("{{ randAlpha 20000 }}", "no usable number", 1),
    ],
)
def test_what_goes_wrong_is_told_with_its_line(template: str, words: str, line: int) -> None:
    with pytest.raises(TemplateProblem, match=words) as wrong:
        rendered(template)
    assert wrong.value.line == line


def test_a_service_or_port_that_is_not_there_is_not_true_and_has_no_fields() -> None:
    services = Structs({"shop": {"ServiceName": "shop", "Ports": Structs({"web": {"TargetPort": 8080}})}})
    template = (
        '{{ $w := index .Services "cart" }}{{ if or (not $w) (not $w.ServiceName) }}no workload{{ end }}'
        ' {{ $p := index (index .Services "shop").Ports "admin" }}{{ if not $p.TargetPort }}no port{{ end }}'
        ' {{ (index (index .Services "shop").Ports "web").TargetPort }}'
    )
    assert rendered(template, {"Services": services}) == "no workload no port 8080"


def test_the_words_are_those_of_the_published_files() -> None:
    keywords = {"if", "else", "end", "range", "with"}
    assert len(KNOWN | keywords) == 43


def test_a_pattern_that_would_take_for_ever_takes_no_time() -> None:
    assert rendered('{{ regexMatch "(a+)+$" "' + "a" * 60 + 'b" }}') == "false"
    with pytest.raises(TemplateProblem, match="regexMatch"):
        rendered(r'{{ regexMatch "(?=a)" "a" }}')
    with pytest.raises(TemplateProblem, match="more than 10,000"):
        rendered('{{ regexMatch "a" .Text }}', {"Text": "b" * 10_001})
