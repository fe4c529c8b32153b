"""Circuit breakers in a run, with a real server that is ill and then well."""

import threading
import time

from innominatus_cli.documents.admin_config import CircuitBreakerConfig
from innominatus_cli.documents.plan import PlannedRetry
from innominatus_cli.execution.engine import ExecutionOptions, execute_plan
from innominatus_cli.execution.journal import read_journal
from tests.integration.drivers.servers import web_server
from tests.integration.execution.conftest import MakePlan, MakeSetting


def turns(setting: object) -> list[tuple[str, int]]:
    """The states of breakers by the journal, with the failures in a row."""
    path = setting.state.journal_path(setting.run)  # type: ignore[attr-defined]
    return [(line["state"], line["failures"]) for line in read_journal(path).lines if line["type"] == "breaker"]


def test_an_open_breaker_fails_steps_without_a_call(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    with web_server() as server:
        server.status = 503
        step = {"type": "http", "inputs": {"url": server.url}, "continue_on_error": True}
        names = ("a", "b", "c", "d")
        plan = make_plan({name: {**step, "needs": names[:number]} for number, name in enumerate(names)})
        setting = make_setting(plan, circuit_breaker=CircuitBreakerConfig(failures=2, cooldown=60))
        result = execute_plan(setting, ExecutionOptions(max_parallel=2))

    assert [step.finding.code for step in result.steps if step.finding] == ["ORC-5461"] * 2 + ["ORC-5213"] * 2
    assert len(server.received) == 2
    assert turns(setting) == [("open", 2)]


def test_after_the_cooldown_one_attempt_closes_it(make_plan: MakePlan, make_setting: MakeSetting) -> None:
    retry = PlannedRetry(attempts=3, delay_seconds=2, max_delay_seconds=2, backoff="constant", jitter="none")
    with web_server() as server:
        server.status = 503

        def get_well() -> None:
            while not server.received:
                time.sleep(0.01)
            server.status = 200

        thread = threading.Thread(target=get_well)
        thread.start()
        plan = make_plan({"a": {"type": "http", "inputs": {"url": server.url}, "retry": retry}})
        setting = make_setting(plan, circuit_breaker=CircuitBreakerConfig(failures=1, cooldown=1))
        result = execute_plan(setting)
        thread.join()

    assert result.status == "succeeded"
    assert turns(setting) == [("open", 1), ("half_open", 1), ("closed", 0)]
