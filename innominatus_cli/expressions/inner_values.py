"""What stands inside of a value: the way into mappings and lists that a reference writes behind a name."""

from collections.abc import Iterable, Mapping


def value_inside(data: object, keys: Iterable[str]) -> object:
    """The value at the end of these keys and positions. Raises KeyError with the first one that there is not."""
    for key in keys:
        if isinstance(data, Mapping) and key in data:
            data = data[key]
        elif isinstance(data, list) and key.isdecimal() and int(key) < len(data):
            data = data[int(key)]
        else:
            raise KeyError(key)
    return data
