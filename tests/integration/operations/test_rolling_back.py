"""`rollback` with the real drivers: what a run made is gone, what was there before stays, and nothing happens twice."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from innominatus_cli.cli.main import run
from innominatus_cli.system.state_folder import StateFolder

Told: TypeAlias = Callable[..., str]

ADMIN = """\
secrets:
  api-key: {store: local, generate: true}
"""
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: shop, annotations: {innominatus.dev/product: tea}}
containers:
  web:
    image: nginx:1.27
    variables: {DATABASE: "${resources.db.connection_string}"}
resources:
  db: {type: sqlite}
  data: {type: volume}
"""
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: ProductWorkflow
metadata: {name: fill, product: tea, description: d, owner: o, phase: post-deployment}
spec:
  triggers: [product_deployment]
  steps:
    - name: key
      type: vault-setup
      config: {secrets: [api-key]}
    - name: migrate
      type: database-migration
      config: {migrationsPath: migrations, connectionString: "${resources.db.connection_string}"}
    - name: greet
      type: script
      outputs: [id]
      config: {script: "echo hello >> $INNOMINATUS_STATE_DIR/log; echo OUTPUT_id=n7"}
      rollback: {script: "test ! -e stuck; echo bye ${steps.greet.outputs.id} >> $INNOMINATUS_STATE_DIR/log"}
    - name: last
      type: script
      config: {script: "test ! -e broken"}
      rollback: {script: "true"}
"""
SCAN = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: scan, description: d, owner: o, phase: pre-deployment}
spec:
  triggers: [all_deployments]
  steps:
    - {name: look, type: script, config: {script: "true"}, rollback: {script: "true"}}
"""
TABLE = "-- migrate:up\nCREATE TABLE {0} (x);\n-- migrate:down\nDROP TABLE {0};\n"
MANIFEST = ".innominatus/manifests/shop/development/deployment/application/workload/deploy-application.yaml"


