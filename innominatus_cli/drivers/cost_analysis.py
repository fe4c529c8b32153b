"""`cost-analysis`: what a workload costs in a month, held against its budget.

Prices are cents of one unit: of a core (`cpu`), of a GiB (`memory`, `storage`), or of one resource of a type. A
resource with a `size` whose type has no price of its own is priced as `storage`. All arithmetic is exact; the total
is rounded up to the next cent.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from pydantic import ValidationError

from innominatus_cli.documents.quantities import quantity
from innominatus_cli.documents.score import Container, WorkloadDocument
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.oversight import CostAnalysisInputs, NamedPrice

_SIZED_UNITS: Final = frozenset({"GiB", "Gi", "GB"})


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that costs: what it is, how much of it, and which price it has."""

    what: str
    amount: Fraction
    price: str


def driver(ctx: StepContext) -> DriverSteps:
    """Outputs the estimate; over the budget it fails, unless `enforceLimit` is false."""
    yield from ()
    inputs = ctx.inputs_of(CostAnalysisInputs)
    items = _items(ctx, inputs)
    if isinstance(items, Finding):
        return DriverResult(failure=items)
    prices = {price.name: price for price in inputs.prices if isinstance(price, NamedPrice)}
    without = sorted({item.price for item in items if item.price not in prices})
    if without:
        return ctx.failed(codes.PRICE_MISSING, f"no price for {', '.join(repr(name) for name in without)}")
    costs = [item.amount * prices[item.price].monthly_cents for item in items]
    total = math.ceil(sum(costs, Fraction(0)))
    outputs: dict[str, object] = {
        "monthly_cents": total,
        "budget_share": None,
        "items": [
            {"what": item.what, "amount": _decimal(item.amount), "price": item.price, "cents": math.ceil(cost)}
            for item, cost in zip(items, costs, strict=True)
        ],
    }
    if inputs.budget_limit is None:
        return DriverResult(outputs=outputs, message=f"{_money(total)} a month, no budget")
    budget: int | float = known(inputs.budget_limit)
    return _judged(ctx, inputs, total, Fraction(str(budget)) * 100, outputs)


def _judged(
    ctx: StepContext, inputs: CostAnalysisInputs, total: int, budget: Fraction, outputs: dict[str, object]
) -> DriverResult:
    """Both amounts in cents."""
    share = math.ceil(Fraction(total) * 100 / budget) if budget else (100 if total == 0 else None)
    outputs["budget_share"] = share
    told = f"{_money(total)} a month of a budget of {_money(math.floor(budget))}"
    if total > budget and known(inputs.enforce_limit):
        return ctx.failed(codes.BUDGET_EXCEEDED, f"{told}; most of it for {_most(outputs)}")
    if total > budget:
        return DriverResult(outputs=outputs, message=f"{told}: over the budget, which is not enforced")
    if share is not None and share >= known(inputs.alert_threshold):
        return DriverResult(outputs=outputs, message=f"{told}: {share} % and over the threshold for an alert")
    return DriverResult(outputs=outputs, message=told)


def _most(outputs: Mapping[str, object]) -> str:
    items = outputs["items"]
    if not isinstance(items, list) or not items:
        return "nothing"
    return str(max(items, key=lambda item: item["cents"])["what"])


def _items(ctx: StepContext, inputs: CostAnalysisInputs) -> list[Item] | Finding:
    if not isinstance(inputs.workload, dict):
        return ctx.finding(codes.INPUTS_UNUSABLE, "there is no application whose workload could be priced")
    try:
        workload = WorkloadDocument.model_validate(inputs.workload)
    except ValidationError:
        return ctx.finding(codes.INPUTS_UNUSABLE, "the workload is no Score workload")
    prices = {price.name: price for price in inputs.prices if isinstance(price, NamedPrice)}
    found: list[Item] = []
    for name, container in sorted(workload.containers.items()):
        found += _of_container(name, container, known(inputs.replicas))
    for name, resource in sorted(workload.resources.items()):
        size = resource.params.get("size")
        price, amount = resource.type, Fraction(1)
        if isinstance(size, str):
            in_gib = _gib(size)
            if in_gib is None:
                return ctx.finding(codes.INPUTS_UNUSABLE, f"resource '{name}': size '{size}' is no quantity")
            if resource.type not in prices:
                price, amount = "storage", in_gib
            elif prices[resource.type].unit in _SIZED_UNITS:
                amount = in_gib
        found.append(Item(f"resource {name}", amount, price))
    return found


def _of_container(name: str, container: Container, replicas: int) -> Iterator[Item]:
    """What the container asks for; limits where it asks for nothing, as Kubernetes does."""
    requests, limits = container.resources.requests, container.resources.limits
    cpu, memory = requests.cpu or limits.cpu, requests.memory or limits.memory
    if cpu is not None:
        yield Item(f"cpu of {name}", _cores(cpu) * replicas, "cpu")
    if memory is not None:
        yield Item(f"memory of {name}", (_gib(memory) or Fraction(0)) * replicas, "memory")


def _cores(text: str) -> Fraction:
    return Fraction(*(quantity(text) or (0,)))


def _gib(text: str) -> Fraction | None:
    """A Kubernetes quantity of bytes in GiB."""
    found = quantity(text)
    return None if found is None else Fraction(*found) / 1024**3


def _decimal(amount: Fraction) -> str:
    """At most three decimals, as text: records hold no floats."""
    return f"{float(amount):.3f}".rstrip("0").rstrip(".")


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
