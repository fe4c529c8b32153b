"""The list of allowed product workflows: what must be added to it, and adding it with every comment kept."""

from typing import Final

from innominatus_cli.documents.nodes import SequenceNode
from innominatus_cli.documents.repository import ADMIN_CONFIG
from innominatus_cli.documents.vocabulary import Trigger
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.documents.yaml_writer import inline_text
from innominatus_cli.findings.catalogue.workflow import LIST_NOT_EDITABLE
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.findings.near_names import near_names
from innominatus_cli.operations.creation.files import NewFile
from innominatus_cli.operations.creation.surroundings import Surroundings
from innominatus_cli.policies.rules import Rule

_KEY: Final = "allowedProductWorkflows"
_BY_HAND: Final = Trigger.MANUAL


def allow(
    surroundings: Surroundings, identity: str, rule: Rule[tuple[str, ...]] | None, *, write: bool
) -> tuple[tuple[NewFile, ...], tuple[str, ...]]:
    """The files that allow a product workflow, and what people are told. `rule` lacks it; None: no rule does.

    Only admin-config.yaml is ever written, and only where `write` says so; lists in other documents are told.
    Raises CannotContinue where the list cannot be edited safely.
    """
    if rule is None:
        return (), ()
    lacking = [statement.place for statement in rule.statements if identity not in statement.value]
    edited = (_with_entry(surroundings, identity),) if write and any(p.path == ADMIN_CONFIG for p in lacking) else ()
    told = [place for place in lacking if not edited or place.path != ADMIN_CONFIG]
    remarks = tuple(
        f"The platform team must allow it before it can run: add the line `- {identity}` to {_KEY} "
        f"at {place.path}:{place.line}."
        for place in told
    )
    return edited, remarks


def refusals(surroundings: Surroundings, product: str) -> list[str]:
    """Why policies will refuse every deployment of an application of a product: a line for each of its workflows."""
    policies = surroundings.policies
    allowed, types = policies.allowed_product_workflows, policies.allowed_step_types
    told = []
    for identity, workflow in surroundings.workflows.items():
        spec = workflow.model.spec
        if workflow.model.metadata.product != product or not set(spec.triggers) - {_BY_HAND}:
            continue
        if allowed is not None and identity not in allowed.value:
            near = near_names(identity, set(allowed.value) - set(surroundings.workflows))
            hint = f", which has '{near[0]}' and no workflow of that name" if near else ""
            told.append(f"'{identity}' is not in {_KEY} ({allowed.place.path}:{allowed.place.line}){hint}")
        lacking = [] if types is None else sorted({step.type for step in spec.steps} - set(types.value))
        if types is not None and lacking:
            place = f"{types.place.path}:{types.place.line}"
            told.append(f"'{identity}' has steps of the type {', '.join(lacking)}, which {place} does not allow")
    return told


def _with_entry(surroundings: Surroundings, identity: str) -> NewFile:
    """admin-config.yaml with one more entry at the end of its list."""
    loaded = surroundings.repository.loaded(ADMIN_CONFIG)
    document = next(one for one in loaded.documents if one.kind == "AdminConfig")
    node = document.mapping.mapping("workflowPolicies").get(_KEY)
    text = document.text
    new = _inserted(text, node, identity) if isinstance(node, SequenceNode) else None
    if new is None or not _only_adds(text, new, identity):
        message = f"'{identity}' cannot be added to this list without changing how it is written"
        raise CannotContinue(Finding(LIST_NOT_EDITABLE, message, document.place(node)))
    return NewFile(ADMIN_CONFIG, new, "AdminConfig")


def _inserted(text: str, node: SequenceNode, identity: str) -> str | None:
    """The text with the entry behind the list's last item; None where the list has no shape that is known here."""
    lines = text.splitlines(keepends=True)
    if node.items:
        last = node.items[-1]
        line = lines[last.line - 1]
        dash = line[: last.column - 1]
        if dash.strip() == "-" and last.line == last.end_line:
            content = line.rstrip("\r\n")
            end = line[len(content) :] or "\n"
            lines[last.line - 1] = f"{content}{end}{dash}{inline_text(identity)}{end}"
            return "".join(lines)
    if node.line != node.end_line or not node.line:
        return None
    line = lines[node.line - 1]
    closing = node.end_column - 2
    if line[closing : closing + 1] != "]":
        return None
    comma = ", " if node.items else ""
    before = line[:closing].rstrip() if node.items else line[:closing]
    lines[node.line - 1] = f"{before}{comma}{inline_text(identity)}{line[closing:]}"
    return "".join(lines)


def _only_adds(old: str, new: str, identity: str) -> bool:
    """Whether the new text says all that the old one says, and the entry, and nothing else."""
    before, after = _plain(old), _plain(new)
    if not isinstance(before, dict) or not isinstance(after, dict):
        return False
    policies = before.get("workflowPolicies")
    if not isinstance(policies, dict) or not isinstance(policies.get(_KEY), list):
        return False
    policies[_KEY].append(identity)
    return before == after


def _plain(text: str) -> object:
    documents, _ = read_yaml(ADMIN_CONFIG, text.encode())
    return documents[0].root.plain() if len(documents) == 1 else None
