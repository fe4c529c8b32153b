"""The peers that benchmarks compare with, each installed once a version into a folder outside of the repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PYTHON_PEERS = ("yamale==6.1.0", "yamllint==1.38.0", "pykwalify==1.8.0", "check-jsonschema==0.37.2", "setuptools<80")
RUNNERS = ("ninja==1.13.2", "rust-just==1.59.0", "go-task-bin==3.54.0", "doit==0.37.0", "luigi==3.8.1")
"""Those that run steps; `bench_run.py` compares with them."""
NODE_PEER = "ajv-cli@5.0.0"
FLOOR = """\
#include <stdio.h>
#include <string.h>
#include <yaml.h>
int main(void) {
  char path[4096];
  while (fgets(path, sizeof path, stdin)) {
    path[strcspn(path, "\\n")] = 0;
    FILE *file = fopen(path, "rb");
    if (!file) return 1;
    yaml_parser_t parser;
    yaml_event_t event;
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_file(&parser, file);
    int type;
    do {
      if (!yaml_parser_parse(&parser, &event)) return 2;
      type = event.type;
      yaml_event_delete(&event);
    } while (type != YAML_STREAM_END_EVENT);
    yaml_parser_delete(&parser);
    fclose(file);
  }
  return 0;
}
"""
"""All events of the files whose paths stand on stdin: what no reader of YAML by libyaml can be faster than."""


def folder() -> Path:
    """Where peers are kept, as `.ci/tools` keeps its tools."""
    cache = os.environ.get("INNOMINATUS_TEST_TOOLS")
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return Path(cache or home / "innominatus-test-tools") / "peers"


def python_peers() -> Path | None:
    """The folder of the programs of `PYTHON_PEERS`, in an environment of their own; None where they cannot be had."""
    return _programs_of("python", PYTHON_PEERS)


def runners() -> Path | None:
    """The same of `RUNNERS`."""
    return _programs_of("runners", RUNNERS)


def _programs_of(name: str, packages: tuple[str, ...]) -> Path | None:
    venv = folder() / f"{name}-{sys.version_info.major}.{sys.version_info.minor}"
    if not (venv / "complete").exists():
        made = subprocess.run([sys.executable, "-m", "venv", str(venv)], check=False, capture_output=True)
        pip = [str(venv / "bin" / "pip"), "install", "--quiet", *packages]
        if made.returncode or subprocess.run(pip, check=False).returncode:
            return None
        (venv / "complete").touch()
    return venv / "bin"


def node_peer() -> Path | None:
    """The program ajv; None where npm cannot bring it."""
    place = folder() / "node"
    program = place / "node_modules" / ".bin" / "ajv"
    if not program.exists() and shutil.which("npm"):
        place.mkdir(parents=True, exist_ok=True)
        npm = ["npm", "install", "--prefix", str(place), "--no-audit", "--no-fund", "--loglevel=error", NODE_PEER]
        subprocess.run(npm, check=False, stdout=subprocess.DEVNULL)
    return program if program.exists() else None


def event_floor() -> Path | None:
    """The C program of `FLOOR`; None without a compiler or libyaml's headers."""
    program = folder() / "libyaml-events"
    if not program.exists() and shutil.which("cc"):
        program.parent.mkdir(parents=True, exist_ok=True)
        source = program.with_suffix(".c")
        source.write_text(FLOOR, encoding="utf-8")
        subprocess.run(["cc", "-O2", "-o", str(program), str(source), "-lyaml"], check=False, stderr=subprocess.DEVNULL)
    return program if program.exists() else None
