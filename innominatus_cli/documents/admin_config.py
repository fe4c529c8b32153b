"""admin-config.yaml: what the platform team decides for a repository. It holds no secret, only names of secrets."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from innominatus_cli.documents.git_address import SOURCE_NAME
from innominatus_cli.documents.model import DurationSeconds, Text, YamlModel
from innominatus_cli.documents.workflow import Retry

DAY: Final = 24 * 60 * 60
SSH_KEY: Final = r"^(ssh|ecdsa|sk)-[A-Za-z0-9@.-]+ [A-Za-z0-9+/]+=*( [^\r\n]*)?$"


class WorkflowOverrides(YamlModel):
    """Whether a lower tier's workflow may be replaced by one of the named tier."""

    platform: bool = False
    product: bool = False


SecretsAccess = Literal["none", "read-only", "namespace-scoped", "read-write"]


class PolicySecurity(YamlModel):
    """Who may run, where approval is needed, and which secrets steps may use."""

    require_approval: list[str] | None = None
    """Environments in which every run needs an approval."""
    allowed_executors: list[str] | None = None
    """Teams (see `teams`) whose members may run."""
    secrets_access: dict[str, SecretsAccess] | None = None
    """By step type or secret store."""


class RollbackCoverage(YamlModel):
    """How much of a plan a rollback must be able to take back."""

    minimum: Annotated[int, Field(ge=0, le=100)] = 0
    """Percent of the steps that change something: those that are reversible or compensated."""
    gate_irreversible: bool = False
    """Whether every step that nothing takes back needs an approval before it (`approval` of the step)."""
    environments: list[str] | None = None
    """Where that is asked; everywhere where nothing is said."""


class PolicyRules(YamlModel):
    """Every policy; None means that nothing is said (no restriction), an empty list allows nothing."""

    workflows_root: str | None = None
    required_platform_workflows: list[str] | None = None
    allowed_product_workflows: list[str] | None = None
    workflow_overrides: WorkflowOverrides | None = None
    max_workflow_duration: DurationSeconds | None = None
    max_concurrent_workflows: Annotated[int, Field(ge=1)] | None = None
    max_steps_per_workflow: Annotated[int, Field(ge=1)] | None = None
    allowed_step_types: list[str] | None = None
    rollback_coverage: RollbackCoverage | None = None
    security: PolicySecurity = PolicySecurity()


class PolicyResources(YamlModel):
    """The three limits that WorkflowPolicies documents nest one level deeper."""

    max_concurrent_workflows: Annotated[int, Field(ge=1)] | None = None
    max_steps_per_workflow: Annotated[int, Field(ge=1)] | None = None
    allowed_step_types: list[str] | None = None


class WorkflowPoliciesSpec(PolicyRules):
    """`spec` of a WorkflowPolicies document."""

    resources: PolicyResources = PolicyResources()


class PoliciesMetadata(YamlModel):
    """Name of a WorkflowPolicies document."""

    name: str
    description: str = ""
    owner: str = ""


class WorkflowPoliciesDocument(YamlModel):
    """workflows/policies/*.yaml."""

    api_version: Literal["workflow.dev/v1"] = "workflow.dev/v1"
    kind: Literal["WorkflowPolicies"]
    metadata: PoliciesMetadata
    spec: WorkflowPoliciesSpec


class AdminDefaults(YamlModel):
    """`admin`: defaults that workflows read as `${admin.…}`."""

    default_cost_center: str = ""
    default_runtime: Literal["kubernetes", "docker", "nomad", "openshift"] = "kubernetes"
    splunk_index: str = ""
    default_budget: int | None = None
    product_from_name: bool = False


class EnvironmentPolicies(YamlModel):
    """`policies`: which environments exist and what they ask for."""

    enforce_backups: bool = False
    """Every stateful resource of a deployment to production-like environments needs a backup."""
    allowed_environments: list[str] | None = None


