"""The two provisioners that this repository ships keep the rules of all provisioners."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., Any]


@pytest.fixture
def shipped(root: Path, repository: Make) -> Any:
    """A repository with the shipped provisioners, and what admin-config.yaml says of them."""
    admin = (root / "admin-config.yaml").read_text()
    entry = admin[admin.index("productProvisioners:") : admin.index("# Members are")]
    found = (root / "workflows" / "products").glob("*/provisioners/**/*")
    paths = [path for path in found if path.is_file() and "__pycache__" not in path.parts]
    there = repository({"admin-config.yaml": entry, **{str(one.relative_to(root)): one.read_text() for one in paths}})
    for path in paths:
        (there.root / path.relative_to(root)).chmod(path.stat().st_mode)
    return there


@pytest.mark.parametrize(
    ("name", "params", "secrets"),
    [
        ("payment-gateway", ["provider=stripe", "webhook_url=https://shop.example/hooks"], ["webhook_secret"]),
        ("data-lake", ['datasets=["orders","clicks"]', "retention_days=7"], ["access_key"]),
    ],
)
def test_a_shipped_provisioner_passes_its_trial(shipped: Any, name: str, params: list[str], secrets: list[str]) -> None:
    given = [word for param in params for word in ("--param", param)]
    told = shipped.ask("provisioners", "test", name, *given, "-o", "json")
    assert told.status == 0, told.out
    trial = told.data
    assert trial["passed"]
    assert trial["secret_outputs"] == secrets
    assert [stage["name"] for stage in trial["stages"]] == [
        "provision",
        "provision again",
        "status",
        "deprovision",
        "deprovision again",
        "nothing is left",
    ]


@pytest.mark.parametrize(
    ("name", "param", "words"),
    [
        ("payment-gateway", "webhook_url=http://plain.example", "'webhook_url' is an https address"),
        ("payment-gateway", "provider=gold", "one of stripe, paypal, adyen"),
        ("data-lake", "retention_days=0", "is at least 1"),
        ("data-lake", 'zones=["../out"]', "cannot be the name of a zone"),
        ("data-lake", "colour=red", "there is no param 'colour'"),
    ],
)
def test_wrong_params_are_told(shipped: Any, name: str, param: str, words: str) -> None:
    told = shipped.ask("provisioners", "test", name, "--param", param)
    assert told.status == 1
    assert words in told.out


def test_a_provisioner_that_gives_another_answer_the_second_time_does_not_pass(repository: Make) -> None:
    admin = "productProvisioners: [{type: queue, name: queue, command: [bash, ./q]}]\n"
    there = repository({"admin-config.yaml": admin, "q": 'echo "{\\"outputs\\": {\\"at\\": \\"$(date +%N)\\"}}"\n'})
    told = there.ask("provisioners", "test", "queue")
    assert told.status == 1
    assert "✗ provision again" in told.out
    assert "gave another 'at' for the same request" in told.out


@pytest.mark.parametrize("language", ["bash", "python"])
def test_a_new_provisioner_passes_its_trial_once_it_is_switched_on(repository: Make, language: str) -> None:
    there = repository({})
    told = there.ask("provisioners", "new", "search-index", "--language", language)
    assert told.status == 0, told.err
    entry = told.out[told.out.index("productProvisioners:") : told.out.index("Next:")]
    (there.root / "admin-config.yaml").write_text(entry)
    told = there.ask("provisioners", "test", "search-index")
    assert told.status == 0, told.out


def test_every_built_in_provisioner_passes_its_trial(repository: Make) -> None:
    there = repository({})
    listed = there.ask("provisioners", "list", "-o", "json").data["provisioners"]
    names = [one["name"] for one in listed]
    assert {"postgres", "route", "environment", "volume"} <= {*names}
    failed = [name for name in names if there.ask("provisioners", "test", name).status]
    assert failed == []
