"""Steps of the platform's oversight: `cost-analysis`, `tagging` and `monitoring`."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, model_validator

from innominatus_cli.documents.admin_config import AlertDefinition, DashboardDefinition, Price
from innominatus_cli.documents.model import Text
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.expressions.references import may_refer
from innominatus_cli.step_types.contract import (
    APPLICATION_WORKLOAD,
    WHOLE_TABLE,
    PathInput,
    Reference,
    StepInputs,
    StepType,
    WorkloadInput,
    aliases,
    table_of,
)


class NamedPrice(Price):
    """A price with what it is of: an entry of admin-config's `prices`."""

    name: str


PriceName = Annotated[str, table_of("prices")]


class CostAnalysisInputs(StepInputs):
    """Inputs of `cost-analysis`."""

    model_config = ConfigDict(json_schema_extra=aliases(budgetLimit=["budget"], plans=["plan"], planFiles=["planFile"]))

    budget_limit: Annotated[int, Field(ge=0)] | Annotated[float, Field(ge=0)] | Reference[float] | None = None
    """The budget of a month, in whole units of the prices' currency (prices are in cents)."""
    alert_threshold: Annotated[int, Field(ge=1, le=100)] | Reference[int] = 80
    """The share of the budget, in percent, from which on the step warns."""
    enforce_limit: bool | Reference[bool] = True
    """Whether an estimate over the budget fails the step."""
    replicas: Annotated[int, Field(ge=1, le=10_000)] | Reference[int] = 1
    """How many replicas of the containers are priced."""
    prices: list[NamedPrice | PriceName] = [WHOLE_TABLE]
    """Names in admin-config's table `prices`; all of them where nothing is said."""
    workload: WorkloadInput | None = APPLICATION_WORKLOAD
    """The workload that is priced."""
    only_plans: bool = False
    """Whether the plans alone are priced, and no workload."""
    plans: list[str] = []
    """Outputs `plan` of `terraform` steps: files below the state folder."""
    plan_files: list[PathInput] = []
    """Plans of Terraform in the repository, as `terraform show -json` prints them."""
    unpriced: Literal["fail", "tell"] = "fail"
    """What something without a price does to the step; `tell`: the estimate is a lower bound, and says so."""


_TAG_NAME: Final = re.compile(r"\w[\w.:/=+@-]{0,127}")
"""What AWS takes as the key of a tag (EC2 user guide, "Tag restrictions"), without blanks and with no sign first: so
command lines and labels can have it too."""


def wrong_tag_name(names: Iterable[str]) -> str:
    """What is wrong with the first name of a tag that no cloud would take; empty where all are fine."""
    for name in names:
        if not _TAG_NAME.fullmatch(name):
            return f"{name!r:.60} is no name of a tag: at most 128 letters, digits and '_.:/=+@-', no sign first"
        if name.lower().startswith("aws:"):
            return f"{name!r:.60} is no name of a tag: AWS keeps those that begin with 'aws:' to itself"
    return ""


class TaggingInputs(StepInputs):
    """Inputs of `tagging`."""

    model_config = ConfigDict(json_schema_extra=aliases(tags=["labels"], required=["requiredTags"]))

    tags: dict[str, Text] = {}
    """Tags by name. One whose value is empty is missing."""
    required: list[str] = []
    """Tags that must have a value, besides all those that `tags` names."""

    @model_validator(mode="after")
    def _names(self) -> "TaggingInputs":
        wrong = wrong_tag_name(name for name in (*self.tags, *self.required) if not may_refer(name))
        if wrong:
            raise ValueError(wrong)
        return self


PROMTOOL: Final = ToolNeed(name="promtool", range=">=2.30")
AlertName = Annotated[str, table_of("alerts")]


class NamedAlert(AlertDefinition):
    """An alert with its name: an entry of admin-config's `alerts`, or one of the step's own."""

    name: str


DashboardName = Annotated[str, table_of("dashboards")]


class NamedDashboard(DashboardDefinition):
    """A dashboard with its name: an entry of admin-config's `dashboards`, or one of the step's own."""

    name: str


class MonitoringInputs(StepInputs):
    """Inputs of `monitoring`."""

    model_config = ConfigDict(json_schema_extra=aliases(alerts=["alert"], service=["serviceName"]))

    service: str | None = None
    """What is watched; the application where nothing is said. `$SERVICE` in an expression stands for it."""
    alerts: list[NamedAlert | AlertName] = []
    """Names in admin-config's table `alerts`, or alerts of the step's own."""
    dashboards: list[NamedDashboard | DashboardName] = []
    """Names in admin-config's table `dashboards`, or dashboards of the step's own."""
    tests: list[PathInput] = []
    """Files of unit tests for `promtool test rules`, whose `rule_files` is `[rules.yaml]`: the rules of this step."""
    namespace: str | None = None
    """The namespace of the rules; the application's name where nothing is said."""
    labels: dict[str, Text] = {}
    """More labels for every rule, such as the team that is called."""


_CONVERGENT: dict[str, Any] = {"idempotency": Idempotency.CONVERGENT, "rollback": "nothing"}

COST_ANALYSIS = StepType(
    name="cost-analysis",
    summary="Estimates what a workload and Terraform plans cost in a month and holds it against a budget.",
    inputs=CostAnalysisInputs,
    outputs={
        "monthly_cents": "The estimate, in cents.",
        "budget_share": "The estimate as a share of the budget, in percent; null without a budget.",
        "items": "What was priced, each with its amount and cents.",
        "unpriced": "What has no price, each with the reason; empty unless `unpriced` is `tell`.",
    },
    default_timeout_seconds=300,
    **_CONVERGENT,
)
TAGGING = StepType(
    name="tagging",
    summary="Makes the application's tags and refuses to go on without the required ones.",
    inputs=TaggingInputs,
    outputs={"tags": "Every tag, by name."},
    default_timeout_seconds=300,
    **_CONVERGENT,
)
MONITORING = StepType(
    name="monitoring",
    summary="Renders Prometheus alert rules, which promtool checks and tests, and Grafana dashboards.",
    inputs=MonitoringInputs,
    outputs={
        "alerts": "Names of the rendered alerts.",
        "dashboards": "Names of the rendered dashboards.",
        "checked": "Whether promtool checked the rules.",
        "tested": "Number of files of tests that the rules passed.",
        "manifest": "Rules and dashboards as YAML, for `manifest` of a `kubernetes` step; empty where there are none.",
    },
    tools_by_inputs=lambda inputs: (PROMTOOL,) if inputs.get("tests") else (),
    default_timeout_seconds=300,
    **_CONVERGENT,
)
