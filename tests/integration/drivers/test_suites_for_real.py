"""`test` with real frameworks: pytest, node's own, newman and jest; and programs that lie."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.drivers.page_examples import steps

PYTEST = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
SKIPS = "import pytest\ndef test_good(): pass\n@pytest.mark.skip\ndef test_s(): pass\n"
GOOD = '<testsuite><testcase classname="a" name="b" time="0.5"/></testsuite>'
BAD = GOOD.replace("</testsuite>", '<testcase name="x"><failure/></testcase></testsuite>')


def test_a_suite_is_judged_by_its_report(run_step: Any, repository: Path) -> None:
    (repository / "test_shop.py").write_text("def test_good(): pass\ndef test_bad(): assert 1 == 2\n")
    result = run_step("test", {"framework": "pytest", "arguments": ["test_shop.py"]}, env=PYTEST)
    assert result.failure.code.number == "ORC-5462"
    assert "1 of 2 tests failed: test_shop.test_bad" in result.failure.message
    (repository / "test_shop.py").write_text(SKIPS)
    result = run_step("test", {"framework": "pytest", "arguments": ["test_shop.py"]}, env=PYTEST)
    assert result.failure is None
    assert {key: result.outputs[key] for key in ("tests", "failures", "skipped")} == {
        "tests": 2,
        "failures": 0,
        "skipped": 1,
    }


def test_a_node_suite_is_run(run_step: Any, repository: Path, tool: Callable[[str], Path]) -> None:
    env = {"PATH": f"{tool('node').parent}{os.pathsep}{os.environ['PATH']}"}
    (repository / "a.test.mjs").write_text(
        "import test from 'node:test'; import assert from 'node:assert';\n"
        "test('adds', () => assert.equal(1 + 1, 2)); test('breaks', () => assert.equal(1, 2));\n"
    )
    result = run_step("test", {"framework": "node", "arguments": ["a.test.mjs"]}, env=env)
    assert result.failure.code.number == "ORC-5462"
    assert "breaks" in result.failure.message


def test_a_collection_is_run_by_newman(run_step: Any, repository: Path, tool: Callable[[str], Path]) -> None:
    env = {"PATH": f"{tool('newman').parent}{os.pathsep}{os.environ['PATH']}"}
    script = ["pm.test('never', () => pm.expect(1).to.equal(2));"]
    item = {
        "name": "get",
        "request": {"method": "GET", "url": "http://127.0.0.1:1/"},
        "event": [{"listen": "prerequest", "script": {"exec": script}}],
    }
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    collection = {"info": {"name": "shop", "schema": schema}, "item": [item]}
    (repository / "shop.json").write_text(json.dumps(collection))
    result = run_step("test", {"framework": "newman", "arguments": ["shop.json"]}, env=env)
    assert result.failure.code.number in {"ORC-5462", "ORC-5103"}
    assert result.outputs.get("failures", 1) >= 1


JEST = """\
test('adds', () => expect(1 + 1).toBe(2));
test.skip('later', () => undefined);
"""


@pytest.fixture
def jest(repository: Path, tool: Callable[[str], Path]) -> dict[str, str]:
    """A project with jest and jest-junit, as `npm install` leaves it, and PATH with jest."""
    program = tool("jest")
    modules = next(folder for folder in program.resolve().parents if folder.name == "node_modules")
    (repository / "node_modules").symlink_to(modules)
    (repository / "package.json").write_text('{"name": "shop"}')
    return {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}


def test_a_jest_suite_is_judged_by_its_report(run_step: Any, repository: Path, jest: dict[str, str]) -> None:
    (repository / "cart.test.js").write_text(JEST)
    inputs = {"framework": "jest", "arguments": ["cart.test.js"]}
    result = run_step("test", inputs, env=jest)
    assert result.failure is None, result.failure
    assert {key: result.outputs[key] for key in ("tests", "failures", "skipped")} == {
        "tests": 2,
        "failures": 0,
        "skipped": 1,
    }
    assert result.tools[0].name == "jest"
    (repository / "cart.test.js").write_text(JEST.replace("toBe(2)", "toBe(3)"))
    result = run_step("test", inputs, env=jest)
    assert result.failure.code.number == "ORC-5462"
    assert "1 of 2 tests failed" in result.failure.message
    assert "adds" in result.failure.message
    (repository / "cart.test.js").write_text("nonsense(")
    assert run_step("test", inputs, env=jest).failure is not None
    (repository / "node_modules").unlink()
    assert run_step("test", inputs, env=jest).failure is not None


def test_a_missing_framework_is_named_and_one_that_hangs_is_stopped(run_step: Any, tmp_path: Path) -> None:
    inputs = {"framework": "jest", "arguments": ["a.test.js"]}
    assert run_step("test", inputs, env={"PATH": str(tmp_path)}).failure.code.number == "ORC-5102"
    (tmp_path / "jest").write_text('#!/bin/sh\n[ "$1" = --version ] && echo 30.0.0 && exit\nsleep 20\n')
    (tmp_path / "jest").chmod(0o755)
    env = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    result = run_step("test", inputs, env=env, timeout_seconds=2)
    assert (result.failure.code.number, result.outputs) == ("ORC-5103", {})


def test_the_example_of_the_page_runs(run_step: Any, repository: Path) -> None:
    [step] = steps("test")
    (repository / "tests" / "contracts").mkdir(parents=True)
    (repository / "tests" / "contracts" / "test_cart.py").write_text("def test_cart(): pass\n")
    assert run_step("test", step["config"], env=PYTEST).outputs["tests"] == 1


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("true", "ORC-5463", "it was not written"),
        ("echo '<testsuite/>' > report.xml", "ORC-5463", "no test ran"),
        ("echo 'no xml' > report.xml", "ORC-5463", "it is no XML"),
        ("echo '<!DOCTYPE a [<!ENTITY b \"c\">]><testsuite/>' > report.xml", "ORC-5463", "declares entities"),
        ("echo '<html/>' > report.xml", "ORC-5463", "its root is 'html'"),
        (
            f"echo '{BAD}' > report.xml",
            "ORC-5462",
            "1 of 2 tests failed: x",
        ),
        (f"echo '{GOOD}' > report.xml; exit 3", "ORC-5103", "exit status 3"),
        ("exit 3", "ORC-5103", "exit status 3"),
    ],
)
def test_a_program_that_says_it_is_well_is_not_believed(run_step: Any, script: str, code: str, words: str) -> None:
    result = run_step("test", {"script": script, "report": "report.xml"})
    assert result.failure.code.number == code
    assert words in result.failure.message


def test_the_report_of_an_earlier_run_does_not_count(run_step: Any, repository: Path) -> None:
    (repository / "report.xml").write_text(GOOD)
    result = run_step("test", {"script": "true", "report": "report.xml"})
    assert result.failure.code.number == "ORC-5463"


def test_a_program_of_ones_own_writes_where_it_is_told(run_step: Any) -> None:
    result = run_step("test", {"script": f"echo '{GOOD}' > $INNOMINATUS_TEST_REPORT"})
    assert result.failure is None
    assert result.outputs == {"tests": 1, "failures": 0, "skipped": 0, "seconds": 0.5}


def test_a_report_outside_is_refused(run_step: Any) -> None:
    assert run_step("test", {"script": "true", "report": "../r.xml"}).failure.code.number == "ORC-5104"
