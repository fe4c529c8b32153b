"""`.ci/tools`: a tool is built once a version, and what cannot be built is said."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parents[1] / "tools" / "programs.py"


def _keys(folder: Path) -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("programs_of_a_test", folder / "programs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {tool.name: tool.key for tool in module.tools()}


def test_a_new_version_of_one_tool_rebuilds_that_one_alone(tmp_path: Path) -> None:
    folder = tmp_path / "tools"
    shutil.copytree(PROGRAMS.parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    before = _keys(folder)
    pins = folder / "npm" / "newman" / "package.json"
    pins.write_text(json.dumps({**json.loads(pins.read_text()), "version": "2.0.0"}))
    after = _keys(folder)
    assert [name for name in before if before[name] != after[name]] == ["newman"]


def test_a_machine_without_go_is_told_which_tools_need_it(tmp_path: Path) -> None:
    env = {"PATH": str(tmp_path / "no-programs"), "INNOMINATUS_TEST_TOOLS": str(tmp_path / "cache")}
    argv = [sys.executable, str(PROGRAMS), "helm", "newman"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert set(done.stderr.splitlines()) == {
        ".ci/tools: helm (helm) needs go",
        ".ci/tools: newman (newman) needs npm and node",
    }
    assert done.stdout.startswith(str(tmp_path / "cache"))


def test_a_name_that_is_no_tool_is_refused(tmp_path: Path) -> None:
    env = {"PATH": "", "INNOMINATUS_TEST_TOOLS": str(tmp_path)}
    done = subprocess.run([sys.executable, str(PROGRAMS), "hlem"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unknown: hlem; known: helm, etcd" in done.stderr
