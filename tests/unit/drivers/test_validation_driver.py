"""`validation`: which checks are made, how, and what is told of those that failed."""

import json
from typing import Any

import pytest

from innominatus_cli.system.commands import CommandOutcome, Ending


def answer(*results: tuple[bool, str, int]) -> bytes:
    return json.dumps({"results": [{"passed": p, "seen": s, "tries": t} for p, s, t in results]}).encode()


HTTP = {"name": "shop", "type": "http", "url": "https://shop.example/health"}
TCP = {"name": "db", "type": "tcp", "host": "db.example", "port": 5432}


def test_all_checks_go_to_one_child_and_their_number_is_an_output(context: Any, play: Any, ended: Any) -> None:
    ctx = context("validation", {"healthChecks": [HTTP], "checks": [TCP], "timeout": "5s", "retries": 2})
    result, (request,) = play(ctx, [ended(stdout=answer((True, "", 1), (True, "", 1)))])
    assert result.failure is None
    assert result.outputs == {"passed": 2}
    assert result.printed is None
    sent = json.loads(request.stdin)["checks"]
    assert [(check["name"], check["timeout"], check["retries"]) for check in sent] == [("shop", 5, 2), ("db", 5, 2)]
    assert request.argv[1:5] == ("-I", "-S", "-X", "utf8")


def test_every_failed_check_is_named_with_what_was_seen(context: Any, play: Any, ended: Any) -> None:
    ctx = context("validation", {"checks": [HTTP, TCP]})
    seen = answer((False, "HTTP status 503 instead of 200", 3), (False, "no connection (timed out)", 1))
    result, _ = play(ctx, [ended(stdout=seen)])
    assert result.failure.code.number == "ORC-5110"
    assert result.failure.message == (
        "step 'the-step': 2 of 2 checks failed: shop: HTTP status 503 instead of 200, after 3 tries; "
        "db: no connection (timed out)"
    )


def test_an_environment_has_its_own_form_of_a_check(context: Any, play: Any, ended: Any) -> None:
    named = HTTP | {"environments": {"development": {"type": "dns", "host": "localhost"}}}
    _, (request,) = play(context("validation", {"healthChecks": [named]}), [ended(stdout=answer((True, "", 1)))])
    assert json.loads(request.stdin)["checks"][0]["type"] == "dns"


def test_a_command_check_is_repeated_with_a_pause(context: Any, play: Any, ended: Any) -> None:
    check = {"name": "ready", "type": "command", "command": ["pg_isready"], "retries": 2, "interval": 3, "timeout": 4}
    result, requests = play(context("validation", {"checks": [check]}), [ended(1), ended(), ended()])
    assert result.failure is None
    assert [request.argv for request in requests] == [("pg_isready",), ("sleep", "3"), ("pg_isready",)]
    assert requests[0].timeout_seconds == 4


def test_a_command_check_that_never_succeeds_says_how_often(context: Any, play: Any, ended: Any) -> None:
    check = {"name": "ready", "type": "command", "command": ["pg_isready"], "retries": 1, "interval": 0}
    result, _ = play(context("validation", {"checks": [check]}), [ended(2), ended(2)])
    assert "ready: 'pg_isready' ended with exit status 2, after 2 tries" in result.failure.message


def test_a_missing_program_of_a_check_is_not_tried_again(context: Any, play: Any, missing: CommandOutcome) -> None:
    check = {"name": "ready", "type": "command", "command": ["pg_isready"], "retries": 5}
    result, requests = play(context("validation", {"checks": [check]}), [missing])
    assert len(requests) == 1
    assert "could not be started" in result.failure.message


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ({"type": "http"}, "needs 'url'"),
        ({"type": "http", "url": "file:///etc/passwd"}, "starts with http://"),
        ({"type": "http", "url": "http://"}, "starts with http://"),
        ({"type": "http", "url": "http://a b"}, "starts with http://"),
        ({"type": "http", "url": "http://x:99999"}, "starts with http://"),
        ({"type": "http", "url": "http://[::1"}, "starts with http://"),
        ({"type": "tcp", "host": "h"}, "needs 'port'"),
        ({"type": "tcp", "port": 1}, "needs 'host'"),
        ({"type": "dns"}, "needs 'host'"),
        ({"type": "file"}, "needs 'path'"),
        ({"type": "command"}, "needs 'command'"),
    ],
)
def test_a_check_that_lacks_what_its_type_needs_is_refused(context: Any, play: Any, check: Any, words: str) -> None:
    result, requests = play(context("validation", {"checks": [{"name": "c", **check}]}))
    assert requests == []
    assert words in result.failure.message


def test_a_file_outside_the_repository_and_the_state_folder_is_refused(context: Any, play: Any) -> None:
    result, requests = play(context("validation", {"checks": [{"name": "f", "type": "file", "path": "/etc/passwd"}]}))
    assert requests == []
    assert result.failure.code.number == "ORC-5104"


def test_a_file_that_a_tool_made_is_found_in_the_state_folder(context: Any, play: Any, ended: Any) -> None:
    ctx = context("validation", {"checks": [{"name": "f", "type": "file", "path": "databases/a.db"}]})
    (ctx.state_dir / "databases").mkdir()
    (ctx.state_dir / "databases" / "a.db").touch()
    _, (request,) = play(ctx, [ended(stdout=answer((True, "", 1)))])
    assert json.loads(request.stdin)["checks"][0]["path"] == str((ctx.state_dir / "databases/a.db").resolve())


def test_two_checks_of_one_name_are_refused(context: Any, play: Any) -> None:
    result, _ = play(context("validation", {"healthChecks": [HTTP], "checks": [HTTP]}))
    assert "two checks are called 'shop'" in result.failure.message


def test_a_name_that_no_table_defined_is_a_finding(context: Any, play: Any) -> None:
    result, _ = play(context("validation", {"healthChecks": ["stripe"]}))
    assert "'stripe' is not in admin-config's healthChecks" in result.failure.message


def test_a_program_runs_behind_the_checks_and_only_if_they_passed(context: Any, play: Any, ended: Any) -> None:
    inputs = {"checks": [HTTP], "script": "echo OUTPUT_a=1"}
    result, requests = play(
        context("validation", inputs), [ended(stdout=answer((True, "", 1))), ended(stdout=b"OUTPUT_a=1")]
    )
    assert requests[1].argv[0] == "bash"
    assert result.printed is not None
    assert result.outputs == {"passed": 1}
    result, requests = play(context("validation", inputs), [ended(stdout=answer((False, "down", 1)))])
    assert len(requests) == 1
    assert result.failure is not None


@pytest.mark.parametrize(
    "outcome", [CommandOutcome(Ending.SIGNALLED, signal=9), CommandOutcome(Ending.EXITED, exit_code=0)]
)
def test_a_child_without_an_answer_is_no_success(context: Any, play: Any, outcome: CommandOutcome) -> None:
    result, _ = play(context("validation", {"checks": [HTTP]}), [outcome])
    assert result.failure.code.number == "ORC-5107"


def test_one_check_is_told_as_one(context: Any, play: Any, ended: Any) -> None:
    result, _ = play(context("validation", {"checks": [HTTP]}), [ended(stdout=answer((True, "", 1)))])
    assert result.message == "1 check passed"
