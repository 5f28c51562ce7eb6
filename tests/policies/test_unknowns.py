"""Whatever becomes unknown, nothing that was refused passes, and no rule is silenced by an exception.

Every leaf of representative resources is replaced by each kind of unknown value. Then either the verdicts stay the
same, or there is a violation that names a field that is not known.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policies import test_aks_nodes, test_gke_nodes
from tests.policies.resources import BASE, disruption_budget, ingress, resource, service
from tests.policies.stack import (
    Declared,
    advice,
    check_stack,
    cluster,
    deployment,
    kubernetes,
    launch_template,
    node_group,
    pool,
    register,
    with_line,
)
from tests.policies.test_aks_nodes import agent_pool
from tests.policies.test_aks_nodes import properties as aks_properties
from tests.policies.test_checkpoints import job, training_pool
from tests.policies.test_gke_nodes import ON_DEMAND
from tests.policies.test_gke_nodes import node_pool as gke_pool
from tests.policies.test_karpenter import SPOT, declared
from tests.policies.test_reading import SENTINELS
from tests.policies.test_reliability import stopping, workload
from tests.policies.test_reserved import BLOCK, OPEN
from tests.policies.test_reserved import pool as reserved
from tests.policies.test_security import CLOUD_FAILS, auth_policy, namespace, network_policy, route
from tests.policies.test_separation import ANY, CONTAINERS, INFERENCE, SELECTS, TAINTS, release
from tests.support.stacks import REMOVED, changed

UNDECIDED = re.compile(r"^[\w-]+: cannot be decided: .* is not known before the update\.")

CLAIM = {"persistentVolumeClaim": {"claimName": "runs"}}
JOB = {"template": {"spec": {"containers": CONTAINERS}}}
POOL = pool()
H100 = pool("p5.48xlarge", 1)
GKE, AKS = test_gke_nodes.component(), test_aks_nodes.pool()
ENV = [{"name": "HF_TOKEN", "value": "hf_1"}]
CASES: dict[str, list[Declared]] = {
    "a pool": [POOL, launch_template(POOL), node_group(POOL, launch_template(POOL))],
    "a pool over its caps": [pool("p5.48xlarge", 9)],
    "a pool with a wrong price": [with_line(pool(), 0, usdPerHour="0.01")],
    "a cluster": [cluster()],
    "a raw node group": [node_group(None)],
    "a larger node group": [POOL, node_group(POOL, scalingConfig={"minSize": 0, "maxSize": 9, "desiredSize": 0})],
    "a pool of Karpenter's": list(declared(SPOT)),
    "a larger pool of Karpenter's": list(declared(SPOT, {"spec.limits.nodes": "9"}, {"metadata.name": "big"})),
    "a capacity block": [reserved(BLOCK)],
    "training on spot nodes": [training_pool(), job()],
    "training on spot nodes with a bucket": [training_pool(), job("gs://vision-checkpoints/run-7")],
    "training on spot nodes with a claim": [training_pool(), job(volumes=[{"name": "runs", **CLAIM}])],
    "a reservation that is not counted": [with_line(reserved(OPEN), 0, baselineUnits=0)],
    "EKS Auto Mode": [Declared("aws:eks/cluster:Cluster", "c", {"name": "c", "computeConfig": {"enabled": True}})],
    "GKE nodes": [Declared("gcp:container/cluster:Cluster", "c", {"removeDefaultNodePool": False}, None, "gcp")],
    "a general workload": [deployment("vision-dev-general", tolerations=[{"key": "a", "operator": "Exists"}])],
    "an inference workload": [deployment("vision-dev-inference", nodeSelector=SELECTS, tolerations=[INFERENCE])],
    "a workload that tolerates all": [deployment("vision-dev-general", tolerations=[ANY])],
    "a workload on a node by name": [deployment("vision-dev-general", nodeName="n")],
    "a custom workload": [
        kubernetes(
            "jobset.x-k8s.io/v1alpha2:JobSet",
            "set",
            {
                "metadata": {"namespace": "vision-dev-training"},
                "spec": {
                    "replicatedJobs": [{"template": {"spec": {"template": {"spec": {"containers": CONTAINERS}}}}}]
                },
            },
        )
    ],
    "a workload of leaders and workers": [
        kubernetes(
            "leaderworkerset.x-k8s.io/v1:LeaderWorkerSet",
            "set",
            {
                "metadata": {"namespace": "vision-dev-inference"},
                "spec": {
                    "leaderWorkerTemplate": {
                        "leaderTemplate": {"spec": {"containers": CONTAINERS, "tolerations": [ANY]}},
                        "workerTemplate": {"spec": {"containers": CONTAINERS}},
                    }
                },
            },
        )
    ],
    "a workflow of containers and scripts": [
        kubernetes(
            "argoproj.io/v1alpha1:Workflow",
            "flow",
            {
                "metadata": {"namespace": "vision-dev-general"},
                "spec": {"templates": [{"container": CONTAINERS[0]}, {"script": CONTAINERS[0], "nodeName": "n"}]},
            },
        )
    ],
    "a task of steps": [
        kubernetes(
            "tekton.dev/v1:Task",
            "task",
            {"metadata": {"namespace": "apps"}, "spec": {"steps": CONTAINERS, "sidecars": CONTAINERS}},
        )
    ],
    "a pool on GKE": [GKE, gke_pool(GKE, ON_DEMAND)],
    "a larger pool on GKE": [GKE, gke_pool(GKE, changed(ON_DEMAND, {"autoscaling.totalMaxNodeCount": 9}))],
    "a pool on AKS": [AKS, agent_pool(AKS, aks_properties("on-demand"))],
    "a larger pool on AKS": [AKS, agent_pool(AKS, aks_properties("on-demand") | {"maxCount": 99})],
    "a misspelt workload": [deployment("vision-dev-general", nodeSelectors={"a": "b"})],
    "a chart": [release()],
    "an inference pool": [H100, node_group(H100, labels=SELECTS, taints=TAINTS)],
    "a general pool with accelerators": [pool("p5.48xlarge", 1, role="general")],
    "a training pool on demand": [pool("p5.48xlarge", 1, role="training")],
    "a workload that may do anything": [
        deployment(
            "default",
            hostNetwork=True,
            automountServiceAccountToken=True,
            securityContext={"runAsNonRoot": False},
            volumes=[{"name": "v", "hostPath": {"path": "/"}}],
            containers=[{"name": "c", "image": "web:latest", "securityContext": {"privileged": True}, "env": ENV}],
        )
    ],
    "a workload of a team": [workload(1, terminationGracePeriodSeconds=30), disruption_budget(minAvailable=1)],
    "a workload that waits": [stopping({"sleep": {"seconds": 60}})],
    "a priority class": [kubernetes("scheduling.k8s.io/v1:PriorityClass", "mine", {"value": 10**6})],
    "a workload with the system's priority": [deployment("apps", priorityClassName="system-node-critical")],
    "a budget": [disruption_budget(maxUnavailable=0)],
    "a public service": [service({"metadata.annotations": REMOVED})],
    "an internal service": [service()],
    "an open ingress": [ingress({"a": "b"})],
    "an ingress that asks": [ingress({"alb.ingress.kubernetes.io/auth-type": "oidc"})],
    "a namespace": [namespace(), network_policy({})],
    "an open namespace": [namespace(), network_policy({"matchLabels": {"a": "b"}})],
    "a route": [route(), auth_policy({"kind": "HTTPRoute", "name": "chat"})],
    "an open route": [route(), auth_policy({"kind": "HTTPRoute", "name": "other"})],
    **{f"a good {kind}": [resource(kind)] for kind in BASE},
    **{
        f"a bad {kind}, {number}": [resource(kind, changes)]
        for number, (_, kind, changes, _) in enumerate(CLOUD_FAILS)
        if resource(kind, changes).properties
    },
}


@pytest.mark.parametrize("resources", CASES.values(), ids=CASES)
@settings(deadline=None, max_examples=25)  # the first example imports the Kubernetes SDK
@given(data=st.data())
def test_one_unknown_leaf(resources: list[Declared], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(resources) - 1))
    paths = list(leaves(resources[index].properties))
    path, sentinel = data.draw(st.sampled_from(paths)), data.draw(st.sampled_from(SENTINELS))
    changed = with_unknown(resources, index, path, sentinel)
    for judge in (register, check_stack, stopped_or_advised):
        before, after = judge(*resources), judge(*changed)
        named = [message for message in after if UNDECIDED.match(message)]
        assert named or rules_of(after) == rules_of(before), (path, before, after)
        assert not [message for message in after if "could not be evaluated" in message], after


@pytest.mark.parametrize("resources", CASES.values(), ids=CASES)
def test_every_leaf_unknown_at_once(resources: list[Declared]) -> None:
    changed = copy.deepcopy(resources)
    for one in changed:
        for path in list(leaves(one.properties)):
            put(one.properties, path, SENTINELS[0])
    before, after = register(*resources), register(*changed)
    named = [message for message in after if UNDECIDED.match(message)]
    assert named or rules_of(after) == rules_of(before)


def stopped_or_advised(*resources: Declared) -> list[str]:
    """Return all that is said at registration: what cannot be decided stops, and advice need not repeat it."""
    return [*register(*resources), *advice(*resources)]


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths of everything inside a value, whole subtrees included: they become unknown too."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from leaves(item, (*path, key))


def put(value: Any, path: tuple[str | int, ...], leaf: str) -> None:
    """Replace what stands at a path, unless something above it was replaced before."""
    for part in path[:-1]:
        value = value[part]
        if isinstance(value, str):
            return
    value[path[-1]] = leaf


def with_unknown(resources: list[Declared], index: int, path: tuple[str | int, ...], leaf: str) -> list[Declared]:
    """Return copies of resources, which refer to each other as before, with one value unknown."""
    changed = copy.deepcopy(resources)
    put(changed[index].properties, path, leaf)
    return changed


def rules_of(messages: list[str]) -> set[str]:
    """Return the rules that messages come from."""
    return {message.split(": ")[0] for message in messages}
