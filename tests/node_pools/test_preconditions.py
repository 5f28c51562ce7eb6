"""Every rule of the preconditions has a stack that trips it, and the problem names the field and the way out."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.errors import Problem, dotted
from bedplate.preconditions import stack_problems
from tests.support.azure import azure_stack
from tests.support.existing import existing
from tests.support.gcp import gcp_stack
from tests.support.stacks import H100, REMOVED, STACK, spec, stack

REFERENCE = {"clusters.use1": {"stack": "platform-dev", "name": "use1"}, "node_pools.system": REMOVED}
ARM = {"machine": "m7g.xlarge"}
PLATFORM = {"team": "platform", "node_pools.l4": REMOVED, "node_pools.h100": REMOVED}


def problems(changes: dict[str, Any], platform: dict[str, Any] | None = None) -> list[Problem]:
    references = {} if platform is None else {"platform-dev": stack(PLATFORM | platform)}
    return stack_problems(stack(changes), references)


def test_the_stack_that_the_cases_change_has_no_problem() -> None:
    assert problems({}) == []


CASES: list[tuple[dict[str, Any], str, str, str]] = [
    # changes, field, part of the message, nearest or part of what is allowed
    ({"node_pools.l4.cluster": "use2"}, "node_pools.l4.cluster", "not under clusters", "use1"),
    ({"node_pools.l4.machine": "g6.2xlage"}, "node_pools.l4.machine", "no machine type", "g6.2xlarge"),
    ({"node_pools.h100.offers.1.machine": "p5.48x"}, "node_pools.h100.offers[1].machine", "no machine type", "p5.4"),
    ({"node_pools.l4.machine": "p5e.48xlarge"}, "node_pools.l4.machine", "not offered in us-east-1", "us-west-2"),
    ({"node_pools.l4.machine": "p6-b300.48xlarge"}, "node_pools.l4.machine", "is offered in use1-az6, and the", ""),
    ({"node_pools.l4.zones": ["use1-az3"]}, "node_pools.l4.zones[0]", "not among the cluster's zones", "use1-az1"),
    (
        {"clusters.use1.zones": ["use1-az1", "use1-az2"], "node_pools.l4.machine": "p6-b300.48xlarge"},
        "node_pools.l4.machine",
        "is offered in use1-az6, and the cluster stands in use1-az1, use1-az2",
        "",
    ),
    (
        {"clusters.use1.zones": ["use1-az5", "use1-az6"], "node_pools.l4": H100 | {"zones": ["use1-az5", "use1-az6"]}},
        "node_pools.l4.zones",
        "stands in one zone, and 2 are named",
        "",
    ),
    ({"node_pools.l4.fabric": "required"}, "node_pools.l4.fabric", "fall back to TCP", ""),
    ({"node_pools.h100.offers.1.machine": "g6.2xlarge"}, "node_pools.h100.offers", "differ in accelerator", ""),
    (
        {"node_pools.h100.offers": [{"machine": "p4d.24xlarge"}, {"machine": "p4de.24xlarge"}]},
        "node_pools.h100.offers",
        "differ in memory of an accelerator (p4d.24xlarge: 40 GiB, p4de.24xlarge: 80 GiB)",
        "",
    ),
    (
        {"node_pools.h100.offers": [{"machine": "g6.2xlarge"}, {"machine": "g6f.2xlarge"}]},
        "node_pools.h100.offers",
        "differ in share of an accelerator (g6.2xlarge: 1, g6f.2xlarge: 0.25)",
        "",
    ),
    (
        {
            "node_pools.h100.offers": [{"machine": "g6.48xlarge"}, {"machine": "g6.12xlarge"}],
            "node_pools.h100.fabric": "required",
        },
        "node_pools.h100.offers",
        "differ in number of accelerators (g6.48xlarge: 8, g6.12xlarge: 4)",
        "",
    ),
    (
        {"node_pools.system.machine": REMOVED, "node_pools.system.offers": [{"machine": "m7i.xlarge"}, ARM]},
        "node_pools.system.offers",
        "differ in architecture (m7i.xlarge: x86_64, m7g.xlarge: arm64)",
        "",
    ),
    ({"node_pools.l4.role": "general"}, "node_pools.l4.role", "1 × L4", "inference"),
    ({"node_pools.l4.machine": "g4ad.xlarge"}, "node_pools.l4.machine", "the driver of AMD accelerators on aws", ""),
    ({"clusters.use1.region": "us-east1"}, "clusters.use1.region", "no region of aws", "us-east-1"),
    ({"clusters.use1.kubernetes_version": "1.30"}, "clusters.use1.kubernetes_version", "standard support", "1.35"),
    ({"clusters.use1.zones": ["use1-az1", "use1-az3"]}, "clusters.use1.zones[1]", "takes a control plane", "use1-az1"),
    ({"node_pools.system.nodes.min": 0}, "clusters.use1", "no general pool", ""),
    ({"node_pools.system.role": "training"}, "clusters.use1", "no general pool", ""),
    (
        {"node_pools.l4.huge_pages_2mi": 13108},
        "node_pools.l4.huge_pages_2mi",
        "13108 huge pages are 25.6 GiB, and of the 32 GiB of g6.2xlarge 80 % may be set aside",
        "",
    ),
    (
        {"node_pools.l4.huge_pages_2mi": 4916, "node_pools.l4.machine": "g6.xlarge"},
        "node_pools.l4.huge_pages_2mi",
        "of the 16 GiB of g6.xlarge 60 % may",
        "",
    ),
    (
        {
            "node_pools.l4.huge_pages_2mi": 13107,
            "node_pools.l4.machine": REMOVED,
            "node_pools.l4.offers": [{"machine": "g6.2xlarge"}, {"machine": "g6.xlarge"}],
        },
        "node_pools.l4.huge_pages_2mi",
        "of g6.xlarge 60 %",
        "",
    ),
]


@pytest.mark.parametrize(("changes", "field", "message", "allowed"), CASES, ids=[case[2][:30] for case in CASES])
def test_refused(changes: dict[str, Any], field: str, message: str, allowed: str) -> None:
    found = problems(changes)
    assert [dotted(problem.field) for problem in found] == [field]
    assert message in found[0].message
    assert allowed in found[0].nearest + " ".join(found[0].allowed)


@pytest.mark.parametrize(
    "offers",
    [
        [{"machine": "g6.48xlarge"}, {"machine": "g6.12xlarge"}],  # a pod asks for GPUs, and no fabric for whole nodes
        [{"machine": "g6.2xlarge"}, {"machine": "gr6.4xlarge"}],
        [{"machine": "m7i.2xlarge"}, {"machine": "c7i.4xlarge"}],
    ],
)
def test_offers_of_one_kind_may_differ_in_size(offers: list[dict[str, Any]]) -> None:
    assert problems({"node_pools.h100.offers": offers, "node_pools.h100.fabric": "none"}) == []


@pytest.mark.parametrize(
    ("changes", "platform", "field", "message"),
    [
        (REFERENCE, None, "clusters.use1.stack", "no readable stack file"),
        (
            REFERENCE | {"clusters.use1.name": "use2"},
            {"clusters.use1.device_plugins": ["nvidia", "efa"]},
            "clusters.use1.name",
            "creates no cluster 'use2'",
        ),
        (REFERENCE | {"node_pools.h100": REMOVED}, {}, "node_pools.l4.cluster", "no nvidia device plugin"),
        (
            REFERENCE | {"node_pools.l4": REMOVED},
            {"clusters.use1.device_plugins": ["nvidia"]},
            "node_pools.h100.cluster",
            "no efa device plugin",
        ),
    ],
)
def test_refused_references(changes: dict[str, Any], platform: dict[str, Any] | None, field: str, message: str) -> None:
    found = problems(changes, platform)
    assert [dotted(problem.field) for problem in found] == [field]
    assert message in found[0].message


@pytest.mark.parametrize(
    ("machine", "pages"), [("g6.2xlarge", 13107), ("g6.xlarge", 4915), ("g6.xlarge", 0), ("g6.48xlarge", 314572)]
)
def test_huge_pages_that_leave_room_for_the_rest(machine: str, pages: int) -> None:
    assert problems({"node_pools.l4.machine": machine, "node_pools.l4.huge_pages_2mi": pages}) == []


ELSEWHERE = {
    "gcp": gcp_stack(machine="e2-standard-8", role="general", huge_pages_2mi=1048576),
    "existing": existing({"node_pools.base.huge_pages_2mi": 1048576}),
}


@pytest.mark.parametrize("provider", ELSEWHERE)
def test_huge_pages_have_a_limit_wherever_nodes_are(provider: str) -> None:
    (found,) = stack_problems(ELSEWHERE[provider])
    assert found.field[-1] == "huge_pages_2mi"
    assert "1048576 huge pages are 2,048.0 GiB" in found.message


@pytest.mark.parametrize("pages", [104858, 118000, 131072])
def test_what_hosts_set_aside_already_may_be_more_than_nodes_would_be_started_with(pages: int) -> None:
    assert stack_problems(existing({"node_pools.base.huge_pages_2mi": pages})) == []


def test_hosts_set_aside_no_more_than_they_have() -> None:
    (found,) = stack_problems(existing({"node_pools.base.huge_pages_2mi": 131073}))
    assert found.message == "131073 huge pages are 256.0 GiB, more than the 256 GiB of a node"
    assert found.hint == "Write how many the nodes set aside already: at most 131072."


def test_huge_pages_of_a_machine_whose_memory_nobody_knows_are_not_judged() -> None:
    unknown = {"machine": "Standard_ND96is_H100_v5", "fabric": "none", "huge_pages_2mi": 1048576}
    (found,) = stack_problems(azure_stack({f"node_pools.h100.{key}": value for key, value in unknown.items()}))
    assert "AKS has no setting for huge pages" in found.message


def test_one_cluster_has_one_name_in_a_stack() -> None:
    again = {"clusters.again": {"stack": "platform-dev", "name": "use1"}}
    found = problems(REFERENCE | again, {"clusters.use1.device_plugins": ["nvidia", "efa"]})
    assert [dotted(problem.field) for problem in found] == ["clusters.again"]
    assert "same cluster" in found[0].message


def test_a_reference_to_a_prepared_cluster_is_fine() -> None:
    assert problems(REFERENCE, {"clusters.use1.device_plugins": ["nvidia", "efa"]}) == []


def test_problems_of_several_pools_come_together() -> None:
    found = problems({"node_pools.l4.machine": "g6.2xlage", "node_pools.h100.offers.0.machine": "p5.48xlage"})
    assert len(found) == 2


def test_the_cases_start_from_the_stack_that_is_valid() -> None:
    assert spec(STACK) == stack()
