"""What documents offer: providers, product provisioners and Score provisioner files, as choices. Pure.

Whatever cannot be used is a choice all the same, with the reason: only a resource that would need it is refused.
"""

import posixpath
import re
import shlex
from collections.abc import Iterator
from typing import Final

from innominatus_cli.checks.admin_config import is_compiled
from innominatus_cli.documents.admin_config import AdminConfigDocument, ProductProvisioner, ProviderSource
from innominatus_cli.documents.nodes import Node
from innominatus_cli.documents.provider import ProviderDocument, ResourceOperation, ResourceTypeCapability
from innominatus_cli.documents.repository import ADMIN_CONFIG, Repository
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.vendored_names import VENDOR_FOLDER, is_vendored, vendored_path
from innominatus_cli.documents.versions import parse_range, parse_version
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.provisioners.choice import Choice, Kind

OPERATIONS: Final = ("create", "read", "update", "delete")
_MODULE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


def offers_of(repository: Repository) -> tuple[list[Choice], list[Finding]]:
    """The choices in the order in which they are asked, and what is wrong with the files that they are written in."""
    admin = repository.admin_config()
    if admin is None:
        return [], []
    found = [*_product_provisioners(repository, admin)]
    findings: list[Finding] = []
    for index, entry in enumerate(admin.model.providers):
        path = f"{provider_folder(entry)}/provider.yaml"
        if entry.enabled and is_vendored(path) and (wrong := repository.vendored.problem(path)) is not None:
            node = admin.document.mapping.sequence("providers")[index]
            findings.append(wrong._replace(place=admin.document.place(node)))
        elif entry.enabled:
            found += _of_provider(repository, entry)
    if not admin.model.provisioner_files:
        return found, findings
    from innominatus_cli.provisioners.score_files import score_choices  # noqa: PLC0415 - few repositories have one

    choices, of_files = score_choices(repository, admin)
    return [*found, *choices], [*findings, *of_files]


def provider_folder(entry: ProviderSource) -> str:
    """The folder of a provider's provider.yaml; empty where the entry names none."""
    if entry.type == "git":
        return f"{VENDOR_FOLDER}/{entry.name}"
    written = entry.path or ""
    if written.startswith("@"):
        return vendored_path(written) or ""
    return posixpath.normpath(written) if written else ""


def _of_provider(repository: Repository, entry: ProviderSource) -> Iterator[Choice]:
    folder = provider_folder(entry)
    path = f"{folder}/provider.yaml"
    if not folder or not repository.snapshot.is_file(path):
        return
    documents = repository.loaded(path).documents
    document = next((one for one in documents if one.kind == "Provider"), None)
    if document is None:
        return
    from innominatus_cli.documents.typed import typed_or_findings  # noqa: PLC0415 - few repositories have one

    typed = typed_or_findings(document, ProviderDocument)
    if not isinstance(typed, Typed):
        return
    version = typed.model.metadata.version
    problem = _version_problem(version, entry.version)
    for choice in _Provider(repository, typed, folder).choices():
        yield choice._replace(problem=problem or choice.problem) if problem else choice


def _version_problem(version: str, wanted: str) -> str:
    """Why a version is none that is asked for; empty where it is, or nothing is asked for."""
    if not wanted:
        return ""
    asked, is_version = parse_range(wanted), parse_version(version)
    if asked is None:
        return f"'{wanted}' is no range of versions"
    if is_version is None or not asked.admits(is_version):
        return f"its version is {version or 'not said'}, and {wanted} is asked for"
    return ""


