"""`helm`: releases of charts. Values reach helm by private files, and every revision says which run made it."""

import json
import os
import re
from collections.abc import Generator, Mapping
from typing import Any, Final

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.documents.words import counted
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.kubernetes.access import failed
from innominatus_cli.drivers.kubernetes.names import is_namespace
from innominatus_cli.drivers.manifests import Manifest, from_text
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue.rollback import CHANGED_SINCE
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.kubernetes import HelmInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest

_RELEASE: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LONGEST: Final = 53
"""Of a release's name. Source: helm's own check."""
_CHART: Final = re.compile(r"(oci://)?[A-Za-z0-9][A-Za-z0-9._/:-]*")
_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]*")
_CHANGED: Final = re.compile(r"^diff .*/(\S+)$", re.MULTILINE)
_KEPT_BYTES: Final = 64 * 1024 * 1024
_NOT_FOUND: Final = b"not found"

History = Generator[CommandRequest, CommandOutcome, list[dict[str, Any]] | Finding]


def driver(ctx: StepContext) -> DriverSteps:
    """Renders the chart, or brings the release to where the step wants it."""
    helm = yield from _helm(ctx)
    if isinstance(helm, Finding):
        return DriverResult(failure=helm)
    return (yield from helm.done())


def undo(ctx: StepContext) -> DriverSteps:
    """Back to the revision before the first one of the run; a release that the run made is uninstalled."""
    if known(ctx.inputs_of(HelmInputs).mode) != "apply":
        return DriverResult()
    helm = yield from _helm(ctx)
    if isinstance(helm, Finding):
        return DriverResult(failure=helm)
    return (yield from helm.undone())


def preview(ctx: StepContext) -> DriverSteps:
    """Which objects the release would gain, change and lose, by helm's own dry run against the server."""
    helm = yield from _helm(ctx)
    if isinstance(helm, Finding):
        return DriverResult(failure=helm)
    return (yield from helm.previewed())


def probe(ctx: StepContext) -> DriverSteps:
    """Whether the newest revision is deployed and was made by this very step of this run."""
    helm = yield from _helm(ctx)
    if isinstance(helm, Finding):
        return DriverResult(failure=helm)
    history = yield from helm.history()
    if isinstance(history, Finding):
        return DriverResult(failure=history)
    newest = history[-1] if history else {}
    return DriverResult(outputs={"done": newest.get("description") == ctx.mark and newest.get("status") == "deployed"})


def drift(ctx: StepContext) -> DriverSteps:
    """What of the release's objects is not there, or differs from what helm installed."""
    helm = yield from _helm(ctx)
    if isinstance(helm, Finding):
        return DriverResult(failure=helm)
    return (yield from helm.drifted())


def _helm(ctx: StepContext) -> Generator[CommandRequest, CommandOutcome, "_Helm | Finding"]:
    inputs = ctx.inputs_of(HelmInputs)
    namespace = inputs.namespace or ctx.application
    if not _RELEASE.fullmatch(inputs.release) or len(inputs.release) > _LONGEST:
        return ctx.finding(codes.INPUTS_UNUSABLE, f"'{inputs.release}' is no name of a release")
    if not is_namespace(namespace):
        return ctx.finding(codes.INPUTS_UNUSABLE, f"'{namespace}' is no name of a namespace")
    found = None
    for need in ctx.step.tools:
        asked = yield from tool(ctx, need)
        if isinstance(asked, Finding):
            return asked
        found = asked
    chart = _chart(ctx, inputs)
    if isinstance(chart, Finding):
        return chart
    values = _values(ctx, inputs)
    if isinstance(values, Finding):
        return values
    return _Helm(ctx, inputs, namespace, (*values, *chart), found or ToolFound(name="helm"))


