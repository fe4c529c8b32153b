"""The command group and the one error boundary.

Commands are imported when they run: their names and summaries stand here, so that `--help` and completion import none
of them.
"""

import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from innominatus_cli import __version__
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, Severity

SECTIONS = {
    "Start": {
        "init": "Make a working repository in an empty folder.",
        "new": "Write an application, workflow, product, test, golden path, step type, provider or policy.",
        "doctor": "Show which tools the workflows need, and whether they are here.",
    },
    "Deploy": {
        "run": "Run a golden path or a workflow: plan, judge, execute, commit a record.",
        "deploy": "Deploy an application by the default golden path.",
        "redeploy": "Deploy once more, as the last deployment was asked for.",
        "rollback": "Take back what a run did, or everything behind a run that was good.",
        "resume": "Go on with a run that was killed, failed, was interrupted, or waits.",
        "retry": "Run the failed steps of a run again, or one that succeeded.",
        "cancel": "End a run that works, here or in another clone, or close one that waits.",
        "deprovision": "Remove an application's containers and resources; its records stay.",
        "delete": "Remove an application and its resources, and keep its records: `deprovision`.",
    },
    "Plan": {
        "plan": "Show what a run would do, and why.",
        "preview": "Plan a run, and ask each step's tool what it would change: its own dry run.",
        "plan-diff": "Show how two plans differ: commits, environments or files (also `plan diff`).",
        "diff": "Show how what is deployed differs from what the working tree would deploy.",
        "affected": "Show which applications' plans a change alters, and how.",
        "analyze": "Show how long a plan takes, what runs side by side, and what is risky.",
        "graph-export": "Write a plan as a graph: Mermaid, DOT or JSON.",
    },
    "Check and test": {
        "validate": "Check workflows, golden paths, policies, admin-config and Score files.",
        "check": "Check the whole repository, as CI does.",
        "test": "Run the tests of workflows: planned, judged and simulated, never executed.",
        "explain": "Explain a code of a finding, or why an application's plan has each of its steps.",
    },
    "Approve": {
        "approve": "Approve a plan, or the plan of a run that waits.",
        "reject": "Reject a plan, or the plan of a run.",
        "approvals": "Show what waits for an approval, of whom, and what was given.",
    },
    "See what runs": {
        "status": "Show the last run of each application and environment.",
        "list": "List applications.",
        "history": "List the runs of an application.",
        "runs": "Work with the runs of an application: find the one that turned bad.",
        "logs": "Show what the steps of a run printed.",
        "stats": "Count runs, failures and refusals, and show what is active and what is not covered.",
        "drift": "Ask the tools whether what the last deployment made is still as it made it.",
        "list-resources": "List the resources of applications: their state, and what made them.",
        "resource": "Look at resources: state, history, outputs, health, drift.",
    },
    "Change what runs": {
        "scale": "Let a workload of an application have so many replicas.",
        "restart": "Replace the pods of a workload, one after the other.",
        "exec": "Run a command in a pod of an application.",
        "port-forward": "Lead a port of this machine to a pod of an application.",
    },
    "Products and workflows": {
        "list-products": "List products and their workflows.",
        "list-product-workflows": "List the workflows of a product, or of all.",
        "validate-product-workflow": "Check product workflows, as a pre-commit hook does.",
        "test-product-workflow": "Show or run the steps that a workflow has for an application.",
        "product": "The product commands as a group: list, workflows, validate, test.",
        "show": "Show a workflow: file, steps, whether it is allowed and why.",
        "list-goldenpaths": "List golden paths and their parameters.",
        "provisioners": "See what makes resources, try one, write a new one: list, show, validate, test, new.",
        "vendor": "Use workflows of other repositories: update, list, verify.",
    },
    "Records, locks and secrets": {
        "ledger": "Work with the records: verify, sign, show, export, adopt those that wait.",
        "audit": "Find out who did what: runs and actions by person, action and time.",
        "locks": "Show who holds which lock, here and on the remote, and break one that was left behind.",
        "secrets": "Show the secrets of admin-config, ask their stores for them, change them.",
    },
    "Editors and shells": {
        "schema": "Print the JSON Schema of a kind of document.",
        "lsp": "Run the language server for an editor, over stdin and stdout.",
        "completion": "Print the completion script of a shell.",
        "version": "Show the version.",
    },
}
"""The commands and their summaries by what people want to do, in the order in which they meet them."""
COMMANDS = {name: summary for section in SECTIONS.values() for name, summary in section.items()}


