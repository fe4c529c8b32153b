"""`terraform`: initialises a module, plans, applies exactly that plan, reads outputs; destroys what it made."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.made_notes import changing, gone, what_was_done
from innominatus_cli.drivers.terraform.answers import NOTHING
from innominatus_cli.drivers.terraform.session import Asked, Planned, Session, changes_of, opened
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue.infrastructure import NOT_MADE_BY_THIS_RUN
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.terraform import TerraformInputs, operation_of

_OWN: Final = ("plan_summary", "changed", "plan")


def driver(ctx: StepContext) -> DriverSteps:
    """Does what `operation` says; on a failure there are no outputs."""
    operation = operation_of(ctx.inputs_of(TerraformInputs))
    session = yield from _ready(ctx, backend=operation != "validate")
    if isinstance(session, Finding):
        return DriverResult(failure=session)
    work = {"init": _nothing, "validate": _validated, "output": _read, "plan": _planned, "destroy": _destroyed}
    result = yield from work.get(operation, _applied)(session)
    session.forget_secrets()
    if isinstance(result, Finding):
        return DriverResult(failure=result, tools=(session.tool,))
    return result


def undo(ctx: StepContext) -> DriverSteps:
    """Destroys what the state holds, where the run that is taken back made the state."""
    if operation_of(ctx.inputs_of(TerraformInputs)) != "apply":
        return DriverResult()
    session = yield from opened(ctx)
    if isinstance(session, Finding):
        return DriverResult(failure=session)
    did = what_was_done(session.folders.notes, session.workspace, ctx.undone_marks)
    if did == "untouched":
        return DriverResult(message="the run changed nothing here", tools=(session.tool,))
    if did == "changed":
        message = f"the state of '{session.inputs.working_dir}' was there before this run: it is not destroyed"
        return ctx.failed(NOT_MADE_BY_THIS_RUN, message)
    problem = yield from session.initialise()
    if isinstance(problem, Finding):
        return DriverResult(failure=problem)
    result = yield from _destroyed(session)
    session.forget_secrets()
    return DriverResult(failure=result) if isinstance(result, Finding) else result


def preview(ctx: StepContext) -> DriverSteps:
    """What `driver` would do: Terraform's own plan."""
    operation = operation_of(ctx.inputs_of(TerraformInputs))
    if operation not in {"apply", "destroy", "plan"}:
        return DriverResult(outputs={"changes": []})
    planned = yield from _plan_alone(ctx, *(["-destroy"] if operation == "destroy" else []))
    if isinstance(planned, Finding):
        return DriverResult(failure=planned)
    return DriverResult(outputs={"changes": changes_of(planned.read)})


def probe(ctx: StepContext) -> DriverSteps:
    """Done is what a plan finds nothing left to do for, with the outputs in the state.

    What only looks is never done: its outputs are wanted.
    """
    operation = operation_of(ctx.inputs_of(TerraformInputs))
    if operation not in {"apply", "destroy"}:
        return DriverResult(outputs={"done": False})
    session = yield from _ready(ctx)
    if isinstance(session, Finding):
        return DriverResult(failure=session)
    planned = yield from session.plan(*(["-destroy"] if operation == "destroy" else []))
    if isinstance(planned, Finding):
        return DriverResult(failure=planned)
    found = (yield from _outputs(session)) if operation == "apply" and not planned.has_changes else ({}, ())
    session.forget_secrets()
    if isinstance(found, Finding):
        return DriverResult(failure=found)
    told = _told(session, planned, *found, "")
    return replace(told, outputs={**told.outputs, "done": not planned.has_changes})


def drift(ctx: StepContext) -> DriverSteps:
    """What was changed behind Terraform's back: attributes by name, never by value."""
    planned = yield from _plan_alone(ctx, "-refresh-only")
    if isinstance(planned, Finding):
        return DriverResult(failure=planned)
    return DriverResult(outputs={"drift": [{"object": address, "what": what} for address, what in planned.read.drift]})


