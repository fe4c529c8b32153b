"""Rules over admin-config.yaml, its workflow policies aside (see `checks.policies`)."""

import posixpath
import re
from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts, known_step_types
from innominatus_cli.checks.said import said_by
from innominatus_cli.documents.environment_names import can_be_meant, is_among
from innominatus_cli.documents.globs import matches
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.versions import best_of
from innominatus_cli.documents.words import short
from innominatus_cli.findings.catalogue import definitions
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.catalogue.document import OUTSIDE_REPOSITORY
from innominatus_cli.findings.catalogue.plan import BAD_ENVIRONMENT_NAME
from innominatus_cli.findings.finding import Finding, Related, Severity
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.system.files import parts_of

_SECRET_KEY = re.compile(
    r"(?:password|passwd|passphrase|token|secret|(?:secret|access|api|private)_?key|credentials?)$", re.IGNORECASE
)
_TYPES_OF_OUTPUTS = "productProvisioners.outputs"
"""Where names of outputs have their types, and no values."""
_BUILT_IN_PATHS = {"deploy-app", "undeploy-app"}
"""Golden paths that every repository has, without a file."""
_NAMES = (
    "Use up to 63 letters, digits, '.', '_' and '-', beginning with a letter or digit; `*` stands for any run of them."
)
_NEEDS = {
    "http": ("url",),
    "tcp": ("host", "port"),
    "tls": ("host",),
    "dns": ("host",),
    "file": ("path",),
    "sql": ("query",),
    "command": ("command",),
}


