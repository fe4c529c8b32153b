"""What a run does with what it knows: who is told what, and what may be recorded."""

from collections.abc import Callable
from typing import Any

import pytest

from innominatus_cli.documents.plan import Application, Plan, PlannedStep
from innominatus_cli.documents.run_record import RunRecord, StepResult, StreamDigest
from innominatus_cli.documents.verdict import Actor, ReportedFinding
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
from innominatus_cli.execution.excerpts import ALL_EXCERPTS, bounded, token_in
from innominatus_cli.execution.redaction import Redactor
from innominatus_cli.execution.secrecy import (
    LogFilter,
    clean_errors,
    clean_result,
    guarded,
    holding_argument,
    holding_files,
    holding_names,
    learn_outputs,
    public_outputs,
)
from innominatus_cli.execution.values import UnusableSecret
from innominatus_cli.findings.catalogue.execution import VALUE_MISSING
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.record_gate import through_the_gate

VALUE = "correct-horse-7"


@pytest.fixture
def redactor() -> Redactor:
    return Redactor([VALUE.encode()])


def step(**fields: Any) -> PlannedStep:
    return PlannedStep(
        id="s", name="s", type="script", phase=Phase.DEPLOYMENT, tier=Tier.APPLICATION, workflow_id=None, **fields
    )


@pytest.fixture
def plan() -> Plan:
    return Plan(
        operation=Operation.DEPLOY, application=Application(name="checkout-service"), environment="staging",
        sources=[], inputs=[], workflows=[], steps=[],
    )  # fmt: skip


@pytest.fixture
def record() -> Callable[..., RunRecord]:
    def made(*steps: StepResult, **fields: Any) -> RunRecord:
        return RunRecord(
            kind="run", run="01JD0000000000000000000000", parents=[], application="shop", environment="staging",
            operation="deploy", status="succeeded", actor=Actor(name="Ada", email="a@b.example", source="git config"),
            started_at="x", finished_at="x", duration_ms=1, dirty=False, tool_version="1", steps=list(steps), **fields,
        )  # fmt: skip

    return made


def test_a_value_is_known_to_the_redactor_when_it_is_given_and_not_before(plan: Plan) -> None:
    redactor = Redactor()
    secrets = guarded({"a": VALUE, "b": "other-horse-8"}.get, redactor, plan)
    assert not redactor.active
    assert secrets("a") == VALUE
    assert redactor.holds(VALUE.encode())
    assert not redactor.holds(b"other-horse-8")
    assert secrets("none") is None


@pytest.mark.parametrize(("value", "code"), [("12345", "ORC-5280"), ("checkout-service", "ORC-5281")])
def test_a_value_that_cannot_be_kept_is_not_given(plan: Plan, value: str, code: str) -> None:
    with pytest.raises(UnusableSecret) as refused:
        guarded(lambda _: value, Redactor(), plan)("a")
    assert refused.value.code.number == code
    assert value not in str(refused.value)


def test_secret_outputs_and_what_terraform_calls_sensitive_are_learnt() -> None:
    redactor = Redactor()
    outputs = {
        "token": {"a": ["derived-one-1", 7777777, None, True]},
        "db": {"sensitive": True, "type": "string", "value": "derived-two-2"},
        "url": {"sensitive": False, "type": "string", "value": "plain-text-3"},
        "short": "ab",
    }
    assert learn_outputs(redactor, step(secret_outputs=["token", "short"]), outputs) == ["short"]
    assert redactor.holds(b"x derived-one-1")
    assert redactor.holds(b"x 7777777")
    assert redactor.holds(b"x derived-two-2")
    assert not redactor.holds(b"plain-text-3")


def test_what_a_step_with_secret_outputs_prints_waits_until_they_are_known() -> None:
    redactor = Redactor()
    log = LogFilter(redactor, step(secret_outputs=["token"]))
    assert log.feed(b"first derived-one-1\n") == b""
    assert log.feed(b"OUTPUT_token=derived-one-1\n") == b""
    assert log.flush() == b"first ***\nOUTPUT_token=***\n"
    assert log.count == 2
    assert log.feed(b"again derived-one-1") + log.flush() == b"again ***"


