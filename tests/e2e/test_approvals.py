"""Runs that wait for people: who opens a gate, and that every attack on it fails with its own code."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.clones import as_ada, clones_of_a_remote, until

if TYPE_CHECKING:
    from tests.e2e.conftest import Told, Workshop

WAITS = 6
REFUSED = 3
FLOW = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: release, description: Releases, owner: platform-team, phase: deployment}
spec:
  triggers: [manual]
  steps:
    - {name: build, type: script, config: {script: "touch ../built"}}
    - name: ask
      type: approval
      config: {teams: [owners], count: 1%s}
    - {name: ship, type: script, config: {script: "touch ../shipped"}}
    - {name: report, type: script, dependsOn: [], config: {script: "touch ../reported"}}
"""
ADMIN = """\
teams:
  platform-team: {members: [platform@shop.example]}
  owners:
    members: [ada@shop.example, bob@shop.example, carl@shop.example]
    signers:
%s
  others:
    members: [eve@shop.example]
    signers:
      eve@shop.example: {ssh: ["%s"]}
"""


class Company:
    """A repository by Ada, and people with a key each."""

    def __init__(self, workshop: "Workshop", keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.workshop = workshop
        self.keys = keys
        self._env = monkeypatch
        for name in ("ada", "bob", "carl", "eve"):
            argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(keys / name)]
            subprocess.run(argv, check=True)

    def public(self, name: str) -> str:
        return (self.keys / f"{name}.pub").read_text(encoding="utf-8").strip()

    def set_up(self, expires: str = "", more: str = "") -> None:
        signers = "\n".join(
            f'      {name}@shop.example: {{ssh: ["{self.public(name)}"]}}' for name in ("ada", "bob", "carl")
        )
        self.workshop.write("admin-config.yaml", ADMIN % (signers, self.public("eve")) + more)
        self.workshop.write("workflows/platform/release.yaml", FLOW % expires)
        self.workshop.commit()

    def acts(self, name: str) -> None:
        """Who runs the commands from now on."""
        for role in ("AUTHOR", "COMMITTER"):
            self._env.setenv(f"GIT_{role}_NAME", name)
            self._env.setenv(f"GIT_{role}_EMAIL", f"{name}@shop.example")

    def run(self, name: str = "zoe") -> "Told":
        self.acts(name)
        return self.workshop("run", "release", "-o", "json")

    def approve(self, name: str, target: str = "latest", *more: str, key: str | None = None) -> "Told":
        self.acts(name)
        return self.workshop("approve", target, "--key", str(self.keys / (key or name)), *more)

    def done(self) -> set[str]:
        folder = self.workshop.folder.parent
        return {name for name in ("built", "shipped", "reported") if (folder / name).exists()}


def record_of(told: "Told") -> dict[str, Any]:
    record: dict[str, Any] = told.data["record"]
    return record


