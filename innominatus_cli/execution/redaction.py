"""Takes the values of secrets out of bytes, wherever they stand in one of their forms.

Every form has a window of six bytes that begins with a byte that is rare in output. One regular expression looks for
the windows, and only where one stands are whole forms compared: most bytes are passed over at the speed of one
character class, however many secrets there are. All occurrences are found, so that overlapping ones leave nothing.

A second look is at a copy without the colours and other escape sequences of terminals, and without the line breaks of
wrapped base64 and hex, where there are any: a value that they cut into pieces is found too.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from innominatus_cli.execution.secret_forms import LEAST_BYTES, forms_of, is_too_short

REDACTED: Final = b"***"
"""What stands in place of a value; of values that overlap, once."""
_WINDOW: Final = LEAST_BYTES
_FREQUENT: Final = b" etaoinsrlhdcu-0123.:/mpfgyb,=456789w_\n\"'vkTSIEANR[]()OCDLPMU{}xFBHGWjYVqzKXJQZ"
"""Bytes of logs, the most frequent first; all others are rarer."""
_RANK: Final = {byte: (len(_FREQUENT) - at) ** 2 for at, byte in enumerate(_FREQUENT)}
_WRAP: Final = re.compile(rb"\r?\n(?:(?<=[A-Za-z0-9+/_=-]{60}\n)|(?<=[A-Za-z0-9+/_=-]{60}\r\n))[ \t]{0,32}")
_ESCAPE: Final = re.compile(
    rb"\x1b(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|[@-Z\\^_])|" + _WRAP.pattern
)
_BROKEN_OFF: Final = re.compile(rb"(?:\x1b(?:\[[0-?]{0,32}[ -/]{0,4}|\][^\x07\x1b]{0,256}\x1b?)?|\r)\Z")
_LONGEST_ESCAPE: Final = 260
_MOST_HELD: Final = 256 * 1024
_BEFORE: Final = 64
"""How many bytes before what is looked at tell whether a line break is one of wrapped base64."""
_Span = tuple[int, int]


class Redactor:
    """Knows the values of secrets, and takes them out of what passes. `register` adds to it at any time."""

    __slots__ = ("_forms", "_longest", "_pattern", "_table", "_values")

    def __init__(self, secrets: Iterable[bytes] = ()) -> None:
        self._values: set[bytes] = set()
        self._forms: set[bytes] = set()
        self._longest = 0
        self._pattern: re.Pattern[bytes] | None = None
        self._table: dict[bytes, list[tuple[int, bytes]]] = {}
        for value in secrets:
            self.register(value)

    @property
    def active(self) -> bool:
        """Whether there is anything to take out."""
        return bool(self._forms)

    @property
    def longest(self) -> int:
        """How many bytes the longest form has."""
        return self._longest

    def register(self, value: bytes) -> bool:
        """From now on this value is taken out; False where it is too short to be a secret."""
        if is_too_short(value):
            return False
        if value not in self._values:
            self._values.add(value)
            self._forms |= forms_of(value)
            self._longest = max(map(len, self._forms))
            self._pattern = None
        return True

    def stream(self) -> "RedactingStream":
        """For bytes that come in pieces."""
        return RedactingStream(self)

    def redacted(self, data: bytes) -> bytes:
        """The same bytes without the values."""
        if not self._forms:
            return data
        stream = self.stream()
        clean = stream.whole(data)
        return clean if stream.count else data

    def text(self, text: str) -> str:
        """The same text without the values."""
        if not self._forms:
            return text
        data = text.encode("utf-8", "surrogatepass")
        clean = self.redacted(data)
        return text if clean is data else clean.decode("utf-8", "replace")

    def value(self, value: Any) -> Any:  # noqa: ANN401 - JSON data
        """The same JSON data with all its texts redacted, keys too."""
        if not self._forms:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(key): self.value(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner) for inner in value]
        if isinstance(value, int | float) and not isinstance(value, bool) and self.holds(str(value).encode()):
            return REDACTED.decode()
        return value

    def holds(self, data: bytes) -> bool:
        """Whether a value stands in these bytes in any of its forms."""
        return bool(self._forms) and next(self.spans(data), None) is not None

    def spans(self, data: bytes, start: int = 0) -> Iterator[_Span]:
        """Where forms stand that begin at `start` or behind it, in no order, overlapping ones too."""
        if not self._forms:
            return
        yield from self._found(data, start)
        yield from self.spans_in(_Bare(data), start)

    def spans_in(self, bare: "_Bare", start: int) -> Iterator[_Span]:
        """The same of the copy without what may stand inside of a value, where it differs."""
        if bare.cuts:
            for first, end in self._found(bare.data, bare.index(start)):
                yield bare.place(first), bare.place(end - 1) + 1

    def spans_as_they_are(self, data: bytes, start: int) -> Iterator[_Span]:
        """The same without that copy."""
        return self._found(data, start) if self._forms else iter(())

    def _found(self, data: bytes, start: int) -> Iterator[_Span]:
        search = (self._pattern or self._compiled()).search
        hit = search(data, start)
        while hit is not None:
            at = hit.start()
            for offset, form in self._table[hit[0]]:
                first = at - offset
                if first >= start and data.startswith(form, first):
                    yield first, first + len(form)
            hit = search(data, at + 1)

    def _compiled(self) -> re.Pattern[bytes]:
        chosen = _rare_bytes(self._forms)
        self._table = {}
        for form in self._forms:
            at = min(
                (at for at in range(len(form) - _WINDOW + 1) if form[at] in chosen),
                key=lambda at, form=form: (sum(_RANK.get(byte, 0) for byte in form[at : at + _WINDOW]), at),  # type: ignore[misc]
            )
            self._table.setdefault(form[at : at + _WINDOW], []).append((at, form))
        self._pattern = re.compile(_any_of(sorted(self._table)), re.DOTALL)
        return self._pattern


class RedactingStream:
    """Redacts bytes that come in pieces, as if they had come at once; `count` says how many values were taken out.

    It holds back what may be the beginning of a form: as many bytes as the longest form has, escape sequences within
    not counted, and never more than 256 KiB.
    """

    __slots__ = ("_before", "_covered", "_held", "_redactor", "count")

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = b""
        self._before = b""
        self._covered = 0
        """How many bytes of `_held` belong to a value in whose place something stands already."""
        self.count = 0

    def feed(self, chunk: bytes) -> bytes:
        """What can be given out now."""
        if self._redactor.active or self._held:
            return self._given(self._held + chunk, last=False)
        self._before = (self._before + chunk[-_BEFORE:])[-_BEFORE:]
        return chunk

    def flush(self) -> bytes:
        """The rest: nothing more comes, or what comes has nothing to do with it."""
        rest = self._given(self._held, last=True) if self._held else b""
        self._before = b""
        return rest

    def whole(self, data: bytes) -> bytes:
        """These bytes, which are all there are."""
        return self._given(data, last=True)

    def _given(self, held: bytes, *, last: bool) -> bytes:
        data = self._before + held
        base = len(self._before)
        broken = None if last else _BROKEN_OFF.search(data, max(base, len(data) - _LONGEST_ESCAPE))
        bare = _Bare(data[: broken.start()] if broken is not None else data)
        cut = len(data) if last else self._decided(bare, held, base)
        if cut <= base:
            self._held = held
            return b""
        spans = [*self._redactor.spans_as_they_are(data, base), *self._redactor.spans_in(bare, base)]
        given: list[bytes] = []
        at = end = base + self._covered
        for first, behind in sorted(spans):
            if first >= cut:
                break
            if first >= end:
                given += (data[at:first], REDACTED)
                self.count += 1
            at = end = max(end, behind)
        given.append(data[at:cut])
        self._covered = max(0, end - cut)
        self._held = data[cut:]
        self._before = data[max(0, cut - _BEFORE) : cut]
        return b"".join(given)

    def _decided(self, bare: "_Bare", held: bytes, base: int) -> int:
        """Up to where all is known: no form that begins before can still be unfinished."""
        back = self._redactor.longest - 1
        wanted = len(bare.data) - back
        if len(held) > _MOST_HELD:
            return base + len(held) - back
        return bare.place(wanted) if wanted > 0 else 0


class _Bare:
    """A copy of bytes without escape sequences and the line breaks of wrapped base64, and where its bytes stand."""

    __slots__ = ("_places", "_starts", "cuts", "data")

    def __init__(self, data: bytes) -> None:
        parts: list[bytes] = []
        self._starts: list[int] = []
        self._places: list[int] = []
        """Of each part: where it begins in the copy, and in the original."""
        at = length = 0
        self.cuts = 0
        for found in _breaks(data):
            self.cuts += 1
            end = found.start()
            if end > at:
                parts.append(data[at:end])
                self._starts.append(length)
                self._places.append(at)
                length += end - at
            at = found.end()
        if self.cuts:
            parts.append(data[at:])
        self._starts.append(length)
        self._places.append(at)
        self.data = b"".join(parts) if self.cuts else data

    def place(self, index: int) -> int:
        """Where the byte of the copy stands in the original."""
        part = bisect_right(self._starts, index) - 1
        return self._places[part] + index - self._starts[part]

    def index(self, place: int) -> int:
        """The first byte of the copy that stands at this place of the original or behind it."""
        part = bisect_right(self._places, place) - 1
        if part < 0:
            return 0
        following = self._starts[part + 1] if part + 1 < len(self._starts) else len(self.data)
        return min(self._starts[part] + place - self._places[part], following)


def _breaks(data: bytes) -> Iterable[re.Match[bytes]]:
    """Escape sequences, and line breaks of wrapped base64 and hex, in order."""
    if b"\x1b" in data:
        return _ESCAPE.finditer(data)
    return _WRAP.finditer(data) if b"\n" in data else ()


def _rare_bytes(forms: Iterable[bytes]) -> frozenset[int]:
    """Bytes that are as rare as possible in output, one of which begins a window of every form."""
    beginnings = {form: frozenset(form[: len(form) - _WINDOW + 1]) for form in forms}
    chosen: set[int] = set()
    while beginnings:
        counts: dict[int, int] = {}
        for found in beginnings.values():
            for byte in found:
                counts[byte] = counts.get(byte, 0) + 1
        best = min(counts, key=lambda byte: ((_RANK.get(byte, 0) + 1) / counts[byte], byte))
        chosen.add(best)
        beginnings = {form: found for form, found in beginnings.items() if best not in found}
    return frozenset(chosen)


def _any_of(words: list[bytes]) -> bytes:
    """A pattern for any of these words of one length: common beginnings are written, and compared, once."""
    if len(words) == 1:
        return re.escape(words[0])
    branches: dict[int, list[bytes]] = {}
    for word in words:
        branches.setdefault(word[0], []).append(word[1:])
    parts = [re.escape(bytes((byte,))) + (_any_of(rest) if rest[0] else b"") for byte, rest in branches.items()]
    return parts[0] if len(parts) == 1 else b"(?:" + b"|".join(parts) + b")"
