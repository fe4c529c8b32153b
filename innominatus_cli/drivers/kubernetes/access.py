"""Why a cluster cannot be used, by what kubectl and helm say of it."""

import re
from typing import Final

from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.findings.catalogue.infrastructure import CLUSTER_REFUSES
from innominatus_cli.findings.finding import Finding
from innominatus_cli.system.commands import CommandOutcome, Ending

_SAYS: Final = (
    (re.compile(rb"context \S+ does not exist|context was not found|no context exists"), "has no such context"),
    (
        re.compile(
            rb"must be logged in|\bUnauthorized\b|asked for the client to provide credentials|getting credentials:"
        ),
        "is refused: no usable credentials",
    ),
    (re.compile(rb"x509: "), "answers with a certificate that is not trusted"),
    (re.compile(rb"\(Forbidden\): | is forbidden: User "), "does not allow this"),
    (
        re.compile(rb"dial tcp|connection to the server \S+ was refused|Unable to connect|cluster unreachable"),
        "cannot be reached: nobody answers at its address",
    ),
)
"""What stands in the messages of client-go and helm; the first that fits."""
_WHO: Final = {"has no such context": "the kubeconfig"}


def failed(ctx: StepContext, program: str, outcome: CommandOutcome) -> Finding:
    """The finding for a kubectl or helm that did not succeed; nothing of what it printed is told."""
    if outcome.ending is Ending.EXITED:
        for pattern, told in _SAYS:
            if pattern.search(outcome.stderr.head):
                return ctx.finding(CLUSTER_REFUSES, f"'{program}': {_WHO.get(told, 'the cluster')} {told}")
    return ctx.program_failed(program, outcome)
