"""What every test has: a quiet world of its own, and the corpus where it is there."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("INNOMINATUS_CORPUS", ROOT.parent / "shared" / "corpus"))


@pytest.fixture(autouse=True)
def quiet_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No colour, no user's git configuration, UTC, a home folder of the test's own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in [key for key in os.environ if key.startswith(("GIT_AUTHOR", "GIT_COMMITTER", "GIT_DIR", "GIT_WORK"))]:
        monkeypatch.delenv(name)


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
