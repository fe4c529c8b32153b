"""Provisions a resource by an entry of a Score provisioner file, as score-k8s and score-compose do.

State and shared state are kept below the state folder, mode 0600; what is random there is derived from a key of the
application and environment (docs/adr/0045). Score has no operation that removes: the state is dropped.
"""

import hashlib
import json
import os
import re
from collections.abc import Generator, Mapping
from typing import Any, Final, Literal, TypeAlias

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.expressions.secret_marks import has_mark
from innominatus_cli.findings.catalogue.document import EMPTY
from innominatus_cli.findings.finding import has_errors
from innominatus_cli.provisioners.contract import ResourceRequest
from innominatus_cli.provisioners.conversing import DEFAULT_SECONDS, Problem, Setting, Trouble, watched
from innominatus_cli.provisioners.go_template import render
from innominatus_cli.provisioners.go_template_reader import TemplateProblem
from innominatus_cli.provisioners.go_template_words import Structs
from innominatus_cli.provisioners.own_folder import KEY_VARIABLE, OwnFolder
from innominatus_cli.provisioners.protocol import MOST_BYTES, OUTPUT_NAME, Answer, uid_of
from innominatus_cli.provisioners.score_files import TEMPLATES, entry_in, program_of
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

Conversation: TypeAlias = Generator[CommandRequest, CommandOutcome, Answer | Problem]

_SECRET_NAME: Final = re.compile(
    r"(?:^|[_-])(?:password|passwd|passphrase|token|secret|(?:private|secret|access|api)[_-]?key|connection[_-]?string"
    r"|connection|dsn|cookie)$",
    re.IGNORECASE,
)
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHORTEST: Final = 6
"""Characters of a text that is looked for as a secret."""
_STATE: Final = ".score-state.json"
_SHARED: Final = "score-shared-state.json"
_OF_K8S: Final = ("resource_state", "resource_outputs", "shared_state", "manifests")
_OF_COMPOSE: Final = (
    "relative_directories",
    "relative_file_contents",
    "compose_networks",
    "compose_volumes",
    "compose_services",
    "compose_models",
)


class _Wrong(Exception):  # noqa: N818 - never leaves this module
    """What went wrong: the end of a sentence that begins with the provisioner's name."""


def run_score_entry(
    file: str, index: int, how: Literal["create", "delete", "undo"], request: ResourceRequest, setting: Setting
) -> Conversation:
    """Provisions the resource, or drops what is kept of it."""
    folder = OwnFolder(request)
    try:
        if how != "create":
            if how == "delete" or folder.is_of_this_run:
                folder.remove()
            return Answer(message="Score provisioners remove nothing: what was kept of the resource is dropped")
        entry = entry_in((setting.work_dir / file).read_bytes(), file, index)
        folder.make()
        if str(entry.get("uri", "")).startswith("cmd://"):
            return (yield from _by_command(entry, request, setting, folder))
        return _by_template(entry, request, folder)
    except OSError as wrong:
        return Problem(Trouble.NOT_STARTED, f"cannot have its folder: {wrong.strerror}")
    except _Wrong as wrong:
        return Problem(Trouble.FAILED, str(wrong))


def _by_template(entry: Mapping[str, Any], request: ResourceRequest, folder: OwnFolder) -> Answer:
    data = _data(request, folder)
    made: dict[str, Any] = {}
    for key in TEMPLATES:
        if not entry.get(key):
            continue
        try:
            text = render(str(entry[key]), data, folder.derived, f"score/{key}")
        except TemplateProblem as wrong:
            raise _Wrong(f"has a template '{key}' that fails in line {wrong.line}: {wrong}") from wrong
        made[key] = _data_of(text, key)
        if key == "init":
            data["Init"] = _mapping(made[key], key)
        elif key == "state":
            data["State"] = _mapping(made[key], key)
        elif key == "shared":
            data["Shared"] = merged(data["Shared"], _mapping(made[key], key))
    _keep(folder, data["State"], data["Shared"])
    withheld = _secrets_in([data["Init"], data["State"], data["Shared"]])
    logs = made.get("info_logs")
    lines = [" ".join(str(line).split()) for line in logs] if isinstance(logs, list) else []
    described = [key for key in ("services", "volumes", "networks", "models") if made.get(key)]
    return _answer(entry, _mapping(made.get("outputs"), "outputs"), made.get("manifests"), lines, described, withheld)


