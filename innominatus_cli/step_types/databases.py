"""Steps that bring a database to where its migrations or its declared schema say."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from innominatus_cli.documents.model import Text
from innominatus_cli.documents.plan import ToolNeed
from innominatus_cli.documents.vocabulary import Idempotency
from innominatus_cli.step_types.contract import (
    PathInput,
    Reference,
    RollbackMeans,
    StepInputs,
    StepType,
    VariableName,
    aliases,
)

PSQL: Final = ToolNeed(name="psql", range=">=12")
TOOLS: Final[Mapping[str, ToolNeed]] = {
    "alembic": ToolNeed(name="alembic", range=">=1.8"),
    "dbmate": ToolNeed(name="dbmate", range=">=2"),
    "flyway": ToolNeed(name="flyway", range=">=9"),
    "liquibase": ToolNeed(name="liquibase", range=">=4.20"),
}
LOOKS: Final = frozenset({"status", "pending", "version"})
"""Operations that change nothing; all of them say the same."""
WORD: Final = r"^[a-z_][a-z0-9_]{0,62}$"


class DatabaseMigrationInputs(StepInputs):
    """Inputs of `database-migration`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(
            connectionFrom=["connectionEnv"],
            migrationsPath=["migrationPath", "migrations", "path", "folder"],
            connectionString=["connection", "databaseUrl", "url"],
            operation=["direction", "action"],
            config=["configFile", "changelog", "changelogFile"],
        )
    )

    migrations_path: PathInput
    """`sql`: a folder of `NNN_name.sql` with `-- migrate:up` and `-- migrate:down` parts, or `NNN_name.up.sql` files.
    `dbmate`, `flyway`: their folder. `alembic`, `liquibase`: the folder with `alembic.ini`, or with the changelog."""
    connection_string: str | None = None
    """`sqlite:///name.db`, below the state folder, or `postgresql://user@host:5432/name`; the tools take more. One with
    a password belongs into a secret: see `connectionFrom`. PGPASSWORD of the step's `env` is the password of another.
    """
    connection_from: VariableName = "DATABASE_URL"
    """The variable of the step's `env` that holds the connection string where `connectionString` is absent. It reaches
    programs through their environment or a private file, never as an argument."""
    tool: Literal["sql", "alembic", "dbmate", "flyway", "liquibase"] | Reference[str] = "sql"
    """What migrates. `sql` is this program itself, with `psql` for PostgreSQL."""
    config: PathInput | None = None
    """`alembic`: its `alembic.ini`. `liquibase`: the changelog. Where they are not in `migrationsPath`."""
    operation: Literal["up", "down", "status", "pending", "version"] | Reference[str] = "up"
    """`status`, `pending` and `version` only look, and give the same outputs."""
    version: Text | None = None
    """Where to stop. `up`: the last one to apply, all where it is absent (`liquibase`: a tag; not for `dbmate`).
    `down`: the newest one that stays, `0` takes all back; only the last one is taken back where it is absent."""
    table: Annotated[str, Field(pattern=WORD)] = "innominatus_migrations"
    """`sql`: where applied migrations are noted, each with its checksum and the run that applied it."""


class DatabaseSchemaInputs(StepInputs):
    """Inputs of `database-schema`."""

    model_config = ConfigDict(
        json_schema_extra=aliases(
            schema=["schemaPath", "schemaFile"],
            migrations=["migrationPath", "migrationsPath"],
            connectionString=["connection", "databaseUrl", "url"],
            operation=["action", "mode"],
        )
    )

    schema_: Annotated[PathInput, Field(alias="schema")]
    """A file of SQL, or a folder of them in the order of their names, that can run again: `CREATE … IF NOT EXISTS`."""
    migrations: PathInput | None = None
    """A folder of migrations as `database-migration` with the tool `sql` takes it; applied after the schema."""
    connection_string: str | None = None
    """`sqlite:///name.db`, below the state folder, or `postgresql://user@host:5432/name`."""
    connection_from: VariableName = "DATABASE_URL"
    """The variable of the step's `env` that holds the connection string where `connectionString` is absent. Where both
    are, the database is `sqlite:///databases/<schema>.db`."""
    operation: Literal["apply", "check"] | Reference[str] = "apply"
    """`check` changes nothing: it fails where applying would change the database, and says what."""
    table: Annotated[str, Field(pattern=WORD)] = "innominatus_migrations"
    """Where applied `migrations` are noted."""


def _sql_tools(connection: object) -> tuple[ToolNeed, ...]:
    """psql, where the connection string is known to be one of PostgreSQL."""
    text = connection
    if isinstance(connection, Mapping) and isinstance(connection.get("$template"), list):
        text = connection["$template"][0]
    written = text.removeprefix("jdbc:") if isinstance(text, str) else ""
    return (PSQL,) if written.startswith(("postgres:", "postgresql:", "postgresql+")) else ()


def _tools_of_migration(inputs: Mapping[str, Any]) -> tuple[ToolNeed, ...]:
    tool = inputs.get("tool", "sql")
    if isinstance(tool, str) and tool in TOOLS:
        return (TOOLS[tool],)
    connection = inputs.get("connectionString")
    return (PSQL,) if connection is None else _sql_tools(connection)  # a file of SQLite is no secret


def _tools_of_schema(inputs: Mapping[str, Any]) -> tuple[ToolNeed, ...]:
    return _sql_tools(inputs.get("connectionString"))


def _rollback_of_migration(inputs: Mapping[str, Any]) -> RollbackMeans:
    """What was taken back is not brought up again: its data is gone. Flyway's free edition takes nothing back."""
    operation = inputs.get("operation", "up")
    if isinstance(operation, str) and operation in LOOKS:
        return "nothing"
    return "reversible" if operation == "up" and inputs.get("tool", "sql") != "flyway" else "irreversible"


DATABASE_MIGRATION = StepType(
    name="database-migration",
    summary="Applies ordered migrations to a database: plain SQL, alembic, dbmate, flyway or liquibase.",
    inputs=DatabaseMigrationInputs,
    outputs={
        "version": "The newest applied migration; empty where there is none.",
        "applied": "Migrations that this step applied or took back.",
        "pending": "Number of migrations that are not applied.",
    },
    tools_by_inputs=_tools_of_migration,
    idempotency=Idempotency.CONVERGENT,
    has_probe=True,
    rollback="reversible",
    rollback_by_inputs=_rollback_of_migration,
    default_timeout_seconds=900,
)
DATABASE_SCHEMA = StepType(
    name="database-schema",
    summary="Brings a SQLite or PostgreSQL database to a declared schema.",
    inputs=DatabaseSchemaInputs,
    outputs={
        "changed": "What applying changed, or would change: lines such as `table orders: created`.",
        "objects": "Number of tables, views, indexes and the like that the database has now.",
        "applied": "Migrations of `migrations` that this step applied.",
    },
    tools_by_inputs=_tools_of_schema,
    idempotency=Idempotency.CONVERGENT,
    has_probe=True,
    rollback="irreversible",
    default_timeout_seconds=900,
)
