"""What `list-resources` and `resource` print."""

from collections.abc import Sequence
from typing import Any, Final

from innominatus_cli.reports.listing import Column, Listing
from innominatus_cli.reports.terminal import one_line, printable

_COLUMNS: Final = (
    Column("Application", "application"),
    Column("Environment", "environment"),
    Column("Resource", "resource"),
    Column("Type", "type"),
    Column("State", "state"),
    Column("Since", "since"),
    Column("Provisioner", "made_by"),
    Column("Id", "id", wide=True),
    Column("Class", "class", wide=True),
    Column("Run", "run", wide=True),
    Column("Outputs", "names", wide=True),
    Column("Used by", "users", wide=True),
    Column("Tags", "tagged", wide=True),
)


def resources_listing(rows: Sequence[dict[str, Any]]) -> Listing:
    """All resources, with who made them; `wide` also their outputs by name."""
    shown = [
        {
            **row,
            "made_by": row["provisioner"]["name"] or row["provisioner"]["kind"],
            "names": ", ".join(sorted(row["outputs"])),
            "state": f"{row['state']} (orphaned)" if row["orphaned"] else row["state"],
            "users": ", ".join(row["used_by"]),
            "tagged": ", ".join(f"{name}={value}" for name, value in sorted(row["tags"].items())),
        }
        for row in rows
    ]
    document = {"schema": "innominatus.dev/resources/v1", "resources": list(rows)}
    return Listing(_COLUMNS, shown, document, "The records know no resource.")


def resource_text(row: dict[str, Any]) -> str:
    """One resource for people."""
    by = row["provisioner"]
    who = " ".join(filter(None, (by["name"], by["version"])))
    lines = [
        f"{row['resource']} of {row['application']} in {row['environment']}: {row['state']} since {row['since']}",
        f"  type         {row['type']} (class {row['class']}, id {row['id']})",
        f"  provisioner  {who + ', ' if who else ''}{by['kind']}, {by['source']}",
        f"  run          {row['run']}",
        f"  record       {row['record']}",
    ]
    if row["orphaned"]:
        lines.append("  orphaned     the Score file has it no more")
    if row["used_by"]:
        lines.append(f"  used by      {', '.join(row['used_by'])}")
    lines += [f"  tag          {name}={value}" for name, value in sorted(row["tags"].items())]
    lines += [f"  {one['type']:<12} {one['label']}: {one['value']}" for one in row["hints"]]
    lines += [f"  output       {name} = {_short(value)}" for name, value in sorted(row["outputs"].items())]
    lines += [f"  output       {name}: withheld" for name in row["withheld_outputs"]]
    for one in row.get("backups", ()):
        lines.append(f"  backup       {one['id']}  {one['at']}  by {one['by']}  {one['location']}".rstrip())
    for one in row["operations"]:
        differs = f": {', '.join(one['differences'])}" if one["differences"] else ""
        ended = "" if one["status"] == "succeeded" else f" ({one['status']})"
        did = f"{one['did']}{ended}, by '{one['operation']}' in run {one['run']} of {one['by']}{differs}"
        lines.append(f"  operation    {one['at']}  {did}")
    lines += [f"  history      {one['at']}  {one['state']}  by run {one['run']}" for one in row["history"]]
    return "".join(f"{one_line(line)}\n" for line in lines)


def outputs_text(outputs: dict[str, Any]) -> str:
    """Outputs, a line each; what a terminal would obey is escaped, and JSON has it as it is."""
    return printable("".join(f"{name}={_short(value)}\n" for name, value in sorted(outputs.items())))


def _short(value: object) -> str:
    import json  # noqa: PLC0415 - only what is no text needs it

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