def _data_of(text: str, key: str) -> Any:  # noqa: ANN401 - YAML data
    """What a rendered template says, as YAML 1.2; nothing where it is empty or says nothing."""
    documents, found = read_yaml(key, text.encode()) if text.strip() else ([], [])
    wrong = next((one for one in found if has_errors([one]) and one.code is not EMPTY), None)
    if wrong is not None:
        raise _Wrong(f"has a template '{key}' that gives no YAML: line {wrong.place.line}: {wrong.message}")
    return documents[0].root.plain() if documents else None


def _secrets_in(value: Any, name: str = "") -> tuple[str, ...]:  # noqa: ANN401 - JSON data
    """The texts that stand, at any depth, under a name that secrets have."""
    if isinstance(value, Mapping):
        return tuple(dict.fromkeys(text for key, inner in value.items() for text in _secrets_in(inner, str(key))))
    if isinstance(value, list):
        return tuple(dict.fromkeys(text for inner in value for text in _secrets_in(inner, name)))
    is_one = isinstance(value, str) and len(value) >= _SHORTEST and not has_mark(value) and _is_secret_name(name)
    return (value,) if is_one else ()


def _is_secret_name(name: str) -> bool:
    return _SECRET_NAME.search(_HUMP.sub("_", name)) is not None


def _by_command(
    entry: Mapping[str, Any], request: ResourceRequest, setting: Setting, folder: OwnFolder
) -> Conversation:
    program = program_of(str(entry["uri"]))
    if program.startswith("~/"):
        program = f"{setting.env.get('HOME', '')}{program[1:]}"
    elif program.startswith(("./", "../")):
        program = os.path.normpath(setting.work_dir / program)
    args = ["provision" if one == "<mode>" else str(one) for one in entry.get("args") or ()]
    outcome = yield from watched(
        CommandRequest(
            argv=(program, *args),
            cwd=setting.work_dir,  # as Score has it: published ones read files beside them
            env={name: value for name, value in setting.env.items() if name != KEY_VARIABLE},
            timeout_seconds=DEFAULT_SECONDS,
            stdin=json.dumps(_said(request, folder)).encode(),
            keep_bytes=MOST_BYTES + 1,
            logs_stdout=False,
        ),
        setting,
    )
    if isinstance(outcome, Problem):
        return outcome
    if outcome.ending is Ending.NOT_STARTED:
        return Problem(Trouble.NOT_STARTED, f"cannot be started: {outcome.problem or 'the program is not there'}")
    if not outcome.succeeded:
        raise _Wrong(f"ended with exit status {outcome.exit_code}" if outcome.exit_code is not None else "was ended")
    try:
        found = read_json(outcome.stdout.head) if outcome.stdout.size <= MOST_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return Problem(Trouble.NO_ANSWER, "gave no answer: it is no JSON object of at most 1 MiB")
    unknown = sorted(found.keys() - {*_OF_K8S, *_OF_COMPOSE})
    if unknown:
        return Problem(Trouble.NO_ANSWER, f"gave an answer with the unknown key '{unknown[0][:60]}'")
    shared = _read(folder.read_shared(_SHARED))  # another resource may have changed it in the meantime
    _keep(
        folder, _mapping(found.get("resource_state"), "resource_state"), merged(shared, found.get("shared_state") or {})
    )
    described = [key.removeprefix("compose_") for key in _OF_COMPOSE[2:] if found.get(key)]
    outputs = _mapping(found.get("resource_outputs"), "resource_outputs")
    withheld = _secrets_in([found.get("resource_state"), found.get("shared_state")])
    return _answer(entry, outputs, found.get("manifests"), [], described, withheld)


