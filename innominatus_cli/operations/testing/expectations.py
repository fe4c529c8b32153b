"""What a test expects, held against what came of it: a finding for each expectation that fails, at its place."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.step_patterns import StepNames, is_pattern, named_by
from innominatus_cli.documents.words import counted, short
from innominatus_cli.documents.workflow_test import ExpectedFinding, ExpectedStep, SkippedStep
from innominatus_cli.execution.graph import PlanGraph
from innominatus_cli.execution.simulation import SimulatedStep
from innominatus_cli.findings.catalogue import workflow_tests as codes
from innominatus_cli.findings.finding import Code, Finding, Place, Related, Severity
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.testing.declared import Key
from innominatus_cli.operations.testing.order import waits_for
from innominatus_cli.operations.testing.trial import Trial
from innominatus_cli.operations.testing.values import mismatches, pointer_of

_FEW = 5


def failures_of(trial: Trial) -> list[Finding]:
    """Everything that is not as the test expects it, in the order in which it is written; empty where it passes."""
    return list(_Holding(trial).failures())


class _Holding:
    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._expect = trial.case.declared.expect
        self._steps = trial.steps
        simulated = trial.simulation.steps if trial.simulation else ()
        self._by_id: dict[str, SimulatedStep] = {one.step.id: one for one in simulated}
        self._planned = {step.id: step for step in trial.plan.steps} if trial.plan is not None else {}
        self._planned |= {step_id: one.step for step_id, one in self._by_id.items()}
        self._graph = PlanGraph(trial.plan) if trial.plan is not None and self._expect.order else None

    def failures(self) -> Iterator[Finding]:
        trial = self._trial
        yield from self._findings()
        if trial.plan is None:
            if not self._expect.findings:
                yield from self._no_plan()
            return
        yield from self._verdict()
        yield from self._result()
        yield from trial.findings
        if not trial.refused:
            yield from self._each("runs", "run", lambda one: one.began)
            yield from self._runs_only()
            yield from self._each("succeeds", "succeed", lambda one: one.status == "succeeded")
            yield from self._each("fails", "fail", _failed)
            yield from self._skipped()
            yield from self._what_steps_get()
            yield from self._outputs()
        yield from self._absent()
        yield from self._order()
        yield from self._unused_fakes()

    # What comes of the whole

    def _no_plan(self) -> Iterator[Finding]:
        if self._expect.result == "unplanned":
            return
        errors = [one for one in self._trial.outcome.findings if one.severity is Severity.ERROR]
        message = f"the application cannot be planned: {counted(len(errors), 'error')}"
        yield Finding(codes.NO_PLAN_FOR_TEST, message, self._trial.case.place("name"))
        yield from errors

    def _findings(self) -> Iterator[Finding]:
        """Expected findings are there; where errors are among them, they are all of the errors."""
        expected = [ExpectedFinding(code=one) if isinstance(one, str) else one for one in self._expect.findings]
        found = self._trial.outcome.findings
        there = _listed(sorted({one.code.number for one in found if one.severity is not Severity.INFO}))
        matched: set[int] = set()
        for number, one in enumerate(expected):
            fitting = [n for n, finding in enumerate(found) if finding.code.number == one.code]
            told = [n for n in fitting if one.message is None or one.message in found[n].message]
            matched.update(told)
            place = self._place("findings", number)
            if not fitting:
                yield self._failed(f"expected the finding {one.code}; planning found {there}", place)
            elif not told:
                messages = " | ".join(found[n].message for n in fitting[:_FEW])
                yield self._failed(f"expected {one.code} to say '{one.message}'; it says: {messages}", place)
        errors = [n for n, finding in enumerate(found) if finding.severity is Severity.ERROR]
        if expected and self._trial.plan is None:
            yield from (found[n] for n in errors if n not in matched)
        if self._expect.result == "unplanned" and self._trial.plan is not None:
            message = "expected that there is no plan; the application can be planned"
            yield Finding(codes.RESULT_UNEXPECTED, message, self._place("result"))

    def _verdict(self) -> Iterator[Finding]:
        expected, judgement = self._expect.policies, self._trial.judgement
        if expected is None or judgement is None:
            return
        errors = {one.code.number: one for one in judgement.findings if one.severity is Severity.ERROR}
        warnings = {one.code.number for one in judgement.findings if one.severity is Severity.WARNING}
        if expected.allowed is not None and expected.allowed is self._trial.refused:
            says = f"they refuse it: {_listed(errors)}" if self._trial.refused else "they allow it"
            wanted = "allow" if expected.allowed else "refuse"
            related = _places(errors.values())
            yield self._failed(
                f"expected that the policies {wanted} the plan; {says}", self._place("policies", "allowed"), related
            )
        for number, code in enumerate(expected.refused):
            if code not in errors:
                message = (
                    f"expected that the policies refuse the plan with {code}; they refuse it with {_listed(errors)}"
                )
                yield self._failed(message, self._place("policies", "refused", number))
        for code in (code for code in errors if expected.refused and code not in expected.refused):
            message = f"the policies refuse the plan with {code} too: {errors[code].message}"
            yield self._failed(message, self._place("policies", "refused"), _places([errors[code]]))
        for number, code in enumerate(expected.warned):
            if code not in warnings:
                message = f"expected that the policies warn with {code}; they warn with {_listed(warnings)}"
                yield self._failed(message, self._place("policies", "warned", number))

    def _result(self) -> Iterator[Finding]:
        trial, policies = self._trial, self._expect.policies
        expected = self._expect.result
        if expected == "unplanned":
            return
        expects_refusal = policies is not None and (policies.allowed is False or bool(policies.refused))
        if expected is None and expects_refusal:
            return
        found = "refused" if trial.refused or trial.simulation is None else trial.simulation.status
        if found == (expected or "succeeded"):
            return
        wanted = f"expected that the run {_RESULT[expected]}" if expected else "nothing says how the run ends"
        why, related = self._why(found)
        where = self._place("result") if expected else trial.case.place("name")
        yield Finding(codes.RESULT_UNEXPECTED, f"{wanted}; it {_RESULT[found]}{why}", where, related=related)

    def _why(self, found: str) -> tuple[str, tuple[Related, ...]]:
        """Why a run failed or was refused, as the end of a sentence, with the places that say so."""
        trial = self._trial
        if found == "refused" and trial.judgement is not None:
            errors = [one for one in trial.judgement.findings if one.severity is Severity.ERROR]
            return f": {'; '.join(f'{one.code.number} {one.message}' for one in errors[:_FEW])}", _places(errors)
        if found == "failed" and trial.simulation is not None:
            failed = trial.simulation.failures[:_FEW]
            return f": {'; '.join(one.reason for one in failed)}", tuple(
                Related("the step that failed", place) for one in failed if (place := _place_of(one.step)) is not None
            )
        return "", ()

    # What comes of each step

    def _each(self, key: str, verb: str, holds: Callable[[SimulatedStep], bool]) -> Iterator[Finding]:
        """All steps that a list names are as they are expected to be."""
        for number, written in enumerate(getattr(self._expect, key)):
            place = self._place(key, number)
            for one in self._named(written, place):
                if isinstance(one, Finding):
                    yield one
                elif not holds(self._by_id[one.id]):
                    yield self._wrong(one, f"to {verb}", place)

    def _runs_only(self) -> Iterator[Finding]:
        """The steps that run are those of the list, and no others."""
        wanted = self._expect.runs_only
        if wanted is None:
            return
        yield from self._each("runs_only", "run", lambda one: one.began)
        named = {step.id for written in wanted for step in named_by(written, self._steps)}
        others = [step for step in self._steps if self._by_id[step.id].began and step.id not in named]
        for step in others:
            message = f"expected no other steps to run; '{step.short}' runs too"
            yield self._failed(message, self._place("runs_only"), self._related(step))

    def _skipped(self) -> Iterator[Finding]:
        for number, entry in enumerate(self._expect.skipped):
            written = SkippedStep(step=entry) if isinstance(entry, str) else entry
            place = self._place("skipped", number)
            for one in self._named(written.step, place):
                if isinstance(one, Finding):
                    yield one
                    continue
                simulated = self._by_id[one.id]
                if simulated.status not in {"skipped", "planned"}:
                    yield self._wrong(one, "to be skipped", place)
                elif written.reason is not None and written.reason not in simulated.reason:
                    message = f"expected '{one.short}' to be skipped because '{written.reason}'; the reason is"
                    where = self._place("skipped", number, "reason")
                    yield self._failed(f"{message}: {simulated.reason}", where, self._related(one))

    def _absent(self) -> Iterator[Finding]:
        for number, written in enumerate(self._expect.absent):
            for step in named_by(written, self._steps)[:_FEW]:
                message = f"expected that the plan has no step '{written}'; it has '{step.id}'"
                yield self._failed(message, self._place("absent", number), self._related(step))

    def _what_steps_get(self) -> Iterator[Finding]:
        for number, expected in enumerate(self._expect.steps):
            place = self._place("steps", number, "step")
            for one in self._named(expected.step, place):
                if isinstance(one, Finding):
                    yield one
                else:
                    yield from self._of_step(number, expected, one)

    def _of_step(self, number: int, expected: ExpectedStep, names: StepNames) -> Iterator[Finding]:
        simulated = self._by_id[names.id]
        step = simulated.step
        at = ("steps", number)
        if expected.type is not None and expected.type != step.type:
            message = f"expected '{names.short}' to be of type '{expected.type}'; it is of type '{step.type}'"
            yield self._failed(message, self._place(*at, "type"), self._related(names))
        if expected.approval is not None:
            gate = None if step.gate is None else {"teams": sorted(step.gate.teams), "count": step.gate.count}
            wanted = expected.approval.model_dump(exclude_none=True)
            wanted = {key: sorted(value) if key == "teams" else value for key, value in wanted.items()}
            yield from self._values(names, "approval", wanted, gate, at, exact=False)
        asked = (expected.inputs, expected.exact_inputs, expected.env, expected.attempts, expected.outputs)
        if all(value is None for value in asked):
            return
        if not simulated.began:
            yield self._wrong(names, "to run", self._place(*at, "step"))
            return
        if expected.attempts is not None and expected.attempts != simulated.attempts:
            message = f"expected {counted(expected.attempts, 'attempt')} of '{names.short}'; there "
            message += f"{'is' if simulated.attempts == 1 else 'are'} {simulated.attempts}"
            yield self._failed(message, self._place(*at, "attempts"), self._related(names))
        yield from self._values(names, "inputs", expected.inputs, simulated.inputs, at, exact=False)
        yield from self._values(names, "exactInputs", expected.exact_inputs, simulated.inputs, at, exact=True)
        env = None if simulated.env is None else {name: _text(value) for name, value in simulated.env.items()}
        yield from self._values(names, "env", expected.env, env, at, exact=False)
        yield from self._values(names, "outputs", expected.outputs, simulated.outputs, at, exact=False)

    def _values(
        self, names: StepNames, key: str, expected: object, found: object, at: tuple[Key, ...], *, exact: bool
    ) -> Iterator[Finding]:
        if expected is None:
            return
        for one in mismatches(expected, found, exact=exact):
            what = pointer_of((key.replace("exactInputs", "inputs"), *one.keys))
            message = f"expected {what} of '{names.short}' to be {one.expected}; it is {one.found}"
            yield self._failed(message, self._place(*at, key, *one.keys), self._related(names))

    def _outputs(self) -> Iterator[Finding]:
        simulation = self._trial.simulation
        known = {} if simulation is None else simulation.outputs
        for identity, expected in self._expect.outputs.items():
            place = self._place("outputs", identity)
            if identity not in known:
                message = f"expected outputs of workflow '{identity}'; it is not in the plan"
                yield self._failed(message, place, remedy=did_you_mean(identity, known))
                continue
            for one in mismatches(expected, known[identity], exact=False):
                what = pointer_of(("outputs", *one.keys))
                message = f"expected {what} of '{identity}' to be {one.expected}; it is {one.found}"
                yield self._failed(message, self._place("outputs", identity, *one.keys))

    # Order

    def _order(self) -> Iterator[Finding]:
        for number, expected in enumerate(self._expect.order):
            place = self._place("order", number, "step")
            for one in self._named(expected.step, place):
                if isinstance(one, Finding):
                    yield one
                    continue
                for key, other in (("before", expected.before), ("after", expected.after)):
                    for nth, written in enumerate([other] if isinstance(other, str) else other):
                        where = self._place("order", number, key, *(() if isinstance(other, str) else (nth,)))
                        yield from self._ordered(one, key, written, where)

    def _ordered(self, one: StepNames, key: str, written: str, place: Place) -> Iterator[Finding]:
        for other in self._named(written, place):
            if isinstance(other, Finding):
                yield other
                continue
            first, second = (one, other) if key == "before" else (other, one)
            if self._stands_behind(second, first):
                continue
            if self._stands_behind(first, second):
                why = f"it is the other way round: '{first.name}' waits for '{second.name}'"
            else:
                why = "neither waits for the other, so that they may run at the same time"
            message = f"expected '{one.short}' to run {key} '{other.short}'; {why}"
            yield self._failed(message, place, (*self._related(one), *self._related(other)))

    def _stands_behind(self, later: StepNames, earlier: StepNames) -> bool:
        """Whether one step waits for another, through barriers too."""
        graph = self._graph
        if graph is None:
            return False
        return waits_for(graph, graph.index[self._in_plan(later)], graph.index[self._in_plan(earlier)])

    def _in_plan(self, step: StepNames) -> str:
        """The id of a step's node in the plan: a round that only the run knows stands where its loop does."""
        planned = self._planned[step.id]
        known = self._graph is not None and step.id in self._graph.index
        return step.id if known or planned.within is None else planned.within

    def _unused_fakes(self) -> Iterator[Finding]:
        if self._trial.refused:
            return
        for number, placed in enumerate(self._trial.case.fakes):
            named = named_by(placed.fake.step, self._steps)
            if len(named) > 1 and not is_pattern(placed.fake.step):
                yield self._ambiguous(placed.fake.step, named, placed.place)
                continue
            if placed.shared or number in self._trial.used_fakes:
                continue
            if not named:
                yield self._unknown(placed.fake.step, placed.place, codes.UNUSED_FAKE)
                continue
            what = "; ".join(f"'{one.short}' {_became(self._by_id[one.id])}" for one in named[:_FEW])
            yield Finding(codes.UNUSED_FAKE, f"no step used the fake of '{placed.fake.step}': {what}", placed.place)

    # Names and places

    def _named(self, written: str, place: Place) -> list[StepNames | Finding]:
        """The steps that a text names, or the finding because of which it names none."""
        named = named_by(written, self._steps)
        if not named:
            return [self._unknown(written, place, codes.NO_SUCH_STEP)]
        if len(named) > 1 and not is_pattern(written):
            return [self._ambiguous(written, named, place)]
        return [*named]

    def _ambiguous(self, written: str, named: Sequence[StepNames], place: Place) -> Finding:
        ids = ", ".join(f"'{one.short}' ({one.id})" for one in named[:_FEW])
        return Finding(codes.NO_SUCH_STEP, f"'{written}' names {len(named)} steps: {ids}", place)

    def _unknown(self, written: str, place: Place, code: Code) -> Finding:
        workflow = written.rpartition("/")[0]
        absent = [one for one in self._trial.outcome.absent if workflow and workflow.endswith(one.identity)]
        hint = did_you_mean(written, [*(s.short for s in self._steps), *(s.name for s in self._steps)])
        message = f"the plan has no step '{short(written)}'"
        if absent:
            message += f": workflow '{absent[0].identity}' is not in it ({absent[0].reason})"
        return Finding(code, message, place, hint)

    def _wrong(self, one: StepNames, wanted: str, place: Place) -> Finding:
        message = f"expected '{one.short}' {wanted}; it {_became(self._by_id[one.id])}"
        return self._failed(message, place, self._related(one))

    def _failed(self, message: str, place: Place, related: tuple[Related, ...] = (), remedy: str = "") -> Finding:
        return Finding(codes.EXPECTATION_FAILED, message, place, remedy, related)

    def _related(self, one: StepNames) -> tuple[Related, ...]:
        place = _place_of(self._planned[one.id])
        return () if place is None else (Related(f"step '{one.name}'", place),)

    def _place(self, *keys: Key) -> Place:
        camel = [_CAMEL.get(key, key) if isinstance(key, str) else key for key in keys]
        return self._trial.case.place("expect", *camel)


_CAMEL = {"runs_only": "runsOnly"}
_WAITS = "waits for an approval"
_RESULT = {"succeeded": "succeeds", "failed": "fails", "refused": "is refused by the policies", "waiting": _WAITS}


def _failed(one: SimulatedStep) -> bool:
    return one.status in {"failed", "timed_out"}


def _became(one: SimulatedStep) -> str:
    """What became of a step, behind its name."""
    match one.status:
        case "succeeded":
            return "succeeds"
        case "skipped":
            return f"is skipped: {one.reason}"
        case "planned":
            return f"waits: {one.reason}"
        case "timed_out":
            return f"runs out of time: {one.reason}"
        case _:
            return f"fails: {one.reason}"


def _place_of(step: PlannedStep) -> Place | None:
    where = step.provenance
    return Place(where.path, where.line, where.column) if where is not None else None


def _places(findings: Iterable[Finding]) -> tuple[Related, ...]:
    return tuple(Related(f"{one.code.number} is about this", one.place) for one in findings if one.place.path)


def _listed(words: Iterable[str]) -> str:
    listed: Sequence[str] = list(words)
    return ", ".join(listed) if listed else "nothing"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