class _Provider:
    """The capabilities of one provider, aliases followed to their end."""

    def __init__(self, repository: Repository, provider: Typed[ProviderDocument], folder: str) -> None:
        self._repository = repository
        self._provider = provider
        self._model = provider.model
        self._folder = folder
        self._entries = {one.type: one for one in reversed(self._model.capabilities.resource_type_capabilities)}

    def choices(self) -> Iterator[Choice]:
        """One for each type, other names included."""
        listed = self._model.capabilities.resource_types
        for name in dict.fromkeys(
            [*self._entries, *listed, *(one.type for one in self._model.provisioners if one.type)]
        ):
            yield self._choice(name)

    def _choice(self, name: str) -> Choice:
        own, problem = self._followed(name)
        workflows: dict[str, str] = {}
        missing = ""
        for operation in OPERATIONS:
            written, wrong = self._workflow(own, operation)
            if written:
                workflows[operation] = written
            missing = wrong if operation == "create" else missing
        if not problem and missing:
            problem = missing
        if not problem and "create" not in workflows:
            problem = f"it has no workflow that creates '{own}'"
        return Choice(
            type=name,
            name=self._model.metadata.name,
            kind=Kind.WORKFLOW,
            place=self._place(name),
            version=self._model.metadata.version,
            alias_of=own if own != name else None,
            workflows=workflows,
            documents=(self._provider.document.path,),
            description=self._model.metadata.description,
            config=self._model.configuration,
            problem=problem,
        )

    def _followed(self, name: str) -> tuple[str, str]:
        """The type behind another name, and what is wrong with the way there."""
        seen = [name]
        while (entry := self._entries.get(seen[-1])) is not None and entry.alias_for is not None:
            if entry.alias_for in seen:
                return seen[-1], f"'{name}' is an alias of itself"
            seen.append(entry.alias_for)
        return seen[-1], ""

    def _workflow(self, own: str, operation: str) -> tuple[str, str]:
        """What a step calls for an operation, and what is wrong with it; both empty where there is nothing."""
        entry = self._entries.get(own)
        said = _operation(entry, operation)
        name = _chosen(said) if said is not None else ""
        if not name and operation == "create" and (entry is None or entry.operations is None):
            name = self._by_type(own)
        if not name:
            return "", ""
        declared = next((one for one in self._model.workflows if one.name == name), None)
        if declared is None:
            return "", f"it does not declare its workflow '{name}'"
        return self._named(declared.file, name)

    def _named(self, file: str, name: str) -> tuple[str, str]:
        path = vendored_path(file) if file.startswith("@") else posixpath.normpath(posixpath.join(self._folder, file))
        if not path or not self._repository.snapshot.is_file(path):
            return "", f"the file '{path or file}' of its workflow '{name}' does not exist"
        return (f"@{path.removeprefix(f'{VENDOR_FOLDER}/')}" if is_vendored(path) else path), ""

    def _by_type(self, own: str) -> str:
        """Of a type that is only listed: the workflow whose name says that it creates it, or the only one there is."""
        creating = [
            one.name
            for one in self._model.workflows
            if one.operation in {"create", ""} and one.category in {"provisioner", ""}
        ]
        exact = [name for name in creating if name in {f"provision-{own}", f"create-{own}", own}]
        return exact[0] if exact else creating[0] if len(creating) == 1 else ""

    def _place(self, name: str) -> Place:
        document = self._provider.document
        capabilities = document.mapping.mapping("capabilities")
        for entry in capabilities.mappings("resourceTypeCapabilities"):
            if entry.text("type") == name:
                return document.place(entry.get("type"))
        for item in capabilities.sequence("resourceTypes"):
            if item.plain() == name:
                return document.place(item)
        return document.place(document.mapping.key("metadata"))


def _operation(entry: ResourceTypeCapability | None, operation: str) -> ResourceOperation | None:
    if entry is None or entry.operations is None:
        return None
    found: ResourceOperation | None = getattr(entry.operations, operation)
    return found


def _chosen(operation: ResourceOperation) -> str:
    """The workflow of an operation: the one that it names, else the default, else the first."""
    return operation.workflow or operation.default or (operation.workflows[0].name if operation.workflows else "")


def _product_provisioners(repository: Repository, admin: Typed[AdminConfigDocument]) -> Iterator[Choice]:
    nodes = admin.document.mapping.sequence("productProvisioners")
    for entry, node in zip(admin.model.product_provisioners, nodes, strict=True):
        yield _product_provisioner(repository, entry, admin.document.place(_type_node(node)))


