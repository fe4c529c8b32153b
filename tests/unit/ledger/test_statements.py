"""Heads statements, signed commits and what a clone remembers, as bytes and data."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.ledger_heads import HeadsStatement
from innominatus_cli.ledger.heads import heads_path, read_statement
from innominatus_cli.ledger.proofs import signed_commit
from innominatus_cli.ledger.seen_heads import Seen, SeenHeads
from innominatus_cli.system.state_folder import StateFolder

ARMORED = "-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----"
HEAD = b"tree 1234\nparent 5678\nauthor A <a@b> 5 +0200\ncommitter A <a@b> 1763668800 +0200"


def statement(**changes: Any) -> HeadsStatement:
    facts = {"branch": "main", "commit": "1" * 40, "tips": ["sha256:a", "sha256:b"], "count": 2, "at": "x", "by": "a@b"}
    return HeadsStatement.model_validate({**facts, **changes})


@pytest.mark.parametrize(
    ("branch", "path"),
    [("main", "main.json"), ("a/b", "a%2Fb.json"), ("..", "...json"), ("ü", "%C3%BC.json"), ("a b", "a%20b.json")],
)
def test_a_branch_has_one_file_and_no_folder(branch: str, path: str) -> None:
    assert heads_path(branch) == path


def test_a_statement_is_read_back_and_nothing_that_differs_from_it_is_one() -> None:
    made = statement()
    assert read_statement(made.canonical) == made
    for data in (made.canonical[:-1], b" " + made.canonical, made.canonical.replace(b'"count":2', b'"count":2.0')):
        assert read_statement(data) is None
    for changes in ({"tips": ["sha256:b", "sha256:a"]}, {"tips": ["sha256:a", "sha256:a"]}):
        assert read_statement(statement(**changes).canonical) is None
    assert read_statement(statement(tips=[]).canonical) is not None


def commit(*headers: bytes, message: bytes = b"subject\n\ngpgsig in the message\n") -> bytes:
    return b"\n".join([HEAD, *headers]) + b"\n\n" + message


def gpgsig(armored: str, name: str = "gpgsig") -> bytes:
    return f"{name} ".encode() + armored.replace("\n", "\n ").encode()


def test_what_was_signed_is_the_commit_without_its_signature() -> None:
    for name in ("gpgsig", "gpgsig-sha256"):
        for headers in (
            (gpgsig(ARMORED, name),),
            (gpgsig(ARMORED, name), b"encoding UTF-8"),
            (b"x y", gpgsig(ARMORED)),
        ):
            found = signed_commit("id", commit(*headers))
            assert found is not None
            assert found.signature == f"{ARMORED}\n"
            assert found.data == commit(*(header for header in headers if not header.startswith(b"gpgsig")))
            assert found.at == datetime(2025, 11, 20, 20, 0, tzinfo=UTC)


def test_other_header_lines_that_go_on_are_part_of_what_was_signed() -> None:
    tag = b"mergetag object 1234\n type commit\n tag x"
    found = signed_commit("id", commit(tag, gpgsig(ARMORED)))
    assert found is not None
    assert found.data == commit(tag)


@pytest.mark.parametrize(
    "data",
    [
        commit(),
        commit(gpgsig("-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----")),
        b"",
        b"\xff\xfe",
        commit(message=b"x\n\n" + gpgsig(ARMORED)),
    ],
)
def test_a_commit_without_an_ssh_signature_says_nothing(data: bytes) -> None:
    assert signed_commit("id", data) is None


def test_a_commit_without_a_time_has_none() -> None:
    found = signed_commit("id", b"tree 1234\n" + gpgsig(ARMORED) + b"\n\nx")
    assert found is not None
    assert found.at is None


def test_what_was_seen_is_remembered_for_each_branch(tmp_path: Path) -> None:
    seen_heads = SeenHeads(StateFolder(tmp_path))
    assert seen_heads.of("main") is None
    first, second = Seen(("sha256:a",), 1, "then", ""), Seen(("sha256:b", "sha256:c"), 7, "now", "before")
    seen_heads.remember("main", first)
    seen_heads.remember("side", second)
    assert SeenHeads(StateFolder(tmp_path)).of("main") == first
    assert SeenHeads(StateFolder(tmp_path)).of("side") == second
    seen_heads.remember("main", second)
    assert seen_heads.of("main") == second
    assert seen_heads.of("other") is None
    (note,) = (tmp_path / "innominatus" / "ledger").iterdir()
    assert note.stat().st_mode & 0o777 == 0o600
