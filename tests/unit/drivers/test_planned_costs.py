"""What a forged Terraform plan gives as an amount."""

import pytest

from innominatus_cli.drivers.planned_costs import Resource, priced
from innominatus_cli.step_types.oversight import NamedPrice

PRICE = NamedPrice.model_validate({"name": "disk", "monthlyCents": 10, "resource": "a_disk", "quantity": "size"})


@pytest.mark.parametrize("size", ["1/0", "1/2", "1e999999999", "9" * 400, 1e300, float("nan"), float("inf"), -1, "-1"])
def test_an_amount_that_no_resource_has_is_told_and_not_worked_out(size: object) -> None:
    items, without = priced([Resource("a_disk.one", "a_disk", {"size": size}, unknown=False)], [PRICE])
    assert (items, without) == ([], ["a_disk.one ('size' is no known amount)"])


@pytest.mark.parametrize(
    ("size", "amount"), [(20, 20), ("20", 20), (" 20 ", 20), (0.5, 0.5), (1e3, 1000), (10**18, 10**18)]
)
def test_an_amount_is_a_plain_number_or_its_text(size: object, amount: float) -> None:
    items, without = priced([Resource("a_disk.one", "a_disk", {"size": size}, unknown=False)], [PRICE])
    assert [float(item.amount) for item in items] == [amount]
    assert without == []
