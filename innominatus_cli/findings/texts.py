"""The texts of many files, of which few are asked for."""

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Texts(Mapping[str, str], Generic[T]):
    """The text of files by the path of their places, read when somebody asks; without those that cannot be read.

    `read` gives the text of what `files` names, None where there is none. `known` are texts that are there already;
    they win.
    """

    def __init__(self, files: Mapping[str, T], read: Callable[[T], str | None], known: Mapping[str, str]) -> None:
        self._files = files
        self._read = read
        self._known = dict(known)

    def __getitem__(self, path: str) -> str:
        """The text of a file; KeyError where there is none."""
        known = self._known.get(path)
        if known is None:
            known = self._read(self._files[path])
            if known is None:
                raise KeyError(path)
            self._known[path] = known
        return known

    def __iter__(self) -> Iterator[str]:
        """The paths of all of them; reads what was not read yet."""
        return (path for path in dict.fromkeys((*self._files, *self._known)) if path in self)

    def __len__(self) -> int:
        """How many there are; reads what was not read yet."""
        return sum(1 for _ in self)
