"""What a Terraform plan leaves standing, by resource, and which prices of admin-config.yaml it has.

Source of the plan's form: https://developer.hashicorp.com/terraform/internals/json-format, version 1.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from innominatus_cli.drivers.contract import StepContext
from innominatus_cli.findings.catalogue.judging import PLAN_UNREADABLE
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.oversight import NamedPrice

_MOST_BYTES: Final = 64 * 1024 * 1024
_AMOUNT: Final = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?(e[+-]?[0-9]{1,2})?")
"""A number as JSON or a person writes it: neither `1/0` nor a power that takes hours to work out."""
_MOST: Final = 10**18
_UNKNOWN: Final = object()
"""What is known only once the plan is applied, or was taken out as a secret."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that costs: what it is, how much of it, and which price it has."""

    what: str
    amount: Fraction
    price: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a plan as it will be."""

    address: str
    type: str
    values: Mapping[str, Any]
    unknown: object
    """What of the values is not known, in the form of `after_unknown`."""

    def value(self, path: str) -> object:
        """The value at a dotted path (`root_block_device.0.volume_size`): None, or `_UNKNOWN`."""
        found: Any = self.values
        unknown: Any = self.unknown
        for key in path.split("."):
            unknown = _below(unknown, key)
            if unknown is True:
                return _UNKNOWN
            found = _below(found, key)
        return found


def resources_of(ctx: StepContext, name: str, path: Path) -> list[Resource] | Finding:
    """The resources that stand once a plan is applied; a finding where the file is no whole plan."""
    data = b""
    try:
        data = path.read_bytes() if path.stat().st_size <= _MOST_BYTES else b""
        plan = json.loads(data)
        problem = _problem(plan)
        if problem:
            return ctx.finding(PLAN_UNREADABLE, f"'{name}' {problem}")
        return [found for one in plan.get("resource_changes", ()) if (found := _standing(one)) is not None]
    except OSError as wrong:
        return ctx.finding(PLAN_UNREADABLE, f"'{name}' cannot be read: {wrong.strerror}")
    except (ValueError, RecursionError):
        saved = " but a saved plan" if data.startswith(b"PK") else ""
        return ctx.finding(PLAN_UNREADABLE, f"'{name}' is no JSON{saved}")
    except (KeyError, TypeError, AttributeError):
        return ctx.finding(PLAN_UNREADABLE, f"'{name}' has another form than a plan of Terraform")


def priced(resources: Iterable[Resource], prices: Sequence[NamedPrice]) -> tuple[list[Item], list[str]]:
    """Every resource with its prices, and those without one, each with the reason."""
    items: list[Item] = []
    without: list[str] = []
    for resource in resources:
        found = _of_resource(resource, [price for price in prices if price.resource])
        if isinstance(found, str):
            without.append(found)
        else:
            items += found
    return items, without


def _problem(plan: object) -> str:
    if not isinstance(plan, dict) or not str(plan.get("format_version", "")).startswith("1."):
        return "is no plan of Terraform as JSON, version 1"
    if "resource_changes" not in plan and "planned_values" not in plan:
        return "is no plan of Terraform as JSON, version 1"
    if plan.get("errored") is True or plan.get("complete") is False:
        return "is a plan that Terraform could not finish"
    return ""


def _standing(one: Mapping[str, Any]) -> Resource | None:
    change, actions = one["change"], list(one["change"]["actions"])
    if one["mode"] != "managed" or "deposed" in one or actions in (["delete"], ["read"]):
        return None
    forgotten = actions == ["forget"]  # it goes on to stand, and to cost
    values = change["before" if forgotten else "after"]
    if not isinstance(values, dict):
        raise TypeError
    unknown = False if forgotten else change.get("after_unknown", False)
    return Resource(str(one["address"]), str(one["type"]), values, unknown)


def _of_resource(resource: Resource, prices: Sequence[NamedPrice]) -> list[Item] | str:
    """Its price of each part, the one that says most; why it has none in words."""
    parts: dict[str, list[NamedPrice]] = {}
    for price in prices:
        if not fnmatchcase(resource.type, str(price.resource)):
            continue
        fits = _fits(resource, price)
        if isinstance(fits, str):
            return f"{resource.address} ('{fits}' is not known before it is applied)"
        if fits:
            parts.setdefault(price.part or "", []).append(price)
    if not parts:
        return f"{resource.address} ({resource.type})"
    items = []
    for part, fitting in parts.items():
        best = max(map(_rank, fitting))
        chosen = [price for price in fitting if _rank(price) == best]
        if len(chosen) > 1:
            names = " and ".join(f"'{price.name}'" for price in chosen[:2])
            return f"{resource.address} (prices {names} fit equally)"
        amount = _amount(resource, chosen[0])
        if amount is None:
            return f"{resource.address} ('{chosen[0].quantity}' is no known amount)"
        items.append(Item(f"{resource.address} {part}".rstrip(), amount, chosen[0].name))
    return items


def _fits(resource: Resource, price: NamedPrice) -> bool | str:
    """Whether all of `where` holds; the path of what nobody knows yet."""
    fits = True
    for path, wanted in (price.where or {}).items():
        value = resource.value(path)
        if value is _UNKNOWN:
            return path
        fits = fits and value is not None and fnmatchcase(_text(value), wanted)
    return fits


def _rank(price: NamedPrice) -> tuple[int, bool]:
    """How much a price says: conditions first, then a type without a star."""
    return len(price.where or {}), not any(sign in str(price.resource) for sign in "*?[")


def _amount(resource: Resource, price: NamedPrice) -> Fraction | None:
    if price.quantity is None:
        return Fraction(1)
    value = resource.value(price.quantity)
    if value is _UNKNOWN or isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    amount = Fraction(text) if _AMOUNT.fullmatch(text := str(value).strip()) else None
    return amount if amount is not None and amount <= _MOST else None


def _below(value: object, key: str) -> object:
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
        return value[int(key)]
    return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
