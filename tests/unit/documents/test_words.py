import pytest

from innominatus_cli.documents.words import a, counted, either, undertaking


@pytest.mark.parametrize(
    ("count", "word", "told"),
    [(0, "step", "0 steps"), (1, "step", "1 step"), (2, "alert rule", "2 alert rules"), (3, "info", "3 info")],
)
def test_things_are_counted_in_words(count: int, word: str, told: str) -> None:
    assert counted(count, word) == told


def test_an_application_is_deployed_to_removed_from_and_served_in_an_environment() -> None:
    told = [undertaking(operation, "shop", "staging") for operation in ("deploy", "undeploy", "task")]
    assert told == ["deploy shop to staging", "undeploy shop from staging", "task shop in staging"]


def test_articles_and_lists_read_as_sentences() -> None:
    assert [a("integer"), a("string"), a("null")] == ["an integer", "a string", "nothing"]
    assert [either(["a"]), either(["a", "b"]), either(["a", "b", "c"])] == ["a", "a or b", "a, b or c"]
