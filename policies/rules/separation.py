"""Rules that keep workloads on the pools they were given.

Nodes of `inference` and `training` pools carry a taint and a label with their role. A workload of such a role runs
in the namespace of that role, selects the label and tolerates the taint; every other workload does neither.
The cluster enforces the same with an admission policy (`bedplate.separation`); this says it before anything exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from bedplate.node_pools.labels import POOL_LABEL, ROLE_LABEL
from rules.charts import HELM_RELEASE, is_pinned_chart
from rules.model import Resource, Rule, Surroundings
from rules.namespaces import (
    GENERAL,
    NAMESPACE,
    ROLES,
    agent_namespaces,
    fabric_test_pool,
    is_exempt,
    is_kubernetes_object,
    namespace_of,
    role_of,
)
from rules.nodes import AKS_POOL, EKS_NODE_GROUP, GKE_NODE_POOL, KARPENTER_NODE_POOL, NODE_POOL
from rules.owned import group_machine
from rules.pods import Pod, pods
from rules.reading import need, want

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
"""A workload in a queue gets its node selector from Kueue when it may start, and is judged by the cluster then."""


def tolerates_only_its_role(resource: Resource, surroundings: Surroundings) -> Iterator[str]:
    """A pod tolerates the taint of no role but its namespace's."""
    for pod in pods(resource):
        namespace = namespace_of(resource)
        if namespace in agent_namespaces():
            return
        tested = fabric_test_pool(resource, surroundings)
        role = need(tested.properties, "role") if tested else role_of(namespace, resource.stack)
        for index, toleration in enumerate(want(pod.spec, "tolerations") or ()):
            reached = tolerated_roles(toleration) - {role}
            if reached and not is_exempt(namespace, surroundings):  # in this order: it looks through the stack
                yield (
                    f"{resource.name} in namespace {namespace} belongs on {role} nodes, but "
                    f"{pod.where('tolerations')}[{index}] lets it onto {' and '.join(sorted(reached))} nodes"
                )


def tolerated_roles(toleration: Mapping[str, Any]) -> set[str]:
    """Return the roles whose taint a toleration matches, whatever its effect says."""
    tainted = set(ROLES) - {GENERAL}
    key, operator = toleration.get("key") or "", toleration.get("operator") or "Equal"
    if key not in ("", ROLE_LABEL):
        return set()
    if operator == "Equal" and key:
        return tainted & {toleration.get("value") or ""}
    return tainted


def selects_its_role(resource: Resource, _: Surroundings) -> Iterator[str]:
    """A pod in the namespace of a role asks for the nodes of that role."""
    for pod in pods(resource):
        namespace = namespace_of(resource)
        role = role_of(namespace, resource.stack)
        if not pod.runs or role == GENERAL or _is_queued(resource):
            continue
        selected = (want(pod.spec, "nodeSelector") or {}).get(ROLE_LABEL)
        if selected is None and _requires_role(pod, role):
            continue
        if selected != role:
            stated = f"selects {selected} nodes" if selected else "does not select its nodes"
            field = f"{pod.where('nodeSelector')} needs {ROLE_LABEL}: {role}"
            yield f"{resource.name} in namespace {namespace} {stated}: {field}"


def _is_queued(resource: Resource) -> bool:
    return QUEUE_LABEL in (want(resource.properties, "metadata", "labels") or {})


