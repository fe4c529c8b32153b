"""`kustomize`: what a kustomization builds, then as the manifests of a `kubernetes` step. Nothing is fetched."""

import re
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.drivers.contract import Driver, DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.kubernetes import driver as kubernetes
from innominatus_cli.drivers.kubernetes.access import failed
from innominatus_cli.drivers.manifests import from_text
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.kubernetes import KubernetesInputs, KustomizeInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest

_FILES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_REFERS: Final = ("resources", "bases", "components", "crds", "configurations", "generators", "transformers", "openapi")
_RUNS: Final = ("generators", "transformers", "validators", "helmCharts", "helmChartInflationGenerator")
_REMOTE: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://|[\w.-]+@[\w.-]+:|(github|gitlab|bitbucket)\.(com|org)[/:]|[\w-]+\.[\w.-]+/.*\?ref="
)
_KEPT_BYTES: Final = 16 * 1024 * 1024

Built = Generator[CommandRequest, CommandOutcome, StepContext | Finding]


def driver(ctx: StepContext) -> DriverSteps:
    """Builds the kustomization; renders, applies or deletes what came of it."""
    return (yield from _with(ctx, kubernetes.driver))


def undo(ctx: StepContext) -> DriverSteps:
    """Puts the cluster's objects back as they were before the run applied its own."""
    return (yield from kubernetes.undo(replace(ctx, inputs=_inputs(ctx, ""))))


def preview(ctx: StepContext) -> DriverSteps:
    """What an apply would create and update."""
    return (yield from _with(ctx, kubernetes.preview))


def probe(ctx: StepContext) -> DriverSteps:
    """Whether the cluster has the objects as they would be applied."""
    return (yield from _with(ctx, kubernetes.probe))


def drift(ctx: StepContext) -> DriverSteps:
    """Which objects are not there, or not as they were applied."""
    return (yield from _with(ctx, kubernetes.drift))


def _with(ctx: StepContext, part: Driver) -> DriverSteps:
    built = yield from _built(ctx)
    if isinstance(built, Finding):
        return DriverResult(failure=built)
    return (yield from part(built))


def _built(ctx: StepContext) -> Built:
    """The context of a `kubernetes` step whose manifest is what kustomize built."""
    inputs = ctx.inputs_of(KustomizeInputs)
    folder = ctx.repository_path(inputs.path)
    wrong = folder if isinstance(folder, Finding) else _refused(ctx, folder, set())
    for need in ctx.step.tools:
        found = wrong or (yield from tool(ctx, need))
        wrong = found if isinstance(found, Finding) else None
    if wrong is not None or isinstance(folder, Finding):
        return wrong or ctx.finding(codes.PATH_MISSING, f"'{inputs.path}' cannot be read")
    argv = ("kubectl", "kustomize", "--load-restrictor=LoadRestrictionsRootOnly", "--", str(folder))
    outcome = yield ctx.command(*argv, keep_bytes=_KEPT_BYTES, logs_stdout=False)
    text = outcome.stdout.head.decode("utf-8", "replace")
    if not outcome.succeeded:
        return failed(ctx, "kubectl kustomize", outcome)
    if outcome.stdout.truncated or not text.strip():
        return ctx.finding(codes.CHILD_WITHOUT_ANSWER, f"'{inputs.path}' builds no object, or more than 16 MiB")
    objects = from_text(ctx, f"what '{inputs.path}' builds", outcome.stdout.head)
    return objects if isinstance(objects, Finding) else replace(ctx, inputs=_inputs(ctx, text))


def _inputs(ctx: StepContext, text: str) -> KubernetesInputs:
    inputs = ctx.inputs_of(KustomizeInputs)
    operation = str(known(inputs.operation))
    return KubernetesInputs.model_validate(
        {
            "operation": "delete" if operation == "delete" else "apply",
            "mode": "render" if operation == "build" else known(inputs.mode),
            "manifest": text or {"kind": "none"},
            "namespace": inputs.namespace,
            "context": inputs.context,
            "createNamespace": known(inputs.create_namespace),
            "wait": known(inputs.wait),
            "rolloutTimeout": known(inputs.rollout_timeout),
        }
    )


def _refused(ctx: StepContext, folder: Path, seen: set[Path]) -> Finding | None:
    """A finding where a kustomization, or one of its bases, would fetch something or run a program."""
    if folder in seen:
        return None
    seen.add(folder)
    files = [folder / name for name in _FILES if (folder / name).is_file()]
    if not files:
        name = folder.relative_to(ctx.work_dir.resolve()).as_posix()
        return ctx.finding(codes.PATH_MISSING, f"'{name}' has no kustomization.yaml")
    documents, findings = read_yaml(files[0].name, files[0].read_bytes())
    data = documents[0].root.plain() if documents and not findings else {}
    for key, value in _values(data):
        wrong = _refused_value(ctx, folder, f"{files[0].name}: ", key, value)
        if wrong is None and (folder / value).is_dir():
            wrong = _refused(ctx, (folder / value).resolve(), seen)
        if wrong is not None:
            return wrong
    return None


def _refused_value(ctx: StepContext, folder: Path, where: str, key: str, value: str) -> Finding | None:
    if key in _RUNS:
        return ctx.finding(codes.INPUTS_UNUSABLE, f"{where}'{key}' would run programs", _RENDERED)
    if _REMOTE.match(value):
        return ctx.finding(codes.INPUTS_UNUSABLE, f"{where}'{value}' would be fetched", _VENDORED)
    if not (folder / value).resolve().is_relative_to(ctx.work_dir.resolve()):
        return ctx.finding(codes.PATH_OUTSIDE, f"{where}'{value}' leads out of the repository")
    return None


_VENDORED: Final = "Put a copy of it into the repository."
_RENDERED: Final = "Render what it makes once, and name the result under `resources`."


def _values(data: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - what a person wrote
    """The references of a kustomization, by the key that they stand under."""
    for key in dict.fromkeys((*_REFERS, *_RUNS)):
        found = data.get(key) if isinstance(data, dict) else None
        items = found if isinstance(found, list) else [found] if found else []
        for item in items:
            yield key, item if isinstance(item, str) else str(item)
