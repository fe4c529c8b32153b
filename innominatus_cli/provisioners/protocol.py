"""`innominatus.dev/provisioner/v1`: one JSON object in, one out (docs/reference/provisioner-protocol.md)."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.provisioners.contract import ResourceRequest

PROTOCOL: Final = "innominatus.dev/provisioner/v1"
"""As `documents.provisioner_protocol` has it, without its models."""
MOST_BYTES: Final = 1024 * 1024
OUTPUT_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")
_KEYS: Final = frozenset(
    {"protocol", "outputs", "secrets", "message", "manifests", "hints", "status", "describes", "backup", "error"}
)
_TYPES: Final[Mapping[str, Callable[[object], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "any": lambda _value: True,
}


class Answer(NamedTuple):
    """What a provisioner answered."""

    outputs: Mapping[str, Any] = {}
    secrets: tuple[str, ...] = ()
    message: str = ""
    manifests: tuple[Mapping[str, Any], ...] = ()
    hints: tuple[Mapping[str, str], ...] = ()
    status: Mapping[str, str] = {}
    describes: Mapping[str, Any] = {}
    backup: Mapping[str, Any] = {}
    error_code: str = ""
    error: str = ""
    withheld: tuple[str, ...] = ()
    """Texts that are secrets though no output has them."""


class NoAnswer(ValueError):  # noqa: N818 - it says what the answer is not
    """Why bytes are no answer: the end of a sentence that begins with "its answer"."""


class Backup(NamedTuple):
    """A backup of a resource: where it is to be written, or was."""

    id: str
    folder: Path
    """A folder for it, mode 0700, which stays when the resource is removed."""
    location: str = ""
    """Where it is besides, as its provisioner said when it was made."""


def request_of(
    operation: str, request: ResourceRequest, config: Mapping[str, Any], backup: Backup | None = None
) -> bytes:
    """The bytes for stdin."""
    said: dict[str, Any] = {
        "protocol": PROTOCOL,
        "operation": operation,
        "resource": {
            "name": request.name,
            "type": request.type,
            "class": request.class_,
            "id": request.id,
            "uid": uid_of(request),
            "params": dict(request.params),
            "annotations": dict(request.annotations),
            "application": request.application,
            "environment": request.environment,
        },
        "config": dict(config),
    }
    if backup is not None:
        said["backup"] = {"id": backup.id, "folder": str(backup.folder), "location": backup.location}
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


def uid_of(request: ResourceRequest) -> str:
    """`type.class#id`, as Score has it; the id is `<application>.<resource>` where none is said."""
    return f"{request.type}.{request.class_}#{request.id or f'{request.application}.{request.name}'}"


def answer_of(stdout: bytes, size: int) -> Answer:
    """The answer in what was printed. Raises NoAnswer."""
    if size > MOST_BYTES:
        raise NoAnswer(f"has {size:,} bytes, and may have {MOST_BYTES:,}")
    if not stdout.strip():
        raise NoAnswer("is empty")
    try:
        found = read_json(stdout.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as wrong:
        raise NoAnswer("is no JSON object, or has text beside it") from wrong
    if not isinstance(found, dict):
        raise NoAnswer("is no JSON object")
    if found.get("protocol", PROTOCOL) != PROTOCOL:
        raise NoAnswer(f"is of the protocol {str(found['protocol'])[:60]!r}, and this is {PROTOCOL}")
    unknown = sorted(found.keys() - _KEYS)
    if unknown:
        raise NoAnswer(f"has the unknown key '{unknown[0][:60]}'")
    return _typed(found)


def _typed(found: Mapping[str, Any]) -> Answer:
    outputs, status, describes = (_mapping(found, key) for key in ("outputs", "status", "describes"))
    backup, error = _mapping(found, "backup"), _mapping(found, "error")
    for name in outputs:
        if not OUTPUT_NAME.fullmatch(name):
            raise NoAnswer(f"has an output that is called {name[:60]!r}")
    secrets, hints, manifests = (_list(found, key) for key in ("secrets", "hints", "manifests"))
    if not all(isinstance(one, str) for one in secrets):
        raise NoAnswer("has 'secrets' that are no names")
    if not all(isinstance(one, dict) for one in (*hints, *manifests)):
        raise NoAnswer("has hints or manifests that are no objects")
    if any(not isinstance(one.get("kind"), str) or not isinstance(one.get("apiVersion"), str) for one in manifests):
        raise NoAnswer("has a manifest without 'apiVersion' or 'kind'")
    message = found.get("message") or ""
    if not isinstance(message, str):
        raise NoAnswer("has a 'message' that is no text")
    code, said = (str(error.get(key, "")) for key in ("code", "message"))
    if error and not said:
        raise NoAnswer("has an error without a 'message'")
    return Answer(
        outputs, tuple(secrets), message, tuple(manifests), tuple(hints), status, describes, backup, code, said
    )


def _mapping(found: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = found.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise NoAnswer(f"has '{key}' that is no object")
    return value


def _list(found: Mapping[str, Any], key: str) -> list[Any]:
    value = found.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise NoAnswer(f"has '{key}' that is no list")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def untrue(outputs: Mapping[str, Any], promised: Mapping[str, str]) -> str:
    """In what outputs differ from those that are promised: the end of a sentence, empty where they do not."""
    if not promised:
        return ""
    for name, kind in promised.items():
        if name not in outputs:
            return f"promises the output '{name}' and did not give it"
        if not _TYPES.get(kind, _TYPES["any"])(outputs[name]):
            return f"promises the output '{name}' as {kind}, and gave {_words(outputs[name])}"
    more = sorted(outputs.keys() - promised.keys())
    return f"gave the output '{more[0]}', which it does not promise" if more else ""


def _words(value: object) -> str:
    names = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}
    return names.get(type(value), "null")
