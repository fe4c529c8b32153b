"""`security`: the built-in scanner, or another one by name; what could not be checked is never clean."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from innominatus_cli.documents.words import counted
from innominatus_cli.documents.yaml_writer import yaml_text
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext, inside
from innominatus_cli.drivers.manifests import of_run
from innominatus_cli.drivers.scanners import scan
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.checking import SecurityInputs
from innominatus_cli.step_types.contract import known

_ORDER: Final = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
_MOST_TOLD: Final = 20
_READ_MANIFESTS: Final = frozenset({"checkov", "trivy", "gitleaks"})
_WILD_CAPABILITIES: Final = frozenset({"ALL", "SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_MODULE"})
_ROLES: Final = frozenset({"Role", "ClusterRole"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a scan found: where, how bad, what."""

    place: str
    severity: str
    what: str


def driver(ctx: StepContext) -> DriverSteps:
    """Scans the workload, the manifests of this run and the paths; fails on what reaches the threshold."""
    inputs = ctx.inputs_of(SecurityInputs)
    scanner = str(known(inputs.scanner))
    if scanner != "builtin":
        return (yield from _other_scanner(ctx, inputs, scanner))
    paths = _paths(ctx, inputs.paths)
    if isinstance(paths, Finding):
        return DriverResult(failure=paths)
    manifests = of_run(ctx)
    if isinstance(manifests, Finding):
        return DriverResult(failure=manifests)
    workload = inputs.workload if isinstance(inputs.workload, dict) else None
    texts = {path: data.decode("utf-8", "replace") for path, data in ctx.manifests.items()}
    if workload is not None:
        texts["workload"] = yaml_text([workload])
    if not texts and not paths:
        return ctx.failed(codes.NOTHING_TO_CHECK, "there is no workload, no manifest and no path to scan")
    request = {"root": str(ctx.work_dir.resolve()), "paths": [str(path) for path in paths], "texts": texts}
    answer = ctx.answer((yield ctx.child("scan", request)))
    if isinstance(answer, Finding):
        return DriverResult(failure=answer)
    problems = [Problem(one["place"], one["severity"], f"{one['what']} ({one['rule']})") for one in answer["found"]]
    if workload is not None:
        problems += _of_workload(workload)
    for manifest in manifests:
        problems += _of_manifest(manifest.title, manifest.data)
    return _result(ctx, inputs, answer, problems)


def _other_scanner(ctx: StepContext, inputs: SecurityInputs, scanner: str) -> DriverSteps:
    """Another scanner over the paths and the manifests of this run; its report stays in the state folder."""
    paths, rules = _paths(ctx, inputs.paths), _paths(ctx, inputs.rules)
    if isinstance(paths, Finding):
        return DriverResult(failure=paths)
    if isinstance(rules, Finding):
        return DriverResult(failure=rules)
    if ctx.manifests and scanner in _READ_MANIFESTS:
        paths.append(_written(ctx))
    if not paths:
        return ctx.failed(codes.NOTHING_TO_CHECK, f"there is no path for {scanner} to scan", "Name some in `paths`.")
    if scanner == "semgrep" and not rules:
        return ctx.failed(codes.COULD_NOT_SCAN, "semgrep has no rules", "Name rule files of the repository in `rules`.")
    done = yield from scan(ctx, scanner, paths, rules)
    if isinstance(done, Finding):
        return DriverResult(failure=done)
    kept = ctx.state_dir / "reports" / f"{ctx.step.name}-{done.report_name}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(done.report)
    problems = [Problem(*told) for told in done.found]
    judged = _result(ctx, inputs, {"scanned": len(paths), "skipped": []}, problems)
    outputs = {**judged.outputs, "report": str(kept.relative_to(ctx.state_dir))}
    return replace(judged, outputs=outputs if judged.failure is None else {}, tools=done.tools)


def _paths(ctx: StepContext, written: Sequence[str]) -> list[Path] | Finding:
    found = []
    for one in written:
        path = ctx.repository_path(one)
        if isinstance(path, Finding):
            return path
        found.append(path)
    return found


def _written(ctx: StepContext) -> Path:
    """The manifests of this run as files."""
    folder = ctx.scratch_dir / "manifests"
    for path, data in sorted(ctx.manifests.items()):
        file = inside(folder, path.removeprefix(f"{ctx.manifests_dir}/"))
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    return folder


