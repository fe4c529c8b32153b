"""Delivery: images, git forges and Argo CD."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, model_validator

from innominatus_cli.documents.admin_config import EnvironmentDefinition
from innominatus_cli.documents.model import DurationSeconds, Text
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.expressions.references import may_refer
from innominatus_cli.step_types.contract import (
    PathInput,
    Reference,
    StepInputs,
    StepType,
    VariableName,
    aliases,
)
from innominatus_cli.step_types.kubernetes import KUBECTL

_IMAGE: Final = re.compile(r"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*")
"""A name as registries take it. Source: the OCI distribution specification, section "Pulling manifests"."""
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
"""A tag as registries take it, from the same section."""
_BUILDERS: Final = {
    "docker": (ToolNeed(name="docker", range=">=20.10"),),
    "buildah": (ToolNeed(name="buildah", range=">=1.23"),),
}
_COSIGN: Final = ToolNeed(name="cosign", range=">=2 <4")


def is_image_tag(text: str) -> bool:
    """Whether a registry takes a text as the tag of an image."""
    return bool(_TAG.fullmatch(text))


class ImageSigning(StepInputs):
    """How cosign signs what was pushed, and by which key that is looked after."""

    key_from: VariableName | None = None
    """The variable of the step's `env` with the private key, as `cosign generate-key-pair` makes it."""
    key: Annotated[str, Field(pattern=r"^(awskms|azurekms|gcpkms|hashivault|k8s|pkcs11):\S+$")] | None = None
    """Or a key that a key management keeps, by cosign's address of it."""
    password_from: VariableName | None = None
    """The variable with the private key's password; it has none where nothing is said."""
    public_key: PathInput | None = None
    """The key that the signature must be of (PEM); that of the private key where nothing is said."""
    annotations: dict[str, Text] = {}
    """What else is signed, as `commit`. Everybody can read it."""
    transparency_log: bool = False
    """Whether the signature is written to the public transparency log, Rekor, and looked up there."""

    @model_validator(mode="after")
    def _one_key(self) -> "ImageSigning":
        if (self.key_from is None) == (self.key is None):
            raise ValueError("one of 'keyFrom' and 'key' is needed")
        if any(not name or "=" in name for name in self.annotations):
            raise ValueError("a name of 'annotations' is empty or holds '='")
        return self


class ContainerBuildInputs(StepInputs):
    """Inputs of `container-build`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(
            context=["path", "workingDir"], containerfile=["dockerfile", "file"], buildArgs=["args"], builder=["tool"]
        )
    )

    image: Annotated[str, Field(min_length=1)]
    """The image's name, with its registry where it is to be pushed and without a tag: `registry.example.com/shop`."""
    context: PathInput = "."
    """The folder that the build sees."""
    containerfile: PathInput | None = None
    """Where it is not `Dockerfile` or `Containerfile` of the context."""
    tags: list[Text] = ["latest"]
    build_args: dict[str, Text] = {}
    """Values of `ARG` in the containerfile. Everybody who has the image can read them."""
    target: str | None = None
    """The stage of the containerfile to stop at."""
    labels: dict[str, Text] = {}
    """More labels of the image; `org.opencontainers.image.revision` and its like are up to you."""
    push: bool | Reference[bool] = False
    insecure_registry: bool = False
    """Whether the registry may be spoken to without TLS; buildah only, docker has it in its daemon's settings."""
    username_from: VariableName | None = None
    """The variables of the step's `env` with the registry's credentials; without them the tool's own are used."""
    password_from: VariableName | None = None
    builder: Literal["docker", "buildah", "kaniko"] | Reference[str] = "docker"
    sign: ImageSigning | None = None
    """Signs the pushed digest with cosign, and verifies the signature."""

    @model_validator(mode="after")
    def _whole(self) -> "ContainerBuildInputs":
        if self.sign is not None and self.push is False:
            raise ValueError("'sign' needs 'push': a signature is kept beside the image in its registry")
        if (self.username_from is None) != (self.password_from is None):
            raise ValueError("'usernameFrom' and 'passwordFrom' belong together")
        if not _IMAGE.fullmatch(self.image) and not may_refer(self.image):
            raise ValueError(f"'{self.image}' is no name of an image without a tag")
        if not self.tags:
            raise ValueError("'tags' needs at least one tag")
        wrong = [tag for tag in self.tags if not is_image_tag(tag) and not may_refer(tag)]
        if wrong:
            raise ValueError(f"{wrong[0]!r:.60} is no tag of an image: at most 128 letters, digits, '_', '.' and '-'")
        return self


