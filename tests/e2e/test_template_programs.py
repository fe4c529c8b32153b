"""The programs that templates of applications bring, each started for real, as its container would be."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from innominatus_cli.operations.creation.templates import application_templates
from tests.e2e.conftest import Workshop

LONGEST_SECONDS = 60
GO_CACHE = os.environ.get("GOCACHE", str(Path.home() / ".cache" / "go-build"))
"""Found before a test has a home folder of its own: the standard library is compiled once."""
PROGRAMS = {"node": "node", "python": "python3", "go": "go", "java": "java"}


def languages(template: str) -> list[str]:
    return list(application_templates()[template].manifest.flavours)


class Program:
    """The program of an application in apps/reports: its container's command and variables, on a port of its own."""

    def __init__(self, repository: Workshop, language: str) -> None:
        self._folder = repository.folder / "apps/reports"
        score: dict[str, Any] = yaml.safe_load((self._folder / "score.yaml").read_text())
        (self.container,) = score["containers"].values()
        self._port = free_port()
        variables = {**self.container.get("variables", {}), "PORT": str(self._port), "PAUSE_SECONDS": "1"}
        self.process = subprocess.Popen(
            [found(language), *map(self._here, self._command()[1:])],
            env={**os.environ, **variables, "DATABASE": str(self._folder / "api.db"), "GOCACHE": GO_CACHE},
            cwd=self._folder,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def answers(self, path: str, data: bytes | None = None) -> tuple[int, str]:
        """The status and the text of an answer, as soon as there is one."""
        end = time.monotonic() + LONGEST_SECONDS
        while True:
            assert self.process.poll() is None, "the program ended"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", data, 5) as told:
                    return told.status, told.read().decode()
            except urllib.error.HTTPError as refused:
                with refused:
                    return refused.code, refused.read().decode()
            except OSError:
                assert time.monotonic() < end, "the program never answered"
                time.sleep(0.1)

    def stops(self) -> None:
        """Asks the program to end, as Kubernetes does, and waits for it."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(LONGEST_SECONDS)

    def close(self) -> None:
        """Ends what is left of it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def _command(self) -> list[str]:
        crontab = self.container["files"].get("/etc/crontabs/root")
        if crontab is None:
            return list(self.container["command"])
        line = str(crontab["content"])
        assert line.startswith("0 3 * * * ")
        assert line.endswith(" >/proc/1/fd/1 2>&1\n")
        return line.removeprefix("0 3 * * * ").removesuffix(" >/proc/1/fd/1 2>&1\n").split()

    def _here(self, word: str) -> str:
        return str(self._folder / Path(word).name) if word.startswith("/app/") else word


def found(language: str) -> str:
    """The program that runs a language; skips without it, fails without it in CI."""
    program = shutil.which(PROGRAMS[language])
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{language} is missing")
        pytest.skip(f"{language} is not here")
    return program


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def started(repository: Workshop, language: str) -> Iterator[Program]:
    program = Program(repository, language)
    try:
        yield program
    finally:
        program.close()


@pytest.fixture
def repository(workshop: Workshop) -> Workshop:
    assert workshop("init").status == 0
    return workshop


def new(repository: Workshop, template: str, language: str) -> None:
    found(language)
    made = repository("new", "application", "reports", "--template", template, "--language", language)
    assert made.status == 0, made.all


@pytest.mark.parametrize("language", languages("web-service"))
def test_a_web_service_answers_its_probe_and_stops(repository: Workshop, language: str) -> None:
    new(repository, "web-service", language)
    with started(repository, language) as program:
        assert program.answers(program.container["readinessProbe"]["httpGet"]["path"]) == (200, "ok\n")
        assert program.answers("/") == (200, "Hello\n")
        assert program.answers("/nothing")[0] == 404
        program.stops()


@pytest.mark.parametrize("language", languages("worker"))
def test_a_worker_works_until_it_is_stopped(repository: Workshop, language: str) -> None:
    new(repository, "worker", language)
    with started(repository, language) as program:
        assert program.process.stdout is not None
        assert [program.process.stdout.readline() for _ in range(2)] == ["working\n", "working\n"]
        program.stops()


@pytest.mark.parametrize("language", languages("scheduled-job"))
def test_a_job_of_the_crontab_runs_to_its_end(repository: Workshop, language: str) -> None:
    new(repository, "scheduled-job", language)
    with started(repository, language) as program:
        assert program.process.communicate(timeout=LONGEST_SECONDS)[0] == "the job is done\n"
        assert program.process.returncode == 0


@pytest.mark.parametrize("language", languages("api-with-database"))
def test_an_api_keeps_what_it_is_told(repository: Workshop, language: str) -> None:
    new(repository, "api-with-database", language)
    if language == "node" and not has_sqlite(found("node")):
        pytest.skip("this node has no node:sqlite; that of the image has")
    note = "a 'note'; DROP TABLE notes"
    with started(repository, language) as program:
        assert json.loads(program.answers("/healthz")[1]) == {"status": "ok"}
        status, added = program.answers("/notes", note.encode())
        assert (status, json.loads(added)) == (201, {"id": 1, "text": note})
        assert program.answers("/nothing")[0] == 404
        program.stops()
    with started(repository, language) as program:
        assert json.loads(program.answers("/notes")[1]) == [{"id": 1, "text": note}]


def has_sqlite(node: str) -> bool:
    return subprocess.run([node, "-e", "require('node:sqlite')"], capture_output=True, check=False).returncode == 0