def _ready(ctx: StepContext, *, backend: bool = True) -> Asked[Session]:
    session = yield from opened(ctx)
    if isinstance(session, Finding):
        return session
    problem = yield from session.initialise(backend=backend)
    return problem if isinstance(problem, Finding) else session


def _plan_alone(ctx: StepContext, *options: str) -> Asked[Planned]:
    session = yield from _ready(ctx)
    if isinstance(session, Finding):
        return session
    planned = yield from session.plan(*options)
    session.forget_secrets()
    return planned


def _nothing(session: Session) -> Asked[DriverResult]:
    yield from ()
    return _told(session, None, {}, (), "initialised")


def _validated(session: Session) -> Asked[DriverResult]:
    problem = yield from session.validate()
    return problem or _told(session, None, {}, (), "the module is valid")


def _planned(session: Session) -> Asked[DriverResult]:
    planned = yield from session.plan()
    if isinstance(planned, Finding):
        return planned
    told = _told(session, planned, {}, (), _counts(planned.read.summary(), "to add", "to change", "to destroy"))
    return replace(told, outputs={**told.outputs, "plan": session.keep(planned)})


def _applied(session: Session) -> Asked[DriverResult]:
    """Applies the plan where it changes anything, and reads the outputs.

    Who makes or changes the state is noted before it is changed: a run that is killed on the way can be taken back.
    """
    planned = yield from session.plan()
    if isinstance(planned, Finding):
        return planned
    message = "no changes"
    if planned.has_changes:
        makes_it = planned.read.is_empty_before
        changing(session.folders.notes, session.workspace, session.ctx.mark, makes_it=makes_it)
        counts = yield from session.apply(planned)
        if isinstance(counts, Finding):
            return counts
        message = _counts({**counts, "destroy": counts.get("remove", 0)}, "added", "changed", "destroyed")
    found = yield from _outputs(session)
    return found if isinstance(found, Finding) else _told(session, planned, *found, message)


def _destroyed(session: Session) -> Asked[DriverResult]:
    planned = yield from session.plan("-destroy")
    if isinstance(planned, Finding):
        return planned
    message = "nothing was there"
    if planned.has_changes:
        counts = yield from session.apply(planned)
        if isinstance(counts, Finding):
            return counts
        message = f"{counts.get('remove', 0)} destroyed"
    gone(session.folders.notes, session.workspace)
    return _told(session, planned, {}, (), message)


def _read(session: Session) -> Asked[DriverResult]:
    found = yield from _outputs(session)
    return found if isinstance(found, Finding) else _told(session, None, *found, "")


def _outputs(session: Session) -> Asked[tuple[dict[str, Any], tuple[str, ...]]]:
    """The outputs that the step wants, and the names of those that are secrets."""
    found = yield from session.outputs()
    if isinstance(found, Finding):
        return found
    values, secret = found
    wanted = session.inputs.outputs or list(values)
    missing = [name for name in wanted if name not in values]
    if missing:
        names = ", ".join(f"'{name}'" for name in missing)
        return session.ctx.finding(codes.OUTPUT_MISSING, f"the module has no output {names}")
    return {name: values[name] for name in wanted}, tuple(name for name in secret if name in wanted)


def _told(
    session: Session, planned: Planned | None, values: Mapping[str, Any], secret: tuple[str, ...], message: str
) -> DriverResult:
    read = NOTHING if planned is None else planned.read
    changed = planned is not None and planned.has_changes
    own: dict[str, Any] = {"plan_summary": read.summary(), "changed": changed, "plan": ""}
    return DriverResult(
        outputs=own | dict(values),
        public=(*_OWN, *(name for name in values if name not in _OWN)),
        secret=secret,
        spare=() if session.inputs.outputs else tuple(values),
        message=message,
        tools=(session.tool,),
    )


def _counts(counts: Mapping[str, Any], *words: str) -> str:
    numbers = (counts.get(name, 0) for name in ("add", "change", "destroy"))
    return ", ".join(f"{number} {word}" for number, word in zip(numbers, words, strict=True))