@pytest.fixture
def company(workshop: "Workshop", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """People, before anything is set up."""
    keys = tmp_path / "keys"
    keys.mkdir()
    return Company(workshop, keys, monkeypatch)


def test_a_run_waits_for_the_right_person_and_then_the_same_plan_runs(company: Company) -> None:
    company.set_up()
    waits = company.run()
    record = record_of(waits)
    assert (waits.status, record["status"]) == (WAITS, "waiting")
    assert {step["step"].rpartition("/")[2]: step["status"] for step in record["steps"]} == {
        "build": "succeeded",
        "ask": "planned",
        "ship": "planned",
        "report": "succeeded",
    }
    assert company.done() == {"built", "reported"}
    assert "1 of owners must approve it" in waits.err
    assert f"innominatus-ctl approve {record['run']}" in waits.err

    wrong = {
        "zoe": ("eve", "ORC-4043"),  # in no team
        "ada": ("ada", "ORC-4041"),  # wrote the workflow
        "eve": ("eve", "ORC-4043"),  # in another team
        "bob": ("eve", "ORC-4046"),  # with the key of somebody else
    }
    for name, (key, code) in wrong.items():
        told = company.approve(name, key=key)
        assert (told.status, code in told.err) == (REFUSED, True), (name, told.all)

    plan = record["plan"]
    company.acts("bob")
    waiting = company.workshop("approvals", "-o", "json").data["gates"]
    assert [(gate["gate"], gate["state"], gate["given"]) for gate in waiting] == [
        ("deployment/platform/-/release/ask", "waiting", [])
    ]
    given = company.approve("bob", plan, "--reason", "the load test is green")
    assert given.status == 0, given.all
    again = company.run()
    assert (again.status, company.done()) == (0, {"built", "reported", "shipped"})
    (counted,) = record_of(again)["approvals"]
    assert (counted["email"], counted["team"], counted["evidence"], counted["gate"]) == (
        "bob@shop.example",
        "owners",
        "ssh",
        "deployment/platform/-/release/ask",
    )
    assert company.workshop("ledger", "verify").status == 0


def approved_then(company: Company, change: Callable[[Company], None], who: str = "zoe") -> "Told":
    """Bob approves the plan of a run that waits; something happens; it is run again."""
    plan = record_of(company.run())["plan"]
    given = company.approve("bob", plan)
    assert given.status == 0, given.all
    change(company)
    return company.run(who)


def test_a_run_that_was_approved_is_resumed_where_it_waited(company: Company) -> None:
    company.set_up()
    first = record_of(company.run())
    (company.workshop.folder.parent / "built").unlink()
    assert company.approve("bob", first["run"]).status == 0
    company.acts("zoe")
    resumed = company.workshop("resume", first["run"], "-o", "json")
    assert resumed.status == 0, resumed.all
    record = record_of(resumed)
    assert (record["kind"], record["resumes"], record["status"]) == ("resume", first["run"], "succeeded")
    assert [one["email"] for one in record["approvals"]] == ["bob@shop.example"]
    assert company.done() == {"reported", "shipped"}  # what was built is not built again


def test_nobody_who_started_a_run_of_the_chain_approves_it(company: Company) -> None:
    company.set_up()
    first = record_of(company.run("carl"))
    company.acts("zoe")
    second = company.workshop("resume", first["run"], "-o", "json")
    assert second.status == WAITS
    told = company.approve("carl", record_of(second)["run"])
    assert (told.status, "ORC-4040" in told.err) == (REFUSED, True)
    assert company.approve("bob", record_of(second)["run"]).status == 0
    company.acts("bob")
    third = company.workshop("resume", first["run"])
    assert (third.status, "ORC-4040" in third.err, "shipped" in company.done()) == (WAITS, True, False)


def test_who_approved_cannot_run_it_alone(company: Company) -> None:
    company.set_up()
    told = approved_then(company, lambda _company: None, who="bob")
    assert (told.status, "ORC-4040" in told.err, "shipped" in company.done()) == (WAITS, True, False)


def test_a_plan_that_changed_after_its_approval_waits_again(company: Company) -> None:
    def change(company: Company) -> None:
        company.acts("mallory")
        company.workshop.replace("workflows/platform/release.yaml", "touch ../shipped", "touch ../shipped ../more")
        company.workshop.commit("More")

    company.set_up()
    told = approved_then(company, change)
    assert (told.status, "ORC-4042" in told.err, "shipped" in company.done()) == (WAITS, True, False)


def test_a_change_that_is_not_committed_is_another_plan_too(company: Company) -> None:
    company.set_up()
    told = approved_then(
        company,
        lambda company: company.workshop.replace("workflows/platform/release.yaml", "touch ../shipped", "touch ../x"),
    )
    assert (told.status, "ORC-4042" in told.err, "shipped" in company.done()) == (WAITS, True, False)


def test_an_approval_that_has_expired_opens_nothing(company: Company) -> None:
    company.set_up(expires=", expires: 1s")
    told = approved_then(company, lambda _company: time.sleep(1.2))
    assert (told.status, "ORC-4044" in told.err, "shipped" in company.done()) == (WAITS, True, False)


def test_a_member_who_left_the_team_opens_nothing(company: Company) -> None:
    def leaves(company: Company) -> None:
        company.acts("mallory")
        company.workshop.replace(
            "admin-config.yaml", "ada@shop.example, bob@shop.example, carl", "ada@shop.example, carl"
        )
        company.workshop.commit("Bob leaves")

    company.set_up()
    told = approved_then(company, leaves)
    assert (told.status, "ORC-404" in told.err, "shipped" in company.done()) == (WAITS, True, False)


def _action(company: Company) -> Path:
    (path,) = (company.workshop.folder / ".innominatus" / "actions").glob("*/*.json")
    return path


@pytest.mark.parametrize("field", ["id", "run"])
def test_a_signature_in_another_record_is_found_out(company: Company, field: str) -> None:
    def copies(company: Company) -> None:
        path = _action(company)
        record = json.loads(path.read_bytes())
        record["id"] = f"{record['id'][:-4]}0000"
        if field == "run":
            record["run"] = record["id"]
        copied = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        company.workshop.git("rm", "-q", str(path))
        target = path.with_name(f"{record['id']}.json")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"{copied}\n", encoding="utf-8")
        company.workshop.commit("Another record")

    company.set_up()
    told = approved_then(company, copies)
    assert (told.status, "ORC-4045" in told.err, "shipped" in company.done()) == (WAITS, True, False)


