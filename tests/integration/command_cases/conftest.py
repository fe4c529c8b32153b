"""Runs the cases of codes that commands other than `validate` show. tests/cases/README.md describes their form."""

import contextlib
import gc
import io
import os
import pwd
import re
import resource
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from innominatus_cli.cli.main import run as command_line

CASES = Path(__file__).resolve().parents[2] / "cases"
LONGEST_SECONDS = 60
OPERATOR = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@shop.example",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@shop.example",
}
_KEYS = {"run", "exit", "git", "env", "before", "under", "process", "file_size", "stdout", "also", "without", "why"}
_PROGRAM = "innominatus-ctl"
_SHELL = set("|&;<>$`(){}*?~#\n")


@dataclass(frozen=True)
class Case:
    """A case.yaml, with defaults."""

    name: str
    folders: tuple[Path, ...]
    """Laid over each other, the later over the earlier one."""
    run: str
    exit: int = 0
    git: bool = True
    env: Mapping[str, str | None] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    under: str | None = None
    process: bool = False
    file_size: int | None = None
    stdout: bool = True
    also: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """The case's own folder."""
        return self.folders[-1]

    @property
    def number(self) -> str:
        """The code that the case is about."""
        return f"ORC-{self.name[:4]}"


@dataclass(frozen=True)
class Told:
    """What a command printed, stderr first, and its exit status."""

    text: str
    status: int


def names() -> list[str]:
    """The bad cases that have a case.yaml."""
    return sorted(path.parent.name for path in (CASES / "err").glob("*/case.yaml"))


def bad_case_of(name: str) -> Case:
    """The case of this name that shows its code."""
    folder = CASES / "err" / name
    return Case(name, (folder,), **_read(folder / "case.yaml"))


def good_twin_of(name: str) -> Case:
    """The same, mended: its files over those of the bad case, its keys over the bad case's."""
    folder = CASES / "ok" / name
    written = _read(folder / "case.yaml") if (folder / "case.yaml").is_file() else {}
    return replace(bad_case_of(name), folders=(CASES / "err" / name, folder), **{"exit": 0, "also": (), **written})


def _read(path: Path) -> dict[str, Any]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert data.keys() <= _KEYS, f"{path}: unknown keys {sorted(data.keys() - _KEYS)}"
    data.pop("why", None)
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