def _chart(ctx: StepContext, inputs: HelmInputs) -> tuple[str, ...] | Finding:
    """The arguments that name release and chart, the last of a command line."""
    if inputs.chart_path is not None:
        path = ctx.repository_path(inputs.chart_path)
        return path if isinstance(path, Finding) else ("--", inputs.release, str(path))
    if inputs.chart is None:
        return ("--", inputs.release)
    for word, pattern in ((inputs.chart, _CHART), (str(inputs.version), _VERSION)):
        if not pattern.fullmatch(word):
            return ctx.finding(codes.INPUTS_UNUSABLE, f"'{word}' names no chart and no version")
    if inputs.repository is not None and not inputs.repository.startswith("https://"):
        return ctx.finding(codes.INPUTS_UNUSABLE, "a chart repository's address begins with https://")
    repository = (f"--repo={inputs.repository}",) if inputs.repository else ()
    return (*repository, f"--version={inputs.version}", "--", inputs.release, inputs.chart)


def _values(ctx: StepContext, inputs: HelmInputs) -> tuple[str, ...] | Finding:
    """Options that name the files of values: those of the repository, the step's own, and last the secret ones."""
    options: list[str] = []
    for written in inputs.values_files:
        path = ctx.repository_path(written)
        if isinstance(path, Finding):
            return path
        options.append(f"--values={path}")
    secret: dict[str, Any] = {}
    for written, variable in inputs.secret_values.items():
        value = ctx.variable(variable)
        if isinstance(value, Finding):
            return value
        at = secret
        *parents, last = written.split(".")
        for key in parents:
            inner = at.setdefault(key, {})
            if not isinstance(inner, dict):
                return ctx.finding(codes.INPUTS_UNUSABLE, f"'{written}' stands below another secret value")
            at = inner
        at[last] = value
    for name, values in (("values", inputs.values), ("secret-values", secret)):
        if values:
            file = ctx.scratch_dir / f"{name}.json"
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as opened:
                json.dump(values, opened)
            options.append(f"--values={file}")
    return tuple(options)