def test_what_terraform_prints_of_sensitive_outputs_waits_too() -> None:
    redactor = Redactor()
    log = LogFilter(redactor, step())
    printed = b'{\n  "db": {"sensitive": true, "type": "string", "value": "derived-two-2"}\n}\n'
    assert log.feed(printed[:1]) + log.feed(printed[1:40]) + log.feed(printed[40:]) == b""
    assert log.flush() == printed.replace(b"derived-two-2", b"***")
    assert log.feed(b'{"level": "info"}\n') == b'{"level": "info"}\n'[: -(redactor.longest - 1)]
    assert log.flush().endswith(b"}\n")
    plain = LogFilter(Redactor(), step())
    assert plain.feed(b'{"level": "info"}\n') == b'{"level": "info"}\n'


def test_more_than_can_be_outputs_does_not_wait() -> None:
    redactor = Redactor()
    log = LogFilter(redactor, step(secret_outputs=["token"]))
    begin = b"OUTPUT_token=derived-one-1\n" + b"x" * 1024 * 1024
    given = log.feed(begin)
    assert given.startswith(b"OUTPUT_token=***\nxxx")
    assert log.feed(b"derived-one-1") + log.flush() == b"x" * (len(begin) - 10 - len(given)) + b"***"


def test_secret_outputs_are_known_however_much_is_printed_before_them() -> None:
    log = LogFilter(Redactor(), step(secret_outputs=["token"]))
    noise = b"a line of noise\n" * 100_000
    printed = noise + b"OUTPUT_token=derived-one-1\n" + noise + b"again derived-one-1\n"
    given = b"".join(log.feed(printed[at : at + 65_536]) for at in range(0, len(printed), 65_536)) + log.flush()
    assert given == printed.replace(b"derived-one-1", b"***")


def test_what_holds_a_secret_is_named(redactor: Redactor) -> None:
    assert holding_names(redactor, {"a": f"x{VALUE}", "b": {"c": [VALUE]}, "d": 1}) == ["a", "b"]
    assert holding_argument(redactor, ("sh", "-c", f"echo {VALUE}")) == 2
    assert holding_argument(redactor, ("sh", "-c", "echo")) is None
    assert holding_files(redactor, {"a.yaml": b"x: " + VALUE.encode(), f"{VALUE}.yaml": b"", "c": b"x"}) == [
        *("a.yaml", f"{VALUE}.yaml")
    ]
    assert public_outputs(redactor, {"flow": {"a": VALUE, "b": 1}}) == {"flow": {"b": 1}}
    nothing = Redactor()
    assert holding_names(nothing, {"a": VALUE}) == []
    assert holding_argument(nothing, (VALUE,)) is None
    assert holding_files(nothing, {VALUE: b""}) == []


def test_a_result_is_cleaned_wherever_it_holds_one(redactor: Redactor) -> None:
    told = ReportedFinding(code="ORC-5103", severity="error", message=f"m {VALUE}", path="", remedy=VALUE)
    stream = StreamDigest(bytes=1, sha256="", head=VALUE, tail=f"t {VALUE}")
    result = StepResult(
        step="s", status="failed", reason=f"r {VALUE}", outputs={"a": VALUE}, variables={"v": VALUE},
        finding=told, stdout=stream, cells=[{"index": 0, "item": VALUE}],
    )  # fmt: skip
    clean = clean_result(redactor, result)
    assert not redactor.holds(repr(clean).encode())
    assert (clean.reason, clean.outputs, clean.variables) == ("r ***", {"a": "***"}, {"v": "***"})
    assert clean.stdout == StreamDigest(bytes=1, sha256="", head="***", tail="t ***")
    same = StepResult(step="s", status="succeeded", outputs={"a": 1})
    assert clean_result(redactor, same) is same


