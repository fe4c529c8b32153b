"""What is found of secrets, in which forms, and that pieces give what the whole gives."""

import base64
import html
import json
import re
import shlex
import textwrap
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.execution.redaction import REDACTED, RedactingStream, Redactor, _Bare, _rare_bytes
from innominatus_cli.execution.secret_forms import forms_of

SECRET = "Kq7/zT+9'w\"x$2 &<é>\\v%Lm"  # noqa: S105 - made up
KEY = (
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEF\r\n  AASCBKcwggSjAgEAAoIBAQDP\n-----END PRIVATE KEY-----\n"
)


def _wrapped(text: str, width: int = 76) -> str:
    whole = base64.b64encode(b"x" * 50 + text.encode() + b"y" * 50).decode()
    return "\n".join(textwrap.wrap(whole, width))


FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, one byte on": lambda text: base64.b64encode(b":" + text.encode() + b"!").decode(),
    "base64, two bytes on": lambda text: base64.b64encode(b"a:" + text.encode() + b"!").decode(),
    "base64url without padding": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 in lines of 76": _wrapped,
    "base64 in lines of 64, CRLF": lambda text: _wrapped(text, 64).replace("\n", "\r\n"),
    "percent": lambda text: quote(text, safe=""),
    "percent in lower case": lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text, safe="")),
    "form": quote_plus,
    "userinfo": lambda text: "https://user:" + quote(text, safe="!$&'()*+,;=") + "@example.org/",
    "basic auth": lambda text: "Basic " + base64.b64encode(f"user:{text}".encode()).decode(),
    "JSON": json.dumps,
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON in JSON": lambda text: json.dumps(json.dumps({"a": text})),
    "repr": repr,
    "repr of bytes": lambda text: repr(text.encode()),
    "shell": shlex.quote,
    "shell, other quotes": lambda text: "'" + text.replace("'", "'\\''") + "'",
    "HTML": html.escape,
    "XML": lambda text: html.escape(text).replace("&#x27;", "&apos;"),
    "hex": lambda text: text.encode().hex(),
    "hex in capitals": lambda text: text.encode().hex().upper(),
    "SQL": lambda text: "'" + text.replace("'", "''") + "'",
    "CSV": lambda text: '"' + text.replace('"', '""') + '"',
}


