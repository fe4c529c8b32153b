"""`gitea-repo`, and `git-commit-manifests` over HTTP, against a real Gitea."""

from typing import Any

import pytest

from tests.integration.drivers.page_runs import OpenPage, secret
from tests.integration.forges import GiteaServer

RUN = "01JD0000000000000000000000"
UNDOES = {"step": "deployment/application/-/workload/the-step", "how": "itself", "runs": [RUN]}


def repo(run_step: Any, gitea: GiteaServer, name: str, part: str | None = None, **more: Any) -> Any:
    step = more.pop("step", {})
    env = {"GITEA_URL": gitea.url, "GITEA_TOKEN": gitea.token}
    return run_step("gitea-repo", {"repoName": name, **more}, env=env, part=part, **step)


def there(gitea: GiteaServer, name: str) -> bool:
    found = gitea.ask("GET", f"repos/search?q={name}")["data"]
    return name in {one["name"] for one in found}


def test_a_repository_is_made_once_and_kept_up_to_date(run_step: Any, gitea_server: GiteaServer) -> None:
    result = repo(run_step, gitea_server, "once", description="Manifests")
    assert result.failure is None
    assert result.outputs["created"] is True
    assert result.outputs["cloneUrl"] == f"{gitea_server.url}/{gitea_server.user}/once.git"
    again = repo(run_step, gitea_server, "once", description="Manifests of checkout")
    assert again.outputs["created"] is False
    found = gitea_server.ask("GET", f"repos/{gitea_server.user}/once")
    assert (found["private"], found["description"]) == (True, "Manifests of checkout")
    assert repo(run_step, gitea_server, "once", "probe").outputs == {"done": True}
    drift = repo(run_step, gitea_server, "once", "drift", description="other", private=False).outputs["drift"]
    assert {one["what"].split()[0] for one in drift} == {"private", "description"}


def test_a_rollback_deletes_what_the_run_made_and_nothing_else(run_step: Any, gitea_server: GiteaServer) -> None:
    repo(run_step, gitea_server, "undone")
    undone = repo(run_step, gitea_server, "undone", "undo", step={"undoes": UNDOES})
    assert undone.failure is None
    assert not there(gitea_server, "undone")
    gitea_server.ask("POST", "user/repos", {"name": "theirs"})
    repo(run_step, gitea_server, "theirs")
    kept = repo(run_step, gitea_server, "theirs", "undo", step={"undoes": UNDOES})
    assert "it stays" in kept.message
    assert there(gitea_server, "theirs")


def test_a_repository_with_work_in_it_is_not_deleted_by_a_rollback(run_step: Any, gitea_server: GiteaServer) -> None:
    repo(run_step, gitea_server, "worked-in")
    body = {"content": "aGk=", "message": "work"}
    gitea_server.ask("POST", f"repos/{gitea_server.user}/worked-in/contents/a.txt", body)
    result = repo(run_step, gitea_server, "worked-in", "undo", step={"undoes": UNDOES})
    assert result.failure.code.number == "ORC-5465"
    assert there(gitea_server, "worked-in")


def test_archive_and_delete_can_be_said_again(run_step: Any, gitea_server: GiteaServer) -> None:
    repo(run_step, gitea_server, "old")
    assert repo(run_step, gitea_server, "old", operation="archive").failure is None
    assert gitea_server.ask("GET", f"repos/{gitea_server.user}/old")["archived"] is True
    assert repo(run_step, gitea_server, "old", operation="delete").failure is None
    assert "was gone" in repo(run_step, gitea_server, "old", operation="delete").message


def test_a_wrong_token_and_an_unknown_owner_are_findings(run_step: Any, gitea_server: GiteaServer) -> None:
    env = {"GITEA_URL": gitea_server.url, "GITEA_TOKEN": "0" * 40}
    result = run_step("gitea-repo", {"repoName": "x"}, env=env)
    assert result.failure.code.number == "ORC-5461"
    assert "0" * 40 not in result.failure.message
    assert repo(run_step, gitea_server, "x", owner="nobody-here").failure.code.number == "ORC-5461"


