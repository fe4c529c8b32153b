"""Runs the tests of a mutant. What no mutant touches is imported once: a mutant costs a fork and the tests at its line.

Each worker has a copy of the sources, so that processes that tests start see the mutant too.
"""

import contextlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from tests.faults.warm import build_models

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "innominatus_cli"
_FAILS = 1
_OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-o", "timeout=0", "-W", "ignore:Module already imported")


class Change(Protocol):
    """A mutant: its line and the whole text of its module."""

    @property
    def line(self) -> int:
        """Where the change is."""

    @property
    def text(self) -> str:
        """The module with the change."""


def make_tree(folder: Path) -> Path:
    """A copy of what tests need."""
    for name in (PACKAGE, "tests", "schemas", "docs"):
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", PACKAGE, "tests"], cwd=folder, env=environment, check=True
    )
    return folder


def covering_tests(tree: Path, module: str, tests: Sequence[str]) -> Mapping[int, Sequence[str]] | None:
    """By line of the module: the tests that come by, in their own process; None where tests fail.

    A line that is also executed while the module is imported, or only by another process, has none here: all count.
    """
    data = tree / ".coverage"
    (tree / "coveragerc").write_text(f"[run]\ndata_file = {data}\nbranch = false\n")
    argv = [
        sys.executable, "-m", "pytest", *_OPTIONS, f"--cov={PACKAGE}", "--cov-config=coveragerc", "--cov-context=test",
        "--cov-report=", "--cov-fail-under=0", *tests,
    ]  # fmt: skip
    environment = {**_environment(tree), "PYTHONPATH": str(tree)}
    if subprocess.run(argv, cwd=tree, env=environment, capture_output=True, check=False).returncode:
        return None
    from coverage import CoverageData

    read = CoverageData(str(data))
    read.read()
    contexts = read.contexts_by_lineno(str(tree / PACKAGE / module))
    return {
        line: () if "" in names else tuple(sorted({name.partition("|")[0] for name in names}))
        for line, names in contexts.items()
    }


def killed_in(
    tree: Path,
    module: str,
    tests: Sequence[str],
    covering: Mapping[int, Sequence[str]],
    mutants: Sequence[Change],
    patience: float,
) -> list[bool]:
    """Which of the mutants the tests notice, in the order given: also those that take more than `patience` seconds."""
    (tree / "mutants.json").write_text(json.dumps([[one.line, one.text] for one in mutants]))
    (tree / "covering.json").write_text(json.dumps(covering))
    argv = [sys.executable, "-m", "tests.mutation.killers", module, str(patience), *tests]
    environment = {**_environment(tree), "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(argv, cwd=tree, env=environment, stdout=subprocess.PIPE, check=True)
    outcomes: list[bool] = json.loads(done.stdout.splitlines()[-1])
    return outcomes


def _environment(tree: Path) -> dict[str, str]:
    """What tests write goes beside the tree: into memory, where that is."""
    temporary = tree.with_name(f"{tree.name}-tmp")
    temporary.mkdir(exist_ok=True)
    return {**os.environ, "TMPDIR": str(temporary)}


def _worker(module: str, patience: float, tests: Sequence[str]) -> list[bool]:
    covering = {int(line): named for line, named in json.loads(Path("covering.json").read_text()).items()}
    path = Path(PACKAGE, module)
    original = path.read_text(encoding="utf-8")
    _import_what_stays(f"{PACKAGE}.{module.removesuffix('.py').replace('/', '.')}", tests)
    if _in_a_child(lambda: _status(tests), 600):
        raise SystemExit(f"the tests of {module} fail where nothing is changed")
    outcomes = []
    for line, text in json.loads(Path("mutants.json").read_text()):
        named = covering.get(line)
        if named is None:
            outcomes.append(False)
            continue
        path.write_text(text, encoding="utf-8")
        outcomes.append(_in_a_child(partial(_status, named or tests), patience) != 0)
        path.write_text(original, encoding="utf-8")
    return outcomes


def _status(tests: Sequence[str]) -> int:
    import pytest

    return int(pytest.main([*_OPTIONS, *tests]))


def _import_what_stays(mutated: str, tests: Sequence[str]) -> None:
    """Imports all that the tests import, but for the mutated module and whatever imports that."""
    names = Path("names.json")

    def collect() -> int:
        import pytest

        status = int(pytest.main([*_OPTIONS, "--collect-only", *tests]))
        names.write_text(json.dumps([name for name in sys.modules if not name.startswith(("_pytest", "tests"))]))
        return status

    _in_a_child(collect, 600)
    importlib.import_module("pytest")
    with _without(mutated):
        for name in json.loads(names.read_text()):
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        build_models()


@contextlib.contextmanager
def _without(name: str) -> Iterator[None]:
    """Makes every import of the module fail."""
    vars(sys)["modules"][name] = None
    try:
        yield
    finally:
        del sys.modules[name]


def _in_a_child(work: Callable[[], int], seconds: float) -> int:
    """The status that `work` ends with in a fork of this process; not 0 where it takes longer."""
    child = os.fork()
    if child == 0:
        status = _FAILS
        try:
            os.setsid()
            void = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(void, fd)
            status = work()
        finally:
            os._exit(status)
    until = time.monotonic() + seconds
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return _FAILS
        time.sleep(0.01)


if __name__ == "__main__":
    print(json.dumps(_worker(sys.argv[1], float(sys.argv[2]), sys.argv[3:])))
