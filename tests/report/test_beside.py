"""What a stack has beside Bedplate's components is in the figures, or is said not to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bedplate.cost.range import CostLine
from bedplate.cost.wire import to_wire
from bedplate.plan import plan_stack
from bedplate.report.render import render
from bedplate.report.summary import Summary, summarise
from tests.report.previews import CAPS, ROOT, cost, error, pool, preview, state, step, urn
from tests.support.stacks import stack

TODAY = date(2026, 11, 21)
PROVIDER = urn("pulumi:providers:aws", "east")
EIP = "aws:ec2/eip:Eip"
KEY = "aws:kms/key:Key"
CLUSTER = "bedplate:index:Cluster"
FSX = "aws:fsx/lustreFileSystem:LustreFileSystem"
POOL = {"name": "l4", "team": "vision", "cost": cost()}
SAME = pool("l4", "same", POOL, POOL)


def raw(type_token: str, op: str = "create", parent: str = ROOT, *parents: str, **inputs: Any) -> dict[str, Any]:
    """Return the step of a resource that a provider for us-east-1 creates, changes or leaves alone."""
    side = state(parent, **inputs) | {"custom": True, "provider": f"{PROVIDER}::id"}
    return step(urn(type_token, "raw", *parents), op, None if op == "create" else side, side)


def keys() -> Any:
    """Return the cost of a cluster that counts its key."""
    line = CostLine("clusters.use1", "service", "encryption key", "key", Decimal("0.0014"), 1, Decimal(730), 1,
                    "a table", date(2026, 7, 20), "dated", service="kms-key")  # fmt: skip
    return to_wire([line])


def report(*events: dict[str, Any], permitted: Sequence[str] = ()) -> Summary:
    """Return the report on a preview with the pool and a provider."""
    region = state(region="us-east-1") | {"custom": True}
    provider = step(PROVIDER, "same", region, region)
    return summarise(preview(provider, SAME, *events), caps=CAPS, today=TODAY, permitted=permitted)


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
    below = raw(KEY, "create", urn(CLUSTER, "use1"), CLUSTER)
    assert report(step(urn(CLUSTER, "use1"), "same", state(cost=keys()), state(cost=keys())), below).figures.lines == ()


def test_another_service_below_a_component_is_counted() -> None:
    below = raw(EIP, "create", urn("bedplate:index:NodePool", "l4"), "bedplate:index:NodePool")
    assert [line.line.service for line in report(below).figures.lines] == ["public-ipv4"]


def test_what_nobody_can_price_is_named_below_a_component_too() -> None:
    below = raw(FSX, "create", urn("bedplate:index:NodePool", "l4"), "bedplate:index:NodePool")
    assert len(report(below).figures.newly_uncounted) == 1


@pytest.mark.parametrize("inputs", [{}, {"cost": []}, {"cost": cost()}])
def test_a_component_of_someone_else_hides_nothing(inputs: dict[str, Any]) -> None:
    shop = urn("acme:index:Shop", "shop")
    made = step(shop, "create", None, state(**inputs))
    assert report(made, raw(FSX, "create", shop, "acme:index:Shop")).verdict == "careful"


@pytest.mark.parametrize(
    "type_token",
    [
        "kubernetes:v1:ConfigMap",
        "azure-native:network/v20230601:VirtualNetwork",
        "kubernetes:sriovnetwork.openshift.io/v1:SriovNetwork",
        "kubernetes:cert-manager.io/v1:Certificate",
    ],
)
def test_versions_and_kinds_that_run_on_nodes_are_not_named(type_token: str) -> None:
    assert report(raw(type_token)).verdict == "fine"


@pytest.mark.parametrize("type_token", ["kubernetes:networking.k8s.io/v1:Ingress", "kubernetes:helm.sh/v3:Release"])
def test_kinds_that_make_others_are_named(type_token: str) -> None:
    assert report(raw(type_token)).verdict == "careful"


def test_what_the_platform_team_permits_is_named_and_no_doubt() -> None:
    zone = raw("aws:route53/zone:Zone")
    assert report(zone).verdict == "careful"
    found = report(zone, permitted=["aws:route53/*"])
    assert (found.verdict, len(found.figures.uncounted)) == ("fine", 1)


def test_a_default_provider_works_by_the_configuration_of_the_stack() -> None:
    side = state() | {"custom": True, "provider": f"{urn('pulumi:providers:aws', 'default_7_1_0')}::id"}
    prelude = {"sequence": 0, "preludeEvent": {"config": {"aws:region": "us-east-1"}}}
    found = report(prelude, step(urn(EIP, "raw"), "create", None, side))
    assert (len(found.figures.lines), found.figures.uncounted) == (1, ())


def test_what_is_there_costs_on_where_the_preview_failed() -> None:
    side = state() | {"custom": True, "provider": f"{PROVIDER}::id"}
    nat = step(urn("aws:ec2/natGateway:NatGateway", "raw"), "same", side, side)
    region = state(region="us-east-1") | {"custom": True}
    events = (step(PROVIDER, "same", region, region), SAME, nat, error("no such image"))
    plan = plan_stack(stack())
    found = summarise(preview(*events, result="failed"), caps=CAPS, plan=plan, today=TODAY).figures
    assert found.after is not None
    assert found.after.max_per_month - plan.cost.max_per_month == Decimal("32.85")


def test_what_passes_the_cap_is_refused() -> None:
    nat = "aws:ec2/natGateway:NatGateway"
    many = [
        step(urn(nat, f"nat{number}"), "create", None, state(ROOT) | {"custom": True, "provider": f"{PROVIDER}::id"})
        for number in range(3000)
    ]
    found = report(*many)
    assert found.verdict == "refused"
    assert "above the cap of $130" in found.figures.check.excesses[0].message
