"""`provisioners new`: a program in bash or a Python class that makes a type of resource, to go on from."""

import re
from typing import Final, Literal, TypeAlias

from innominatus_cli.operations.creation.files import Creation, NewFile

Language: TypeAlias = Literal["bash", "python"]
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
_FOLDER: Final = "provisioners"


def name_problem(kind: str) -> str:
    """Why a text cannot be a type of resource that is new; empty where it can."""
    return "" if _NAME.fullmatch(kind) else f"'{kind}' is not of small letters, digits and '-', starting with a letter"


def new_provisioner(kind: str, language: Language, product: str) -> Creation:
    """The file of a new provisioner of a type, and how the platform team switches it on."""
    if language == "python":
        module = kind.replace("-", "_")
        name = "".join(part.capitalize() for part in kind.split("-"))
        file = NewFile(f"{_FOLDER}/{module}.py", _PYTHON.format(type=kind, name=name))
        how = [f"module: {module}:{name}", f"path: {_FOLDER}"]
    else:
        file = NewFile(f"{_FOLDER}/{kind}", _BASH.format(type=kind))
        how = [f"command: [bash, ./{_FOLDER}/{kind}]"]
    whose = '"*"' if product == "*" else product
    remarks = (
        "The platform team switches it on with this entry in admin-config.yaml:",
        "",
        "productProvisioners:",
        f"  - product: {whose}",
        *(f"    {line}" for line in (f"type: {kind}", f"name: {kind}", "version: 0.1.0", *how)),
    )
    return Creation((file,), remarks=remarks, commands=(f"innominatus-ctl provisioners test {kind}",))


_BASH: Final = """#!/usr/bin/env bash
# Provisions resources of the type `{type}`. The working directory is the resource's own folder, kept until the
# resource is removed. The request is JSON on stdin, plain values stand in INNOMINATUS_* variables; the answer is one
# JSON object on stdout. What goes to stderr is the log of the step. docs/reference/provisioner-protocol.md
set -euo pipefail

case ${{INNOMINATUS_OPERATION:-}} in
  provision) # the same request again changes nothing
    [ -f made ] || printf '%s' "$INNOMINATUS_APPLICATION-$INNOMINATUS_RESOURCE_NAME" > made
    printf '{{"protocol": "innominatus.dev/provisioner/v1", "outputs": {{"id": "%s"}}}}\\n' "$(cat made)"
    ;;
  deprovision) # removing what is not there succeeds
    rm -f made
    echo '{{}}'
    ;;
  status)
    if [ -f made ]; then state=active; else state=terminated; fi
    printf '{{"status": {{"state": "%s", "health": "unknown"}}}}\\n' "$state"
    ;;
  *)
    printf '{{"error": {{"code": "INVALID_RESOURCE", "message": "there is no such operation"}}}}\\n'
    ;;
esac
"""
_PYTHON: Final = '''"""Provisions resources of the type `{type}`."""

from collections.abc import Mapping
from typing import ClassVar

from innominatus_cli.sdk import Config, Output, Provisioner, Resource, Result, Status


class {name}(Provisioner):
    """Makes one, or makes sure that it is there: the same request again changes nothing."""

    name: ClassVar[str] = "{type}"
    type: ClassVar[str] = "{type}"
    version: ClassVar[str] = "0.1.0"
    outputs: ClassVar[Mapping[str, Output]] = {{"id": Output("string", "What it is called where it is made.")}}

    def provision(self, resource: Resource, config: Config) -> Result:
        """Makes the resource; `self.folder` is its own folder, kept until it is removed."""
        (self.folder / "made").write_text(resource.identity)
        return Result({{"id": resource.identity}})

    def deprovision(self, resource: Resource, config: Config) -> None:
        """Removes the resource; one that is gone is no error."""
        (self.folder / "made").unlink(missing_ok=True)

    def status(self, resource: Resource, config: Config) -> Status:
        """Whether it is there."""
        return Status("active" if (self.folder / "made").is_file() else "terminated")
'''
