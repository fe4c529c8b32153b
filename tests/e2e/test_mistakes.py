"""What people mistype or forget, in the repository that `init` makes: each is told what is wrong and what to do."""

from typing import Any

import pytest

SCORE = "apps/shop/score.yaml"
ALLOWED = "  allowedProductWorkflows:\n    - storefront/database-setup\n"


@pytest.fixture
def shop(workshop: Any) -> Any:
    made = workshop("init", "--name", "shop")
    assert made.status == 0, made.all
    workshop.commit()
    return workshop


def test_a_deployment_without_a_score_file_asks_for_one_and_records_nothing(shop: Any) -> None:
    told = shop("run", "deploy-app", "--env", "development")
    assert told.status == 1
    assert told.err.splitlines()[0] == "SCORE: error ORC-3042: deploy needs a Score file"
    assert "ORC-4001" not in told.err
    assert shop.records("refusal") == []


def test_the_logs_of_a_refused_run_say_that_no_step_ran(shop: Any) -> None:
    shop.replace("admin-config.yaml", ALLOWED, "  allowedProductWorkflows: []\n")
    refused = shop("run", "deploy-app", SCORE, "--env", "development")
    assert (refused.status, len(shop.records("refusal"))) == (3, 1), refused.all
    told = shop("logs", "latest")
    assert told.status == 0, told.all
    assert told.out.endswith(" was refused: no step ran.\n")
    assert shop("logs", "latest", "-o", "json").data["status"] == "refused"


def test_a_dry_run_that_an_approval_would_hold_says_so(shop: Any) -> None:
    assert shop("run", "deploy-app", SCORE, "--dry-run").out.endswith("Run without --dry-run to execute.\n")
    told = shop("run", "deploy-app", SCORE, "--env", "production", "--dry-run")
    assert told.status == 6
    assert told.out.endswith("It waits for an approval: no step would run before.\n")


def test_records_are_shown_also_while_admin_config_has_an_error(shop: Any) -> None:
    assert shop("run", "deploy-app", SCORE, "--env", "development").status == 0
    shop.replace("admin-config.yaml", ALLOWED, "  allowedProductWorkflows:\n")
    broken = shop("run", "deploy-app", SCORE, "--env", "development")
    assert broken.status == 1
    assert "help: Give it a value (`[]` is an empty list), or remove the key." in broken.err
    for command in (("status",), ("history", "shop"), ("logs", "latest")):
        told = shop(*command)
        assert told.status == 0, told.all
    assert "succeeded" in shop("history").out
    shop.write("admin-config.yaml", "workflowPolicies: {allowedProductWorkflows: }\nledger: {root: elsewhere}\n")
    assert shop("history").status == 1


def test_a_revision_that_does_not_exist_is_named(shop: Any) -> None:
    told = shop("run", "deploy-app", SCORE, "--dry-run", "--policies-from", "origin/mian")
    assert "no commit is called 'origin/mian'" in told.err
    assert "fatal" not in told.err


def test_a_failed_run_says_where_its_logs_are(shop: Any) -> None:
    shop.write("workflows/products/storefront/migrations/0001_create_visits.up.sql", "NO SQL;\n")
    told = shop("run", "deploy-app", SCORE, "--env", "development")
    assert told.status == 4, told.all
    (record,) = shop.records("run")
    assert f"  logs    innominatus-ctl logs {record['run']}\n" in told.out
    assert shop("logs", record["run"]).status == 0
    named = shop("logs", "shop")
    assert named.status == 1
    assert "help: It is an application: `innominatus-ctl history shop` lists its runs." in named.err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("plan", SCORE, "-o", "template={{ nope }}"), 2, "'nope' is undefined; known: schema, digest, plan, absent"),
        (("plan", SCORE, "--param", "x"), 1, "help: Write --param NAME=VALUE"),
        (("plan", "admin-config.yaml"), 1, "an AdminConfig stands where Workload is expected"),
        (("run", SCORE), 1, f"help: Deploy it with `innominatus-ctl deploy {SCORE}`, or move the file."),
        (("plan", "shop"), 1, "help: Name its Score file: apps/shop/score.yaml"),
        (("deploy", "shop"), 1, "help: Name its Score file: apps/shop/score.yaml"),
        (("deploy", "shp"), 1, "shp: error ORC-1001: the file does not exist\n"),
        (("diff", SCORE), 1, "help: Name the application; its Score file is not asked for here."),
        (("history", "--env", "nowhere"), 0, "There are no runs in environment 'nowhere'."),
    ],
)
def test_what_is_wrong_comes_with_what_is_right(shop: Any, arguments: tuple[str, ...], status: int, words: str) -> None:
    told = shop(*arguments)
    assert told.status == status, told.all
    assert words in told.out + told.err


