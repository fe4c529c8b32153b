"""Steps that look and judge: `validation`, `policy` and `security`."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, model_validator

from innominatus_cli.documents.admin_config import HealthCheck
from innominatus_cli.documents.model import DurationSeconds, YamlModel
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.step_types.contract import (
    APPLICATION_WORKLOAD,
    PathInput,
    Reference,
    StepInputs,
    StepType,
    WorkloadInput,
    aliases,
    table_of,
)
from innominatus_cli.step_types.databases import PSQL
from innominatus_cli.step_types.programs import PROGRAM_SPELLINGS, ProgramInputs


class NamedHealthCheck(HealthCheck):
    """A health check with its name: an entry of admin-config's `healthChecks`, or one of the step's own."""

    name: str


HealthCheckName = Annotated[str, table_of("healthChecks")]


class ValidationInputs(ProgramInputs):
    """Inputs of `validation`: named checks, checks of its own, or a program that must succeed."""

    model_config = ConfigDict(json_schema_extra=aliases(**PROGRAM_SPELLINGS, healthChecks=["healthCheck"]))

    health_checks: list[NamedHealthCheck | HealthCheckName] = []
    """Names in admin-config's table `healthChecks`."""
    checks: list[NamedHealthCheck] = []
    """Checks of the step's own: `name`, `type` (http, tcp, tls, dns, file, sql, command) and what that type needs."""
    timeout: DurationSeconds | Reference[int] | None = None
    """How long a single check may take; replaces each check's own `timeout`."""
    retries: Annotated[int, Field(ge=0, le=100)] | Reference[int] | None = None
    """How often a failed check is repeated; replaces each check's own `retries`."""
    interval: DurationSeconds | Reference[int] | None = None
    """Time between two tries; replaces each check's own `interval`."""

    @model_validator(mode="after")
    def _some_check(self) -> "ValidationInputs":
        if not (self.health_checks or self.checks or self.script or self.command):
            raise ValueError("'healthChecks', 'checks', 'script' or 'command' is needed: nothing checked is not valid")
        return self


class ManifestRule(YamlModel):
    """One rule over rendered manifests."""

    name: str
    kinds: list[str] = []
    """Kinds of objects that it speaks of; empty: all."""
    path: str
    """Where to look, as in `spec.template.spec.containers[*].image`; `[*]` is every item."""
    operator: Literal[
        "exists", "absent", "equals", "notEquals", "in", "notIn", "matches", "notMatches", "atMost", "atLeast"
    ]
    value: Any = None
    message: str = ""

    @model_validator(mode="after")
    def _value_fits(self) -> "ManifestRule":
        if self.operator in {"exists", "absent"}:
            return self
        if self.value is None:
            raise ValueError(f"operator {self.operator} needs 'value'")
        if self.operator in {"in", "notIn"} and not isinstance(self.value, list):
            raise ValueError(f"operator {self.operator} needs a list as 'value'")
        if self.operator in {"matches", "notMatches"} and not isinstance(self.value, str):
            raise ValueError(f"operator {self.operator} needs a pattern as 'value', with * for any run of characters")
        if self.operator in {"atMost", "atLeast"} and (
            isinstance(self.value, bool) or not isinstance(self.value, int | float)
        ):
            raise ValueError(f"operator {self.operator} needs a number as 'value'")
        return self


class CelRule(YamlModel):
    """One expression in the Common Expression Language over `object`, the manifest."""

    name: str
    kinds: list[str] = []
    """Kinds of objects that it speaks of; empty: all."""
    expression: str
    message: str = ""


