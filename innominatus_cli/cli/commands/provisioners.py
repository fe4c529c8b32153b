"""`provisioners`: what makes resources."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, page_options, print_document, print_listing, print_text


@click.group("provisioners")
def command() -> None:
    r"""Work with what makes resources: list, show and check provisioners, try one, write a new one.

    \b
    Examples:
      innominatus-ctl provisioners list
      innominatus-ctl provisioners test payment-gateway --param webhook_url=https://shop.example/hooks
    """


@command.command("list", short_help="List what makes resources, by type.")
@click.option(
    "--product", metavar="PRODUCT", help="Only what its applications may have.", shell_complete=offers.products
)
@output_option()
@page_options
def list_provisioners(product: str | None, output: str, limit: int | None, offset: int) -> int:
    r"""List every provisioner: those of products, providers, Score provisioner files, and the built-in ones.

    `Used By` names the applications whose Score files get it, and the workflows whose steps do.

    \b
    Examples:
      innominatus-ctl provisioners list
      innominatus-ctl provisioners list --product ecommerce -o json
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.operations.opening import open_repository
    from innominatus_cli.operations.provisioning.looking import provisioners
    from innominatus_cli.reports.provisioners import provisioners_listing

    repository = open_repository()
    print_listing(provisioners_listing(provisioners(repository, product)[offset:][:limit]), output)
    return told(repository.findings)


@command.command("show", short_help="Show what makes a type: params, outputs, where it is written.")
@click.argument("type_", metavar="TYPE", shell_complete=offers.resource_types)
@output_option("table", "json", "yaml")
def show(type_: str, output: str) -> int:
    r"""Show everything that makes a type of resource, the one that counts first.

    \b
    Examples:
      innominatus-ctl provisioners show postgres
      innominatus-ctl provisioners show route -o json
    """
    from innominatus_cli.operations.opening import open_repository
    from innominatus_cli.operations.provisioning.looking import provisioners_of_type
    from innominatus_cli.reports.provisioners import provisioners_document, provisioners_text

    rows = provisioners_of_type(open_repository(), type_)
    print_document(provisioners_document(rows), output, lambda: provisioners_text(rows))
    return 0


@command.command("validate", short_help="Check that every provisioner can be used, and no two conflict.")
@output_option("table", "json", "yaml")
def validate(output: str) -> int:
    r"""Check the provisioners of the repository, without starting one.

    \b
    Examples:
      innominatus-ctl provisioners validate
    """
    from innominatus_cli.cli.remarks import told
    from innominatus_cli.documents.words import counted
    from innominatus_cli.operations.opening import open_repository
    from innominatus_cli.operations.provisioning.looking import problems
    from innominatus_cli.reports.findings_json import findings_document

    repository = open_repository()
    findings, count = problems(repository)
    text = f"{counted(count, 'provisioner')} checked, beside those that are built in.\n"
    print_document(findings_document(findings, count), output, lambda: text)
    return told(findings, repository.sources())


@command.command("test", short_help="Run one through its life in a scratch folder, and judge it.")
@click.argument("name", metavar="NAME", shell_complete=offers.provisioners)
@click.option("--param", "params", metavar="KEY=VALUE", multiple=True, help="A param of the resource. May be repeated.")
@click.option("--class", "class_", metavar="CLASS", default="default", help="The class of the resource.")
@output_option("table", "json", "yaml")
def test(name: str, params: tuple[str, ...], class_: str, output: str) -> int:
    r"""Run a provisioner for real: provision, again, status, deprovision, again; and judge what it did.

    The same request again must change nothing, and nothing may be left. VALUE is JSON where it can be, else a text.

    \b
    Examples:
      innominatus-ctl provisioners test data-lake
      innominatus-ctl provisioners test payment-gateway --param webhook_url=https://shop.example/hooks
    """
    from innominatus_cli.operations.opening import open_repository
    from innominatus_cli.operations.provisioning.params import params_of
    from innominatus_cli.operations.provisioning.testing import try_provisioner
    from innominatus_cli.reports.provisioners import trial_document, trial_text

    try:
        given = params_of(params)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--param") from wrong
    trial = try_provisioner(open_repository(), name, given, class_)
    print_document(trial_document(trial), output, lambda: trial_text(trial))
    return int(not trial.passed)


@command.command("new", short_help="Write a provisioner of a type, in bash or Python, to go on from.")
@click.argument("type_", metavar="TYPE")
@click.option("--language", type=click.Choice(["bash", "python"]), default="bash", show_default=True)
@click.option("--product", metavar="PRODUCT", default="*", help="Whose it is.", shell_complete=offers.products)
@click.option("--dry-run", is_flag=True, help="Show the file, and write none.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def new(type_: str, language: str, product: str, dry_run: bool, force: bool) -> int:
    r"""Write a provisioner that keeps the rules already, and say how it is switched on.

    \b
    Examples:
      innominatus-ctl provisioners new search-index
      innominatus-ctl provisioners new queue --language python --product ecommerce
    """
    from pathlib import Path

    from innominatus_cli.operations.creation.files import write_creation
    from innominatus_cli.operations.opening import open_repository, root_of
    from innominatus_cli.operations.provisioning.creating import name_problem, new_provisioner
    from innominatus_cli.reports.creation import creation_text

    if wrong := name_problem(type_):
        raise click.BadParameter(wrong, param_hint="TYPE")
    root = root_of(open_repository())
    creation = new_provisioner(type_, "python" if language == "python" else "bash", product)
    written = write_creation(root, creation, force=force, dry_run=dry_run)
    print_text(creation_text(creation, written, root, Path.cwd(), dry_run=dry_run))
    return 0
