"""What differs from run to run becomes a fixed word, and nothing else does."""

import os
import pwd
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

RUN = "01JQ4Z6W8YB2M3N4P5Q6R7S8T9"


@pytest.fixture
def normalised(tmp_path: Path, normaliser: Callable[[str, Path], str]) -> Callable[[str], str]:
    return lambda text: normaliser(text, tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"run {RUN}: deploy", "run <run>: deploy"),
        (f".innominatus/runs/shop/dev/2026-11/{RUN}.json", ".innominatus/runs/shop/dev/<month>/<run>.json"),
        (f"digest sha256:{'a1' * 32}", "digest <digest>"),
        (f"refs {'0f' * 20} here", "refs <commit> here"),
        ("  plan    0123456789ab", "  plan    <digest>"),
        ("  commit  0123456789ab on refs/heads/main", "  commit  <commit> on refs/heads/main"),
        ("since 2026-11-20T10:11:12.345Z)", "since <time>)"),
        ("check/look … ok 1.2s: well", "check/look … ok <time>: well"),
        ("check/look … TIMED OUT 0.0s", "check/look … TIMED OUT <time>"),
        ("shop in development: failed (1 failed; 450ms)", "shop in development: failed (1 failed; <time>)"),
        ("shop in development: failed (1 failed; 2m5s)", "shop in development: failed (1 failed; <time>)"),
        ("(run x, pid 4711 on machine-1, since y)", "(run x, pid <pid> on <host>, since y)"),
    ],
)
def test_what_differs_becomes_a_word(text: str, expected: str, normalised: Callable[[str], str]) -> None:
    assert normalised(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "   12 |       timeout: 1s",
        "it ran longer than 1s",
        "score.yaml:9:5: error ORC-4013: resource 'db'",
        "maxWorkflowDuration is 10m",
        "version 2.20.1 is too old (90s)",
    ],
)
def test_what_a_person_wrote_stays(text: str, normalised: Callable[[str], str]) -> None:
    assert normalised(text) == text


def test_folders_and_this_machine_become_words(tmp_path: Path, normalised: Callable[[str], str]) -> None:
    user, host = pwd.getpwuid(os.getuid()).pw_name, socket.gethostname()
    text = f"{tmp_path}/.git and {os.environ['HOME']}/x by '{user} <{user}@{host}>'"
    assert normalised(text) == "<repository>/.git and <home>/x by '<user> <<user>@<host>>'"
