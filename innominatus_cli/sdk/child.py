"""The child process of a provisioner that is a Python class: one request on stdin, one answer on stdout.

Started as `python -I -B -m innominatus_cli.sdk.child WHAT [FOLDER] [RANGE]`: WHAT is `package.module:Class`, looked for
below FOLDER first, or the name of an entry point in `innominatus.provisioners`. What the class prints goes to stderr.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from innominatus_cli.sdk.errors import InvalidResourceError, NotFoundError, ProvisionerError
from innominatus_cli.sdk.provisioner import Backup, Provisioner
from innominatus_cli.sdk.resource import Config, Resource

PROTOCOL = "innominatus.dev/provisioner/v1"
GROUP = "innominatus.provisioners"


def main() -> int:
    """Reads the request, does it and writes the answer. Returns the exit status: 0 also for an error that is told."""
    answering = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the class or one of its programs prints is no answer
    request = json.load(sys.stdin)
    try:
        answer = _answer(request, _class(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))  # noqa: PLR2004 - argv
    except ProvisionerError as wrong:
        answer = {"error": {"code": wrong.code, "message": str(wrong)}}
    except Exception as bug:  # noqa: BLE001 - a bug of theirs is an answer; the traceback goes to the log
        import traceback  # noqa: PLC0415 - only for bugs

        traceback.print_exc()
        answer = {"error": {"code": ProvisionerError.code, "message": f"{type(bug).__name__} in the provisioner"}}
    with answering:
        answering.write(json.dumps({"protocol": PROTOCOL, **answer}).encode())
    return 0


def _class(what: str, folder: str) -> type[Provisioner]:
    module, colon, name = what.partition(":")
    if not colon:
        from importlib.metadata import entry_points  # noqa: PLC0415 - only where one is named

        found = [one for one in entry_points(group=GROUP) if one.name == what]
        if not found:
            raise NotFoundError(f"no installed distribution has '{what}' in the group {GROUP}")
        loaded = found[0].load()
    else:
        if folder:
            sys.path.insert(0, folder)
        try:
            loaded = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as missing:
            raise NotFoundError(f"there is no module '{missing.name}'") from missing
        except AttributeError as missing:
            raise NotFoundError(f"the module '{module}' has no '{name}'") from missing
    if not (isinstance(loaded, type) and issubclass(loaded, Provisioner)):
        raise InvalidResourceError(f"'{what}' is no subclass of innominatus_cli.sdk.Provisioner")
    return loaded


def _answer(request: dict[str, Any], kind: type[Provisioner]) -> dict[str, Any]:
    operation = request["operation"]
    described = {
        "name": kind.name,
        "type": kind.type,
        "version": kind.version,
        "outputs": {name: one.as_json() for name, one in kind.outputs.items()},
        "params": dict(kind.params),
    }
    if kind.operations():
        described["operations"] = kind.operations()
    if operation == "describe":
        return {"describes": described}
    provisioner = kind(Path.cwd())
    resource, config = Resource.from_json(request["resource"]), Config(request.get("config"))
    unknown = sorted(set(resource.params) - kind.params.keys()) if kind.params else []
    if unknown and operation == "provision":
        raise InvalidResourceError(f"there is no param '{unknown[0]}'; there are {', '.join(kind.params)}")
    if operation == "provision":
        made = provisioner.provision(resource, config)
        hints = provisioner.hints(resource, made.outputs)
        return {
            "outputs": dict(made.outputs),
            "secrets": [name for name, one in kind.outputs.items() if one.secret],
            "message": made.message,
            "manifests": [dict(one) for one in made.manifests],
            "hints": [one.as_json() for one in hints],
            "describes": described,
        }
    if operation == "deprovision":
        provisioner.deprovision(resource, config)
        return {}
    if operation == "status":
        return {"status": provisioner.status(resource, config).as_json()}
    if operation in kind.operations():
        asked = request.get("backup") or {}
        backup = Backup(str(asked.get("id")), Path(str(asked.get("folder"))), str(asked.get("location", "")))
        if operation == "restore":
            provisioner.restore(resource, config, backup)
            return {}
        return {"backup": {"location": provisioner.backup(resource, config, backup)}}
    raise InvalidResourceError(f"there is no operation '{operation}'")


if __name__ == "__main__":
    raise SystemExit(main())
