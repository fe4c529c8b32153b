"""The answers of provisioners: read strictly, and held against what was promised."""

import json
from pathlib import Path

import jsonschema
import pytest

from innominatus_cli.provisioners.contract import ResourceRequest
from innominatus_cli.provisioners.protocol import MOST_BYTES, PROTOCOL, NoAnswer, answer_of, request_of, untrue


def test_a_full_answer_is_read() -> None:
    written = {
        "protocol": PROTOCOL,
        "outputs": {"url": "x"},
        "secrets": ["url"],
        "message": "made",
        "hints": [{"type": "url", "label": "l", "value": "v"}],
        "manifests": [{"apiVersion": "v1", "kind": "Service"}],
    }
    answer = answer_of(json.dumps(written).encode(), 0)
    assert answer.outputs == {"url": "x"}
    assert answer.secrets == ("url",)
    assert answer.manifests[0]["kind"] == "Service"


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        (b"", "is empty"),
        (b"made it\n{}", "is no JSON object, or has text beside it"),
        (b"[]", "is no JSON object"),
        (b'{"outputs": {"a": NaN}}', "is no JSON object"),
        (b"\xff{}", "is no JSON object"),
        (b'{"output": {}}', "unknown key 'output'"),
        (b'{"protocol": "innominatus.dev/provisioner/v9"}', "is of the protocol"),
        (b'{"outputs": []}', "'outputs' that is no object"),
        (b'{"outputs": {"a b": 1}}', "an output that is called"),
        (b'{"secrets": [1]}', "'secrets' that are no names"),
        (b'{"manifests": [{"kind": "Pod"}]}', "a manifest without"),
        (b'{"error": {"code": "TIMEOUT"}}', "an error without a 'message'"),
    ],
)
def test_anything_else_is_no_answer(printed: bytes, words: str) -> None:
    with pytest.raises(NoAnswer, match=words):
        answer_of(printed, len(printed))


def test_the_schemas_say_what_the_reader_takes(root: Path) -> None:
    answers = json.loads((root / "schemas/provisioner-answer.v1.schema.json").read_text())
    requests = json.loads((root / "schemas/provisioner-request.v1.schema.json").read_text())
    asked = ResourceRequest("db", "postgres", "shop", "development", root)
    jsonschema.validate(json.loads(request_of("provision", asked, {})), requests)
    assert set(answers["properties"]) == {
        "protocol", "outputs", "secrets", "message", "manifests", "hints", "status", "describes", "backup", "error",
    }  # fmt: skip
    for printed in ({}, {"error": {"message": "no"}}, {"outputs": {"a": 1}, "hints": []}):
        jsonschema.validate(printed, answers)
        answer_of(json.dumps(printed).encode(), 1)


def test_an_answer_has_an_end() -> None:
    with pytest.raises(NoAnswer, match="may have 1,048,576"):
        answer_of(b"{}", MOST_BYTES + 1)


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({"url": "x", "port": 1}, ""),
        ({"url": "x"}, "promises the output 'port' and did not give it"),
        ({"url": "x", "port": "1"}, "promises the output 'port' as integer, and gave string"),
        ({"url": "x", "port": True}, "promises the output 'port' as integer, and gave boolean"),
        ({"url": None, "port": 1}, "promises the output 'url' as string, and gave null"),
        ({"url": "x", "port": 1, "more": 1}, "gave the output 'more', which it does not promise"),
    ],
)
def test_outputs_are_held_against_what_was_promised(outputs: dict[str, object], words: str) -> None:
    assert untrue(outputs, {"url": "string", "port": "integer"}) == words


def test_where_nothing_is_promised_everything_is_true() -> None:
    assert untrue({"a": 1}, {}) == ""