class PolicyInputs(ProgramInputs):
    """Inputs of `policy`: a program that must succeed, or rules over manifests."""

    model_config = ConfigDict(json_schema_extra=aliases(**PROGRAM_SPELLINGS))

    rules: list[ManifestRule] = []
    """Rules that every manifest of this run, and of `manifests`, must keep."""
    manifests: list[PathInput] = []
    """More manifests to judge: files and folders of the repository."""
    engine: Literal["builtin", "opa", "conftest", "kyverno", "cel"] | Reference[str] = "builtin"
    policies: list[str] = []
    """Names that older files give; `policyFiles` says where policies are."""
    policy_files: list[PathInput] = []
    """Files and folders with Rego, for opa and conftest."""
    query: Annotated[str, Field(pattern=r"^data(\.[A-Za-z_][A-Za-z0-9_]*)+$")] | None = None
    """What opa is asked of every object: violations, or whether all is well; `data.main.deny` where nothing is said."""
    namespace: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$")] | None = None
    """The Rego package that conftest asks; all where nothing is said."""
    expressions: list[CelRule] = []
    """Expressions for cel, each of which must be true of every object."""

    @model_validator(mode="after")
    def _some_policy(self) -> "PolicyInputs":
        if self.engine == "cel" and not self.expressions:
            raise ValueError("engine cel needs 'expressions'")
        if self.engine == "builtin" and not (self.rules or self.script or self.command):
            raise ValueError("'script', 'command' or 'rules' is needed: no policy is not a passed policy")
        return self


class SecurityInputs(StepInputs):
    """Inputs of `security`."""

    model_config = ConfigDict(json_schema_extra=aliases(severityThreshold=["severity"], paths=["path", "files"]))

    scanner: (
        Literal["builtin", "trivy", "grype", "gitleaks", "checkov", "bandit", "semgrep", "pip-audit"] | Reference[str]
    ) = "builtin"
    """`builtin` needs no tool."""
    severity_threshold: Literal["LOW", "MEDIUM", "HIGH", "CRITICAL", "low", "medium", "high", "critical"] = "HIGH"
    """The least severity that counts."""
    fail_on_vulnerabilities: bool | Reference[bool] = True
    """False: what is found is told, and the step succeeds. A scan that could not be done fails all the same."""
    paths: list[PathInput] = []
    """Files and folders to scan, besides the application's workload and the manifests of this run."""
    rules: list[PathInput] = []
    """Rules of another scanner: rule files of semgrep, a configuration of gitleaks or bandit, folders of checkov's."""
    workload: WorkloadInput | None = APPLICATION_WORKLOAD
    """The workload to scan."""


def tools_of_checks(checks: Iterable[Any]) -> tuple[ToolNeed, ...]:
    """The programs that checks need, as far as their inputs (YAML keys) say: psql for a database of PostgreSQL."""
    asked = [check for check in checks if isinstance(check, Mapping) and check.get("type") == "sql"]
    servers = [check for check in asked if str(check.get("connectionString", "")).startswith("postgres")]
    return (PSQL,) if servers else ()


_SCANNERS: Final = {
    name: (ToolNeed(name=name, range=wanted),)
    for name, wanted in {
        "gitleaks": ">=8.19",
        "checkov": ">=3",
        "bandit": ">=1.7.9",
        "semgrep": ">=1.60",
        "pip-audit": ">=2.7",
        "trivy": ">=0.50",
        "grype": ">=0.70",
    }.items()
}
_ENGINES: Final = {"opa": (ToolNeed(name="opa", range=">=0.60"),), "conftest": (ToolNeed(name="conftest"),)}
_CONVERGENT: dict[str, Any] = {"idempotency": Idempotency.CONVERGENT, "rollback": "nothing"}

VALIDATION = StepType(
    name="validation",
    summary="Checks that something answers or holds: http, tcp, tls, dns, file, sql and command checks, or a program.",
    inputs=ValidationInputs,
    outputs={"passed": "Number of checks that passed."},
    tools_by_inputs=lambda inputs: tools_of_checks([*inputs.get("healthChecks", ()), *inputs.get("checks", ())]),
    default_timeout_seconds=600,
    **_CONVERGENT,
)
POLICY = StepType(
    name="policy",
    summary="Judges manifests by rules, or runs a program that must succeed.",
    inputs=PolicyInputs,
    outputs={"judged": "Number of manifests that the rules judged."},
    tools_by_inputs=lambda inputs: _ENGINES.get(str(inputs.get("engine")), ()),
    default_timeout_seconds=600,
    **_CONVERGENT,
)
SECURITY = StepType(
    name="security",
    summary="Scans a workload, manifests and files for secrets, mutable images and dangerous settings.",
    inputs=SecurityInputs,
    outputs={
        "scanned": "Number of files and documents that were scanned.",
        "findings": "Number of problems at or over the threshold.",
    },
    tools_by_inputs=lambda inputs: _SCANNERS.get(str(inputs.get("scanner")), ()),
    default_timeout_seconds=900,
    **_CONVERGENT,
)
