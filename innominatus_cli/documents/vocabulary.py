"""The closed sets of words that documents are made of; the field's own terms, once."""

from enum import StrEnum


class Phase(StrEnum):
    """A barrier-separated part of a deployment, in order."""

    PRE_DEPLOYMENT = "pre-deployment"
    DEPLOYMENT = "deployment"
    POST_DEPLOYMENT = "post-deployment"


class Tier(StrEnum):
    """Who a workflow belongs to; inside a phase the tiers run in this order."""

    PLATFORM = "platform"
    PRODUCT = "product"
    APPLICATION = "application"


class Trigger(StrEnum):
    """What brings a workflow into a deployment."""

    ALL_DEPLOYMENTS = "all_deployments"
    PRODUCT_DEPLOYMENT = "product_deployment"
    FIRST_DEPLOYMENT = "first_deployment"
    MANUAL = "manual"


class Operation(StrEnum):
    """What a plan is for."""

    DEPLOY = "deploy"
    UNDEPLOY = "undeploy"
    TASK = "task"


class When(StrEnum):
    """Whether a step runs after a failure."""

    ON_SUCCESS = "on_success"
    ON_FAILURE = "on_failure"
    ALWAYS = "always"
    MANUAL = "manual"


class Idempotency(StrEnum):
    """What resume may do with a step that may have run: run it again, ask a probe, or ask a person."""

    CONVERGENT = "convergent"
    CHECK = "check"
    ONCE = "once"


PHASES = tuple(Phase)
TIERS = tuple(Tier)
