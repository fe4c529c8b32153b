"""The language server: what pygls hears from an editor, answered by the other modules of this room."""

import asyncio
from typing import Any
from urllib.parse import unquote, urlsplit

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer
from pygls.workspace import TextDocument

from innominatus_cli import __version__
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.language_server import completion, hover
from innominatus_cli.language_server.cursor import kind_written
from innominatus_cli.language_server.open_files import Checked, OpenFiles
from innominatus_cli.language_server.positions import range_of
from innominatus_cli.operations.fixes import with_fixes

SOURCE = "innominatus-ctl"
_SETTLED_SECONDS = 0.15
"""An editor tells each keystroke; a check waits until the hands rest."""
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_KINDS = {
    "key": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.EnumMember,
    "type": types.CompletionItemKind.Class,
    "name": types.CompletionItemKind.Reference,
    "reference": types.CompletionItemKind.Variable,
}


class Server(LanguageServer):
    """The server of one editor, with the files that it has open."""

    def __init__(self) -> None:
        super().__init__(SOURCE, __version__)
        self.files = OpenFiles()
        self.waiting: dict[str, asyncio.TimerHandle] = {}

    def path_of(self, uri: str) -> str | None:
        """The path of a file; None for a document that is none."""
        return uris.to_fs_path(uri) if urlsplit(uri).scheme == "file" else None

    def is_open(self, uri: str) -> bool:
        """Whether the editor has a document open, in whatever way its address is escaped."""
        return unquote(uri) in self.workspace.text_documents

    def publish(self, uri: str) -> None:
        """Checks a file and tells the editor what is wrong with it."""
        path = self.path_of(uri)
        if path is None or not self.is_open(uri):
            return
        document = self.workspace.get_text_document(uri)
        self.files.put(path, document.source)
        checked = self.files.check(path)
        found = [_diagnostic(document, finding) for finding in checked.findings]
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, version=document.version, diagnostics=found)
        )

    def publish_soon(self, uri: str) -> None:
        """The same, when nothing more has come for a moment."""
        if (earlier := self.waiting.pop(uri, None)) is not None:
            earlier.cancel()
        self.waiting[uri] = asyncio.get_running_loop().call_later(_SETTLED_SECONDS, self.publish, uri)

    def checked_now(self, uri: str) -> tuple[TextDocument, Checked]:
        """A document and its last check, made anew where the text has changed since; empty where it is not open."""
        if not self.is_open(uri):
            return TextDocument(uri, ""), Checked()
        document = self.workspace.get_text_document(uri)
        path = self.path_of(uri)
        if path is None:
            return document, Checked()
        if self.files.last(path).text != document.source:
            self.files.put(path, document.source)
            self.files.check(path)
        return document, self.files.last(path)


def initialize(server: Server, params: types.InitializeParams) -> None:
    """Takes the editor's options: `{"strictScore": true}` makes Score's dialect an error."""
    options = params.initialization_options
    server.files.strict_score = isinstance(options, dict) and options.get("strictScore") is True


def did_open(server: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Tells at once what is wrong with a file."""
    server.publish(params.text_document.uri)


async def did_change(server: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Tells it again when the hands rest."""
    server.publish_soon(params.text_document.uri)


def did_save(server: Server, _params: types.DidSaveTextDocumentParams) -> None:
    """A saved file may be what others are judged by."""
    for document in list(server.workspace.text_documents.values()):
        server.publish(document.uri)


def did_close(server: Server, params: types.DidCloseTextDocumentParams) -> None:
    """A file that is closed has no findings in the editor."""
    uri = params.text_document.uri
    if (waiting := server.waiting.pop(uri, None)) is not None:
        waiting.cancel()
    if (path := server.path_of(uri)) is not None:
        server.files.close(path)
    server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))


