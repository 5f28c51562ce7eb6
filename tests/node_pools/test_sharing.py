"""Several pods on one accelerator: what a node advertises, by which labels it is told, and what is refused."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedplate import catalog
from bedplate.catalog import sharing as facts
from bedplate.catalog.tables import CellError, Row
from bedplate.errors import InputError, dotted
from bedplate.node_pools.labels import AUTOSCALER_ACCELERATOR_LABEL
from bedplate.node_pools.plan import NodeGroupPlan
from bedplate.node_pools.sharing import MIG_CONFIG_LABEL, PLUGIN_CONFIG_LABEL, SHARING_LABEL, fits, plan_sharing
from bedplate.node_pools.sharing_preconditions import RULES, SharedMachine, sharing_problems
from bedplate.node_pools.sharing_spec import MODES, MigSharing, MpsSharing, PartitionSharing, Sharing, TimeSlicing
from bedplate.node_pools.taints import Taint
from bedplate.plan import plan_stack
from bedplate.plan_json import plan_json
from bedplate.risks import risks
from tests.support.stacks import CLUSTER, one_pool, spec, stack

A100 = "p4d.24xlarge"
H100 = "p5.4xlarge"
L4 = "g6.2xlarge"


def known(cloud: str, name: str) -> Any:
    machine = catalog.machine(cloud, name)
    assert machine is not None
    return machine


def mig(profiles: dict[str, int], **more: Any) -> MigSharing:
    return MigSharing(mode="mig", profiles=profiles, **more)


CPX = PartitionSharing(mode="partition", compute="CPX", memory="NPS4")


@pytest.mark.parametrize(
    ("cloud", "machine", "sharing", "resources", "memory"),
    [
        ("aws", H100, mig({"1g.10gb": 7}), {"nvidia.com/mig-1g.10gb": 7}, 10),
        ("aws", H100, mig({"1g.10gb": 7}, strategy="single"), {"nvidia.com/gpu": 7}, 10),
        (
            "aws",
            A100,
            mig({"1g.5gb": 2, "2g.10gb": 1, "3g.20gb": 1}),
            {"nvidia.com/mig-1g.5gb": 16, "nvidia.com/mig-2g.10gb": 8, "nvidia.com/mig-3g.20gb": 8},
            5,
        ),
        ("gcp", "a3-highgpu-1g", mig({"1g.20gb": 4}), {"nvidia.com/gpu": 4}, 20),
        ("gcp", "g4-standard-96", mig({"2g.48gb": 2}), {"nvidia.com/gpu": 4}, 48),
        ("aws", "g6.12xlarge", TimeSlicing(mode="time-slicing", replicas=6), {"nvidia.com/gpu": 24}, None),
        ("aws", "g5g.xlarge", MpsSharing(mode="mps", replicas=4), {"nvidia.com/gpu": 4}, 4),
        ("gcp", "g2-standard-4", MpsSharing(mode="mps", replicas=4), {"nvidia.com/gpu": 4}, None),
        ("azure", "Standard_ND96isr_MI300X_v5", CPX, {"amd.com/gpu": 64}, None),
    ],
)
def test_what_a_node_advertises(
    cloud: str, machine: str, sharing: Sharing, resources: dict[str, int], memory: float | None
) -> None:
    plan = plan_sharing(cloud, known(cloud, machine), sharing)
    assert dict(plan.resources) == resources
    assert plan.memory_gb == memory
    assert plan.node_labels[SHARING_LABEL] == plan.mode == sharing.mode


@pytest.mark.parametrize(
    ("sharing", "partition_size", "strategy", "clients"),
    [
        (mig({"1g.10gb": 7}), "1g.10gb", "", 0),
        (TimeSlicing(mode="time-slicing", replicas=4), "", "TIME_SHARING", 4),
        (MpsSharing(mode="mps", replicas=8), "", "MPS", 8),
    ],
)
def test_gke_is_told_by_its_own_settings(sharing: Sharing, partition_size: str, strategy: str, clients: int) -> None:
    plan = plan_sharing("gcp", known("gcp", "a3-highgpu-1g"), sharing)
    assert plan.gke is not None
    assert (plan.gke.partition_size, plan.gke.strategy, plan.gke.clients) == (partition_size, strategy, clients)
    assert set(plan.node_labels) == {SHARING_LABEL}
    assert plan_sharing("aws", known("aws", H100), sharing).gke is None


def group(**pool: Any) -> NodeGroupPlan:
    return plan_stack(one_pool(**pool)).node_pools[1].groups[0]


def test_a_pool_that_shares_keeps_pods_away_that_want_whole_accelerators() -> None:
    planned = group(sharing={"mode": "time-slicing", "replicas": 4})
    assert Taint(SHARING_LABEL, "time-slicing") in planned.taints.declared
    assert planned.unseen_resources["nvidia.com/gpu"] == "4"
    assert planned.labels[PLUGIN_CONFIG_LABEL] == "time-slicing-4"
    whole = group()
    assert SHARING_LABEL not in {taint.key for taint in whole.taints.carried}
    assert SHARING_LABEL not in whole.labels
    assert whole.sharing is None


def test_the_autoscaler_waits_only_for_what_will_appear() -> None:
    """It takes a node with its label for unready until nvidia.com/gpu is there, and slices have names of their own."""
    cut = {"mode": "mig", "profiles": {"1g.10gb": 7}}
    assert AUTOSCALER_ACCELERATOR_LABEL not in group(machine=H100, sharing=cut).labels
    assert AUTOSCALER_ACCELERATOR_LABEL in group(machine=H100, sharing=cut | {"strategy": "single"}).labels
    assert AUTOSCALER_ACCELERATOR_LABEL in group(machine=H100).labels
    assert AUTOSCALER_ACCELERATOR_LABEL not in group(machine="inf2.xlarge").labels


def test_the_autoscaler_is_told_of_slices() -> None:
    resources = group(machine=H100, sharing={"mode": "mig", "profiles": {"1g.20gb": 4}}).unseen_resources
    assert resources["nvidia.com/mig-1g.20gb"] == "4"
    assert "nvidia.com/gpu" not in resources


def machines_with_profiles() -> list[Any]:
    """Return one machine per accelerator and memory whose profiles are known."""
    found: dict[tuple[str, ...], Any] = {}
    for cloud in catalog.clouds():
        for machine in catalog.machines(cloud).values():
            if profiles := facts.mig_profiles(machine):
                found.setdefault(tuple(profiles), machine)
    return list(found.values())


@pytest.mark.parametrize("machine", machines_with_profiles(), ids=lambda machine: machine.accelerator)
def test_profiles_of_an_accelerator_agree_with_each_other(machine: Any) -> None:
    profiles = facts.mig_profiles(machine)
    for name, profile in profiles.items():
        assert fits(profiles, {name: profile.per_accelerator})
        if machine.accelerator_memory_gib:  # in GiB, and a profile's name counts in GB
            assert profile.memory_gb * profile.per_accelerator <= machine.accelerator_memory_gib * 1.074
    # The mixture that mig-parted calls balanced, on GPUs that have seven slices.
    smallest = min(profiles.values(), key=lambda one: (one.memory_gb, one.slots))
    if smallest.per_accelerator == 7:
        two = next(name for name, one in profiles.items() if name.startswith("2g."))
        three = next(name for name, one in profiles.items() if name.startswith("3g."))
        assert fits(profiles, {smallest.name: 2, two: 1, three: 1})
        assert not fits(profiles, {smallest.name: 1, three: 2})


@given(
    counts=st.dictionaries(st.sampled_from(["1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb"]), st.integers(1, 7))
)
def test_slices_fit_only_where_there_is_room(counts: dict[str, int]) -> None:
    """What fits takes no more than the eight places of memory and the seven of compute."""
    profiles = facts.mig_profiles(known("aws", H100))
    if fits(profiles, counts):
        assert sum(profiles[name].slots * count for name, count in counts.items()) <= 8
        assert sum(int(name[0]) * count for name, count in counts.items()) <= 7
        for name in counts:  # and less still fits
            assert fits(profiles, counts | {name: counts[name] - 1})


def test_every_pair_of_profiles_is_placed_as_the_guide_says() -> None:
    """NVIDIA MIG User Guide, placements of A100 and H100: 4g begins at 0 alone, 3g at 0 and 4."""
    profiles = facts.mig_profiles(known("aws", A100))
    together = {
        (a, b)
        for a, b in combinations_with_replacement(("1g.5gb", "2g.10gb", "3g.20gb", "4g.20gb", "7g.40gb"), 2)
        if fits(profiles, {a: 2} if a == b else {a: 1, b: 1})
    }
    assert ("3g.20gb", "4g.20gb") in together
    assert ("3g.20gb", "3g.20gb") in together
    assert ("4g.20gb", "4g.20gb") not in together
    assert [pair for pair in together if "7g.40gb" in pair] == []


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_says_what_it_isolates_and_what_not(mode: str) -> None:
    isolation = facts.isolation(mode)
    assert isolation.isolates
    assert isolation.shares


def test_only_mig_is_said_to_isolate_everything() -> None:
    full = [m for m in MODES if {facts.isolation(m).memory, facts.isolation(m).faults} == {"yes"}]
    assert full == ["mig"]


REFUSED: list[tuple[str, str, Sharing, str, str, dict[str, bool]]] = [
    # cloud, machine, sharing, field below `sharing`, part of the message, more about the machine
    ("aws", "m7i.2xlarge", TimeSlicing(mode="time-slicing", replicas=2), "", "no accelerator to share", {}),
    ("aws", "trn1.2xlarge", TimeSlicing(mode="time-slicing", replicas=2), "mode", "is for accelerators of NVIDIA", {}),
    ("aws", L4, CPX, "mode", "partition is for accelerators of AMD", {}),
    ("azure", "Standard_ND96isr_MI300X_v5", mig({"1g.10gb": 7}), "mode", "has those of AMD", {}),
    ("gcp", "ct6e-standard-1t", MpsSharing(mode="mps", replicas=2), "mode", "has those of Google", {}),
    ("aws", "g6f.large", TimeSlicing(mode="time-slicing", replicas=2), "", "0.125 of an accelerator", {}),
    ("azure", "Standard_NV6ads_A10_v5", MpsSharing(mode="mps", replicas=2), "", "cannot be divided again", {}),
    ("aws", "p5.48xlarge", mig({"1g.10gb": 7}), "", "uses a fabric", {"fabric": True}),
    ("aws", "p5.48xlarge", TimeSlicing(mode="time-slicing", replicas=2), "", "uses a fabric", {"fabric": True}),
    ("gcp", "a4x-highgpu-4g", mig({"1g.23gb": 7}), "mode", "has no NVLink", {"nvlink": True}),
    ("aws", L4, mig({"1g.10gb": 7}), "mode", "no MIG profile is known", {}),
    ("aws", "g4dn.xlarge", mig({"1g.10gb": 7}), "mode", "no MIG profile is known", {}),
    ("azure", "Standard_ND96asr_v4", mig({"1g.10gb": 7}), "profiles.1g.10gb", "at most 4", {}),
    ("azure", "Standard_ND96asr_A100_v4", mig({"1g.10gb": 7}), "mode", "no source says how", {}),
    ("azure", "Standard_ND96asr_v4", mig({"1g.20gb": 1}), "profiles.1g.20gb", "is no MIG profile of", {}),
    ("aws", H100, mig({"1g.5gb": 7}), "profiles.1g.5gb", "is no MIG profile of", {}),
    ("aws", H100, mig({"3g.40gb": 3}), "profiles.3g.40gb", "do not fit on one H100: at most 2", {}),
    ("aws", H100, mig({"3g.40gb": 2, "1g.10gb": 1}), "profiles", "together", {}),
    ("aws", H100, mig({"1g.10gb": 2, "2g.20gb": 1}, strategy="single"), "strategy", "one name", {}),
    ("gcp", "a3-highgpu-1g", mig({"1g.10gb": 7}, strategy="mixed"), "strategy", "calls every slice", {}),
    ("gcp", "a3-highgpu-1g", mig({"1g.10gb": 2, "2g.20gb": 1}), "profiles", "into one profile", {}),
    ("gcp", "a3-highgpu-1g", mig({"1g.10gb": 6}), "profiles.1g.10gb", "as many slices of 1g.10gb as fit", {}),
    ("gcp", "a2-ultragpu-1g", mig({"1g.20gb": 4}), "profiles.1g.20gb", "GKE does not cut", {}),
    ("azure", "Standard_ND96isr_MI300X_v5", CPX, "mode", "its host decides", {}),
    (
        "azure",
        "Standard_ND96isr_MI300X_v5",
        PartitionSharing(mode="partition", compute="SPX", memory="NPS4"),
        "memory",
        "no partitions SPX with NPS4",
        {},
    ),
]


@pytest.mark.parametrize(("cloud", "machine", "sharing", "below", "message", "more"), REFUSED)
def test_refused(cloud: str, machine: str, sharing: Sharing, below: str, message: str, more: dict[str, bool]) -> None:
    shared = SharedMachine(cloud, known(cloud, machine), sharing, ("sharing",), **{"fabric": False, **more})
    problems = list(sharing_problems(shared))
    assert [dotted(problem.field).removeprefix("sharing").lstrip(".") for problem in problems] == [below]
    assert message in problems[0].message


def test_every_rule_refuses_something() -> None:
    refusing = set()
    for cloud, machine, sharing, _, _, more in REFUSED:
        shared = SharedMachine(cloud, known(cloud, machine), sharing, ("sharing",), **{"fabric": False, **more})
        refusing.add(next(rule for rule in RULES if list(rule(shared))))
    assert refusing == set(RULES)


def test_partitions_are_for_own_hardware() -> None:
    machine = known("azure", "Standard_ND96isr_MI300X_v5")
    assert list(sharing_problems(SharedMachine("existing", machine, CPX, (), fabric=False, virtual=False))) == []


def test_a_fabric_that_the_machines_imply_counts() -> None:
    with pytest.raises(InputError, match="uses a fabric"):
        plan_stack(one_pool(machine="p5.48xlarge", sharing={"mode": "mig", "profiles": {"1g.10gb": 7}}))
    whole = group(machine="p5.48xlarge", fabric="none", sharing={"mode": "mig", "profiles": {"1g.10gb": 7}})
    assert whole.labels[MIG_CONFIG_LABEL] == "7x1g.10gb"


@pytest.mark.parametrize(
    ("sharing", "told"),
    [
        ({"mode": "time-slicing", "replicas": 4}, ["memory (one pod can take all of it)"]),
        ({"mode": "mps", "replicas": 4}, ["a fatal fault of one pod"]),
        ({"mode": "mig", "profiles": {"1g.10gb": 7}}, []),
    ],
)
def test_the_plan_says_what_pods_can_do_to_each_other(sharing: dict[str, Any], told: list[str]) -> None:
    planned = plan_stack(one_pool(machine=H100, sharing=sharing))
    found = [risk for risk in risks(planned) if "share accelerators" in risk.text]
    assert [part in risk.text for risk, part in zip(found, told, strict=True)] == [True] * len(told)
    shown = plan_json(planned, None)["node_pools"]["it"]["offers"][0]["sharing"]
    assert shown["mode"] == sharing["mode"]
    assert shown["isolates"]["memory"] == {"time-slicing": "no", "mps": "limited", "mig": "yes"}[sharing["mode"]]


SHARED_POOL = {"mode": "time-slicing", "replicas": 4}


def on_a_platform(**cluster: Any) -> tuple[Any, dict[str, Any]]:
    """Return a team's stack whose pool shares on the cluster of a platform stack, and that stack."""
    declared = stack(
        {
            "clusters": {"use1": {"stack": "platform-prod", "name": "main"}},
            "node_pools.l4.sharing": SHARED_POOL,
        }
    )
    owner: dict[str, Any] = {"team": "platform", "environment": "prod"}
    owner |= {"clusters": {"main": CLUSTER | {"device_plugins": ["nvidia", "efa"]} | cluster}}
    return declared, {"platform-prod": spec(owner)}