class _Helm:
    def __init__(
        self, ctx: StepContext, inputs: HelmInputs, namespace: str, chart: tuple[str, ...], found: ToolFound
    ) -> None:
        self._ctx = ctx
        self._inputs = inputs
        self._namespace = namespace
        self._chart = chart
        self._tools = (found,)

    def done(self) -> DriverSteps:
        operation = str(known(self._inputs.operation))
        if operation == "template" or known(self._inputs.mode) == "render":
            return (yield from self._rendered(operation))
        if operation == "uninstall":
            return (yield from self._uninstalled())
        if operation == "rollback":
            return (yield from self._rolled_back(int(known(self._inputs.revision or 1))))
        return (yield from self._upgraded())

    def _rendered(self, operation: str) -> DriverSteps:
        if operation in {"uninstall", "rollback"}:
            return DriverResult(
                outputs=self._outputs(0, []), message="mode render: there is no release here", tools=self._tools
            )
        text = yield from self._text("template", "--include-crds", *self._space(), *self._chart)
        if isinstance(text, Finding):
            return DriverResult(failure=text)
        objects = from_text(self._ctx, "the chart", text.encode())
        if isinstance(objects, Finding):
            return DriverResult(failure=objects)
        if not objects:
            return self._ctx.failed(codes.NOTHING_TO_CHECK, "the chart renders no object")
        path = self._ctx.artifact_path()
        message = f"{counted(len(objects), 'object')} rendered"
        outputs = self._outputs(0, [path])
        return DriverResult(outputs=outputs, artifacts={path: text.encode()}, message=message, tools=self._tools)

    def _upgraded(self) -> DriverSteps:
        answer = yield from self._upgrade("--history-max=20")
        if isinstance(answer, Finding):
            return DriverResult(failure=answer)
        revision, status = answer.get("version"), (answer.get("info") or {}).get("status")
        if not isinstance(revision, int) or status != "deployed":
            return self._ctx.failed(codes.PROGRAM_FAILED, f"helm ended well, and the release is '{status}'")
        message = f"{self._inputs.release}: revision {revision}"
        return DriverResult(outputs=self._outputs(revision, []), message=message, tools=self._tools)

    def _upgrade(self, *more: str) -> Generator[CommandRequest, CommandOutcome, dict[str, Any] | Finding]:
        inputs = self._inputs
        options = ["upgrade", "--install", "--output=json", f"--description={self._ctx.mark}", *self._space(), *more]
        options += [f"--timeout={known(inputs.timeout)}s"]
        options += ["--wait", "--wait-for-jobs"] if known(inputs.wait) else []
        options += ["--create-namespace"] if known(inputs.create_namespace) else []
        text = yield from self._text(*options, *self._chart)
        found = text if isinstance(text, Finding) else self._json(text)
        return found if isinstance(found, dict | Finding) else self._no_json()

    def _uninstalled(self) -> DriverSteps:
        wait = ("--wait", f"--timeout={known(self._inputs.timeout)}s") if known(self._inputs.wait) else ()
        argv = ("uninstall", "--ignore-not-found", *wait, *self._space(), "--", self._inputs.release)
        text = yield from self._text(*argv)
        left = text if isinstance(text, Finding) else (yield from self.history())
        if isinstance(left, Finding):
            return DriverResult(failure=left)
        if left:
            return self._ctx.failed(
                codes.PROGRAM_FAILED, f"helm ended well, and '{self._inputs.release}' is still there"
            )
        return DriverResult(
            outputs=self._outputs(0, []), message=f"{self._inputs.release} uninstalled", tools=self._tools
        )

    def _rolled_back(self, revision: int) -> DriverSteps:
        wait = ("--wait", f"--timeout={known(self._inputs.timeout)}s") if known(self._inputs.wait) else ()
        text = yield from self._text("rollback", *wait, *self._space(), "--", self._inputs.release, str(revision))
        if isinstance(text, Finding):
            return DriverResult(failure=text)
        history = yield from self.history()
        if isinstance(history, Finding):
            return DriverResult(failure=history)
        if not history or history[-1].get("status") != "deployed":
            return self._ctx.failed(
                codes.PROGRAM_FAILED, f"helm ended well, and no revision of '{self._inputs.release}' is deployed"
            )
        newest = int(history[-1]["revision"])
        message = f"{self._inputs.release}: as in revision {revision}"
        return DriverResult(outputs=self._outputs(newest, []), message=message, tools=self._tools)

    def undone(self) -> DriverSteps:
        history = yield from self.history()
        if isinstance(history, Finding):
            return DriverResult(failure=history)
        marks = set(self._ctx.undone_marks)
        ours = [one for one in history if one.get("description") in marks]
        if not ours:
            return DriverResult(message=f"{self._inputs.release} has no revision of the run")
        if history[-1].get("description") not in marks:
            message = f"release {self._inputs.release} has a later revision, {history[-1].get('revision')}"
            return self._ctx.failed(CHANGED_SINCE, message)
        before = [one for one in history if int(one["revision"]) < int(ours[0]["revision"])]
        good = [one for one in before if one.get("status") in {"superseded", "deployed"}]
        if not good:
            return (yield from self._uninstalled())
        return (yield from self._rolled_back(int(good[-1]["revision"])))

    def history(self) -> History:
        """The revisions, oldest first; none where there is no such release."""
        argv = ("helm", "history", "--max=256", "--output=json", *self._space(), "--", self._inputs.release)
        outcome = yield self._ctx.command(*argv)
        if not outcome.succeeded:
            if _NOT_FOUND in outcome.stderr.head:
                return []
            return failed(self._ctx, "helm history", outcome)
        found = self._json(outcome.stdout.head.decode("utf-8", "replace"))
        if isinstance(found, Finding):
            return found
        if not isinstance(found, list) or not all(isinstance(one, dict) and "revision" in one for one in found):
            return self._no_json()
        return sorted(found, key=lambda one: int(one["revision"]))

    def previewed(self) -> DriverSteps:
        there = yield from self._installed()
        if isinstance(there, Finding):
            return DriverResult(failure=there)
        answer = yield from self._upgrade("--dry-run=server")
        if isinstance(answer, Finding):
            return DriverResult(failure=answer)
        wanted = from_text(self._ctx, "the chart", str(answer.get("manifest", "")).encode())
        if isinstance(wanted, Finding):
            return DriverResult(failure=wanted)
        before, after = _by_title(there), _by_title(wanted)
        changes = [{"action": "create", "object": title} for title in after if title not in before]
        changes += [{"action": "update", "object": one} for one in after if one in before and before[one] != after[one]]
        changes += [{"action": "delete", "object": title} for title in before if title not in after]
        return DriverResult(outputs={"changes": changes}, message=counted(len(changes), "change"), tools=self._tools)

    def drifted(self) -> DriverSteps:
        installed = yield from self._installed()
        if isinstance(installed, Finding):
            return DriverResult(failure=installed)
        if not installed:
            found = [{"object": self._inputs.release, "what": "is not installed"}]
            return DriverResult(outputs={"drift": found}, tools=self._tools)
        context = (f"--context={self._inputs.context}",) if self._inputs.context else ()
        text = yield from self._text("get", "manifest", *self._space(), "--", self._inputs.release)
        if isinstance(text, Finding):
            return DriverResult(failure=text)
        argv = ("kubectl", *context, f"--namespace={self._namespace}", "diff", "--filename=-")
        outcome = yield self._ctx.command(*argv, stdin=text.encode(), logs_stdout=False)
        if outcome.exit_code not in {0, 1}:
            return DriverResult(failure=failed(self._ctx, "kubectl diff", outcome))
        names = sorted(set(_CHANGED.findall(outcome.stdout.head.decode("utf-8", "replace"))))
        if outcome.exit_code == 1 and not names:  # kubectl's own form of a failure is a status over 1
            names = [self._inputs.release]
        drift = [{"object": name, "what": "differs from what was installed"} for name in names]
        return DriverResult(outputs={"drift": drift}, tools=self._tools)

    def _installed(self) -> Generator[CommandRequest, CommandOutcome, list[Manifest] | Finding]:
        """The objects of the newest revision; none where there is no such release."""
        history = yield from self.history()
        if isinstance(history, Finding) or not history:
            return history if isinstance(history, Finding) else []
        text = yield from self._text("get", "manifest", *self._space(), "--", self._inputs.release)
        return text if isinstance(text, Finding) else from_text(self._ctx, "the release", text.encode())

    def _space(self) -> tuple[str, ...]:
        context = (f"--kube-context={self._inputs.context}",) if self._inputs.context else ()
        return (f"--namespace={self._namespace}", *context)

    def _outputs(self, revision: int, manifests: list[str]) -> Mapping[str, Any]:
        return {
            "release": self._inputs.release,
            "namespace": self._namespace,
            "revision": revision,
            "manifests": manifests,
        }

    def _text(self, *arguments: str) -> Generator[CommandRequest, CommandOutcome, str | Finding]:
        """What helm prints: it may hold secret values, so no log has it."""
        outcome = yield self._ctx.command("helm", *arguments, keep_bytes=_KEPT_BYTES, logs_stdout=False)
        if not outcome.succeeded:
            return failed(self._ctx, f"helm {arguments[0]}", outcome)
        if outcome.stdout.truncated:
            return self._ctx.finding(codes.CHILD_WITHOUT_ANSWER, f"helm printed more than {_KEPT_BYTES // 1024**2} MiB")
        return outcome.stdout.head.decode("utf-8", "replace")

    def _json(self, text: str) -> Any:  # noqa: ANN401 - what helm printed
        try:
            return read_json(text)
        except ValueError:
            return self._no_json()

    def _no_json(self) -> Finding:
        return self._ctx.finding(codes.CHILD_WITHOUT_ANSWER, "helm printed no JSON of the form that it documents")


def _by_title(objects: list[Manifest]) -> dict[str, dict[str, Any]]:
    return {one.title: one.data for one in objects}
