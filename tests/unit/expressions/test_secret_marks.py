"""Marks that stand for keys of Secrets, in the forms of all versions of score-k8s."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.expressions.secret_marks import SecretKey, WrongMark, key_for, mark_of, parts_of

BEGIN, END = "\U0001f510\U0001f4ac", "\U0001f4ac\U0001f510"


def test_a_text_is_taken_apart_in_its_order() -> None:
    text = f"a {mark_of('db-shop', 'ROOT_PASSWORD')}{mark_of('x', 'y')} b"
    assert parts_of(text) == ["a ", SecretKey("db-shop", "ROOT_PASSWORD"), SecretKey("x", "y"), " b"]


def test_the_form_of_older_versions_is_read() -> None:
    inside = ".".join(base64.b64encode(part).decode() for part in (b"redis\n", b"redis-password\n"))
    assert parts_of(f"{BEGIN}{inside}{END}") == [SecretKey("redis", "redis-password")]


@pytest.mark.parametrize("inside", ["", "_", "name_", "_key", "Name_key", "name_a/b", "no-key", "%%.%%", "a b_c"])
def test_a_mark_that_names_no_key_is_refused(inside: str) -> None:
    with pytest.raises(WrongMark, match="names no key of a Secret"):
        parts_of(f"x{BEGIN}{inside}{END}")


@pytest.mark.parametrize("text", [f"{BEGIN}a_b", f"a_b{END}", f"{BEGIN}{BEGIN}a_b{END}"])
def test_a_mark_without_beginning_or_end_is_refused(text: str) -> None:
    with pytest.raises(WrongMark):
        parts_of(text)


@given(st.text(st.characters(exclude_characters="\U0001f510\U0001f4ac")))
def test_a_text_without_marks_stays_itself(text: str) -> None:
    assert "".join(map(str, parts_of(text))) == text


def test_a_key_is_called_as_the_reference_and_fits_kubernetes() -> None:
    assert key_for(("resources", "db", "password")) == "db.password"
    assert key_for(("resources", "db", "a key/é")) == "db.a-key--"