def test_a_platform_stack_prepares_how_others_share() -> None:
    with pytest.raises(InputError, match="has not prepared this way of sharing"):
        plan_stack(*on_a_platform())
    with pytest.raises(InputError, match="has not prepared"):
        plan_stack(*on_a_platform(shared_accelerators=[SHARED_POOL | {"replicas": 8}]))
    planned = plan_stack(*on_a_platform(shared_accelerators=[SHARED_POOL]))
    assert next(pool for pool in planned.node_pools if pool.name == "l4").groups[0].sharing is not None


def test_ones_own_cluster_prepares_what_its_pools_need() -> None:
    declared = one_pool({"clusters.use1.shared_accelerators": [SHARED_POOL]}, sharing=SHARED_POOL | {"replicas": 8})
    ways = plan_stack(declared).clusters["use1"].shared_accelerators
    assert [getattr(way, "replicas", None) for way in ways] == [4, 8]
    again = one_pool({"clusters.use1.shared_accelerators": [SHARED_POOL]}, sharing=SHARED_POOL)
    assert len(plan_stack(again).clusters["use1"].shared_accelerators) == 1


PROFILE = {
    "accelerator": "H100", "memory_gib": "80", "profile": "1g.10gb", "per_accelerator": "2", "slots": "1",
    "starts": "0/1", "gke": "yes", "source": "go-nvml-a100", "as_of": "2026-07-01", "note": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("profile", "1g", "is not a profile"),
        ("per_accelerator", "", "has a count"),
        ("per_accelerator", "3", "2 places for 3 slices"),
        ("starts", "0-1", "not a list of places"),
        ("source", "hearsay", "not in sources.csv"),
    ],
)
def test_profiles_that_cannot_be_read(column: str, value: str, message: str) -> None:
    assert tuple(PROFILE) == facts.PROFILE_COLUMNS
    assert facts.parse_profile(Row("mig-profiles.csv", 2, PROFILE)).starts == (0, 1)
    with pytest.raises(CellError, match=message):
        facts.parse_profile(Row("mig-profiles.csv", 2, PROFILE | {column: value}))


def test_what_is_isolated_is_said_in_known_words() -> None:
    row = dict(
        zip(
            facts.ISOLATION_COLUMNS,
            ("mig", "mostly", "yes", "yes", "x", "y", "gpu-operator", "2026-01-01"),
            strict=True,
        )
    )
    with pytest.raises(CellError, match="none of yes, limited, no, unknown"):
        facts.parse_isolation(Row("sharing-isolation.csv", 2, row))


def test_a_partition_counts() -> None:
    cells = ("MI300X", "CPX", "NPS1", "0", "amd-gpu-operator-dcm", "2026-07-22", "")
    with pytest.raises(CellError, match="above zero"):
        facts.parse_partition(Row("gpu-partitions.csv", 2, dict(zip(facts.PARTITION_COLUMNS, cells, strict=True))))