class Signer(YamlModel):
    """What proves that an approval comes from one person."""

    ssh: list[Annotated[str, Field(pattern=SSH_KEY)]] = []
    """Public keys, as `ssh-ed25519 AAAA…`, with or without a comment."""
    gpg: list[Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{40}$")]] = []
    """Fingerprints of primary keys."""
    oidc: list[Annotated[str, Field(min_length=1)]] = []
    """Subjects (`sub`) of tokens of `approvals.oidc`."""
    github: list[Annotated[str, Field(min_length=1)]] = []
    """Logins whose reviews count, where `approvals.reviews` is `allow`."""
    aliases: list[Annotated[str, Field(min_length=3)]] = []
    """Other addresses under which this person commits: an author under one of them cannot approve either."""


class Team(YamlModel):
    """People, by the e-mail of their git identity; `*` matches any run of characters."""

    members: list[str] = []
    description: str = ""
    signers: dict[str, Signer] = {}
    """By the e-mail address of a member: what proves that an approval is theirs."""


class GateRule(YamlModel):
    """Who must approve, and how many of them."""

    teams: list[str] = []
    """Whose members may approve; empty: those of every team."""
    count: Annotated[int, Field(ge=1)] = 1
    expires: DurationSeconds | None = None


class TokenIssuer(YamlModel):
    """An OpenID provider whose tokens prove who approves, as the one of a CI service."""

    issuer: Annotated[str, Field(pattern=r"^https://")]
    """What its tokens have as `iss`."""
    jwks: Annotated[str, Field(min_length=1)]
    """A file of this repository with its public keys (RFC 7517): nothing is fetched."""


class ApprovalSettings(YamlModel):
    """`approvals`: what counts as one, how long it holds, and gates that no workflow has to write."""

    expires: Annotated[DurationSeconds, Field(ge=1)] = DAY
    """How long an approval holds, where its gate says nothing; a day."""
    unsigned: Literal["refuse", "allow"] = "refuse"
    """Whether an approval counts that nothing but git's own name and address stands for."""
    reviews: Literal["refuse", "allow"] = "refuse"
    """Whether a review of GitHub counts, on the word of whoever fetched it."""
    environments: dict[str, GateRule] = {}
    """Who approves runs in an environment of `security.requireApproval`; an environment named only here has a gate
    too."""
    resource_types: dict[str, GateRule] = {}
    """Gates before steps that provision a type of resource."""
    oidc: list[TokenIssuer] = []


class SecretGeneration(YamlModel):
    """How a secret that does not exist yet is made, once."""

    length: Annotated[int, Field(ge=16, le=256)] = 32
    alphabet: Literal["alphanumeric", "hex", "base64url"] = "alphanumeric"


class SecretDefinition(YamlModel):
    """A secret by name; its value is never in the repository."""

    description: str = ""
    store: Literal["local", "env", "file", "vault", "aws", "azure", "gcp", "command"] = "local"
    env: str | None = None
    """The environment variable that holds it, for the store `env`."""
    generate: SecretGeneration | bool = False
    inject: Literal["env", "file", "stdin"] = "env"
    """How a step that names it in `env` is given it: as the variable's value, as a private file whose path is the
    variable's value, or on stdin."""
    key: str | None = None
    """What its store calls it, where that is not its name; may have `{application}`, `{environment}` and `{name}`."""
    field: str | None = None
    """The member of a value that is a JSON object; in Vault that of the secret's data, by default `value`."""
    command: Annotated[list[str], Field(min_length=1)] | None = None
    """For the store `command`: a program and its arguments, `{key}` among them; the value is what it prints."""
    max_age: DurationSeconds | None = None
    """How long after its last change it may be used; see `secretPolicy`."""


class FileStoreConfig(YamlModel):
    """`secretStores.file`: a YAML or JSON file that is encrypted with age."""

    path: str = "secrets.{environment}.yaml.age"
    identity: str = "INNOMINATUS_AGE_IDENTITY"
    """The environment variable with the age identity, or with the path of its file."""
    recipients: list[str] = []
    """Age public keys, for which `secrets rotate` encrypts the file anew."""


class VaultStoreConfig(YamlModel):
    """`secretStores.vault`: a KV engine of version 2. Credentials are in the environment."""

    address: str | None = None
    """Else VAULT_ADDR."""
    mount: str = "secret"
    namespace: str | None = None
    approle_mount: str = "approle"


class CloudStoreConfig(YamlModel):
    """`secretStores.aws`, `.azure` and `.gcp`: what their command lines are told beside the secret's name."""

    region: str | None = None
    profile: str | None = None
    vault: str | None = None
    project: str | None = None


class SecretStoresConfig(YamlModel):
    """`secretStores`: where secrets are that are neither local nor in the environment."""

    file: FileStoreConfig = FileStoreConfig()
    vault: VaultStoreConfig = VaultStoreConfig()
    aws: CloudStoreConfig = CloudStoreConfig()
    azure: CloudStoreConfig = CloudStoreConfig()
    gcp: CloudStoreConfig = CloudStoreConfig()


class SecretPolicy(YamlModel):
    """`secretPolicy`: how old secrets may be."""

    max_age: DurationSeconds | None = None
    """For secrets without a `maxAge` of their own."""
    enforce: Literal["never", "production", "always"] = "never"
    """Where a step is not given a secret that is too old; elsewhere `secrets check` warns."""


class HealthCheckProbe(YamlModel):
    """One check: `http` needs url, `tcp` host and port, `dns` host, `file` path, `command` command."""

    type: Literal["http", "tcp", "dns", "file", "command"]
    url: str | None = None
    method: Literal["GET", "HEAD"] = "GET"
    expect_status: list[int] = [200]
    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    path: str | None = None
    contains: str | None = None
    command: list[str] | None = None
    timeout: DurationSeconds = 10
    retries: Annotated[int, Field(ge=0, le=100)] = 0
    interval: DurationSeconds = 1


class HealthCheck(HealthCheckProbe):
    """A named check; `environments` replaces it where an environment needs another one."""

    description: str = ""
    environments: dict[str, HealthCheckProbe] = {}


class AlertDefinition(YamlModel):
    """A named alert: a Prometheus expression and what it means."""

    description: str = ""
    expression: str = ""
    for_: Annotated[DurationSeconds, Field(alias="for")] = 0
    severity: Literal["info", "warning", "critical"] = "warning"


class Price(YamlModel):
    """A monthly price in cents of one unit of a resource type or of cpu, memory or storage."""

    monthly_cents: Annotated[int, Field(ge=0)]
    unit: str = ""


class KubernetesTarget(YamlModel):
    """Where manifests go: rendered for GitOps, or applied through kubectl."""

    mode: Literal["render", "apply"] = "render"
    context: str | None = None
    namespace: str | None = None


class EnvironmentDefinition(YamlModel):
    """What differs by environment."""

    description: str = ""
    production: bool | None = None
    """Whether policies for production apply; None: decided by the name (see `policies.environments`)."""
    kubernetes: KubernetesTarget = KubernetesTarget()
    variables: dict[str, Text] = {}


class ProviderSource(YamlModel):
    """A folder or git repository of provider workflows."""

    name: str
    type: Literal["filesystem", "git"] = "filesystem"
    category: str = ""
    path: str | None = None
    repository: str | None = None
    ref: str | None = None
    enabled: bool = False


class WorkflowSource(YamlModel):
    """A folder of workflows in another git repository, which `vendor update` fetches and locks."""

    name: Annotated[str, Field(pattern=SOURCE_NAME)]
    """What workflows write before the slash: `@<name>/<path>`."""
    repository: Annotated[str, Field(min_length=1)]
    """`https://…`, `ssh://…`, `git@host:path`, `file:///…` or a path; without credentials."""
    ref: Annotated[str, Field(min_length=1)]
    """A branch, a tag or a commit."""
    path: Annotated[str, Field(min_length=1)] = "workflows"
    """The folder of that repository; `.` is all of it."""


class ProductProvisioner(YamlModel):
    """A provisioner that a product team brings."""

    product: str
    type: str
    name: str = ""
    version: Text = ""
    module: str | None = None
    command: str | list[str] | None = None
    provisioner: str | None = None
    plugin: str | None = None


class Limits(YamlModel):
    """How much runs at once."""

    max_parallel: Annotated[int, Field(ge=1, le=256)] | None = None
    platform: Annotated[int, Field(ge=1, le=256)] | None = None
    product: Annotated[int, Field(ge=1, le=256)] | None = None
    application: Annotated[int, Field(ge=1, le=256)] | None = None
    step_types: dict[str, Annotated[int, Field(ge=1, le=256)]] = {}
    """Steps of one type, by its name."""
    owners: dict[str, Annotated[int, Field(ge=1, le=256)]] = {}
    """Steps of the workflows of one owner, a team."""


class LedgerConfig(YamlModel):
    """Where records go."""

    root: Annotated[
        str, Field(pattern=r"^(\.innominatus|[A-Za-z0-9_-][A-Za-z0-9._-]*)(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$")
    ] = ".innominatus"
    """A folder of the repository; hidden only as `.innominatus`."""
    store: Literal["tree", "branch"] = "tree"
    """Whether records are committed to the branch that is checked out, or to a branch of their own."""
    branch: Annotated[
        str, Field(max_length=200, pattern=r"^[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*(/[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*)*$")
    ] = "innominatus/ledger"
    """The branch of the records, with `store: branch`."""
    remote: Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9_][A-Za-z0-9._/-]*$")] = "origin"
    """The remote that holds that branch."""
    output: Literal["none", "excerpt"] = "excerpt"
    """Whether records have the first and the last 2 KiB of what each step prints, after redaction."""
    signers: Annotated[list[str], Field(max_length=1_000)] = []
    """Who may sign what the ledger held: lines of an allowed signers file (`ada@example.org ssh-ed25519 AAAA…`)."""
    heads_max_age: DurationSeconds = 30 * 24 * 3600
    """How old the last such statement may be before `ledger verify` warns."""


