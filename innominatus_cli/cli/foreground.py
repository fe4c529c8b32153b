"""`exec` and `port-forward`: from words to a program that has the terminal."""

import re
import sys
from typing import TYPE_CHECKING, Final

import click

_PORTS: Final = re.compile(r"(?:[0-9]{1,5}:)?[0-9]{1,5}")
_LARGEST: Final = 65_535
if TYPE_CHECKING:
    _TextType = click.ParamType[str]
else:
    _TextType = click.ParamType


class Ports(_TextType):
    """`PORT` or `LOCAL:PORT`."""

    name = "ports"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The same text, where it is that."""
        text = str(value)
        if not _PORTS.fullmatch(text) or not all(0 < int(part) <= _LARGEST for part in text.split(":")):
            return self.fail(f"'{text}' is neither PORT nor LOCAL:PORT", param, ctx)
        return text


def execute_in_pod(
    application: str,
    words: tuple[str, ...],
    environment: str | None,
    workload: str | None,
    container: str | None,
    *,
    stdin: bool,
) -> int:
    """Runs a command in a pod; with a terminal on both sides where we have one. Returns its exit status."""
    from innominatus_cli.cli.remarks import told  # noqa: PLC0415 - what `--help` needs is above
    from innominatus_cli.operations.history import open_ledger  # noqa: PLC0415
    from innominatus_cli.operations.resources.by_hand import execute  # noqa: PLC0415
    from innominatus_cli.operations.resources.workloads import workload_of  # noqa: PLC0415

    ledger = open_ledger()
    meant = workload_of(ledger, application, workload, environment)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    status, findings = execute(ledger, meant, words, container, stdin=stdin or terminal, terminal=terminal)
    return status or told(findings)


def forward(
    application: str, ports: tuple[str, ...], environment: str | None, workload: str | None, address: str
) -> int:
    """Leads ports to a pod until it is interrupted, which is no failure. Returns the exit status."""
    from innominatus_cli.findings.exit_status import ExitStatus  # noqa: PLC0415 - what `--help` needs is above
    from innominatus_cli.operations.history import open_ledger  # noqa: PLC0415
    from innominatus_cli.operations.resources.by_hand import forward_port  # noqa: PLC0415
    from innominatus_cli.operations.resources.workloads import workload_of  # noqa: PLC0415

    ledger = open_ledger()
    status = forward_port(ledger, workload_of(ledger, application, workload, environment), ports, address)
    return ExitStatus.OK if status == ExitStatus.INTERRUPTED else status
