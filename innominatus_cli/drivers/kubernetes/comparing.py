"""What a cluster has of some objects: what is missing, what differs from what would be applied, and what was before."""

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.documents.yaml_writer import yaml_text
from innominatus_cli.drivers.contract import DriverResult, StepContext
from innominatus_cli.drivers.kubernetes.access import failed
from innominatus_cli.drivers.kubernetes.kubectl import TOOL, Sent, call, delete
from innominatus_cli.drivers.manifests import Manifest
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.kubernetes import KubernetesInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

_DIFFERS: Final = 1
_CHANGED: Final = re.compile(rb"^diff .* (\S+)$", re.MULTILINE)
_KEPT_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Compared:
    """How the objects that a step wants stand to those of the cluster."""

    missing: tuple[Manifest, ...]
    differing: tuple[Manifest, ...]

    @property
    def same(self) -> bool:
        """Whether there would be nothing to do."""
        return not self.missing and not self.differing


Asked = Generator[CommandRequest, CommandOutcome, Compared | Finding]


def compare(ctx: StepContext, inputs: KubernetesInputs, objects: Sequence[Manifest]) -> Asked:
    """Asks the server: which are not there, and which a server-side apply would change. It changes nothing.

    The difference itself is never told or logged: it may hold values of ConfigMaps and Secrets.
    """
    found = yield from current(ctx, inputs, objects)
    if isinstance(found, Finding):
        return found
    there = {_key(one) for one in found}
    missing = tuple(manifest for manifest in objects if _key(manifest.data) not in there)
    known = [manifest for manifest in objects if _key(manifest.data) in there]
    if not known:
        return Compared(missing, ())
    text = yaml_text(manifest.data for manifest in known).encode()
    argv = call(inputs, "diff", "--server-side", "--force-conflicts", "--field-manager=innominatus-ctl", "--filename=-")
    outcome = yield ctx.command(*argv, stdin=text, keep_bytes=_KEPT_BYTES, logs_stdout=False)
    if outcome.ending is not Ending.EXITED or outcome.exit_code not in {0, _DIFFERS}:
        return failed(ctx, "kubectl diff", outcome)
    if outcome.exit_code == 0:
        return Compared(missing, ())
    named = {line.rpartition(b"/")[2].decode("utf-8", "replace") for line in _CHANGED.findall(outcome.stdout.head)}
    differing = tuple(manifest for manifest in known if any(_is_file_of(manifest, name) for name in named))
    return Compared(missing, differing or tuple(known))


def current(
    ctx: StepContext, inputs: KubernetesInputs, objects: Sequence[Manifest]
) -> Generator[CommandRequest, CommandOutcome, list[dict[str, Any]] | Finding]:
    """The objects as the server has them; those that are not there are left out."""
    text = yaml_text(manifest.data for manifest in objects).encode()
    shown = "--show-managed-fields=true"
    argv = call(inputs, "get", "--ignore-not-found=true", shown, "--output=json", "--filename=-")
    outcome = yield ctx.command(*argv, stdin=text, keep_bytes=_KEPT_BYTES, logs_stdout=False)
    if not outcome.succeeded:
        return failed(ctx, "kubectl get", outcome)
    if not outcome.stdout.head.strip():
        return []
    try:
        answer = read_json(outcome.stdout.head)
        found = list(answer["items"]) if answer.get("kind") == "List" else [answer]
        _ = [(one["kind"], one["metadata"]["name"]) for one in found]
    except (ValueError, KeyError, AttributeError, TypeError):
        return ctx.finding(codes.CHILD_WITHOUT_ANSWER, "'kubectl get' printed no objects")
    return found


def deleted(ctx: StepContext, inputs: KubernetesInputs, objects: list[Manifest]) -> Sent:
    """Deletes the objects, and asks afterwards: one of them that is still there is a finding, whatever kubectl said.

    One that was made again meanwhile, by its controller for example, is another object with another uid.
    """
    before = yield from current(ctx, inputs, objects)
    if isinstance(before, Finding):
        return before
    failure = yield from delete(ctx, inputs, objects)
    if failure is not None or not before:
        return failure
    after = yield from current(ctx, inputs, objects)
    if isinstance(after, Finding):
        return after
    there = {one["metadata"].get("uid") for one in before}
    left = [f"{one['kind']}/{one['metadata']['name']}" for one in after if one["metadata"].get("uid") in there]
    if left:
        return ctx.finding(codes.PROGRAM_FAILED, f"'kubectl delete' ended well, and {', '.join(left)} is still there")
    return None


def previewed(compared: Compared) -> DriverResult:
    """What an apply would do, as the part `preview` of a driver says it."""
    changes = [{"action": "create", "object": one.title} for one in compared.missing]
    changes += [{"action": "update", "object": one.title} for one in compared.differing]
    message = f"{len(compared.missing)} to create, {len(compared.differing)} to update"
    return DriverResult(outputs={"changes": changes}, message=message, tools=(TOOL,))


def drifted(compared: Compared) -> DriverResult:
    """What differs from what was applied, as the part `drift` of a driver says it."""
    found = [{"object": one.title, "what": "is not there"} for one in compared.missing]
    found += [{"object": one.title, "what": "differs from what was applied"} for one in compared.differing]
    return DriverResult(outputs={"drift": found}, tools=(TOOL,))


def _key(data: dict[str, Any]) -> tuple[str, str, str, str]:
    """What names an object: the group of its API, for the version may differ, kind, namespace and name."""
    group = str(data.get("apiVersion", "")).rpartition("/")[0]
    metadata = data.get("metadata") or {}
    return group, str(data.get("kind")), str(metadata.get("namespace") or ""), str(metadata.get("name"))


def _is_file_of(manifest: Manifest, name: str) -> bool:
    """Whether a file of `kubectl diff`, `<group>.<version>.<kind>.<namespace>.<name>`, is of this object."""
    end = f".{manifest.kind}.{manifest.namespace}.{manifest.name}"
    return name.endswith(end)