class LocksConfig(YamlModel):
    """Where else than in the clone a run of an application and environment is locked."""

    remote: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]*$", max_length=100)] | None = None
    """The name of a remote of the clone, as `origin`; None: clones do not know of each other's runs."""
    lease: DurationSeconds = 60
    """How long after its last renewal a lock still counts as looked after."""


class IgnoredFinding(YamlModel):
    """Findings of one code that do not count in some files."""

    code: Annotated[str, Field(pattern=r"^ORC-[0-9]{4}$")]
    path: str
    """A glob over the paths of the repository's files."""
    reason: Annotated[str, Field(min_length=1)]
    until: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    """The last day on which it holds, in UTC."""


class ValidationSettings(YamlModel):
    """What `validate` and `check` do in this repository."""

    ignores: Annotated[list[IgnoredFinding], Field(max_length=1_000)] = []


class AdminConfigDocument(YamlModel):
    """admin-config.yaml, all sections; every one of them has a default."""

    admin: AdminDefaults = AdminDefaults()
    applications: list[str] = ["**/score*.yaml"]
    default_golden_path: str = "deploy-app"
    providers: list[ProviderSource] = []
    workflow_sources: Annotated[list[WorkflowSource], Field(max_length=100)] = []
    product_provisioners: list[ProductProvisioner] = []
    resource_definitions: dict[str, str] = {}
    policies: EnvironmentPolicies = EnvironmentPolicies()
    workflow_policies: PolicyRules = PolicyRules()
    environments: dict[str, EnvironmentDefinition] = {}
    teams: dict[str, Team] = {}
    approvals: ApprovalSettings = ApprovalSettings()
    secrets: dict[str, SecretDefinition] = {}
    secret_stores: SecretStoresConfig = SecretStoresConfig()
    secret_policy: SecretPolicy = SecretPolicy()
    health_checks: dict[str, HealthCheck] = {}
    alerts: dict[str, AlertDefinition] = {}
    prices: dict[str, Price] = {}
    limits: Limits = Limits()
    retries: dict[str, Retry] = {}
    """By step type: the retry of steps for which neither they nor their workflow say one."""
    validation: ValidationSettings = ValidationSettings()
    ledger: LedgerConfig = LedgerConfig()
    locks: LocksConfig = LocksConfig()
    env: list[str] = []
    """Names of environment variables that plans may read as `${env.NAME}` and that steps are given."""
    gitea: dict[str, Any] | None = None
    argocd: dict[str, Any] | None = None
    vault: dict[str, Any] | None = None
    keycloak: dict[str, Any] | None = None
    minio: dict[str, Any] | None = None
    prometheus: dict[str, Any] | None = None
    grafana: dict[str, Any] | None = None
    kubernetes_dashboard: dict[str, Any] | None = None
