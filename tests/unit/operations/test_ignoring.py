"""What is ignored, by whom and until when; and which ignores are findings themselves."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from innominatus_cli.checks import repository
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.operations.checking import CheckRequest, check
from innominatus_cli.operations.ignoring import Judging, without_ignored
from innominatus_cli.operations.validation import Validation, validate
from innominatus_cli.reports.findings_json import findings_document
from innominatus_cli.reports.findings_text import summary_text
from innominatus_cli.system.clock import SystemClock

ADMIN = "admin: {{defaultCostCenter: shop}}\nvalidation:\n  ignores:\n{}"
ENTRY = '    - {{code: {}, path: "{}", reason: the registry pins tags{}}}\n'
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: web-shop}
containers:
  web: {image: "registry.example.com/web-shop:latest"}
  log: {image: "registry.example.com/log:latest"}
"""
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: scan, description: Scans, owner: platform-team, phase: deployment}
spec:
  triggers: [all_deployments]
  steps:
    - name: scan
      type: script
      config: {script: make scan}
"""


class StillClock(SystemClock):
    def __init__(self, day: str) -> None:
        self.day = datetime.fromisoformat(day).replace(tzinfo=UTC)

    def now(self) -> datetime:
        return self.day


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _told(found: Validation) -> list[tuple[str, int]]:
    return [(one.code.number, one.place.line) for one in found.findings]


def _commented(line: int, comment: str) -> str:
    lines = SCORE.splitlines()
    lines[line - 1] += f"  # innominatus: {comment}"
    return "\n".join(lines) + "\n"


def test_a_comment_ignores_its_own_line_only(here: Path) -> None:
    _write(here / "score.yaml", _commented(4, "ignore ORC-2089 -- pinned by the registry"))
    found = check(CheckRequest(("score.yaml",)))
    assert _told(found) == [("ORC-2089", 5)]
    assert [(one.by, one.reason, one.until, one.finding.place.line) for one in found.suppressed] == [
        ("comment", "pinned by the registry", "", 4)
    ]


def test_a_comment_above_ignores_the_next_line_and_a_comment_at_the_top_the_file(here: Path) -> None:
    above = SCORE.replace("  log:", "  # innominatus: ignore ORC-2089 -- pinned\n\n  # more\n  log:")
    _write(here / "score.yaml", above)
    assert _told(check(CheckRequest(("score.yaml",)))) == [("ORC-2089", 4)]
    _write(here / "score.yaml", f"# innominatus: ignore-file ORC-2089, ORC-1021 -- pinned\n{SCORE}")
    found = check(CheckRequest(("score.yaml",)))
    assert (_told(found), len(found.suppressed)) == ([("ORC-1074", 1)], 2)
    assert "ORC-1021" in found.findings[0].message


def test_text_that_looks_like_a_comment_ignores_nothing(here: Path) -> None:
    inside = 'metadata: {name: web-shop, annotations: {note: "x\n   # innominatus: ignore-file ORC-2089 -- no"}}'
    _write(here / "score.yaml", SCORE.replace("metadata: {name: web-shop}", inside))
    assert _told(check(CheckRequest(("score.yaml",)))) == [("ORC-2089", 5), ("ORC-2089", 6)]


def test_a_comment_above_a_script_covers_what_is_found_inside_of_it(here: Path) -> None:
    folded = WORKFLOW.replace(
        "config: {script: make scan}", "config:\n        script: |\n          a\n          ${steps.nope.outputs.x}"
    )
    _write(here / "workflows/platform/scan.yaml", folded)
    plain = _told(check(CheckRequest(("workflows",))))
    assert [line for _, line in plain] == [12]
    code = plain[0][0]
    comment = f"        # innominatus: ignore {code} -- known\n        script"
    _write(here / "workflows/platform/scan.yaml", folded.replace("        script", comment))
    assert _told(check(CheckRequest(("workflows",)))) == []


@pytest.mark.parametrize(("day", "shown"), [("2027-01-31", []), ("2027-02-01", ["ORC-1072", "ORC-2089"])])
def test_an_ignore_holds_until_the_end_of_its_last_day(here: Path, day: str, shown: list[str]) -> None:
    only = SCORE.replace('  log: {image: "registry.example.com/log:latest"}\n', "")
    _write(here / "score.yaml", f"# innominatus: ignore-file ORC-2089 until 2027-01-31 -- pinned\n{only}")
    found = check(CheckRequest(("score.yaml",)), StillClock(day))
    assert [code for code, _ in _told(found)] == shown
    assert [one.until for one in found.suppressed] == (["2027-01-31"] if not shown else [])


def test_admin_config_ignores_by_code_and_glob(here: Path) -> None:
    _write(here / "admin-config.yaml", ADMIN.format(ENTRY.format("ORC-2089", "apps/**", ', until: "2999-12-31"')))
    _write(here / "apps/a/score.yaml", SCORE)
    _write(here / "other/score.yaml", SCORE)
    found = check(CheckRequest())
    assert {one.place.path for one in found.findings} == {"other/score.yaml"}
    assert {(one.by, one.until, one.place.path, one.place.line) for one in found.suppressed} == {
        ("admin-config", "2999-12-31", "admin-config.yaml", 4)
    }


def test_an_entry_of_admin_config_is_held_to_its_use_only_where_everything_is_checked(here: Path) -> None:
    _write(here / "admin-config.yaml", ADMIN.format(ENTRY.format("ORC-2001", "apps/**", "")))
    _write(here / "apps/score.yaml", SCORE.replace("latest", "1.0.0"))
    assert _told(check(CheckRequest())) == [("ORC-1074", 4)]
    assert _told(check(CheckRequest(("apps", "admin-config.yaml")))) == []


def test_what_is_wrong_with_an_entry_is_told_where_its_file_is_checked(here: Path) -> None:
    entries = ENTRY.format("ORC-2098", "**", ', until: "2020-01-31"') + ENTRY.format("ORC-1999", "**", "")
    _write(here / "admin-config.yaml", ADMIN.format(entries + ENTRY.format("ORC-2089", "**", ', until: "2027-02-31"')))
    _write(here / "score.yaml", SCORE.replace("latest", "1.0.0"))
    assert _told(check(CheckRequest(("admin-config.yaml",)))) == [("ORC-1072", 4), ("ORC-1073", 5), ("ORC-1070", 6)]
    assert _told(check(CheckRequest(("score.yaml",)))) == []


def test_an_entry_without_a_reason_is_refused_by_the_schema_and_ignores_nothing(here: Path) -> None:
    _write(here / "admin-config.yaml", ADMIN.format('    - {code: ORC-2089, path: "**"}\n'))
    _write(here / "score.yaml", SCORE)
    assert [code for code, _ in _told(check(CheckRequest()))] == ["ORC-1034", "ORC-2089", "ORC-2089"]


def test_where_another_revision_judges_comments_ignore_no_policy_and_nothing_that_guards(here: Path) -> None:
    _write(here / "admin-config.yaml", "workflowPolicies: {allowedStepTypes: [kubernetes]}\n")
    comment = "  # innominatus: ignore ORC-4004, ORC-2009, ORC-2018 -- we need it"
    text = WORKFLOW.replace("type: script", f"type: script{comment}").replace(
        "make scan}", "make scan}\n      dependsOn: [no]"
    )
    _write(here / "workflows/platform/scan.yaml", text)
    found = validate([])
    here_and_now = without_ignored(found, Judging(date(2026, 12, 1)))
    assert "ORC-4004" not in {code for code, _ in _told(here_and_now)}
    elsewhere = without_ignored(found, Judging(date(2026, 12, 1), policies_from="origin/main"))
    refused = [one.message for one in elsewhere.findings if one.code.number == "ORC-1075"]
    assert [message.split()[0] for message in refused] == ["ORC-2018", "ORC-4004"]
    assert "origin/main judges" in refused[0]
    assert "ORC-4004" in {code for code, _ in _told(elsewhere)}


def test_what_documents_get_wrong_together_is_not_missed_where_one_file_is_checked(here: Path) -> None:
    _write(here / "admin-config.yaml", "admin: {defaultCostCenter: shop}\n")
    ignored = WORKFLOW.replace("metadata", "# innominatus: ignore ORC-2008 -- replaced next week\nmetadata")
    _write(here / "workflows/platform/scan.yml", ignored)
    assert _told(check(CheckRequest(("workflows/platform/scan.yml",)))) == []
    assert _told(check(CheckRequest())) == [("ORC-1074", 3)]
    _write(here / "workflows/platform/scan.yaml", WORKFLOW)
    assert _told(check(CheckRequest())) == [("ORC-1062", 0)]  # the two files have one name


def test_the_codes_of_rules_over_repositories_are_those_that_the_rules_name() -> None:
    numbers = list(every_code())
    named: set[str] = set()
    for rule in repository.RULES:
        said = (rule.__doc__ or "").partition(":")[0].replace(",", " ").split()
        for position, word in enumerate(said):
            if word == "to":
                named |= {one for one in numbers if said[position - 1] <= one <= said[position + 1]}
            elif word.startswith("ORC-"):
                named.add(word)
    assert named == repository.CODES


def test_a_file_that_could_not_be_read_to_its_end_is_not_held_to_its_ignores(here: Path) -> None:
    _write(here / "score.yaml", f"# innominatus: ignore-file ORC-2089 -- pinned\n{SCORE}x: [\n")
    assert [code for code, _ in _told(check(CheckRequest(("score.yaml",))))] == ["ORC-1009"]


def test_the_summary_and_the_data_tell_what_was_ignored(here: Path) -> None:
    _write(here / "score.yaml", _commented(4, "ignore ORC-2089 until 2999-12-31 -- pinned"))
    found = check(CheckRequest(("score.yaml",)))
    assert summary_text(found.findings, found.files, found.suppressed) == "1 file checked: 1 warning (1 ignored)"
    data = findings_document(found.findings, found.files, found.suppressed)
    assert data["summary"]["suppressed"] == 1
    assert data["suppressed"][0]["code"] == "ORC-2089"
    assert data["suppressed"][0]["suppression"] == {
        "by": "comment",
        "reason": "pinned",
        "until": "2999-12-31",
        "path": "score.yaml",
        "line": 4,
        "column": 57,
        "end_line": 4,
        "end_column": 113,
        "pointer": "",
    }
