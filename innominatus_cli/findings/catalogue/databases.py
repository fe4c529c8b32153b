"""Block 5xxx, 5490 to 5499: databases and Vault."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code

DATABASE_UNREACHABLE = Code(
    "ORC-5490",
    "A database cannot be reached",
    "Look whether the server runs, and whether host, port, database, user and password are right.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The client could not connect, or lost its connection. What stood in an open transaction was taken back by "
    "the server. The message is the client's own; it holds no password.",
)
STILL_PENDING = Code(
    "ORC-5491",
    "A migration tool ended well and left migrations",
    "Read the step's log: the tool may have been told to pass some over.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="After the tool had ended with status 0 it was asked again, and there are migrations that it should have "
    "applied or taken back. What was not done is never success.",
)
TOOL_UNREADABLE = Code(
    "ORC-5492",
    "The answer of a tool cannot be understood",
    "Look at the step's log; use a version of the tool that the step type's page names.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The tool ended with status 0, and what it printed is not what its documentation says: JSON, or lines of a "
    "known form. Nothing is concluded from it.",
)
TOOL_CANNOT = Code(
    "ORC-5493",
    "A migration tool cannot do that",
    "Use another operation or another tool; the step type's page says what each can do.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The free edition of Flyway takes no migration back, and dbmate applies all or nothing. The step fails "
    "before anything is done.",
)
SCHEMA_DIFFERS = Code(
    "ORC-5494",
    "A database differs from its declared schema",
    "Run the step with `operation: apply`, or declare what is there.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="With `operation: check` nothing is changed. The schema was applied in a transaction that was taken back, "
    "and the database would have been another one after it.",
)
SCHEMA_FAILED = Code(
    "ORC-5495",
    "A declared schema cannot be applied",
    "Correct the SQL, and let it run twice: `CREATE TABLE IF NOT EXISTS`. Change what exists by a migration.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="All files of a schema run in one transaction. One statement failed, or the schema changes the database "
    "again when it runs a second time; the database is as it was before.",
)
VAULT_FAILED = Code(
    "ORC-5496",
    "Vault did not do what the step asks for",
    "Look at the address, at what the token's policies allow, and whether the engine or auth method is mounted.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="Vault could not be reached, refused a request, or has no policy of a name that the step counts on. What it "
    "had been given before stays; running the step again goes on, and changes nothing that is right already.",
)