class GiteaRepoInputs(StepInputs):
    """Inputs of `gitea-repo`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(
            repoName=["repo", "name"], owner=["orgName", "organization"], url=["giteaUrl"], operation=["action"]
        )
    )

    repo_name: Annotated[str, Field(min_length=1)]
    owner: str | None = None
    """A user or an organisation; the user whose token it is where nothing is said."""
    description: str = ""
    private: bool | Reference[bool] = True
    auto_init: bool | Reference[bool] = True
    """Whether a new repository begins with a commit."""
    operation: Literal["create", "delete", "archive"] | Reference[str] = "create"
    url: str | None = None
    """The server's address; the variable `GITEA_URL` where nothing is said."""
    token_from: VariableName = "GITEA_TOKEN"  # noqa: S105 - the name of a variable
    """The variable of the step's `env` that holds an access token."""


class GitCommitManifestsInputs(StepInputs):
    """Inputs of `git-commit-manifests`: where to, and which files."""

    model_config = ConfigDict(
        json_schema_extra=aliases(
            repoName=["repo"],
            branch=["gitBranch"],
            sourcePath=["manifestPath", "path"],
            commitMessage=["message"],
            url=["repoUrl", "repoURL", "gitUrl"],
        )
    )

    url: str | None = None
    """The repository's address: https, ssh or file. Or its parts: `GITEA_URL`, `owner` and `repoName`."""
    repo_name: str | None = None
    owner: str | None = None
    source_path: PathInput | None = None
    """A file or folder of this repository; the manifests that this run rendered where nothing is said."""
    target_path: str = "."
    """The folder of the other repository that the files are put into. Files in it that are not of this step stay."""
    prune: bool = False
    """Whether files of the target folder that are not among those of this step are deleted."""
    branch: str = "main"
    """Where it does not exist it begins at the default branch."""
    commit_message: str = ""
    username_from: VariableName | None = None
    """The variable of the step's `env` with the user's name for https; `git` where nothing is said."""
    token_from: VariableName | None = None
    """The variable of the step's `env` with a password or token for https; git's own credentials without it."""

    @model_validator(mode="after")
    def _some_repository(self) -> "GitCommitManifestsInputs":
        if self.url is None and (self.owner is None or self.repo_name is None):
            raise ValueError("'url', or 'owner' and 'repoName', are needed")
        return self


def _argocd_environment(environment: EnvironmentDefinition) -> dict[str, Any]:
    target = environment.kubernetes
    given = {"mode": target.mode, "context": target.context}
    return {key: value for key, value in given.items() if value is not None}


class ArgoCdAutomated(StepInputs):
    """How Argo CD keeps an application in sync by itself."""

    prune: bool = False
    self_heal: bool = False


