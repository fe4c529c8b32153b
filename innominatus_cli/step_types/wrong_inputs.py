"""What pydantic says of a wrong input, in our words."""

from typing import Final

_LONGEST_SHOWN: Final = 60


def in_words(message: str, value: object = None) -> str:
    """The rest of a sentence that begins with an input's name: `must be a valid integer, not 'many'`.

    `value` is shown where it is given and short; leave it out where it may be a secret or is a reference.
    """
    said = message.removeprefix("Value error, ")
    if not said.startswith("Input should be "):
        return said
    shown = str(value) if isinstance(value, str | int | float) else ""
    told = f", not '{shown}'" if shown and len(shown) <= _LONGEST_SHOWN else ""
    return f"must be {said.removeprefix('Input should be ')}{told}"


def place_in_words(loc: tuple[int | str, ...]) -> str:
    """Where in the inputs, `checks.0.port`: without the names that pydantic gives to the choices of a union."""
    return ".".join(
        str(part) for part in loc if isinstance(part, int) or part.replace("_", "").replace("-", "").isalnum()
    )
