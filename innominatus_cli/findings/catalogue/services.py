"""Block 52xx, 5213 to 5229: services that steps call."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code

BREAKER_OPEN = Code(
    "ORC-5213",
    "A service failed too often and is left alone",
    "See what is wrong with the service; go on with `resume` when it is well, or change `circuitBreaker` of "
    "admin-config.yaml.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The circuit breaker of the endpoint is open: so many calls in a row were not answered, or were answered "
    "with 429 or 5xx, and the cooldown is not over. The attempt failed without calling; `retry` may try again later.",
)