class ArgoCdAppInputs(StepInputs):
    """Inputs of `argocd-app`: an Application of Argo CD, as an object of the cluster that Argo CD runs in."""

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
    """`create` and `update` are the same: the Application as it is written here; `sync` asks for one sync."""
    app_name: str | None = None
    """The Application's name; application and environment where nothing is said."""
    repo_name: str | None = None
    repo_url: str | None = None
    """Where its manifests are; or `owner` and `repoName` of the server in the variable `GITEA_URL`."""
    owner: str | None = None
    target_path: str = "."
    target_revision: str = "HEAD"
    project: str = "default"
    namespace: str | None = None
    """Where its objects go; the application's name where nothing is said."""
    argocd_namespace: str = "argocd"
    server: str = "https://kubernetes.default.svc"
    sync_policy: Literal["auto", "automated", "manual", "none"] | dict[str, Any] | Reference[str] = "manual"
    automated: ArgoCdAutomated | None = None
    auto_sync: bool | Reference[bool] = False
    prune: bool | Reference[bool] = False
    self_heal: bool | Reference[bool] = False
    cascade: bool | Reference[bool] = True
    """Whether deleting the Application deletes its objects too."""
    wait_for_sync: bool | Reference[bool] = True
    """Whether the step waits until it is Synced and Healthy; without automated sync it is asked to sync first."""
    sync_timeout: DurationSeconds | Reference[int] = 300
    mode: Literal["render", "apply"] | Reference[str] = "render"
    """`render` writes the Application as a manifest to be committed; `apply` sends it through kubectl."""
    context: str | None = None


CONTAINER_BUILD = StepType(
    name="container-build",
    summary="Builds a container image, tags it, pushes it and signs it.",
    inputs=ContainerBuildInputs,
    outputs={
        "image": "The image with its first tag, or with its digest where it was pushed: what a workload should name.",
        "imageId": "The identity of the image that was built.",
        "digest": "The digest of the pushed image; empty where nothing was pushed.",
        "signed": "Whether the pushed image has a signature, which was verified.",
    },
    tools_by_inputs=lambda inputs: (
        *_BUILDERS.get(str(inputs.get("builder")), ()),
        *((_COSIGN,) if inputs.get("sign") else ()),
    ),
    idempotency=Idempotency.CONVERGENT,
    has_probe=True,
    rollback="irreversible",
    rollback_by_inputs=lambda inputs: "irreversible" if inputs.get("push") else "reversible",
    default_timeout_seconds=3600,
)
GITEA_REPO = StepType(
    name="gitea-repo",
    summary="Creates, archives or deletes a repository on a Gitea server.",
    inputs=GiteaRepoInputs,
    outputs={
        "cloneUrl": "Where it is cloned from, over HTTP.",
        "htmlUrl": "Its page.",
        "created": "Whether this step created it.",
    },
    idempotency=Idempotency.CONVERGENT,
    has_probe=True,
    rollback="reversible",
    rollback_by_inputs=lambda inputs: "reversible" if inputs.get("operation") == "create" else "irreversible",
    default_timeout_seconds=300,
)
GIT_COMMIT_MANIFESTS = StepType(
    name="git-commit-manifests",
    summary="Commits rendered manifests to another repository and pushes them.",
    inputs=GitCommitManifestsInputs,
    outputs={
        "commit": "The commit that the branch has now.",
        "changed": "Number of files that were written or deleted.",
        "branch": "The branch.",
    },
    tools=(ToolNeed(name="git", range=">=2.30"),),
    idempotency=Idempotency.CONVERGENT,
    has_probe=True,
    rollback="reversible",
    default_timeout_seconds=600,
)
ARGOCD_APP = StepType(
    name="argocd-app",
    summary="Creates an Argo CD Application and waits until it is Synced and Healthy.",
    inputs=ArgoCdAppInputs,
    outputs={
        "application": "The Application's name.",
        "revision": "The revision that is synced; empty where nothing was waited for.",
        "manifests": "Repository paths of rendered manifests.",
    },
    tools_by_inputs=lambda inputs: (KUBECTL,) if inputs.get("mode") == "apply" else (),
    idempotency=Idempotency.CONVERGENT,
    rollback="reversible",
    rollback_by_inputs=lambda inputs: (
        "reversible" if inputs.get("operation") in {"create", "update"} else "irreversible"
    ),
    default_timeout_seconds=900,
    environment_defaults=_argocd_environment,
)
