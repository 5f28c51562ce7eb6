"""Namespaces of a team's workloads: one per role that its pools on a cluster have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bedplate.node_pools.labels import DOMAIN, ROLE_LABEL
from bedplate.separation.fabric_rules import FABRIC_PODS_LABEL

if TYPE_CHECKING:
    from bedplate.node_pools.plan import NodePoolPlan
    from bedplate.node_pools.spec import Role
    from bedplate.plan import StackPlan

TEAM_LABEL = f"{DOMAIN}/team"
ENVIRONMENT_LABEL = f"{DOMAIN}/environment"
GENERAL: Role = "general"

DNS_PODS = ("kube-dns", "node-local-dns")
"""How the pods that answer for cluster DNS are labelled (`k8s-app`): DNS itself, and the cache that GKE runs on each
node before it. Dataplane V2 redirects what a pod asks to that cache and judges it as traffic to it
(world-federation-of-advertisers/cross-media-measurement#3569, cilium/cilium-cli#995; read 2026-11)."""

NODE_DNS_ADDRESSES = (
    # NodeLocal DNSCache, GKE's too (kubernetes/kubernetes, cluster/addons/dns/nodelocaldns/README.md).
    "169.254.20.10",
    # The same as kubespray installs it (kubernetes-sigs/kubespray, nodelocaldns_ip; cilium/cilium#20055).
    "169.254.25.10",
    # LocalDNS of AKS, which asks to be turned on up to 1.36 (Microsoft, "Configure LocalDNS in AKS"): for pods that
    # resolve names as their node does, and for all others.
    "169.254.10.10",
    "169.254.10.11",
)
"""Where a node answers for cluster DNS itself, by default (read 2026-11). What answers is in the node's own network, or
no pod at all, so no selector of pods finds it."""

PodSecurity = Literal["restricted", "baseline", "privileged"]


@dataclass(frozen=True, slots=True)
class TeamNamespace:
    """Where a team's pods of one role live on one cluster. `cluster` is its name in the stack file.

    `purpose` ends the name of a namespace that is not for the team's own workloads. `pod_security` is the Pod Security
    Standard that pods there must meet.
    """

    cluster: str
    team: str
    environment: str
    role: Role
    protected: bool
    purpose: str = ""
    pod_security: PodSecurity = "restricted"

    @property
    def name(self) -> str:
        """The namespace's name, for example `vision-prod-inference`."""
        return f"{self.team}-{self.environment}-{self.purpose or self.role}"


def team_namespaces(plan: StackPlan) -> tuple[TeamNamespace, ...]:
    """Return the namespaces that a stack owns. Removing the last pool of a role removes its namespace with it.

    A cluster with endpoints has a general one in any case: the job that copies their weights needs no accelerator.
    """
    pools = {(pool.cluster, pool.role) for pool in plan.node_pools}
    used = sorted(pools | {(endpoint.cluster, GENERAL) for endpoint in plan.endpoints if endpoint.weights})
    relaxed = {(pool.cluster, pool.role) for pool in plan.node_pools if pool.pods.pod_security == "privileged"}
    return tuple(
        TeamNamespace(
            cluster,
            plan.team,
            plan.environment,
            role,
            protected=_protected(plan, cluster),
            pod_security="privileged" if (cluster, role) in relaxed else "restricted",
        )
        for cluster, role in used
    )


def pool_namespace(plan: StackPlan, pool: NodePoolPlan) -> str:
    """Return the namespace whose pods may run on a pool of this stack."""
    return next(
        namespace.name
        for namespace in team_namespaces(plan)
        if (namespace.cluster, namespace.role) == (pool.cluster, pool.role)
    )


def _protected(plan: StackPlan, cluster: str) -> bool:
    """A namespace is kept as its cluster is: what runs in it goes with it."""
    return plan.protects(cluster)


def namespace_manifests(namespace: TeamNamespace) -> list[dict[str, Any]]:
    """Return a namespace and what makes it closed: pods that meet its standard, no traffic but name resolution."""
    return [_namespace(namespace), _default_deny(namespace.name), _allow_dns(namespace.name)]


def _namespace(namespace: TeamNamespace) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": namespace.name,
            "labels": {
                ROLE_LABEL: namespace.role,
                TEAM_LABEL: namespace.team,
                ENVIRONMENT_LABEL: namespace.environment,
                "app.kubernetes.io/managed-by": "bedplate",
                # What Pod Security lets in here is judged by separation.fabric_rules.
                **({FABRIC_PODS_LABEL: "true"} if namespace.pod_security == "privileged" else {}),
                "pod-security.kubernetes.io/enforce": namespace.pod_security,
                **{f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("audit", "warn")},
            },
        },
    }


def _default_deny(namespace: str) -> dict[str, Any]:
    return _network_policy(namespace, "default-deny", {"policyTypes": ["Ingress", "Egress"]})


def _allow_dns(namespace: str) -> dict[str, Any]:
    pods = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchExpressions": [{"key": "k8s-app", "operator": "In", "values": list(DNS_PODS)}]},
    }
    addresses = [{"ipBlock": {"cidr": f"{address}/32"}} for address in NODE_DNS_ADDRESSES]
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return _network_policy(
        namespace, "allow-dns", {"policyTypes": ["Egress"], "egress": [{"to": [pods, *addresses], "ports": ports}]}
    )


def _network_policy(namespace: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": {}, **spec},
    }