@pytest.mark.parametrize("name", FORMS)
def test_a_value_is_found_in_every_form(name: str) -> None:
    redactor = Redactor([SECRET.encode()])
    written = f"before {FORMS[name](SECRET)} after".encode()
    clean = redactor.redacted(written)
    assert clean.startswith(b"before ")
    assert clean.endswith(b" after")
    assert REDACTED in clean
    assert redactor.holds(written)
    assert not redactor.holds(clean)


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("raw", "***"), ("percent", "***"), ("form", "***"), ("hex", "***"), ("hex in capitals", "***"),
        ("userinfo", "https://user:***@example.org/"), ("JSON", '"***"'), ("JSON in UTF-8", '"***"'), ("HTML", "***"),
        ("XML", "***"), ("SQL", "'***'"), ("CSV", '"***"'), ("repr", "'***'"), ("shell, other quotes", "'***'"),
        ("JSON in JSON", '"{\\"a\\": \\"***\\"}"'),
    ],
)  # fmt: skip
def test_nothing_of_a_form_is_left(name: str, left: str) -> None:
    assert Redactor([SECRET.encode()]).redacted(FORMS[name](SECRET).encode()).decode() == left


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_of_base64_only_the_characters_are_left_that_neighbours_decide(before: str) -> None:
    value = "correct-horse-7-battery"
    told = base64.b64encode(f"{before}{value}xyz".encode()).decode()
    first, _, last = Redactor([value.encode()]).redacted(told.encode()).decode().partition("***")
    assert told.startswith(first)
    assert told.endswith(last)
    own = range((len(before) * 8 + 5) // 6, (len(before) + len(value)) * 8 // 6)
    assert (len(first), len(told) - len(last)) == (own.start, own.stop)


def test_a_line_of_eight_characters_is_a_form_and_one_of_seven_is_not() -> None:
    redactor = Redactor([b"12345678\nabcdefg\nABCDEFGHIJ"])
    assert redactor.redacted(b"12345678 abcdefg ABCDEFGHIJ") == b"*** abcdefg ***"


def test_a_form_of_512_bytes_is_looked_for_whole_and_a_longer_one_in_pieces() -> None:
    value = bytes(33 + at % 89 for at in range(512))
    assert value in forms_of(value)
    longer = value + b"!"
    assert longer not in forms_of(longer)
    assert {longer[:256], longer[256:512], longer[-256:]} <= forms_of(longer)
    assert Redactor([longer]).redacted(longer) == b"***"


def test_bytes_that_are_no_text_are_looked_for_as_python_shows_them() -> None:
    value = b"\xff\xfe key \x00 of bytes\x80"
    assert rb"\xff\xfe key \x00 of bytes\x80" in forms_of(value)
    assert Redactor([value]).redacted(f"got {value!r}.".encode()) == b"got b'***'."


def test_a_page_that_leaves_quotes_alone_hides_no_secret() -> None:
    value = 'it\'s "a" <key>'
    assert b'it\'s "a" &lt;key&gt;' in forms_of(value.encode())


def test_each_of_two_lines_is_looked_for_and_a_value_that_is_too_short_is_not() -> None:
    assert {b"first-line", b"second-line"} <= forms_of(b"first-line\nsecond-line")
    assert forms_of(b" abcde ") == frozenset()


def test_no_more_is_held_back_than_a_form_needs() -> None:
    redactor = Redactor([b"hunter22"])
    stream = redactor.stream()
    given = stream.feed(b"-" * 100)
    assert len(given) == 100 - (redactor.longest - 1)
    assert stream.flush() == b"-" * (100 - len(given))


def test_a_break_of_wrapped_base64_is_seen_from_what_was_given_out_before() -> None:
    redactor = Redactor([b"correct-horse-7"])
    whole = base64.encodebytes(b"k" * 50 + b"correct-horse-7" + b"k" * 400)
    for size in (1, 3, 64, 77):
        stream = redactor.stream()
        clean = b"".join(stream.feed(whole[at : at + size]) for at in range(0, len(whole), size)) + stream.flush()
        assert clean == redactor.redacted(whole)
        assert stream.count == 1


def test_the_lines_of_a_secret_of_many_lines_are_found_one_by_one_without_indent() -> None:
    redactor = Redactor([KEY.encode()])
    assert redactor.redacted(b"> AASCBKcwggSjAgEAAoIBAQDP <") == b"> *** <"
    assert redactor.redacted(b"> MIIEvQIBADANBgkqhkiG9w0BAQEF <") == b"> *** <"
    assert not redactor.holds(b"-----BEGIN PRIVATE KEY-----")


@pytest.mark.parametrize("value", [b"", b"true", b"1234", b"12345", b"  abcde \n"])
def test_a_value_of_less_than_six_bytes_is_no_secret(value: bytes) -> None:
    redactor = Redactor()
    assert not redactor.register(value)
    assert not redactor.active
    assert redactor.redacted(b"  abcde \n1234512345") == b"  abcde \n1234512345"


def test_blanks_around_a_value_are_no_part_of_it() -> None:
    assert Redactor([b" hunter22 \n"]).redacted(b"(hunter22)") == b"(***)"


def test_colours_inside_of_a_value_do_not_hide_it() -> None:
    redactor = Redactor([b"hunter22-and-more"])
    assert (
        redactor.redacted(b"a \x1b[31mhunt\x1b[0;1mer22\x1b]0;title\x07-and-more\x1b[0m b") == b"a \x1b[31m***\x1b[0m b"
    )


def test_values_that_overlap_leave_nothing_of_either() -> None:
    assert Redactor([b"abcdefgh", b"efghijkl"]).redacted(b"-abcdefghijkl-") == b"-***-"
    assert Redactor([b"abcdefgh", b"abcdefghijkl"]).redacted(b"-abcdefghijkl-abcdefghi") == b"-***-***i"


def test_a_value_that_overlaps_itself_leaves_nothing() -> None:
    assert Redactor([b"zzzzzz"]).redacted(b"-zzzzzzz-") == b"-***-"
    assert Redactor([b"zyzyzy"]).redacted(b"-zyzyzyzy-") == b"-***-"


def test_values_side_by_side_are_taken_out_one_by_one() -> None:
    assert Redactor([b"abcdefgh"]).redacted(b"abcdefghabcdefgh") == b"******"


def test_a_long_value_is_found_whole() -> None:
    value = base64.b85encode(bytes(range(256)) * 9)
    redactor = Redactor([value])
    clean = redactor.redacted(b"<" + value + b">")
    assert clean.replace(REDACTED, b"") == b"<>"
    assert redactor.longest <= 512


def test_bytes_that_are_no_text_are_a_secret_too() -> None:
    value = b"\xff\xfe\x00key\x80"
    redactor = Redactor([value])
    for form in (value, base64.b64encode(value), value.hex().encode(), repr(value)[2:-1].encode()):
        assert redactor.holds(b"<" + form + b">"), form


def test_nothing_is_found_where_nothing_is_known() -> None:
    assert not Redactor().holds(b"anything")
    assert list(Redactor().spans(b"anything")) == []


def test_a_value_that_is_registered_later_is_taken_out_from_then_on() -> None:
    redactor = Redactor()
    stream = redactor.stream()
    assert stream.feed(b"hunter22 ") == b"hunter22 "
    redactor.register(b"hunter22")
    assert stream.feed(b"hunt") + stream.feed(b"er22!") + stream.flush() == b"***!"
    assert stream.count == 1


def test_texts_and_json_data_are_redacted_keys_too() -> None:
    redactor = Redactor([b"hunter22", b"1234567"])
    assert redactor.text("ein hunter22, größer") == "ein ***, größer"
    data = {"hunter22": ["x", {"y": "hunter22"}], "n": 1234567, "m": 12, "b": True, "z": None, "f": 1.5}
    assert redactor.value(data) == {"***": ["x", {"y": "***"}], "n": "***", "m": 12, "b": True, "z": None, "f": 1.5}
    assert Redactor().value(data) is data


def test_a_flood_of_escape_sequences_is_not_held_in_memory() -> None:
    stream = Redactor([b"hunter22"]).stream()
    given = sum(len(stream.feed(b"\x1b[0m" * 4096)) for _ in range(64))
    assert given > 64 * 4 * 4096 - 300_000
    assert given + len(stream.flush()) == 64 * 4 * 4096


VALUES = st.one_of(
    st.binary(min_size=6, max_size=40),
    st.text("aAb1/+'\"\\ é\n", min_size=6, max_size=24).map(str.encode),
)
PIECES = st.sampled_from(
    [b"\x1b[0m", b"\x1b[", b"31m", b"\x1b", b"\n", b"\r\n", b" ", b"*", b"A" * 60, b"x" * 300, b"\x1b]0;t", b"\x07"]
)


@given(st.data())
def test_pieces_give_what_the_whole_gives_and_nothing_is_left(data: st.DataObject) -> None:
    values = data.draw(st.lists(VALUES, min_size=1, max_size=3))
    encoded = st.sampled_from(values).flatmap(
        lambda value: st.sampled_from(
            [
                *(value, value[:-1], value[1:], value.hex().encode(), quote(value).encode(), repr(value).encode()),
                base64.b64encode(b"a" + value),
                base64.encodebytes(b"u" * 40 + value),
            ]
        )
    )
    whole = b"".join(data.draw(st.lists(st.one_of(encoded, PIECES, st.binary(max_size=8)), max_size=12)))
    redactor = Redactor(values)
    stream = redactor.stream()
    clean, at = b"", 0
    while at < len(whole):
        size = data.draw(st.integers(1, 97))
        clean += stream.feed(whole[at : at + size])
        at += size
    clean += stream.flush()
    assert clean == redactor.redacted(whole)
    assert stream.count == 0 or REDACTED in clean
    if not any(b"*" in value for value in values):
        assert all(value not in clean for value in values if len(value.strip()) > 5)


def test_a_place_between_the_parts_of_a_bare_copy_is_found_both_ways() -> None:
    data = b"\x1b[31mab\x1b[0mcde\x1b[1mf\x1b[0m"
    bare = _Bare(data)
    assert (bare.data, bare.cuts) == (b"abcdef", 4)
    assert [bare.place(index) for index in range(6)] == [data.index(letter) for letter in b"abcdef"]
    assert [bare.index(bare.place(index)) for index in range(6)] == list(range(6))
    assert bare.index(0) == 0
    assert bare.index(data.index(b"b") + 1) == 2
    assert bare.index(len(data)) == 6
    plain = _Bare(b"abc")
    assert (plain.data, plain.cuts, plain.place(2), plain.index(2)) == (b"abc", 0, 2, 2)


def test_windows_of_all_forms_begin_with_few_bytes_which_are_rare_in_logs() -> None:
    forms = [b"eeeeZeeeee", b"ttttZttttt", b"aaaaQaaaaa"]
    assert _rare_bytes(forms) == frozenset(b"ZQ")
    assert _rare_bytes([b"eeeeee"]) == frozenset(b"e")
    assert _rare_bytes([b"e eeeeeee"]) == frozenset(b"e"), "a blank is more frequent"
    assert _rare_bytes([b"xeee~eeeee"]) == frozenset(b"~"), "what is not in the list is rarer than all of it"
    assert _rare_bytes([]) == frozenset()


def test_a_stream_gives_out_all_but_what_a_form_needs_and_an_escape_sequence_that_is_not_complete() -> None:
    redactor = Redactor([b"hunter2-hunter2"])
    stream = RedactingStream(redactor)
    longest = redactor.longest
    assert stream.feed(b"x" * (longest - 1)) == b""
    assert stream.feed(b"yz") == b"xx"
    assert stream.feed(b"\x1b[3") == b""
    assert stream.feed(b"1m") == b""
    rest = stream.flush()
    assert rest == b"x" * (longest - 3) + b"yz\x1b[31m"
    assert stream.count == 0


def test_behind_a_flood_that_is_given_out_the_beginning_of_a_value_is_still_held_back() -> None:
    stream = Redactor([b"hunter22-hunter22"]).stream()
    given = stream.feed(b"\x1b[0m" * 70_000 + b"hunter22-hunt")
    given += stream.feed(b"er22 behind")
    given += stream.flush()
    assert b"hunter22" not in given
    assert given.endswith(b"*** behind")


def test_without_a_secret_nothing_is_changed() -> None:
    redactor = Redactor([])
    assert redactor.text("as it is \udcff") == "as it is \udcff"
    assert redactor.redacted(b"as it is \xff") == b"as it is \xff"
