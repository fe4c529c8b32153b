"""What a command lists or shows, in every format: table, wide, JSON, YAML or a template of the user's own."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from innominatus_cli.reports.table import table_lines


class Column(NamedTuple):
    """A column: its header and the key of an item whose value it shows; `wide` ones only with `-o wide`."""

    header: str
    key: str
    wide: bool = False


class Listing(NamedTuple):
    """Items of plain data. `document` (when given) is what JSON and YAML show instead of the bare list of items."""

    columns: Sequence[Column]
    items: Sequence[dict[str, Any]]
    document: object = None
    empty: str = "Nothing found."
    footer: Sequence[str] = ()

    def page(self, limit: int | None, offset: int) -> "Listing":
        """The items from `offset`, at most `limit` of them."""
        end = None if limit is None else offset + limit
        return Listing(self.columns, self.items[offset:end], self.document, self.empty, self.footer)


def listing_text(listing: Listing, output: str) -> str:
    """The listing in the given format. Raises ValueError with a reason for a template that cannot be rendered."""
    if output in {"json", "yaml"}:
        return data_text(list(listing.items) if listing.document is None else listing.document, output)
    if output.startswith("template="):
        return "".join(f"{_rendered(output.removeprefix('template='), item)}\n" for item in listing.items)
    if not listing.items:
        return f"{listing.empty}\n"
    columns = [column for column in listing.columns if output == "wide" or not column.wide]
    rows = [[item.get(column.key) for column in columns] for item in listing.items]
    lines = [*table_lines([column.header for column in columns], rows), *listing.footer]
    return "".join(f"{line}\n" for line in lines)


def data_text(data: object, output: str) -> str:
    """Plain data as JSON or YAML (`output` names which)."""
    if output == "json":
        import json  # noqa: PLC0415 - formats are imported when they are asked for

        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    from innominatus_cli.documents.yaml_writer import result_text  # noqa: PLC0415

    return result_text(data)


def template_text(template: str, data: dict[str, Any]) -> str:
    """One document through a template of the user's own. Raises ValueError with a reason."""
    return f"{_rendered(template, data)}\n"


def _rendered(template: str, item: dict[str, Any]) -> str:
    from jinja2 import TemplateError, UndefinedError  # noqa: PLC0415

    from innominatus_cli.reports.template_environment import TemplateEnvironment  # noqa: PLC0415

    environment = TemplateEnvironment()
    try:
        return environment.from_string(template).render(item)
    except UndefinedError as problem:
        raise ValueError(f"the template cannot be rendered: {problem}; known: {', '.join(item)}") from problem
    except (TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as problem:
        raise ValueError(f"the template cannot be rendered: {problem}") from problem
