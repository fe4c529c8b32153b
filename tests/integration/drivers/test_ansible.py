"""`ansible` with the real ansible-playbook, on this machine."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.drivers.page_examples import blocks, steps

SECRET = "correct-horse-9"  # noqa: S105 - what must be nowhere
PLAYBOOK = """
- name: Set up
  hosts: all
  gather_facts: false
  tasks:
    - name: Write the file
      ansible.builtin.copy:
        content: "{{ text }}\\n"
        dest: "{{ target }}"
        mode: "0600"
      tags: [write]
    - name: Keep it quiet
      ansible.builtin.command: echo {{ text }}
      no_log: true
      when: loud is defined
    - name: Tell
      ansible.builtin.set_stats:
        data: {url: "http://x/{{ inventory_hostname }}", ports: [1, 2]}
    - name: Tell of each
      ansible.builtin.set_stats:
        per_host: true
        data: {mine: "{{ inventory_hostname }}"}
    - name: Break
      ansible.builtin.fail:
        msg: "it holds {{ text }}"
      when: broken is defined
"""


@pytest.fixture(autouse=True)
def ansible(tool: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program, and no Ansible of the user's."""
    for name in [name for name in os.environ if name.startswith("ANSIBLE_")]:
        monkeypatch.delenv(name)
    found = tool("ansible-playbook")
    monkeypatch.setenv("PATH", f"{found.parent}:{os.environ['PATH']}")
    return found


@pytest.fixture
def inputs(repository: Path, tmp_path: Path) -> dict[str, Any]:
    (repository / "play.yml").write_text(PLAYBOOK)
    return {
        "playbook": "play.yml",
        "hosts": ["localhost"],
        "vars": {"text": SECRET, "target": str(tmp_path / "target")},
    }


def test_a_playbook_runs_and_says_what_it_changed(run_step: Any, inputs: Any, tmp_path: Path, repository: Path) -> None:
    shown = run_step("ansible", inputs, part="preview")
    assert shown.failure is None
    assert shown.outputs == {"changes": [{"action": "update", "object": "localhost: Write the file"}]}
    assert not (tmp_path / "target").exists()
    assert run_step("ansible", inputs, part="probe").outputs == {"done": False}

    done = run_step("ansible", inputs)
    assert done.failure is None
    assert (tmp_path / "target").read_text() == f"{SECRET}\n"
    assert done.outputs["changed"] == 1
    assert done.outputs["hosts"]["localhost"]["changed"] == 1
    assert done.outputs["url"] == "http://x/localhost"
    assert done.outputs["ports"] == [1, 2]
    assert done.outputs["mine"] == {"localhost": "localhost"}
    assert set(done.public) == set(done.outputs)
    assert done.message == "1 host, 1 task changed something"
    assert done.tools[0].name == "ansible-playbook"

    (tmp_path / "target").write_text("by hand\n")
    assert run_step("ansible", inputs, part="drift").outputs == {
        "drift": [{"object": "localhost", "what": "task 'Write the file'"}]
    }
    assert sorted(path.name for path in repository.iterdir()) == ["play.yml"]


def test_variables_are_private_and_in_no_argument_nor_event(
    run_step: Any, inputs: Any, tmp_path: Path, ansible: Path
) -> None:
    (tmp_path / "bin").mkdir()
    spy = tmp_path / "bin" / "ansible-playbook"
    spy.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >> {tmp_path}/seen\nstat -c %a {tmp_path}/scratch-*/extra-vars.json >> '
        f'{tmp_path}/modes 2>/dev/null\nexec {ansible} "$@"\n'
    )
    spy.chmod(0o755)
    env = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    done = run_step("ansible", {**inputs, "vars": {**inputs["vars"], "loud": 1}}, env=env)
    assert done.failure is None
    assert "--extra-vars=@" in (tmp_path / "seen").read_text()
    assert SECRET not in (tmp_path / "seen").read_text()
    assert "600" in (tmp_path / "modes").read_text()
    events = [path.read_text() for path in tmp_path.rglob("ansible-events.jsonl")]
    assert "Keep it quiet" in events[0]
    assert SECRET not in events[0]


