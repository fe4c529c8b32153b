"""The `-o` option and how results reach stdout."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


if TYPE_CHECKING:
    from innominatus_cli.reports.listing import Listing

    _TextType = click.ParamType[str]
    _DurationType = click.ParamType[int]
    _ReportType = click.ParamType[tuple[str, str]]
else:
    _TextType = _DurationType = _ReportType = click.ParamType


class ReportFile(_ReportType):
    """`FORMAT=FILE`: a format and where to write it. `printed` are the formats that `-o` knows too."""

    name = "FORMAT=FILE"

    def __init__(self, formats: tuple[str, ...], printed: tuple[str, ...]) -> None:
        self.formats = formats
        self.printed = printed

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The format and the file."""
        if isinstance(value, tuple):
            return value
        output, _, file = str(value).partition("=")
        if output in self.formats and file == "-":
            hint = f"; '-o {output}' writes it to standard output" if output in self.printed else ""
            return self.fail(f"a report goes to a file{hint}", param, ctx)
        if output not in self.formats or not file:
            return self.fail(f"'{value}' is not FORMAT=FILE with a format of {', '.join(self.formats)}", param, ctx)
        return output, file

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:  # noqa: ARG002
        """The formats, each with its `=`."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415

        return [CompletionItem(f"{name}=") for name in self.formats if name.startswith(incomplete)]


_FOR_PEOPLE: Final = frozenset({"text", "table"})


class OutputFormat(_TextType):
    """One of the given formats, or `template=TEXT` where that is one of them."""

    name = "format"

    def __init__(self, formats: tuple[str, ...]) -> None:
        self.formats = formats

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:  # noqa: ARG002
        """The formats, as help shows them."""
        return "|".join("template=TEXT" if name == "template" else name for name in self.formats)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The value itself, when it is a known format; `text` and `table` both ask for what people read."""
        if value in self.formats and value != "template":
            return value
        if "template" in self.formats and value.startswith("template="):
            return value
        if value in _FOR_PEOPLE and self.formats[0] in _FOR_PEOPLE:
            return self.formats[0]
        return self.fail(f"'{value}' is not one of {self.get_metavar(param or click.Option(['-o']))}", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:  # noqa: ARG002
        """Completions of a half-typed format."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415

        names = ["template=" if name == "template" else name for name in self.formats]
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class Duration(_DurationType):
    """Seconds, written as a number or as `90s`, `30m`, `1h30m`."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The seconds; a value that is none is wrong usage."""
        if isinstance(value, int):
            return value
        from innominatus_cli.documents.durations import seconds_of  # noqa: PLC0415 - few commands have one

        text = str(value)
        try:
            seconds = seconds_of(int(text) if text.isdecimal() else text)
        except ValueError as problem:
            return self.fail(f"'{text}': {problem}", param, ctx)
        return seconds if seconds > 0 else self.fail("it must be longer than nothing", param, ctx)


def output_option(*formats: str, default: str | None = None) -> Callable[[F], F]:
    """`-o/--output`, passed on as `output`; without formats: table, wide, json, yaml and template=TEXT."""
    known = formats or ("table", "wide", "json", "yaml", "template")
    return click.option(
        "-o",
        "--output",
        type=OutputFormat(known),
        default=default or known[0],
        show_default=True,
        help="How the result is shown.",
    )


def page_options(function: F) -> F:
    """`--limit` and `--offset`, for lists that grow."""
    function = click.option("--offset", type=click.IntRange(min=0), default=0, help="Leave out the first N.")(function)
    return click.option("--limit", type=click.IntRange(min=1), default=None, help="Show at most N.")(function)


def limited_page_options(function: F) -> F:
    """The same, for a list that is cut where nobody says how long it may be; `limit` 0 is all of it, None unsaid."""
    function = click.option("--offset", type=click.IntRange(min=0), default=0, help="Leave out the first N.")(function)
    what = "Show at most N; 0 shows all.  [default: 50]"
    return click.option("--limit", type=click.IntRange(min=0), default=None, help=what)(function)


def print_listing(listing: "Listing", output: str, limit: int | None = None, offset: int = 0) -> None:
    """Prints a listing's page to stdout in the given format."""
    from innominatus_cli.reports.listing import listing_text  # noqa: PLC0415 - a check's text does without

    write = print_for_people if output in {"table", "wide", "text"} else print_text
    write(_or_usage(lambda: listing_text(listing.page(limit, offset), output)))


def print_document(document: dict[str, Any], output: str, text: Callable[[], str]) -> None:
    """Prints one result: its data for json, yaml and template=, else what `text` makes."""
    if output in {"json", "yaml"} or output.startswith("template="):
        print_text(_or_usage(lambda: _data_text(document, output)))
    else:
        print_for_people(text())


def _data_text(document: dict[str, Any], output: str) -> str:
    from innominatus_cli.reports.listing import data_text, template_text  # noqa: PLC0415

    if output in {"json", "yaml"}:
        return data_text(document, output)
    return template_text(output.removeprefix("template="), document)


def print_for_people(text: str) -> None:
    """Writes text to stdout, so that the runner of a CI step obeys nothing in it. Data is for `print_text`."""
    from innominatus_cli.reports.terminal import unobeyed  # noqa: PLC0415 - every text for people has loaded it

    print_text(unobeyed(text))


def print_text(text: str) -> None:
    """Writes to stdout; what the stream's encoding lacks is escaped, never a traceback."""
    data = text.encode("utf-8", "backslashreplace")
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(text)
    else:
        buffer.write(data)
        buffer.flush()


def _or_usage(make: Callable[[], str]) -> str:
    try:
        return make()
    except ValueError as problem:
        raise click.UsageError(str(problem)) from problem
