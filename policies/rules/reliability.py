"""Rules about staying up: drains that end, more than one replica and zone, probes, time to stop.

They judge the workloads of teams, in the namespaces of roles. Training on spot machines is in `rules.checkpoints`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bedplate.node_pools.floor import FLOOR_LABEL
from bedplate.sdk_types.values import is_unknown
from rules.model import Finding, Resource, Rule, StackRule, Surroundings
from rules.namespaces import GENERAL, ROLES, namespace_of
from rules.nodes import EKS_NODE_GROUP, NODE_POOL
from rules.pods import containers, pods
from rules.reading import need, undecided, want

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
LONG_RUNNING = frozenset({DEPLOYMENT, "kubernetes:apps/v1:StatefulSet"})
DISRUPTION_BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"

DEFAULT_GRACE_SECONDS = 30
"""terminationGracePeriodSeconds where a pod does not say it (Kubernetes API reference, PodSpec)."""

SLEEP = re.compile(r"\bsleep\s+(\d+)")


def _is_of_a_role(resource: Resource) -> bool:
    return any(namespace_of(resource) == f"{resource.stack}-{role}" for role in ROLES)


def _is_floor(resource: Resource) -> bool:
    """Whether it keeps the floor of a pool: its pods do nothing, so nothing is lost with one."""
    return want(resource.properties, "metadata", "labels", FLOOR_LABEL) is not None


def leaves_room_for_drains(budget: Resource, _: Surroundings) -> Iterator[str]:
    """A disruption budget lets at least one pod go."""
    least, most = (want(budget.properties, "spec", field) for field in ("minAvailable", "maxUnavailable"))
    if least == "100%" or most in (0, "0", "0%"):
        yield f"{budget.name} lets no pod go, so no node that runs one can be drained"


def budgets_leave_room(surroundings: Surroundings) -> Iterator[Finding]:
    """No disruption budget asks for as many pods as its Deployment has."""
    workloads = [one for one in surroundings.resources.values() if one.type in LONG_RUNNING]
    for budget in surroundings.resources.values():
        if budget.type != DISRUPTION_BUDGET:
            continue
        least = want(budget.properties, "spec", "minAvailable")
        selected = want(budget.properties, "spec", "selector", "matchLabels") or {}
        if not isinstance(least, (int, float)) or not selected:
            continue
        for workload in workloads:
            replicas = _replicas_selected(workload, budget, selected)
            if replicas is not None and least >= replicas:
                problem = (
                    f"{budget.name} asks for {int(least)} pods of {workload.name}, which has {int(replicas)}: "
                    "no node that runs one can be drained"
                )
                yield Finding(problem, "Fix: set maxUnavailable to 1 instead", budget.urn)


def _replicas_selected(workload: Resource, budget: Resource, selected: dict[str, Any]) -> float | None:
    if namespace_of(workload) != namespace_of(budget):
        return None
    labels = want(workload.properties, "spec", "template", "metadata", "labels") or {}
    if not selected.items() <= labels.items():
        return None
    replicas = want(workload.properties, "spec", "replicas")
    return 1.0 if replicas is None else float(replicas)


def has_replicas(deployment: Resource, _: Surroundings) -> Iterator[str]:
    """A Deployment of a team has more than one replica."""
    if not _is_of_a_role(deployment) or _is_floor(deployment):
        return
    if want(deployment.properties, "spec", "replicas") == 1:
        yield f"{deployment.name} has one replica, so every drain of its node interrupts it"


def unstated_replicas_are_scaled(surroundings: Surroundings) -> Iterator[Finding]:
    """A Deployment of a team that leaves out its replicas is scaled by something; else it has one."""
    resources = surroundings.resources.values()
    scaled = {(namespace_of(one), _scaled_name(one)) for one in resources if _is_autoscaler(one.type)}
    for one in resources:
        if one.type != DEPLOYMENT or not _is_of_a_role(one) or _is_floor(one):
            continue
        name = want(one.properties, "metadata", "name")
        if want(one.properties, "spec", "replicas") is None and (namespace_of(one), name) not in scaled:
            problem = f"{one.name} says no replicas and nothing scales it, so it has one: every drain interrupts it"
            yield Finding(problem, "Fix: set replicas to 2 or more, or declare what scales it", one.urn)


def _is_autoscaler(token: str) -> bool:
    return token.endswith((":ScaledObject", ":HorizontalPodAutoscaler"))


def _scaled_name(autoscaler: Resource) -> Any:
    return want(autoscaler.properties, "spec", "scaleTargetRef", "name")


def has_probes(workload: Resource, _: Surroundings) -> Iterator[str]:
    """Every container that serves says when it is ready."""
    if not _is_of_a_role(workload) or _is_floor(workload):
        return
    for pod in pods(workload):
        for where, container in containers(pod):
            if where.rpartition(".")[2].startswith("containers") and not container.get("readinessProbe"):
                yield f"{workload.name}: {where} has no readinessProbe"


def has_time_to_stop(resource: Resource, _: Surroundings) -> Iterator[str]:
    """A pod has more time to stop than its preStop hook takes."""
    for pod in pods(resource):
        stated = want(pod.spec, "terminationGracePeriodSeconds")
        grace = DEFAULT_GRACE_SECONDS if stated is None else stated
        for where, container in containers(pod):
            seconds = _sleep_seconds(want(container, "lifecycle", "preStop") or {})
            if seconds and seconds >= grace:
                yield (
                    f"{resource.name}: {where}.lifecycle.preStop waits {int(seconds)} s, but the pod is killed after "
                    f"{int(grace)} s (terminationGracePeriodSeconds)"
                )


def _sleep_seconds(hook: dict[str, Any]) -> float:
    """Return the seconds that a preStop hook waits for sure; other commands take nobody knows how long."""
    waited = (hook.get("sleep") or {}).get("seconds")
    if waited is not None:
        return float(waited)
    command = " ".join((hook.get("exec") or {}).get("command") or [])
    found = SLEEP.search(command)
    return float(found[1]) if found else 0


def has_zones(node_group: Resource, surroundings: Surroundings) -> Iterator[str]:
    """The nodes of a pool without a fabric are in more than one zone."""
    pool = surroundings.nearest_ancestor(node_group, NODE_POOL)
    if pool is None or want(pool.properties, "fabric") != "none" or need(pool.properties, "role") != GENERAL:
        return
    subnets = node_group.properties.get("subnetIds")
    if is_unknown(subnets):
        raise undecided(("subnetIds",))
    if len(subnets or ()) == 1:
        yield f"{node_group.name} is in one zone, and the general pool with everything on it fails with that zone"


RULES = (
    Rule(
        id="reliability-disruption-budget",
        family="reliability",
        demands="A PodDisruptionBudget lets at least one pod go.",
        reason="A budget that lets none go stops every drain: upgrades hang, and idle accelerators are kept and paid.",
        fix="set maxUnavailable to 1",
        passes="maxUnavailable: 1",
        fails="minAvailable: 100%",
        applies=lambda token: token == DISRUPTION_BUDGET,
        check=leaves_room_for_drains,
    ),
    Rule(
        id="reliability-replicas",
        family="reliability",
        demands="A Deployment of a team has more than one replica.",
        reason="Nodes come and go: for upgrades, for spot, for repair. One replica is down each time.",
        fix="set replicas to 2 or more, or use a Job for work that ends",
        passes="replicas: 2",
        fails="replicas: 1",
        applies=lambda token: token == DEPLOYMENT,
        check=has_replicas,
    ),
    Rule(
        id="reliability-probes",
        family="reliability",
        demands="Containers of Deployments and StatefulSets of teams have a readiness probe.",
        reason="Without one a server gets requests while it still loads its weights, for minutes.",
        fix="add a readinessProbe that answers when the model is loaded",
        references=("CKV_K8S_9",),
        passes="readinessProbe: {httpGet: {path: /health, port: 8000}}",
        fails="no readinessProbe",
        applies=lambda token: token in LONG_RUNNING,
        check=has_probes,
    ),
    Rule(
        id="reliability-time-to-stop",
        family="reliability",
        demands="A pod's terminationGracePeriodSeconds is longer than its preStop hook waits.",
        reason="Otherwise it is killed while it waits, with the requests that the waiting was for.",
        fix="raise terminationGracePeriodSeconds above the hook's time and the longest request",
        passes="terminationGracePeriodSeconds: 120 with preStop: {sleep: {seconds: 30}}",
        fails="preStop: {sleep: {seconds: 60}} alone",
        applies=lambda token: token in LONG_RUNNING,
        check=has_time_to_stop,
    ),
    Rule(
        id="reliability-zones",
        family="reliability",
        demands="A general pool is in more than one zone.",
        reason="DNS, the autoscaler and the team's own services run on general pools.",
        fix="leave `zones` of the pool out, or name two",
        passes="subnetIds: [a, b]",
        fails="subnetIds: [a]",
        applies=lambda token: token == EKS_NODE_GROUP,
        check=has_zones,
    ),
)

STACK_RULES = (
    StackRule(
        id="reliability-budget-below-replicas",
        family="reliability",
        demands="A PodDisruptionBudget asks for fewer pods than its workload has.",
        reason="Otherwise no node that runs one can be drained.",
        fix="set maxUnavailable to 1 instead of minAvailable",
        passes="minAvailable: 2 with replicas: 3",
        fails="minAvailable: 2 with replicas: 2",
        check=budgets_leave_room,
        reads=lambda token: token in LONG_RUNNING or token == DISRUPTION_BUDGET,
    ),
    StackRule(
        id="reliability-unstated-replicas",
        family="reliability",
        demands="A Deployment of a team that leaves out its replicas is scaled by something.",
        reason="What neither Deployment nor autoscaler counts is one replica, down with every drain of its node.",
        fix="set replicas to 2 or more, or declare a ScaledObject or HorizontalPodAutoscaler for it",
        passes="no replicas, and a ScaledObject whose scaleTargetRef names the Deployment",
        fails="no replicas, and no autoscaler",
        check=unstated_replicas_are_scaled,
        reads=lambda token: token == DEPLOYMENT or _is_autoscaler(token),
    ),
)
