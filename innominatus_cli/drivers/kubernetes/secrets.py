"""What a workload is given of secrets: references to keys of Secrets, and the Secret that holds its own.

A value that is one secret becomes a `secretKeyRef`. One that has other text too becomes text with `$(NAME)`, which
Kubernetes expands from a variable beside it, so that no manifest holds the secret.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any, Final

from innominatus_cli.drivers.kubernetes.names import Data, short_digest
from innominatus_cli.drivers.kubernetes.unsupported import Unsupported
from innominatus_cli.expressions.secret_marks import SecretKey, WrongMark, has_mark, parts_of, secret_name

_DOLLARS: Final = re.compile(r"\$+")
_LARGEST: Final = 1024 * 1024
"""What Kubernetes takes in one Secret."""


class WorkloadSecrets:
    """Gathers which keys a workload refers to; `sealed` are the values of its own Secret, by key."""

    __slots__ = ("_own", "_sealed", "_used")

    def __init__(self, workload: str, sealed: Mapping[str, str]) -> None:
        self._own = secret_name(workload)
        self._sealed = sealed
        self._used: dict[str, str] = {}

    def env_of(self, where: str, variables: Mapping[str, str]) -> list[Data]:
        """The `env` of a container: what others are made of comes first, then by name. Raises Unsupported."""
        parts: dict[str, Data] = {}
        found: list[Data] = []
        for name, value in sorted(variables.items()):
            pieces = self.pieces(f"{where}, variable '{name}'", value)
            if len(pieces) == 1 and isinstance(pieces[0], SecretKey):
                found.append({"name": name, "valueFrom": self._reference(pieces[0])})
                continue
            text = ""
            for at, piece in enumerate(pieces):
                if isinstance(piece, str):
                    text += as_data(piece, before_reference=at + 1 < len(pieces))
                    continue
                part = f"__ref_{short_digest(*piece)}"
                parts[part] = {"name": part, "valueFrom": self._reference(piece)}
                text += f"$({part})"
            found.append({"name": name, "value": text})
        return [*(parts[name] for name in sorted(parts)), *found]

    def pieces(self, where: str, text: str) -> list[str | SecretKey]:
        """A text as literal pieces and keys. Raises Unsupported."""
        try:
            return parts_of(text)
        except WrongMark as wrong:
            raise Unsupported(f"{where}: {wrong}") from wrong

    def file_of(self, where: str, pieces: list[str | SecretKey], key: str) -> SecretKey:
        """The key of a Secret that holds the whole content of a file. Raises Unsupported.

        A content that is text and secrets goes into the workload's own Secret as `key`, where all their values are
        known; what only a Secret of the cluster holds can be a file by itself, and no part of one.
        """
        if len(pieces) == 1 and isinstance(pieces[0], SecretKey):
            self._note(pieces[0])
            return pieces[0]
        whole = ""
        for piece in pieces:
            if isinstance(piece, str):
                whole += piece
            elif piece.name == self._own and piece.key in self._sealed:
                whole += self._sealed[piece.key]
            elif piece.name == self._own:
                whole = ""  # a removal: the values are nobody's business any more
            else:
                raise Unsupported(
                    f"{where}: key '{piece.key}' of the Secret '{piece.name}' can be a whole file, and no part of one;"
                    " give it in a variable"
                )
        self._used[key] = whole
        return SecretKey(self._own, key)

    def secret(self) -> Data | None:
        """The workload's own Secret; None where it refers to no key of it. Raises Unsupported."""
        if not self._used:
            return None
        if sum(map(len, self._used.values())) > _LARGEST:
            raise Unsupported(f"the Secret '{self._own}' would have more than {_LARGEST} bytes")
        data = {key: base64.b64encode(value.encode()).decode() for key, value in sorted(self._used.items())}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": self._own}, "type": "Opaque", "data": data}

    def _reference(self, key: SecretKey) -> Data:
        self._note(key)
        return {"secretKeyRef": {"name": key.name, "key": key.key}}

    def _note(self, key: SecretKey) -> None:
        if key.name == self._own:
            self._used[key.key] = self._sealed.get(key.key, "")


def as_data(text: str, *, before_reference: bool = False) -> str:
    """A text as the value of a variable: Kubernetes takes `$$` for `$` and expands `$(NAME)`, and it is to do neither.

    Source: `third_party/forked/golang/expansion` of Kubernetes. `before_reference`: a `$(NAME)` of ours follows.
    """

    def doubled(found: re.Match[str]) -> str:
        dollars, end = found[0], found.end()
        follows = text[end] == "(" if end < len(text) else before_reference
        return dollars * 2 if len(dollars) > 1 or follows else dollars

    return _DOLLARS.sub(doubled, text)


def refuse_marks(objects: list[Data]) -> None:
    """Raises Unsupported where a secret stands in a place that cannot refer to one."""
    for data in objects:
        place = _marked(data)
        if place:
            title = f"{data['kind']}/{data['metadata']['name']}"
            raise Unsupported(f"a secret would stand in {title} at {place}, where nothing can refer to one")


def _marked(value: Any) -> str:  # noqa: ANN401 - a part of a manifest
    """Where in a value a mark is, as a path that begins with a dot; empty where none is."""
    if isinstance(value, str):
        return "." if has_mark(value) else ""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if has_mark(str(key)):
            return "."
        if below := _marked(inner):
            return f".{key}{below.rstrip('.')}"
    return ""
