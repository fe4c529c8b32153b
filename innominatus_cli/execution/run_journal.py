"""What a run writes into its journal: one method an event. `replay` reads the same events again.

    run_start         run, plan, opening (digests), application, environment, steps, boot_id, deadline_ms, past
    carried           step, result: what an earlier run says of a step; count, on the line behind the last of them
    goes_on           index, attempts: those that count in its budget; spreads: what stands behind it is decided anew
    intents           attempts: [[index, attempt], …], on disk before the first of them begins
    step_start        step, index, attempt, idempotency: written just before the attempt begins
    process           index, pid, start_ticks
    retry_wait        index, wait_ms, attempt: what came of the one before
    breaker           index, endpoint, state, failures: of the circuit breaker of an endpoint that a step called
    probed            index, said: what the probe of a step in doubt answered
    expanded          step, index, first, count, cells: the digest of what a loop goes over
    held              step, index, reason
    approved          approval: one that opened a gate of a step that is about to start
    step_end          step, index, status, result
    finding           finding: of the run, not of a step
    signal, deadline, strays_ended
    run_end           status, failures, finished_at, duration_ms, signal, outputs

`result`, `finding` and `outputs` are the whole value, or its digest (`kept`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from innominatus_cli.documents.run_record import Attempt, CountedApproval, RunStatus, StepResult
from innominatus_cli.documents.verdict import ReportedFinding
from innominatus_cli.execution.journal import Journal
from innominatus_cli.execution.kept import keep_artifact, keep_artifacts, kept_value
from innominatus_cli.execution.past import Earlier, Past
from innominatus_cli.execution.setting import RunSetting
from innominatus_cli.execution.step_ends import BreakerTurned, StepEnd
from innominatus_cli.execution.task import Task
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.system.process_tree import boot_id, ticks_now

_REASON: Final = 300
"""Letters of a reason in a line of its own."""


class RunJournal:
    """The events of one run. `flush` and `commit` are those of the journal."""

    def __init__(self, journal: Journal, setting: RunSetting) -> None:
        self._journal = journal
        self._state = setting.state
        self._setting = setting
        self._run = setting.run
        self._findings = 0
        self._carried = 0
        self.add = journal.add
        self.flush = journal.flush
        self.commit = journal.commit

    @property
    def problem(self) -> str:
        """Why nothing more is written; empty while the disk takes it."""
        return self._journal.problem

    @property
    def pending_seconds(self) -> float:
        """How long something written has been waiting for the disk."""
        return self._journal.pending_seconds

    def run_starts(self, deadline_seconds: float | None, past: Past | None = None) -> None:
        """The first line. With a past, nothing has begun before `carries` is on disk."""
        plan, opening = self._setting.plan, self._setting.opening
        self.add(
            "run_start",
            run=self._run,
            plan=plan.digest,
            application=plan.application.name,
            environment=plan.environment,
            steps=len(plan.steps),
            boot_id=boot_id(),
            **({"opening": opening} if opening else {}),
            **({"past": past.run} if past is not None else {}),
            **({} if deadline_seconds is None else {"deadline_ms": round(deadline_seconds * 1000)}),
        )

    def carries(self, past: Past) -> None:
        """What an earlier run says of each step, on disk before anything runs. Raises CannotContinue (exit 73)."""
        for step, earlier in past.steps.items():
            for data in earlier.artifacts.values():
                keep_artifact(self._state, self._run, data)
            self._carry(step, earlier.carried)
        for step, cells in past.cells.items():
            self._carry(step, StepResult(step=step, status="succeeded", cells=cells, reused_from=past.run))
        self.add("carried", count=self._carried)
        self.commit()

    def _carry(self, step: str, result: StepResult) -> None:
        self._carried += 1
        name = f"carried-{self._carried}"
        kept = kept_value(self._state, self._run, name, result.as_json(), len(step.encode()))
        self.add("carried", step=step, result=kept)

    def goes_on(self, index: int, earlier: Earlier) -> None:
        """A step that an earlier run knows runs in this one."""
        attempts = [attempt.as_json() for attempt in earlier.attempts]
        self.add("goes_on", index=index, attempts=attempts, spreads=earlier.spreads)

    def intended(self, attempts: Sequence[Sequence[int]]) -> None:
        """These attempts, each an index and a number, may begin once this is on disk."""
        self.add("intents", attempts=attempts)

    def attempt_starts(self, task: Task) -> None:
        """An attempt begins now."""
        self.add(
            "step_start",
            step=task.step.id,
            index=task.index,
            attempt=task.attempt,
            idempotency=task.step.idempotency.value,
        )

    def process_started(self, index: int, pid: int) -> None:
        """A process of a step."""
        self.add("process", index=index, pid=pid, start_ticks=ticks_now())

    def pauses(self, index: int, seconds: float, attempt: Attempt) -> None:
        """An attempt has failed, and another one follows."""
        self.add("retry_wait", index=index, wait_ms=round(seconds * 1000), attempt=attempt.as_json())

    def breaker_turned(self, index: int, turn: BreakerTurned) -> None:
        """A circuit breaker is in another state, after what a step heard or because it may be tried again."""
        endpoint = turn.endpoint[:_REASON]
        self.add("breaker", index=index, endpoint=endpoint, state=turn.state, failures=turn.failures)

    def held(self, step: str, index: int, reason: str) -> None:
        """A step waits for people; it has its end, `planned`, when the run has."""
        self.add("held", step=step, index=index, reason=reason[:_REASON])

    def approved(self, approval: CountedApproval) -> None:
        """Somebody's approval has opened a gate."""
        self.add("approved", approval=approval.as_json())

    def step_ended(self, index: int, end: StepEnd) -> None:
        """A step has come to its end; what others need of it is on disk first. Raises CannotContinue (exit 73)."""
        result = end.result
        whole: Any = result.as_json()
        trouble = None
        if not self.problem:
            try:
                if end.artifacts:
                    keep_artifacts(self._state, self._run, end)
                whole = kept_value(self._state, self._run, index, whole, len(result.step.encode()))
            except CannotContinue as error:
                trouble, whole = error, _bare(result)
            self.add("step_end", step=result.step, index=index, status=result.status, result=whole)
        if trouble is not None:
            raise trouble

    def found(self, finding: Finding) -> None:
        """Something of the run that its record says. Raises CannotContinue (exit 73)."""
        self._findings += 1
        if not self.problem:
            data = ReportedFinding.of(finding).as_json()
            self.add("finding", finding=kept_value(self._state, self._run, f"finding-{self._findings}", data))

    def run_ends(
        self,
        status: RunStatus,
        failures: int,
        finished_at: str,
        duration_ms: int,
        signal: int | None,
        outputs: Mapping[str, Any],
    ) -> None:
        """The last line. Raises CannotContinue (exit 73)."""
        facts: dict[str, Any] = {} if signal is None else {"signal": signal}
        trouble = None
        if outputs and not self.problem:
            try:
                facts["outputs"] = kept_value(self._state, self._run, "outputs", dict(outputs))
            except CannotContinue as error:
                trouble = error
        self.add(
            "run_end",
            status=status,
            failures=failures,
            finished_at=finished_at,
            duration_ms=duration_ms,
            **facts,
        )
        if trouble is not None:
            raise trouble


def _bare(result: StepResult) -> dict[str, Any]:
    """A result without what did not fit and could not be kept."""
    kept = {"step", "status", "started_at", "duration_ms", "continued"}
    return result.model_copy(update={"reason": result.reason[:300]}).model_dump(
        mode="json", include=kept | {"reason", "schema_"}, by_alias=True, exclude_none=True
    )
