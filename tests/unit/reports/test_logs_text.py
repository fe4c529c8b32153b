"""Logs as text: harmless on a terminal and in a pipeline, whatever a step printed."""

from pathlib import Path

import pytest

from innominatus_cli.operations.logs import RunLogs, StepLog
from innominatus_cli.reports.logs import logs_document, logs_text


def logs_of(folder: Path, stdout: bytes, stderr: bytes | None = None) -> RunLogs:
    files = {}
    for name, data in (("stdout", stdout), ("stderr", stderr)):
        if data is not None:
            files[name] = folder / name
            files[name].write_bytes(data)
    return RunLogs("01JD0000000000000000000001", "succeeded", [StepLog("deployment/a/-/w/build", "succeeded", files)])


def text_of(folder: Path, stdout: bytes, stderr: bytes | None = None, tail: int | None = None) -> str:
    return "".join(logs_text(logs_of(folder, stdout, stderr), tail))


def test_every_line_carries_its_stream(tmp_path: Path) -> None:
    assert text_of(tmp_path, b"one\ntwo\n", b"oops") == ("deployment/a/-/w/build (succeeded)\n| one\n| two\n! oops\n")


def test_terminal_escapes_and_commands_to_ci_do_nothing(tmp_path: Path) -> None:
    hostile = "\x1b]52;c;aGk=\x07\r::set-output name=a::b\n  ::add-mask::x\nx ##[command]y\n\u202eevil\u202c\n"
    shown = text_of(tmp_path, hostile.encode())
    assert not set(shown) & set("\x1b\x07\r\u202e\u202c")
    assert all(line.startswith("| ") for line in shown.splitlines()[1:])
    assert "##[" not in shown


def test_bytes_that_are_no_text_are_shown_as_escapes(tmp_path: Path) -> None:
    assert "| \\xff\\xfeok\n" in text_of(tmp_path, b"\xff\xfeok\n")


def test_a_character_cut_by_a_chunk_stays_whole(tmp_path: Path) -> None:
    assert "\\x" not in text_of(tmp_path, ("x" + "ü" * 70_000 + "\n").encode())


def test_a_line_without_end_comes_in_parts(tmp_path: Path) -> None:
    pieces = list(logs_text(logs_of(tmp_path, b"x" * 1_000_000)))
    assert sum(piece.count("x") for piece in pieces) == 1_000_000
    assert max(len(piece) for piece in pieces) < 200_000


@pytest.mark.parametrize(
    ("data", "tail", "expected"),
    [
        (b"1\n2\n3\n", 2, "2\n3\n"),
        (b"1\n2\n3", 2, "2\n3"),
        (b"1\n2\n3\n", 3, "1\n2\n3\n"),
        (b"1\n2\n3\n", 9, "1\n2\n3\n"),
        (b"1\n2\n3\n", 0, ""),
        (b"\n\n\n", 2, "\n\n"),
        (b"", 2, ""),
        (b"x" * 200_000 + b"\n" + b"y" * 100_000 + b"\nlast\n", 2, "y" * 100_000 + "\nlast\n"),
    ],
)
def test_the_tail_is_the_last_lines(tmp_path: Path, data: bytes, tail: int, expected: str) -> None:
    document = logs_document(logs_of(tmp_path, data), tail)
    assert document["steps"][0]["stdout"] == expected


def test_a_step_that_printed_nothing_says_so() -> None:
    logs = RunLogs("01JD0000000000000000000001", "", [StepLog("a/b", "", {})])
    assert "".join(logs_text(logs)) == "a/b\n  printed nothing\n"
