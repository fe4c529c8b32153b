"""`container-build`: an image by docker or buildah; the digest of what was pushed is an output, and can be signed."""

import base64
import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Final

from innominatus_cli.documents.run_record import ToolFound
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.signing import sign
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.delivery import ContainerBuildInputs, is_image_tag
from innominatus_cli.system.commands import CommandOutcome, CommandRequest

_ARGUMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_FILES: Final = ("Containerfile", "Dockerfile")
_MARK: Final = "dev.innominatus.step"

Ran = Generator[CommandRequest, CommandOutcome, str | Finding]


def driver(ctx: StepContext) -> DriverSteps:
    """Builds, then pushes every tag where `push` says so."""
    inputs = ctx.inputs_of(ContainerBuildInputs)
    found = yield from _builder(ctx, inputs)
    if isinstance(found, Finding):
        return DriverResult(failure=found)
    builder, tools = found
    wrong = _wrong(inputs)
    if wrong:
        return ctx.failed(codes.INPUTS_UNUSABLE, wrong)
    return (yield from _built(ctx, inputs, builder, tools))


def undo(ctx: StepContext) -> DriverSteps:
    """Takes the tags from the image that the run built here; what was pushed stays in the registry."""
    inputs = ctx.inputs_of(ContainerBuildInputs)
    found = yield from _builder(ctx, inputs)
    if isinstance(found, Finding):
        return DriverResult(failure=found)
    builder, tools = found
    removed = 0
    for tag in inputs.tags:
        outcome = yield ctx.command(builder, *_label_of(builder), f"{inputs.image}:{tag}")
        if not outcome.succeeded or outcome.stdout.head.decode("utf-8", "replace").strip() not in ctx.undone_marks:
            continue
        gone = yield from _run(ctx, builder, "rmi", f"{inputs.image}:{tag}")
        if isinstance(gone, Finding):
            return DriverResult(failure=gone)
        removed += 1
    return DriverResult(message=f"{removed} of {len(inputs.tags)} tags taken away", tools=tools)


def probe(ctx: StepContext) -> DriverSteps:
    """Whether every tag names an image that this step built."""
    inputs = ctx.inputs_of(ContainerBuildInputs)
    found = yield from _builder(ctx, inputs)
    if isinstance(found, Finding):
        return DriverResult(failure=found)
    builder, tools = found
    for tag in inputs.tags:
        outcome = yield ctx.command(builder, *_label_of(builder), f"{inputs.image}:{tag}")
        if not outcome.succeeded or outcome.stdout.head.decode("utf-8", "replace").strip() != ctx.mark:
            return DriverResult(outputs={"done": False}, tools=tools)
    return DriverResult(outputs={"done": not known(inputs.push)}, tools=tools)


def _builder(
    ctx: StepContext, inputs: ContainerBuildInputs
) -> Generator[CommandRequest, CommandOutcome, tuple[str, tuple[ToolFound, ...]] | Finding]:
    builder = str(known(inputs.builder))
    if builder == "kaniko":
        message = "kaniko builds inside a container of its own, which a step here cannot start"
        return ctx.finding(codes.INPUTS_UNUSABLE, message, "Use `builder: buildah`, which needs no daemon either.")
    tools = []
    for need in ctx.step.tools:
        found = yield from tool(ctx, need)
        if isinstance(found, Finding):
            return found
        tools.append(found)
    return builder, tuple(tools)


def _wrong(inputs: ContainerBuildInputs) -> str:
    for tag in inputs.tags:
        if not is_image_tag(tag):
            return f"'{tag}' is no tag"
    for name in inputs.build_args:
        if not _ARGUMENT.fullmatch(name):
            return f"'{name}' is no name of a build argument"
    for name in inputs.labels:
        if not name or "=" in name or name == _MARK:
            return f"'{name}' is no label that a step can set"
    if inputs.sign is not None and not known(inputs.push):
        return "'sign' needs 'push': a signature is kept beside the image in its registry"
    return ""


