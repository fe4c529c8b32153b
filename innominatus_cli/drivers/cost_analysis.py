"""`cost-analysis`: what a workload and Terraform plans cost in a month, held against a budget.

Prices are cents of one unit: of a core (`cpu`), of a GiB (`memory`, `storage`), or of one resource of a type. A
resource with a `size` whose type has no price of its own is priced as `storage`. All arithmetic is exact; the total
is rounded up to the next cent.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from pydantic import ValidationError

from innominatus_cli.documents.quantities import quantity
from innominatus_cli.documents.score import Container, WorkloadDocument
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext
from innominatus_cli.drivers.planned_costs import Item, Resource, priced, resources_of
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.contract import known
from innominatus_cli.step_types.oversight import CostAnalysisInputs, NamedPrice

_SIZED_UNITS: Final = frozenset({"GiB", "Gi", "GB"})
_MOST_TOLD: Final = 10


def driver(ctx: StepContext) -> DriverSteps:
    """Outputs the estimate; over the budget it fails, unless `enforceLimit` is false."""
    yield from ()
    inputs = ctx.inputs_of(CostAnalysisInputs)
    found = _found(ctx, inputs)
    if isinstance(found, Finding):
        return DriverResult(failure=found)
    items, unpriced = found
    prices = {price.name: price for price in inputs.prices if isinstance(price, NamedPrice)}
    without = sorted({item.price for item in items if item.price not in prices})
    unpriced = [*map(repr, without), *unpriced]
    if unpriced and inputs.unpriced == "fail":
        return ctx.failed(codes.PRICE_MISSING, f"no price for {', '.join(unpriced[:_MOST_TOLD])}{_more(unpriced)}")
    items = [item for item in items if item.price not in without]
    costs = [item.amount * prices[item.price].monthly_cents for item in items]
    total = math.ceil(sum(costs, Fraction(0)))
    outputs: dict[str, object] = {
        "monthly_cents": total,
        "budget_share": None,
        "items": [
            {"what": item.what, "amount": _decimal(item.amount), "price": item.price, "cents": math.ceil(cost)}
            for item, cost in zip(items, costs, strict=True)
        ],
        "unpriced": unpriced,
    }
    result = DriverResult(outputs=outputs, message=f"{_money(total)} a month, no budget")
    if inputs.budget_limit is not None:
        budget: int | float = known(inputs.budget_limit)
        result = _judged(ctx, inputs, total, Fraction(str(budget)) * 100, outputs)
    if not unpriced or result.failure is not None:
        return result
    told = f"at least {result.message}; no price for {', '.join(unpriced[:_MOST_TOLD])}{_more(unpriced)}"
    return replace(result, message=told)


def _more(unpriced: Sequence[str]) -> str:
    return f", and {len(unpriced) - _MOST_TOLD} more" if len(unpriced) > _MOST_TOLD else ""


def _found(ctx: StepContext, inputs: CostAnalysisInputs) -> tuple[list[Item], list[str]] | Finding:
    """What costs, and what of the plans has no price."""
    items: list[Item] = []
    has_plans = bool(inputs.plans or inputs.plan_files)
    if inputs.only_plans and not has_plans:
        return ctx.finding(codes.INPUTS_UNUSABLE, "only plans are to be priced, and there are none")
    if not inputs.only_plans and (isinstance(inputs.workload, dict) or not has_plans):
        of_workload = _items(ctx, inputs)
        if isinstance(of_workload, Finding):
            return of_workload
        items += of_workload
    resources: list[Resource] = []
    places = [(name, ctx.state_path(name)) for name in inputs.plans]
    for name, path in [*places, *((name, ctx.repository_path(name)) for name in inputs.plan_files)]:
        of_plan = path if isinstance(path, Finding) else resources_of(ctx, name, path)
        if isinstance(of_plan, Finding):
            return of_plan
        resources += of_plan
    of_plans, unpriced = priced(resources, [price for price in inputs.prices if isinstance(price, NamedPrice)])
    return [*items, *of_plans], unpriced


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
    prices = {price.name: price for price in inputs.prices if isinstance(price, NamedPrice) and not price.resource}
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
