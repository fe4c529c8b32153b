"""Which outputs of providers' workflows are secrets: those that are called so, back to the step that they come from."""

import re
from dataclasses import replace
from typing import Final

from innominatus_cli.planning.drafts import Called, DraftStep

SECRET_OUTPUT: Final = re.compile(
    r"(?:^|[_-])(?:password|passwd|passphrase|token|secret|private[_-]?key|secret[_-]?key|access[_-]?key|api[_-]?key"
    r"|connection[_-]?string|dsn)$",
    re.IGNORECASE,
)
"""How outputs are called that are secrets: workflows of providers have no other word for that."""
_OUTPUT: Final = re.compile(r"\bsteps\.([A-Za-z0-9_-]+)\.outputs?\.([A-Za-z0-9_-]+)")


def with_secrets(called: Called) -> Called:
    """What a provider's workflow is, with secrets among its outputs known as such where they come from.

    Providers' workflows have no word for that; an output that is called `password` or alike is one.
    """
    secret: dict[str, set[str]] = {}
    for name, value in called.draft.outputs.items():
        if SECRET_OUTPUT.search(name) and isinstance(value, str):
            for step, output in _OUTPUT.findall(value):
                secret.setdefault(step, set()).add(output)
    if not secret:
        return called
    steps = tuple(_keeping(part, secret.get(part.definition.name, set())) for part in called.draft.steps)
    return replace(called, draft=replace(called.draft, steps=steps))


def _keeping(part: DraftStep, secret: set[str]) -> DraftStep:
    if not secret or part.called is not None:
        return part
    names = sorted({*part.definition.secret_outputs, *secret})
    return replace(part, definition=part.definition.model_copy(update={"secret_outputs": names}))
