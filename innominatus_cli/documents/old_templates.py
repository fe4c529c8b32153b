"""Forms of the original's workflow files that mean something else here, read as what they were meant to be.

- `${NAME:-text}` in an output is a shell's default, where no shell is: `{{ env.NAME | default("text", true) }}`.
- A tag `{{ .parameters.x }}` between double quotes of a shell script, of a parameter whose default is no plain word, is
  an environment variable, for values never become code.
- A parameter that is a text, optional, without a default, and stands in such a tag, is the empty text.

Each is told as a warning with the form to write instead.
"""

import json
import re
from collections.abc import Mapping
from typing import Final

from innominatus_cli.documents.nodes import MappingNode, ScalarNode
from innominatus_cli.documents.scalars import PLAIN_FORM
from innominatus_cli.documents.shaping import Shaping, put, text_node
from innominatus_cli.documents.shell_quotes import between_double_quotes, gives_text_to_code
from innominatus_cli.findings.catalogue.workflow import OLD_TEMPLATE

_DEFAULTED: Final = re.compile(r"\$\{([A-Z_][A-Z0-9_]{0,63}):-([^{}$`\\]*)\}")
_REFERS: Final = re.compile(r"\$\{|\{\{|\{%")
_TAG: Final = re.compile(r"\{\{ *\.parameters\.([A-Za-z_][A-Za-z0-9_]*) *\}\}")
_FILTERED: Final = re.compile(r"\bparameters\.([A-Za-z_][A-Za-z0-9_]*) {0,9}\|")
"""With a filter `default`, or one like it."""
_SHELL: Final = re.compile(r"#![^\n]*\b(?:ba|da|z|k)?sh\b")


def shape_templates(shaping: Shaping, spec: MappingNode) -> None:
    """Reads the outputs and the scripts of a workflow's `spec`, whose keys and steps have their names already."""
    outputs = spec.mapping("outputs")
    for name, node in outputs.values.items():
        if isinstance(node, ScalarNode) and isinstance(node.value, str) and ":-" in node.value:
            _shape_output(shaping, outputs, name, node)
    _shape_optional(shaping, spec)
    defaults = _unplain_defaults(spec)
    if defaults:
        for key in ("steps", "finally"):
            for step in spec.mappings(key):
                _shape_script(shaping, step, defaults)


def _shape_output(shaping: Shaping, outputs: MappingNode, name: str, node: ScalarNode) -> None:
    written = str(node.value)
    found = _DEFAULTED.search(written)
    if found is None:
        return

    def read(one: re.Match[str]) -> str:
        return f"{{{{ env.{one[1]} | default({json.dumps(one[2])}, true) }}}}"

    message = f"'{found[0]}' is a shell's default, and is read as '{read(found)}'"
    remedy = f"Write '{read(found)}', and list {found[1]} under `env` in admin-config.yaml."
    shaping.report(OLD_TEMPLATE, message, node, remedy)
    put(outputs, name, text_node(_DEFAULTED.sub(read, written), node), outputs.key(name))


def _shape_optional(shaping: Shaping, spec: MappingNode) -> None:
    written = shaping.document.text
    shown = {one[1] for one in _TAG.finditer(written)} - {one[1] for one in _FILTERED.finditer(written)}
    for parameter in spec.mappings("parameters"):
        name, required = parameter.text("name"), parameter.get("required")
        is_optional = isinstance(required, ScalarNode) and required.value is False
        if name not in shown or not is_optional or "default" in parameter.values or parameter.text("type") != "string":
            continue
        message = f"the parameter '{name}' has no default, and is an empty text where nobody gives it"
        shaping.report(OLD_TEMPLATE, message, parameter.get("name") or parameter, 'Write `default: ""`.')
        put(parameter, "default", text_node("", parameter))


def _unplain_defaults(spec: MappingNode) -> dict[str, str]:
    """By name the defaults of parameters that may not stand in the text of a script."""
    found: dict[str, str] = {}
    for parameter in spec.mappings("parameters"):
        name, default = parameter.text("name"), parameter.get("default")
        if name is None or not isinstance(default, ScalarNode) or not isinstance(default.value, str):
            continue
        if not _REFERS.search(default.value) and not re.fullmatch(PLAIN_FORM, default.value):
            found[name] = default.value
    return found


def _shape_script(shaping: Shaping, step: MappingNode, defaults: Mapping[str, str]) -> None:
    config = step.get("config")
    node = config.get("script") if isinstance(config, MappingNode) else None
    if not isinstance(config, MappingNode) or not isinstance(node, ScalarNode) or not isinstance(node.value, str):
        return
    script = node.value
    tags = [one for one in _TAG.finditer(script) if one[1] in defaults]
    if not tags or _SHELL.match(script) is None or gives_text_to_code(script):
        return
    quoted = between_double_quotes(script, [one.start() for one in tags])
    env = shaping.inner(step, "env", node)
    if env is None:
        return
    named = {*re.findall(r"PARAM_[A-Z0-9_]+", script), *env.values}
    bare = {one[1] for one in tags if one.start() not in quoted}
    variables: dict[str, str] = {}
    for one in tags:
        name, variable = one[1], f"PARAM_{one[1].upper()}"
        if name in variables or name in bare or variable in named:
            continue
        variables[name] = variable
        named.add(variable)
        message = f"'{one[0]}' is given to the script as the variable {variable}, for its default is no plain word"
        remedy = f'Write `env: {{{variable}: "${{parameters.{name}}}"}}` in the step, and "${variable}" in the script.'
        shaping.report(OLD_TEMPLATE, message, node, remedy)
        put(env, variable, text_node(one[0], node))
    if variables:
        text = _TAG.sub(lambda one: f"${{{variables[one[1]]}}}" if one[1] in variables else one[0], script)
        put(config, "script", text_node(text, node), config.key("script"))
    elif not env.values:
        del step.values["env"]
