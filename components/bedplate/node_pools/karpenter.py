"""Pools whose nodes Karpenter starts: an EC2NodeClass and a NodePool per offer, as pure functions of the plan.

Kinds and fields: karpenter-provider-aws 1.14.1, pkg/apis/crds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate.node_pools.images import ROOT_DEVICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.node_pools.plan import NodeGroupPlan, NodePoolPlan
    from bedplate.node_pools.spec import Capacity, Role

CAPACITY_TYPES: Mapping[Capacity, str] = {
    "on-demand": "on-demand",
    "spot": "spot",
    "reservation": "reserved",
    "capacity-block": "reserved",
}
ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}

IDLE_NODE = "10m"
"""How long a node stays empty before it goes: as long as the Cluster Autoscaler lets it."""

NODE_LIFE = "Never"
"""After how long a node goes only because it is old. Karpenter's default, a month, heeds no budget, drains before
another node has started, and hangs halfway where a pod says `do-not-disrupt` (Karpenter 1.14, "Disruption",
"Expiration"). A new image replaces nodes sooner, within the budgets."""


@dataclass(frozen=True, slots=True)
class NodeClassValues:
    """What only exists once the cloud has made it: names and identifiers, some of them outputs."""

    subnet_ids: tuple[Any, ...]
    security_group_ids: tuple[Any, ...]
    encryption_key_arn: Any
    node_profile: str
    placement_group: Any
    tags: Mapping[str, str]


def node_class(group: NodeGroupPlan, values: NodeClassValues) -> dict[str, Any]:
    """Return the EC2NodeClass of an offer: how a node of it starts."""
    spec: dict[str, Any] = {
        "amiFamily": "AL2023",
        # A release by its day: with `latest` a faulty one would come to production unseen (Karpenter 1.14, "Managing
        # AMIs"). A new one replaces no node of training.
        "amiSelectorTerms": [{"alias": group.karpenter_image}],
        "instanceProfile": values.node_profile,
        "subnetSelectorTerms": [{"id": subnet} for subnet in values.subnet_ids],
        "securityGroupSelectorTerms": [{"id": security_group} for security_group in values.security_group_ids],
        "associatePublicIPAddress": None if group.fabric.interfaces else False,
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            # One hop ends at the node: a pod cannot take the node's role from the metadata service.
            "httpPutResponseHopLimit": 1,
            "httpTokens": "required",
        },
        "blockDeviceMappings": [
            {
                "deviceName": ROOT_DEVICE,
                "rootVolume": True,
                "ebs": {
                    "volumeType": "gp3",
                    "volumeSize": f"{group.root_disk_gib}Gi",
                    "encrypted": True,
                    "kmsKeyID": values.encryption_key_arn,
                    "deleteOnTermination": True,
                },
            }
        ],
        "networkInterfaces": [
            {
                "networkCardIndex": interface.network_card,
                "deviceIndex": interface.device,
                "interfaceType": interface.kind,
            }
            for interface in group.fabric.interfaces
        ],
        "instanceStorePolicy": "RAID0" if group.instance_store_raid else None,
        "capacityReservationSelectorTerms": [{"id": group.reservation.name}] if group.reservation else [],
        "connectionTracking": {"tcpEstablishedTimeout": group.tcp_idle_seconds} if group.tcp_idle_seconds else None,
        "placementGroupSelector": {"name": values.placement_group} if values.placement_group is not None else None,
        "tags": {**values.tags, "Name": group.name},
    }
    return {
        "apiVersion": "karpenter.k8s.aws/v1",
        "kind": "EC2NodeClass",
        "metadata": {"name": group.name},
        "spec": {name: value for name, value in spec.items() if value not in (None, [])},
    }


def node_pool(pool: NodePoolPlan, group: NodeGroupPlan) -> dict[str, Any]:
    """Return the NodePool of an offer: which nodes, how many at most, and when they go."""
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": group.name},
        "spec": {
            # Offers in order of preference: the highest weight that has a machine is taken.
            "weight": 101 - group.preference,
            "limits": limits(group),
            "disruption": {
                # Only nodes that nobody uses go: moving what runs costs a model's cold start, or training steps.
                "consolidationPolicy": "WhenEmpty",
                "consolidateAfter": IDLE_NODE,
                "budgets": budgets(pool.role),
            },
            "template": {
                "metadata": {"labels": dict(group.labels)},
                "spec": {
                    "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": group.name},
                    "expireAfter": NODE_LIFE,
                    "requirements": [
                        _in("node.kubernetes.io/instance-type", group.machine.name),
                        _in("karpenter.sh/capacity-type", CAPACITY_TYPES[group.capacity]),
                        _in("kubernetes.io/arch", ARCHITECTURES[group.machine.architecture]),
                        _in("kubernetes.io/os", "linux"),
                        _in("topology.k8s.aws/zone-id", *group.zones),
                    ],
                    "taints": [
                        {"key": taint.key, "value": taint.value, "effect": taint.effect}
                        for taint in group.taints.declared
                    ],
                },
            },
        },
    }


def _in(key: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": list(values)}


def limits(group: NodeGroupPlan) -> dict[str, str]:
    """Return the most that an offer may run: nodes, and the processors and accelerators that as many nodes have.

    Karpenter checks them against what it has seen, so a burst may start a node more (its page "NodePools",
    spec.limits). The successor of an outdated node starts beside it, and only one of the two is counted
    (kubernetes-sigs/karpenter, pkg/controllers/disruption/helpers.go, `SimulateScheduling`).
    """
    most = {"nodes": str(group.max_nodes), "cpu": str(group.max_nodes * (group.machine.vcpus or 0))}
    if group.machine.resource_name:
        most[group.machine.resource_name] = str(group.max_nodes * group.machine.accelerator_count)
    return most


def budgets(role: Role) -> list[dict[str, Any]]:
    """Return how many nodes may go at once: empty ones all together, outdated ones one by one, or never in training."""
    outdated = "0" if role == "training" else "1"
    return [{"nodes": "100%", "reasons": ["Empty"]}, {"nodes": outdated, "reasons": ["Drifted", "Underutilized"]}]
