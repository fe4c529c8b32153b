"""Numbers that remember how they were written, for where a text is wanted: `1.10` is no `1.1`."""


class WrittenInt(int):
    """An integer and its text."""

    text: str

    @classmethod
    def of(cls, value: int, text: str) -> "WrittenInt":
        """The integer `value`, written as `text`."""
        made = cls(value)
        made.text = text
        return made


class WrittenFloat(float):
    """A float and its text."""

    text: str

    @classmethod
    def of(cls, value: float, text: str) -> "WrittenFloat":
        """The float `value`, written as `text`."""
        made = cls(value)
        made.text = text
        return made
