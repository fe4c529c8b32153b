"""One module and the program that works on it: requests, and what was answered, as values or findings."""

import hashlib
import json
import re
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.drivers.contract import StepContext, ending_text
from innominatus_cli.drivers.terraform import answers
from innominatus_cli.drivers.terraform.working_copy import MODULE_ENDINGS, UnusableModule, copied, written
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue import infrastructure
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.terraform import VERSIONS, TerraformInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

T = TypeVar("T")
Asked: TypeAlias = Generator[CommandRequest, CommandOutcome, T | Finding]

_ANSWER_BYTES: Final = 64 * 1024 * 1024
"""Plans and outputs of large modules; a request that keeps so much is read at once."""
_WORKSPACE: Final = re.compile(r"[A-Za-z0-9_.~][A-Za-z0-9_.~-]{0,89}")
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]+")
_OTHER_BACKEND: Final = re.compile(r'\bbackend\s+"?([A-Za-z0-9_-]+)"?\s*\{|\bcloud\s*\{|"(?:backend|cloud)"\s*:')
_OVERRIDE: Final = "innominatus_override.tf.json"
_ENV: Final = {
    "TF_IN_AUTOMATION": "1",
    "TF_INPUT": "0",
    "TF_WORKSPACE": "",
    "CHECKPOINT_DISABLE": "1",
    "NO_COLOR": "1",
    "CI": "1",
}
CHANGES: Final = 2
"""The exit status of `plan -detailed-exitcode` that says: there is something to do."""


class Folders(NamedTuple):
    """What is kept of a module between runs, below the state folder."""

    root: Path

    @property
    def data(self) -> Path:
        """TF_DATA_DIR: providers and modules that `init` fetched."""
        return self.root / "data"

    @property
    def notes(self) -> Path:
        """Which run made the state, and which changed it last, by workspace."""
        return self.root / "made.json"


class Planned(NamedTuple):
    """A plan that was saved, and what it says."""

    file: Path
    read: answers.PlanRead
    has_changes: bool
    shown: bytes = b""
    """What `show -json` printed of it; it may hold secrets."""


