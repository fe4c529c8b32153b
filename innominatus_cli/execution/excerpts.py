"""What a record tells of what a step printed: size, digest, and a beginning and an end of the redacted text."""

from codecs import getincrementaldecoder
from collections.abc import Sequence
from typing import Final

from innominatus_cli.checks.hard_coded_secrets import secret_in_words
from innominatus_cli.documents.run_record import StepResult, StreamDigest
from innominatus_cli.system.output_capture import NO_OUTPUT, StreamLog

ALL_EXCERPTS: Final = 1024 * 1024
"""How many characters the excerpts of a record have in all."""
_NOTHING_PRINTED: Final = StreamDigest(bytes=0, sha256=NO_OUTPUT.sha256)
_CONTINUES: Final = range(0x80, 0xC0)
NO_EXCERPT: Final = {"head": None, "tail": None}
_BAD: Final = frozenset({"failed", "timed_out", "interrupted"})


def stream_digest(log: StreamLog, *, excerpt: bool) -> StreamDigest:
    """What a record tells of a log that is settled; text only where `excerpt` says so, and where it is text."""
    if not log.size:
        return _NOTHING_PRINTED
    shown = excerpt and b"\0" not in log.head and b"\0" not in log.tail
    return StreamDigest(
        bytes=log.size,
        sha256=log.sha256,
        head=_beginning(log.head) if shown else None,
        tail=_end(log.tail, whole=log.size <= len(log.head) + len(log.tail)) if shown and log.tail else None,
        redacted=log.redacted,
    )


def token_in(digest: StreamDigest) -> str:
    """What looks like a token or key in the text of a stream: in words, empty where nothing does."""
    text = "\n".join(part for part in (digest.head, digest.tail) if part)
    return secret_in_words(text) if text else ""


def without_excerpts(result: StepResult) -> StepResult:
    """The same result without text of what the step printed."""
    streams = {name: stream for name, stream in (("stdout", result.stdout), ("stderr", result.stderr)) if stream}
    if not any(stream.head or stream.tail for stream in streams.values()):
        return result
    return result.model_copy(update={name: stream.model_copy(update=NO_EXCERPT) for name, stream in streams.items()})


def bounded(results: Sequence[StepResult]) -> list[StepResult]:
    """Results with excerpts of at most `ALL_EXCERPTS` characters in all: those of steps that failed come first."""
    room = ALL_EXCERPTS
    kept: set[int] = set()
    for number in sorted(range(len(results)), key=lambda number: (results[number].status not in _BAD, number)):
        room -= _characters(results[number])
        if room < 0:
            break
        kept.add(number)
    return [result if number in kept else without_excerpts(result) for number, result in enumerate(results)]


def _characters(result: StepResult) -> int:
    streams = [stream for stream in (result.stdout, result.stderr) if stream is not None]
    return sum(len(stream.head or "") + len(stream.tail or "") for stream in streams)


def _beginning(data: bytes) -> str:
    """The text of bytes that may end inside of a character."""
    return getincrementaldecoder("utf-8")("replace").decode(data)


def _end(data: bytes, *, whole: bool) -> str:
    """The text of bytes that may begin inside of a character; where they are `whole` they continue the beginning."""
    at = 0
    while not whole and at < min(3, len(data)) and data[at] in _CONTINUES:
        at += 1
    return data[at:].decode("utf-8", "replace")
