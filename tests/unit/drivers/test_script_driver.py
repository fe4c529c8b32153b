"""`script` and what it shares with others: argv, folders, text, endings."""

from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.drivers.contract import ending_text, inside
from innominatus_cli.drivers.registry import driver_for
from innominatus_cli.system.commands import CommandOutcome, Ending


def test_a_script_is_a_file_that_bash_reads(context: Any, play: Any, ended: Any) -> None:
    ctx = context("script", {"script": "echo hello"})
    result, (request,) = play(ctx, [ended(stdout=b"hello\n")])
    assert result.failure is None
    assert request.argv[:5] == ("bash", "--noprofile", "--norc", "-euo", "pipefail")
    assert Path(request.argv[5]).read_text() == "echo hello\n"
    assert request.cwd == ctx.work_dir
    assert result.printed is not None
    assert result.printed.head == b"hello\n"


def test_a_command_runs_without_a_shell(context: Any, play: Any, ended: Any) -> None:
    hostile = ["printf", "%s", "$(touch x)", "; rm -rf /", "-n", '"quoted"']
    _, (request,) = play(context("script", {"command": hostile}), [ended()])
    assert request.argv == tuple(hostile)


def test_a_relative_program_is_one_of_the_repository(context: Any, play: Any, ended: Any) -> None:
    ctx = context("script", {"command": ["./run.sh"], "workingDir": "tools"})
    (ctx.work_dir / "tools").mkdir()
    (ctx.work_dir / "tools" / "run.sh").write_text("#!/bin/sh\n")
    _, (request,) = play(ctx, [ended()])
    assert request.argv == (str((ctx.work_dir / "tools" / "run.sh").resolve()),)
    assert request.cwd == (ctx.work_dir / "tools").resolve()


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"command": ["../outside.sh"]}, "ORC-5104"),
        ({"command": ["./absent.sh"]}, "ORC-5105"),
        ({"script": "true", "workingDir": ".."}, "ORC-5104"),
        ({"script": "true", "workingDir": "/etc"}, "ORC-5104"),
        ({"script": "true", "workingDir": "absent"}, "ORC-5105"),
        ({"script": "true", "workingDir": "file"}, "ORC-5105"),
        ({"script": "true", "workingDir": "a\0b"}, "ORC-5104"),
        ({"command": ["echo", "a\0b"]}, "ORC-5106"),
        ({"command": [""]}, "ORC-5106"),
        ({"script": "true\0"}, "ORC-5106"),
        ({"script": "#!/usr/bin/env python3\nprint()"}, "ORC-5106"),
    ],
)
def test_what_cannot_run_is_a_finding_and_starts_nothing(context: Any, play: Any, inputs: Any, code: str) -> None:
    ctx = context("script", inputs)
    (ctx.work_dir / "file").write_text("")
    result, requests = play(ctx)
    assert requests == []
    assert result.failure.code.number == code
    assert str(result.failure.place) == "workflows/w.yaml:7:5"
    assert "step 'the-step'" in result.failure.message


@pytest.mark.parametrize("first", ["#!/bin/bash", "#!/usr/bin/env bash", "#!/bin/sh -e", "#! /bin/bash -eu", "# !x"])
def test_a_script_may_say_that_it_is_a_shell_script(context: Any, play: Any, ended: Any, first: str) -> None:
    result, requests = play(context("script", {"script": f"{first}\ntrue"}), [ended()])
    assert result.failure is None
    assert len(requests) == 1


def test_a_symbolic_link_that_leads_out_is_refused(context: Any, play: Any, tmp_path: Path) -> None:
    ctx = context("script", {"script": "true", "workingDir": "link"})
    (tmp_path / "elsewhere").mkdir()
    (ctx.work_dir / "link").symlink_to(tmp_path / "elsewhere")
    result, _ = play(ctx)
    assert result.failure.code.number == "ORC-5104"


def test_a_failure_tells_how_the_program_ended_and_not_what_it_printed(context: Any, play: Any, ended: Any) -> None:
    result, _ = play(context("script", {"command": ["psql"]}), [ended(3, b"password=hunter2")])
    assert result.failure.code.number == "ORC-5103"
    assert result.failure.message == "step 'the-step': 'psql' ended with exit status 3"


def test_a_missing_program_is_named_with_how_to_get_it(context: Any, play: Any, missing: CommandOutcome) -> None:
    result, _ = play(context("script", {"command": ["frobnicate"]}), [missing])
    assert result.failure.code.number == "ORC-5102"
    assert "'frobnicate'" in result.failure.message
    assert "Install 'frobnicate'" in result.failure.help


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (CommandOutcome(Ending.EXITED, exit_code=0), "ended without an answer"),
        (CommandOutcome(Ending.EXITED, exit_code=2), "ended with exit status 2"),
        (CommandOutcome(Ending.SIGNALLED, signal=9), "was killed by SIGKILL"),
        (CommandOutcome(Ending.SIGNALLED, signal=99), "was killed by signal 99"),
        (CommandOutcome(Ending.TIMED_OUT), "ran out of time"),
        (CommandOutcome(Ending.CANCELLED), "was cancelled"),
        (CommandOutcome(Ending.NOT_STARTED, problem="no such file"), "could not be started: no such file"),
    ],
)
def test_every_ending_has_words(outcome: CommandOutcome, words: str) -> None:
    assert ending_text(outcome) == words


def test_a_path_inside_a_folder_is_followed_to_its_end(tmp_path: Path) -> None:
    assert inside(tmp_path, "a/../b") == tmp_path.resolve() / "b"
    assert inside(tmp_path, "..") is None
    assert inside(tmp_path, "/etc/passwd") is None
    assert inside(tmp_path, str(tmp_path / "x")) == tmp_path.resolve() / "x"


def test_a_step_type_without_a_driver_has_none() -> None:
    assert driver_for("of-the-repository") is None


def test_another_types_inputs_are_a_bug(context: Any) -> None:
    from innominatus_cli.step_types.resources import VaultSetupInputs

    with pytest.raises(AssertionError, match="not VaultSetupInputs"):
        context("script", {"script": "true"}).inputs_of(VaultSetupInputs)
