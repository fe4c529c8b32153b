"""Block 5xxx, 5460 to 5489: calls of servers, messages, test suites, images and forges."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code

NO_ANSWER = Code(
    "ORC-5460",
    "A server did not answer",
    "Look whether the address is right and can be reached from here; `retry` helps where it comes and goes.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A request was sent, or could not be, and no HTTP answer came. Whether the server acted on it is unknown.",
)
UNEXPECTED_STATUS = Code(
    "ORC-5461",
    "A server answered something else",
    "Read the server's own log; say what else is right in `expectStatus`.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The status of the answer is none of those that are expected. Redirects are not followed, for headers with "
    "credentials would go with them. What the server said beside the status is not told: it may repeat what was sent.",
)
TESTS_FAILED = Code(
    "ORC-5462",
    "Tests failed",
    "Mend what the tests found; the step's log has what the program printed.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The report of the test suite names tests that failed or broke. It counts even where the program itself "
    "ended with status 0.",
)
NO_TEST_REPORT = Code(
    "ORC-5463",
    "A test suite left nothing to go by",
    "Let the program write a JUnit file where `report` says, with at least one test in it.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The program ended well, but its JUnit report is missing, old, unreadable or without a test. What was not "
    "tested has not passed.",
)
MESSAGE_REFUSED = Code(
    "ORC-5464",
    "A message was not taken",
    "Read what the mail server says; look at sender, recipients and credentials.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="The mail server could not be reached, or it refused the sender, a recipient, the credentials or the "
    "message. Where it took the message for some recipients only, the message names those that it refused.",
)
FORGE_DIFFERS = Code(
    "ORC-5465",
    "What is there is not what this step made",
    "Look at it yourself; then delete it by hand, or leave it.",
    exit_status=ExitStatus.RUN_FAILED,
    detail="A rollback takes back only what the run itself made. A repository that was there before, or was changed "
    "by others since, stays as it is.",
)
