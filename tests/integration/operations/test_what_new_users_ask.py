"""What the records say after a mistyped environment or a killed run, `latest`, and the schema of what is listed."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from innominatus_cli.cli.main import run
from innominatus_cli.operations.history import open_ledger

SCORE = "apiVersion: score.dev/v1b1\nmetadata: {name: shop}\ncontainers: {web: {image: nginx}}\n"
ADMIN = """\
applications: [score.yaml]
policies: {allowedEnvironments: [development, staging, "preview-*"]}
workflowPolicies: {allowedStepTypes: [%s]}
"""
TASK = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: task, description: d, owner: o, phase: deployment}
spec:
  triggers: [manual]
  steps:
    - {name: first, type: script, idempotency: convergent, config: {script: "true"}}
    - name: second
      type: script
      idempotency: convergent
      config: {script: "if test -e .git/slow; then touch .git/going; sleep 300; fi"}
"""


@pytest.fixture
def shop(tree: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@shop.example")
    types = "kubernetes, script, resource-provisioning"
    files = {"admin-config.yaml": ADMIN % types, "score.yaml": SCORE, "workflows/platform/task.yaml": TASK}
    tree.commit(files)
    return tree


def shown(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    """Both streams of a command."""
    capsys.readouterr()
    found = run(list(arguments))
    out, err = capsys.readouterr()
    assert found == status, err + out
    return out, err


def environments(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Those that `status` lists."""
    return [row["environment"] for row in json.loads(shown(capsys, "status", "-o", "json")[0])["runs"]]


@pytest.mark.usefixtures("shop")
def test_a_mistyped_environment_that_was_refused_is_none_for_status(capsys: pytest.CaptureFixture[str]) -> None:
    shown(capsys, "run", "deploy-app", "score.yaml", "--env", "develpment", status=3)
    assert shown(capsys, "status")[0] == "Nothing has run yet.\n"
    assert shown(capsys, "status", "shop")[0] == "Nothing has run yet.\n"
    (listed,) = json.loads(shown(capsys, "list", "-o", "json")[0])["applications"]
    assert (listed["environments"], listed["last_run"]) == ([], None)
    (row,) = json.loads(shown(capsys, "history", "-o", "json")[0])["runs"]
    assert (row["environment"], row["status"]) == ("develpment", "refused"), "the refusal is told there"
    shown(capsys, "run", "deploy-app", "score.yaml", "--env", "development")
    assert environments(capsys) == ["development"]


def test_an_environment_that_there_is_stays_though_every_run_in_it_was_refused(
    shop: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.commit({"admin-config.yaml": ADMIN % "script"})
    for name in ("staging", "preview-7"):
        shown(capsys, "run", "deploy-app", "score.yaml", "--env", name, status=3)
    assert environments(capsys) == ["preview-7", "staging"]


def test_an_environment_that_is_not_allowed_any_more_stays_where_something_is_deployed(
    shop: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(capsys, "run", "deploy-app", "score.yaml", "--env", "staging")
    shop.commit({"admin-config.yaml": (ADMIN % "kubernetes").replace("staging, ", "")})
    shown(capsys, "run", "deploy-app", "score.yaml", "--env", "staging", status=3)
    assert environments(capsys) == ["staging"]


@pytest.mark.usefixtures("shop")
def test_without_interruptions_nobody_is_told_of_any(capsys: pytest.CaptureFixture[str]) -> None:
    shown(capsys, "deploy", "score.yaml")
    for command in (("status",), ("history",), ("list-resources",), ("drift", "shop"), ("preview", "score.yaml")):
        assert "interrupted" not in shown(capsys, *command)[1]


@pytest.fixture
def killed(shop: Any, capsys: pytest.CaptureFixture[str]) -> str:
    """The id of a run that was killed in its second step, behind a deployment of the same application."""
    shown(capsys, "deploy", "score.yaml")
    slow = shop.root / ".git" / "slow"
    slow.touch()
    argv = [sys.executable, "-m", "innominatus_cli", "run", "task", "score.yaml"]
    running = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (shop.root / ".git" / "going").exists():
        assert running.poll() is None
        time.sleep(0.05)
    slow.unlink()
    running.kill()
    running.wait(timeout=30)
    (run_id,) = open_ledger().state.open_runs()
    return run_id


def test_whatever_asks_about_a_killed_run_is_told_how_to_go_on(killed: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = (
        f"shop in development: run {killed} was interrupted and has no record yet; "
        f"`innominatus-ctl resume {killed}` goes on with it.\n"
    )
    asking = (
        ("status",), ("status", "shop"), ("history",), ("history", "shop", "--env", "development"), ("list-resources",),
        ("drift", "shop"), ("preview", "score.yaml", "--env", "development"),
    )  # fmt: skip
    for command in asking:
        assert line in shown(capsys, *command)[1], command
    for name in ("history", "list-resources"):
        assert "interrupted" not in shown(capsys, name, "--env", "staging")[1], name
    assert f"`innominatus-ctl resume {killed}`" in shown(capsys, "ledger", "show", "latest", status=1)[1]
    rows = json.loads(shown(capsys, "status", "-o", "json")[0])["runs"]
    assert (rows[0]["run"], rows[0]["status"]) == (killed, "interrupted")
    shown(capsys, "resume", killed)
    assert "interrupted" not in shown(capsys, "status")[1], "somebody went on with it"


def test_an_interrupted_run_with_a_record_is_told_until_another_one_follows(
    killed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(capsys, "run", "task", "--env", "staging")  # of nobody's application, and it writes the record
    assert f"run {killed} was interrupted; `innominatus-ctl resume {killed}`" in shown(capsys, "status", "shop")[1]
    shown(capsys, "deploy", "score.yaml")
    assert "interrupted" not in shown(capsys, "status")[1]


@pytest.mark.usefixtures("shop")
def test_latest_is_taken_wherever_a_run_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    shown(capsys, "deploy", "score.yaml")
    shown(capsys, "run", "task", "score.yaml")
    newest = json.loads(shown(capsys, "history", "-o", "json")[0])["runs"][0]["run"]
    assert json.loads(shown(capsys, "ledger", "show", "latest", "-o", "json")[0])["record"]["run"] == newest
    assert json.loads(shown(capsys, "logs", "latest", "-o", "json")[0])["run"] == newest
    audited = json.loads(shown(capsys, "audit", "search", "--run", "latest", "-o", "json")[0])
    assert {row["run"] for row in audited["rows"]} == {newest}
    shown(capsys, "resume", "latest")
    shown(capsys, "rollback", "latest", "--dry-run")
    shown(capsys, "rollback", "shop", "--to", "latest", "--dry-run")
    assert "latest" not in shown(capsys, "runs", "bisect", "shop", "--bad", "latest", status=1)[1]


@pytest.mark.usefixtures("shop")
def test_show_says_where_a_run_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    shown(capsys, "run", "task")
    assert "`innominatus-ctl ledger show latest`" in shown(capsys, "show", "latest", status=1)[1]
    assert "ledger show" not in shown(capsys, "show", "taks", status=1)[1]


@pytest.mark.usefixtures("shop")
def test_every_list_says_what_its_data_is(capsys: pytest.CaptureFixture[str]) -> None:
    shown(capsys, "deploy", "score.yaml")
    commands = {
        ("status",): "status",
        ("history",): "history",
        ("list",): "applications",
        ("list-products",): "products",
        ("list-product-workflows",): "product-workflows",
        ("list-goldenpaths",): "golden-paths",
        ("list-resources",): "resources",
        ("locks", "list"): "locks",
        ("ledger", "show", "latest"): "ledger-record",
        ("logs", "latest"): "logs",
        ("show", "task"): "workflow-shown",
        ("vendor", "list"): "workflow-sources",
        ("ledger", "adopt"): "ledger-adopt",
        ("provisioners", "list"): "provisioners",
        ("plan", "score.yaml"): "plan-report",
        ("approvals",): "approvals",
        ("audit", "search"): "audit",
        ("ledger", "sign", "--unsigned"): "ledger-sign",
        ("deprovision", "--expired", "--dry-run"): "expired",
        ("version",): "version",
    }
    said = {command: json.loads(shown(capsys, *command, "-o", "json")[0])["schema"] for command in commands}
    assert said == {command: f"innominatus.dev/{name}/v1" for command, name in commands.items()}
    page = (Path(__file__).parents[3] / "docs" / "reference" / "output-formats.md").read_text()
    assert [name for name in commands.values() if f"`{name}`" not in page] == []


def test_a_statement_is_never_about_another_branch_than_the_one_that_is_read(
    shop: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.git("checkout", "-q", "-b", "feature")
    for command in ("sign", "verify"):
        assert "this ledger is on 'feature'" in shown(capsys, "ledger", command, "--branch", "main", status=2)[1]
        shown(capsys, "ledger", command, "--branch", "feature", *(["--unsigned"] if command == "sign" else []))
    shop.git("checkout", "-q", "--detach")
    shown(capsys, "ledger", "verify", "--branch", "main")


def test_provisioners_name_who_gets_them(tree: Any, capsys: pytest.CaptureFixture[str]) -> None:
    database = TASK.replace(
        "    - {name: first, type: script, idempotency: convergent",
        "    - {name: orders, type: resource-provisioning, config: {resource: orders, resourceType: sqlite}}\n"
        "    - {name: first, type: script, idempotency: convergent",
    )
    definitions = "applications: [score.yaml]\nresourceDefinitions: {disk: volume}\n"
    tree.commit(
        {
            "admin-config.yaml": definitions,
            "score.yaml": f"{SCORE}resources: {{orders: {{type: sqlite}}, files: {{type: disk}}}}\n",
            "workflows/platform/task.yaml": database,
        }
    )
    rows = json.loads(shown(capsys, "provisioners", "list", "-o", "json")[0])["provisioners"]
    used = {row["type"]: row["used_by"] for row in rows if row["used_by"]}
    assert used == {"sqlite": ["shop", "task"], "volume": ["shop"]}
    assert {row["state"] for row in rows} == {"ready"}
    assert "used by     shop, task\n" in shown(capsys, "provisioners", "show", "sqlite")[0]


def test_what_never_runs_here_is_asked_by_nobody(tree: Any, capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: queue, description: d, owner: o, phase: pre-deployment}
spec:
  triggers: [all_deployments]
  steps:
    - name: make-queue
      type: kubernetes
      if: environment.name == 'production'
      config: {manifest: {apiVersion: v1, kind: ConfigMap, metadata: {name: queue}}}
"""
    tree.commit({"admin-config.yaml": "{}\n", "score.yaml": SCORE, "workflows/platform/queue.yaml": elsewhere})
    shown(capsys, "deploy", "score.yaml")
    for command in (("preview", "score.yaml"), ("drift", "shop")):
        asked = [line for line in shown(capsys, *command)[1].splitlines() if line.startswith("asked ")]
        assert asked == ["asked deployment/application/-/workload/deploy-application"], command


def test_status_says_how_to_go_on_with_a_run_that_waits(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    asks = ADMIN.replace("workflowPolicies: {", "workflowPolicies: {security: {requireApproval: [staging]}, ")
    shop.commit({"admin-config.yaml": asks % "kubernetes"})
    shown(capsys, "deploy", "score.yaml", "--env", "staging", status=6)
    out, err = shown(capsys, "status")
    waiting = out.split()[-1]
    assert err.startswith(f"shop in staging: run {waiting} waits; `innominatus-ctl resume {waiting}` says for what,")
    assert shown(capsys, "history")[1] == ""


def test_heads_statements_are_those_of_the_ledgers_remote(
    shop: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shop.git("init", "-q", "--bare", str(tmp_path / "up.git"))
    shop.git("remote", "add", "up", str(tmp_path / "up.git"))
    assert "no remote 'origin'" in shown(capsys, "ledger", "verify", "--fetch", status=69)[1]
    shop.commit({"admin-config.yaml": "ledger: {remote: up}\n"})
    shown(capsys, "ledger", "sign", "--unsigned", "--push")
    shown(capsys, "ledger", "verify", "--fetch")
    assert "refs/innominatus/heads" in shop.git("ls-remote", "up")


@pytest.mark.usefixtures("shop")
def test_an_empty_variable_of_a_script_leaves_no_lock_and_no_anchor_out(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (("run", "task", "--lock-remote", ""), ("locks", "--remote", ""), ("cancel", "x", "--remote", "")):
        assert "a remote has a name" in shown(capsys, *command, status=2)[1]
    assert "no commit is called ''" in shown(capsys, "ledger", "verify", "--head", "", status=1)[1]


def test_a_waiting_run_that_was_cancelled_waits_for_nobody(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    asks = ADMIN.replace("workflowPolicies: {", "workflowPolicies: {security: {requireApproval: [staging]}, ")
    shop.commit({"admin-config.yaml": asks % "kubernetes"})
    shown(capsys, "deploy", "score.yaml", "--env", "staging", status=6)
    assert len(json.loads(shown(capsys, "approvals", "-o", "json")[0])["gates"]) == 1
    shown(capsys, "cancel", "latest")
    out, err = shown(capsys, "status", "-o", "json")
    assert ([row["status"] for row in json.loads(out)["runs"]], err) == (["cancelled"], "")
    assert [row["status"] for row in json.loads(shown(capsys, "history", "-o", "json")[0])["runs"]] == ["cancelled"]
    assert shown(capsys, "approvals")[0] == "Nothing waits for an approval.\n"
    assert "ORC-6113" in shown(capsys, "approve", "latest", status=1)[1]


def test_a_waiting_run_that_another_one_goes_on_with_is_not_closed_in_its_place(
    shop: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    asks = ADMIN.replace("workflowPolicies: {", "workflowPolicies: {security: {requireApproval: [staging]}, ")
    shop.commit({"admin-config.yaml": asks % "kubernetes"})
    first = json.loads(shown(capsys, "deploy", "score.yaml", "--env", "staging", "-o", "json", status=6)[0])["record"]
    again = json.loads(shown(capsys, "resume", "latest", "-o", "json", status=6)[0])["record"]
    told = shown(capsys, "cancel", first["run"], status=1)[1]
    assert f"ORC-6113: run {first['run']} has ended: run {again['run']} went on with it" in told
    assert f"Cancel that one: {again['run']}." in told
    shown(capsys, "cancel", again["run"])
    assert shown(capsys, "approvals")[0] == "Nothing waits for an approval.\n"


@pytest.mark.usefixtures("shop")
def test_the_start_of_several_runs_is_told_as_that(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        shown(capsys, "run", "task")
    for command in ("cancel", "rollback", "resume", "approve"):
        assert "'01' is the start of 2 runs" in shown(capsys, command, "01", status=1)[1], command
    assert "there is no run 'nope'" in shown(capsys, "cancel", "nope", status=1)[1]


@pytest.mark.usefixtures("shop")
def test_locks_alone_takes_the_options_of_its_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(shown(capsys, "locks", "-o", "json")[0]) == {"schema": "innominatus.dev/locks/v1", "locks": []}
    said = shown(capsys, "locks", "-o", "json", "list", status=2)[1]
    assert "--output stands behind the subcommand: locks list --output" in said


@pytest.mark.usefixtures("shop")
def test_text_and_table_are_two_words_for_what_people_read(capsys: pytest.CaptureFixture[str]) -> None:
    shown(capsys, "run", "task")
    assert shown(capsys, "history", "-o", "text") == shown(capsys, "history", "-o", "table")
    assert shown(capsys, "ledger", "show", "latest", "-o", "table") == shown(capsys, "ledger", "show", "latest")


@pytest.mark.usefixtures("shop")
def test_resume_says_how_a_run_of_another_clone_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "is named by its whole id" in shown(capsys, "resume", "01JZZZ", status=1)[1]
    shown(capsys, "run", "task", "score.yaml")
    assert "`innominatus-ctl history shop` lists its runs" in shown(capsys, "resume", "shop", status=1)[1]


def test_a_dry_run_of_a_rollback_says_that_it_would_wait(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shown(capsys, "deploy", "score.yaml")
    asks = ADMIN.replace("workflowPolicies: {", "workflowPolicies: {security: {requireApproval: [development]}, ")
    shop.commit({"admin-config.yaml": asks % "kubernetes"})
    out = shown(capsys, "rollback", "shop", "--dry-run", status=6)[0]
    assert "It waits for an approval: no step would run before." in out
    assert "Policies refuse it" not in out


def test_rotate_asks_whose_secret_it_is(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shop.commit({"admin-config.yaml": "secrets: {key: {store: local, generate: true}}\n"})
    assert shown(capsys, "secrets", "rotate", "key", "--env", "staging", status=1)[1] == (
        "admin-config.yaml:1:16: error ORC-5289: secret 'key' of store 'local' is another one for each application\n"
        "  help: Say with --app whose is to be changed.\n"
    )


def test_rotate_makes_no_secret_for_a_mistyped_environment(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shop.commit({"admin-config.yaml": "secrets: {key: {store: local, generate: true}}\nenvironments: {staging: {}}\n"})
    assert shown(capsys, "secrets", "rotate", "key", "--app", "shop", "--env", "stagin", status=1)[1] == (
        "admin-config.yaml:1:16: error ORC-5289: environment 'stagin' is not defined in admin-config.yaml\n"
        "  help: Did you mean 'staging'?\n"
    )
    shown(capsys, "secrets", "rotate", "key", "--app", "shop", "--env", "staging")


def test_a_missing_secret_that_may_be_generated_says_what_generates_it(
    shop: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.commit({"admin-config.yaml": "secrets: {key: {store: local, generate: true}}\n"})
    assert "`innominatus-ctl secrets rotate key`" in shown(capsys, "secrets", "check", "--app", "shop", status=1)[1]


def test_a_secret_of_a_variable_is_given_to_vault_setup_as_its_message_says(
    shop: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", "a value of some length")
    admin = f"{ADMIN % 'vault-setup, kubernetes'}secrets: {{key: {{store: env, env: SHOP_KEY}}}}\n"
    script = '    - {name: first, type: script, idempotency: convergent, config: {script: "true"}}\n'
    bind = "    - name: first\n      type: vault-setup\n      config: {secrets: [key]}\n"
    task = TASK.partition("    - name: second")[0].replace(script, bind).replace("manual", "all_deployments")
    shop.commit({"admin-config.yaml": admin, "workflows/platform/task.yaml": task})
    told = shown(capsys, "deploy", "score.yaml", "--env", "staging", status=4)[1]
    (said,) = re.findall(r"give it to the step: `(env: .*)`", told)
    shop.commit({"workflows/platform/task.yaml": f"{task}      {said}\n"})
    shown(capsys, "deploy", "score.yaml", "--env", "staging")


@pytest.mark.usefixtures("shop")
def test_of_a_baseline_one_line_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "check", "--write-baseline", "known.json")[1] == "baseline written to known.json\n"


def test_a_score_file_outside_of_the_applications_is_told_as_that(
    shop: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is deployed by its path; what goes by the application's name looks among `applications`."""
    shown(capsys, "deploy", "score.yaml")
    shop.commit({"admin-config.yaml": (ADMIN % "kubernetes").replace("[score.yaml]", "[apps/*/score.yaml]")})
    told = "help: 'score.yaml' is there, and not among `applications` of admin-config.yaml: add it.\n"
    for command in ("deprovision", "redeploy"):
        assert shown(capsys, command, "shop", status=1)[1].endswith(told)


@pytest.mark.usefixtures("shop")
def test_a_dry_run_of_a_rollback_can_be_had_as_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    shown(capsys, "deploy", "score.yaml")
    asked = ("rollback", "shop", "--dry-run")
    as_json = json.loads(shown(capsys, *asked, "-o", "json")[0])
    assert yaml.safe_load(shown(capsys, *asked, "-o", "yaml")[0]) == as_json


@pytest.mark.usefixtures("shop")
def test_a_program_that_has_nothing_to_resume_gets_a_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    shown(capsys, "deploy", "score.yaml")
    for command in ("resume", "retry"):
        told = json.loads(shown(capsys, command, "latest", "-o", "json")[0])
        assert (told["schema"], told["exit_status"], told["record"]) == ("innominatus.dev/run-report/v1", 0, None)
        assert shown(capsys, command, "latest")[0] == ""
