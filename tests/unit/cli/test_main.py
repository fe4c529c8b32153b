import importlib
import json
from pathlib import Path

import click
import pytest

from innominatus_cli import __version__
from innominatus_cli.cli import main
from innominatus_cli.findings.catalogue.internal import INTERNAL_ERROR
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.git_command import GitFailed


def test_every_command_exists_under_its_name_and_has_examples() -> None:
    for name in main.COMMANDS:
        module = importlib.import_module(f"innominatus_cli.cli.commands.{name.replace('-', '_')}")
        command = module.command
        assert isinstance(command, click.Command)
        assert command.name == name
        if not isinstance(command, click.Group):
            assert "innominatus-ctl" in (command.help or ""), f"{name} shows no example"


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--version"]) == 0
    assert capsys.readouterr().out == f"innominatus-ctl {__version__}\n"
    assert main.run(["version", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == __version__


@pytest.mark.parametrize("arguments", [["--nope"], ["plam"], ["version", "extra"], ["version", "-o", "csv"]])
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(arguments) == ExitStatus.USAGE
    assert "Error:" in capsys.readouterr().err


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    main.run(["validat"])
    assert "did you mean 'validate'" in capsys.readouterr().err


def test_no_command_shows_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([]) in {0, 2}
    shown = capsys.readouterr()
    assert "list-products" in shown.out + shown.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["completion", shell]) == 0
    assert "_INNOMINATUS_CTL_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (CannotContinue(Finding(INTERNAL_ERROR, "x", Place("a"))), ExitStatus.INTERNAL),
        (KeyboardInterrupt(), ExitStatus.INTERRUPTED),
        (ValueError('Field "a":\n  SchemaError: KeyboardInterrupt: '), ExitStatus.INTERRUPTED),
        (BrokenPipeError(), ExitStatus.OUTPUT_LOST),
        (RuntimeError("ours"), ExitStatus.INTERNAL),
        (GitFailed("ls-files", 128, "fatal: index file corrupt"), ExitStatus.ENVIRONMENT),
    ],
)
def test_the_boundary_maps_every_end_to_a_status(
    problem: BaseException, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise problem

    monkeypatch.setattr(main.command_line, "main", fail)
    assert main.run(["version"]) == status
    assert "Traceback" not in capsys.readouterr().err


def test_a_bug_shows_its_traceback_only_when_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(main.command_line, "main", fail)
    main.run(["--debug", "version"])
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "ORC-9001" in shown


def test_directory_must_exist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["-C", str(tmp_path / "none"), "version"]) == ExitStatus.USAGE
    assert "cannot work in" in capsys.readouterr().err