def _result(
    ctx: StepContext, inputs: SecurityInputs, answer: Mapping[str, Any], problems: list[Problem]
) -> DriverResult:
    least = _ORDER.index(inputs.severity_threshold.upper())
    grave = [problem for problem in problems if _ORDER.index(problem.severity) >= least]
    grave.sort(key=lambda problem: (-_ORDER.index(problem.severity), problem.place, problem.what))
    outputs = {"scanned": answer["scanned"], "findings": len(grave)}
    fails: bool = known(inputs.fail_on_vulnerabilities)
    if grave and fails:
        told = "; ".join(f"{problem.severity} {problem.place}: {problem.what}" for problem in grave[:_MOST_TOLD])
        more = f"; and {len(grave) - _MOST_TOLD} more" if len(grave) > _MOST_TOLD else ""
        return ctx.failed(codes.SCAN_FOUND, told + more)
    by_severity = Counter(problem.severity for problem in problems)
    below = ", ".join(f"{by_severity[severity]} {severity}" for severity in reversed(_ORDER) if by_severity[severity])
    skipped = f", {counted(len(answer['skipped']), 'file')} without text passed over" if answer["skipped"] else ""
    return DriverResult(
        outputs=outputs, message=f"{counted(answer['scanned'], 'text')} scanned{skipped}; found: {below or 'nothing'}"
    )


def _of_workload(workload: Mapping[str, Any]) -> Iterator[Problem]:
    containers = workload.get("containers")
    for name, container in sorted(containers.items() if isinstance(containers, dict) else ()):
        if isinstance(container, dict):
            yield from _of_container(f"workload, container {name}", container)


def _of_manifest(title: str, data: Mapping[str, Any]) -> Iterator[Problem]:
    if data.get("kind") == "Secret" and any(data.get(key) for key in ("data", "stringData")):
        yield Problem(title, "HIGH", "a Secret with its values, which would be committed")
    if data.get("kind") in _ROLES:
        yield from _of_role(title, data)
    pod = _pod_spec(data)
    if pod is None:
        return
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key) is True:
            yield Problem(title, "HIGH", f"{key} shares the node with the pod")
    for volume in _mappings(pod.get("volumes")):
        path = volume.get("hostPath")
        if isinstance(path, dict):
            socket = str(path.get("path", "")).endswith(("docker.sock", "containerd.sock", "crio.sock"))
            yield Problem(title, "CRITICAL" if socket else "HIGH", f"hostPath volume '{volume.get('name')}'")
    for key in ("initContainers", "containers"):
        for container in _mappings(pod.get(key)):
            yield from _of_container(f"{title}, container {container.get('name')}", container)


def _pod_spec(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The pod's spec of a Pod, a controller, a Job or a CronJob."""
    spec = data.get("spec")
    if data.get("kind") == "CronJob" and isinstance(spec, dict):
        job = spec.get("jobTemplate")
        spec = job.get("spec") if isinstance(job, dict) else None
    if data.get("kind") == "Pod":
        return spec if isinstance(spec, dict) else None
    template = spec.get("template") if isinstance(spec, dict) else None
    inner = template.get("spec") if isinstance(template, dict) else None
    return inner if isinstance(inner, dict) and "containers" in inner else None


def _of_container(place: str, container: Mapping[str, Any]) -> Iterator[Problem]:
    image = container.get("image")
    if isinstance(image, str):
        yield from _of_image(place, image)
    security = container.get("securityContext")
    if isinstance(security, dict):
        if security.get("privileged") is True:
            yield Problem(place, "CRITICAL", "is privileged")
        if security.get("allowPrivilegeEscalation") is True:
            yield Problem(place, "MEDIUM", "allows privilege escalation")
        if security.get("runAsUser") == 0:
            yield Problem(place, "MEDIUM", "runs as root")
        capabilities = security.get("capabilities")
        added = capabilities.get("add") if isinstance(capabilities, dict) else None
        for name in added if isinstance(added, list) else ():
            if str(name).upper().removeprefix("CAP_") in _WILD_CAPABILITIES:
                yield Problem(place, "HIGH", f"is given the capability {name}")
    resources = container.get("resources")
    limits = resources.get("limits") if isinstance(resources, dict) else None
    if not isinstance(limits, dict) or not limits.get("memory"):
        yield Problem(place, "MEDIUM", "has no memory limit")


def _of_image(place: str, image: str) -> Iterator[Problem]:
    """A tag can be moved, `latest` and none most of all; only a digest is the image."""
    if "@sha256:" in image or image == ".":
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if not tag or tag == "latest":
        yield Problem(place, "HIGH", f"image '{image}' names no version")
    else:
        yield Problem(place, "LOW", f"image '{image}' names a tag and no digest")


def _of_role(title: str, data: Mapping[str, Any]) -> Iterator[Problem]:
    for rule in _mappings(data.get("rules")):
        if "*" in (rule.get("verbs") or ()) and "*" in (rule.get("resources") or ()):
            yield Problem(title, "HIGH", "may do everything with everything")


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item
