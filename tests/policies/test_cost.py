"""The rules about money: what passes, what does not, and that nothing unknown passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rules.model import Settings
from tests.policies.stack import (
    SETTINGS,
    UNKNOWN,
    Declared,
    check_stack,
    cluster,
    of_rule,
    pool,
    register,
    with_line,
)

GROUP = {
    "name": "vision-dev-it-offer1",
    "machine": "m7i.2xlarge",
    "capacity": "on-demand",
    "maxNodes": 2,
    "rootDiskGib": 200,
}

PASSES = {
    "a pool": pool(),
    "a cluster": cluster(),
    "a spot pool with an undated price, which caps.yaml allows": pool("p5.48xlarge", 1, "spot"),
    "exactly the nodes that fit": pool("p5.48xlarge", 2),
}

FAILS = {
    "another team's caps": (
        pool(team="platform"),
        ["cost-of-its-stack: it declares team platform and environment dev, but the stack is vision-dev"],
    ),
    "another environment's caps": (pool(environment="prod"), ["cost-of-its-stack", "no spending cap is set"]),
    "more nodes than are counted": (
        pool(groups=[GROUP | {"maxNodes": 9}]),
        ["cost-counted-in-full: it may run 9 × m7i.2xlarge on-demand, but its cost counts 2", "counts 2 of them"],
    ),
    "a machine that is not counted": (
        pool(groups=[GROUP | {"machine": "p5.48xlarge"}]),
        ["cost-counted-in-full: it may run 2 × p5.48xlarge on-demand, but its cost counts 0"],
    ),
    "no groups": (pool(groups=[]), ["cost-counted-in-full: it has no groups"]),
    "no cost": (pool(cost=[]), ["cost-counted-in-full: it may run 2 × m7i.2xlarge"]),
    "a cluster that does not count its control plane": (cluster(cost=[]), ["cost-counted-in-full: use1 does not"]),
    "cost that is no list of lines": (pool(cost=[{"item": "x"}]), ["cost is not what Bedplate's components declare"]),
    "cost that is text": (pool(cost="nothing"), ["cost is not what Bedplate's components declare"]),
    "an amount that is no number": (
        with_line(pool(), 0, usdPerHour="NaN"),
        ["cost is not what Bedplate's components declare"],
    ),
    "no price": (
        with_line(pool(), 0, usdPerHour=None),
        ["cost-has-prices: no price is known for m7i.2xlarge on-demand", "so its cost cannot be bounded"],
    ),
    "a price of zero": (with_line(pool(), 0, usdPerHour="0"), ["cost-has-prices", "nothing is free"]),
    "a negative price": (with_line(pool(), 0, usdPerHour="-100"), ["cost-has-prices", "nothing is free"]),
    "a negative quantity": (with_line(pool(), 1, maxUnits=-2), ["cost-has-prices", "negative quantity"]),
    "a lower price": (
        with_line(pool(), 0, usdPerHour="0.01"),
        ["cost-has-catalog-prices: m7i.2xlarge on-demand of it is declared at $0.0100 an hour; the catalog has $0.4"],
    ),
    "a lower price of a disk": (with_line(pool(), 1, usdPerHour="0.0001"), ["cost-has-catalog-prices: root volume"]),
    "a lower price of a control plane": (
        with_line(cluster(), 0, usdPerHour="0.01"),
        ["cost-has-catalog-prices: EKS control plane"],
    ),
    "the price of another region": (pool(region="ap-south-1"), ["cost-has-catalog-prices", "ap-south-1"]),
    "a cloud that the catalog does not have": (pool(provider="cloudy"), ["cost-has-catalog-prices: could not be"]),
    "a newer date than the catalog's": (
        with_line(pool(), 0, asOf="2026-10-31"),
        ["cost-has-catalog-prices: the price of m7i.2xlarge on-demand of it claims the date 2026-10-31"],
    ),
    "no date": (with_line(pool(), 0, asOf=None), ["cost-has-fresh-prices", "so its age is unknown"]),
    "over the caps": (
        pool("p5.48xlarge", 3),
        ["cost-of-component-within-caps: vision dev: $165.19 per hour with everything up is $35.19 above the cap"],
    ),
    "unknown cost": (
        pool(cost=UNKNOWN),
        ["cost-of-component-within-caps: cannot be decided: cost is not known before"],
    ),
    "unknown price": (with_line(pool(), 0, usdPerHour=UNKNOWN), ["cannot be decided: cost[0].usdPerHour is not known"]),
    "unknown size": (pool(groups=[GROUP | {"maxNodes": UNKNOWN}]), ["groups[0].maxNodes is not known before"]),
    "unknown team": (pool(team=UNKNOWN), ["cost-of-its-stack: cannot be decided: team is not known"]),
    "no team": (pool(team=None), ["cost-of-its-stack: cannot be decided: team is not set"]),
    "unknown region": (pool(region=UNKNOWN), ["cost-has-catalog-prices: cannot be decided: region is not known"]),
}


@pytest.mark.parametrize("component", PASSES.values(), ids=PASSES)
def test_passes(component: Declared) -> None:
    assert register(component) == []
    assert check_stack(component) == []


@pytest.mark.parametrize(("component", "expected"), FAILS.values(), ids=FAILS)
def test_fails(component: Declared, expected: list[str]) -> None:
    messages = "\n".join(register(component))
    assert [text for text in expected if text not in messages] == [], messages
    assert check_stack(component) != [], "the outputs of a component are judged as its inputs are"


def test_stack_sums_its_components() -> None:
    parts = [replace(pool("p5.48xlarge", 1), name=name) for name in ("a", "b", "c")]
    assert register(*parts) == []
    messages = check_stack(*parts, cluster())
    assert [message.split(": ")[0] for message in messages] == ["cost-within-caps"] * 2
    assert "$165.44 per hour with everything up is $35.44 above the cap of $130.00" in messages[0]
    assert "per month" in messages[1]


@pytest.mark.parametrize(
    ("machine", "capacity", "today", "expected"),
    [
        ("m7i.2xlarge", "on-demand", date(2027, 7, 20), []),
        ("m7i.2xlarge", "on-demand", date(2027, 7, 21), ["the price of m7i.2xlarge on-demand", "366 days old; 365"]),
        ("m7i.2xlarge", "on-demand", date(2028, 7, 1), ["the price of root volume", "1461 days old; 1460 are allowed"]),
    ],
)
def test_stale_prices(machine: str, capacity: str, today: date, expected: list[str]) -> None:
    messages = "\n".join(register(pool(machine, 1, capacity), settings=replace(SETTINGS, today=today)))
    assert [text for text in expected if text not in messages] == []
    assert bool(messages) == bool(expected)


CAPS = "max_machine_price_age_days: 365\nmax_service_price_age_days: 1460\n"


@pytest.mark.parametrize(
    ("caps", "expected"),
    [
        (None, "cannot be decided: no spending caps"),
        ("teams: [", "within-caps: cannot be decided"),
        ("", "within-caps: cannot be decided"),
        (CAPS + "teams: {vision: {dev: {hourly_usd: 0, monthly_usd: 1}}}", "teams.vision.dev.hourly_usd"),
        (CAPS + "cap: {}", "cannot be decided"),
        (CAPS, "vision dev: no spending cap is set for team vision in dev, so nothing may be created"),
        (
            CAPS + "default: {dev: {hourly_usd: 130, monthly_usd: 90000}}",
            "the price of p5.48xlarge spot of it has no date",
        ),
    ],
    ids=["missing", "no YAML", "empty", "zero", "unknown key", "no cap", "undated spot price"],
)
def test_caps_file(caps: str | None, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "caps.yaml"
    if caps is not None:
        file.write_text(caps)
    settings = Settings(caps_path=file, today=SETTINGS.today)
    assert expected in "\n".join(register(pool("p5.48xlarge", 1, "spot"), settings=settings))
    assert expected in "\n".join(check_stack(pool("p5.48xlarge", 1, "spot"), settings=settings))


def test_caps_are_the_packs_own() -> None:
    assert Settings().caps_path == Path(__file__).resolve().parents[2] / "policies" / "caps.yaml"


def limits(folder: Path, **fields: str) -> Settings:
    """Return settings whose caps of vision in dev have further fields."""
    path = folder / "caps.yaml"
    more = "".join(f", {name}: {value}" for name, value in fields.items())
    path.write_text(CAPS + f"teams: {{vision: {{dev: {{hourly_usd: 1000, monthly_usd: 900000{more}}}}}}}\n")
    return replace(SETTINGS, caps_path=path)


@pytest.mark.parametrize(
    ("rule", "component", "fields", "expected"),
    [
        ("cost-of-pool-within-cap", pool("p5.48xlarge", 3), {"pool_hourly_usd": "130"}, "a pool may cost $130"),
        ("cost-of-pool-within-cap", pool("p5.48xlarge", 2), {"pool_hourly_usd": "130"}, ""),
        ("cost-of-pool-within-cap", pool("p5.48xlarge", 3), {}, ""),
        ("cost-of-pool-within-cap", pool(cost=UNKNOWN), {"pool_hourly_usd": "130"}, "cost is not known"),
        ("cost-allowed-accelerators", pool("p5.48xlarge", 1), {"accelerators": "[L4]"}, "with H100; allowed: L4"),
        ("cost-allowed-accelerators", pool("p5.48xlarge", 1), {"accelerators": "[]"}, "allowed: none"),
        ("cost-allowed-accelerators", pool("g6.2xlarge", 1), {"accelerators": "[L4]"}, ""),
        ("cost-allowed-accelerators", pool(), {"accelerators": "[]"}, ""),
        ("cost-allowed-accelerators", pool(groups=UNKNOWN), {"accelerators": "[L4]"}, "groups is not known"),
        (
            "cost-allowed-accelerators",
            pool(groups=[GROUP | {"machine": "p99.large"}]),
            {"accelerators": "[L4]"},
            "the catalog has no machine p99.large",
        ),
    ],
)
def test_limits_of_a_pool(
    rule: str, component: Declared, fields: dict[str, str], expected: str, tmp_path: Path
) -> None:
    messages = of_rule(rule, register(component, settings=limits(tmp_path, **fields)))
    assert (messages == []) if not expected else expected in messages[0]


@pytest.mark.parametrize(
    ("most", "expected"),
    [("16", ""), ("15", "vision dev may run 16 accelerators at once; 15 are allowed"), ("0", "may run 16"), (None, "")],
)
def test_accelerators_of_all_pools(most: str | None, expected: str, tmp_path: Path) -> None:
    parts = [replace(pool("p5.48xlarge", 1), name=name) for name in ("a", "b")]
    settings = limits(tmp_path, **({"max_accelerators": most} if most else {}))
    messages = of_rule("cost-accelerators-within-quota", check_stack(*parts, pool(), settings=settings))
    assert (messages == []) if not expected else expected in messages[0]


def test_accelerators_of_an_unknown_pool(tmp_path: Path) -> None:
    messages = check_stack(pool(groups=UNKNOWN), settings=limits(tmp_path, max_accelerators="1"))
    assert "groups is not known" in of_rule("cost-accelerators-within-quota", messages)[0]


H100 = GROUP | {"machine": "p5.48xlarge"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"role": "training", "groups": [H100]}, "it trains on demand alone"),
        ({"role": "training", "groups": [H100 | {"capacity": "spot"}, H100]}, ""),
        ({"role": "training", "groups": [GROUP]}, ""),
        ({"role": "inference", "groups": [H100]}, ""),
        ({"role": "training", "groups": [H100 | {"capacity": UNKNOWN}]}, "groups[0].capacity is not known"),
        ({"role": UNKNOWN}, "role is not known"),
    ],
)
def test_training_tries_spot(changes: dict[str, Any], expected: str) -> None:
    messages = of_rule("cost-training-spot", register(pool(**changes)))
    assert (messages == []) if not expected else expected in messages[0]


def test_training_on_demand_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "exceptions.yaml"
    path.write_text(
        "exceptions:\n- {rule: cost-training-spot, stack: vision-dev, resource: it, owner: me@vision.example, "
        "reason: Checkpoints take an hour., expires: 2026-12-01}\n"
    )
    trainer = pool(role="training", groups=[H100])
    settings = replace(SETTINGS, exceptions_path=path)
    assert of_rule("cost-training-spot", register(trainer, settings=settings)) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"idle_monthly_usd": "300"}, ""),
        ({"idle_monthly_usd": "100"}, "a month while nobody uses it; $100 is allowed"),
        ({}, ""),
    ],
)
def test_cost_at_rest(fields: dict[str, str], expected: str, tmp_path: Path) -> None:
    """A cluster alone: a control plane for $73 a month, two gateways or more, their addresses and a key."""
    messages = of_rule("cost-idle-within-cap", check_stack(cluster(), pool(), settings=limits(tmp_path, **fields)))
    assert (messages == []) if not expected else expected in messages[0]


def test_cost_at_rest_of_an_unknown_pool(tmp_path: Path) -> None:
    messages = check_stack(pool(cost=UNKNOWN), settings=limits(tmp_path, idle_monthly_usd="100"))
    assert "cost is not known" in of_rule("cost-idle-within-cap", messages)[0]


def test_cost_at_rest_by_hand(tmp_path: Path) -> None:
    """The sum of what always runs, times 730 hours: a cent below it is too little, the next dollar is enough."""
    from decimal import Decimal

    lines = cluster().properties["cost"]
    amount = sum(line["baselineUnits"] * Decimal(line["usdPerHour"]) * 730 for line in lines)
    for cap, passes in ((int(amount), False), (int(amount) + 1, True)):
        folder = tmp_path / str(cap)
        folder.mkdir()
        messages = check_stack(cluster(), settings=limits(folder, idle_monthly_usd=str(cap)))
        assert (of_rule("cost-idle-within-cap", messages) == []) == passes
