"""The documentation is held to the code: links resolve, commands exist, whole examples validate."""

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from innominatus_cli.cli.main import COMMANDS, command_line
from innominatus_cli.findings.catalogue.policy import NOT_ON_ALLOW_LIST
from innominatus_cli.step_types.catalogue import STEP_TYPES
from tests.integration.drivers.page_examples import EXECUTED, steps

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^ *```(?P<language>\S*)[^\n]*\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
COMPLETE = re.compile(r"<!-- complete: (?P<path>\S+) -->\n```yaml\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"innominatus-ctl(?P<rest>(?: +[^\s`|;&#)]+)+)")


def shown(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors that a forge makes of headings, and those that are written."""
    text = prose(page)
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}
    return frozenset(slugs | set(re.findall(r'<a (?:id|name)="([^"]+)"', text)))


def relative_links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for link in LINK.finditer(prose(page)):
            if not re.match(r"[a-z]+:", link["target"]):
                yield page, link["target"]


def test_every_relative_link_leads_to_a_file_and_a_heading() -> None:
    broken = []
    for page, target in relative_links():
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(f"{shown(page)}: {target}")

    assert broken == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        targets = (link["target"].partition("#")[0] for link in LINK.finditer(prose(page)))
        files = ((page.parent / target).resolve() for target in targets if target and not re.match(r"[a-z]+:", target))
        waiting += [file for file in files if file.suffix == ".md" and file.is_file()]

    unreached = {page for page in PAGES if page not in seen and page.name != "template.md"}
    assert sorted(map(shown, unreached)) == []


def calls() -> Iterator[tuple[str, list[str]]]:
    """The command lines in code, inline and in blocks, by page."""
    for page in PAGES:
        blocks = [f["text"] for f in FENCE.finditer(page.read_text(encoding="utf-8")) if f["language"] != "mermaid"]
        spans = re.findall(r"`([^`\n]+)`", prose(page))
        for call in CALL.finditer("\n".join([*blocks, *spans])):
            yield shown(page), call["rest"].split()


def find_command(words: list[str]) -> tuple[click.Command | None, list[str]]:
    """The command that the words name, and what is left of them."""
    command: click.Command = command_line
    with click.Context(command_line) as context:
        while isinstance(command, click.Group) and words and words[0][0].islower():
            below = command.get_command(context, words[0])
            if below is None:
                return None, words
            command, words = below, words[1:]
    return command, words


def test_the_docs_name_no_command_and_no_option_that_does_not_exist() -> None:
    wrong = []
    for page, words in calls():
        if not re.fullmatch(r"[a-z][a-z-]*", words[0]):
            continue
        command, rest = find_command(words)
        if command is None:
            wrong.append(f"{page}: innominatus-ctl {' '.join(words)}")
            continue
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        known |= {"-h", "--help"}
        ours = rest[: rest.index("--")] if "--" in rest else rest
        used = {word.partition("=")[0] for word in ours if re.fullmatch(r"--?[a-z][a-z-]*(=.*)?", word)}
        wrong += [f"{page}: innominatus-ctl {' '.join(words)}: {option}" for option in sorted(used - known)]

    assert wrong == []


def test_the_page_of_commands_has_every_command_and_option() -> None:
    page = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")

    for name in COMMANDS:
        command, _ = find_command([name])
        assert command is not None
        section = page.partition(f"\n## {name}\n")[2]
        assert section, f"{name} has no section: run python -m innominatus_cli.cli.commands_page"
        missing = [option for parameter in command.params for option in parameter.opts if option.startswith("-")]
        own = section.partition("\n## ")[0]
        assert [option for option in missing if option not in own] == [], name


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_yaml_block_is_yaml(page: Path) -> None:
    if page.name == "findings.md":
        return  # its examples are wrong on purpose; tests/cases holds them
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        if block["language"] == "yaml":
            list(yaml.safe_load_all(block["text"]))


def complete_examples() -> list[tuple[str, str, str]]:
    return [
        (shown(page), example["path"], example["text"])
        for page in PAGES
        for example in COMPLETE.finditer(page.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("page", "path", "text"), complete_examples(), ids=lambda value: str(value)[:60])
def test_a_whole_example_of_the_docs_validates_without_an_error(
    tmp_path: Path, page: str, path: str, text: str
) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(ROOT / "workflows", repository / "workflows")
    shutil.copy(ROOT / "admin-config.yaml", repository)
    others = {other: body for where, other, body in complete_examples() if where == page}  # they may call each other
    for other, body in {**others, path: text}.items():
        (repository / other).parent.mkdir(parents=True, exist_ok=True)
        (repository / other).write_text(body, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(repository)], check=True, timeout=60)

    checked = subprocess.run(
        [sys.executable, "-m", "innominatus_cli", "validate", path],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert checked.returncode == 0, f"{page}: {checked.stdout}{checked.stderr}"
    told = set(re.findall(r"ORC-[0-9]{4}", checked.stdout + checked.stderr))
    assert told <= {NOT_ON_ALLOW_LIST.number}, f"{page}: {checked.stdout}{checked.stderr}"


def test_there_are_whole_examples_to_check() -> None:
    assert len(complete_examples()) >= 4


def keys_of(schema: dict[str, Any]) -> Iterator[str]:
    """Every key that a document of this schema may have, however deep."""
    for part in [schema, *schema.get("$defs", {}).values()]:
        yield from part.get("properties", {})


def test_the_page_of_admin_config_names_every_key() -> None:
    schema = json.loads((ROOT / "schemas/admin-config.schema.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")

    assert [key for key in sorted(set(keys_of(schema))) if not re.search(rf"\b{key}\b", page)] == []


def examples_that_a_test_opens(file: Path, name: str) -> set[object]:
    """The step types whose page the test of that name reads: what it gives to `page` or `steps`."""
    module = ast.parse(file.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value.value
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    tests = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert len(tests) == 1, f"{file.name} has no test {name}"
    calls = [node for node in ast.walk(tests[0]) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    given = [call.args[0] for call in calls if getattr(call.func, "id", "") in {"page", "steps"} and call.args]
    named = [constants.get(one.id) for one in given if isinstance(one, ast.Name)]
    return {*named, *(one.value for one in given if isinstance(one, ast.Constant))}


@pytest.mark.parametrize("step_type", sorted(STEP_TYPES))
def test_the_first_example_of_a_step_type_s_page_is_run_by_a_test(step_type: str) -> None:
    first = steps(step_type)
    assert step_type in {step["type"] for step in first}, "the first example has no step of the type"
    assert step_type in EXECUTED, "add the test that runs the page's first example to page_examples.EXECUTED"
    file, _, name = EXECUTED[step_type].partition("::")
    opened = examples_that_a_test_opens(ROOT / "tests" / "integration" / "drivers" / file, name)
    assert step_type in opened, f"{name} does not open the page of {step_type}"
