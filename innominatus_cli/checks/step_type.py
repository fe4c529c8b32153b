"""Rules over StepType documents: their command, and whether it agrees with the schema of their inputs."""

import posixpath
from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.input_schema import inputs_of
from innominatus_cli.checks.places import place_within, texts_in
from innominatus_cli.checks.shell_code import code_in
from innominatus_cli.documents.nodes import Document, MappingNode, ScalarNode
from innominatus_cli.documents.schemas import step_type_names
from innominatus_cli.expressions.references import CONTEXTS, Reference, may_refer, parse
from innominatus_cli.findings.catalogue import definitions as codes
from innominatus_cli.findings.catalogue import structure
from innominatus_cli.findings.catalogue.steps import CHECK_WITHOUT_PROBE
from innominatus_cli.findings.finding import Finding, Related, Severity
from innominatus_cli.findings.near_names import did_you_mean


def check_name(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2170: no built-in step type has the name."""
    metadata = document.mapping.mapping("metadata")
    if metadata.text("name") in step_type_names():
        message = f"'{metadata.text('name')}' is a built-in step type"
        yield Finding(codes.BUILT_IN_NAME, message, document.place(metadata.get("name")))


def check_command(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2173: the command is a program with its arguments, and no input becomes a program."""
    command = [item for item in document.mapping.mapping("spec").sequence("command") if isinstance(item, ScalarNode)]
    if not command:
        return
    program = str(command[0].value)
    if len(program.split()) > 1:
        message = f"'{program.split(maxsplit=1)[0]} …' is a whole command line in one item"
        yield Finding(codes.COMMAND_IS_SHELL_TEXT, message, document.place(command[0]))
    elif may_refer(program):
        message = "an input decides which program is started"
        yield Finding(codes.COMMAND_IS_SHELL_TEXT, message, document.place(command[0]))
    for code in code_in(command):
        message = f"an input stands in a program for {posixpath.basename(program)}"
        yield Finding(codes.COMMAND_IS_SHELL_TEXT, message, document.place(code))


def _references(document: Document) -> Iterator[tuple[ScalarNode, Reference, bool]]:
    """Every reference in what the type runs: the text, the reference, and whether it stands under `env`."""
    spec = document.mapping.mapping("spec")
    for key in ("command", "env", "outputs"):
        holder = spec.mapping("outputs").get("path") if key == "outputs" else spec.get(key)
        for node in texts_in(holder):
            yield from ((node, reference, key == "env") for reference in parse(str(node.value)).references)


def check_inputs(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2174: what the command reads is among the inputs."""
    properties = inputs_of(document).mapping("properties")
    for node, reference, in_env in _references(document):
        place = place_within(document, node, reference.offset, reference.written)
        head = reference.path[0]
        if head != "inputs" and not (in_env and head in CONTEXTS):
            message = f"'{reference.written}' is no input"
            remedy = did_you_mean(head, ["inputs"]) or "Write `${inputs.<name>}`."
            yield Finding(codes.UNKNOWN_INPUT, message, place, remedy)
        elif head == "inputs" and len(reference.path) > 1 and reference.path[1] not in properties.values:
            message = f"'{reference.written}': there is no input '{reference.path[1]}'"
            hint = did_you_mean(reference.path[1], properties.values)
            related = (Related("the inputs", document.place(properties)),) if properties.values else ()
            yield Finding(codes.UNKNOWN_INPUT, message, place, hint, related)


def check_templates(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2202: what the type runs has references, and no templates."""
    spec = document.mapping.mapping("spec")
    for holder in (spec.get("command"), spec.get("env"), spec.mapping("outputs").get("path")):
        for node in texts_in(holder):
            if parse(str(node.value)).template is not None:
                message = "a template would be rendered nowhere"
                yield Finding(structure.TEMPLATE_IN_STEP_TYPE, message, document.place(node))


def check_unused_inputs(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2175: the command reads each input."""
    paths = {reference.path[:2] for _, reference, _ in _references(document)}
    if ("inputs",) in paths:
        return
    properties = inputs_of(document).mapping("properties")
    for name in properties.values:
        if ("inputs", name) not in paths:
            place = document.place(properties.key(name))
            yield Finding(codes.UNUSED_INPUT, f"nothing reads the input '{name}'", place)


def check_inputs_have_values(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2200: an input that the command reads is required, or has a default."""
    inputs = inputs_of(document)
    required = {str(name.plain()) for name in inputs.sequence("required")}
    told: set[str] = set()
    for node, reference, _ in _references(document):
        name = reference.path[1] if reference.path[0] == "inputs" and len(reference.path) > 1 else ""
        part = inputs.mapping("properties").get(name)
        if not isinstance(part, MappingNode) or name in required or name in told or "default" in part.values:
            continue
        told.add(name)
        message = f"'{reference.written}' has no value where a step does not give the input '{name}'"
        related = (Related("the input", document.place(inputs.mapping("properties").key(name))),)
        place = place_within(document, node, reference.offset, reference.written)
        yield Finding(structure.INPUT_MAY_BE_ABSENT, message, place, related=related)


def check_tools(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2201: what is asked of a tool's version is a range of versions."""
    for tool in document.mapping.mapping("spec").mappings("tools"):
        written = tool.get("range")
        if isinstance(written, ScalarNode) and isinstance(written.value, str):
            from innominatus_cli.documents.versions import parse_range  # noqa: PLC0415 - few files come so far

            if parse_range(written.value) is None:
                message = f"'{written.value}' is no range of versions"
                yield Finding(structure.BAD_VERSION_RANGE, message, document.place(written))


def check_outputs(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2144, ORC-2176: outputs have one source, and `idempotency: check` has none here."""
    spec = document.mapping.mapping("spec")
    outputs = spec.mapping("outputs")
    source = outputs.text("from") or "stdout"
    if source == "file" and not outputs.text("path"):
        message = "the outputs are in a file, and no 'path' says in which"
        severity = Severity.ERROR
        place = document.place(outputs.get("from"))
        yield Finding(codes.OUTPUTS_WITHOUT_FILE, message, place, severity_override=severity)
    elif source == "stdout" and "path" in outputs.values:
        message = "'path' has no effect where outputs are printed"
        yield Finding(codes.OUTPUTS_WITHOUT_FILE, message, document.place(outputs.key("path")))
    if spec.text("idempotency") == "check":
        message = "a step type of a repository has no probe"
        yield Finding(CHECK_WITHOUT_PROBE, message, document.place(spec.get("idempotency")))


RULES = (
    check_name,
    check_command,
    check_inputs,
    check_unused_inputs,
    check_inputs_have_values,
    check_templates,
    check_tools,
    check_outputs,
)
