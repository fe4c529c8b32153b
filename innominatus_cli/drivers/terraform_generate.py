"""`terraform-generate`: writes a module for a known resource, the same bytes for the same inputs, as `fmt` would."""

import difflib
import json
import re
from pathlib import PurePosixPath
from typing import Any, Final

from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext, inside
from innominatus_cli.drivers.terraform_modules import MODULES, GeneratedModule, Variable
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.terraform import TerraformGenerateInputs

_HEADER: Final = "# Made by the step '{step}'. Change its inputs, not this file.\n\n"
_NOT_A_NAME: Final = re.compile(r"[^a-z0-9-]+")
_LONGEST: Final = 63


def driver(ctx: StepContext) -> DriverSteps:
    """Renders `main.tf`, `variables.tf` and `outputs.tf` as artifacts; starts no process."""
    yield from ()
    inputs = ctx.inputs_of(TerraformGenerateInputs)
    kind = str(known(inputs.resource))
    module = MODULES.get(kind)
    if module is None:
        near = difflib.get_close_matches(kind, MODULES, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known are {', '.join(sorted(MODULES))}."
        return ctx.failed(codes.INPUTS_UNUSABLE, f"nothing here writes a module for '{kind}'", hint)
    folder = _folder(ctx, inputs)
    if isinstance(folder, Finding):
        return DriverResult(failure=folder)
    given = {"name": _name(ctx, inputs, kind), **inputs.variables}
    problem = _problem(ctx, module, given)
    if problem is not None:
        return DriverResult(failure=problem)
    files = rendered(module, given, ctx.step.name)
    return DriverResult(
        outputs={"module": folder, "files": sorted(files)},
        public=("module", "files"),
        artifacts={f"{folder}/{name}": text.encode() for name, text in files.items()},
        message=f"a module for {kind} in {folder}",
    )


def rendered(module: GeneratedModule, given: dict[str, Any], step: str) -> dict[str, str]:
    """The files of a module by name, with these defaults of its variables."""
    header = _HEADER.format(step="".join(c for c in step if c.isprintable()))
    variables = [_variable(one, given.get(one.name, one.default)) for one in module.variables]
    outputs = [
        f'output "{name}" {{\n  description = {_quoted(says)}\n  value       = {value}\n}}\n'
        for name, (value, says) in module.outputs.items()
    ]
    return {
        "main.tf": header + module.main,
        "variables.tf": header + "\n".join(variables),
        "outputs.tf": header + "\n".join(outputs),
    }


def _variable(one: Variable, default: object) -> str:
    lines = [f"  description = {_quoted(one.says)}", f"  type        = {one.type}"]
    if default is not None:
        lines.append(f"  default     = {_literal(default)}")
    if one.sensitive:
        lines.append("  sensitive   = true")
    return f'variable "{one.name}" {{\n' + "\n".join(lines) + "\n}\n"


def _literal(value: object) -> str:
    """A text, number or boolean in Terraform's language, where their JSON is the same but for templates."""
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def _problem(ctx: StepContext, module: GeneratedModule, given: dict[str, Any]) -> Finding | None:
    names = {one.name: one for one in module.variables}
    for name, value in given.items():
        variable = names.get(name)
        if variable is None:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Its variables are {', '.join(names)}."
            return ctx.finding(codes.INPUTS_UNUSABLE, f"the module has no variable '{name}'", hint)
        if variable.sensitive:
            message = f"variable '{name}' is a secret, and the module is committed"
            return ctx.finding(
                codes.INPUTS_UNUSABLE, message, "Give it to the `terraform` step that applies the module."
            )
        if not variable.takes(value):
            return ctx.finding(codes.INPUTS_UNUSABLE, f"variable '{name}' of the module is a {variable.type}")
    return None


def _folder(ctx: StepContext, inputs: TerraformGenerateInputs) -> str | Finding:
    if inputs.output_dir is None:
        return ctx.artifact_path("")
    path = PurePosixPath(inputs.output_dir)
    found = inside(ctx.work_dir, inputs.output_dir)
    if path.is_absolute() or ".." in path.parts or found is None or path.parts[:1] == (".git",) or not path.parts:
        return ctx.finding(codes.PATH_OUTSIDE, f"'{inputs.output_dir}' is no folder of the repository")
    return path.as_posix()


def _name(ctx: StepContext, inputs: TerraformGenerateInputs, kind: str) -> str:
    written = inputs.name or f"{ctx.application}-{ctx.environment}-{kind}"
    return _NOT_A_NAME.sub("-", written.lower()).strip("-")[:_LONGEST].strip("-") or kind