def test_a_statement_that_was_edited_is_not_what_was_signed(company: Company) -> None:
    def edits(company: Company) -> None:
        path = _action(company)
        record = json.loads(path.read_bytes())
        statement = json.loads(record["evidence"]["statement"])
        statement["expires_at"] = "2099-01-01T00:00:00.000Z"
        statement["email"] = record["actor"]["email"] = record["evidence"]["signer"] = "carl@shop.example"
        compact: dict[str, Any] = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False}
        record["evidence"]["statement"] = json.dumps(statement, **compact)
        path.write_text(f"{json.dumps(record, **compact)}\n", encoding="utf-8")
        company.workshop.commit("An edited record")

    company.set_up()
    told = approved_then(company, edits)
    assert (told.status, "ORC-4046" in told.err, "shipped" in company.done()) == (WAITS, True, False)


def test_a_rejection_closes_the_gate_that_another_approval_opened(company: Company) -> None:
    def rejects(company: Company) -> None:
        company.acts("carl")
        key = str(company.keys / "carl")
        plan = json.loads(_action(company).read_bytes())["plan"]
        told = company.workshop("reject", plan, "--key", key, "--reason", "freeze")
        assert told.status == 0, told.all

    company.set_up()
    told = approved_then(company, rejects)
    assert (told.status, "ORC-4048" in told.err, "freeze" in told.err) == (WAITS, True, True)
    assert "shipped" not in company.done()


def test_a_name_in_git_alone_counts_only_where_admin_config_says_so(company: Company) -> None:
    company.set_up()
    company.run()
    company.acts("bob")
    told = company.workshop("approve", "latest")
    assert (told.status, "ORC-5262" in told.err) == (69, True)
    company.acts("ada")
    path = company.workshop.folder / "admin-config.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "approvals: {unsigned: allow}\n", encoding="utf-8")
    company.workshop.commit("Without signatures")
    plan = record_of(company.run())["plan"]
    company.acts("bob")
    assert company.workshop("approve", plan).status == 0
    assert company.run().status == 0
    path.write_text(path.read_text(encoding="utf-8").replace("unsigned: allow", "unsigned: refuse"), encoding="utf-8")
    company.acts("ada")
    company.workshop.commit("With signatures")
    assert company.run().status == WAITS


def test_an_approval_of_one_run_is_none_of_another(company: Company) -> None:
    company.set_up()
    company.run()
    assert company.approve("bob").status == 0
    told = company.run()
    assert (told.status, "ORC-4042" in told.err) == (WAITS, True)


ENVIRONMENTS = """\
workflowPolicies: {security: {requireApproval: [production]}}
policies: {allowedEnvironments: [development, production]}
approvals:
  environments: {production: {teams: [owners], count: 2}}
"""


def test_an_environment_asks_before_the_first_step_and_needs_its_quorum(company: Company) -> None:
    company.set_up(more=ENVIRONMENTS)
    company.acts("zoe")
    told = company.workshop("run", "release", "--env", "production", "-o", "json")
    assert (told.status, company.done()) == (WAITS, set())
    assert {step["status"] for step in record_of(told)["steps"]} == {"planned"}
    plan = record_of(told)["plan"]
    assert company.approve("bob", plan).status == 0
    told = company.workshop("run", "release", "--env", "production", "-o", "json")
    assert (told.status, company.done()) == (WAITS, set())
    assert company.approve("carl", plan).status == 0
    company.acts("zoe")
    told = company.workshop("run", "release", "--env", "production", "-o", "json")
    assert (told.status, company.done()) == (0, {"built", "shipped", "reported"}), told.all
    gates = {one["gate"] for one in record_of(told)["approvals"]}
    assert gates == {"environment", "deployment/platform/-/release/ask"}


def test_policies_of_another_revision_say_who_may_approve(company: Company) -> None:
    company.set_up()
    base = company.workshop.git("rev-parse", "HEAD").strip()
    company.acts("mallory")
    company.workshop.replace("admin-config.yaml", "eve@shop.example]", "eve@shop.example, mallory@shop.example]")
    company.workshop.replace("admin-config.yaml", "[ada@shop", "[eve@shop.example, ada@shop")
    company.workshop.commit("Eve may approve what I do")
    company.acts("zoe")
    company.workshop("run", "release", "--policies-from", base)
    told = company.approve("eve", "latest", "--policies-from", base)
    assert (told.status, "ORC-4043" in told.err) == (REFUSED, True)


WORK = """\
apiVersion: workflow.dev/v1
kind: Workflow
metadata: {name: work}
spec:
  steps:
    - name: work
      type: script
      config: {script: 'touch "$HOME/works"; while test -e "$HOME/wait"; do sleep 0.05; done'}
"""


def test_a_run_that_works_is_told_to_be_approved_later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = as_ada(monkeypatch, tmp_path)
    clone = clones_of_a_remote(home, WORK)("first")
    (home / "wait").touch()
    running = clone.start("run", "work")
    until((home / "works").exists, running)
    status, _, told = clone.run("approve", "latest")
    assert status == 1
    assert "has no record yet: it works, or it was killed" in told
    assert "Approve the run when it waits" in told
    (home / "wait").unlink()
    running.communicate(timeout=30)
    assert running.returncode == 0
