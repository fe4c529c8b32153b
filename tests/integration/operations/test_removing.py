"""`deprovision` with the real drivers: what all runs made is gone, also what products' workflows did."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from innominatus_cli.cli.main import run
from innominatus_cli.system.state_folder import StateFolder

Told: TypeAlias = Callable[..., str]

SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: shop, annotations: {innominatus.dev/product: tea}}
containers: {web: {image: "nginx:1.27"}}
resources: {data: {type: volume}}
"""
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: ProductWorkflow
metadata: {{name: {name}, product: tea, description: d, owner: o, phase: {phase}}}
spec:
  triggers: [{trigger}]
  steps:
{steps}
"""
DATABASE = """\
    - {name: make, type: resource-provisioning, config: {resource: orders, resourceType: sqlite}, outputs: [path]}
    - name: greet
      type: script
      outputs: [id]
      env: {DATABASE: "${steps.make.outputs.path}"}
      config: {script: "echo hello $DATABASE >> $INNOMINATUS_STATE_DIR/log; echo OUTPUT_id=n7"}
      rollback: {script: "test ! -e stuck; echo bye ${steps.greet.outputs.id} >> $INNOMINATUS_STATE_DIR/log"}
"""
ONCE = """\
    - name: seed
      type: script
      config: {script: "echo seeded >> $INNOMINATUS_STATE_DIR/log"}
      rollback: {script: "echo unseeded >> $INNOMINATUS_STATE_DIR/log"}
"""


@pytest.fixture
def shop(tree: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@shop.example")
    database = WORKFLOW.format(name="database", phase="pre-deployment", trigger="product_deployment", steps=DATABASE)
    once = WORKFLOW.format(name="once", phase="post-deployment", trigger="first_deployment", steps=ONCE)
    tree.commit(
        {
            "score.yaml": SCORE,
            "admin-config.yaml": "applications: [score.yaml]\n",
            "workflows/products/tea/database.yaml": database,
            "workflows/products/tea/once.yaml": once,
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


def log() -> list[str]:
    return (state() / "log").read_text().splitlines()


def made() -> tuple[bool, bool]:
    """Whether there are the product's database and the application's volume."""
    return (state() / "databases" / "orders.db").exists(), (state() / "volumes" / "data").is_dir()


def test_what_all_runs_made_is_taken_back_once_and_in_reverse_order(shop: Any, told: Told) -> None:
    told("deploy", "score.yaml")
    told("deploy", "score.yaml")
    assert made() == (True, True)
    assert log() == ["hello databases/orders.db", "seeded", "hello databases/orders.db"]

    told("deprovision", "shop")

    assert made() == (False, False)
    assert log()[3:] == ["unseeded", "bye n7"]
    assert not Path(".innominatus/manifests").exists()
    assert shop.git("status", "--porcelain") == ""
    assert "nothing of 'shop' exists in development" in told("deprovision", "shop")


@pytest.mark.usefixtures("shop")
def test_delete_is_deprovision_and_says_what_stays(told: Told) -> None:
    told("deploy", "score.yaml")
    assert "Run without --dry-run" in told("delete", "shop", "--dry-run")
    assert made() == (True, True)

    assert "so does its Score file" in told("delete", "shop", "--env", "development")

    assert made() == (False, False)


@pytest.mark.usefixtures("shop")
def test_what_a_rollback_took_back_is_not_taken_back_again(told: Told) -> None:
    told("deploy", "score.yaml")
    told("deploy", "score.yaml")
    told("rollback", "shop")
    assert log()[3:] == ["bye n7"]

    told("deprovision", "shop")

    assert made() == (False, False)
    assert log()[4:] == ["unseeded", "bye n7"]


@pytest.mark.usefixtures("shop")
def test_a_run_whose_work_a_removal_took_back_is_not_gone_on_with(told: Told) -> None:
    told("deploy", "score.yaml")
    run_id = json.loads(told("history", "shop", "-o", "json"))["runs"][0]["run"]
    told("deprovision", "shop")

    said = told("retry", run_id, "--step", "seed", "--downstream", status=1)

    assert "ORC-5205" in said
    assert made() == (False, False)
    assert log()[-1] == "bye n7"


def test_a_deployment_that_failed_before_the_application_leaves_nothing_either(shop: Any, told: Told) -> None:
    workflow = Path("workflows/products/tea/database.yaml")
    shop.commit(
        {
            "score.yaml": SCORE,
            str(workflow): workflow.read_text() + "    - {name: no, type: script, config: {script: 'false'}}\n",
        }
    )
    told("deploy", "score.yaml", status=4)
    assert made() == (True, False)

    told("deprovision", "shop")

    assert made() == (False, False)
    assert log()[1:] == ["bye n7"]


def test_a_removal_that_failed_is_done_again(shop: Any, told: Told) -> None:
    told("deploy", "score.yaml")
    Path("stuck").touch()
    told("deprovision", "shop", status=4)
    assert made() == (True, False)
    Path("stuck").unlink()

    told("deprovision", "shop")

    assert made() == (False, False)
    assert shop.git("status", "--porcelain") == ""


@pytest.mark.usefixtures("shop")
def test_the_plan_of_a_removal_says_what_is_taken_back_and_where_it_stands(told: Told) -> None:
    told("deploy", "score.yaml")
    told("deploy", "score.yaml")
    runs = [row["run"] for row in json.loads(told("history", "shop", "-o", "json"))["runs"]]

    plan = json.loads(told("run", "undeploy-app", "score.yaml", "--dry-run", "-o", "json"))["plan"]

    steps = {step["name"]: step for step in plan["steps"] if step["kind"] == "step"}
    assert [*steps] == ["undo-seed", "remove-application", "deprovision-data", "undo-greet", "undo-make"]
    assert steps["undo-seed"]["undoes"]["runs"] == [runs[1]]
    assert steps["undo-make"]["undoes"]["runs"] == [runs[1], runs[0]]
    assert steps["undo-make"]["provenance"]["path"] == "workflows/products/tea/database.yaml"


def test_files_that_containers_were_made_of_are_not_needed_to_remove_them(
    shop: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    files = "containers: {web: {image: 'nginx:1.27', files: {/srv/a.txt: {source: ./a.txt}}}}"
    score = SCORE.replace('containers: {web: {image: "nginx:1.27"}}', files)
    shop.commit({"score.yaml": score, "a.txt": "a\n"})
    assert run(["deploy", "score.yaml"]) == 0
    (shop.root / "a.txt").unlink()
    assert run(["deploy", "score.yaml"]) == 1
    assert "ORC-2091" in capsys.readouterr().err
    assert run(["deprovision", "shop"]) == 0, capsys.readouterr().err


def test_without_the_score_file_a_command_is_named_that_brings_it_back(
    shop: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["deploy", "score.yaml"]) == 0
    commit = json.loads(_shown(capsys, "history", "shop", "-o", "json"))["runs"][0]["commit"]
    (shop.root / "score.yaml").unlink()
    assert run(["deprovision", "shop"]) == 1
    assert f"`git checkout {commit} -- score.yaml` brings it back" in capsys.readouterr().err


def _shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert run(list(arguments)) == 0
    return capsys.readouterr().out
