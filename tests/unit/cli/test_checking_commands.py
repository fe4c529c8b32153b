"""`check`, `explain` and `schema`, and the options that `check` and `validate` share."""

import json
from pathlib import Path

import pytest
import yaml

from innominatus_cli.cli.main import run
from innominatus_cli.documents.schemas import schema_named, schema_names
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.reports.formats import FORMATS
from tests.standards.github_runner import commands

BAD = "apiVersion: score.dev/v1b1\nmetadata: {name: shop}\n"
GOOD = f"{BAD}containers: {{web: {{image: 'shop:1.0.0'}}}}\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "apps/shop").mkdir(parents=True)
    (tmp_path / "score.yaml").write_text(BAD, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "apps/shop")
    return tmp_path


def test_check_looks_at_the_whole_repository_from_any_folder(
    repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "-o", "table"]) == 1
    assert "score.yaml:1:1    error       ORC-1034" in capfd.readouterr().out
    assert repository.is_dir()


def test_reports_are_written_beside_the_answer(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", "-o", "json", "--report", "sarif=out/a.sarif", "--report", "text=b.txt"]
    assert run(arguments) == 1
    assert json.loads(capfd.readouterr().out)["summary"]["errors"] == 1
    sarif = json.loads((repository / "apps/shop/out/a.sarif").read_text(encoding="utf-8"))
    assert sarif["runs"][0]["results"][0]["ruleId"] == "ORC-1034"
    assert "error ORC-1034" in (repository / "apps/shop/b.txt").read_text(encoding="utf-8")


def test_a_step_of_github_actions_gets_a_summary(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(repository / "summary.md"))
    (repository / "summary.md").write_text("before\n", encoding="utf-8")
    assert run(["check", "-o", "github"]) == 1
    assert capfd.readouterr().out.startswith("::error file=score.yaml,line=1,col=1,")
    summary = (repository / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith("before\n### innominatus-ctl")
    assert "| ORC-1034 |" in summary


def test_a_summary_that_cannot_be_written_fails_no_check(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (repository / "score.yaml").write_text(GOOD, encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(repository / "score.yaml/summary.md"))
    assert run(["check", "-o", "github"]) == 0
    assert "ORC-1061" in capfd.readouterr().err


def test_a_summary_leaves_room_for_what_the_step_wrote_before(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = repository / "summary.md"
    summary.write_bytes(b"x" * (1024 * 1024 - 50))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert run(["check", "-o", "github"]) == 1
    assert summary.stat().st_size <= 1024 * 1024


@pytest.mark.parametrize("output", ["text", "table"])
def test_on_a_runner_text_begins_no_command(
    output: str, repository: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (repository / "::error::x ##[add-mask]e score.yaml").write_text(f"{BAD}# ##[debug]x\n", encoding="utf-8")
    monkeypatch.chdir(repository)
    names = ["::error::x ##[add-mask]e score.yaml", "::no-such-file"]
    assert run(["validate", "-o", output, *names]) == 1
    assert list(commands(capfd.readouterr().out)) != []
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run(["validate", "-o", output, *names]) == 1
    told = capfd.readouterr()
    assert list(commands(told.out + told.err)) == []
    assert "ORC-1034" in told.out


def test_forges_get_paths_from_the_root_of_the_checkout(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (repository / "platform").mkdir()
    (repository / "platform/admin-config.yaml").write_text("environments: {}\n", encoding="utf-8")
    (repository / "platform/score.yaml").write_text(BAD, encoding="utf-8")
    monkeypatch.chdir(repository / "platform")
    run(["check", "-o", "github"])
    assert "::error file=platform/score.yaml,line=1" in capfd.readouterr().out
    run(["check", "-o", "gitlab"])
    assert json.loads(capfd.readouterr().out)[0]["location"]["path"] == "platform/score.yaml"
    run(["check", "-o", "sarif"])
    (result,) = json.loads(capfd.readouterr().out)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "platform/score.yaml"
    run(["check"])
    told = capfd.readouterr().out
    assert told.startswith("score.yaml:1:1: error ORC-1034")
    assert "    1 | apiVersion" in told
    run(["validate", "../score.yaml", "-o", "github"])
    assert "::error file=score.yaml,line=1" in capfd.readouterr().out


def test_strict_is_told_to_the_format_that_says_what_failed(
    repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (repository / "score.yaml").write_text(GOOD.replace(":1.0.0", ""), encoding="utf-8")
    assert run(["check", "-o", "junit"]) == 0
    assert 'failures="0"' in capfd.readouterr().out
    assert run(["check", "-o", "junit", "--strict"]) == 1
    assert 'failures="1"' in capfd.readouterr().out


@pytest.mark.parametrize("report", ["sarif", "sarif=", "banana=x", "=x"])
def test_a_report_without_format_or_file_is_wrong_usage(
    repository: Path, report: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "--report", report]) == 2
    assert "FORMAT=FILE" in capfd.readouterr().err
    assert [path.name for path in (repository / "apps/shop").iterdir()] == []


def test_a_report_that_no_disk_takes_is_status_73(repository: Path) -> None:
    assert run(["check", "--report", f"json={repository}/score.yaml/x"]) == 73


@pytest.mark.parametrize("name", ["ORC-2001", "orc-2001", "2001"])
def test_a_code_is_explained_however_it_is_written(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", name]) == 0
    text = capfd.readouterr().out
    assert text.startswith("ORC-2001 (error, exit status 1): Two steps of a workflow share a name\n")
    assert "What to do: Give each step" in text
    assert "        - name: build\n" in text
    assert "error ORC-2001: step 'build' is already defined" in text
    assert text.endswith("See docs/reference/findings.md#orc-2001\n")


def test_every_code_can_be_explained(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", *every_code(), "-o", "json"]) == 0
    assert [one["code"] for one in json.loads(capfd.readouterr().out)] == list(every_code())


def test_an_unknown_code_is_wrong_usage_with_the_nearest(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "ORC-20011"]) == 2
    assert "'ORC-2001'" in capfd.readouterr().err


def test_several_codes_are_explained_each_once(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "2001", "orc-4003", "ORC-2001"]) == 0
    text = capfd.readouterr().out
    assert [line for line in text.splitlines() if line.startswith("ORC-")] == [
        f"ORC-2001 (error, exit status 1): {every_code()['ORC-2001'].title}",
        f"ORC-4003 (error, exit status 3): {every_code()['ORC-4003'].title}",
    ]


@pytest.mark.parametrize("word", ["shop", "score.yaml", "12ab", "./2001"])
def test_a_word_that_is_no_code_is_told_how_codes_look(word: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", word]) == 2
    assert f"'{word}' is no code like ORC-2017" in capfd.readouterr().err


def test_explaining_nothing_is_wrong_usage(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain"]) == 2
    assert "--list" in capfd.readouterr().err


def test_an_explanation_is_data_with_its_example(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "2018", "-o", "yaml"]) == 0
    (code,) = yaml.safe_load(capfd.readouterr().out)
    assert code["block"] == "workflow"
    assert code["exit_status"] == 1
    assert code["example"]["command"] == "innominatus-ctl validate"
    assert "script: login --token" in code["example"]["source"]
    assert "error ORC-2018:" in code["example"]["says"]


def listed(capfd: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The codes that `explain` lists with these arguments, as a table."""
    assert run(["explain", *arguments]) == 0
    return [line.split()[0] for line in capfd.readouterr().out.splitlines()[2:]]


def test_codes_are_listed_by_words_block_and_severity(capfd: pytest.CaptureFixture[str]) -> None:
    everything = listed(capfd, "--list")
    assert everything == list(every_code())
    assert listed(capfd, "--list", "warning", "OWNER", "asked when") == ["ORC-2021"]
    policies = listed(capfd, "--block", "policy")
    assert policies == [number for number in everything if number.startswith("ORC-4")]
    warnings = listed(capfd, "--severity", "warning")
    assert set(listed(capfd, "--block", "policy", "--severity", "warning")) == set(policies) & set(warnings) != set()
    assert run(["explain", "--block", "banana"]) == 2
    assert run(["explain", "--list", "no", "such", "words-anywhere"]) == 0
    assert capfd.readouterr().out == "There is no such code.\n"


def test_a_list_of_codes_is_data_too(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "--list", "-o", "json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert [one["code"] for one in found] == list(every_code())
    assert "example" not in found[0]


@pytest.mark.parametrize("kind", ["ProductWorkflow", "workflow", "Workload", "step-types/script", "run-record.v1"])
def test_a_schema_is_printed_for_a_kind_a_file_and_a_step_type(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", kind]) == 0
    schema = json.loads(capfd.readouterr().out)
    assert schema["$schema"].startswith("https://json-schema.org/draft/2020-12")


def test_an_unknown_schema_is_wrong_usage_with_the_nearest(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "ProductWorkflw"]) == 2
    assert "ProductWorkflow" in capfd.readouterr().err
    assert run(["schema", "../secrets"]) == 2


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("productworkflow", "workflow"),
        ("policies", "workflow-policies"),
        ("plan", "plan.v1"),
        ("run-record", "run-record.v1"),
        ("findings", "findings.v1"),
        ("Golden-Path", "golden-path"),
    ],
)
def test_a_schema_has_the_names_that_people_use(name: str, file: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", name, "-o", "yaml"]) == 0
    schema = yaml.safe_load(capfd.readouterr().out)
    assert schema["$id"] == f"https://innominatus.dev/schemas/{file}.schema.json"


def test_schemas_are_listed_with_their_kinds(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "--list"]) == 0
    rows = {line.split()[0]: line for line in capfd.readouterr().out.splitlines()[2:]}
    assert "PlatformWorkflow, ProductWorkflow, Workflow" in rows["workflow"]
    files = [path.relative_to(root / "schemas").as_posix() for path in (root / "schemas").rglob("*.schema.json")]
    assert sorted(rows) == sorted(file.removesuffix(".schema.json") for file in files)
    assert run(["schema", "--list", "-o", "json"]) == 0
    listed = {one["name"]: one["id"] for one in json.loads(capfd.readouterr().out)}
    assert listed["step-types/script"] == "https://innominatus.dev/schemas/step-types/script.schema.json"


def test_every_name_that_is_offered_has_a_schema() -> None:
    assert [name for name in schema_names() if schema_named(name) is None] == []


def test_product_workflows_are_checked_in_every_format(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repository)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(repository / "summary.md"))
    (repository / "::error::x.yaml").write_text("kind: ProductWorkflow\n", encoding="utf-8")
    arguments = ["validate-product-workflow", "score.yaml", "::error::x.yaml", "-o"]
    for output in FORMATS:
        assert run([*arguments, output]) == 1
        told = capfd.readouterr()
        assert "ORC-2093" in told.out + told.err
        assert (told.err != "") is (output in {"text", "json", "yaml"})
    assert "ORC-2093" in (repository / "summary.md").read_text(encoding="utf-8")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    run([*arguments, "text"])
    told = capfd.readouterr()
    assert "::error::x.yaml:\n" in told.out
    assert list(commands(told.out)) == list(commands(told.err)) == []
    run([*arguments, "github"])
    assert {command.name for command in commands(capfd.readouterr().out)} <= {"error", "warning", "notice"}


@pytest.mark.parametrize("words", [["validate", ""], ["validate", "score.yaml", ""], ["validate-product-workflow", ""]])
def test_an_empty_path_is_no_folder(repository: Path, words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert repository.is_dir()
    assert run(words) == 2
    assert "a path is empty" in capfd.readouterr().err
