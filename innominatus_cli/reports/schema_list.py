"""The list of all JSON Schemas."""

from innominatus_cli.documents.schemas import KIND_FILES, schema_files, schema_named
from innominatus_cli.reports.listing import Column, Listing


def schema_list() -> Listing:
    """Every schema by its name, with the kinds of documents that it is for and its `$id`."""
    items = []
    for name in schema_files():
        schema = schema_named(name) or {}
        kinds = [kind for kind, file in KIND_FILES.items() if file == name]
        items.append({"name": name, "kinds": kinds, "title": schema.get("title"), "id": schema.get("$id")})
    return Listing((Column("Name", "name"), Column("Kinds", "kinds"), Column("What it describes", "title")), items)