def normalised(text: str, folder: Path) -> str:
    """What differs from run to run, in fixed words: ids, digests, times, processes, folders, this machine."""
    user, host = pwd.getpwuid(os.getuid()).pw_name, socket.gethostname()
    home = os.environ["HOME"]
    for old, new in (
        (str(folder), "<repository>"),
        (home, "<home>"),
        (f"{user} <{user}@{host}>", "<user> <<user>@<host>>"),
    ):
        text = text.replace(old, new)
    for pattern, word in (
        (r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b", "<run>"),
        (r"\bsha256:[0-9a-f]{64}\b", "<digest>"),
        (r"\bsha256:[0-9a-f]{12}…", "<digest>"),
        (r"(?<=/plans/)[0-9a-f]{64}\b", "<digest>"),
        (r"\b[0-9a-f]{40}\b", "<commit>"),
        (r"(?<=\bcommit )[0-9a-f]{12}\b", "<commit>"),
        (r"(?<=  plan    )[0-9a-f]{12}\b", "<digest>"),
        (r"(?<=  commit  )[0-9a-f]{12}\b", "<commit>"),
        (r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", "<time>"),
        (r"(?<=/)[0-9]{4}-[0-9]{2}(?=/<run>)", "<month>"),
        (r"(?<=127\.0\.0\.1:)[0-9]{4,5}\b", "<port>"),
        (r"(?<=pid )[0-9]+ on [^ ,]+", "<pid> on <host>"),
        (r"\b(ok|FAILED|TIMED OUT|interrupted) [0-9]+\.[0-9]s\b", r"\1 <time>"),
        (r"(?<=; )[0-9.dhm]*[0-9]m?s(?=\)$)", "<time>"),
        (r"(?<= in )[0-9]+\.[0-9]{2}s$", "<time>"),
    ):
        text = re.sub(pattern, word, text, flags=re.MULTILINE)
    return text


@dataclass(frozen=True)
class Stage:
    """A folder of a case while it is played."""

    folder: Path
    environment: pytest.MonkeyPatch
    circumstances: Mapping[str, "Circumstance"]

    def play(self, case: Case) -> Told:
        """Makes the repository, does what comes before, and runs the command."""
        for source in case.folders:
            shutil.copytree(source, self.folder, symlinks=True, dirs_exist_ok=True, ignore=_not_the_case(source))
        for path in case.without:
            (self.folder / path).unlink()
        for name, value in {**OPERATOR, "PATH": self._path(), **case.env}.items():
            if value is None:
                self.environment.delenv(name, raising=False)
            else:
                self.environment.setenv(name, value)
        self.environment.chdir(self.folder)
        if case.git:
            _git(self.folder, "init", "-q", "-b", "main")
            _git(self.folder, "add", "--all")
            _git(self.folder, "commit", "-q", "--allow-empty", "-m", "A repository")
        for line in case.before:
            self._before(line)
        with self.circumstances[case.under](self) if case.under else contextlib.nullcontext():
            return self.told(case)

    def told(self, case: Case) -> Told:
        """What the case's command says: in this process, or in one of its own."""
        arguments = [self._word(word) for word in shlex.split(case.run)]
        alone = case.process or case.file_size is not None
        status, err, out = _in_a_process(arguments, case.file_size) if alone else _in_this_process(arguments)
        return Told(normalised(err + out if case.stdout else err, self.folder), status)

    def _word(self, word: str) -> str:
        """`@name` stands for what the file `../name` holds, as `before` has written it."""
        return (self.folder.parent / word[1:]).read_text().strip() if word.startswith("@") else word

    def _path(self) -> str:
        """PATH: first a folder beside the repository, for stand-ins that a case makes, then this environment's own."""
        return f"{self.folder.parent}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}"

    def _before(self, line: str) -> None:
        if line.startswith(f"{_PROGRAM} ") and not _SHELL & set(line):
            status, *said = _in_this_process(shlex.split(line)[1:])
            assert status == 0, (line, said)
        else:
            done = subprocess.run(["sh", "-ec", line], cwd=self.folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, (line, done)


Circumstance: TypeAlias = Callable[[Stage], contextlib.AbstractContextManager[None]]


def _not_the_case(top: Path) -> Callable[[str, list[str]], set[str]]:
    return lambda folder, _names: {"case.yaml"} if Path(folder) == top else set()


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, env={**os.environ, **OPERATOR})


def _in_this_process(arguments: list[str]) -> tuple[int, str, str]:
    out, err = io.BytesIO(), io.BytesIO()
    thresholds = gc.get_threshold()
    with (
        contextlib.redirect_stdout(io.TextIOWrapper(out, encoding="utf-8", write_through=True)) as stdout,
        contextlib.redirect_stderr(io.TextIOWrapper(err, encoding="utf-8", write_through=True)) as stderr,
    ):
        status = command_line(arguments)
    gc.set_threshold(*thresholds)
    told = status, err.getvalue().decode(), out.getvalue().decode()
    stdout.detach()
    stderr.detach()
    return told


def _in_a_process(arguments: list[str], file_size: int | None) -> tuple[int, str, str]:
    def limit() -> None:
        if file_size is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))

    # Where no file may grow, a compiled module that Python writes would be cut off, and break whoever imports it next.
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    argv = [sys.executable, "-m", "innominatus_cli", *arguments]
    done = subprocess.run(argv, capture_output=True, timeout=LONGEST_SECONDS, check=False, preexec_fn=limit, env=env)
    return done.returncode, done.stderr.decode(), done.stdout.decode()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `case_name` is about every case."""
    if "case_name" in metafunc.fixturenames:
        metafunc.parametrize("case_name", names())


@pytest.fixture
def normaliser() -> Callable[[str, Path], str]:
    """The function that makes text of a case comparable."""
    return normalised


@pytest.fixture
def bad_case(case_name: str) -> Case:
    """The case that shows its code."""
    return bad_case_of(case_name)


@pytest.fixture
def good_twin(case_name: str) -> Case:
    """The same, mended."""
    return good_twin_of(case_name)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, circumstances: Mapping[str, Circumstance]) -> Stage:
    """An empty folder to play a case in."""
    folder = tmp_path / "shop"
    folder.mkdir()
    return Stage(folder, monkeypatch, circumstances)
