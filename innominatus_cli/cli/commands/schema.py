"""`schema`: the JSON Schema of a kind of document."""

import click

from innominatus_cli.cli import offers
from innominatus_cli.cli.output import output_option, print_listing, print_text


@click.command("schema")
@click.argument("kind", required=False, shell_complete=offers.schemas)
@click.option("--list", "listed", is_flag=True, help="List the schemas.")
@output_option("text", "table", "json", "yaml")
def command(kind: str | None, listed: bool, output: str) -> int:
    r"""Print the JSON Schema (draft 2020-12) of a kind of document, for editors and other tools.

    KIND is a kind (ProductWorkflow), a name of the list (golden-path, plan.v1, step-types/script), or one without its
    version, for the newest. The text of a schema is JSON.

    \b
    Examples:
      innominatus-ctl schema --list
      innominatus-ctl schema ProductWorkflow > workflow.schema.json
      innominatus-ctl schema step-types/terraform -o yaml
    """
    from innominatus_cli.documents.schemas import schema_named, schema_names
    from innominatus_cli.findings.near_names import did_you_mean
    from innominatus_cli.reports.listing import data_text
    from innominatus_cli.reports.schema_list import schema_list

    if listed:
        print_listing(schema_list(), output)
        return 0
    if kind is None:
        raise click.UsageError("name a kind, or list them with --list")
    if (schema := schema_named(kind)) is None:
        hint = did_you_mean(kind, schema_names()) or "`schema --list` shows all"
        raise click.UsageError(f"there is no schema '{kind}': {hint}")
    print_text(data_text(schema, "yaml" if output == "yaml" else "json"))
    return 0
