"""Own hardware, a cloud and a hosted API at the same load: dollars a month and a million tokens, and break-even."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.cost.range import HOURS_PER_MONTH
from bedplate.cost.tokens import MILLION, SECONDS_PER_HOUR, break_even_utilization
from bedplate.errors import InputError, Problem, listing, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bedplate.catalog import Price
    from bedplate.cost.comparison_spec import (
        CloudSpec,
        ComparisonSpec,
        HostedApiSpec,
        LoadSpec,
        OwnHardwareSpec,
    )

MONTHS_PER_YEAR = 12


@dataclass(frozen=True, slots=True)
class Way:
    """One way to serve the load. A hosted API has no nodes: the first three are None."""

    name: str
    kind: str
    nodes: int | None
    usd_per_node_hour: Decimal | None
    utilization: Decimal | None
    usd_per_month: Decimal
    usd_per_million_tokens: Decimal


@dataclass(frozen=True, slots=True)
class BreakEven:
    """From which utilization on machines make tokens for less than a hosted API; above 1 means never."""

    machines: str
    hosted_api: str
    utilization: Decimal


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ways to serve the same load, cheapest first, and what is to be known about the figures."""

    ways: tuple[Way, ...]
    break_even: tuple[BreakEven, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Machines:
    name: str
    kind: str
    nodes: int
    usd_per_hour: Decimal
    tokens_per_second: Decimal


def usd_per_node_hour(spec: OwnHardwareSpec) -> Decimal:
    """Return what an hour of an own node costs, used or not.

    Loss of value over the years, power drawn with what the site draws on top, and each node's part of what is paid for
    all of them. A month has 730 hours, a year twelve of them.
    """
    hours = spec.years * MONTHS_PER_YEAR * HOURS_PER_MONTH
    value = (spec.price_usd_per_node - spec.residual_usd_per_node) / hours
    power = spec.power_kw_per_node * spec.pue * spec.usd_per_kwh
    shared = (spec.colocation_usd_per_month + spec.staff_usd_per_month) / HOURS_PER_MONTH / spec.nodes
    return value + power + shared


def compare(spec: ComparisonSpec, file: Path) -> Comparison:
    """Compare the ways of a file.

    Raises `InputError` where the catalog has no price for a machine, or own nodes are too few for the load.
    """
    problems: list[Problem] = []
    machines: list[_Machines] = []
    notes: list[str] = []
    for name, own in spec.own_hardware.items():
        needed = nodes_needed(spec.load, own.tokens_per_second_per_node)
        if needed > own.nodes:
            message = f"the load needs {needed} nodes at the utilization that it allows"
            problems.append(Problem(message, ("own_hardware", name, "nodes"), file=str(file)))
            continue
        hourly = usd_per_node_hour(own)
        machines.append(_Machines(name, "own hardware", own.nodes, hourly, own.tokens_per_second_per_node))
    for name, cloud in spec.cloud.items():
        price = _price(cloud)
        if price is None:
            problems.append(_no_price(name, cloud, file))
            continue
        rate = cloud.tokens_per_second_per_node
        machines.append(_Machines(name, "cloud", nodes_needed(spec.load, rate), price.usd_per_hour, rate))
        notes.append(
            f"{name}: ${price.usd_per_hour} an hour of {price.as_of or 'a list without a date'}, {price.source}."
        )
    if problems:
        raise InputError(problems)
    ways = [_way(spec.load, one) for one in machines]
    ways += [_hosted(spec.load, name, api) for name, api in spec.hosted_api.items()]
    return Comparison(
        ways=tuple(sorted(ways, key=lambda way: (way.usd_per_month, way.name))),
        break_even=tuple(_break_even(spec, machines)),
        notes=(*notes, *_left_out(machines)),
    )


def nodes_needed(load: LoadSpec, tokens_per_second: Decimal) -> int:
    """Return how many nodes carry a load without being busier than it allows."""
    a_month = tokens_per_second * SECONDS_PER_HOUR * HOURS_PER_MONTH * load.most_utilization
    return int((load.million_tokens * MILLION / a_month).to_integral_value(rounding=ROUND_CEILING))


def _price(cloud: CloudSpec) -> Price | None:
    return catalog.price(cloud.provider, cloud.region, cloud.machine, cloud.capacity)


def _no_price(name: str, cloud: CloudSpec, file: Path) -> Problem:
    field: tuple[str, ...] = ("cloud", name, "machine")
    known = catalog.machines(cloud.provider)
    if cloud.machine not in known:
        elsewhere = catalog.clouds_of(cloud.machine)
        meant = "" if elsewhere else nearest(cloud.machine, known)
        hint = f"It is a machine type of {elsewhere[0]}." if elsewhere else ""
        return Problem(f"{cloud.provider} has no machine {cloud.machine!r}", field, str(file), nearest=meant, hint=hint)
    priced = catalog.priced_regions(cloud.provider, cloud.machine)
    where = f"prices are known in {listing(priced)}" if priced else "no list in the catalog has one"
    message = f"no {cloud.capacity} price is known for {cloud.machine} in {cloud.region}"
    return Problem(message, field, str(file), hint=f"{where[:1].upper()}{where[1:]}.")


def _way(load: LoadSpec, one: _Machines) -> Way:
    a_month = one.nodes * one.usd_per_hour * HOURS_PER_MONTH
    possible = one.nodes * one.tokens_per_second * SECONDS_PER_HOUR * HOURS_PER_MONTH
    return Way(
        name=one.name,
        kind=one.kind,
        nodes=one.nodes,
        usd_per_node_hour=one.usd_per_hour,
        utilization=load.million_tokens * MILLION / possible,
        usd_per_month=a_month,
        usd_per_million_tokens=a_month / load.million_tokens,
    )


def _hosted(load: LoadSpec, name: str, api: HostedApiSpec) -> Way:
    a_month = _hosted_usd(load, api)
    return Way(name, "hosted API", None, None, None, a_month, a_month / load.million_tokens)


def _hosted_usd(load: LoadSpec, api: HostedApiSpec) -> Decimal:
    return (
        load.million_input_tokens_per_month * api.usd_per_million_input_tokens
        + load.million_output_tokens_per_month * api.usd_per_million_output_tokens
    )


def _break_even(spec: ComparisonSpec, machines: list[_Machines]) -> Iterator[BreakEven]:
    for one in machines:
        for name, api in spec.hosted_api.items():
            mixed = _hosted_usd(spec.load, api) / spec.load.million_tokens
            yield BreakEven(one.name, name, break_even_utilization(one.usd_per_hour, one.tokens_per_second, mixed))


def _left_out(machines: list[_Machines]) -> Iterator[str]:
    kinds = {one.kind for one in machines}
    if "own hardware" in kinds:
        yield "Own hardware: without interest, taxes and the time until it is delivered."
    if "cloud" in kinds:
        yield "Cloud: machines alone, in every hour; without disks, control planes, traffic and commitments."
