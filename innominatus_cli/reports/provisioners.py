"""What `provisioners` prints: the list, one type with everything, and how a trial went."""

from collections.abc import Sequence
from typing import Any, Final

from innominatus_cli.documents.words import counted
from innominatus_cli.operations.provisioning.testing import Trial
from innominatus_cli.reports.listing import Column, Listing

_COLUMNS: Final = (
    Column("Type", "type"),
    Column("Provisioner", "name"),
    Column("Version", "version"),
    Column("Kind", "kind"),
    Column("Product", "product"),
    Column("Source", "source"),
    Column("State", "state"),
    Column("Used By", "used_by"),
    Column("Class", "class", wide=True),
    Column("Id", "id", wide=True),
    Column("Description", "description", wide=True),
)


def provisioners_listing(rows: Sequence[dict[str, Any]]) -> Listing:
    """All provisioners, by type."""
    document = {"schema": "innominatus.dev/provisioners/v1", "provisioners": list(rows)}
    return Listing(_COLUMNS, rows, document)


def provisioners_document(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All that make one type, as data."""
    return {"schema": "innominatus.dev/provisioners/v1", "provisioners": list(rows)}


def provisioners_text(rows: Sequence[dict[str, Any]]) -> str:
    """All that make one type, for people."""
    return "\n".join(_one(row) for row in rows)


def _one(row: dict[str, Any]) -> str:
    head = f"{row['type']}  {row['name']} {row['version']}".rstrip()
    lines = [f"{head} ({row['kind']}, {row['source']})"]
    lines += [f"  {row['description']}"] if row["description"] else []
    if row["problem"] or row["hidden_by"]:
        lines.append(f"  state       {row['state']}" + (f": {row['problem']}" if row["problem"] else ""))
    said = {
        "product": row["product"],
        "class": row["class"],
        "used by": ", ".join(row["used_by"]),
        "alias of": row["alias_of"],
        "operations": ", ".join(row["operations"]),
        "runs": " ".join(row["run"]),
        "files": ", ".join(row["files"]),
    }
    lines += [f"  {key:<11} {value}" for key, value in said.items() if value and value != "*"]
    lines += [f"  {operation:<11} {path}" for operation, path in row["workflows"].items()]
    for title, values in (("params", row["params"]), ("outputs", row["outputs"])):
        lines += [f"  {title}:"] if values else []
        for name, meaning in values.items():
            secret = " (secret)" if title == "outputs" and name in row["secret_outputs"] else ""
            lines.append(f"    {name:<20} {meaning}{secret}".rstrip())
    return "".join(f"{line}\n" for line in lines)


def trial_document(trial: Trial) -> dict[str, Any]:
    """A trial as data; it names outputs and holds no value."""
    return {
        "schema": "innominatus.dev/provisioner-trial/v1",
        "name": trial.choice.name,
        "type": trial.choice.type,
        "kind": trial.choice.kind.value,
        "source": trial.choice.where,
        "passed": trial.passed,
        "outputs": list(trial.outputs),
        "secret_outputs": list(trial.secrets),
        "stages": [
            {"name": one.name, "passed": one.passed, "message": one.message, "milliseconds": one.milliseconds}
            for one in trial.stages
        ],
    }


def trial_text(trial: Trial) -> str:
    """A trial for people."""
    lines = [f"{trial.choice.name} ({trial.choice.type}, {trial.choice.where})"]
    for one in trial.stages:
        sign = "✓" if one.passed else "✗"
        lines.append(f"  {sign} {one.name:<18} {one.milliseconds:>6} ms  {one.message}".rstrip())
    if trial.outputs:
        names = ", ".join(f"{name} (secret)" if name in trial.secrets else name for name in trial.outputs)
        lines.append(f"  outputs: {names}")
    failed = sum(not one.passed for one in trial.stages)
    lines.append(f"{counted(failed, 'stage')} failed" if failed else "It keeps the rules of provisioners.")
    return "".join(f"{line}\n" for line in lines)
