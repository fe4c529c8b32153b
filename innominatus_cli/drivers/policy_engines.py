"""Policies in Rego (opa, conftest) and CEL over manifests: what each engine says of each object."""

import json
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, Final

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.drivers.contract import StepContext, ending_text
from innominatus_cli.drivers.manifests import Manifest
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.checking import PolicyInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

_QUERY: Final = "data.main.deny"

Judged = Generator[CommandRequest, CommandOutcome, tuple[list[str], tuple[ToolFound, ...]] | Finding]
"""The violations, each in words with the object that it is of, and the tools that said so."""


def judge(ctx: StepContext, inputs: PolicyInputs, engine: str, manifests: Sequence[Manifest]) -> Judged:
    """Asks an engine. What it could not judge is a finding: it has not passed."""
    if engine == "cel":
        yield from ()
        said = _by_cel(ctx, inputs, manifests)
        return said if isinstance(said, Finding) else (said, ())
    if not inputs.policy_files:
        named = f" ({', '.join(inputs.policies)})" if inputs.policies else ""
        message = f"{engine} has no policies to judge by{named}"
        return ctx.finding(
            codes.ENGINE_MISSING, message, "Name Rego files or folders of the repository in `policyFiles`."
        )
    policies: list[Path] = []
    for written in inputs.policy_files:
        path = ctx.repository_path(written)
        if isinstance(path, Finding):
            return path
        policies.append(path)
    tools = []
    for need in ctx.step.tools:
        found = yield from tool(ctx, need)
        if isinstance(found, Finding):
            return found
        tools.append(found)
    files = _written(ctx, manifests)
    told = yield from (_by_opa if engine == "opa" else _by_conftest)(ctx, inputs, policies, files)
    return told if isinstance(told, Finding) else (told, tuple(tools))


Told = Generator[CommandRequest, CommandOutcome, list[str] | Finding]


def _by_opa(ctx: StepContext, inputs: PolicyInputs, policies: list[Path], files: dict[str, Path]) -> Told:
    """The values of the query, an object at a time; a query that is not defined is no policy that was kept."""
    query = inputs.query or _QUERY
    told: list[str] = []
    for title, file in files.items():
        options = (f"--data={path}" for path in policies)
        argv = ("opa", "eval", "--format=json", "--strict-builtin-errors", *options, f"--input={file}", "--", query)
        outcome = yield ctx.command(*argv)
        answer = _answer(ctx, "opa", outcome, good=frozenset({0}))
        if isinstance(answer, Finding):
            return answer
        try:
            values = [one["value"] for result in answer["result"] for one in result["expressions"]]
            messages = [message for value in values for message in _messages(value)]
        except (KeyError, TypeError):
            return ctx.finding(codes.ENGINE_MISSING, f"no policy defines '{query}': nothing was judged")
        told += [f"{title}: {message}" for message in messages]
    return told


def _messages(value: Any) -> list[str]:  # noqa: ANN401 - what a policy says
    """The violations in a rule's value: texts, objects with `msg`; or false, of a rule that allows."""
    if isinstance(value, bool):
        return [] if value else ["is not allowed"]
    items = list(value) if isinstance(value, list | dict) else None
    if items is None:
        raise TypeError
    return [str(item.get("msg", item)) if isinstance(item, dict) else str(item) for item in items]


def _by_conftest(ctx: StepContext, inputs: PolicyInputs, policies: list[Path], files: dict[str, Path]) -> Told:
    space = (f"--namespace={inputs.namespace}",) if inputs.namespace else ("--all-namespaces",)
    options = (*(f"--policy={path}" for path in policies), "--output=json", "--no-color", *space)
    outcome = yield ctx.command("conftest", "test", *options, "--", *map(str, files.values()))
    answer = _answer(ctx, "conftest", outcome, good=frozenset({0, 1}))
    if isinstance(answer, Finding):
        return answer
    titles = {str(path): title for title, path in files.items()}
    try:
        judged = sum(
            one.get("successes", 0) + len(one.get("failures") or ()) + len(one.get("warnings") or ()) for one in answer
        )
        told = [
            f"{titles.get(one['filename'], one['filename'])}: {failure['msg']}"
            for one in answer
            for failure in one.get("failures") or ()
        ]
    except (KeyError, TypeError, AttributeError):
        return ctx.finding(codes.CHILD_WITHOUT_ANSWER, "conftest answered in another form")
    if not judged:
        return ctx.finding(codes.ENGINE_MISSING, "no policy of conftest says anything of these manifests")
    return told


def _answer(ctx: StepContext, program: str, outcome: CommandOutcome, *, good: frozenset[int]) -> Any:  # noqa: ANN401
    """The JSON that an engine printed; a finding where it ended badly or printed none."""
    if outcome.ending is Ending.NOT_STARTED:
        return ctx.program_failed(program, outcome)
    if outcome.ending is not Ending.EXITED or outcome.exit_code not in good:
        return ctx.finding(codes.ENGINE_MISSING, f"{program} {ending_text(outcome)}: the policies were not asked")
    try:
        return read_json(outcome.stdout.head)
    except ValueError:
        return ctx.finding(codes.ENGINE_MISSING, f"{program} gave no answer: the policies were not asked")


def _written(ctx: StepContext, manifests: Sequence[Manifest]) -> dict[str, Path]:
    """Each object in a file of its own, by its title."""
    folder = ctx.scratch_dir / "judged"
    folder.mkdir()
    found: dict[str, Path] = {}
    for number, manifest in enumerate(manifests):
        path = folder / f"{number:05}.json"
        path.write_text(json.dumps(manifest.data), encoding="utf-8")
        found[manifest.title if manifest.title not in found else f"{manifest.title} ({number})"] = path
    return found


def _by_cel(ctx: StepContext, inputs: PolicyInputs, manifests: Sequence[Manifest]) -> list[str] | Finding:
    """Each expression over `object`; it must say true. An error in one is a violation, never a pass."""
    try:
        from cel_expr_python import cel  # noqa: PLC0415 - an extra, and few steps need it
    except ImportError:
        message = "the policy engine 'cel' is not installed"
        return ctx.finding(codes.ENGINE_MISSING, message, "Install it: pip install 'innominatus-cli[cel]'")
    if not inputs.expressions:
        return ctx.finding(codes.ENGINE_MISSING, "cel has no `expressions` to judge by")
    env = cel.NewEnv(variables={"object": cel.Type.DYN})
    told: list[str] = []
    for rule in inputs.expressions:
        try:
            expression = env.compile(rule.expression)
        except (RuntimeError, ValueError) as wrong:
            words = str(wrong).splitlines()[0].partition("ERROR: ")[2]
            return ctx.finding(codes.INPUTS_UNUSABLE, f"expression '{rule.name}' is no CEL: {words}")
        for manifest in manifests:
            if rule.kinds and manifest.kind not in rule.kinds:
                continue
            value = expression.eval(data={"object": manifest.data})
            if value.type() != cel.Type.BOOL or value.value() is not True:
                failed = value.type() == cel.Type.ERROR
                because = rule.message or ("the expression has no value for it" if failed else rule.expression)
                told.append(f"{rule.name}: {manifest.title}: {because}")
    return told
