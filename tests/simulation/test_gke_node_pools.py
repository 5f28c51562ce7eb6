from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from bedplate.simulation.gke_node_pools import NODE_POOL, refuse_node_pool
from bedplate.simulation.requests import Refusal, Request
from tests.support.stacks import changed

if TYPE_CHECKING:
    from bedplate.simulation.world_file import World

POOL: dict[str, Any] = {
    "name": "it",
    "location": "us-central1",
    "nodeLocations": ["us-central1-a"],
    "autoscaling": {"totalMinNodeCount": 0.0, "totalMaxNodeCount": 2.0},
    "initialNodeCount": 0.0,
    "nodeConfig": {
        "machineType": "a3-megagpu-8g",
        "bootDisk": {"diskType": "pd-balanced"},
        "guestAccelerators": [{"type": "nvidia-h100-mega-80gb", "count": 8.0}],
        "ephemeralStorageLocalSsdConfig": {"localSsdCount": 16.0},
        "reservationAffinity": {"consumeReservationType": "NO_RESERVATION"},
    },
    "management": {"autoRepair": True},
    "placementPolicy": {"type": "COMPACT"},
}
RESERVED = {"consumeReservationType": "SPECIFIC_RESERVATION", "key": "k", "values": ["r"]}


def refuse(inputs: dict[str, Any], token: str = NODE_POOL) -> None:
    nowhere = cast("World", None)  # what GKE says of a node pool depends on nothing else
    refuse_node_pool(Request(token, inputs, nowhere))


def test_what_gke_makes_passes_and_so_does_every_other_resource() -> None:
    refuse(POOL)
    refuse({"name": "x" * 60}, token="gcp:container/cluster:Cluster")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "x" * 41}, "at most 40 characters"),
        ({"nodeLocations": ["us-central1-f"]}, "'a3-megagpu-8g' does not exist in zone 'us-central1-f'"),
        ({"autoscaling": {"maxNodeCount": 2, "totalMaxNodeCount": 2}}, "either per zone or total"),
        ({"initialNodeCount": 3}, "initial_node_count makes 3 nodes, and total_max_node_count is 2"),
        ({"nodeConfig.spot": True, "nodeConfig.reservationAffinity": RESERVED}, "Spot VMs take neither reservations"),
        ({"nodeConfig.spot": True, "nodeConfig.flexStart": True}, "Spot VMs take neither reservations"),
        (
            {"nodeConfig.flexStart": True, "nodeConfig.reservationAffinity": RESERVED, "management.autoRepair": False},
            "need reservation affinity NO_RESERVATION",
        ),
        ({"nodeConfig.flexStart": True}, "auto-repair must be disabled"),
        ({"nodeConfig.flexStart": True, "management.autoRepair": False, "nodeCount": 2}, "node_count cannot be set"),
        (
            {
                "queuedProvisioning": {"enabled": True},
                "management.autoRepair": False,
                "autoscaling.totalMinNodeCount": 1,
            },
            "needs a minimum of zero nodes",
        ),
        (
            {"queuedProvisioning": {"enabled": True}, "management.autoRepair": False},
            "compact placement cannot be combined with queued provisioning",
        ),
        (
            {"nodeConfig.reservationAffinity": {"consumeReservationType": "SPECIFIC_RESERVATION"}},
            "Invalid value for reservationAffinity",
        ),
        ({"nodeConfig.reservationAffinity": RESERVED}, "compact placement cannot be combined with a specific"),
        ({"nodeLocations": ["us-central1-a", "us-central1-b"]}, "in a single zone"),
        (
            {
                "networkConfig": {
                    "acceleratorNetworkProfile": "auto",
                    "additionalNodeNetworkConfigs": [{"network": "n"}],
                }
            },
            "cannot be combined with additional_node_network_configs",
        ),
        (
            {"nodeConfig.guestAccelerators": [{"type": "nvidia-h100-80gb", "count": 8.0}]},
            "a3-megagpu-8g has no accelerators nvidia-h100-80gb x 8",
        ),
        ({"nodeConfig.ephemeralStorageLocalSsdConfig.localSsdCount": 8.0}, "has 16 local SSDs, not 8"),
        (
            {
                "nodeConfig": {"machineType": "a4-highgpu-8g", "bootDisk": {"diskType": "pd-balanced"}},
                "nodeLocations": ["us-central1-b"],
            },
            "[pd-balanced] features are not compatible for creating instance of a4-highgpu-8g",
        ),
    ],
)
def test_what_gke_refuses(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Refusal) as refused:
        refuse(changed(POOL, changes))
    assert said in str(refused.value)
