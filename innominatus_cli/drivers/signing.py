"""Signatures of images by cosign. Keys and passwords reach it by its environment; every signature is verified again."""

import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Final

from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.findings.catalogue.judging import SIGNATURE_WRONG
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.delivery import ImageSigning
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

_KEY: Final = "INNOMINATUS_SIGNING_KEY"

Signed = Generator[CommandRequest, CommandOutcome, Finding | None]


def sign(
    ctx: StepContext, how: ImageSigning, image: str, digest: str, settings: Mapping[str, str], *, plain_http: bool
) -> Signed:
    """Signs an image and verifies what the registry then has; a finding where either fails.

    Args:
        ctx: The step.
        how: The key, and what is signed beside the image.
        image: The image's name without a tag.
        digest: What the registry calls it by.
        settings: Variables by which cosign finds the registry's credentials.
        plain_http: Whether the registry may be spoken to without TLS.
    """
    env = _environment(ctx, how)
    if isinstance(env, Finding):
        return env
    env |= settings
    key = f"--key={how.key or f'env://{_KEY}'}"
    registry = ("--allow-http-registry", "--allow-insecure-registry") if plain_http else ()
    notes = tuple(f"--annotations={name}={value}" for name, value in sorted(how.annotations.items()))
    logged = f"--tlog-upload={'true' if how.transparency_log else 'false'}"
    name = f"{image}@{digest}"
    outcome = yield ctx.command("cosign", "sign", key, logged, "--yes", *notes, *registry, "--", name, env=env)
    if not outcome.succeeded:
        return ctx.program_failed("cosign sign", outcome)
    public = yield from _public_key(ctx, how, key, env)
    if isinstance(public, Finding):
        return public
    unlogged = () if how.transparency_log else ("--insecure-ignore-tlog=true", "--private-infrastructure=true")
    wanted = (f"--key={public}", "--output=json", *unlogged, *notes, *registry)
    outcome = yield ctx.command("cosign", "verify", *wanted, "--", name, env=env)
    return _judged(ctx, outcome, name, digest)


def _judged(ctx: StepContext, outcome: CommandOutcome, name: str, digest: str) -> Finding | None:
    if outcome.ending is not Ending.EXITED:
        return ctx.program_failed("cosign verify", outcome)
    if not outcome.succeeded:
        return ctx.finding(SIGNATURE_WRONG, f"'{name}' has no signature of the key that it should be signed with")
    if not _speaks_of(outcome.stdout.head, digest):
        return ctx.finding(SIGNATURE_WRONG, f"cosign ended well and does not say that '{name}' is signed")
    return None


def _environment(ctx: StepContext, how: ImageSigning) -> dict[str, str] | Finding:
    found = {"COSIGN_PASSWORD": "", "COSIGN_YES": "true"}
    for variable, name in ((how.key_from, _KEY), (how.password_from, "COSIGN_PASSWORD")):
        value = ctx.variable(variable) if variable is not None else None
        if isinstance(value, Finding):
            return value
        if value is not None:
            found[name] = value
    return found


def _public_key(
    ctx: StepContext, how: ImageSigning, key: str, env: Mapping[str, str]
) -> Generator[CommandRequest, CommandOutcome, Path | Finding]:
    if how.public_key is not None:
        return ctx.repository_path(how.public_key)
    file = ctx.scratch_dir / "signing.pub"
    outcome = yield ctx.command("cosign", "public-key", key, f"--outfile={file}", env=env)
    if not outcome.succeeded:
        return ctx.program_failed("cosign public-key", outcome)
    if not file.is_file():
        return ctx.finding(SIGNATURE_WRONG, "cosign ended well and wrote no public key")
    return file


def _speaks_of(printed: bytes, digest: str) -> bool:
    """Whether cosign's list of good signatures has one, and each is of that digest."""
    try:
        found: Any = json.loads(printed)
        digests = {one["critical"]["image"]["docker-manifest-digest"] for one in found}
    except (ValueError, KeyError, TypeError):
        return False
    return digests == {digest}