def hovered(server: Server, params: types.HoverParams) -> types.Hover | None:
    """What stands at a position, and what is wrong there."""
    document, checked = server.checked_now(params.text_document.uri)
    position = document.position_codec.position_from_client_units(document.lines, params.position)
    at = checked.document_at(position.line)
    lines = _lines(document)
    kind = kind_written(lines, position.line) if at is None else at.kind
    said = hover.hover_text(lines, position.line, position.character, kind, at, checked.facts)
    found = [one for one in checked.findings if _covers(_range(document, one), params.position)]
    parts = [part for part in (said, hover.findings_text(found)) if part]
    if not parts:
        return None
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(parts)))


def complete(server: Server, params: types.CompletionParams) -> types.CompletionList:
    """What may be typed at a position."""
    document, checked = server.checked_now(params.text_document.uri)
    position = document.position_codec.position_from_client_units(document.lines, params.position)
    at = checked.document_at(position.line)
    lines = _lines(document)
    kind = kind_written(lines, position.line) if at is None else at.kind
    found = completion.proposals(lines, position.line, position.character, kind, at, checked.facts)
    items = [_item(document, params.position, one, number) for number, one in enumerate(found)]
    return types.CompletionList(is_incomplete=False, items=items)


def act(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """The safe mends of what is wrong in a range."""
    document, checked = server.checked_now(params.text_document.uri)
    touched = [one for one in checked.findings if _touch(_range(document, one), params.range)]
    data = document.source.encode("utf-8", "surrogatepass")
    found = with_fixes(document.filename or "", data, touched, verified=True) if touched else []
    return [_action(document, one) for one in found if one.fix is not None]


def make_server() -> Server:
    """A server with all its features; `start_io()` runs it over stdin and stdout."""
    server = Server()
    completing = types.CompletionOptions(trigger_characters=[" ", ":", ".", "{", "-", "["])
    acting = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
    server.feature(types.INITIALIZE)(initialize)
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(did_open)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(did_change)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(did_save)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(did_close)
    server.feature(types.TEXT_DOCUMENT_HOVER)(hovered)
    server.feature(types.TEXT_DOCUMENT_COMPLETION, completing)(complete)
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, acting)(act)
    return server


def _lines(document: TextDocument) -> list[str]:
    return [line.rstrip("\r\n") for line in document.lines]


def _range(document: TextDocument, finding: Finding) -> types.Range:
    return range_of(document.position_codec, document.lines, finding.place)


def _covers(area: types.Range, at: types.Position) -> bool:
    return area.start <= at <= area.end


def _touch(area: types.Range, other: types.Range) -> bool:
    return area.start <= other.end and other.start <= area.end


def _diagnostic(document: TextDocument, finding: Finding) -> types.Diagnostic:
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(document.uri, range_of(document.position_codec, document.lines, one.place)), one.message
        )
        for one in finding.related
        if one.place.path == finding.place.path
    ]
    return types.Diagnostic(
        range=_range(document, finding),
        message=f"{finding.message}\n{finding.help}" if finding.help else finding.message,
        severity=_SEVERITIES[finding.severity],
        code=finding.code.number,
        source=SOURCE,
        related_information=related or None,
    )


def _item(
    document: TextDocument, position: types.Position, proposal: completion.Proposal, number: int
) -> types.CompletionItem:
    start = types.Position(position.line, proposal.start)
    units = document.position_codec.position_to_client_units(document.lines, start)
    documentation = types.MarkupContent(types.MarkupKind.Markdown, proposal.documentation)
    return types.CompletionItem(
        label=proposal.label,
        kind=_KINDS[proposal.kind],
        detail=proposal.detail or None,
        documentation=documentation if proposal.documentation else None,
        text_edit=types.TextEdit(types.Range(units, position), proposal.text),
        sort_text=f"{number:04}",
        filter_text=proposal.label,
    )


def _action(document: TextDocument, finding: Finding) -> types.CodeAction:
    if finding.fix is None:
        raise AssertionError("only findings with a fix have an action")
    edits: list[Any] = [
        types.TextEdit(range_of(document.position_codec, document.lines, edit), edit.text) for edit in finding.fix.edits
    ]
    return types.CodeAction(
        title=finding.fix.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[_diagnostic(document, finding)],
        edit=types.WorkspaceEdit(changes={document.uri: edits}),
        is_preferred=True,
    )