def _requires_role(pod: Pod, role: str) -> bool:
    """Return whether every alternative of the required node affinity allows this role alone."""
    required = want(pod.spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution") or {}
    terms = required.get("nodeSelectorTerms") or []
    wanted = {"key": ROLE_LABEL, "operator": "In", "values": [role]}
    return bool(terms) and all(wanted in (term.get("matchExpressions") or []) for term in terms)


def leaves_node_to_scheduler(resource: Resource, surroundings: Surroundings) -> Iterator[str]:
    """No pod names its node, which would pass by every taint."""
    for pod in pods(resource):
        if want(pod.spec, "nodeName") and not is_exempt(namespace_of(resource), surroundings):
            yield f"{resource.name} sets {pod.where('nodeName')}, which passes by the scheduler and its taints"


def is_system_daemon(resource: Resource, surroundings: Surroundings) -> Iterator[str]:
    """Only namespaces of agents have DaemonSets, which take a share of every node, and those that were reviewed."""
    namespace = namespace_of(resource)
    if is_exempt(namespace, surroundings) or _stays_on_its_pool(resource, surroundings):
        return
    name = want(resource.properties, "metadata", "name") or resource.name
    if f"{namespace}/{name}" not in surroundings.pack_settings().daemon_sets:
        yield f"DaemonSet {resource.name} is in namespace {namespace}, not in one of agents on nodes"


def _stays_on_its_pool(resource: Resource, surroundings: Surroundings) -> bool:
    """Whether it belongs to a pool and selects that pool's nodes: the share that it takes is of its own team's."""
    pool = surroundings.nearest_ancestor(resource, NODE_POOL)
    if pool is None:
        return False
    selector = want(resource.properties, "spec", "template", "spec", "nodeSelector") or {}
    return bool(selector.get(POOL_LABEL) == need(pool.properties, "fullName"))


def general_pool_is_general(pool: Resource, _: Surroundings) -> Iterator[str]:
    """A general pool has no accelerators: what runs on it asks for nothing special."""
    if need(pool.properties, "role") != GENERAL:
        return
    provider = need(pool.properties, "provider")
    for group in need(pool.properties, "groups"):
        machine = group_machine(provider, group)
        if machine.accelerator:
            yield f"{pool.name} is a general pool, but offers {machine.name} with {machine.accelerator}"


@dataclass(frozen=True, slots=True)
class Marks:
    """Where a type has the labels and taints of its nodes, and the effects that keep pods away."""

    labels: tuple[str, ...]
    taints: tuple[str, ...]
    effects: tuple[str, ...]


MARKS: Mapping[str, Marks] = {
    EKS_NODE_GROUP: Marks(("labels",), ("taints",), ("NO_SCHEDULE", "NO_EXECUTE")),
    KARPENTER_NODE_POOL: Marks(
        ("spec", "template", "metadata", "labels"), ("spec", "template", "spec", "taints"), ("NoSchedule", "NoExecute")
    ),
    GKE_NODE_POOL: Marks(("nodeConfig", "labels"), ("nodeConfig", "taints"), ("NO_SCHEDULE", "NO_EXECUTE")),
    AKS_POOL: Marks(("nodeLabels",), ("nodeTaints",), ("NoSchedule", "NoExecute")),
}


def nodes_carry_role(node_group: Resource, surroundings: Surroundings) -> Iterator[str]:
    """The nodes of a pool carry its role as their label, and the taint of its role."""
    pool = surroundings.nearest_ancestor(node_group, NODE_POOL)
    if pool is None:
        return  # nodes-priced
    role, marks = need(pool.properties, "role"), MARKS[node_group.type]
    label = want(node_group.properties, *marks.labels, ROLE_LABEL)
    if label != role:
        yield f"{node_group.name} has the label {ROLE_LABEL} {label or 'not set'}; its pool is for {role}"
    tainted = {
        (taint.get("key"), taint.get("value"))
        for taint in map(_taint, want(node_group.properties, *marks.taints) or ())
        if taint.get("effect") in marks.effects
    }
    if role != GENERAL and (ROLE_LABEL, role) not in tainted:
        yield f"{node_group.name} has no taint {ROLE_LABEL}={role} {marks.effects[0]}, so any pod may run on it"


def _taint(stated: Any) -> Mapping[str, Any]:
    """Return a taint as a map; AKS writes key=value:effect."""
    if not isinstance(stated, str):
        return cast("Mapping[str, Any]", stated)
    key, _, rest = stated.partition("=")
    value, _, effect = rest.partition(":")
    return {"key": key, "value": value, "effect": effect}


def has_role_of_its_name(namespace: Resource, surroundings: Surroundings) -> Iterator[str]:
    """A namespace with a role is the stack's own namespace of that role, or that of a test of a pool with that role."""
    role = (want(namespace.properties, "metadata", "labels") or {}).get(ROLE_LABEL)
    tested = fabric_test_pool(namespace, surroundings)
    if tested and role == need(tested.properties, "role"):
        return
    name = want(namespace.properties, "metadata", "name")
    if role is not None and name != f"{namespace.stack}-{role}":
        expected = f"{namespace.stack}-{role}"
        yield f"namespace {name or namespace.name} has the role {role}; this stack's namespace of it is {expected}"


RULES = (
    Rule(
        id="separation-accelerators",
        family="separation",
        demands="A general pool has no accelerators.",
        reason="Nothing keeps ordinary pods off general nodes; under that name accelerators would fill with them.",
        fix="give the pool the role inference or training",
        passes="role: inference, machine: p5.48xlarge",
        fails="role: general, machine: p5.48xlarge",
        applies=lambda type_token: type_token == NODE_POOL,
        check=general_pool_is_general,
    ),
    Rule(
        id="separation-nodes-carry-role",
        family="separation",
        demands="A node group has the label and the taint of its pool's role.",
        reason="Without the taint every pod may run on its nodes; with another label it gets another role's pods.",
        fix=f"set the label {ROLE_LABEL} and, but for general pools, the taint of the same key",
        passes="labels: {bedplate.dev/role: inference}, taints: [{key: bedplate.dev/role, value: inference, "
        "effect: NO_SCHEDULE}]",
        fails="labels: {bedplate.dev/role: general}, no taints, in an inference pool",
        applies=MARKS.__contains__,
        check=nodes_carry_role,
    ),
    Rule(
        id="separation-tolerations",
        family="separation",
        demands="A workload tolerates the taint of no role but that of its namespace, `<team>-<environment>-<role>`.",
        reason="One toleration too many puts a batch job on an H100 that serves people. A toleration without a key "
        "matches every taint.",
        fix=f"remove the toleration, or move the workload to the namespace of that role; tolerate {ROLE_LABEL} with "
        "operator Equal and the role",
        applies=is_kubernetes_object,
        check=tolerates_only_its_role,
    ),
    Rule(
        id="separation-selects-role",
        family="separation",
        demands="A workload in the namespace of a role selects the nodes of that role, by node selector or required "
        "node affinity.",
        reason="A toleration only permits; without the selector the workload may land on general nodes.",
        fix=f"set nodeSelector {ROLE_LABEL} to the role",
        applies=is_kubernetes_object,
        check=selects_its_role,
    ),
    Rule(
        id="separation-no-node-name",
        family="separation",
        demands="No workload names its node.",
        reason="`nodeName` passes by the scheduler, and with it by every NoSchedule taint.",
        fix="use a node selector",
        applies=is_kubernetes_object,
        check=leaves_node_to_scheduler,
    ),
    Rule(
        id="separation-daemon-sets",
        family="separation",
        demands="DaemonSets are in namespaces of agents on nodes, keep to the pool that declares them, or are among "
        "the `daemon_sets` of settings.yaml.",
        reason="They run on every node that they tolerate, and take memory from what the nodes were bought for.",
        fix="use a Deployment, or ask the platform team to run the daemon",
        applies=lambda type_token: (
            type_token.startswith("kubernetes:apps/") and type_token.endswith((":DaemonSet", ":DaemonSetPatch"))
        ),
        check=is_system_daemon,
    ),
    Rule(
        id="separation-namespace-roles",
        family="separation",
        demands="A namespace labelled with a role is named `<team>-<environment>-<role>`.",
        reason="The cluster lets the pods of a namespace onto the nodes that its label names.",
        fix="let Bedplate create the namespace of a role, or leave the label out",
        applies=lambda type_token: type_token in (NAMESPACE, f"{NAMESPACE}Patch"),
        check=has_role_of_its_name,
    ),
    Rule(
        id="separation-pinned-charts",
        family="separation",
        demands="A Helm release installs a chart of the catalog, with its repository, version and namespace.",
        reason="What a release installs is rendered inside the provider: no rule sees it before it runs. So only "
        "charts that were reviewed may be installed this way.",
        fix="add the chart to the catalog after review, or use kubernetes.helm.v4.Chart, whose objects the rules see",
        applies=lambda type_token: type_token == HELM_RELEASE,
        check=is_pinned_chart,
    ),
)

STACK_RULES = ()
