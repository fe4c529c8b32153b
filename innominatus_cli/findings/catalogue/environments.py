"""Block 618x: environments that golden paths name, and how long they stay."""

from innominatus_cli.findings.finding import Code

NO_SUCH_PARAMETER = Code(
    "ORC-6180",
    "A golden path's environment or lifetime reads no parameter of it",
    "Define the parameter under `parameters`; the one of `expiresAfter` is of type duration.",
    detail="`environment` is text with `${parameters.<name>}` and nothing else in it, `expiresAfter` the name of a "
    "parameter. Both are read before anything is planned, from `--param` and the defaults.",
)
ENVIRONMENT_IS_NAMED = Code(
    "ORC-6181",
    "The golden path names the environment itself",
    "Leave `--env` out, or say it by the golden path's parameters.",
    detail="A golden path with `environment` deploys where its parameters say. Another word of `--env` would be "
    "passed over, and something would be deployed where nobody looks for it.",
)
