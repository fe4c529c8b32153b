"""An application that a change affects, and how; also as plain data, to be kept between two runs."""

from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.finding import Finding
from innominatus_cli.findings.packing import pack, unpack
from innominatus_cli.planning.comparison import Change, Comparison, Detail, Part
from innominatus_cli.planning.comparison import How as HowPartsChange

How: TypeAlias = Literal["changed", "added", "removed", "broken", "mended"]


class Affected(NamedTuple):
    """One application that the change affects.

    `changed`: it has a plan before and after, and they, or the policies' word on them, differ. `broken`: it had one and
    has none, `mended` the other way round. `added` and `removed`: its Score file is new, or gone.
    """

    path: str
    """The Score file's."""
    name: str
    how: How
    effects: tuple[str, ...] = ()
    """In a few words, see `planning.effects`."""
    comparison: Comparison = Comparison()
    raised: tuple[Finding, ...] = ()
    """Because of what policies refuse it now, and did not before."""
    settled: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()
    """Errors that stand in the way of a plan now."""

    @property
    def newly_refused(self) -> bool:
        """Whether policies refuse it for something that they did not refuse it for before."""
        return bool(self.raised)

    @property
    def newly_broken(self) -> bool:
        """Whether it cannot be planned, and that is of this change."""
        return self.how == "broken" or (self.how == "added" and bool(self.findings))


def as_plain(one: Affected) -> list[Any]:
    """Everything but its path and its name, as lists of JSON data; equal for applications that are affected alike."""
    return [
        one.how,
        list(one.effects),
        [[*change[:5], [list(detail) for detail in change.details], *change[6:]] for change in one.comparison.changes],
        *([pack(finding) for finding in findings] for findings in (one.raised, one.settled, one.findings)),
    ]


def from_plain(path: str, name: str, plain: Any) -> Affected:  # noqa: ANN401 - what a file says
    """What `as_plain` was given. Raises ValueError, TypeError or LookupError for anything else."""
    how, effects, changes, *findings = plain
    raised, settled, broken = (tuple(map(_finding, some)) for some in findings)
    comparison = Comparison(tuple(_change(*one) for one in changes))
    return Affected(path, name, _one_of(get_args(How), how), _texts(effects), comparison, raised, settled, broken)


def _change(
    part: object, how: object, name: object, was: object, now: object, details: list[Any], because: object, kind: object
) -> Change:
    words = get_args(HowPartsChange)
    found = tuple(Detail(_text(where), _one_of(words, what), *values) for where, what, *values in details)
    return Change(
        _one_of(get_args(Part), part), _one_of(words, how), _text(name), was, now, found, _texts(because), _text(kind)
    )


def _finding(plain: list[Any]) -> Finding:
    number, message, place, remedy, related, severity, fix = plain
    _texts([number, message, remedy, severity, *(words for words, _ in related)])
    for where in (place, *(where for _, where in related)):
        if [type(part) for part in where] != [str, int, int, int, int, str]:
            raise ValueError("no place")
    return unpack((number, message, place, remedy, related, severity, fix), every_code())


def _one_of(words: tuple[str, ...], word: object) -> Any:  # noqa: ANN401 - one of the words of a Literal
    if word not in words:
        raise ValueError("no such word")
    return word


def _text(value: object) -> str:
    if type(value) is not str:
        raise TypeError("no text")
    return value


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError("no list")
    return tuple(map(_text, values))
