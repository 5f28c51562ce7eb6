"""How nodes are bought on AWS, as the launch template and the node group say it; Trainium, Inferentia and arm64."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml

from bedplate import catalog
from bedplate.node_pools.connection_tracking import OLDER_DEFAULT_SECONDS, idle_connection_seconds
from bedplate.node_pools.plan import NodePoolPlan
from bedplate.plan import plan_stack
from bedplate.platform import declare
from bedplate.risks import risks
from tests.support.declared import by_label, declared
from tests.support.stacks import REMOVED, one_pool

IDENTIFIER = "cr-0123456789abcdef0"
P5EN = {"machine": "p5en.48xlarge", "nodes": 4, "name": IDENTIFIER, "zone": "use1-az2"}
TERM = {"starts": "2026-12-01", "ends": "2026-12-15", "usd_per_node_hour": 41.61}
OFFERS: dict[str, dict[str, Any]] = {
    "on-demand": {"machine": "p5en.48xlarge"},
    "spot": {"machine": "p5en.48xlarge", "capacity": "spot"},
    "reservation": {"machine": "p5en.48xlarge", "capacity": "reservation", "reservation": P5EN},
    "capacity-block": {"machine": "p5en.48xlarge", "capacity": "capacity-block", "reservation": P5EN | TERM},
}


def stack_of(offer: dict[str, Any], zones: list[str], region: str = "us-east-1", **pool: Any) -> Any:
    declared_pool = {"machine": REMOVED, "role": "training", "nodes": {"min": 0, "max": 4}, "offers": [offer]} | pool
    return one_pool({"clusters.use1.zones": zones, "clusters.use1.region": region}, **declared_pool)


def group_and_template(
    offer: dict[str, Any], zones: list[str], region: str = "us-east-1", **pool: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    plan = plan_stack(stack_of(offer, zones, region, **pool))
    found = by_label(declared(lambda: declare(plan)))
    group = found["NodeGroup vision-dev-it-offer1"].inputs
    return group, found["LaunchTemplate vision-dev-it-offer1-template"].inputs


def planned(offer: dict[str, Any], zones: list[str], region: str = "us-east-1", **pool: Any) -> NodePoolPlan:
    plan = plan_stack(stack_of(offer, zones, region, **pool))
    return next(pool for pool in plan.node_pools if pool.name == "it")


@pytest.mark.parametrize(
    ("capacity", "capacity_type", "market", "bound", "grouped"),
    [
        ("on-demand", "ON_DEMAND", None, False, True),
        ("spot", "SPOT", None, False, False),
        ("reservation", "ON_DEMAND", None, True, False),
        ("capacity-block", "CAPACITY_BLOCK", "capacity-block", True, False),
    ],
)
def test_the_way_of_buying_decides_market_reservation_and_placement(
    capacity: str, capacity_type: str, market: str | None, bound: bool, grouped: bool
) -> None:
    group, template = group_and_template(OFFERS[capacity], ["use1-az2", "use1-az6"])
    assert group["capacityType"] == capacity_type
    assert template.get("instanceMarketOptions", {}).get("marketType") == market
    assert ("placement" in template) is grouped
    wanted = {
        "capacityReservationPreference": "capacity-reservations-only",
        "capacityReservationTarget": {"capacityReservationId": IDENTIFIER},
    }
    assert template.get("capacityReservationSpecification") == (wanted if bound else None)


@pytest.mark.parametrize("capacity", OFFERS)
def test_every_way_of_buying_has_all_cards_of_the_fabric(capacity: str) -> None:
    _, template = group_and_template(OFFERS[capacity], ["use1-az2", "use1-az6"])
    assert sum(one["interfaceType"] == "efa-only" for one in template["networkInterfaces"]) == 16


def test_what_was_bought_ahead_stands_in_its_zone_alone() -> None:
    offer = OFFERS["reservation"] | {"reservation": P5EN | {"zone": "use1-az6"}}
    group, _ = group_and_template(offer, ["use1-az2", "use1-az6"], fabric="none")
    assert len(group["subnetIds"]) == 1
    assert planned(offer, ["use1-az2", "use1-az6"], fabric="none").groups[0].zones == ("use1-az6",)


@pytest.mark.parametrize(
    ("offers", "zones", "zone"),
    [
        (["capacity-block", "on-demand"], ["use1-az6", "use1-az2"], "use1-az2"),
        (["on-demand", "capacity-block"], ["use1-az6", "use1-az2"], "use1-az2"),
        (["reservation", "spot"], ["use1-az6", "use1-az2"], "use1-az2"),
        (["spot", "on-demand"], ["use1-az6", "use1-az2"], "use1-az6"),
        (["spot", "on-demand"], ["use1-az1", "use1-az6"], "use1-az6"),  # the first zone does not offer the machine
    ],
)
def test_all_offers_of_a_pool_with_a_fabric_stand_in_one_zone(offers: list[str], zones: list[str], zone: str) -> None:
    declared_offers = [OFFERS[offer] for offer in offers]
    pool = planned(declared_offers[0], zones, offers=declared_offers, acceptance_test={"nodes": 2})
    assert [group.zones for group in pool.groups] == [(zone,), (zone,)]


def test_offers_of_one_fabric_stand_where_every_machine_is_offered() -> None:
    """g6.8xlarge is offered in az5 too, and gr6.8xlarge is not."""
    offers = [{"machine": "g6.8xlarge", "capacity": "spot"}, {"machine": "gr6.8xlarge"}]
    pool = planned(offers[0], ["use1-az5", "use1-az4", "use1-az6"], offers=offers, fabric="required")
    assert [group.zones for group in pool.groups] == [("use1-az4",), ("use1-az4",)]


def test_without_a_fabric_only_what_was_bought_ahead_keeps_to_one_zone() -> None:
    offers = [OFFERS["reservation"], OFFERS["on-demand"]]
    pool = planned(offers[0], ["use1-az6", "use1-az2"], offers=offers, fabric="none")
    assert [group.zones for group in pool.groups] == [("use1-az2",), ("use1-az6", "use1-az2")]


LATER = OFFERS["reservation"] | {"reservation": P5EN | {"starts": "2030-01-01"}}


@pytest.mark.parametrize(
    ("offer", "initial"),
    [(OFFERS["capacity-block"], 0), (LATER, 0), (OFFERS["reservation"], 2), (OFFERS["on-demand"], 2)],
    ids=["a block", "a reservation that begins", "a reservation", "on demand"],
)
def test_what_may_not_have_begun_starts_without_nodes(offer: dict[str, Any], initial: int) -> None:
    offers = [offer, OFFERS["spot"]]
    pool = planned(offer, ["use1-az2", "use1-az6"], offers=offers, nodes={"min": 2, "max": 4})
    assert [group.initial_nodes for group in pool.groups] == [initial, 0]


def test_a_general_pool_starts_where_there_are_nodes_for_the_autoscaler_itself() -> None:
    reservation = {"name": IDENTIFIER, "machine": "m7i.2xlarge", "nodes": 4, "zone": "use1-az2", "starts": "2030-01-01"}
    later = {"machine": "m7i.2xlarge", "capacity": "reservation", "reservation": reservation}
    offers = [later, {"machine": "m7i.2xlarge"}]
    pool = planned(later, ["use1-az2", "use1-az6"], offers=offers, role="general", nodes={"min": 2, "max": 4})
    assert [group.initial_nodes for group in pool.groups] == [0, 2]


@pytest.mark.parametrize(
    ("machine", "region", "zones", "role", "image", "resources"),
    [
        (
            "trn2.48xlarge", "us-east-2", ["use2-az1", "use2-az2"], "training", "AL2023_x86_64_NEURON",
            {"aws.amazon.com/neuron": "16", "vpc.amazonaws.com/efa": "16", "ephemeral-storage": "6840G"},
        ),
        (
            "trn1n.32xlarge", "us-east-1", ["use1-az2", "use1-az6"], "training", "AL2023_x86_64_NEURON",
            {"aws.amazon.com/neuron": "16", "vpc.amazonaws.com/efa": "16", "ephemeral-storage": "6840G"},
        ),
        (
            "trn1.2xlarge", "us-east-1", ["use1-az2", "use1-az6"], "training", "AL2023_x86_64_NEURON",
            {"aws.amazon.com/neuron": "1", "ephemeral-storage": "426G"},
        ),
        (
            "inf2.48xlarge", "us-east-1", ["use1-az2", "use1-az6"], "inference", "AL2023_x86_64_NEURON",
            {"aws.amazon.com/neuron": "12", "ephemeral-storage": "179Gi"},
        ),
        (
            "g5g.2xlarge", "us-east-1", ["use1-az1", "use1-az2"], "inference", "AL2023_ARM_64_NVIDIA",
            {"nvidia.com/gpu": "1", "ephemeral-storage": "179Gi"},
        ),
    ],
)  # fmt: skip
def test_each_kind_of_accelerator_has_its_image_and_grows_from_zero(
    machine: str, region: str, zones: list[str], role: str, image: str, resources: dict[str, str]
) -> None:
    price = {"usd_per_node_hour": 30.0} if machine.startswith("trn2") else {}
    offer: dict[str, Any] = {"machine": machine}
    if price:
        reservation = {"name": IDENTIFIER, "machine": machine, "nodes": 4, "zone": zones[0], **price}
        offer |= {"capacity": "reservation", "reservation": reservation}
    group, _ = group_and_template(offer, zones, region, role=role)
    assert group["amiType"] == image
    assert planned(offer, zones, region, role=role).groups[0].unseen_resources == resources


def test_card_0_of_p6_b300_carries_no_efa() -> None:
    _, template = group_and_template({"machine": "p6-b300.48xlarge"}, ["use1-az2", "use1-az6"])
    cards = [(one["networkCardIndex"], one["interfaceType"]) for one in template["networkInterfaces"]]
    assert cards == [(0, "interface"), *((card, "efa-only") for card in range(1, 17))]


@pytest.mark.parametrize(
    ("machine", "seconds"),
    [
        ("p6-b300.48xlarge", OLDER_DEFAULT_SECONDS),
        ("p6-b200.48xlarge", OLDER_DEFAULT_SECONDS),
        ("g7.2xlarge", OLDER_DEFAULT_SECONDS),
        ("g7e.2xlarge", OLDER_DEFAULT_SECONDS),
        ("g6.2xlarge", None),
        ("p5.48xlarge", None),
    ],
)
def test_families_that_forget_idle_connections_in_minutes_are_told_not_to(machine: str, seconds: int | None) -> None:
    found = catalog.machine("aws", machine)
    assert found is not None
    assert idle_connection_seconds(found) == seconds
    zones = ["use1-az2", "use1-az6"]
    _, template = group_and_template({"machine": machine}, zones, role="inference")
    told = [
        one["connectionTrackingSpecification"]["tcpEstablishedTimeout"]
        for one in template.get("networkInterfaces", [])
        if "connectionTrackingSpecification" in one
    ]
    assert told == ([seconds] if seconds else [])


def test_the_only_interface_of_a_node_keeps_its_security_groups() -> None:
    _, template = group_and_template({"machine": "g7.2xlarge"}, ["use1-az1", "use1-az2"], role="inference")
    (interface,) = template["networkInterfaces"]
    assert interface["securityGroups"] == ["<cluster security group>"]
    assert "vpcSecurityGroupIds" not in template


def test_huge_pages_are_set_aside_beside_the_drives() -> None:
    offer = {"machine": "g6.2xlarge"}
    _, template = group_and_template(offer, ["use1-az1", "use1-az2"], role="inference", huge_pages_2mi=512)
    told = base64.b64decode(template["userData"]).decode()
    parts = told.split('boundary="bedplate"\n\n', 1)[1].split("--bedplate")
    assert [part.partition("\n\n")[0].strip() for part in parts[1:3]] == [
        "Content-Type: application/node.eks.aws",
        'Content-Type: text/x-shellscript; charset="us-ascii"',
    ]
    assert yaml.safe_load(parts[1].partition("\n\n")[2])["kind"] == "NodeConfig"
    assert parts[2].partition("\n\n")[2].startswith("#!/bin/bash\n")
    assert "+ 512 ))" in parts[2]
    assert parts[3] == "--\n"


def test_a_general_pool_on_a_reservation_is_updated_within_it() -> None:
    reservation = {"name": IDENTIFIER, "machine": "m7i.2xlarge", "nodes": 4, "zone": "use1-az2"}
    offer = {"machine": "m7i.2xlarge", "capacity": "reservation", "reservation": reservation}
    group, _ = group_and_template(offer, ["use1-az2", "use1-az6"], role="general")
    assert group["updateConfig"]["updateStrategy"] == "MINIMAL"


@pytest.mark.parametrize(("capacity", "reserved"), [("reservation", True), ("capacity-block", True), ("spot", False)])
def test_a_pool_in_one_zone_is_a_risk_for_a_reason(capacity: str, reserved: bool) -> None:
    plan = plan_stack(stack_of(OFFERS[capacity], ["use1-az2", "use1-az6"]))
    (found,) = (risk for risk in risks(plan) if risk.subject == "node_pools.it" and "all its nodes stand" in risk.text)
    assert ("its machines are reserved there" in found.text) is reserved
    assert ("a fabric does not cross zones" in found.text) is not reserved


@pytest.mark.parametrize(
    ("offer", "fabric", "remedy"),
    [
        ("capacity-block", "efa", "declare a second pool in another zone"),
        ("capacity-block", "none", "add an offer in another zone, or declare a second pool in one"),
        ("spot", "efa", "name another zone to move it, or declare a second pool in one"),
    ],
)
def test_an_offer_in_another_zone_is_advised_only_where_no_fabric_keeps_the_pool_in_one(
    offer: str, fabric: str, remedy: str
) -> None:
    plan = plan_stack(stack_of(OFFERS[offer], ["use1-az2", "use1-az6"], fabric=fabric))
    (found,) = (risk for risk in risks(plan) if risk.subject == "node_pools.it" and "all its nodes stand" in risk.text)
    assert found.remedy == remedy


def test_a_pool_with_a_fabric_and_something_bought_ahead_cannot_move() -> None:
    offers = [OFFERS["capacity-block"], OFFERS["on-demand"]]
    plan = plan_stack(stack_of(offers[0], ["use1-az6", "use1-az2"], offers=offers))
    (found,) = (risk for risk in risks(plan) if risk.subject == "node_pools.it" and "all its nodes stand" in risk.text)
    assert "use1-az2, because a fabric does not cross zones" in found.text
    assert found.remedy == "declare a second pool in another zone"


AZ6_FIRST = ["use1-az6", "use1-az2"]
DECIDES = "the zone of all offers is that of"


@pytest.mark.parametrize(
    ("offers", "zones", "pool", "told"),
    [
        (["on-demand", "capacity-block"], AZ6_FIRST, {}, True),
        (["capacity-block", "spot"], AZ6_FIRST, {}, True),
        (["reservation", "on-demand"], AZ6_FIRST, {"clusters.use1.autoscaler": "karpenter"}, True),
        (["on-demand", "capacity-block"], AZ6_FIRST, {"zones": ["use1-az2"]}, False),
        (["on-demand", "capacity-block"], ["use1-az2", "use1-az6"], {}, False),  # they would stand there anyway
        (["on-demand", "capacity-block"], AZ6_FIRST, {"fabric": "none"}, False),  # only the block keeps to its zone
        (["capacity-block"], AZ6_FIRST, {}, False),
        (["on-demand", "spot"], AZ6_FIRST, {}, False),
    ],
)
def test_a_reservation_that_decides_the_zone_of_other_offers_is_a_risk(
    offers: list[str], zones: list[str], pool: dict[str, Any], told: bool
) -> None:
    changes = {"clusters.use1.zones": zones} | {key: value for key, value in pool.items() if "." in key}
    fields = {key: value for key, value in pool.items() if "." not in key}
    declared_pool = {"machine": REMOVED, "role": "training", "nodes": {"min": 0, "max": 4}, **fields}
    plan = plan_stack(one_pool(changes, **declared_pool, offers=[OFFERS[offer] for offer in offers]))
    found = [risk for risk in risks(plan) if DECIDES in risk.text]
    assert [risk.subject for risk in found] == ["node_pools.it"] * told
    for risk in found:
        assert risk.text.startswith(f"the zone of all offers is that of {IDENTIFIER}, use1-az2 in place of use1-az6: ")
        assert "`zones: [use1-az2]`" in risk.remedy


@pytest.mark.parametrize(
    ("autoscaler", "text"),
    [("cluster-autoscaler", "deletes the running nodes of the others"), ("karpenter", "apart from those that run")],
)
def test_what_a_change_of_zone_does_to_nodes_depends_on_who_starts_them(autoscaler: str, text: str) -> None:
    changes = {"clusters.use1.zones": AZ6_FIRST, "clusters.use1.autoscaler": autoscaler}
    offers = [OFFERS["on-demand"], OFFERS["reservation"]]
    plan = plan_stack(one_pool(changes, machine=REMOVED, role="training", offers=offers))
    (found,) = (risk for risk in risks(plan) if DECIDES in risk.text)
    assert text in found.text


def test_the_end_of_a_reservation_is_a_risk_though_its_machines_run_on() -> None:
    offer = OFFERS["reservation"] | {"reservation": P5EN | {"ends": "2027-11-01"}}
    zones = ["use1-az2", "use1-az6"]
    (found,) = (risk for risk in risks(plan_stack(stack_of(offer, zones))) if "ends on" in risk.text)
    assert found.subject == "node_pools.it"
    assert f"{IDENTIFIER} ends on 2027-11-01: from then on no further node of it starts" in found.text
    assert "run on at the on-demand price" in found.text
    assert not [risk for risk in risks(plan_stack(stack_of(OFFERS["reservation"], zones))) if "ends on" in risk.text]


def test_the_end_of_a_block_is_a_risk_and_reserved_machines_use_up_the_on_demand_quota() -> None:
    zones = ["use1-az2", "use1-az6"]
    ends = [risk for risk in risks(plan_stack(stack_of(OFFERS["capacity-block"], zones))) if "ends on" in risk.text]
    assert [risk.subject for risk in ends] == ["node_pools.it"]
    assert "cr-0123456789abcdef0 ends on 2026-12-15: EC2 begins to take its machines 30 minutes before" in ends[0].text
    (quotas,) = (risk for risk in risks(plan_stack(stack_of(OFFERS["reservation"], zones))) if risk.subject == "quotas")
    assert "768 vCPU of L-417A185B" in quotas.text
