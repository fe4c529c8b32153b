"""Programs and Python classes of a repository make resources, in children that can reach nothing but their folder."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]
ADMIN = """
    productProvisioners:
      - type: queue
        name: queue
        command: [bash, ./provisioners/queue]
        outputs: {url: string, token: string}
        secretOutputs: [token]
        timeout: 5s
"""
PROGRAM = """
    cat > request.json
    env > env.txt
    if [ "$INNOMINATUS_OPERATION" = provision ]; then
      echo '{"outputs": {"url": "amqp://queue", "token": "t0ken-of-the-queue"}, "message": "made"}'
    fi
"""


def test_a_program_makes_and_removes_a_resource(repository: Make) -> None:
    there = repository({"admin-config.yaml": ADMIN, "provisioners/queue": PROGRAM})
    told = there.ask("run", "deploy-app", "score.yaml")
    assert told.status == 0, told.err
    result = there.results()["provision-queue"]
    assert result["outputs"] == {"name": "queue", "url": "amqp://queue"}
    folder = there.state / "queue" / "queue"
    assert folder.stat().st_mode & 0o777 == 0o700
    request = json.loads((folder / "request.json").read_text())
    assert request["protocol"] == "innominatus.dev/provisioner/v1"
    assert request["operation"] == "provision"
    assert request["resource"] == {
        "name": "queue",
        "type": "queue",
        "class": "default",
        "id": None,
        "uid": "queue.default#shop.queue",
        "params": {"size": 3},
        "annotations": {},
        "application": "shop",
        "environment": "development",
    }
    assert there.ask("run", "undeploy-app", "score.yaml").status == 0
    assert not folder.exists()


def test_its_environment_is_allow_listed_and_secrets_are_in_no_file_of_ours(
    repository: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-for-programs")
    there = repository({"admin-config.yaml": ADMIN, "provisioners/queue": PROGRAM})
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    seen = (there.state / "queue" / "queue" / "env.txt").read_text()
    assert "not-for-programs" not in seen
    assert "INNOMINATUS_PARAM_SIZE=3" in seen
    assert "INNOMINATUS_STATE_DIR" not in seen
    ours = [*(there.root / ".innominatus").rglob("*"), *(there.root / ".git/innominatus/runs").rglob("*")]
    assert not [path for path in ours if path.is_file() and b"t0ken-of-the-queue" in path.read_bytes()]


@pytest.mark.parametrize(
    ("program", "code", "words"),
    [
        ("exit 3", "ORC-5540", "ended with exit status 3"),
        ("sleep 60", "ORC-5002", "`timeout`"),
        ("kill -9 $$", "ORC-5540", "was killed by signal 9"),
        ("head -c 2000000 /dev/zero | tr '\\0' x", "ORC-5541", "has 2,000,000 bytes"),
        ("read -r answer < /dev/tty; echo '{}'", "ORC-5542", "promises the output 'url'"),
        ('echo \'{"outputs": {"url": 1, "token": "secret-token"}}\'', "ORC-5542", "as string, and gave integer"),
        ("echo x >> ../../../../../../../../score.yaml; echo '{}'", "ORC-5543", "'score.yaml'"),
    ],
)
def test_what_goes_wrong_fails_the_step_and_records_no_output(
    repository: Make, program: str, code: str, words: str
) -> None:
    admin = ADMIN.replace("5s", "1s")
    there = repository({"admin-config.yaml": admin, "provisioners/queue": f"{program}\n"})
    told = there.ask("run", "deploy-app", "score.yaml")
    assert told.status == 4
    assert code in told.err
    assert words in told.err
    assert there.results()["provision-queue"]["outputs"] == {}
    assert there.results()["deploy-application"]["status"] == "skipped"


def test_a_program_that_is_missing_is_told_when_planning(repository: Make) -> None:
    admin = "productProvisioners: [{type: queue, command: ./provisioners/none}]"
    there = repository({"admin-config.yaml": admin})
    told = there.ask("plan", "score.yaml")
    assert told.status == 1
    assert "ORC-3301" in told.err


def test_the_plan_says_which_provisioner_and_changes_with_its_program(repository: Make) -> None:
    there = repository({"admin-config.yaml": ADMIN, "provisioners/queue": PROGRAM})
    plan = there.ask("plan", "score.yaml", "-o", "json").data
    text = json.dumps(plan)
    assert '"source": "admin-config.yaml:2"' in text
    assert '"path": "provisioners/queue"' in text
    before = there.ask("plan", "score.yaml", "--digest").out
    assert there.ask("plan", "score.yaml", "--digest").out == before
    (there.root / "provisioners/queue").write_text(PROGRAM + "\n# another one\n")
    assert there.ask("plan", "score.yaml", "--digest").out != before


PYTHON = """
    from innominatus_cli.sdk import Config, Output, Provisioner, Resource, Result, UnauthorizedError


    class Queue(Provisioner):
        name = "queue"
        type = "queue"
        version = "1.4.0"
        outputs = {"url": Output(), "token": Output(secret=True)}
        params = {"size": "How large."}

        def provision(self, resource: Resource, config: Config) -> Result:
            print("this is no answer")
            if resource.params.integer("size") > 5:
                raise UnauthorizedError("queues have at most 5")
            return Result({"url": config.text("broker"), "token": self.secret("token")})
"""
MODULE = """
    productProvisioners:
      - {type: queue, name: queue, version: ^1.2, module: "queues:Queue", path: lib, config: {broker: amqp://b}}
"""


def test_a_python_class_makes_a_resource_in_a_child(repository: Make) -> None:
    there = repository({"admin-config.yaml": MODULE, "lib/queues.py": PYTHON})
    told = there.ask("run", "deploy-app", "score.yaml")
    assert told.status == 0, told.err
    assert there.results()["provision-queue"]["outputs"] == {"name": "queue", "url": "amqp://b"}
    token = (there.state / "queue/queue/.secret-token").read_text()
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    assert (there.state / "queue/queue/.secret-token").read_text() == token
    assert not list((there.root / "lib").rglob("__pycache__"))


@pytest.mark.parametrize(
    ("admin", "python", "words"),
    [
        (MODULE.replace("^1.2", "^2.0"), PYTHON, "is of the version 1.4.0, and ^2.0 is asked for"),
        (MODULE, PYTHON.replace("> 5", "> 1"), "UNAUTHORIZED: queues have at most 5"),
        (MODULE, PYTHON.replace("config.text", "config.nothing"), "AttributeError in the provisioner"),
        (MODULE, PYTHON.replace('"size": "How large."', '"other": "x"'), "there is no param 'size'"),
        (MODULE, "import nothing_like_it\n", "there is no module 'nothing_like_it'"),
        (MODULE, "Queue = 5\n", "is no subclass of innominatus_cli.sdk.Provisioner"),
    ],
)
def test_what_a_class_does_wrong_is_told(repository: Make, admin: str, python: str, words: str) -> None:
    there = repository({"admin-config.yaml": admin, "lib/queues.py": python})
    told = there.ask("run", "deploy-app", "score.yaml")
    assert told.status == 4
    assert words in told.err


def test_a_rollback_removes_what_its_run_made_and_no_more(repository: Make) -> None:
    there = repository({"admin-config.yaml": MODULE, "lib/queues.py": PYTHON})
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    time.sleep(0.01)
    assert there.ask("run", "deploy-app", "score.yaml").status == 0
    assert there.ask("rollback", "latest", "--yes").status in {0, 2}
    assert (there.state / "queue/queue").exists()
