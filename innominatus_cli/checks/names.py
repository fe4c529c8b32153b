"""Rules over the names that a workflow gives: variables and parameters that nothing reads, names that hide others."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.needs import only_with
from innominatus_cli.checks.places import place_within
from innominatus_cli.checks.scope import Text, WorkflowScope, scope_of
from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode
from innominatus_cli.findings.catalogue import steps as codes
from innominatus_cli.findings.finding import Finding, Related

_WORD = r"[A-Za-z_][A-Za-z0-9_-]*"
_SHELL_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
SHELLS = frozenset({"script", "validation", "policy", "test"})
"""Step types whose script is a shell's."""


@only_with("variables")
def check_unused_variables(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2148: something reads each variable."""
    scope = scope_of(document, facts)
    variables = scope.spec.mapping("variables")
    for name in variables.values:
        if not _is_read(scope, name) and name not in _shell_reads(scope):
            place = document.place(variables.key(name))
            yield Finding(codes.UNUSED_VARIABLE, f"variable '{name}' is never read", place)


@only_with("parameters")
def check_unused_parameters(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2149: something reads each parameter."""
    scope = scope_of(document, facts)
    for parameter in scope.spec.mappings("parameters"):
        name = parameter.text("name")
        if name and not _is_read(scope, name) and name not in _shell_reads(scope):
            place = document.place(parameter.get("name"))
            yield Finding(codes.UNUSED_PARAMETER, f"parameter '{name}' is never read", place)


@only_with("setVariables")
def check_set_variables(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2150: something reads each variable that a step sets."""
    scope = scope_of(document, facts)
    for step in scope.step_nodes:
        variables = step.mapping("setVariables")
        for name in variables.values:
            if not _is_read(scope, name) and name not in _shell_reads(scope):
                message = f"nothing reads the variable '{name}' that step '{step.text('name') or ''}' sets"
                yield Finding(codes.UNREAD_SET_VARIABLE, message, document.place(variables.key(name)))


def _is_read(scope: WorkflowScope, name: str) -> bool:
    """Whether a reference or a condition may speak of the name. Templates that cannot be read yet count by their words.

    A name that no reference can be told by (it has a dot or a blank) counts as read.
    """
    return name in words_read(scope) or re.fullmatch(_WORD, name) is None


@lru_cache(maxsize=1)
def words_read(scope: WorkflowScope) -> frozenset[str]:
    """Every word in a reference, a template or a condition of the workflow."""
    found: set[str] = set()
    for text in scope.texts:
        if "{{" in text.value or "{%" in text.value:
            found.update(re.findall(_WORD, text.value))
        elif "${" in text.value:
            found.update(key for reference in text.parsed.references for key in reference.path)
    for step in scope.step_nodes:
        for key in ("if", "unless", "forEach"):
            node = step.get(key)
            if isinstance(node, ScalarNode) and isinstance(node.value, str):
                found.update(re.findall(_WORD, node.value))
    return frozenset(found)


@only_with("script", "command", "run")
def check_shell_variables(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2154: a script does not take variables and parameters of the workflow for the shell's."""
    scope = scope_of(document, facts)
    for name, (text, offset, written) in _shell_reads(scope).items():
        whose = "variables" if name in scope.variables else "parameters"
        message = f"'{written}' is the shell's, and '{name}' is one of the workflow's {whose}"
        remedy = f'Write `env: {{{name}: "${{{whose}.{name}}}"}}` in the step.'
        place = place_within(document, text.node, offset, written)
        yield Finding(codes.VARIABLE_OF_THE_SHELL, message, place, remedy)


@lru_cache(maxsize=1)
def _shell_reads(scope: WorkflowScope) -> dict[str, tuple[Text, int, str]]:
    """Variables and parameters that scripts read as the shell's: the first such place of each."""
    names = {*scope.variables, *scope.parameters}
    found: dict[str, tuple[Text, int, str]] = {}
    for text in scope.texts if names else ():
        step = scope.steps.get(text.step)
        if not text.is_script or step is None or step.text("type") not in SHELLS or "$" not in text.value:
            continue
        given = {*step.mapping("env").values, *_inherited(scope), *assigned(text.value)}
        for match in re.finditer(rf"(?<![$\\])\$(?:\{{({_SHELL_NAME})(?=[}}])|({_SHELL_NAME}))", text.value):
            name = match[1] or match[2]
            if name in names and name not in given and name not in found:
                found[name] = (text, match.start(), match[0] + "}" * (match[1] is not None))
    return found


def _inherited(scope: WorkflowScope) -> list[str]:
    """Variables of the caller's environment that every step is given."""
    config = scope.facts.admin_config
    return [] if config is None else [str(item.plain()) for item in config.mapping.sequence("env")]


def assigned(script: str) -> set[str]:
    """Names that a script gives values itself: `NAME=`, `read NAME`, `for NAME in`, `mapfile NAME`."""
    plain = set(re.findall(rf"(?<![$\w{{])({_SHELL_NAME})\+?=", script))
    for words in re.findall(r"\b(?:read|for|mapfile|readarray|declare|local|export|select)\b([^;\n|&]*)", script):
        plain.update(re.findall(_SHELL_NAME, words))
    return plain


def check_names(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2147: variables have names that references and shells can read."""
    scope = scope_of(document, facts)
    holders = [(scope.spec.get("variables"), True)]
    for step in scope.step_nodes:
        holders += [(step.get("setVariables"), True), (step.get("env"), False)]
    for holder, is_ours in holders:
        if not isinstance(holder, MappingNode):
            continue
        for name in holder.values:
            if name.isascii() and name.isidentifier():
                continue
            if re.fullmatch("[A-Za-z0-9_-]+" if is_ours else _SHELL_NAME, name) is None:
                what = "reference" if is_ours else "shell"
                place = document.place(holder.key(name))
                yield Finding(codes.UNREADABLE_NAME, f"no {what} can read a variable named '{name}'", place)


@only_with("parameters")
def check_shadowed_names(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2151: no parameter hides behind a variable."""
    scope = scope_of(document, facts)
    variables = scope.spec.mapping("variables")
    for parameter in scope.spec.mappings("parameters"):
        name = parameter.text("name")
        if name in variables.values:
            message = f"parameter '{name}' hides behind the variable of that name"
            related = (Related("the variable", document.place(variables.key(name))),)
            yield Finding(codes.SHADOWED_NAME, message, document.place(parameter.get("name")), related=related)


@only_with("setVariables")
def check_racing_variables(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2152: of two steps that set one variable, one comes after the other."""
    scope = scope_of(document, facts)
    for variable, setters in scope.setters.items():
        for earlier, later in pairwise(setters):
            if not scope.is_known_by(earlier, later) and not scope.is_known_by(later, earlier):
                first, second = (scope.steps[name].mapping("setVariables") for name in (earlier, later))
                message = f"steps '{earlier}' and '{later}' both set '{variable}', and neither comes first"
                related = (Related("set here too", document.place(first.key(variable))),)
                yield Finding(codes.RACING_VARIABLE, message, document.place(second.key(variable)), related=related)


RULES = (
    check_unused_variables,
    check_unused_parameters,
    check_set_variables,
    check_shell_variables,
    check_names,
    check_shadowed_names,
    check_racing_variables,
)