def _type_node(node: Node) -> Node:
    from innominatus_cli.documents.nodes import MappingNode  # noqa: PLC0415 - beside its only use

    return node.get("type") or node if isinstance(node, MappingNode) else node


def _product_provisioner(repository: Repository, entry: ProductProvisioner, place: Place) -> Choice:
    kind, run, problem = _how(entry)
    files: list[str] = []
    if not problem:
        files, problem = _files(repository, entry, kind, run)
    return Choice(
        type=entry.type,
        name=entry.name or f"{entry.product}/{entry.type}",
        kind=kind,
        place=place,
        version=entry.version,
        product=entry.product,
        run=run,
        files=tuple(sorted(set(files))),
        documents=(ADMIN_CONFIG,),
        outputs=entry.outputs,
        secret_outputs=tuple(entry.secret_outputs),
        params=tuple(entry.params),
        env=entry.env,
        timeout_seconds=entry.timeout,
        config=entry.config | ({"path": entry.path} if kind is Kind.MODULE and entry.path != "." else {}),
        problem=problem,
    )


def _how(entry: ProductProvisioner) -> tuple[Kind, tuple[str, ...], str]:
    """How an entry does its work, what is run, and what is wrong with it."""
    for key, text in (("module", entry.module), ("provisioner", entry.provisioner), ("plugin", entry.plugin)):
        if text is not None and is_compiled(key, text) and entry.command is None and entry.entry_point is None:
            what = "a shared object" if text.endswith(".so") else "a Go module"
            return Kind.COMPILED, (text,), f"'{text}' is {what}, which nothing loads here"
    said = [key for key in ("command", "module", "entry_point", "provisioner", "plugin") if getattr(entry, key)]
    if len(said) > 1:
        return Kind.COMMAND, (), f"it says both '{said[0]}' and '{said[1]}'"
    command = entry.command or entry.plugin
    module = entry.module
    if entry.provisioner is not None:
        is_module = _MODULE.fullmatch(entry.provisioner) is not None
        module, command = (entry.provisioner, None) if is_module else (None, entry.provisioner)
    if command:
        try:
            argv = tuple(shlex.split(command)) if isinstance(command, str) else tuple(command)
        except ValueError:
            return Kind.COMMAND, (), "its command has a quote that is never closed"
        return Kind.COMMAND, argv, "" if argv else "its command is empty"
    if module:
        wrong = "" if _MODULE.fullmatch(module) else f"'{module}' is no `package.module:Class`"
        return Kind.MODULE, (module,), wrong
    name = entry.entry_point or entry.name
    return Kind.ENTRY_POINT, (name,), "" if name else "it says neither 'command' nor 'module' nor 'entryPoint'"


def _files(
    repository: Repository, entry: ProductProvisioner, kind: Kind, run: tuple[str, ...]
) -> tuple[list[str], str]:
    """The repository's files that a provisioner is made of, and what is wrong with them."""
    snapshot = repository.snapshot
    found: list[str] = []
    for written in entry.files:
        path = posixpath.normpath(written)
        if snapshot.is_file(path):
            found.append(path)
        elif snapshot.is_folder(path):
            found += snapshot.paths(path)
        else:
            return [], f"there is no '{written}', which its `files` name"
    if kind is Kind.COMMAND:
        for index, word in enumerate(run):
            path = posixpath.normpath(word)
            if "/" in word and not word.startswith(("/", "-", "..")) and snapshot.is_file(path):
                found.append(path)
            elif not index and word.startswith(("./", "../")):
                return [], f"there is no file '{path}'"
    elif kind is Kind.MODULE:
        top = run[0].partition(":")[0].split(".")[0]
        base = posixpath.normpath(f"{entry.path}/{top}")
        found += [f"{base}.py"] if snapshot.is_file(f"{base}.py") else []
        found += snapshot.paths(base, (".py",)) if snapshot.is_folder(base) else []
        if entry.path != "." and not found:
            return [], f"there is no module '{top}' below '{entry.path}'"
    return found, ""
