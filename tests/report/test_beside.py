"""What a stack has beside Bedplate's components is in the figures, or is said not to be."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bedplate.report.render import render
from bedplate.report.summary import Summary, summarise
from tests.report.previews import CAPS, ROOT, cost, pool, preview, state, step, urn

TODAY = date(2026, 11, 21)
PROVIDER = urn("pulumi:providers:aws", "east")
EIP = "aws:ec2/eip:Eip"
FSX = "aws:fsx/lustreFileSystem:LustreFileSystem"
POOL = {"name": "l4", "team": "vision", "cost": cost()}
SAME = pool("l4", "same", POOL, POOL)


def raw(type_token: str, op: str = "create", parent: str = ROOT, *parents: str, **inputs: Any) -> dict[str, Any]:
    """Return the step of a resource that a provider for us-east-1 creates, changes or leaves alone."""
    side = state(parent, **inputs) | {"custom": True, "provider": f"{PROVIDER}::id"}
    return step(urn(type_token, "raw", *parents), op, None if op == "create" else side, side)


def report(*events: dict[str, Any]) -> Summary:
    """Return the report on a preview with the pool and a provider."""
    region = state(region="us-east-1") | {"custom": True}
    provider = step(PROVIDER, "same", region, region)
    return summarise(preview(provider, SAME, *events), caps=CAPS, today=TODAY)


def test_a_priced_resource_is_in_the_figures() -> None:
    [line] = report(raw(EIP)).figures.lines
    assert (line.before, str(line.after and line.after.usd_per_hour)) == (None, "0.005")


def test_a_resource_that_was_there_changes_no_figure() -> None:
    assert report(raw(EIP, "same")).figures.lines == ()


@pytest.mark.parametrize("type_token", [FSX, "aws:sagemaker/trainingJob:TrainingJob", "acme:index:Cluster"])
def test_a_resource_without_a_price_is_named_and_makes_careful(type_token: str) -> None:
    found = report(raw(type_token))
    [named] = found.figures.newly_uncounted
    assert named.startswith(f"{type_token} raw: ")
    assert found.verdict == "careful"
    assert "⚠️ `vision-dev`: 1 new resource without a price\n" in render(found)
    assert f"because no price is known: {type_token} raw" in render(found).replace("\\", "")


def test_a_resource_without_a_price_that_was_there_is_still_named() -> None:
    found = report(raw(FSX, "same"))
    assert (found.verdict, found.figures.newly_uncounted) == ("fine", ())
    assert len(found.figures.uncounted) == 1


@pytest.mark.parametrize("type_token", ["aws:iam/role:Role", "aws:s3/bucket:Bucket", "kubernetes:core/v1:ConfigMap"])
def test_what_has_no_price_of_its_own_is_not_named(type_token: str) -> None:
    assert report(raw(type_token)).verdict == "fine"


def test_what_a_component_counts_is_not_counted_twice() -> None:
    below = raw(EIP, "create", urn("bedplate:index:NodePool", "l4"), "bedplate:index:NodePool")
    assert report(below).figures.lines == ()


def test_a_component_of_someone_else_hides_nothing() -> None:
    shop = urn("acme:index:Shop", "shop")
    assert report(step(shop, "create", None, state()), raw(FSX, "create", shop, "acme:index:Shop")).verdict == "careful"


def test_what_passes_the_cap_is_refused() -> None:
    nat = "aws:ec2/natGateway:NatGateway"
    many = [
        step(urn(nat, f"nat{number}"), "create", None, state(ROOT) | {"custom": True, "provider": f"{PROVIDER}::id"})
        for number in range(3000)
    ]
    found = report(*many)
    assert found.verdict == "refused"
    assert "above the cap of $130" in found.figures.check.excesses[0].message