class LazyGroup(click.Group):
    """A group whose commands are modules of `cli.commands`, imported when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of this name."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module  # noqa: PLC0415

        module = import_module(f"innominatus_cli.cli.commands.{cmd_name.replace('-', '_')}")
        return with_blocks(module.command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest known command for an unknown one; `plan diff` is `plan-diff`."""
        if args[:2] == ["plan", "diff"]:
            args = ["plan-diff", *args[2:]]
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from innominatus_cli.findings.near_names import did_you_mean  # noqa: PLC0415

            hint = did_you_mean(args[0], COMMANDS)
            ctx.fail(f"there is no command '{args[0]}'" + (f": {hint}" if hint else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The commands with their summaries, without importing one."""
        widest = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), summary) for name, summary in commands.items()])


def with_blocks(command: click.Command) -> click.Command:
    r"""The command with the `\b` of its raw docstring as click's mark of a block that is not rewrapped."""
    command.help = command.help and command.help.replace("\\b\n", "\b\n")
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        with_blocks(below)
    return command


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog="Start with `innominatus-ctl init`, or `innominatus-ctl COMMAND --help` for examples.",
)
@click.version_option(__version__, prog_name="innominatus-ctl", message="%(prog)s %(version)s")
@click.option("-C", "--directory", metavar="DIR", default=None, help="Work as if started in DIR.")
@click.option("--debug", is_flag=True, help="Show tracebacks of errors of the tool itself.")
def command_line(directory: str | None, debug: bool) -> None:  # noqa: ARG001 - `run` reads --debug itself
    """An internal developer platform without a server: workflows, policies and run records in a git repository."""
    if directory is not None:
        import os  # noqa: PLC0415

        try:
            os.chdir(directory)
        except OSError as problem:
            raise click.UsageError(f"cannot work in '{directory}': {problem.strerror}") from problem


def run(arguments: Sequence[str]) -> int:
    """Runs a command line and returns its exit status; nothing is raised, nothing but a bug shows a traceback."""
    try:
        outcome = command_line.main(args=list(arguments), prog_name="innominatus-ctl", standalone_mode=False)
        sys.stdout.flush()
        status = outcome if isinstance(outcome, int) else ExitStatus.OK
    except click.ClickException as problem:
        with suppress(OSError):  # a closed stderr takes nothing
            problem.show()
        status = problem.exit_code
    except CannotContinue as problem:
        _report(problem.findings)
        status = problem.exit_status
    except (click.Abort, KeyboardInterrupt):
        status = ExitStatus.INTERRUPTED
    except (BrokenPipeError, SystemExit):  # with the latter click ends where the reader of stdout went away
        status = ExitStatus.OUTPUT_LOST
    except OSError as problem:
        status = _trouble(problem, debug="--debug" in arguments)
    except Exception as problem:  # noqa: BLE001 - the boundary: whatever is left is a bug of ours
        pressed = "KeyboardInterrupt" in str(problem)  # pydantic makes a text of a Ctrl-C while it builds a model
        status = (
            ExitStatus.INTERRUPTED if pressed else _git_failed(problem) or _bug(problem, debug="--debug" in arguments)
        )
    return int(status)


def _report(findings: Sequence[Finding]) -> None:
    """Remarks are for results; here only what stands in the way is told."""
    from innominatus_cli.reports.findings_text import findings_text  # noqa: PLC0415
    from innominatus_cli.reports.terminal import to_stderr, wants_colour  # noqa: PLC0415

    shown = [finding for finding in findings if finding.severity is not Severity.INFO]
    to_stderr(findings_text(shown, colour=wants_colour(sys.stderr)).rstrip("\n"))


def _trouble(problem: OSError, *, debug: bool) -> int:
    """The status for an error that nobody foresaw: often stdout takes nothing any more, or the folder is gone."""
    import errno  # noqa: PLC0415
    import os  # noqa: PLC0415

    try:
        sys.stdout.flush()
    except OSError:
        return int(ExitStatus.OUTPUT_LOST)
    if problem.filename is None and problem.errno in {errno.EBADF, errno.EFBIG, errno.EIO, errno.ENOSPC}:
        return int(ExitStatus.OUTPUT_LOST)  # an unbuffered stdout keeps nothing; other writers make findings of theirs
    try:
        os.getcwd()  # noqa: PTH109 - pathlib is not needed to know
    except OSError:
        from innominatus_cli.findings.catalogue.document import NOT_READABLE  # noqa: PLC0415

        _report([Finding(NOT_READABLE, "the current folder is gone", Place("."), "Go to a folder that is there.")])
        return int(ExitStatus.FINDINGS)
    return _bug(problem, debug=debug)


def _git_failed(problem: Exception) -> int:
    """The status where a git command failed that no operation could do without; 0 for anything else."""
    from innominatus_cli.findings.catalogue.ledger import GIT_FAILED  # noqa: PLC0415
    from innominatus_cli.system.git_command import GitFailed  # noqa: PLC0415

    if not isinstance(problem, GitFailed):
        return 0
    _report([Finding(GIT_FAILED, str(problem), Place("git"))])
    return int(GIT_FAILED.exit_status)


def _bug(problem: Exception, *, debug: bool) -> int:
    from innominatus_cli.findings.catalogue.internal import INTERNAL_ERROR  # noqa: PLC0415

    if debug:
        import traceback  # noqa: PLC0415

        traceback.print_exc()
    _report([Finding(INTERNAL_ERROR, f"{type(problem).__name__}: {problem}", Place("innominatus-ctl"))])
    return int(ExitStatus.INTERNAL)
