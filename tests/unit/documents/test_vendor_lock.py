"""innominatus.lock: one form, and nothing else is taken for it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.vendor_lock import Lock, LockedSource, LockProblem, read_lock, write_lock

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SHA = digest_of_bytes(b"x")
LOCK: Lock = {"shared": LockedSource("https://git.example/s", "main", COMMIT, "workflows", {"a.yaml": SHA, "b/c": SHA})}
NAMES = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,10}[a-z0-9])?", fullmatch=True)
PATHS = st.lists(st.from_regex(r"[a-zé][a-z .]{0,5}[a-z]", fullmatch=True), min_size=1, max_size=3).map("/".join)
SOURCES = st.builds(
    LockedSource, st.text(), st.text(), st.just(COMMIT), st.text(), st.dictionaries(PATHS, st.just(SHA), max_size=4)
)


@given(st.dictionaries(NAMES, SOURCES, max_size=3))
def test_what_is_written_is_read_as_it_was(lock: dict[str, LockedSource]) -> None:
    data = write_lock(lock)
    assert read_lock(data) == lock
    assert write_lock(read_lock(data)) == data


def test_the_order_of_sources_and_files_changes_no_byte() -> None:
    other = LOCK["shared"]._replace(files=dict(reversed(list(LOCK["shared"].files.items()))))
    two = {"b": other, "a": LOCK["shared"]}
    assert write_lock(two) == write_lock(dict(reversed(list(two.items()))))


def test_each_file_has_a_line_of_its_own() -> None:
    assert f'        "a.yaml": "{SHA}",\n' in write_lock(LOCK).decode()


def changed(**keys: Any) -> bytes:
    """The lock with other values in its source, and a digest that is right."""
    return write_lock({"shared": LOCK["shared"]._replace(**keys)})


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (write_lock(LOCK).replace(b'"main"', b'"evil"'), "edited by hand"),
        (write_lock(LOCK).replace(b"a.yaml", b"z.yaml"), "edited by hand"),
        (write_lock(LOCK) + b"\n", "not in the form"),
        (write_lock(LOCK).replace(b"\n", b"\r\n"), "line ends"),
        (b"<<<<<<< ours\n" + write_lock(LOCK), "merge with conflicts"),
        (write_lock(LOCK)[:-40], "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no sources"),
        (b'{"version": 2, "sources": {}}', "version"),
        (changed(files={"../a": SHA}), "cannot be one"),
        (changed(files={"/a": SHA}), "cannot be one"),
        (changed(files={"a//b": SHA}), "cannot be one"),
        (changed(files={"a": "sha256:1"}), "cannot be one"),
        (changed(commit="main"), "not as it is written"),
        (write_lock({"../x": LOCK["shared"]}), "not as it is written"),
    ],
)
def test_anything_else_is_no_lock(data: bytes, why: str) -> None:
    with pytest.raises(LockProblem, match=why):
        read_lock(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(),
        lambda one: st.lists(one) | st.dictionaries(st.text(), one),
    )
)
def test_no_json_does_more_than_be_refused(value: Any) -> None:
    for data in (
        json.dumps(value),
        json.dumps({"version": 1, "sources": value}),
        json.dumps({"version": 1, "sources": {"a": value}}),
    ):
        with pytest.raises(LockProblem):
            read_lock(data.encode())
