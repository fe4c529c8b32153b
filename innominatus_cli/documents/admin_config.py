"""admin-config.yaml: what the platform team decides for a repository. It holds no secret, only names of secrets."""

from typing import Annotated, Any, Literal

from pydantic import Field

from innominatus_cli.documents.approvers import ApprovalSettings, Team
from innominatus_cli.documents.environment_names import entry_for
from innominatus_cli.documents.git_address import SOURCE_NAME
from innominatus_cli.documents.model import DurationSeconds, Text, YamlModel
from innominatus_cli.documents.secret_definitions import SecretDefinition, SecretEntry, SecretPolicy, SecretStoresConfig
from innominatus_cli.documents.workflow import Retry
from innominatus_cli.documents.workflow_policies import PolicyRules


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


class HealthCheckProbe(YamlModel):
    """One check: http needs `url`, tcp `host`, `port`, tls and dns `host`, file `path`, sql `query`, or `command`."""

    type: Literal["http", "tcp", "tls", "dns", "file", "sql", "command"]
    url: str | None = None
    method: Literal["GET", "HEAD"] = "GET"
    expect_status: list[int] = [200]
    host: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    path: str | None = None
    contains: str | None = None
    command: list[str] | None = None
    server_name: str | None = None
    """Of `tls`: the name that is asked for and that the certificate must be of; `host` where nothing is said."""
    names: list[str] | None = None
    """Of `tls`: more names that the certificate must be of."""
    min_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    """Of `tls`: for how many days the certificate must still hold; 14 where nothing is said."""
    ca_file: Annotated[str, Field(json_schema_extra={"x-path": True})] | None = None
    """Of `tls`: a file of the repository with the certificates to trust (PEM); the machine's where nothing is said."""
    server: str | None = None
    """Of `dns`: the server that is asked, `ADDRESS` or `ADDRESS:PORT`; the machine's resolver where nothing is said."""
    record: Literal["A", "AAAA", "CNAME", "MX", "NS", "TXT"] | None = None
    """Of `dns`: what is asked for; without `server` addresses of both kinds, or one of them."""
    expect: list[str] | None = None
    """Of `dns`: what must be among the answers."""
    connection_string: str | None = None
    """Of `sql`: `sqlite:///FILE` below the state folder, or `postgresql://…` without a password in it."""
    connection_from: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    """Of `sql`: the variable of the step's `env` that holds it; DATABASE_URL where nothing is said."""
    query: str | None = None
    """Of `sql`: one query, which can change nothing. It must give a row where neither `rows` nor `value` is said."""
    rows: Annotated[int, Field(ge=0, le=1000)] | None = None
    """Of `sql`: how many rows it must give."""
    value: Text | None = None
    """Of `sql`: what the first column of the first row must be, as text."""
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


class DashboardPanel(YamlModel):
    """One panel of a dashboard; panels follow each other from left to right, 24 columns a row."""

    title: Annotated[str, Field(min_length=1)]
    description: str | None = None
    type: Literal["timeseries", "stat", "gauge", "bargauge", "table", "text"] = "timeseries"
    expression: str | None = None
    """One PromQL expression; `$SERVICE` in it stands for the service."""
    queries: dict[str, str] | None = None
    """More than one, by the legend of each."""
    text: str | None = None
    """What a panel of type text shows, in Markdown."""
    unit: str | None = None
    """Grafana's name of the unit, as `reqps`, `s`, `bytes` or `percentunit`."""
    thresholds: dict[str, float | int] | None = None
    """Values from which on a colour holds, as `{orange: 0.5, red: 0.8}`; below all of them it is green."""
    width: Annotated[int, Field(ge=1, le=24)] = 12
    height: Annotated[int, Field(ge=2, le=40)] = 8


class DashboardDefinition(YamlModel):
    """A named Grafana dashboard."""

    title: str | None = None
    """The name where nothing is said; `$SERVICE` in it stands for the service."""
    description: str | None = None
    tags: list[str] = []
    datasource: str | None = None
    """The uid of a Prometheus data source; a choice of the reader where nothing is said."""
    window: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}[smhdwMy]$")] = "6h"
    """How far back it looks."""
    refresh: Annotated[str, Field(pattern=r"^([1-9][0-9]{0,4}[smhd])?$")] = "1m"
    panels: Annotated[list[DashboardPanel], Field(min_length=1, max_length=200)]


