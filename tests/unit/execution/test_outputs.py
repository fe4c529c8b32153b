"""Outputs: what is read from stdout and files, and what is refused."""

import os
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.documents.plan import PlannedRetry, PlannedStep
from innominatus_cli.documents.vocabulary import Phase, Tier
from innominatus_cli.execution.outputs import (
    FILE_BYTES,
    RECORD_BYTES,
    UnreadableOutputs,
    file_outputs,
    printed_outputs,
    recorded_outputs,
    unkept_output,
)
from innominatus_cli.execution.retry import delay_seconds, is_retried
from innominatus_cli.system.commands import CommandOutcome, Ending, StreamOutput


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("", {}),
        ("just words\n", {}),
        ('{"a": 1, "b": {"c": [true, null]}}', {"a": 1, "b": {"c": [True, None]}}),
        ('{\n  "a": 1\n}\n', {"a": 1}),
        ('first {"a": 1}\n{"a": 2}\nwords\n', {"a": 2}),
        ('{"a": 1}\n{"a": 2}\n', {"a": 2}),
        ("OUTPUT_a=1\nOUTPUT_b=x=y \n", {"a": "1", "b": "x=y "}),
        ("OUTPUT_a=1\nOUTPUT_a=2\n", {"a": "2"}),
        (" OUTPUT_a=1\nOUTPUT_=1\nOUTPUT_1=x\n", {}),
        ("::set-output name=a::1::2\n", {"a": "1::2"}),
        ("OUTPUT_a=x\u2028y\x85z\x0c\nOUTPUT_b=1\r\n50 %\rOUTPUT_c=2", {"a": "x\u2028y\x85z\x0c", "b": "1", "c": "2"}),
        ('words\n{"a": "x\u2028y"}\n', {"a": "x\u2028y"}),
        ('{"a": 1}\nOUTPUT_a=text\n', {"a": "text"}),
        ("[1]\n", {}),
        ('{"a": NaN}\n', {}),
        ('{"a": 1e999}\n', {}),
        ('{"a": "\\ud800"}\n', {}),
        ('{"a": 9007199254740993}\n', {}),
        ('{"a": ' + "[" * 5000, {}),
    ],
)
def test_what_a_program_prints(printed: str, found: dict[str, Any]) -> None:
    assert printed_outputs(printed.encode()) == found


def test_what_is_no_text_is_read_as_far_as_it_goes() -> None:
    assert printed_outputs(b"\xff\xfe\nOUTPUT_a=\xff\r\n") == {"a": "\ufffd"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", {}),
        (b"a=1\n# note\n\nexport b=two words\n", {"a": "1", "b": "two words"}),
        (b'\xef\xbb\xbf{"a": [1]}', {"a": [1]}),
        ("a=x\u2028y\r\nb=2".encode(), {"a": "x\u2028y", "b": "2"}),
    ],
)
def test_what_a_file_holds(tmp_path: Path, text: bytes, found: dict[str, Any]) -> None:
    (tmp_path / "out").write_bytes(text)
    assert file_outputs(tmp_path / "out", required=True) == found


@pytest.mark.parametrize(
    "text", [b"{", b"a line without sense", b"\xff=1", b'{"a": Infinity}', b"a=" + b"x" * FILE_BYTES]
)
def test_a_file_that_is_no_such_thing_is_told(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "out").write_bytes(text)
    with pytest.raises(UnreadableOutputs, match="'out'"):
        file_outputs(tmp_path / "out", required=False)


def test_only_a_regular_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/etc/passwd")
    for name in ("fifo", "link", "."):
        with pytest.raises(UnreadableOutputs):
            file_outputs(tmp_path / name, required=False)


def test_an_absent_file_is_told_where_it_is_required(tmp_path: Path) -> None:
    assert file_outputs(tmp_path / "out", required=False) == {}
    with pytest.raises(UnreadableOutputs, match="was not written"):
        file_outputs(tmp_path / "out", required=True)


def test_a_record_holds_declared_outputs_that_are_small_and_no_secrets() -> None:
    step = PlannedStep(
        id="a/b", name="b", phase=Phase.DEPLOYMENT, tier=Tier.APPLICATION,
        declared_outputs=["small", "large", "secret", "absent", "last"], secret_outputs=["secret"],
    )  # fmt: skip
    outputs = {"small": 1, "large": "x" * RECORD_BYTES, "secret": "s", "undeclared": 1, "last": "y"}
    assert recorded_outputs(step, outputs) == ({"small": 1, "last": "y"}, ["large", "secret"])


@pytest.mark.parametrize(
    ("backoff", "delays"),
    [("constant", [2, 2, 2, 2]), ("linear", [2, 4, 6, 7]), ("exponential", [2, 4, 7, 7])],
)
def test_delays_grow_up_to_their_limit(backoff: Any, delays: list[int]) -> None:
    retry = PlannedRetry(attempts=5, delay_seconds=2, backoff=backoff, max_delay_seconds=7, jitter="none")
    assert [delay_seconds(retry, attempt, lambda: 0.0) for attempt in (1, 2, 3, 4)] == delays
    jittered = retry.model_copy(update={"jitter": "full"})
    assert [delay_seconds(jittered, attempt, lambda: 0.5) for attempt in (1, 2)] == [delay / 2 for delay in delays[:2]]


@pytest.mark.parametrize(
    ("on", "outcome", "again"),
    [
        ([], CommandOutcome(Ending.EXITED, 1), True),
        ([], None, True),
        ([], CommandOutcome(Ending.CANCELLED), False),
        ([1], CommandOutcome(Ending.EXITED, 1), True),
        ([1], CommandOutcome(Ending.EXITED, 2), False),
        ([1], None, False),
        (["timeout"], CommandOutcome(Ending.TIMED_OUT), True),
        (["timeout"], CommandOutcome(Ending.EXITED, 1), False),
        (["re.*used"], CommandOutcome(Ending.EXITED, 1, stderr=StreamOutput(b"it was refused\n")), True),
        (["(unclosed"], CommandOutcome(Ending.EXITED, 1, stderr=StreamOutput(b"(unclosed\n")), False),
    ],
)
def test_what_is_tried_again(on: list[int | str], outcome: CommandOutcome | None, again: bool) -> None:
    retry = PlannedRetry(attempts=2, delay_seconds=0, backoff="constant", max_delay_seconds=0, jitter="none", on=on)
    assert is_retried(retry, outcome) is again


@pytest.mark.parametrize("value", [2**53, -(2**53), float("inf"), float("nan"), "\ud800", {"\ud800": 1}, [[2**60]]])
def test_an_output_that_no_record_can_hold_is_named(value: object) -> None:
    assert unkept_output({"fine": 1, "other": value}) == "output 'other'"
    assert unkept_output({"fine": 2**53 - 1, "text": "ü", "half": 0.5}) == ""
