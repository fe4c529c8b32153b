"""The minimised inputs of the fuzzers (`tests/cases/fuzz/<target>.json`, base64), replayed through their targets."""

import base64
import json
from pathlib import Path

import pytest

from tests.fuzz.fuzz import TARGETS

SEEDS = Path(__file__).resolve().parents[1] / "cases" / "fuzz"


@pytest.mark.parametrize("target", TARGETS)
def test_every_input_that_a_fuzzer_kept_keeps_the_promises(target: str) -> None:
    seeds = [base64.b64decode(seed) for seed in json.loads((SEEDS / f"{target}.json").read_text(encoding="utf-8"))]
    assert len(seeds) > 20
    for seed in seeds:
        TARGETS[target](seed)
