"""Texts are read when somebody asks for them, once."""

import pytest

from innominatus_cli.findings.texts import Texts


def test_a_text_is_read_once_and_only_when_asked_for() -> None:
    read: list[int] = []

    def text(number: int) -> str | None:
        read.append(number)
        return None if number == 3 else f"text {number}"

    texts = Texts({"a": 1, "b": 2, "c": 3}, text, {"b": "known", "d": "added"})
    assert read == []
    assert (texts["a"], texts["a"], texts["b"], texts.get("c")) == ("text 1", "text 1", "known", None)
    assert read == [1, 3]
    with pytest.raises(KeyError):
        texts["c"]
    assert "x" not in texts
    assert dict(texts) == {"a": "text 1", "b": "known", "d": "added"}
    assert len(texts) == 3
