"""Loops and sub-workflows in a simulated run: their steps are named, faked and expected like all others."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.operations.testing.conftest import Shop

FLOW = """
apiVersion: workflow.dev/v1
kind: ProductWorkflow
metadata: {name: regions, description: Regions, product: shop, owner: shop-team, phase: deployment}
spec:
  triggers: [product_deployment]
  timeout: 5m
  outputs: {urls: "${steps.open.outputs.url}", schema: "${steps.database.outputs.version}"}
  steps:
    - name: list
      type: script
      config: {script: list}
      outputs: [regions]
    - name: open
      type: script
      forEach: "${steps.list.outputs.regions}"
      maxItems: 3
      env: {REGION: "${item}"}
      config: {script: open}
      outputs: [url]
    - name: warm
      type: script
      forEach: [tea, coffee]
      env: {WHAT: "${item}"}
      config: {script: warm}
    - name: database
      type: workflow
      workflow: ./reusable/database.yaml
      parameters: {size: "2"}
    - name: tell
      type: script
      env: {SCHEMA: "${steps.database.outputs.version}"}
      config: {script: report}
"""
DATABASE = """
apiVersion: workflow.dev/v1
kind: Workflow
metadata: {name: database, description: A database, owner: shop-team}
spec:
  parameters: [{name: size, type: string}]
  outputs: {version: "${steps.migrate.outputs.version}"}
  steps:
    - name: migrate
      type: script
      env: {SIZE: "${parameters.size}"}
      config: {script: migrate}
      outputs: [version]
"""
FAKES = """
fakes:
  - {step: make, outputs: {path: teas.db, teas: "1"}}
"""


@pytest.fixture
def regions(shop: "Shop") -> "Shop":
    shop.write("workflows/products/shop/regions.yaml", FLOW)
    shop.write("workflows/products/shop/reusable/database.yaml", DATABASE)
    config = (shop.root / "admin-config.yaml").read_text()
    config = config.replace("[shop/catalog]", "[shop/catalog, shop/regions]").replace("Workflow: 5", "Workflow: 20")
    shop.write("admin-config.yaml", config)
    return shop


def test_a_loop_goes_over_what_is_faked(regions: "Shop") -> None:
    told = regions.told(f"""{FAKES}
  - {{step: list, outputs: {{regions: [north, south]}}}}
  - {{step: "open[*]", outputs: {{url: "https://x"}}}}
  - {{step: "open[1]", outputs: {{url: "https://y"}}}}
  - {{step: "database.migrate", outputs: {{version: "7"}}}}
tests:
  - name: one
    expect:
      runs: ["open[0]", "open[1]", "warm[*]", database.migrate]
      absent: ["open[2]"]
      order:
        - {{step: "open[1]", after: list}}
        - {{step: database.migrate, after: "warm[*]"}}
      steps:
        - {{step: "open[1]", env: {{REGION: south}}}}
        - {{step: "warm[0]", env: {{WHAT: tea}}}}
        - {{step: database.migrate, env: {{SIZE: "2"}}}}
        - {{step: tell, env: {{SCHEMA: "7"}}}}
      outputs:
        shop/regions: {{urls: ["https://x", "https://y"], schema: "7"}}
""")
    assert told == []


def test_a_loop_over_what_nobody_faked_fails_and_says_so(regions: "Shop") -> None:
    (told,) = regions.told(f"{FAKES}\ntests: [{{name: one, expect: {{result: succeeded}}}}]")
    assert "ORC-3161" in told
    assert "open" in told


def test_a_failing_round_fails_what_stands_behind_the_loop(regions: "Shop") -> None:
    told = regions.told(f"""{FAKES}
  - {{step: list, outputs: {{regions: [north, south]}}}}
  - {{step: "open[1]", fails: true}}
tests:
  - name: one
    expect: {{result: failed, fails: ["open[1]"], succeeds: ["open[0]"], skipped: [tell, database.migrate]}}
""")
    assert told == []


def test_a_snapshot_shows_loops_rounds_and_calls(regions: "Shop") -> None:
    regions.tests(f"{FAKES}\n  - {{step: list, outputs: {{regions: [a]}}}}\ntests: [{{name: one, snapshot: true}}]")
    assert regions.run(update=True).passed
    text = (regions.root / "workflows/products/shop/tests/snapshots/catalog/one.snap").read_text()
    for words in (
        'for_each: "${steps.list.outputs.regions}"',
        "max_items: 3",
        "item: tea",
        "endOf: workflow",
        'size: "2"',
    ):
        assert words in text
