"""`exec` and `port-forward`: from words to a program that has the terminal."""

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

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
    given: Mapping[str, Any],
    *,
    stdin: bool,
) -> int:
    """Runs a command in a pod; with a terminal on both sides where we have one. Returns its exit status.

    `given` holds the values of `hand_options`.
    """
    from innominatus_cli.cli.remarks import told  # noqa: PLC0415 - what `--help` needs is above
    from innominatus_cli.operations.history import open_ledger  # noqa: PLC0415
    from innominatus_cli.operations.resources.by_hand import execute  # noqa: PLC0415
    from innominatus_cli.operations.resources.permission import HandOptions  # noqa: PLC0415
    from innominatus_cli.operations.resources.workloads import workload_of  # noqa: PLC0415

    ledger = open_ledger()
    meant = workload_of(ledger, application, workload, environment)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    options = HandOptions(**given)
    status, findings = execute(ledger, meant, words, container, options, stdin=stdin or terminal, terminal=terminal)
    return status or told(findings)


def forward(
    application: str,
    ports: tuple[str, ...],
    environment: str | None,
    workload: str | None,
    address: str,
    given: Mapping[str, Any],
) -> int:
    """Leads ports to a pod until it is interrupted, which is no failure. Returns the exit status.

    `given` holds the values of `hand_options`.
    """
    from innominatus_cli.cli.remarks import told  # noqa: PLC0415 - what `--help` needs is above
    from innominatus_cli.findings.exit_status import ExitStatus  # noqa: PLC0415
    from innominatus_cli.operations.history import open_ledger  # noqa: PLC0415
    from innominatus_cli.operations.resources.by_hand import forward_port  # noqa: PLC0415
    from innominatus_cli.operations.resources.permission import HandOptions  # noqa: PLC0415
    from innominatus_cli.operations.resources.workloads import workload_of  # noqa: PLC0415

    ledger = open_ledger()
    meant = workload_of(ledger, application, workload, environment)
    status, findings = forward_port(ledger, meant, ports, address, HandOptions(**given))
    return told(findings) if status in {0, ExitStatus.INTERRUPTED} else status
