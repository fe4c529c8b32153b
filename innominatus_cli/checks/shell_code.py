"""Rules over values that a shell or an interpreter would read as code, outside of the `script` of a step."""

import posixpath
from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.places import place_within
from innominatus_cli.checks.scope import scope_of
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.expressions.references import may_refer, parse
from innominatus_cli.findings.catalogue.workflow import VALUE_IN_SCRIPT
from innominatus_cli.findings.finding import Finding

_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"})
_INTERPRETERS = {"-c": ("python", "python3", "php"), "-e": ("perl", "ruby", "node"), "--eval": ("node",)}


def check_arguments(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2018: no reference stands in an argument that a shell or an interpreter reads as a program."""
    for step in scope_of(document, facts).step_nodes:
        for code in _code_arguments(step.mapping("config")):
            for reference in parse(str(code.value)).references:
                message = f"'{reference.written}' stands in a program that is given as an argument"
                place = place_within(document, code, reference.offset, reference.written)
                remedy = (
                    f'Write `env: {{VALUE: "{reference.written}"}}` in the step and "$VALUE" in the program, or give '
                    'the value as an argument of its own: ["sh", "-c", "echo \\"$1\\"", "sh", "${…}"].'
                )
                yield Finding(VALUE_IN_SCRIPT, message, place, remedy)


def _code_arguments(config: MappingNode) -> Iterator[ScalarNode]:
    """Every argument that is a program: in lists of arguments, and in `args` behind a `command` that ends with `-c`."""
    stack: list[Node] = [config]
    while stack:
        node = stack.pop()
        if isinstance(node, MappingNode):
            stack.extend(reversed(node.values.values()))
            command, args = node.get("command"), node.get("args")
            if isinstance(command, SequenceNode) and isinstance(args, SequenceNode):
                first = _texts(args)[:1]
                yield from (code for code in code_in([*_texts(command), *first]) if code in first)
        elif isinstance(node, SequenceNode):
            stack.extend(reversed(node.items))
            yield from code_in(_texts(node))


def code_in(arguments: list[ScalarNode]) -> Iterator[ScalarNode]:
    """The argument that a shell or an interpreter takes for a program, where a reference stands in it."""
    if not arguments:
        return
    program = posixpath.basename(str(arguments[0].value))
    for number, argument in enumerate(arguments[1:-1], 1):
        option = str(argument.value)
        if _takes_program(program, option):
            code = arguments[number + 1]
            if may_refer(str(code.value)):
                yield code
            return
        if not option.startswith("-") and not (program == "busybox" and option in _SHELLS):
            return


def _takes_program(program: str, option: str) -> bool:
    if program in _SHELLS:
        return option.startswith("-") and not option.startswith("--") and option.endswith("c")
    return program in _INTERPRETERS.get(option, ())


def _texts(node: SequenceNode) -> list[ScalarNode]:
    return [item for item in node.items if isinstance(item, ScalarNode)]


RULES = (check_arguments,)
