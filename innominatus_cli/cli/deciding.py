"""What `approve` and `reject` share: their options, and telling what came of the decision."""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import print_document

T = TypeVar("T")


def decision_options(function: Callable[..., T]) -> Callable[..., T]:
    """The argument and options of a decision."""
    for option in reversed(
        [
            click.argument("target", metavar="PLAN|RUN", shell_complete=offers.runs),
            click.option("--gate", "gates", metavar="GATE", multiple=True, help="Only this gate; may be repeated."),
            click.option("--reason", default="", metavar="TEXT", help="Why, for the record."),
            click.option("--key", metavar="FILE", help="Sign with this ssh key; with --gpg, with this gpg key."),
            click.option("--gpg", is_flag=True, help="Sign with gpg."),
            click.option("--token", metavar="FILE", shell_complete=offers.files, help="An OpenID token of CI."),
            click.option("--review", metavar="FILE", shell_complete=offers.files, help="A review, from GitHub's API."),
            click.option("--policies-from", metavar="REV", help="Teams and signers of another revision."),
            click.option("--no-commit", is_flag=True, help="Write the record without committing it."),
            click.option("--push", is_flag=True, help="Push the record's commit."),
        ]
    ):
        function = option(function)
    return function


def decide(action: Literal["approve", "reject"], output: str, given: dict[str, Any]) -> int:
    """Gives the decision, prints what came of it, and returns the exit status."""
    ways = [name for name in ("gpg", "token", "review") if given[name]]
    if len(ways) > 1 or (given["key"] and {"token", "review"} & set(ways)):
        raise click.UsageError("one decision has one proof: --key, --gpg, --token or --review")
    from innominatus_cli.cli.remarks import told  # noqa: PLC0415 - usage errors need none of it
    from innominatus_cli.operations.approving import Proof, Wish, decide_on  # noqa: PLC0415
    from innominatus_cli.operations.history import open_ledger  # noqa: PLC0415
    from innominatus_cli.reports.approvals import given_document, given_text  # noqa: PLC0415

    proof = Proof(given["key"], given["gpg"], given["token"], given["review"])
    wish = Wish(
        action=action,
        target=given["target"],
        gates=given["gates"],
        reason=given["reason"],
        proof=proof,
        policies_from=given["policies_from"],
        commit=not given["no_commit"],
        push=given["push"],
    )
    done = decide_on(open_ledger(), wish)
    print_document(given_document(done), output, lambda: given_text(done))
    return told(done.findings)
