"""The programs of tools.toml, which tests start for real: built or installed once a version, outside of the repository.

As a program (`.ci/tools [TOOL…]`) it builds what is missing, of all tools or of those named, and prints the folder that
holds the programs. A tool's folder is named by what pins it, so that a change of one tool rebuilds that one alone; the
folder printed holds links. Standard library only: it runs before anything is installed.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
LINKER = "-s -w"
NEEDS = {"go": ("go",), "npm": ("npm", "node"), "maven": ("mvn", "java"), "python": (), "debian": ("apt-get", "dpkg")}
"""What must be on PATH for each kind of tool."""


CACHE = Path(
    os.environ.get("INNOMINATUS_TEST_TOOLS")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "innominatus-test-tools"
)
"""The folder of all tools of all versions, found before a test has a home folder of its own."""


class Tool(NamedTuple):
    """One entry of tools.toml: programs of one build.

    Attributes:
        name: The name, also that of its folder below go/, npm/ or python/.
        kind: "go", "npm", "python", "maven" or "debian".
        entry: What tools.toml says.
        key: Digest of everything that pins the tool.
    """

    name: str
    kind: str
    entry: dict[str, Any]
    key: str

    @property
    def pins(self) -> Path:
        """The folder of its pins (none for Maven and Debian: coordinates and packages stand in tools.toml)."""
        return HERE / self.kind / self.name

    @property
    def folder(self) -> Path:
        """Where it is built."""
        return CACHE / f"{self.name}-{self.key}"

    def is_complete(self) -> bool:
        """Whether all of it was built."""
        return (self.folder / "complete").is_file()

    @property
    def programs(self) -> dict[str, Path]:
        """Every program by name."""
        if self.kind == "go":
            return {name: self.folder / "bin" / name for name in self.entry["go"]}
        if self.kind == "python":
            return {name: self.folder / "venv" / "bin" / name for name in self.entry["python"]}
        base = self.folder / "node_modules" if self.kind == "npm" else self.folder
        named = self.entry["npm"] if self.kind == "npm" else self.entry["programs"]
        return {name: base / path for name, path in named.items()}


def _key(name: str, kind: str, entry: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps([name, entry], sort_keys=True).encode())
    if kind == "python":
        digest.update(f"{sys.version_info.major}.{sys.version_info.minor}".encode())
    for file in sorted((HERE / kind / name).glob("*")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def tools() -> list[Tool]:
    """All of tools.toml, in its order."""
    found = []
    for name, entry in tomllib.loads((HERE / "tools.toml").read_text(encoding="utf-8")).items():
        kind = next(kind for kind in NEEDS if kind in entry)
        found.append(Tool(name, kind, entry, _key(name, kind, entry)))
    return found


def tool_named(name: str) -> Tool:
    """The tool of that name in tools.toml."""
    return next(tool for tool in tools() if tool.name == name)


def link() -> Path:
    """Puts a link to every program that is built into one folder, and returns it."""
    every = tools()
    together = hashlib.sha256("".join(tool.key for tool in every).encode()).hexdigest()[:12]
    folder = CACHE / f"programs-{together}"
    for tool in every:
        if not tool.is_complete():
            continue
        for name, program in tool.programs.items():
            place = folder / name
            if place.is_symlink() and place.readlink() == program:
                continue
            folder.mkdir(parents=True, exist_ok=True)
            fresh = folder / f".{name}.{os.getpid()}"  # by rename: another process may be doing the same
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(program)
            fresh.replace(place)
    return folder


def _run(argv: list[str | Path], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        argv,
        check=False,
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        text=True,
        capture_output=True,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise RuntimeError(f"{' '.join(map(str, argv))} exited with {done.returncode}: {said[-3000:]}")
    return done.stdout


def _build_go(tool: Tool) -> None:
    said = (tool.pins / "go.mod").read_text(encoding="utf-8")
    module: str = tool.entry.get("module", "")
    version = ""
    if module:
        pinned = re.search(rf"^(?:require)?\s+{re.escape(module)} v(\S+)", said, re.MULTILINE)
        if pinned is None:
            raise RuntimeError(f"go.mod does not require {module}")
        version = pinned[1]
    variables = tool.entry.get("variables", {})
    flags = [LINKER, *(f"-X {name}={value.format(version=version)}" for name, value in variables.items())]
    tags = ["-tags", ",".join(tool.entry["tags"])] if "tags" in tool.entry else []
    for name, package in tool.entry["go"].items():
        target = tool.folder / "bin" / name
        _run(
            ["go", "build", "-trimpath", f"-ldflags={' '.join(flags)}", *tags, "-o", target, package],
            tool.pins,
            GOWORK="off",
            GOFLAGS="-buildvcs=false -mod=readonly",
        )
    for name, path in tool.entry.get("files", {}).items():
        root = Path(_run(["go", "list", "-m", "-f", "{{.Dir}}", module], tool.pins).strip())
        shutil.copytree(root / Path(path).relative_to(module), tool.folder / name, copy_function=shutil.copyfile)


def _build_npm(tool: Tool) -> None:
    shutil.copy(tool.pins / "package.json", tool.folder)
    quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    _run(["npm", "install", "--prefix", tool.folder, *quiet], tool.folder)


def _build_python(tool: Tool) -> None:
    venv = tool.folder / "venv"
    _run([sys.executable, "-m", "venv", venv], tool.folder)
    python = venv / "bin" / "python"
    pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    _run([*pip, f"--requirement={tool.pins / 'requirements.txt'}"], tool.folder)


def _build_maven(tool: Tool) -> None:
    quiet = ["--batch-mode", "--quiet", f"-Dartifact={tool.entry['maven']}", "-DoutputDirectory=."]
    _run(["mvn", "dependency:copy", *quiet], tool.folder)
    for archive in tool.folder.glob("*.tar.gz"):
        with tarfile.open(archive) as opened:
            opened.extractall(tool.folder, filter="data")
        archive.unlink()
    for program in tool.programs.values():
        program.chmod(0o755)


def _build_debian(tool: Tool) -> None:
    """Unpacks packages without installing them: no service is started, no root is needed."""
    _run(["apt-get", "--quiet", "download", *tool.entry["debian"]], tool.folder)
    for package in tool.folder.glob("*.deb"):
        _run(["dpkg", "--extract", package, tool.folder], tool.folder)
        package.unlink()


BUILDERS: dict[str, Callable[[Tool], None]] = {
    "go": _build_go,
    "npm": _build_npm,
    "python": _build_python,
    "maven": _build_maven,
    "debian": _build_debian,
}


def build(tool: Tool) -> str:
    """Builds one tool where it is missing; another process that builds the same is waited for.

    Returns:
        Why the tool could not be built; empty when it is there.
    """
    if tool.is_complete():
        return ""
    lacking = [program for program in NEEDS[tool.kind] if shutil.which(program) is None]
    if lacking:
        return f"{tool.name} ({', '.join(tool.programs) or 'packages'}) needs {' and '.join(lacking)}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{tool.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if tool.is_complete():
            return ""
        started = time.monotonic()
        shutil.rmtree(tool.folder, ignore_errors=True)  # half of one, of a build that was interrupted
        tool.folder.mkdir(parents=True)
        try:
            BUILDERS[tool.kind](tool)
            gone = [name for name, program in tool.programs.items() if not os.access(program, os.X_OK)]
            if gone:
                return f"{tool.name}: the build made no {', '.join(gone)}"
        except (RuntimeError, OSError, tarfile.TarError) as failure:
            return f"{tool.name}: {failure}"
        (tool.folder / "complete").touch()
        print(f"{tool.name}: built in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return ""


def _build_all(wanted: Iterable[Tool]) -> list[str]:
    """Go's compiler keeps every core busy, what is only fetched does not: so two lanes, one for each."""
    failures: list[str] = []
    chosen = list(wanted)

    def lane(of_go: bool) -> None:
        for tool in chosen:
            if (tool.kind == "go") is of_go:
                failure = build(tool)
                if failure:
                    failures.append(failure)
                link()

    threads = [threading.Thread(target=lane, args=(of_go,)) for of_go in (True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def main(names: list[str]) -> int:
    """Builds what is missing and prints the folder of the programs.

    Args:
        names: Tools (or programs) to build; all when empty.

    Returns:
        0, or 1 when a tool could not be built: which, and why, stands on stderr.
    """
    every = tools()
    unknown = [name for name in names if not any(name == t.name or name in t.programs for t in every)]
    if unknown:
        print(f".ci/tools: unknown: {', '.join(unknown)}; known: {', '.join(t.name for t in every)}", file=sys.stderr)
        return 2
    failures = _build_all(t for t in every if not names or t.name in names or set(names) & set(t.programs))
    print(link())
    for failure in failures:
        print(f".ci/tools: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