@pytest.mark.parametrize("name", ["a/b", "..", "-x", "x.git", "ä"])
def test_names_that_lead_elsewhere_are_refused(run_step: Any, gitea_server: GiteaServer, name: str) -> None:
    assert repo(run_step, gitea_server, name).failure.code.number == "ORC-5106"


def test_manifests_are_pushed_over_http_with_a_token(run_step: Any, gitea_server: GiteaServer) -> None:
    repo(run_step, gitea_server, "gitops")
    folder = ".innominatus/manifests/checkout/development"
    inputs = {
        "owner": gitea_server.user,
        "repoName": "gitops",
        "targetPath": "checkout",
        "tokenFrom": "TOKEN",
        "usernameFrom": "WHO",
    }
    env = {"GITEA_URL": gitea_server.url, "TOKEN": gitea_server.token, "WHO": gitea_server.user}
    manifests = {f"{folder}/app.yaml": b"kind: Deployment\n"}
    result = run_step("git-commit-manifests", inputs, env=env, manifests=manifests)
    assert result.failure is None
    commits = gitea_server.ask("GET", f"repos/{gitea_server.user}/gitops/commits")
    assert commits[0]["sha"] == result.outputs["commit"]
    refused = run_step("git-commit-manifests", inputs, env={**env, "TOKEN": "0" * 40}, manifests=manifests)
    assert refused.failure.code.number == "ORC-5407"


def test_the_example_of_the_page_of_gitea_repo_works(page: OpenPage, gitea_server: GiteaServer) -> None:
    gitea_server.ask("POST", "orgs", {"username": "platform"})
    example = page(
        "gitea-repo",
        admin={"secrets": {"gitea-token": secret("TOKEN_OF_GITEA")}},
        env={"TOKEN_OF_GITEA": gitea_server.token},
        hosts={"https://git.example.com": gitea_server.url},
    )
    assert example.deploy() == 0, example.said
    assert example.outputs("gitops-repository")["created"] is True
    assert gitea_server.ask("GET", "repos/platform/checkout")["description"] == "Manifests of checkout"
    assert example.ctl("rollback", "checkout", "--env", "development") == 0, example.said
    assert not there(gitea_server, "checkout")


def test_the_example_of_the_page_of_git_commit_manifests_works(page: OpenPage, gitea_server: GiteaServer) -> None:
    name = gitea_server.new_repository()
    object_ = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"
    example = page(
        "git-commit-manifests",
        admin={"secrets": {"gitops-token": secret("TOKEN_OF_GITEA")}},
        env={"TOKEN_OF_GITEA": gitea_server.token},
        hosts={"https://git.example.com/platform/gitops.git": f"{gitea_server.url}/{gitea_server.user}/{name}.git"},
        before=f"- {{name: made, type: kubernetes, config: {{objects: [{object_}]}}}}\n",
    )
    assert example.deploy() == 0, example.said
    commit = gitea_server.ask("GET", f"repos/{gitea_server.user}/{name}/commits?limit=1")[0]
    assert commit["sha"] == example.outputs("hand-over")["commit"]
    assert commit["commit"]["message"].startswith("checkout: deploy to development")
    tree = gitea_server.ask("GET", f"repos/{gitea_server.user}/{name}/git/trees/main?recursive=true")["tree"]
    assert [one["path"] for one in tree if one["path"].startswith("apps/checkout/") and one["type"] == "blob"]
    assert example.ctl("rollback", "checkout", "--env", "development") == 0, example.said
    tree = gitea_server.ask("GET", f"repos/{gitea_server.user}/{name}/git/trees/main?recursive=true")["tree"]
    assert not [one["path"] for one in tree if one["path"].startswith("apps/checkout/")]
