"""Where codes are explained on the web, for reports that take nothing but whole addresses."""

from innominatus_cli.findings.finding import Code

_SITE = "https://innominatus.dev"
"""Where the folder docs of the repository is published, as schemas/ is below `documents.schema_writing.BASE`."""


def help_address(code: Code | None = None) -> str:
    """The address of a code's section, or of the page of all findings."""
    page = f"{_SITE}/docs/reference/findings"
    return page if code is None else f"{page}#{code.number.lower()}"
