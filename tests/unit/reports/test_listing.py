import io
import json

import pytest
import yaml

from innominatus_cli.reports.listing import Column, Listing, data_text, listing_text, template_text
from innominatus_cli.reports.table import table_lines
from innominatus_cli.reports.terminal import one_line, painted, printable, wants_colour

LISTING = Listing(
    [Column("Name", "name"), Column("Allowed", "allowed"), Column("File", "file", wide=True)],
    [{"name": "a", "allowed": True, "file": "a.yaml"}, {"name": "longer", "allowed": False, "file": None}],
)


def test_a_table_is_as_wide_as_its_cells() -> None:
    assert listing_text(LISTING, "table").splitlines() == [
        "Name      Allowed",
        "----      -------",
        "a         Yes",
        "longer    No",
    ]
    assert listing_text(LISTING, "wide").splitlines()[0] == "Name      Allowed    File"
    assert listing_text(LISTING, "wide").splitlines()[-1].endswith("-")


def test_data_formats_show_the_items_or_the_document() -> None:
    assert json.loads(listing_text(LISTING, "json"))[1]["name"] == "longer"
    assert yaml.safe_load(listing_text(LISTING, "yaml"))[0]["allowed"] is True
    whole = Listing(LISTING.columns, LISTING.items, document={"schema": "x"})
    assert json.loads(listing_text(whole, "json")) == {"schema": "x"}
    assert data_text({"ü": 1}, "yaml") == "ü: 1\n"
    assert data_text({"b": "one: 1\ntwo: 2\n", "a": "x"}, "yaml") == "b: |\n  one: 1\n  two: 2\na: x\n"


def test_a_template_is_rendered_for_each_item() -> None:
    assert listing_text(LISTING, "template={{ name }}:{{ allowed }}") == "a:True\nlonger:False\n"
    assert template_text("{{ a.b }}", {"a": {"b": 3}}) == "3\n"


@pytest.mark.parametrize("template", ["{{ nothing }}", "{{ name", "{{ ''.__class__.__mro__ }}", "{{ range(9) }}"])
def test_a_template_that_cannot_be_rendered_says_so(template: str) -> None:
    with pytest.raises(ValueError, match="cannot be rendered"):
        listing_text(LISTING, f"template={template}")


def test_pages_cut_the_items() -> None:
    assert [item["name"] for item in LISTING.page(1, 1).items] == ["longer"]
    assert [item["name"] for item in LISTING.page(None, 0).items] == ["a", "longer"]
    assert listing_text(LISTING.page(1, 9), "table") == "Nothing found.\n"


def test_cells_cannot_break_the_terminal() -> None:
    assert table_lines(["A"], [["x\x1b[2J\ny"], [["a", "b"]], [[]]])[2:] == ["x\\x1b[2J\\ny", "a, b", "-"]
    assert printable("a\u202eb\x07\n\t") == "a\\u202eb\\x07\n\t"
    assert one_line("a\nb") == "a\\nb"


def test_colours_need_a_terminal_and_no_objection(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert not wants_colour(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    assert wants_colour(Terminal())
    assert not wants_colour(io.StringIO())
    assert painted("x", "red", on=True) == "\x1b[31mx\x1b[0m"
    assert painted("x", "red", on=False) == "x"


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' * 10 ** 10 }}",
        "{{ 9 ** 9 ** 9 ** 9 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ 'a'.ljust(10000000000) }}",
        "{{ 'a' | center(10000000000) }}",
        "{{ 'a' | indent(10000000000) }}",
        "{{ 1 / 0 }}",
        "{{ name | tojson | nothing }}",
        "{{ nothing | tojson }}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% include '/etc/passwd' %}",
    ],
)
def test_a_template_makes_no_more_than_the_data_holds(template: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be rendered"):
        template_text(template, {"name": "a"})


def test_a_template_has_what_shows_data() -> None:
    template = (
        "{% for key, value in data.items() %}{{ loop.index }}{{ key.upper() }}={{ value | join('+') }};{% endfor %}"
    )
    assert template_text(template, {"data": {"a": ["1", "2"], "b": []}}) == "1A=1+2;2B=;\n"
