"""Steps of a rollback: what a type takes back by itself, and the files that a step had brought into the repository."""

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.drivers.contract import Driver, DriverResult, DriverSteps, StepContext
from innominatus_cli.findings.catalogue.rollback import CHANGED_SINCE
from innominatus_cli.findings.finding import Finding


def restoring(undo: Driver | None) -> Driver:
    """A driver that runs `undo`, after it has looked whether the step's files are still as the step made them."""

    def driver(ctx: StepContext) -> DriverSteps:
        files = _files(ctx)
        if isinstance(files, Finding):
            return DriverResult(failure=files)
        done = DriverResult() if undo is None else (yield from undo(ctx))
        if done.failure is not None or not files:
            return done
        put_back = f"{len(files)} file{'s' * (len(files) > 1)} as before"
        message = f"{done.message}; {put_back}" if done.message else put_back
        return DriverResult(outputs=done.outputs, artifacts=files, message=message, tools=done.tools)

    return driver


def _files(ctx: StepContext) -> dict[str, bytes] | Finding:
    """What is to stand at each path of the step's files, those left out that are so already."""
    undoes = ctx.step.undoes
    before = (undoes.before if undoes else None) or {}
    found: dict[str, bytes] = {}
    for path, digest in sorted(((undoes.wrote if undoes else None) or {}).items()):
        place = ctx.repository_path(path)
        wanted = before.get(path, "").encode()
        if isinstance(place, Finding):  # it never came into this branch, or is gone already
            continue
        try:
            data = place.read_bytes()
        except OSError as problem:
            return ctx.finding(CHANGED_SINCE, f"'{path}' cannot be read: {problem.strerror}")
        if data == wanted:
            continue
        if digest_of_bytes(data) != digest:
            return ctx.finding(CHANGED_SINCE, f"'{path}' is no longer what the run wrote")
        found[path] = wanted
    return found