class Price(YamlModel):
    """A monthly price in cents of one unit: of a resource type, of cpu, memory or storage, of a Terraform resource."""

    monthly_cents: Annotated[int, Field(ge=0)]
    unit: str = ""
    resource: Annotated[str, Field(pattern=r"^[a-z0-9_*?]+$")] | None = None
    """The type of a resource of Terraform, as `aws_instance` or `aws_iam_*`; it is a price for plans alone then."""
    where: dict[str, Text] | None = None
    """Attributes that the resource must have, by dotted paths, as `{instance_type: t3.*}`; of several prices that fit
    the one with most of them counts."""
    quantity: str | None = None
    """The attribute with the amount, as `root_block_device.0.volume_size`; one where nothing is said."""
    part: str | None = None
    """What of a resource it is the price of; prices of different parts are added."""


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
    """The folder with the provider.yaml; `@<source>/<path>` in a workflow source; of `git` that of its repository."""
    repository: str | None = None
    ref: str | None = None
    """Of `git`: a branch, a tag or a commit, which `vendor update` fetches and locks."""
    version: Text = ""
    """The versions that will do, as a range: `^1.2`, `>=1 <3`."""
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


OutputType = Literal["string", "number", "integer", "boolean", "object", "array", "any"]


class ProductProvisioner(YamlModel):
    """A provisioner that a product brings (`*`: everybody's), by one of `command`, `module` and `entryPoint`."""

    product: str = "*"
    type: str
    name: str = ""
    version: Text = ""
    """The version of the provisioner, or of `module` and `entryPoint` the range that theirs must be in."""
    command: str | list[str] | None = None
    """A program of the repository (`./bin/x`) or on PATH, and its arguments."""
    module: str | None = None
    """`package.module:Class`, below `path` or installed."""
    entry_point: str | None = None
    """The name of an installed class in the group `innominatus.provisioners`."""
    provisioner: str | None = None
    """An older spelling: a command where it is a path, else a module."""
    plugin: str | None = None
    """An older spelling of `command`."""
    path: str = "."
    """The folder of the repository that modules are looked for in."""
    files: list[str] = []
    """Files and folders that the provisioner reads beside its own: a plan holds their object ids."""
    outputs: dict[str, OutputType] = {}
    """What it promises; an answer with less, more or other types fails the step."""
    secret_outputs: list[str] = []
    params: list[str] = []
    """The params that it takes; others are findings. Absent: all."""
    env: dict[str, Text] = {}
    """Variables of its process, as `{TOKEN: "${secrets.stripe-token}"}`."""
    config: dict[str, Any] = {}
    """Settings that it is given with every request. They hold no secret."""
    timeout: DurationSeconds | None = None


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


class EndpointBreaker(YamlModel):
    """When the circuit breaker of an endpoint opens, and how long it stays so."""

    failures: Annotated[int, Field(ge=1, le=1000)] = 5
    """So many calls in a row that were not answered, or answered with 429 or 5xx."""
    cooldown: DurationSeconds = 30
    """How long nothing is called then; after that one call is let through, and decides."""


class CircuitBreakerConfig(EndpointBreaker):
    """Circuit breakers of the endpoints that steps call; what is written here holds for each of them."""

    endpoints: dict[Annotated[str, Field(pattern=r"^[a-z0-9._:\[\]-]+:[0-9]{1,5}$")], EndpointBreaker] = {}
    """By `host:port`, in small letters: what holds for this one instead."""


class RetentionConfig(YamlModel):
    """What `ledger gc` keeps; some records it always keeps."""

    keep_days: Annotated[int, Field(ge=0, le=36_500)] = 365
    """Records of runs that ended less than so many days ago stay."""
    keep_last: Annotated[int, Field(ge=0, le=1_000_000)] = 20
    """So many of the newest runs of each application and environment stay, whenever they ended."""


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
    retention: RetentionConfig = RetentionConfig()
    """What `ledger gc` keeps."""


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
    provisioner_files: Annotated[list[str], Field(max_length=100)] = []
    """Score provisioner files (`*.provisioners.yaml`), or folders of them as `.score-k8s`; the first match counts."""
    resource_definitions: dict[str, str] = {}
    policies: EnvironmentPolicies = EnvironmentPolicies()
    workflow_policies: PolicyRules = PolicyRules()
    environments: dict[str, EnvironmentDefinition] = {}
    teams: dict[str, Team] = {}
    approvals: ApprovalSettings = ApprovalSettings()
    secrets: dict[str, SecretEntry] = {}
    secret_stores: SecretStoresConfig = SecretStoresConfig()
    secret_policy: SecretPolicy = SecretPolicy()
    health_checks: dict[str, HealthCheck] = {}
    alerts: dict[str, AlertDefinition] = {}
    dashboards: dict[str, DashboardDefinition] = {}
    prices: dict[str, Price] = {}
    limits: Limits = Limits()
    retries: dict[str, Retry] = {}
    """By step type: the retry of steps for which neither they nor their workflow say one."""
    circuit_breaker: CircuitBreakerConfig | None = None
    """Without it, no call is refused."""
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

    def environment(self, name: str) -> EnvironmentDefinition | None:
        """The definition of an environment: its own, or that of the first pattern that its name matches."""
        return entry_for(self.environments, name)

    def secrets_in(self, environment: str) -> dict[str, SecretDefinition]:
        """The table `secrets` as an environment has it."""
        return {name: entry.here(environment) for name, entry in self.secrets.items()}