class Session:
    """Requests to one program about one module, initialised and in its workspace."""

    def __init__(
        self, ctx: StepContext, inputs: TerraformInputs, found: ToolFound, folders: Folders, work: Path
    ) -> None:
        self.ctx = ctx
        self.inputs = inputs
        self.tool = found
        self.folders = folders
        self._work = work
        self._file = 0

    @property
    def workspace(self) -> str:
        """The workspace by name."""
        return _workspace(self.ctx, self.inputs)

    def plan(self, *options: str) -> Asked[Planned]:
        """Plans, saves the plan and reads it."""
        self._file += 1
        file = self.ctx.scratch_dir / f"terraform-{self._file}.plan"
        variables = self._variables()
        if isinstance(variables, Finding):
            return variables
        argv = (
            "plan",
            "-json",
            "-input=false",
            "-detailed-exitcode",
            f"-out={file}",
            *options,
            *variables,
            *self._only(),
        )
        outcome = yield self._request(*argv, *self._lock())
        said = answers.messages(outcome.stdout.head)
        problem = answers.problem_in(said)
        if problem is not None or outcome.ending is not Ending.EXITED or outcome.exit_code not in {0, CHANGES}:
            return self._failed("plan", outcome, problem)
        slips = answers.undeclared(said)
        if slips:
            names = ", ".join(f"'{name}'" for name in slips)
            return self.ctx.finding(infrastructure.VARIABLE_UNDECLARED, f"the module declares no variable {names}")
        shown = yield self._request("show", "-json", str(file), answer=True)
        read = answers.plan_read(shown.stdout.head) if shown.succeeded and not shown.stdout.truncated else None
        if read is None:
            return self._unreadable("show -json", shown)
        return Planned(file, read, has_changes=outcome.exit_code == CHANGES, shown=shown.stdout.head)

    def keep(self, planned: Planned) -> str:
        """Keeps a plan as JSON below the state folder, without its secrets; the path there."""
        kept = self.ctx.state_dir / "plans" / f"{self.ctx.step.name}.json"
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept.unlink(missing_ok=True)
        _write_private(kept, answers.without_secrets(planned.shown))
        return kept.relative_to(self.ctx.state_dir).as_posix()

    def apply(self, planned: Planned) -> Asked[Mapping[str, Any]]:
        """Does what that very plan says; the counts that Terraform gave at the end."""
        outcome = yield self._request("apply", "-json", "-input=false", *self._lock(), str(planned.file))
        said = answers.messages(outcome.stdout.head)
        problem = answers.problem_in(said)
        if problem is not None or not outcome.succeeded:
            return self._failed("apply", outcome, problem)
        counts = answers.summary_of(said, ("apply", "destroy"))
        return self._unreadable("apply", outcome) if counts is None else counts

    def validate(self) -> Asked[None]:
        """Checks the module without a state."""
        outcome = yield self._request("validate", "-json")
        answer = answers.object_in(outcome.stdout.head)
        if answer is None:
            if outcome.succeeded:
                return self._unreadable("validate", outcome)
            return self._failed("validate", outcome, answers.problem_in_text(outcome.stderr.head))
        problem = answers.validation_problem(answer)
        return None if problem is None else self.ctx.finding(problem.code, problem.text)

    def outputs(self) -> Asked[tuple[dict[str, Any], tuple[str, ...]]]:
        """The outputs in the state, and the names of those that are sensitive."""
        outcome = yield self._request("output", "-json", answer=True)
        if not outcome.succeeded:
            return self._failed("output", outcome, answers.problem_in_text(outcome.stderr.head))
        found = None if outcome.stdout.truncated else answers.outputs_in(outcome.stdout.head)
        return self._unreadable("output -json", outcome) if found is None else found

    def initialise(self, *, backend: bool = True) -> Asked[None]:
        """`init`, with the state where it belongs, and the workspace chosen."""
        override = self._work / _OVERRIDE
        local = self._local_backend()
        if isinstance(local, Finding):
            return local
        is_local = not self._declares_another_backend()
        for _ in range(2):
            override.unlink(missing_ok=True)
            if is_local:
                override.write_text(json.dumps({"terraform": {"backend": {"local": local}}}), encoding="utf-8")
            problem = yield from self._init(backend=backend, is_local=is_local)
            if isinstance(problem, Finding):
                return problem
            if is_local or not backend or self._backend_in_use() not in {"", "local"}:
                break
            is_local = True
        return (yield from self._choose_workspace()) if backend else None

    def forget_secrets(self) -> None:
        """Takes away what `init` noted of the backend's configuration, which may hold credentials."""
        (self.folders.data / "terraform.tfstate").unlink(missing_ok=True)

    def _init(self, *, backend: bool, is_local: bool) -> Asked[None]:
        options = ["-backend=false"] if not backend else ["-reconfigure"]
        if backend and not is_local and self.inputs.backend_config:
            file = self.ctx.scratch_dir / "innominatus.tfbackend.json"
            _write_private(file, {name: _plain_text(value) for name, value in self.inputs.backend_config.items()})
            options.append(f"-backend-config={file}")
        (self.folders.data / "environment").unlink(missing_ok=True)
        outcome = yield self._request("init", "-input=false", "-no-color", *options)
        if outcome.succeeded:
            return None
        return self._failed("init", outcome, answers.problem_in_text(outcome.stderr.head + b"\n" + outcome.stdout.head))

    def _choose_workspace(self) -> Asked[None]:
        if self.workspace == "default":
            return None
        outcome = yield self._request("workspace", "select", "-or-create=true", "--", self.workspace)
        if outcome.succeeded:
            return None
        return self._failed("workspace select", outcome, answers.problem_in_text(outcome.stderr.head))

    def _local_backend(self) -> dict[str, str] | Finding:
        root = self.folders.root
        written = self.inputs.backend_config.get("path")
        if written is not None and not self._declares_another_backend():
            path = self.ctx.state_path(written)
            if isinstance(path, Finding):
                return path
            return {"path": _plain_text(str(path)), "workspace_dir": _plain_text(f"{path}.d")}
        state = str(root / "terraform.tfstate")
        return {"path": _plain_text(state), "workspace_dir": _plain_text(f"{state}.d")}

    def _declares_another_backend(self) -> bool:
        """Whether the module seems to keep its state elsewhere; `init` tells for sure."""
        for path in sorted(self._work.iterdir()):
            if path.name.endswith(MODULE_ENDINGS) and path.name != _OVERRIDE and path.is_file():
                for found in _OTHER_BACKEND.finditer(path.read_text(encoding="utf-8", errors="replace")):
                    if found[1] != "local":
                        return True
        return False

    def _backend_in_use(self) -> str:
        found = _json_of(self.folders.data / "terraform.tfstate").get("backend")
        return str(found.get("type", "")) if isinstance(found, dict) else ""

    def _variables(self) -> tuple[str, ...] | Finding:
        options = []
        for path in self.inputs.var_files:
            found = self.ctx.repository_path(path)
            if isinstance(found, Finding):
                return found
            options.append(f"-var-file={found}")
        if self.inputs.variables:
            file = self.ctx.scratch_dir / answers.VARIABLES_FILE
            _write_private(file, self.inputs.variables)
            options.append(f"-var-file={file}")
        return tuple(options)

    def _only(self) -> tuple[str, ...]:
        targets = [f"-target={address}" for address in self.inputs.targets]
        return (*targets, *(f"-replace={address}" for address in self.inputs.replace))

    def _lock(self) -> tuple[str, ...]:
        return (f"-lock-timeout={known(self.inputs.lock_timeout)}s",)

    def _request(self, *arguments: str, answer: bool = False) -> CommandRequest:
        """`answer`: what it prints is for us alone, and may hold values that nobody knows yet to be secret."""
        env = {**_ENV, "TF_DATA_DIR": str(self.folders.data)}
        return self.ctx.command(
            self.tool.name, *arguments, cwd=self._work, env=env, keep_bytes=_ANSWER_BYTES, logs_stdout=not answer
        )

    def _failed(self, command: str, outcome: CommandOutcome, problem: answers.Problem | None) -> Finding:
        asked = f"'{self.tool.name} {command}'"
        if problem is not None and outcome.ending in {Ending.EXITED, Ending.SIGNALLED}:
            return self.ctx.finding(problem.code, f"{asked}: {problem.text}")
        if outcome.ending is Ending.NOT_STARTED:
            return self.ctx.program_failed(self.tool.name, outcome)
        return self.ctx.finding(codes.PROGRAM_FAILED, f"{asked} {ending_text(outcome)}")

    def _unreadable(self, command: str, outcome: CommandOutcome) -> Finding:
        asked = f"'{self.tool.name} {command}'"
        if not outcome.succeeded and outcome.exit_code != CHANGES:
            return self.ctx.finding(codes.PROGRAM_FAILED, f"{asked} {ending_text(outcome)}")
        what = "more than 64 MiB" if outcome.stdout.truncated else "no JSON that says what it did"
        return self.ctx.finding(infrastructure.ANSWER_UNREADABLE, f"{asked} printed {what}")


