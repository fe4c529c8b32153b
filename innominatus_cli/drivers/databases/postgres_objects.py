"""What a PostgreSQL database holds before and after a text of SQL, from its catalogue."""

from typing import Any, Final

from innominatus_cli.documents.json_reader import read_json
from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.drivers.databases.connections import Connection
from innominatus_cli.drivers.databases.psql import Asked, executed, lock_key, psql
from innominatus_cli.findings.catalogue.databases import SCHEMA_FAILED, TOOL_UNREADABLE
from innominatus_cli.findings.finding import Finding

_DECLARED: Final = "innominatus_declared"
"""The schema that exists only inside a transaction which is taken back."""
_OURS: Final = "n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'"
_NO_EXTENSION: Final = "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.objid = {} AND e.deptype = 'e')"
_OBJECTS: Final = f"""SELECT pg_catalog.json_build_object('objects', coalesce(pg_catalog.json_object_agg(k, v), '{{}}'))
FROM (
SELECT CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'view ' WHEN 'i' THEN 'index ' WHEN 'I' THEN 'index '
 WHEN 'S' THEN 'sequence ' ELSE 'table ' END || n.nspname || '.' || c.relname AS k,
 CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid)
 WHEN c.relkind IN ('i', 'I') THEN pg_catalog.pg_get_indexdef(c.oid) ELSE '' END AS v
 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE {_OURS} AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'i', 'I', 'S') AND {_NO_EXTENSION.format("c.oid")}
UNION ALL SELECT 'column ' || n.nspname || '.' || c.relname || '.' || a.attname,
 pg_catalog.concat_ws(' ', pg_catalog.format_type(a.atttypid, a.atttypmod),
 CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid))
 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE {_OURS} AND c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped
 AND {_NO_EXTENSION.format("c.oid")}
UNION ALL SELECT 'constraint ' || n.nspname || '.' || c.relname || '.' || o.conname,
 pg_catalog.pg_get_constraintdef(o.oid)
 FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS} AND o.contype <> 'n'
UNION ALL SELECT 'function ' || n.nspname || '.' || p.proname
 || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid)
 || ')', pg_catalog.md5(pg_catalog.replace(pg_catalog.pg_get_functiondef(p.oid), n.nspname || '.', ''))
 FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE {_OURS} AND p.prokind IN ('f', 'p') AND {_NO_EXTENSION.format("p.oid")}
UNION ALL SELECT 'trigger ' || n.nspname || '.' || c.relname || '.' || t.tgname, pg_catalog.pg_get_triggerdef(t.oid)
 FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS} AND NOT t.tgisinternal
UNION ALL SELECT 'type ' || n.nspname || '.' || y.typname, coalesce((SELECT pg_catalog.string_agg(l.enumlabel, ', '
 ORDER BY l.enumsortorder) FROM pg_catalog.pg_enum l WHERE l.enumtypid = y.oid), pg_catalog.format_type(y.typbasetype,
 y.typtypmod)) FROM pg_catalog.pg_type y JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
 WHERE {_OURS} AND y.typtype IN ('e', 'd') AND {_NO_EXTENSION.format("y.oid")}
UNION ALL SELECT 'extension ' || x.extname, x.extversion FROM pg_catalog.pg_extension x WHERE x.extname <> 'plpgsql'
UNION ALL SELECT 'schema ' || n.nspname, '' FROM pg_catalog.pg_namespace n WHERE {_OURS} AND n.nspname <> 'public'
) AS found;"""  # noqa: S608 - text of ours


def objects_of_postgres(
    ctx: StepContext, connection: Connection, sql: str, table: str, *, commit: bool
) -> Asked[dict[str, Any] | Finding]:
    """What is there `before`, `after`, when the SQL runs `again`, and what is `declared`; all in transactions.

    `declared` is what it makes in a schema of its own that is never committed: objects whose schema it names itself are
    not among them. Only with `commit` does the database change. The table of applied migrations is left out.
    """
    script = f"""BEGIN;
SELECT coalesce(pg_catalog.current_schema(), 'public') AS home \\gset
SELECT pg_catalog.pg_advisory_xact_lock({lock_key("schema")}) \\g /dev/null
SELECT pg_catalog.json_build_object('home', :'home');
{_OBJECTS}
{executed(sql)}
{_OBJECTS}
SAVEPOINT again;
{executed(sql)}
{_OBJECTS}
ROLLBACK TO SAVEPOINT again;
{"COMMIT" if commit else "ROLLBACK"};
BEGIN;
CREATE SCHEMA {_DECLARED};
SET LOCAL search_path TO {_DECLARED}, :"home";
{executed(sql)}
{_OBJECTS}
ROLLBACK;
"""
    printed = yield from psql(ctx, connection, script, SCHEMA_FAILED, "")
    if isinstance(printed, Finding):
        return printed
    found = [_line(line) for line in printed.splitlines() if line.startswith("{")]
    if len(found) != 5 or "home" not in found[0] or any("objects" not in one for one in found[1:]):  # noqa: PLR2004
        return ctx.finding(TOOL_UNREADABLE, "'psql' did not print what it was asked for")
    home = str(found[0]["home"])
    before, after, again = (_told(one["objects"], home, table) for one in found[1:4])
    made = {name: how for name, how in found[4]["objects"].items() if f" {_DECLARED}." in name}
    return {"before": before, "after": after, "again": again, "declared": _told(made, _DECLARED, table, home)}


def _line(line: str) -> dict[str, Any]:
    try:
        found = read_json(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _told(objects: dict[str, str], home: str, table: str, real: str = "") -> dict[str, str]:
    """Names without the schema that is the usual one, and without our own table."""
    found: dict[str, str] = {}
    for name, how in objects.items():
        kind, _, title = name.partition(" ")
        title = title.removeprefix(f"{home}.")
        if title.split(".")[0] not in {table, f"{table}_pkey"}:
            text = " ".join(how.split())
            found[f"{kind} {title}"] = text.replace(f"{home}.", f"{real}.") if real else text
    return found
