"""Secrets that a step renders and no commit may hold: files of mode 0600 below the state folder."""

import os
from collections.abc import Sequence

from innominatus_cli.documents.words import counted
from innominatus_cli.documents.yaml_writer import yaml_text
from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.drivers.manifests import Manifest
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding

_FOLDER = "kubernetes/secrets"


def keep_secrets(ctx: StepContext, secrets: Sequence[Manifest]) -> str | Finding:
    """Writes each Secret to a file of its own, which `kubectl apply` takes; says where they are."""
    if not secrets:
        return ""
    folder = ctx.state_dir / _FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in secrets:
            path = folder / _name(one)
            draft = path.with_name(f"{path.name}.new")
            draft.unlink(missing_ok=True)
            number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(yaml_text([one.data]))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
    except OSError as problem:
        return ctx.finding(codes.JOURNAL_LOST, f"cannot keep its Secret: {problem.strerror}")
    where = f"{_FOLDER}/{_name(secrets[0])}" if len(secrets) == 1 else _FOLDER
    return f"{counted(len(secrets), 'Secret')} in {where} of the state folder, not committed"


def drop_secrets(ctx: StepContext, secrets: Sequence[Manifest]) -> None:
    """Removes these files; those that are not there are no problem."""
    for one in secrets:
        (ctx.state_dir / _FOLDER / _name(one)).unlink(missing_ok=True)


def _name(secret: Manifest) -> str:
    return f"{secret.namespace}.{secret.name}.yaml"
