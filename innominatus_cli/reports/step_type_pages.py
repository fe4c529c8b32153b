"""Writes the made parts of docs/reference/step-types/*.md: `python -m innominatus_cli.reports.step_type_pages`.

A page is prose that people write, and one part between two marks that is made of the models. Only that part is
replaced; a test holds it against the models.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from innominatus_cli.documents.model import DURATION_PATTERN, duration_text
from innominatus_cli.provisioners.registry import PROVISIONERS
from innominatus_cli.step_types.catalogue import STEP_TYPES
from innominatus_cli.step_types.contract import StepType

FOLDER = "docs/reference/step-types"
BEGIN = "<!-- Made by `python -m innominatus_cli.reports.step_type_pages`: change the models, not this part. -->"
END = "<!-- The made part ends here. -->"
_TEXT = frozenset({"string", "integer", "number", "boolean"})
"""What a text may be written as."""
_IDEMPOTENCY = {
    "convergent": "convergent: running it again changes nothing that is right already",
    "check": "check: a probe says whether it has to run again",
    "once": "once: after a crash a person decides whether it runs again",
}
_HAS_PROBE = "; with `idempotency: check` its own probe is asked"
_ROLLBACK = {
    "nothing": "nothing to take back: it changes nothing outside the run but files that it renders",
    "reversible": "reversible: a rollback undoes what this very run did",
    "compensated": "only by another step that `rollback` names",
    "irreversible": "irreversible, unless `rollback` names a step that takes it back",
}


def pages() -> dict[str, str]:
    """The made part of every page, by the page's file name."""
    return {"README.md": _list()} | {f"{name}.md": _page(kind) for name, kind in STEP_TYPES.items()}


def with_made_part(text: str, made: str) -> str:
    """A page's text with its made part replaced; at its end where it has none yet."""
    head, begin, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2] if begin else "\n"
    head = head if begin else head.rstrip("\n") + "\n\n"
    return f"{head}{BEGIN}\n\n{made}\n{END}{tail}"


def main(root: Path) -> None:
    """Brings every page below `root` up to date."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in pages().items():
        path = folder / name
        text = path.read_text(encoding="utf-8") if path.exists() else _first_text(name)
        path.write_text(with_made_part(text, made), encoding="utf-8")


def _first_text(name: str) -> str:
    kind = STEP_TYPES.get(name.removesuffix(".md"))
    if kind is None:
        return "# Step types\n"
    return f"# {kind.name}\n\n{kind.summary}\n"


_EXPANDED = {"workflow": "as the steps of the workflow that it calls"}
"""Types whose steps the plan replaces by others."""


_TOOLS_BY_INPUTS = {
    "container-build": "`docker` >=20.10 or `buildah` >=1.23, by `builder`",
    "kubernetes": "none to render; `kubectl` >=1.24 to apply or get",
    "terraform": "`terraform` >=1.6, or `tofu` >=1.6",
}
"""What is said of types whose tools depend on their inputs."""


def _list() -> str:
    rows = "\n".join(f"| [{name}]({name}.md) | {kind.summary} |" for name, kind in STEP_TYPES.items())
    return f"## Types\n\n| type | what it does |\n| --- | --- |\n{rows}\n"


def _page(kind: StepType) -> str:
    schema = kind.inputs.model_json_schema(by_alias=True)
    parts = ["## Inputs\n", _inputs_table(kind.inputs, schema, schema.get("$defs", {}))]
    parts += _nested(kind, schema)
    if kind.inputs.spellings:
        parts += ["## Other spellings\n", "Accepted, and taken for the input on the right.\n", _spellings(kind)]
    if kind.outputs:
        parts += ["## Outputs\n", _two_columns("output", "meaning", kind.outputs)]
    if kind.name == "resource-provisioning":
        parts += list(_provisioners())
    parts += ["## Facts\n", _facts(kind)]
    return "\n".join(parts)


def _facts(kind: StepType) -> str:
    tools = ", ".join(f"`{tool.name}` {tool.range if tool.range != '*' else ''}".strip() for tool in kind.tools)
    if kind.tools_by_inputs is not None:
        tools = _TOOLS_BY_INPUTS.get(kind.name) or tools or "by its inputs"
    rows = {
        "runs": _EXPANDED.get(kind.name, "yes"),
        "tools": tools or "none",
        "idempotency": _IDEMPOTENCY[kind.idempotency.value] + (_HAS_PROBE if kind.has_probe else ""),
        "rollback": _ROLLBACK[kind.rollback],
        "timeout": f"{duration_text(kind.default_timeout_seconds)} where the step says nothing",
    }
    return "| fact | |\n| --- | --- |\n" + "".join(f"| {name} | {value} |\n" for name, value in rows.items())


def _provisioners() -> Iterator[str]:
    yield "## Types of resources\n"
    for name, provisioner in PROVISIONERS.items():
        yield f"### {name}\n"
        yield f"{provisioner.summary}\n"
        if provisioner.params:
            yield _two_columns("param", "meaning", provisioner.params)
        yield _two_columns("output", "meaning", provisioner.outputs)


def _two_columns(first: str, second: str, rows: Mapping[str, str]) -> str:
    body = "".join(f"| `{name}` | {_cell(text)} |\n" for name, text in rows.items())
    return f"| {first} | {second} |\n| --- | --- |\n{body}"


def _spellings(kind: StepType) -> str:
    by_key: dict[str, list[str]] = {}
    for spelling, key in kind.inputs.spellings.items():
        by_key.setdefault(key, []).append(f"`{spelling}`")
    body = "".join(f"| {', '.join(spellings)} | `{key}` |\n" for key, spellings in sorted(by_key.items()))
    return f"| written | input |\n| --- | --- |\n{body}"


def _nested(kind: StepType, schema: Mapping[str, Any]) -> Iterator[str]:
    """Models that inputs are made of, each with a table of its own."""
    shared = schema.get("$defs", {})
    for name in sorted(shared):
        model = _models(kind.inputs).get(name)
        if model is not None:
            yield f"### {name}\n"
            yield f"{_words(model.__doc__ or '')}\n"
            yield _inputs_table(model, shared[name], shared)


def _models(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Every model that the fields of a model lead to, by name."""
    found: dict[str, type[BaseModel]] = {}
    waiting: list[Any] = [info.annotation for info in model.model_fields.values()]
    while waiting:
        annotation = waiting.pop()
        if inspect.isclass(annotation) and issubclass(annotation, BaseModel) and annotation.__name__ not in found:
            found[annotation.__name__] = annotation
            waiting += [info.annotation for info in annotation.model_fields.values()]
        waiting += getattr(annotation, "__args__", ())
    return found