def test_a_task_that_fails_is_named_and_its_words_are_not(run_step: Any, inputs: Any) -> None:
    done = run_step("ansible", {**inputs, "vars": {**inputs["vars"], "broken": True}})
    assert done.failure.code.number == "ORC-5410"
    assert "task 'Break' failed on localhost" in done.failure.message
    assert SECRET not in done.failure.message
    assert done.outputs == {}


def test_an_inventory_with_a_host_that_is_not_there(run_step: Any, inputs: Any, repository: Path) -> None:
    (repository / "hosts.ini").write_text("gone ansible_host=127.0.0.1 ansible_port=1\n")
    env = {"ANSIBLE_TIMEOUT": "2"}
    done = run_step("ansible", {**inputs, "hosts": [], "inventory": "hosts.ini"}, env=env)
    assert done.failure.code.number == "ORC-5411"
    assert "gone cannot be reached" in done.failure.message


@pytest.mark.parametrize("more", [{"limit": "nowhere"}, {"hosts": []}])
def test_a_playbook_on_no_host_is_no_success(run_step: Any, inputs: Any, more: dict[str, Any]) -> None:
    done = run_step("ansible", {**inputs, **more})
    assert done.failure.code.number in {"ORC-5410", "ORC-5412"}


def test_what_is_no_playbook_is_a_finding(run_step: Any, inputs: Any, repository: Path) -> None:
    (repository / "play.yml").write_text("- hosts: [\n")
    assert run_step("ansible", inputs).failure.code.number == "ORC-5410"
    assert run_step("ansible", {**inputs, "playbook": "none.yml"}).failure.code.number == "ORC-5105"
    assert run_step("ansible", {**inputs, "hosts": ["a,b"]}).failure.code.number == "ORC-5106"


def test_a_vaulted_file_is_opened_with_a_password_from_a_variable(
    run_step: Any, repository: Path, ansible: Path, tmp_path: Path
) -> None:
    from subprocess import run

    (repository / "vars.yml").write_text(json.dumps({"hidden": "x-marks-the-spot"}))
    (tmp_path / "pw").write_text("open-sesame-5")
    vault = [
        str(ansible.resolve().parent / "ansible-vault"),
        "encrypt",
        f"--vault-password-file={tmp_path / 'pw'}",
        "vars.yml",
    ]
    run(vault, cwd=repository, check=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, capture_output=True)
    (repository / "play.yml").write_text(
        "- hosts: all\n  gather_facts: false\n  vars_files: [vars.yml]\n  tasks:\n"
        "    - ansible.builtin.set_stats: {data: {hidden: '{{ hidden }}'}}\n"
    )
    given = {"playbook": "play.yml", "hosts": ["localhost"], "vaultPasswordFrom": "VAULT_PW"}
    assert run_step("ansible", given, env={"VAULT_PW": "open-sesame-5"}).outputs["hidden"] == "x-marks-the-spot"
    assert run_step("ansible", given).failure.code.number == "ORC-5106"


@pytest.mark.parametrize(
    ("script", "code", "says"),
    [
        ('[ "$1" = --version ] && echo "ansible-playbook [core 2.9.0]"', "ORC-5102", "is 2.9.0, and >=2.15 is needed"),
        ('[ "$1" = --version ] && echo "[core 2.19.1]"', "ORC-5410", "ended with exit status 1"),
        ('[ "$1" = --version ] && echo "[core 2.19.1]"; exit 0', "ORC-5403", "did not say how the playbook ended"),
        ('[ "$1" = --version ] && echo "[core 2.19.1]" || sleep 60', "ORC-5103", "ran out of time"),
    ],
)
def test_a_program_that_is_not_what_it_seems_is_never_a_success(
    run_step: Any, inputs: Any, tmp_path: Path, script: str, code: str, says: str
) -> None:
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "ansible-playbook"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    env = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    done = run_step("ansible", inputs, env=env, timeout_seconds=2)
    assert done.failure.code.number == code
    assert says in done.failure.message


def test_the_example_of_the_page_works(run_step: Any, repository: Path) -> None:
    [step] = steps("ansible")
    (repository / "ansible").mkdir()
    (repository / "ansible" / "configure.yml").write_text(blocks("ansible", "yaml-playbook")[0])
    done = run_step(step["type"], step["config"])
    assert done.failure is None
    assert Path(done.outputs["settings"]).read_text() == "app=shop\n"