def _built(ctx: StepContext, inputs: ContainerBuildInputs, builder: str, tools: tuple[ToolFound, ...]) -> DriverSteps:
    context = ctx.repository_path(inputs.context)
    if isinstance(context, Finding):
        return DriverResult(failure=context)
    file = _containerfile(ctx, inputs, context)
    if isinstance(file, Finding):
        return DriverResult(failure=file)
    identity = ctx.scratch_dir / "image-id"
    argv = ["build", f"--file={file}", f"--iidfile={identity}", f"--label={_MARK}={ctx.mark}"]
    argv += [f"--tag={inputs.image}:{tag}" for tag in inputs.tags]
    argv += [f"--build-arg={name}={value}" for name, value in sorted(inputs.build_args.items())]
    argv += [f"--label={name}={value}" for name, value in sorted(inputs.labels.items())]
    argv += [f"--target={inputs.target}"] if inputs.target else []
    done = yield from _run(ctx, builder, *argv, "--", str(context))
    if isinstance(done, Finding):
        return DriverResult(failure=done)
    image_id = _text(identity)
    if not image_id:
        return ctx.failed(codes.CHILD_WITHOUT_ANSWER, f"'{builder} build' ended well and named no image")
    digest = ""
    if known(inputs.push):
        pushed = yield from _pushed(ctx, inputs, builder)
        if isinstance(pushed, Finding):
            return DriverResult(failure=pushed)
        digest = pushed
    name = f"{inputs.image}@{digest}" if digest else f"{inputs.image}:{inputs.tags[0]}"
    outputs = {"image": name, "imageId": image_id, "digest": digest, "signed": bool(digest and inputs.sign)}
    return DriverResult(outputs=outputs, public=tuple(outputs), message=name, tools=tools)


def _containerfile(ctx: StepContext, inputs: ContainerBuildInputs, context: Path) -> Path | Finding:
    if inputs.containerfile is not None:
        return ctx.repository_path(inputs.containerfile)
    for name in _FILES:
        if (context / name).is_file():
            return context / name
    return ctx.finding(codes.PATH_MISSING, f"'{inputs.context}' has neither a Containerfile nor a Dockerfile")


def _pushed(ctx: StepContext, inputs: ContainerBuildInputs, builder: str) -> Ran:
    """The digest under which the registry has the image, signed where the step says so."""
    settings = _credentials(ctx, inputs)
    if isinstance(settings, Finding):
        return settings
    digest = ""
    for tag in inputs.tags:
        written = ctx.scratch_dir / f"digest-{tag}"
        options = [f"--digestfile={written}", *(["--tls-verify=false"] if inputs.insecure_registry else [])]
        argv = ["push", *(options if builder == "buildah" else []), f"{inputs.image}:{tag}"]
        done = yield from _run(ctx, builder, *argv, env=settings)
        if isinstance(done, Finding):
            return done
        said = _text(written) if builder == "buildah" else done
        found = _DIGEST.search(said)
        if found is None:
            return ctx.finding(codes.CHILD_WITHOUT_ANSWER, f"'{builder} push' ended well and named no digest")
        digest = found.group()
    if inputs.sign is not None:
        plain_http = inputs.insecure_registry
        wrong = yield from sign(ctx, inputs.sign, inputs.image, digest, settings, plain_http=plain_http)
        if wrong is not None:
            return wrong
    return digest


def _credentials(ctx: StepContext, inputs: ContainerBuildInputs) -> dict[str, str] | Finding:
    """A private file with the registry's credentials, where the step gives some; both tools read its form."""
    if inputs.username_from is None or inputs.password_from is None:
        return {}
    user, password = ctx.variable(inputs.username_from), ctx.variable(inputs.password_from)
    for value in (user, password):
        if isinstance(value, Finding):
            return value
    registry = inputs.image.partition("/")[0]
    folder = ctx.scratch_dir / "registry"
    folder.mkdir(mode=0o700)
    file = folder / "config.json"
    file.touch(mode=0o600)
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    file.write_text(json.dumps({"auths": {registry: {"auth": basic}}}), encoding="utf-8")
    return {"DOCKER_CONFIG": str(folder), "REGISTRY_AUTH_FILE": str(file)}


def _label_of(builder: str) -> tuple[str, ...]:
    """The arguments that print the label of an image."""
    if builder == "buildah":
        return ("inspect", "--type=image", '--format={{index .OCIv1.Config.Labels "' + _MARK + '"}}')
    return ("image", "inspect", '--format={{index .Config.Labels "' + _MARK + '"}}')


def _run(ctx: StepContext, builder: str, *arguments: str, env: dict[str, str] | None = None) -> Ran:
    outcome = yield ctx.command(builder, *arguments, env=env)
    if not outcome.succeeded:
        return ctx.program_failed(f"{builder} {arguments[0]}", outcome)
    return outcome.stdout.head.decode("utf-8", "replace")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