def test_remarks_on_old_spellings_are_for_validate(shop: Any) -> None:
    head = "apiVersion: workflow.dev/v1\nkind: PlatformWorkflow\nmetadata: {name: old, phase: deployment, "
    head += "description: d, owner: o}\nspec:\n  triggers: [all_deployments]\n  steps:\n"
    step = "    - name: render\n      type: kubernetes\n      namespace: shop\n      config:\n        manifests: k8s\n"
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
    shop.write("workflows/platform/old.yaml", head + step)
    shop.write("workflows/platform/k8s/map.yaml", manifest)
    assert "ORC-1051" in shop("validate").out + shop("validate").err
    told = shop("plan", SCORE)
    assert (told.status, told.err) == (0, ""), told.all
    assert "ORC-1051" not in shop("plan", "admin-config.yaml").err


def test_the_folder_that_init_tells_to_go_to_can_be_pasted_into_a_shell(workshop: Any) -> None:
    told = workshop("init", "My Shop!")
    assert "  cd 'My Shop!'\n" in told.out


def test_a_shell_is_offered_applications_and_runs(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shop("run", "deploy-app", SCORE, "--env", "development").status == 0
    (record,) = shop.records("run")
    monkeypatch.setenv("_INNOMINATUS_CTL_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_CWORD", "2")
    for words, offered in (("history s", "plain,shop\n"), ("logs ", f"plain,latest\nplain,{record['run']}\n")):
        monkeypatch.setenv("COMP_WORDS", f"innominatus-ctl {words}")
        assert shop().out == offered


def test_a_golden_path_is_no_workflow_to_show_and_where_it_is_shown_is_said(shop: Any) -> None:
    told = shop("show", "deploy-app")
    assert told.status == 1
    assert "help: 'deploy-app' is a golden path: `innominatus-ctl list-goldenpaths -o wide` shows it." in told.err


def test_a_plan_that_differs_by_evidence_only_says_the_value_once(shop: Any) -> None:
    for _ in range(2):
        assert shop("run", "deploy-app", SCORE, "--env", "development").status == 0
    assert shop("run", "undeploy-app", SCORE, "--env", "development").status == 0
    assert shop("run", "deploy-app", SCORE, "--env", "development").status == 0
    told = shop("plan", SCORE, "--env", "development", "--golden-path", "undeploy-app")
    (line,) = [line for line in told.out.splitlines() if "input deployed changed" in line]
    assert line.count("pages") == 0
    assert line.count("record .innominatus/runs/shop/development/") == 2


def test_a_workflows_bare_name_is_answered_with_the_identity_that_runs(shop: Any) -> None:
    told = shop("run", "database-setup", SCORE, "--env", "development", "--dry-run")
    assert told.status == 1
    assert "there is no golden path or workflow 'database-setup'" in told.err
    assert "help: Workflows are run by their identity: 'storefront/database-setup'." in told.err
    assert "help: Did you mean 'deploy-app'" in shop("run", "deploy-ap", SCORE).err
