"""Unit tests are of pure rooms: no process is started and no socket opened; checks of many files do without, too."""

import os
import socket
import subprocess

import pytest

from innominatus_cli.operations import many_files


@pytest.fixture(autouse=True)
def pure_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails the test that starts a process or opens a socket."""

    def refuse(*_args: object, **_kwargs: object) -> None:
        pytest.fail("a unit test started a process or opened a socket")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr(os, "posix_spawn", refuse)
    monkeypatch.setattr(os, "fork", refuse)
    monkeypatch.setattr(many_files, "can_fork", lambda: False)
    monkeypatch.setattr(socket, "create_connection", refuse)
