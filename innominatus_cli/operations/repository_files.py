"""The files of one repository that hold documents of ours: where they are, and what they say once they are read."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from innominatus_cli.checks.placement import ADMIN_CONFIG, GOLDEN_PATHS, is_our_place
from innominatus_cli.documents.globs import matcher
from innominatus_cli.documents.kinds import is_overrides_file, is_test_file
from innominatus_cli.documents.loading import Amend, Loaded, load
from innominatus_cli.documents.nodes import Document, Node, ScalarNode
from innominatus_cli.documents.organizations import ORGANIZATIONS, folder_of, organization_of_path
from innominatus_cli.documents.snapshot import Snapshot, WorkingTreeSnapshot
from innominatus_cli.documents.vendored_names import LOCK_FILE, STAGING_FOLDER, VENDOR_FOLDER, is_vendored
from innominatus_cli.findings.catalogue.document import UNKNOWN_KIND
from innominatus_cli.findings.finding import Finding

if TYPE_CHECKING:
    from innominatus_cli.documents.vendored import Vendored

YAML = (".yaml", ".yml")
_APPLICATIONS = "**/score*.yaml"
_LOOKS_LIKE_OURS = re.compile(
    r"^(?:apiVersion:\s*['\"]?(?:score\.dev|workflow\.dev|orchestrator\.innominatus\.dev|innominatus\.)"
    r"|kind:\s*['\"]?(?:Platform|Product)Workflow|workflowPolicies:|goldenpaths:)",
    re.MULTILINE,
)


class RepositoryFiles:
    """The files of one repository, each read once. Paths are relative to its root."""

    def __init__(
        self,
        root: str,
        edited: Mapping[str, bytes] | None = None,
        *,
        shared: dict[str, Loaded] | None = None,
        snapshot: Snapshot | None = None,
    ) -> None:
        """The folder `root`, with texts that are not saved yet, or what a snapshot says of it instead."""
        self.root = root
        self._snapshot = snapshot or _snapshot(root, edited)
        self._edited = frozenset(edited or ())
        self._loaded: dict[str, Loaded] = {}
        self._keeps = shared is not None
        self._shared = {} if shared is None else shared
        """Files that are as they are on disk: read once for several checks, where one check after the other is made."""
        self._amendments: dict[str, Amend] = {}

    def amend(self, path: str, amend: Amend) -> None:
        """Lets a Score file be changed when it is read."""
        self._amendments[path] = amend

    def bytes_of(self, path: str) -> bytes | None:
        """The bytes of a file; None where it cannot be read."""
        data = self._snapshot.read(path)
        return data if isinstance(data, bytes) else None

    def take_over(self, path: str, loaded: Loaded) -> None:
        """Takes what another process has read of a file."""
        self._loaded[path] = loaded

    def documents(self, path: str) -> tuple[Document, ...]:
        """The canonical documents of a file, those that are none of ours included."""
        return self.load(path).documents

    @cached_property
    def workflows_root(self) -> str:
        """The folder of workflows."""
        admin_config = self.admin_config
        written = (
            None if admin_config is None else admin_config.mapping.mapping("workflowPolicies").text("workflowsRoot")
        )
        return posixpath.normpath(written) if written and not written.startswith(("/", "..")) else "workflows"

    @cached_property
    def admin_config(self) -> Document | None:
        """The document of admin-config.yaml; None where there is none, or it cannot be read."""
        if not self._snapshot.is_file(ADMIN_CONFIG):
            return None
        return next((one for one in self.load(ADMIN_CONFIG).documents if one.kind == "AdminConfig"), None)

    @cached_property
    def _golden_paths(self) -> list[str]:
        """The files with several golden paths, at the root and under the workflows root."""
        paths = dict.fromkeys((GOLDEN_PATHS, posixpath.normpath(f"{self.workflows_root}/{GOLDEN_PATHS}")))
        return [path for path in paths if self._snapshot.exists(path)]

    @cached_property
    def _provider_folders(self) -> list[str]:
        entries = () if self.admin_config is None else self.admin_config.mapping.mappings("providers")
        folders = []
        for entry in entries:
            path = entry.text("path")
            if path and is_true(entry.get("enabled")) and self._snapshot.is_folder(posixpath.normpath(path)):
                folders.append(posixpath.normpath(path))
        return folders

    @cached_property
    def _applications(self) -> list[str]:
        node = None if self.admin_config is None else self.admin_config.mapping.get("applications")
        globs = [_APPLICATIONS] if node is None else _texts(node.plain())
        paths = self._snapshot.paths("", YAML)
        wanted: set[str] = set()
        for glob in globs:
            fits = matcher(glob)
            fitting = [path for path in paths if fits(path)]
            wanted.update([path for path in fitting if not _is_test(path)] if glob == _APPLICATIONS else fitting)
        return [
            path
            for path in paths
            if path in wanted and not is_overrides_file(path) and not is_test_file(path, self.workflows_root)
        ]

    def _in_folder(self, name: str) -> list[Document]:
        """The documents of the files that belong into a folder of the workflows root."""
        return self._in_folder_of(name, "")

    @cached_property
    def organizations(self) -> list[str]:
        """The names of all organisations, sorted."""
        folder = posixpath.normpath(f"{self.workflows_root}/{ORGANIZATIONS}")
        return sorted({org for path in self._snapshot.paths(folder, YAML) if (org := organization_of_path(path))})

    def _in_every(self, name: str) -> list[Document]:
        """The same of the platform and of all organisations."""
        return [document for one in ("", *self.organizations) for document in self._in_folder_of(name, one)]

    def _in_folder_of(self, name: str, organization: str) -> list[Document]:
        folder = posixpath.normpath(f"{folder_of(self.workflows_root, organization)}/{name}")
        paths = [path for path in self._snapshot.paths(folder, YAML) if self._is_our_place(path)]
        return [document for path in paths for document in self.load(path).documents if document.kind]

    def _documents(self, paths: Iterable[str]) -> list[Document]:
        return [document for path in paths for document in self.load(path).documents if document.kind]

    def _holds_applications(self, path: str) -> bool:
        if is_test_file(path, self.workflows_root):
            return False
        return any(document.kind == "Workload" for document in self.load(path).documents)

    def policies_of(self, organization: str) -> list[Document]:
        """The documents of policies of an organisation's own."""
        return [one for one in self._in_folder_of("policies", organization) if one.kind == "WorkflowPolicies"]

    def load(self, path: str) -> Loaded:
        """The documents of a file, and what is wrong with their text and shape; read once."""
        known = self._loaded.get(path)
        if known is None:
            known = None if path in self._edited or path in self._amendments else self._shared.get(path)
            known = self._loaded[path] = known or self.read(path)
            if path not in self._edited and path not in self._amendments:
                self._shared[path] = known
        return known

    def read(self, path: str) -> Loaded:
        """The same, read anew from the bytes of the snapshot."""
        data = self._wrong_vendored(path) or self._snapshot.read(path)
        return Loaded((), (data,)) if isinstance(data, Finding) else load(path, data, self._amendments.get(path))

    def _wrong_vendored(self, path: str) -> Finding | None:
        """Why a vendored file is not to be read; most repositories have none."""
        return self._vendored.problem(path) if is_vendored(path) else None

    def _has_vendored(self) -> bool:
        """Whether anything of vendored workflows is there, or asked for; most repositories have nothing of it."""
        admin_config = self.admin_config
        asked_for = admin_config is not None and "workflowSources" in admin_config.mapping.values
        return asked_for or any(map(self._snapshot.exists, (LOCK_FILE, VENDOR_FOLDER, STAGING_FOLDER)))

    @cached_property
    def _vendored(self) -> "Vendored":
        from innominatus_cli.documents.vendored import Vendored  # noqa: PLC0415 - a file alone does without

        return Vendored(self._snapshot, self.admin_config)

    def _is_ours(self, path: str) -> bool:
        """Whether a file that nobody named is to be reported on: by its place, or by what it holds."""
        if self._is_our_place(path):
            return True
        if not path.endswith(YAML):  # a link out of the repository, or a folder that nobody lets us look into
            return f"{path}/".startswith(f"{self.workflows_root}/")
        loaded = self.load(path)
        if loaded.documents:
            return any(document.kind for document in loaded.documents) or says_so(loaded)
        data = self._snapshot.read(path)
        return isinstance(data, bytes) and bool(_LOOKS_LIKE_OURS.search(data.decode("utf-8", "replace")))

    def _is_our_place(self, path: str) -> bool:
        return is_our_place(path, self.workflows_root)


def _snapshot(root: str, edited: Mapping[str, bytes] | None) -> WorkingTreeSnapshot:
    """The working tree, or the one that there would be with some texts written."""
    if not edited:
        return WorkingTreeSnapshot(root)
    from innominatus_cli.documents.proposed import ProposedSnapshot  # noqa: PLC0415 - an editor and `new` need it

    return ProposedSnapshot(root, edited)


def says_so(loaded: Loaded) -> bool:
    """Whether a document of a file says that it is ours, of a kind that does not exist."""
    return any(finding.code is UNKNOWN_KIND for finding in loaded.findings)


def is_true(node: Node | None) -> bool:
    """Whether a value is there, and is `true`."""
    return isinstance(node, ScalarNode) and node.value is True


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _is_test(path: str) -> bool:
    return "tests" in path.split("/")[:-1]