def test_exceptions_that_leave_a_run_hold_none(redactor: Redactor) -> None:
    def look_up() -> None:
        raise KeyError(VALUE)

    def broken() -> None:
        try:
            look_up()
        except KeyError as error:
            raise ValueError("plain") from error

    with pytest.raises(RuntimeError, match=r"^ValueError: plain$") as raised, clean_errors(redactor):
        broken()
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    with pytest.raises(RuntimeError, match=r"^KeyError: '\*\*\*'$"), clean_errors(redactor):
        look_up()
    with pytest.raises(ValueError, match="harmless"), clean_errors(redactor):
        raise ValueError("harmless")
    finding = Finding(VALUE_MISSING, f"no {VALUE}", Place(""), f"take {VALUE}")
    with pytest.raises(CannotContinue) as ended, clean_errors(redactor):
        raise CannotContinue(finding)
    assert [(one.message, one.remedy) for one in ended.value.findings] == [("no ***", "take ***")]


def test_a_clean_record_goes_through_the_gate_as_it_is(redactor: Redactor, record: Callable[..., RunRecord]) -> None:
    clean = record(StepResult(step="s", status="succeeded", outputs={"a": 1}))
    assert through_the_gate(redactor, clean, {"a": b"x"}) == (clean, {"a": b"x"}, ())
    assert through_the_gate(Redactor(), clean, {"a": VALUE.encode()})[2] == ()


def test_a_record_with_a_secret_loses_what_may_hold_it_and_nothing_else(
    redactor: Redactor, record: Callable[..., RunRecord]
) -> None:
    stream = StreamDigest(bytes=9, sha256="ab", head="harmless")
    steps = [
        StepResult(step="a", status="succeeded", outputs={"x": VALUE}, withheld_outputs=["y"], stdout=stream),
        StepResult(step="b", status="failed", reason=f"because {VALUE}", variables={"v": "w"}, duration_ms=5),
    ]
    told, files, findings = through_the_gate(
        redactor, record(*steps, outputs={"flow": {"o": 1}}, branch=VALUE), {"a": b"x", "b": VALUE.encode()}
    )
    assert not redactor.holds(told.canonical)
    assert [finding.code.number for finding in findings] == ["ORC-5285"]
    assert [finding.code for finding in told.findings] == ["ORC-5285"]
    assert files == {"a": b"x"}
    assert told.outputs == {}
    assert told.branch == "***"
    assert told.steps[0].withheld_outputs == ["y", "x"]
    assert told.steps[0].stdout == StreamDigest(bytes=9, sha256="ab")
    assert (told.steps[1].reason, told.steps[1].variables, told.steps[1].duration_ms) == ("because ***", {}, 5)


def test_a_file_alone_that_holds_one_is_left_out(redactor: Redactor, record: Callable[..., RunRecord]) -> None:
    told, files, findings = through_the_gate(redactor, record(), {"a": VALUE.encode()})
    assert files == {}
    assert len(findings) == len(told.findings) == 1
    assert "the files to commit" in findings[0].message


def test_excerpts_have_a_bound_for_all_steps_and_failures_come_first() -> None:
    big = StreamDigest(bytes=1, sha256="", head="x" * (ALL_EXCERPTS // 2))
    steps = [
        StepResult(step=name, status="failed" if name == "c" else "succeeded", stdout=big) for name in ("a", "b", "c")
    ]
    assert [one.stdout is not None and one.stdout.head is not None for one in bounded(steps)] == [True, False, True]
    assert bounded(steps[:2]) == steps[:2]


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("key ghp_" + "a1" * 18, "a token of GitHub"),
        ("AKIA" + "ABCDEFGH12345678", "an access key of AWS"),
        ("x Zk3vQ9mT2xR7bL5nW8pJ4cD6 y", "a word that looks like a generated key"),
        ("sha256:0123456789abcdef0123456789abcdef", ""),
        ("nothing to see", ""),
    ],
)
def test_what_looks_like_a_token_is_told_in_words(head: str, told: str) -> None:
    assert token_in(StreamDigest(bytes=1, sha256="", head=head)) == told
    assert token_in(StreamDigest(bytes=1, sha256="")) == ""