def _inputs_table(model: type[BaseModel], schema: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    required = set(schema.get("required", ()))
    meanings = {info.alias or name: _meanings(model).get(name, "") for name, info in model.model_fields.items()}
    body = ""
    for key, part in schema.get("properties", {}).items():
        default = "required" if key in required else _default(part)
        body += f"| `{key}` | {_type(part, shared)} | {default} | {_cell(meanings.get(key, ''))} |\n"
    return f"| input | type | default | meaning |\n| --- | --- | --- | --- |\n{body}"


def _default(schema: Mapping[str, Any]) -> str:
    value = schema.get("default")
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return f"`[{', '.join(str(item) for item in value)}]`"
    return f"`{value}`" if isinstance(value, str | int) else ""


def _type(schema: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    """A schema in words; a reference can stand for every value, so it is not named each time."""
    words = list(dict.fromkeys(_words_of(schema, shared)))
    if set(words) >= _TEXT:
        words = ["text", *[word for word in words if word not in _TEXT]]
    return " or ".join(words) or "anything"


def _words_of(schema: Mapping[str, Any], shared: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        yield f"[{_name(schema)}](#{_name(schema).lower()})"
    elif "anyOf" in schema:
        for part in schema["anyOf"]:
            if not str(part.get("pattern", "")).startswith(r"\$\{"):
                yield from _words_of(part, shared)
    elif "enum" in schema:
        yield ", ".join(f"`{value}`" for value in schema["enum"])
    elif "const" in schema:
        yield f"`{schema['const']}`"
    else:
        yield from _words_of_plain(schema, shared)


def _words_of_plain(schema: Mapping[str, Any], shared: Mapping[str, Any]) -> Iterator[str]:
    match schema.get("type"):
        case "array":
            inner = _type(schema.get("items", {}), shared)
            yield f"list of ({inner})" if " or " in inner else f"list of {inner}"
        case "object":
            values = schema.get("additionalProperties")
            yield f"mapping to {_type(values, shared)}" if isinstance(values, dict) and values else "mapping"
        case "string" if "x-path" in schema:
            yield "path"
        case "string" if "x-table" in schema:
            yield f"name in `{schema['x-table']}`"
        case "string" if schema.get("pattern") == DURATION_PATTERN:
            yield "duration"
        case "null" | None:
            return
        case plain:
            yield str(plain)


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


@cache
def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """The text under each field, from the source of a model and of the models that it extends."""
    found: dict[str, str] = {}
    for origin in reversed(model.__mro__):
        if not issubclass(origin, BaseModel) or origin is BaseModel:
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(origin))).body[0]
        statements = body.body if isinstance(body, ast.ClassDef) else []
        for field, text in pairwise(statements):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            ):
                found[field.target.id] = _words(str(text.value.value))
    return found


def _words(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
