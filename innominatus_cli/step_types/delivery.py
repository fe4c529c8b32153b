"""Delivery: images, git forges and Argo CD. Known to the language; nothing runs them yet."""

from typing import Any, Literal

from pydantic import ConfigDict

from innominatus_cli.documents.model import Text
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.step_types.contract import PathInput, Reference, StepInputs, StepType, aliases


class ContainerBuildInputs(StepInputs):
    """Inputs of `container-build`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(
            context=["path", "workingDir"], containerfile=["dockerfile", "file"], buildArgs=["args"], builder=["tool"]
        )
    )

    image: str
    context: PathInput = "."
    containerfile: PathInput | None = None
    tags: list[str] = []
    build_args: dict[str, Text] = {}
    push: bool | Reference[bool] = False
    builder: Literal["docker", "buildah", "kaniko"] | Reference[str] = "docker"


class GiteaRepoInputs(StepInputs):
    """Inputs of `gitea-repo`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(repoName=["repo", "name"], owner=["orgName", "organization"], url=["giteaUrl"])
    )

    repo_name: str
    owner: str | None = None
    description: str = ""
    private: bool | Reference[bool] = True
    auto_init: bool | Reference[bool] = True
    operation: Literal["create", "delete", "archive"] | Reference[str] = "create"
    url: str | None = None


class GitCommitManifestsInputs(StepInputs):
    """Inputs of `git-commit-manifests`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(
            repoName=["repo"], branch=["gitBranch"], sourcePath=["manifestPath", "path"], commitMessage=["message"]
        )
    )

    repo_name: str
    owner: str | None = None
    source_path: PathInput | None = None
    target_path: str = "."
    branch: str = "main"
    commit_message: str = ""


class ArgoCdAutomated(StepInputs):
    """How Argo CD keeps an application in sync by itself."""

    prune: bool = False
    self_heal: bool = False


class ArgoCdAppInputs(StepInputs):
    """Inputs of `argocd-app`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(
            appName=["name"],
            repoUrl=["repoURL", "repo_url"],
            targetPath=["path"],
            namespace=["destNamespace"],
            server=["destServer"],
            operation=["action"],
        )
    )

    operation: Literal["create", "update", "sync", "delete"] | Reference[str] = "create"
    app_name: str | None = None
    repo_name: str | None = None
    repo_url: str | None = None
    owner: str | None = None
    target_path: str = "."
    target_revision: str = "HEAD"
    project: str = "default"
    namespace: str | None = None
    argocd_namespace: str = "argocd"
    server: str = "https://kubernetes.default.svc"
    sync_policy: Literal["auto", "automated", "manual", "none"] | dict[str, Any] | Reference[str] = "manual"
    automated: ArgoCdAutomated | None = None
    auto_sync: bool | Reference[bool] = False
    prune: bool | Reference[bool] = False
    self_heal: bool | Reference[bool] = False
    cascade: bool | Reference[bool] = True
    wait_for_sync: bool | Reference[bool] = True


CONTAINER_BUILD = StepType(
    name="container-build",
    summary="Builds and pushes a container image.",
    inputs=ContainerBuildInputs,
    outputs={"digest": "The digest of the pushed image."},
    idempotency=Idempotency.CONVERGENT,
    default_timeout_seconds=3600,
    has_driver=False,
)
GITEA_REPO = StepType(
    name="gitea-repo",
    summary="Creates a repository on a Gitea server.",
    inputs=GiteaRepoInputs,
    idempotency=Idempotency.CHECK,
    rollback="compensated",
    has_driver=False,
)
GIT_COMMIT_MANIFESTS = StepType(
    name="git-commit-manifests",
    summary="Commits rendered manifests to another repository.",
    inputs=GitCommitManifestsInputs,
    tools=(ToolNeed(name="git", range=">=2.30"),),
    idempotency=Idempotency.CONVERGENT,
    has_driver=False,
)
ARGOCD_APP = StepType(
    name="argocd-app",
    summary="Creates an Argo CD application and waits for it.",
    inputs=ArgoCdAppInputs,
    idempotency=Idempotency.CONVERGENT,
    rollback="compensated",
    has_driver=False,
)
