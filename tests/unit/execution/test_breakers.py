"""Circuit breakers as a table of states: no clock, no process."""

import json

import pytest

from innominatus_cli.documents.admin_config import CircuitBreakerConfig
from innominatus_cli.drivers.services import endpoint_of, is_ill
from innominatus_cli.execution.breakers import Breakers
from innominatus_cli.system.commands import CommandOutcome, Ending, StreamOutput

SHOP = "shop.example:443"


def made(**more: object) -> Breakers:
    return Breakers(CircuitBreakerConfig.model_validate({"failures": 3, "cooldown": "30s", **more}))


def call(breakers: Breakers, now: float, *, ill: bool | None, endpoint: str = SHOP) -> str | None:
    """What a call that is let through at `now` turns the breaker into; `refused` where it is not."""
    if breakers.refusal(endpoint, now):
        return "refused"
    return breakers.heard(endpoint, now, ill=ill, trial=breakers.tries(endpoint))


def test_without_a_configuration_nothing_is_refused() -> None:
    breakers = Breakers(None)
    assert [call(breakers, moment, ill=True) for moment in range(50)] == [None] * 50


def test_it_opens_after_so_many_failures_in_a_row_and_not_before() -> None:
    breakers = made()
    told = [call(breakers, 0, ill=ill) for ill in (True, True, False, True, True, None, True, True)]
    assert told == [None, None, None, None, None, None, "open", "refused"]
    assert breakers.refusal(SHOP, 10.4) == f"{SHOP} failed 3 times in a row, and its cooldown of 30s is not over"


@pytest.mark.parametrize(
    ("ill", "turns", "then"), [(False, "closed", ""), (True, "open", "cooldown"), (None, None, "")]
)
def test_after_the_cooldown_one_call_decides(ill: bool | None, turns: str | None, then: str) -> None:
    breakers = made()
    for _ in range(3):
        call(breakers, 0, ill=True)
    assert breakers.refusal(SHOP, 29.9)
    assert breakers.refusal(SHOP, 30) == ""
    assert breakers.tries(SHOP)
    assert "another step tries it" in breakers.refusal(SHOP, 31)
    assert breakers.heard(SHOP, 32, ill=ill, trial=True) == turns
    assert not breakers.tries(SHOP)
    refused = breakers.refusal(SHOP, 33)
    assert then in refused if then else not refused


def test_an_answer_to_a_call_from_before_it_opened_is_not_that_of_the_trial() -> None:
    breakers = made(failures=1)
    assert breakers.refusal(SHOP, 0) == ""
    call(breakers, 1, ill=True)
    assert breakers.refusal(SHOP, 31) == ""
    assert breakers.heard(SHOP, 32, ill=True, trial=False) is None
    assert breakers.tries(SHOP)
    assert breakers.heard(SHOP, 33, ill=False, trial=True) == "closed"


def test_endpoints_have_breakers_and_rules_of_their_own() -> None:
    breakers = made(endpoints={"hooks.example:443": {"failures": 1, "cooldown": "1h"}})
    assert call(breakers, 0, ill=True, endpoint="hooks.example:443") == "open"
    assert call(breakers, 3000, ill=True, endpoint="hooks.example:443") == "refused"
    assert call(breakers, 3000, ill=True) is None


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://Shop.example/a?b=c", "shop.example:443"),
        ("http://shop.example", "shop.example:80"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("ftp://shop.example/", ""),
        ("nothing", ""),
        ("http://shop.example:999999/", ""),
    ],
)
def test_an_endpoint_is_the_host_and_the_port_of_an_address(url: str, endpoint: str) -> None:
    assert endpoint_of(url) == endpoint


@pytest.mark.parametrize(
    ("outcome", "ill"),
    [
        ({"status": 200}, False),
        ({"status": 404}, False),
        ({"status": 429}, True),
        ({"status": 503}, True),
        ({"problem": "no connection", "unreachable": True}, True),
        ({"problem": "the sender was refused"}, False),
        ([], None),
        (Ending.TIMED_OUT, True),
        (Ending.CANCELLED, None),
        (Ending.SIGNALLED, None),
        (Ending.NOT_STARTED, None),
    ],
)
def test_what_a_call_says_of_its_service(outcome: object, ill: bool | None) -> None:
    if isinstance(outcome, Ending):
        assert is_ill(CommandOutcome(outcome)) is ill
    else:
        stdout = StreamOutput(json.dumps(outcome).encode())
        assert is_ill(CommandOutcome(Ending.EXITED, exit_code=0, stdout=stdout)) is ill
        assert is_ill(CommandOutcome(Ending.EXITED, exit_code=1, stdout=stdout)) is None
