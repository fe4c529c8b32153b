"""What every test has: a quiet world of its own, and the corpus where it is there."""

import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.tools import programs

ROOT = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("INNOMINATUS_CORPUS", ROOT.parent / "shared" / "corpus"))


# No test fails for being slow: other tests and their servers run beside it.
settings.register_profile("beside others", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("beside others")

BUILT_TOOLS = programs.link()
"""The folder that `.ci/tools` prints."""
PIP_CACHE = Path(os.environ.get("PIP_CACHE_DIR", Path.home() / ".cache" / "pip"))
"""Found before a test has a home folder of its own."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """As many workers as cores, yet no more than eight: each may start servers of its own."""
    return min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves tests of Python code out where its modules are compiled, as in `.ci/compiled`."""
    found = find_spec("innominatus_cli.checks.checking")
    if found is None or str(found.origin).endswith(".py"):
        return
    for item in items:
        if item.get_closest_marker("interpreted") is not None:
            item.add_marker(pytest.mark.skip("these modules are compiled"))


@pytest.fixture(scope="session", autouse=True)
def signals_arrive() -> None:
    """A suite in the background, or under nohup, was started with signals ignored; what tests start would be too."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


@pytest.fixture(autouse=True)
def quiet_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No colour, no user's git configuration, UTC, a home folder of the test's own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PIP_CACHE_DIR", str(PIP_CACHE))
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in [key for key in os.environ if key.startswith(("GIT_AUTHOR", "GIT_COMMITTER", "GIT_DIR", "GIT_WORK"))]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """A command in this process lets garbage lie: what tests leave behind, open files too, is to go all the same."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that a test starts are as a user's: coverage, which loads modules of its own, stays out of them."""
    for name in [key for key in os.environ if key.startswith("COV")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository of the project itself."""
    return ROOT


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real and hostile inputs with expected verdicts; skips without them, fails without them in CI."""
    if not CORPUS.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the corpus is missing: {CORPUS}")
        pytest.skip("the corpus is not here (set INNOMINATUS_CORPUS)")
    return CORPUS


@pytest.fixture(scope="session")
def tool() -> Callable[[str], Path]:
    """Finds a program that tests start for real: one that `.ci/tools` built, or one on PATH.

    Skips without it, fails without it in CI.
    """

    def find(name: str) -> Path:
        built = BUILT_TOOLS / name
        found = str(built) if built.is_file() else shutil.which(name)
        if found is None:
            if os.environ.get("CI") == "true":
                pytest.fail(f"{name} is missing: run .ci/tools")
            pytest.skip(f"{name} is not here (.ci/tools builds most of them)")
        return Path(found)

    return find