def check_plaintext_secrets(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2050: no password, token or key stands in the file. Values are never shown."""
    stack: list[tuple[str, Node]] = [("", document.root)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, SequenceNode):
            stack.extend((path, item) for item in node.items)
        if not isinstance(node, MappingNode):
            continue
        for key, value in node.values.items():
            here = f"{path}.{key}" if path else key
            stack.append((here, value))
            is_secret = isinstance(value, ScalarNode) and _SECRET_KEY.search(key) and _is_value(value)
            if is_secret and path != _TYPES_OF_OUTPUTS:
                message = f"'{here}' holds a secret in plain text"
                yield Finding(codes.PLAINTEXT_SECRET, message, document.place(node.key(key)))


def _is_value(node: ScalarNode) -> bool:
    return isinstance(node.value, str | int) and not isinstance(node.value, bool) and not _is_reference(str(node.value))


def _is_reference(text: str) -> bool:
    return not text.strip() or text.strip().startswith("${")


def check_providers(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2076: enabled providers of the repository exist."""
    for provider in document.mapping.mappings("providers"):
        path, enabled = provider.text("path"), provider.get("enabled")
        is_enabled = isinstance(enabled, ScalarNode) and enabled.value is True
        if not path or not is_enabled or facts.is_file is None or provider.text("type") == "git":
            continue
        file = f"{path.removeprefix('./').rstrip('/')}/provider.yaml"
        if not facts.is_file(file):
            message = f"provider '{provider.text('name') or ''}' is enabled, and there is no file '{file}'"
            yield Finding(codes.MISSING_PROVIDER, message, document.place(provider.get("path")))


def check_provisioners(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2077, ORC-2078: product provisioners can be started, and there is one for a product and type."""
    first: dict[tuple[str, str], MappingNode] = {}
    for provisioner in document.mapping.mappings("productProvisioners"):
        for key in ("provisioner", "module", "plugin"):
            text = provisioner.text(key)
            if text is not None and is_compiled(key, text):
                what = "a shared object" if text.endswith(".so") else "a Go module"
                message = f"'{text}' is {what}, which nothing loads here"
                yield Finding(codes.COMPILED_PROVISIONER, message, document.place(provisioner.get(key)))
        product, kind = provisioner.text("product") or "*", provisioner.text("type")
        if kind is None:
            continue
        earlier = first.setdefault((product, kind), provisioner)
        if earlier is not provisioner:
            message = f"product '{product}' already has a provisioner for '{kind}'"
            related = (Related("the other one", document.place(earlier.get("type"))),)
            yield Finding(codes.PROVISIONER_CONFLICT, message, document.place(provisioner.get("type")), related=related)


def is_compiled(key: str, text: str) -> bool:
    """A shared object, or a Go import path: its first part is a host name."""
    host = text.split("/", 1)[0]
    return text.endswith(".so") or (key != "plugin" and "/" in text and "." in host and not host.startswith("."))


def check_health_checks(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2055: each health check says what its type needs, also where an environment has another one."""
    for name, check in document.mapping.mapping("healthChecks").values.items():
        if not isinstance(check, MappingNode):
            continue
        yield from _check_probe(document, name, check)
        for environment, probe in check.mapping("environments").values.items():
            if isinstance(probe, MappingNode):
                yield from _check_probe(document, f"{name} in {environment}", probe)


def _check_probe(document: Document, name: str, probe: MappingNode) -> Iterator[Finding]:
    kind = probe.text("type") or ""
    missing = [key for key in _NEEDS.get(kind, ()) if probe.get(key) is None]
    if missing:
        keys = " and ".join(f"'{key}'" for key in missing)
        message = f"health check '{name}' is of type {kind} and has no {keys}"
        yield Finding(codes.INCOMPLETE_HEALTH_CHECK, message, document.place(probe.get("type")))


def check_secrets(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2056: a secret from the environment says from which variable, one of a command from which."""
    for name, secret in document.mapping.mapping("secrets").values.items():
        if not isinstance(secret, MappingNode):
            continue
        message = ""
        if secret.text("store") == "env" and not secret.text("env"):
            message = f"secret '{name}' comes from the environment, and no variable is named"
        elif secret.text("store") == "command" and secret.get("command") is None:
            message = f"secret '{name}' comes from a command, and none is named"
        if message:
            yield Finding(codes.INCOMPLETE_SECRET, message, document.place(secret.get("store")))


def check_default_golden_path(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2168: the default golden path exists."""
    written = document.mapping.text("defaultGoldenPath")
    if not written or facts.golden_paths is None:
        return
    known = {path.mapping.mapping("metadata").text("name") or "" for path in facts.golden_paths()} | _BUILT_IN_PATHS
    name, _, version = written.partition("@")
    versions = [said_by(path).identity.partition("@")[2] for path in facts.golden_paths() if said_by(path).name == name]
    place = document.place(document.mapping.get("defaultGoldenPath"))
    if name in known and version and best_of(versions, version) is None:
        there = f"there is {', '.join(versions)}" if versions else "the one that is built in has none"
        message = f"golden path '{name}' has no version in '{version}'"
        yield Finding(definitions.UNKNOWN_DEFAULT_GOLDEN_PATH, message, place, there)
    elif name not in known:
        message = f"there is no golden path '{written}'"
        yield Finding(definitions.UNKNOWN_DEFAULT_GOLDEN_PATH, message, place, did_you_mean(written, known))


def check_environments(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2180: runs may use the environments that are defined. ORC-3049: some environment can be called so."""
    policies = document.mapping.mapping("policies")
    environments = document.mapping.mapping("environments")
    named = [*policies.sequence("allowedEnvironments"), *map(environments.key, environments.values)]
    for node in named:
        if isinstance(node, ScalarNode) and not can_be_meant(node.text):
            message = f"no environment can be called '{short(node.text)}', so this holds for none"
            yield Finding(
                BAD_ENVIRONMENT_NAME, message, document.place(node), _NAMES, severity_override=Severity.WARNING
            )
    allowed = [str(item.plain()) for item in policies.sequence("allowedEnvironments")]
    for name in environments.values if allowed else ():
        if not is_among(name, allowed):
            message = f"environment '{name}' is defined, and not among 'allowedEnvironments'"
            related = (Related("the list is here", document.place(policies.get("allowedEnvironments"))),)
            place, hint = document.place(environments.key(name)), did_you_mean(name, allowed)
            yield Finding(definitions.ENVIRONMENT_WITHOUT_PERMISSION, message, place, hint, related)


def check_teams(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2181: teams have members."""
    teams = document.mapping.mapping("teams")
    for name in teams.values:
        if not teams.mapping(name).sequence("members"):
            yield Finding(definitions.EMPTY_TEAM, f"team '{name}' has no members", document.place(teams.key(name)))


def check_applications(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2182: each pattern of `applications` matches a file. A remark where no application is there at all yet."""
    written = [item for item in document.mapping.sequence("applications") if isinstance(item, ScalarNode)]
    if not written or facts.admin_config is not document:
        return
    files = facts.files()
    matching = {item.text: any(matches(path, item.text) for path in files) for item in written}
    for item in written:
        if not matching[item.text]:
            severity = None if any(matching.values()) else Severity.INFO
            message = f"'{item.text}' matches no file"
            place = document.place(item)
            yield Finding(definitions.NO_APPLICATION_MATCHES, message, place, severity_override=severity)


def check_workflows_root(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-1003: the folder of workflows is one of the repository."""
    policies = document.mapping.mapping("workflowPolicies")
    root = policies.text("workflowsRoot")
    if root and root.rstrip("/") not in {"", "."} and parts_of(posixpath.normpath(root)) is None:
        message = f"workflowsRoot '{short(root)}' is no folder of the repository"
        yield Finding(OUTSIDE_REPOSITORY, message, document.place(policies.get("workflowsRoot")))


def check_limits(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2183: no tier has a higher limit than all of them together."""
    limits = document.mapping.mapping("limits")
    whole = limits.get("maxParallel")
    for tier in ("platform", "product", "application"):
        own = limits.get(tier)
        numbers = [node.value for node in (own, whole) if isinstance(node, ScalarNode) and isinstance(node.value, int)]
        if len(numbers) == 2 and numbers[0] > numbers[1]:  # noqa: PLR2004 - both of them
            message = f"'{tier}' is {numbers[0]}, over 'maxParallel' {numbers[1]}"
            yield Finding(definitions.LIMIT_WITHOUT_EFFECT, message, document.place(own))


def check_step_type_settings(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2208: step types and owners that have limits and retries exist."""
    limits = document.mapping.mapping("limits")
    kinds = known_step_types(facts)
    teams = document.mapping.mapping("teams").values or limits.mapping("owners").values
    for holder, known, what in (
        (document.mapping.mapping("retries"), kinds, "step type"),
        (limits.mapping("stepTypes"), kinds, "step type"),
        (limits.mapping("owners"), teams, "team"),
    ):
        for name in holder.values:
            if name not in known:
                message, hint = f"there is no {what} '{name}'", did_you_mean(name, known)
                yield Finding(definitions.SETTING_OF_NOTHING, message, document.place(holder.key(name)), hint)


RULES = (
    check_workflows_root,
    check_plaintext_secrets,
    check_providers,
    check_provisioners,
    check_health_checks,
    check_secrets,
    check_default_golden_path,
    check_environments,
    check_teams,
    check_applications,
    check_limits,
    check_step_type_settings,
)
