"""Rules over time: timeouts and retries of steps."""

from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts, spoken_rules
from innominatus_cli.checks.needs import only_with
from innominatus_cli.checks.scope import scope_of
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode
from innominatus_cli.documents.schemas import schema_of_step_type
from innominatus_cli.documents.words import counted
from innominatus_cli.findings.catalogue import policy
from innominatus_cli.findings.catalogue import steps as codes
from innominatus_cli.findings.finding import Finding, Fix, Related

_TIERS = frozenset({"PlatformWorkflow", "ProductWorkflow"})
_PROGRAMS = ("script", "command", "run")


def check_missing_timeouts(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2137: steps that start programs have a timeout, or their workflow has one. Told once for a workflow.

    Asked of the workflows of a deployment only (a reusable part has the time of whatever runs it), where it is known
    that no policy bounds their time, and of several steps: one alone has the default of its type, many add up.
    """
    scope = scope_of(document, facts)
    if document.kind not in _TIERS or "timeout" in scope.spec.values or facts.admin_config is None:
        return
    if spoken_rules(facts, "maxWorkflowDuration"):
        return
    endless = [step for step in scope.step_nodes if _starts_program(step) and not _has_timeout(step)]
    if len(endless) > 1:
        message = f"{len(endless)} steps start programs, and neither they nor the workflow have a timeout"
        yield Finding(codes.MISSING_TIMEOUT, message, document.place(endless[0].get("name") or endless[0]))


def _starts_program(step: MappingNode) -> bool:
    schema = schema_of_step_type(step.text("type") or "")
    config = step.mapping("config").values
    return schema is not None and ("x-tools" in schema or any(key in config for key in _PROGRAMS))


def _has_timeout(step: MappingNode) -> bool:
    return "timeout" in step.values or "timeout" in step.mapping("config").values


@only_with("timeout")
def check_timeouts(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2138: a timeout can be reached."""
    scope = scope_of(document, facts)
    whole = scope.spec.get("timeout")
    limit = _seconds(whole)
    for holder in (scope.spec, *scope.step_nodes):
        node = holder.get("timeout")
        seconds = _seconds(node)
        if seconds == 0:
            message = "a timeout of 0 is none: the default of the step type counts"
            if holder is scope.spec:
                message = "a timeout of 0 leaves the workflow no time for its first step"
            yield Finding(codes.TIMEOUT_WITHOUT_EFFECT, message, document.place(node))
        elif seconds is not None and limit and seconds > limit:
            message = f"step '{holder.text('name') or ''}' may take longer than its workflow"
            related = (Related("the workflow's timeout", document.place(whole)),)
            yield Finding(codes.TIMEOUT_WITHOUT_EFFECT, message, document.place(node), related=related)


def check_policy_limits(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-4006, ORC-4008: no written timeout is longer, and the workflow has no more steps, than policies allow."""
    scope = scope_of(document, facts)
    if document.kind not in _TIERS:
        return
    for rule in spoken_rules(facts, "maxStepsPerWorkflow"):
        most = rule.node.plain() if isinstance(rule.node, ScalarNode) else None
        if isinstance(most, int) and not isinstance(most, bool) and len(scope.step_nodes) > most:
            message = f"the workflow has {len(scope.step_nodes)} steps; maxStepsPerWorkflow is {most}"
            related = (Related("the limit", rule.place),)
            yield Finding(policy.TOO_MANY_STEPS, message, document.place(scope.spec.key("steps")), related=related)
    if document.keys is not None and "timeout" not in document.keys:
        return
    for rule in spoken_rules(facts, "maxWorkflowDuration"):
        limit = _seconds(rule.node)
        for holder in (scope.spec, *scope.step_nodes):
            seconds = _seconds(holder.get("timeout"))
            if limit is not None and seconds is not None and seconds > limit:
                what = "the workflow" if holder is scope.spec else f"step '{holder.text('name') or ''}'"
                from innominatus_cli.documents.durations import duration_text  # noqa: PLC0415

                message = f"{what} may take {duration_text(seconds)}; maxWorkflowDuration is {duration_text(limit)}"
                place, related = document.place(holder.get("timeout")), (Related("the limit", rule.place),)
                yield Finding(policy.DURATION_BEYOND_LIMIT, message, place, related=related)


@only_with("retry")
def check_retries(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2139: a retry repeats something, at the delays that it says."""
    scope = scope_of(document, facts)
    limit = _seconds(scope.spec.get("timeout"))
    for step in scope.step_nodes:
        retry = step.get("retry")
        if isinstance(retry, MappingNode):
            yield from _check_retry(document, step, retry, limit)


def _check_retry(document: Document, step: MappingNode, retry: MappingNode, limit: int | None) -> Iterator[Finding]:
    attempts, delay, longest = retry.get("attempts"), retry.get("delay"), retry.get("maxDelay")
    whole = _seconds(retry.get("maxDuration"))
    if isinstance(attempts, ScalarNode) and attempts.value == 1:
        from innominatus_cli.checks.edits import without_key  # noqa: PLC0415 - few retries are wrong in this way

        edit = without_key(document, step, "retry")
        fix = Fix("Remove 'retry'", (edit,)) if edit else None
        message = "one attempt in all: nothing is repeated"
        yield Finding(codes.RETRY_WITHOUT_EFFECT, message, document.place(attempts), fix=fix)
        return
    wait, most = _seconds(delay), _seconds(longest)
    if wait is not None and most is not None and most < wait:
        message = f"'maxDelay' cuts the delay of {counted(wait, 'second')} to {most}"
        yield Finding(codes.RETRY_WITHOUT_EFFECT, message, document.place(longest))
    if wait is not None and limit and min(wait, most if most is not None else wait) >= limit:
        message = f"after a delay of {counted(wait, 'second')} the workflow has no time left for another attempt"
        yield Finding(codes.RETRY_WITHOUT_EFFECT, message, document.place(delay))
    if wait is not None and whole is not None and min(wait, most if most is not None else wait) >= whole:
        message = f"after a delay of {counted(wait, 'second')} 'maxDuration' leaves no time for another attempt"
        yield Finding(codes.RETRY_WITHOUT_EFFECT, message, document.place(delay))
    for item in retry.sequence("on"):
        if isinstance(item, ScalarNode) and item.value == 0 and not isinstance(item.value, bool):
            message = "exit code 0 is a success, which is never repeated"
            yield Finding(codes.RETRY_WITHOUT_EFFECT, message, document.place(item))


def _seconds(node: Node | None) -> int | None:
    """A duration's seconds; None where there is none, or one that is a finding of its own."""
    value = node.plain() if isinstance(node, ScalarNode) else None
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    from innominatus_cli.documents.durations import seconds_of  # noqa: PLC0415 - many workflows have no timeout

    try:
        return seconds_of(value)
    except ValueError:
        return None


RULES = (check_missing_timeouts, check_timeouts, check_policy_limits, check_retries)