def _answer(
    entry: Mapping[str, Any],
    outputs: dict[str, Any],
    manifests: object,
    lines: list[str],
    described: list[str],
    withheld: tuple[str, ...],
) -> Answer:
    wrong = next((name for name in outputs if not OUTPUT_NAME.fullmatch(str(name))), None)
    if wrong is not None:
        raise _Wrong(f"has an output that is called {wrong[:60]!r}")
    expected = [str(one) for one in entry.get("expected_outputs") or ()]
    missing = next((one for one in expected if outputs.get(one) is None), "")
    if missing:
        raise _Wrong(f"promises the output '{missing}' and did not give it")
    objects = manifests if isinstance(manifests, list) else []
    if any(not isinstance(one, dict) or not one.get("kind") or not one.get("apiVersion") for one in objects):
        raise _Wrong("gives a manifest without 'apiVersion' or 'kind'")
    secrets = [
        name
        for name, value in outputs.items()
        if _is_secret_name(name) and isinstance(value, str) and value and not has_mark(value)
    ]
    for text in (*withheld, *(outputs[name] for name in secrets)):
        lines = [line.replace(text, "***") for line in lines]
    lines += [f"only described, not started here: {', '.join(described)}"] if described else []
    return Answer(outputs, tuple(secrets), "; ".join(lines), tuple(objects), withheld=withheld)


def merged(old: Any, patch: Any) -> Any:  # noqa: ANN401 - JSON data
    """A merge patch: maps inside are merged, null takes away."""
    if not isinstance(patch, Mapping) or not isinstance(old, Mapping):
        return patch
    found = dict(old)
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key, {} if isinstance(value, Mapping) else None), value)
    return found


def _data(request: ResourceRequest, folder: OwnFolder) -> dict[str, Any]:
    """What templates of both published implementations know."""
    identity = request.id or f"{request.application}.{request.name}"
    return {
        "Uid": uid_of(request),
        "Type": request.type,
        "Class": request.class_,
        "Id": identity,
        "Params": dict(request.params),
        "Metadata": {"annotations": dict(request.annotations)} if request.annotations else {},
        "Init": {},
        "State": _read(folder.read(_STATE)),
        "Shared": _read(folder.read_shared(_SHARED)),
        "SourceWorkload": request.application,
        "WorkloadServices": Structs({name: _as_in_go(service) for name, service in request.services.items()}),
        "Guid": _guid(request),
        "WorkloadMetadata": {"name": request.application},
        "Namespace": request.namespace or request.application,
        "ComposeProjectName": request.application,
        "MountsDirectory": str(folder.path),
    }


def _said(request: ResourceRequest, folder: OwnFolder) -> dict[str, Any]:
    """What commands of both published implementations are told."""
    data = _data(request, folder)
    return {
        "resource_uid": data["Uid"],
        "resource_guid": data["Guid"],
        "resource_type": data["Type"],
        "resource_class": data["Class"],
        "resource_id": data["Id"],
        "resource_params": data["Params"] or None,
        "resource_metadata": data["Metadata"] or None,
        "source_workload": data["SourceWorkload"],
        "workload_services": dict(request.services),
        "workload_metadata": data["WorkloadMetadata"],
        "namespace": data["Namespace"],
        "compose_project_name": data["ComposeProjectName"],
        "mount_directory_path": data["MountsDirectory"],
        "resource_state": data["State"],
        "shared_state": data["Shared"],
    }


def _as_in_go(service: Mapping[str, Any]) -> dict[str, Any]:
    """A service as templates know it: by the names that its fields have in Go."""
    names = {"name": "Name", "port": "Port", "target_port": "TargetPort", "protocol": "Protocol"}
    ports = Structs(
        {
            key: {names[field]: value for field, value in port.items() if field in names}
            for key, port in service.get("ports", {}).items()
        }
    )
    return {"ServiceName": service.get("ServiceName"), "Ports": ports}


def _guid(request: ResourceRequest) -> str:
    """It is no secret, and names objects: so it is the same on every machine."""
    said = f"{request.application}\0{request.environment}\0{uid_of(request)}"
    digits = hashlib.sha256(said.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def _keep(folder: OwnFolder, state: Mapping[str, Any], shared: Any) -> None:  # noqa: ANN401 - JSON data
    folder.write(_STATE, json.dumps(state, sort_keys=True, default=str).encode())
    if shared:
        folder.write_shared(_SHARED, json.dumps(shared, sort_keys=True, default=str).encode())


def _read(data: bytes | None) -> dict[str, Any]:
    found = read_json(data) if data else {}
    return found if isinstance(found, dict) else {}


def _mapping(value: Any, what: str) -> dict[str, Any]:  # noqa: ANN401 - YAML data
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Wrong(f"gives '{what}' that is no map")
    return value
