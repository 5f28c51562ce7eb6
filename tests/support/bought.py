"""The pool `it` of a training team, bought in every way on every cloud, and the taints that its nodes then carry.

Written out, and not taken from the plan: what the clouds do to nodes is what the plan must know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate.plan import plan_stack
from tests.support import azure, existing, gcp, stacks
from tests.support.stacks import changed, spec

if TYPE_CHECKING:
    from bedplate.node_pools.plan import NodePoolPlan
    from bedplate.plan import StackPlan

SPOT_ON_AKS = "kubernetes.azure.com/scalesetpriority=spot:NoSchedule"
QUEUED_ON_GKE = "cloud.google.com/gke-queued=true:NoSchedule"
CLASS_ON_GKE = "cloud.google.com/compute-class=vision-dev-it:NoSchedule"


@dataclass(frozen=True, slots=True)
class Bought:
    """Offers on a cloud, the taints that a pool declares because of them, and those that the cloud sets by itself."""

    provider: str
    capacities: tuple[str, ...]
    declared: tuple[str, ...] = ()
    of_the_cloud: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return a name for the test's case."""
        return f"{self.provider}: {', '.join(self.capacities)}"

    def taints(self, role: str) -> tuple[str, ...]:
        """Return every taint of the pool's nodes."""
        return (f"bedplate.dev/role={role}:NoSchedule", "nvidia.com/gpu=present:NoSchedule", *self.extra)

    @property
    def extra(self) -> tuple[str, ...]:
        """Return the taints that follow from the way of buying."""
        return self.declared + self.of_the_cloud


BOUGHT = (
    Bought("aws", ("on-demand",)),
    Bought("aws", ("spot",)),
    Bought("aws", ("reservation",)),
    Bought("aws", ("capacity-block",)),
    Bought("aws", ("spot", "on-demand")),
    Bought("azure", ("on-demand",)),
    Bought("azure", ("spot",), declared=(SPOT_ON_AKS,)),
    Bought("azure", ("reservation",)),
    Bought("azure", ("spot", "on-demand"), declared=(SPOT_ON_AKS,)),
    Bought("gcp", ("on-demand",)),
    Bought("gcp", ("spot",)),
    Bought("gcp", ("reservation",)),
    Bought("gcp", ("flex-start",)),
    Bought("gcp", ("queued",), of_the_cloud=(QUEUED_ON_GKE,)),
    Bought("gcp", ("spot", "on-demand"), declared=(CLASS_ON_GKE,)),
    Bought("existing", ("owned",)),
)

AWS_RESERVATION = {"machine": "p5en.48xlarge", "nodes": 4, "name": "cr-0123456789abcdef0", "zone": "use1-az2"}
AZURE_RESERVATION = {
    "machine": "Standard_NC24ads_A100_v4",
    "nodes": 2,
    "name": azure.RESERVATIONS,
    "zone": "2",
}
RESERVATIONS: dict[tuple[str, str], dict[str, Any]] = {
    ("aws", "reservation"): AWS_RESERVATION,
    ("aws", "capacity-block"): AWS_RESERVATION
    | {"starts": "2026-12-01", "ends": "2026-12-15", "usd_per_node_hour": 41.61},
    ("azure", "reservation"): AZURE_RESERVATION,
    ("gcp", "reservation"): gcp.RESERVATION,
}
CLUSTERS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "aws": (stacks.CLUSTER | {"zones": ["use1-az2", "use1-az4"]}, stacks.SYSTEM, "p5en.48xlarge"),
    "azure": (azure.CLUSTER, azure.SYSTEM, "Standard_NC24ads_A100_v4"),
    "gcp": (gcp.CLUSTER | {"device_plugins": ["nvidia"]}, gcp.SYSTEM, "a3-ultragpu-8g"),
    "existing": (existing.HALL, existing.BASE, ""),
}


def plan_bought(
    bought: Bought, role: str = "training", changes: dict[str, Any] | None = None
) -> tuple[StackPlan, NodePoolPlan]:
    """Return the plan of a stack with the pool `it`, bought so, with values of the pool changed."""
    cluster, system, machine = CLUSTERS[bought.provider]
    pool = existing.TRAIN if bought.provider == "existing" else _pool(bought, machine)
    name = system["cluster"]
    data = {"team": "vision", "environment": "dev", "clusters": {name: cluster}}
    declared = changed(pool | {"cluster": name, "role": role}, changes or {})
    plan = plan_stack(spec(data | {"node_pools": {"system": system, "it": declared}}))
    return plan, next(one for one in plan.node_pools if one.name == "it")


def _pool(bought: Bought, machine: str) -> dict[str, Any]:
    offers = [_offer(bought.provider, capacity, machine) for capacity in bought.capacities]
    zones = {"zones": ["us-central1-b"]} if bought.provider == "gcp" and "reservation" not in bought.capacities else {}
    return {"nodes": {"min": 0, "max": 2}, "offers": offers, **zones}


def _offer(provider: str, capacity: str, machine: str) -> dict[str, Any]:
    reservation = RESERVATIONS.get((provider, capacity))
    return {"machine": machine, "capacity": capacity, **({"reservation": reservation} if reservation else {})}


def tolerates(tolerations: list[dict[str, str]], taint: str) -> bool:
    """Return what the scheduler's rule for tolerations says of one taint, written `key=value:effect`."""
    named, _, effect = taint.rpartition(":")
    key, _, value = named.partition("=")
    return any(
        one.get("key", "") in ("", key)
        and one.get("effect", effect) == effect
        and (one.get("operator") == "Exists" or one.get("value", "") == value)
        for one in tolerations
    )
