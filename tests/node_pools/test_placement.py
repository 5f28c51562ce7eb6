"""How nodes are bought decides how close together they are asked to stand."""

from __future__ import annotations

import pytest

from bedplate.fabrics.choice import FabricQuestion
from bedplate.fabrics.kinds import FabricChoice
from bedplate.fabrics.plan import plan_fabric
from bedplate.node_pools.placement import decide_placement
from bedplate.node_pools.spec import Capacity
from tests.fabrics.machines import machine


@pytest.mark.parametrize(
    ("provider", "name", "capacity", "fabric", "kind", "reason"),
    [
        ("aws", "p5.48xlarge", "on-demand", "required", "cluster-placement-group", "only when asked"),
        ("aws", "p5.48xlarge", "on-demand", "none", "none", "without a fabric"),
        ("aws", "p5.48xlarge", "spot", "required", "none", "narrows the spot capacity"),
        ("aws", "p5.48xlarge", "reservation", "required", "none", "has its place already"),
        ("aws", "p5en.48xlarge", "capacity-block", "required", "none", "has its place already"),
        ("aws", "m7i.2xlarge", "on-demand", "none", "none", "without a fabric"),
        ("gcp", "a3-megagpu-8g", "on-demand", "required", "compact", "only when asked"),
        ("gcp", "a3-megagpu-8g", "reservation", "required", "none", "second placement policy"),
        ("gcp", "a3-megagpu-8g", "spot", "required", "none", "narrows the spot capacity"),
        ("gcp", "a3-megagpu-8g", "flex-start", "required", "none", "only A3 Ultra and A4"),
        ("gcp", "a3-ultragpu-8g", "flex-start", "required", "compact", "compactly when asked"),
        ("gcp", "a4-highgpu-8g", "flex-start", "required", "compact", "compactly when asked"),
        ("gcp", "a3-ultragpu-8g", "queued", "required", "none", "refuses compact placement"),
        ("gcp", "a4x-highgpu-4g", "reservation", "required", "workload-policy", "one rack"),
        ("gcp", "g2-standard-48", "on-demand", "none", "none", "without a fabric"),
        ("gcp", "ct6e-standard-8t", "on-demand", "required", "none", "a slice of its own"),
        ("azure", "Standard_ND96isr_H100_v5", "on-demand", "required", "none", "one scale set"),
        ("azure", "Standard_NC24ads_A100_v4", "on-demand", "none", "none", "without a fabric"),
    ],
)
def test_placement(provider: str, name: str, capacity: Capacity, fabric: FabricChoice, kind: str, reason: str) -> None:
    one = machine(provider, name)
    decided = decide_placement(provider, one, capacity, plan_fabric(FabricQuestion(provider, one, fabric, "1.35")))
    assert decided.kind == kind
    assert reason in decided.reason


@pytest.mark.parametrize(
    ("name", "kind"), [("ct6e-standard-4t", "tpu-topology"), ("tpu7x-standard-4t", "workload-policy")]
)
@pytest.mark.parametrize("capacity", ["on-demand", "queued", "flex-start", "reservation"])
def test_a_tpu_slice_has_a_shape_however_it_is_bought(name: str, kind: str, capacity: Capacity) -> None:
    one = machine("gcp", name)
    fabric = plan_fabric(FabricQuestion("gcp", one, "required", "1.35"))
    decided = decide_placement("gcp", one, capacity, fabric, "4x4")
    assert (decided.kind, decided.topology) == (kind, "4x4")


def test_an_existing_cluster_is_left_as_it_is() -> None:
    one = machine("aws", "p5.48xlarge")
    fabric = plan_fabric(FabricQuestion("aws", one, "none", "1.35"))
    assert decide_placement("existing", one, "on-demand", fabric).kind == "none"
