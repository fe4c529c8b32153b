"""The same no-op steps, with the same needs, as files of the programs that `bench_run.py` compares with.

Each starts the program `true` for each step, two at a time (just: one after another, for it has no limit to set), and
records no more than it needs to know what it has done. `true` has its path where a shell would not start it otherwise.
What cannot be had here is left out.
"""

import shutil
from collections.abc import Callable, Sequence

from tests.benchmarks import peers

Needs = Sequence[Sequence[int]]
"""The numbers of the steps that each step needs."""
MAKE_NAME = "make -j2"
MAKE = ["make", "-s", "-j2"]
TRUE = shutil.which("true") or "/bin/true"
DOIT = """\
DOIT_CONFIG = {{"default_tasks": ["all"], "verbosity": 0, "dep_file": ".doit", "backend": "json"}}
NEEDS = {needs}


def task_step():
    for step, needs in enumerate(NEEDS):
        yield {{"name": str(step), "actions": [["true"]], "task_dep": [f"step:{{need}}" for need in needs]}}


def task_all():
    return {{"actions": None, "task_dep": [f"step:{{step}}" for step in range(len(NEEDS))]}}
"""
LUIGI = """\
import os
import subprocess

import luigi

NEEDS = {needs}


class Step(luigi.Task):
    number = luigi.IntParameter()

    def requires(self):
        return [Step(need) for need in NEEDS[self.number]]

    def output(self):
        return luigi.LocalTarget(os.path.join("done", str(self.number)))

    def run(self):
        subprocess.run(["true"], check=True)
        with self.output().open("w"):
            pass


class All(luigi.WrapperTask):
    def requires(self):
        return [Step(step) for step in range(len(NEEDS))]
"""


def makefile(needs: Needs) -> str:
    names = " ".join(f"s{step}" for step in range(len(needs)))
    rules = (f"s{step}: {' '.join(f's{need}' for need in of)}\n\t@true\n" for step, of in enumerate(needs))
    return f".PHONY: all {names}\nall: {names}\n" + "".join(rules)


def build_ninja(needs: Needs) -> str:
    steps = (f"build s{step}: step {' '.join(f's{need}' for need in of)}\n" for step, of in enumerate(needs))
    return f"rule step\n  command = {TRUE}\n" + "".join(steps)


def justfile(needs: Needs) -> str:
    names = " ".join(f"s{step}" for step in range(len(needs)))
    steps = (f"s{step}: {' '.join(f's{need}' for need in of)}\n    @{TRUE}\n" for step, of in enumerate(needs))
    return f"all: {names}\n" + "".join(steps)


def taskfile(needs: Needs) -> str:
    names = ", ".join(f"s{step}" for step in range(len(needs)))
    steps = (
        f"  s{step}:\n    deps: [{', '.join(f's{need}' for need in of)}]\n    cmds: ['{TRUE}']\n"
        for step, of in enumerate(needs)
    )
    return f"version: '3'\nsilent: true\nrun: once\ntasks:\n  all:\n    deps: [{names}]\n" + "".join(steps)


FILES: dict[str, Callable[[Needs], str]] = {
    "Makefile": makefile,
    "build.ninja": build_ninja,
    "justfile": justfile,
    "Taskfile.yml": taskfile,
    "dodo.py": lambda needs: DOIT.format(needs=needs),
    "steps.py": lambda needs: LUIGI.format(needs=needs),
}


def files(needs: Needs) -> dict[str, str]:
    """The texts of the files, by name."""
    return {name: text(needs) for name, text in FILES.items()}


def commands() -> dict[str, list[str]]:
    """The command lines of those that are here, make first."""
    found = {MAKE_NAME: MAKE}
    programs = peers.runners()
    if programs is not None:
        found["ninja -j2"] = [str(programs / "ninja"), "-j2", "--quiet"]
        found["just"] = [str(programs / "just"), "all"]
        found["go-task -C 2"] = [str(programs / "task"), "-C", "2", "all"]
        found["doit -n2"] = [str(programs / "doit"), "-n", "2", "-P", "thread"]
        luigi = ["-m", "luigi", "--module", "steps", "All", "--local-scheduler", "--workers", "2"]
        found["luigi"] = [str(programs / "python"), *luigi, "--log-level", "ERROR"]
    return found
