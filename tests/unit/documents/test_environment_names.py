"""Environments by name and by pattern."""

from innominatus_cli.documents.environment_names import entry_for, is_among


def test_the_own_name_goes_before_a_pattern_and_the_first_pattern_before_others() -> None:
    table = {"*": 1, "preview-*": 2, "preview-main": 3}

    assert [entry_for(table, name) for name in ("preview-main", "preview-7", "other")] == [3, 1, 1]
    assert entry_for({"preview-*": 2}, "other") is None


def test_only_a_star_makes_a_pattern() -> None:
    assert is_among("preview-7", ["preview-*"])
    assert not is_among("preview", ["preview-*"])
    assert not is_among("preview-7", ["preview-?", "preview-[0-9]"])
    assert not is_among("xpreview-7", ["preview-*"])
