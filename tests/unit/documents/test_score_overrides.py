"""Overrides of a Score file: their grammar, what they change, and where findings about them point."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.checks.checking import check_document
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.nodes import Document
from innominatus_cli.documents.override_paths import (
    LONGEST_PATH,
    PropertyOverride,
    PropertyProblem,
    parse_property,
)
from innominatus_cli.documents.score_overrides import ARGUMENT, GivenProperty, Overrides, apply_overrides
from innominatus_cli.documents.score_overrides import given_properties as noted
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.findings.finding import Finding, has_errors

SCORE = """\
apiVersion: score.dev/v1b1
metadata:
  name: shop
  annotations: {example.com/team: storefront}
containers:
  web:
    image: nginx:1.26
    args: [--port, "80"]
    variables:
      LOG_LEVEL: debug
"""


def raw() -> Document:
    (document,), _ = read_yaml("score.yaml", SCORE.encode())
    return document


def overridden(*properties: str, file: str | None = None) -> tuple[Any, list[Finding]]:
    """The plain document, and what was wrong."""
    document = raw()
    name = None if file is None else "env/prod.yaml"
    found = apply_overrides(document, Overrides(name, (file or "").encode(), properties))
    return document.root.plain(), found


def checked(*properties: str, file: str | None = None) -> list[tuple[str, str, str]]:
    """Code, place and pointer of everything that is wrong with the Score file and its overrides."""
    overrides = Overrides(None if file is None else "env/prod.yaml", (file or "").encode(), properties)
    loaded = load("score.yaml", SCORE.encode(), lambda document: apply_overrides(document, overrides))
    found = [*loaded.findings, *(one for document in loaded.documents for one in check_document(document))]
    return [(one.code.number, str(one.place), one.place.pointer) for one in found]


@pytest.mark.parametrize(
    ("text", "keys", "value"),
    [
        ("a.b=c", ["a", "b"], "c"),
        ("a=b=c", ["a"], "b=c"),
        ("a.b=", ["a", "b"], ""),
        (r"metadata.annotations.a\.b/c=q", ["metadata", "annotations", "a.b/c"], "q"),
        (r"a\\.b=1", ["a\\", "b"], "1"),
        (r"a\x.b\\\.c=1", [r"a\x", r"b\.c"], "1"),
        ("containers.main.args.-1=z", ["containers", "main", "args", "-1"], "z"),
    ],
)
def test_a_property_is_a_path_and_a_value(text: str, keys: list[str], value: str) -> None:
    found = parse_property(text)
    assert isinstance(found, PropertyOverride)
    assert [key.text for key in found.keys] == keys
    assert found.value == value
    assert text[found.value_start :] == value
    assert all("." not in text[key.start : key.end].replace("\\.", "") for key in found.keys)


@pytest.mark.parametrize(
    ("text", "message", "start"),
    [
        ("abc", "has no '='", 0),
        ("", "has no '='", 0),
        ("=x", "is empty", 0),
        ("a..b=x", "is empty", 2),
        ("a.=x", "is empty", 2),
        ("a.b\x07=x", "cannot be printed", 2),
        ("a.\udcff=x", "cannot be printed", 2),
        ("a." * LONGEST_PATH + "z=x", "at most 64 keys", LONGEST_PATH * 2),
    ],
)
def test_what_is_no_property_is_a_problem_at_its_offset(text: str, message: str, start: int) -> None:
    found = parse_property(text)
    assert isinstance(found, PropertyProblem)
    assert message in found.message
    assert found.start == start


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1), min_size=1, max_size=20), st.text())
def test_a_path_in_its_canonical_form_is_read_as_it_was(keys: list[str], value: str) -> None:
    escaped = ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in keys)
    found = parse_property(f"{escaped}={value}")
    if any("=" in key for key in keys):
        return  # no escape exists for it, upstream too
    assert isinstance(found, PropertyOverride)
    assert [key.text for key in found.keys] == keys
    assert (found.path, found.value) == (escaped, value)


@given(st.lists(st.text(st.sampled_from("ab.01-=\\[]{}:,\"'#&*!|>\n \t~n\udc80"), max_size=30), max_size=4))
def test_nothing_that_is_typed_raises_and_every_finding_is_in_the_arguments(properties: list[str]) -> None:
    _, found = overridden(*properties)
    lines = "\n".join(properties).split("\n")
    for finding in found:
        assert finding.place.path == ARGUMENT
        assert 1 <= finding.place.line <= len(lines)
        assert 1 <= finding.place.column <= len(lines[finding.place.line - 1]) + 2
        assert finding.help


def test_a_hundred_thousand_keys_or_escapes_are_read_in_one_go() -> None:
    assert isinstance(parse_property("a." * 100_000 + "b=c"), PropertyProblem)
    assert isinstance(parse_property("\\." * 100_000 + "=c"), PropertyOverride)
    assert has_errors(overridden("a=" + "[" * 100_000)[1])


def test_a_file_merges_mappings_replaces_all_else_and_deletes_with_null() -> None:
    file = """\
    metadata: {team: shop}
    containers:
      web:
        image: nginx:1.27
        args: []
        variables: {LOG_LEVEL: null, MODE: prod}
    resources: {db: {type: sqlite, class: null}}
    """
    data, found = overridden(file=file)
    assert found == []
    assert data["metadata"]["team"] == "shop"
    assert data["metadata"]["name"] == "shop"
    assert data["containers"]["web"] == {"image": "nginx:1.27", "args": [], "variables": {"MODE": "prod"}}
    assert data["resources"] == {"db": {"type": "sqlite"}}


def test_properties_count_after_the_file_and_in_their_order() -> None:
    file = "containers: {web: {image: 'nginx:1.27'}}\n"
    data, found = overridden(
        "containers.web.image=nginx:1.28",
        "containers.web.args.-1=-v",
        "containers.web.args.0=",
        "containers.web.variables=",
        "resources.db.type=sqlite",
        file=file,
    )
    assert found == []
    assert data["containers"]["web"] == {"image": "nginx:1.28", "args": ["80", "-v"]}
    assert data["resources"] == {"db": {"type": "sqlite"}}


@pytest.mark.parametrize("file", ["", "# nothing yet\n", "{}\n", "null\n"])
def test_an_overrides_file_without_anything_changes_nothing(file: str) -> None:
    data, found = overridden(file=file)
    assert data == raw().root.plain()
    assert not has_errors(found)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("containers: {web: {image: 5}}\n", ("ORC-1035", "env/prod.yaml:1:27", "/containers/web/image")),
        ("containers:\n  web:\n    imag: x\n", ("ORC-1033", "env/prod.yaml:3:5", "/containers/web/imag")),
        (
            "containers:\n  web:\n    variables:\n      A: |\n        x\n        ${resources.db.host}\n",
            ("ORC-2082", "env/prod.yaml:6:9", "/containers/web/variables/A"),
        ),
        ("a: [1\n", ("ORC-1009", "env/prod.yaml:2:1", "")),
        ("a: 1\na: 2\n", ("ORC-1014", "env/prod.yaml:2:1", "")),
        ("- a\n", ("ORC-2100", "env/prod.yaml:1:1", "")),
        ("a: {b: 1}\n---\n{}\n", ("ORC-2100", "env/prod.yaml:3:1", "")),
        (
            "containers: {web: {files: [{target: /a, content: [1]}]}}\n",
            ("ORC-1035", "env/prod.yaml:1:50", "/containers/web/files/~1a/content"),
        ),
    ],
)
def test_a_finding_about_an_overridden_value_points_into_the_overrides_file(
    file: str, expected: tuple[str, str, str]
) -> None:
    assert expected in checked(file=file)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (["containers.web.image=5"], ("ORC-1035", f"{ARGUMENT}:1:22", "/containers/web/image")),
        (["metadata.x=1", "containers.web.imag=x"], ("ORC-1033", f"{ARGUMENT}:2:16", "/containers/web/imag")),
        (
            ["metadata.x=|\n  a\n  b", "containers.web.variables.A=${resources.db.host}"],
            ("ORC-2082", f"{ARGUMENT}:4:28", "/containers/web/variables/A"),
        ),
        (["containers.web.args=[a, 5]"], ("ORC-1035", f"{ARGUMENT}:1:25", "/containers/web/args/1")),
        (["containers.web.image="], ("ORC-1034", "score.yaml:7:5", "/containers/web")),
        (["metadata.name=x"], ("ORC-1038", f"{ARGUMENT}:1:15", "/metadata/name")),
        (["metadata.x=[broken"], ("ORC-1009", f"{ARGUMENT}:1:19", "")),
        (["metadata.x=a: b\n---\nc: d"], ("ORC-2101", f"{ARGUMENT}:3:1", "")),
        (["metadata.x=\udcff"], ("ORC-1005", f"{ARGUMENT}:1:12", "")),
        (["containers.web.args.x=1"], ("ORC-2102", f"{ARGUMENT}:1:21", "")),
        (["containers.web.args.9.y=1"], ("ORC-2102", f"{ARGUMENT}:1:21", "")),
        (["containers.web.args.-1.y=1"], ("ORC-2102", f"{ARGUMENT}:1:21", "")),
        (["containers.web.image.tag.x=1"], ("ORC-2102", f"{ARGUMENT}:1:22", "")),
        (["containers.web.args.²=1"], ("ORC-2102", f"{ARGUMENT}:1:21", "")),
        (["containers.wbe.image="], ("ORC-2103", f"{ARGUMENT}:1:12", "")),
    ],
)
def test_a_finding_about_a_property_points_into_its_argument(
    properties: list[str], expected: tuple[str, str, str]
) -> None:
    assert expected in checked(*properties)


def test_what_is_wrong_with_one_property_keeps_no_other_from_being_looked_at() -> None:
    found = checked("a", "b..c=1", "containers.web.args.7=x", "metadata.nope=")
    assert [(code, place) for code, place, _ in found] == [
        ("ORC-2101", f"{ARGUMENT}:1:1"),
        ("ORC-2101", f"{ARGUMENT}:2:3"),
        ("ORC-2102", f"{ARGUMENT}:3:21"),
        ("ORC-2103", f"{ARGUMENT}:4:10"),
    ]


def test_a_key_that_is_not_there_to_be_deleted_has_near_names() -> None:
    _, found = overridden("containers.web.variables.LOGLEVEL=")
    assert [one.help for one in found] == ["Did you mean 'LOG_LEVEL'?"]


def test_a_plan_notes_each_well_formed_property_with_its_value() -> None:
    assert noted(["a.b=[1, x]", r"c\.d=", "e=null", "nothing", 'f="8"']) == [
        GivenProperty("a.b", [1, "x"]),
        GivenProperty(r"c\.d", None),
        GivenProperty("e", None),
        GivenProperty("f", "8"),
    ]


def test_a_value_from_elsewhere_that_is_brought_to_its_canonical_shape_keeps_its_place() -> None:
    """The dialect's shapes make new nodes at the places of old ones."""
    found = checked(file="containers:\n  web:\n    ports:\n      - 99999\n")
    assert ("ORC-1052", "env/prod.yaml:3:5", "/containers/web") in found
    assert ("ORC-1038", "env/prod.yaml:4:9", "/service/ports/port-1/port") in found


def test_a_fix_is_offered_for_the_files_own_text_alone() -> None:
    file = "workflows: {deploy: {steps: [{name: a, type: scrip}]}}\nmetadata: {annotaions: {}}\n"
    overrides = Overrides("env/prod.yaml", file.encode(), ("containers.web.imag=x",))
    loaded = load("score.yaml", SCORE.encode(), lambda document: apply_overrides(document, overrides))
    found = [*loaded.findings, *(one for document in loaded.documents for one in check_document(document))]
    assert {one.code.number for one in found} >= {"ORC-1033", "ORC-2002"}
    assert [one for one in found if one.fix is not None] == []


def test_what_is_wrong_in_the_file_itself_is_found_with_overrides_too() -> None:
    text = SCORE.replace("debug", "${resources.db.level}")
    overrides = Overrides("env/prod.yaml", b"metadata: {team: shop}\n", ("metadata.x=1",))
    loaded = load("score.yaml", text.encode(), lambda document: apply_overrides(document, overrides))
    found = [one for document in loaded.documents for one in check_document(document)]
    assert [(one.code.number, str(one.place)) for one in found] == [("ORC-2082", "score.yaml:10:18")]