@pytest.fixture
def shop(tree: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@shop.example")
    tree.commit(
        {
            "score.yaml": SCORE,
            "admin-config.yaml": ADMIN,
            "workflows/products/tea/fill.yaml": WORKFLOW,
            "migrations/1_teas.sql": TABLE.format("teas"),
            "migrations/2_cups.sql": TABLE.format("cups"),
        }
    )
    return tree


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Told:
    """What a command says, both streams; its exit status is asserted."""

    def call(*arguments: str, status: int = 0) -> str:
        found = run(arguments)
        out, err = capfd.readouterr()
        assert found == status, err + out
        return err + out

    return call


def state() -> Path:
    return StateFolder(Path(".git").resolve()).tool_state_dir("shop", "development")


def made() -> dict[str, Any]:
    """What exists: tables, resources, secrets, lines of the log, the manifest."""
    database = state() / "databases" / "db.db"
    tables = None
    if database.exists():
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE name IN ('teas', 'cups', 'pots')")
            tables = sorted(name for (name,) in names)
    log = state() / "log"
    return {
        "tables": tables,
        "volume": (state() / "volumes" / "data").is_dir(),
        "secret": (state() / "secrets" / "api-key").exists(),
        "log": log.read_text().split() if log.exists() else [],
        "manifest": Path(MANIFEST).exists(),
    }


def deploy(told: Told, *options: str, status: int = 0) -> str:
    """Deploys and gives the id of the run."""
    told("deploy", "score.yaml", *options, status=status)
    runs = json.loads(told("history", "shop", "-o", "json"))["runs"]
    return str(next(row["run"] for row in runs if row["kind"] == "run"))


NOTHING = {"tables": None, "volume": False, "secret": False, "log": ["hello", "bye", "n7"], "manifest": False}


def test_a_deployment_is_taken_back_and_a_second_rollback_has_nothing_left_to_do(shop: Any, told: Told) -> None:
    of = deploy(told)
    assert made() == {
        "tables": ["cups", "teas"], "volume": True, "secret": True, "log": ["hello"], "manifest": True,
    }  # fmt: skip
    told("rollback", "shop")
    assert made() == NOTHING
    assert f"Nothing is left to take back of run {of}" in told("rollback", of)
    assert "Nothing stands" in told("rollback", "shop")
    assert made() == NOTHING
    assert shop.git("status", "--porcelain") == ""
    assert shop.git("ls-files", MANIFEST) == ""
    assert "failed" not in told("ledger", "verify")


def test_the_record_and_the_history_say_what_was_rolled_back_by_which_run(shop: Any, told: Told) -> None:
    of = deploy(told)
    report = json.loads(told("rollback", "shop", "-o", "json").partition("run succeeded\n")[2])
    (one,) = report["rollbacks"]
    assert (one["record"]["kind"], one["record"]["rolls_back"], one["rolls_back"]) == ("rollback", of, of)
    back, first = json.loads(told("history", "shop", "-o", "json"))["runs"]
    assert (back["rolls_back"], first["rolled_back_by"]) == (of, back["run"])
    assert f"Innominatus-Rolls-Back: {of}" in shop.git("log", "-1", "--format=%B")
    assert "succeeded, rolled back" in told("history", "shop")
    assert "rollback" in told("status")


def test_only_what_the_run_made_is_taken_back(shop: Any, told: Told) -> None:
    deploy(told)
    first = made()
    text = Path(MANIFEST).read_text()
    shop.commit({"migrations/3_pots.sql": TABLE.format("pots"), "score.yaml": SCORE.replace("1.27", "1.28")})
    deploy(told)
    assert made()["tables"] == ["cups", "pots", "teas"]
    assert Path(MANIFEST).read_text() != text
    told("rollback", "shop")
    assert made() == {**first, "log": ["hello", "hello", "bye", "n7"]}
    assert Path(MANIFEST).read_text() == text
    assert shop.git("status", "--porcelain") == ""


def test_a_run_under_later_ones_is_refused_and_everything_behind_it_goes_with_to(shop: Any, told: Told) -> None:
    good = deploy(told)
    first = made()
    shop.commit({"migrations/3_pots.sql": TABLE.format("pots")})
    deploy(told)
    shop.commit({"score.yaml": SCORE.replace("1.27", "1.28")})
    deploy(told)
    assert "ORC-5244" in told("rollback", good, status=1)
    told("rollback", "shop", "--to", good)
    assert {**made(), "log": []} == {**first, "log": []}
    assert "Nothing stands" in told("rollback", "shop", "--to", good)


def test_the_half_done_run_is_rolled_back_at_once_where_asked_and_its_exit_status_stays(shop: Any, told: Told) -> None:
    shop.write("broken", "")
    deploy(told, "--rollback-on-failure", status=4)
    assert made() == NOTHING


def test_who_approved_a_run_has_approved_its_rollback_at_once(
    shop: Any, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates = "environments: {development: {teams: [ops]}}, resourceTypes: {sqlite: {teams: [ops]}}"
    teams = f"teams: {{ops: {{members: [bob@shop.example]}}}}\napprovals: {{unsigned: allow, {gates}}}\n"
    shop.commit({"admin-config.yaml": ADMIN + teams})
    shop.write("broken", "")
    text = told("deploy", "score.yaml", "--rollback-on-failure", status=6)
    waits = json.loads(told("history", "shop", "-o", "json"))["runs"][0]["run"]
    assert f"then run `innominatus-ctl resume {waits} --rollback-on-failure`" in text
    with monkeypatch.context() as bob:
        bob.setenv("GIT_AUTHOR_EMAIL", "bob@shop.example")
        told("approve", waits)
    text = told("resume", waits, "--rollback-on-failure", status=4)
    assert "ORC-5012" not in text
    assert made() == NOTHING


def test_a_run_that_was_rolled_back_is_not_gone_on_with(shop: Any, told: Told) -> None:
    Path("broken").touch()
    failed = deploy(told, "--rollback-on-failure", status=4)
    Path("broken").unlink()
    for command in ("resume", "retry"):
        said = told(command, failed, status=1)
        assert "ORC-5205" in said
        assert "has taken back what it did" in said
    assert made() == NOTHING
    told("deploy", "score.yaml")
    assert made()["log"] == ["hello", "bye", "n7", "hello"]
    assert shop


@pytest.mark.parametrize("where", ["workflow", "golden path"])
def test_a_workflow_or_golden_path_asks_for_a_rollback_on_failure(shop: Any, told: Told, where: str) -> None:
    if where == "workflow":
        asked = WORKFLOW.replace("  triggers", "  rollbackOnFailure: true\n  triggers")
        shop.commit({"workflows/products/tea/fill.yaml": asked})
        arguments = ["deploy", "score.yaml"]
    else:
        path = "apiVersion: workflow.dev/v1\nkind: GoldenPath\nmetadata: {name: careful}\n"
        path += "spec: {rollbackOnFailure: true}\n"
        shop.commit({"workflows/golden-paths/careful.yaml": path})
        arguments = ["run", "careful", "score.yaml"]
    shop.write("broken", "")
    assert "rolled back:" in told(*arguments, status=4)
    assert made() == NOTHING


def test_a_rollback_that_fails_is_told_loudly_and_goes_on_later_with_what_is_left(shop: Any, told: Told) -> None:
    shop.write("broken", "")
    shop.write("stuck", "")
    text = told("deploy", "score.yaml", "--rollback-on-failure", status=4)
    assert "ORC-5247" in text
    assert "ROLLBACK FAILED" in text
    assert made()["tables"] == ["cups", "teas"]
    Path("stuck").unlink()
    text = told("rollback", "shop")
    assert "undo-greet" in text
    assert "undo-last" not in text
    assert made() == NOTHING


def test_migrations_that_something_else_applied_on_top_stay_and_stop_the_rollback(shop: Any, told: Told) -> None:
    deploy(told)
    with closing(sqlite3.connect(state() / "databases" / "db.db", isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO innominatus_migrations (number, name, checksum) SELECT 3, 'pots', checksum "
            "FROM innominatus_migrations WHERE number = 1"
        )
    shop.write("migrations/3_pots.sql", TABLE.format("teas"))
    assert "ORC-5" in told("rollback", "shop", status=4)
    assert made()["tables"] == ["cups", "teas"]


@pytest.mark.usefixtures("shop")
def test_a_database_of_an_older_version_loses_nothing(told: Told) -> None:
    path = state() / "databases" / "db.db"
    path.parent.mkdir(parents=True, mode=0o700)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "CREATE TABLE innominatus_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
            "checksum TEXT NOT NULL, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
        )
    deploy(told)
    told("rollback", "shop")
    assert made()["tables"] == []


def test_after_the_rollback_of_the_first_deployment_the_next_one_is_the_first_again(shop: Any, told: Told) -> None:
    def first() -> bool:
        plan = json.loads(told("deploy", "score.yaml", "--dry-run", "-o", "json"))["plan"]
        return any(step["name"] == "seed" for step in plan["steps"])

    seed = WORKFLOW.replace("fill", "seed").replace("product_deployment", "first_deployment")
    shop.commit({"workflows/products/tea/seed.yaml": seed.partition("    - name: key")[0] + SEED})
    assert first()
    deploy(told)
    assert not first()
    told("rollback", "shop")
    assert first()
    deploy(told)
    assert not first()


SEED = '    - {name: seed, type: script, config: {script: "true"}, rollback: {script: "true"}}\n'


def test_what_is_said_of_a_step_names_it_as_elsewhere_and_a_step_that_there_is(shop: Any, told: Told) -> None:
    deploy(told)
    said = told("rollback", "shop", "--assume", "great=done", status=2)
    assert "ORC-5206" in said
    assert "has a step 'great'" in said
    told("rollback", "shop", "--assume", "undo-greet=done")
    assert made()["log"] == ["hello"]
    (record,) = [
        one
        for one in (json.loads(path.read_text()) for path in Path(".innominatus/runs").rglob("*.json"))
        if one["kind"] == "rollback"
    ]
    assert record["assumptions"] == [{"step": "post-deployment/product/tea/fill/undo-greet", "happened": "done"}]
    assert shop


def test_a_run_that_was_gone_on_with_goes_as_a_whole_and_what_was_there_before_is_deployed(
    shop: Any, told: Told
) -> None:
    def deployed() -> str:
        return str(json.loads(told("diff", "shop", "-o", "json"))["old"]["name"])

    def resumed() -> None:
        shop.write("broken", "")
        failed = deploy(told, status=4)
        Path("broken").unlink()
        told("resume", failed)
        told("retry", "latest", "--step", "greet")

    resumed()
    told("rollback", "shop")
    assert "nothing of 'shop' is deployed" in told("diff", "shop", status=1)
    (path,) = Path("workflows/products/tea").iterdir()
    shop.commit({str(path): path.read_text().replace("product_deployment", "first_deployment")})
    assert '"name": "greet"' in told("deploy", "score.yaml", "--dry-run", "-o", "json")
    good = deploy(told)
    assert good[:12] in deployed()
    shop.commit({str(path): path.read_text().replace("first_deployment", "product_deployment")})
    resumed()
    assert good[:12] not in deployed()
    told("rollback", "shop", "--to", good)
    assert good[:12] in deployed()


def test_a_run_that_another_one_went_on_with_is_taken_back_with_that_and_once(shop: Any, told: Told) -> None:
    shop.write("broken", "")
    failed = deploy(told, status=4)
    Path("broken").unlink()
    told("resume", failed)
    text = told("rollback", failed, status=1)
    assert "ORC-5244" in text
    assert "which went on with it: roll that back, and both are taken back" in text
    assert made()["log"] == ["hello"]
    told("rollback", "shop")
    assert f"Nothing is left to take back of run {failed}." in told("rollback", failed)
    assert made()["log"] == ["hello", "bye", "n7"]


def test_a_run_for_the_first_deployment_is_stale_once_another_one_has_deployed(shop: Any, told: Told) -> None:
    seed = WORKFLOW.replace("fill", "seed").replace("product_deployment", "first_deployment")
    shop.commit({"workflows/products/tea/seed.yaml": seed.partition("    - name: key")[0] + SEED})
    shop.write("broken", "")
    failed = deploy(told, status=4)
    Path("broken").unlink()
    good = deploy(told)
    text = told("resume", failed, status=5)
    assert f"ORC-5203: 'first_deployment' is no longer what the plan of run {failed} was made from" in text
    assert "run succeeded" in told("retry", good, "--step", "last")
    assert "seed" not in told("resume", failed, "--accept-changes")


def test_a_resumption_that_was_refused_goes_on_with_nothing(shop: Any, told: Told) -> None:
    shop.write("broken", "")
    failed = deploy(told, status=4)
    Path("broken").unlink()
    shop.git("checkout", "-q", "-b", "strict")
    shop.commit({"admin-config.yaml": f"{ADMIN}workflowPolicies: {{allowedStepTypes: [http]}}\n"})
    shop.git("checkout", "-q", "-")
    assert "ORC-4" in told("resume", failed, "--policies-from", "strict", status=3)
    text = told("resume", "latest", status=1)
    assert "it was refused before its first step" in text
    assert f"Go on with the run that it was to go on with: {failed}." in text
    assert f"Rollback of {failed}" in told("rollback", "shop", "--dry-run")
    assert "run succeeded" in told("resume", failed)


@pytest.mark.parametrize("then", ["deploy score.yaml", "rollback shop"])
def test_a_rollback_is_not_gone_on_with_once_others_have_worked(shop: Any, told: Told, then: str) -> None:
    deploy(told)
    shop.write("stuck", "")
    told("rollback", "shop", status=4)
    failed = json.loads(told("history", "shop", "-o", "json"))["runs"][0]["run"]
    Path("stuck").unlink()
    told(*then.split())
    before = made()
    for command in ("resume", "retry"):
        assert "it is a rollback, and run 01" in told(command, failed, status=1)
    assert made() == before


def test_what_only_an_earlier_plan_had_is_taken_back_too(shop: Any, told: Told) -> None:
    shop.write("broken", "")
    failed = deploy(told, status=4)
    Path("broken").unlink()
    (path,) = Path("workflows/products/tea").iterdir()
    begin, _, rest = path.read_text().partition("    - name: greet")
    shop.commit({str(path): f"{begin}    - name: last{rest.partition('    - name: last')[2]}"})
    told("resume", failed, "--accept-changes")
    text = told("rollback", "shop")
    order = [text.index(f"undo-{name} … ok") for name in ("last", "greet", "migrate", "deploy-application")]
    assert order == sorted(order)
    assert made() == NOTHING


def test_a_run_whose_record_waits_to_be_taken_into_a_branch_is_rolled_back(shop: Any, told: Told) -> None:
    shop.git("checkout", "-q", "--detach")
    assert "ORC-6021" in told("deploy", "score.yaml")
    told("rollback", "shop")
    assert made() == NOTHING


def test_a_rollback_that_fails_is_told_as_yaml_too(shop: Any, told: Told) -> None:
    deploy(told)
    shop.write("stuck", "")
    assert "  exit_status: 4\n" in told("rollback", "shop", "-o", "yaml", status=4)


@pytest.mark.usefixtures("shop")
def test_a_removal_after_a_rollback_finds_nothing_to_remove(told: Told) -> None:
    deploy(told)
    told("rollback", "shop")
    assert "ORC-3044" in told("run", "undeploy-app", "score.yaml")


def test_a_dry_run_changes_and_records_nothing(shop: Any, told: Told) -> None:
    deploy(told)
    before, head = made(), shop.git("rev-parse", "HEAD")
    text = told("rollback", "shop", "--dry-run")
    assert [line.split()[0] for line in text.splitlines() if line.startswith("  undo-")] == [
        "undo-last", "undo-greet", "undo-migrate", "undo-key",
        "undo-deploy-application", "undo-provision-data", "undo-provision-db",
    ]  # fmt: skip
    assert (made(), shop.git("rev-parse", "HEAD")) == (before, head)


def test_policies_judge_a_rollback_but_not_for_what_only_a_deployment_needs(shop: Any, told: Told) -> None:
    rules = "workflowPolicies: {requiredPlatformWorkflows: [scan]}\n"
    shop.commit({"workflows/platform/scan.yaml": SCAN, "admin-config.yaml": ADMIN + rules})
    deploy(told)
    teams = "teams: {ops: {members: [bob@shop.example]}}\nworkflowPolicies: {security: {allowedExecutors: [ops]}}\n"
    shop.commit({"admin-config.yaml": ADMIN + teams})
    assert "ORC-4010" in told("rollback", "shop", status=3)
    shop.commit({"admin-config.yaml": ADMIN + rules})
    told("rollback", "shop")


@pytest.mark.usefixtures("shop")
def test_the_plan_shows_its_rollback(told: Told) -> None:
    assert "rollback: 5 reversible, 2 compensated; 100 %" in told("plan", "score.yaml")
    carried = json.loads(told("plan", "score.yaml", "-o", "json"))["rollback"]
    assert carried["coverage"] == {
        "reversible": 5, "compensated": 2, "irreversible": 0, "unchanging": 0, "percent": 100,
    }  # fmt: skip
    assert carried["steps"][1] == {
        "step": "post-deployment/product/tea/fill/greet", "means": "compensated", "by": "script",
    }  # fmt: skip
    assert "rollback   compensated, by script" in told("explain", "score.yaml")


@pytest.mark.usefixtures("shop")
def test_a_plan_is_compared_with_that_of_the_last_deployment_and_not_with_that_of_its_rollback(told: Told) -> None:
    deploy(told)
    told("rollback", "shop")
    text = told("plan", "score.yaml", "--env", "development")
    assert "undo-greet" not in text