def opened(ctx: StepContext) -> Asked[Session]:
    """The session of a step: its tool found, its module copied; nothing is initialised yet."""
    inputs = ctx.inputs_of(TerraformInputs)
    workspace = _workspace(ctx, inputs)
    if not _WORKSPACE.fullmatch(workspace):
        return ctx.finding(codes.INPUTS_UNUSABLE, f"'{workspace}' cannot be the name of a workspace")
    found = yield from _program(ctx, inputs)
    if isinstance(found, Finding):
        return found
    folders = Folders(ctx.state_dir.resolve() / "terraform" / _key(inputs))
    work = _module(ctx, inputs, folders.root)
    return work if isinstance(work, Finding) else Session(ctx, inputs, found, folders, work)


def _workspace(ctx: StepContext, inputs: TerraformInputs) -> str:
    """The workspace that is chosen; Terraform's own variable stands for the input, and is kept from Terraform."""
    return inputs.workspace or ctx.env.get("TF_WORKSPACE") or "default"


def _program(ctx: StepContext, inputs: TerraformInputs) -> Asked[ToolFound]:
    """The program that the step names, or else the one that is there."""
    names = (inputs.tool,) if inputs.tool else ("terraform", "tofu")
    first: Finding | None = None
    for name in names:
        found = yield from tool(ctx, ToolNeed(name=name, range=VERSIONS))
        if not isinstance(found, Finding):
            return found
        first = first or found
        if found.code is not codes.TOOL_MISSING:
            break
    if first is None:
        raise AssertionError("there is at least one name")
    return first


def _key(inputs: TerraformInputs) -> str:
    """A folder's name for the state of this module; `state` or `resource` tell several of one module apart."""
    own = inputs.state or (f"{inputs.working_dir}@{inputs.resource}" if inputs.resource else inputs.working_dir)
    plain = _PLAIN.sub("-", own).strip("-.")[-40:] or "module"
    return f"{plain}-{hashlib.sha256(own.encode()).hexdigest()[:8]}"


def _module(ctx: StepContext, inputs: TerraformInputs, root: Path) -> Path | Finding:
    """The copy of the module; one that an earlier step of this run generated is among its artifacts."""
    where = inputs.working_dir
    begins = f"{where}/"
    generated = {path[len(begins) :]: data for path, data in ctx.manifests.items() if path.startswith(begins)}
    try:
        for folder in (root.parent, root):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if generated:
            return written(generated, root / "work")
        module = ctx.later_path(where)
        return module if isinstance(module, Finding) else copied(module, ctx.work_dir, root / "work")
    except UnusableModule as unusable:
        return ctx.finding(codes.INPUTS_UNUSABLE, f"'{where}' {unusable}")
    except OSError as error:
        return ctx.finding(codes.INPUTS_UNUSABLE, f"the module '{where}' cannot be copied: {error.strerror}")


def _plain_text(value: str) -> str:
    """Text that Terraform's JSON takes as it is, not as a template."""
    return value.replace("${", "$${").replace("%{", "%%{")


def _write_private(path: Path, data: Mapping[str, Any]) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def _json_of(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def changes_of(read: answers.PlanRead) -> Sequence[Mapping[str, str]]:
    """What a plan does, in the words of the part `preview`."""
    return [
        {"action": "update" if one.action == "forget" else one.action, "object": one.address} for one in read.changes
    ]
