"""Agents of the platform run on every node that they are for: of each role, on each cloud, however it was bought.

Their tolerations are looked for wherever a chart's values or an operator's orders have them, so that a further agent
is judged as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bedplate.plan import OwnedCluster
from bedplate.services.plan import plan_services
from tests.services.test_accelerators import CLUSTERS, TRAINIUM, WAYS, owned
from tests.support.bought import BOUGHT, Bought, plan_bought, tolerates

ACCELERATORS = {
    "gpu-operator": {"nvidia.com/gpu"},
    "nvidia-dra-driver-gpu": {"nvidia.com/gpu"},
    "gpu-operator-charts": {"amd.com/gpu"},
    "DeviceConfig": {"amd.com/gpu"},
    "neuron-helm-chart": {"aws.amazon.com/neuron"},
    "aws-efa-k8s-device-plugin": {"nvidia.com/gpu", "aws.amazon.com/neuron"},
}
"""Whose nodes a chart's agents run on. The network operator runs on those of every accelerator that a cluster has."""

RESOURCES = {"nvidia": "nvidia.com/gpu", "amd": "amd.com/gpu"}
STACKS = CLUSTERS | {"eks-trainium": TRAINIUM, "gke-shared": owned("gcp", "nvidia", shared=WAYS)}


def agents(cluster: OwnedCluster) -> Iterator[tuple[str, str, list[dict[str, str]]]]:
    """Yield every list of tolerations that is installed: of which chart or kind, where it stands, and the list."""
    plan = plan_services(cluster)
    for release in plan.releases:
        yield from ((release.name, path, found) for path, found in _tolerations(release.values))
    for manifest in plan.manifests:
        yield from ((manifest["kind"], path, found) for path, found in _tolerations(manifest))


def _tolerations(value: Any, path: str = "") -> Iterator[tuple[str, list[dict[str, str]]]]:
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key.lower().endswith("tolerations"):
            yield f"{path}.{key}", inner
        else:
            yield from _tolerations(inner, f"{path}.{key}")


@pytest.mark.parametrize("bought", BOUGHT, ids=str)
@pytest.mark.parametrize("role", ["inference", "training"])
def test_agents_run_on_accelerator_nodes_of_every_role(bought: Bought, role: str) -> None:
    plan, _ = plan_bought(bought, role)
    (cluster,) = plan.clusters.values()
    found = list(agents(cluster))
    assert {"gpu-operator"} <= {name for name, _, _ in found}
    for name, path, tolerations in found:
        missing = [taint for taint in bought.taints(role) if not tolerates(tolerations, taint)]
        assert (name, path, missing) == (name, path, [])


@pytest.mark.parametrize("name", STACKS)
def test_agents_wait_for_pools_of_other_stacks_bought_in_any_way(name: str) -> None:
    cluster = STACKS[name]
    provider = cluster.plan.provider
    extra = {taint for bought in BOUGHT if bought.provider == provider for taint in bought.extra}
    shared = ["bedplate.dev/sharing=mps:NoSchedule"] if cluster.shared_accelerators else []
    found = list(agents(cluster))
    assert found
    for chart, path, tolerations in found:
        own = {resource for plugin, resource in RESOURCES.items() if plugin in cluster.device_plugins}
        resources = ACCELERATORS.get(chart, own) if "feature" not in path else own
        taints = [
            *(f"bedplate.dev/role={role}:NoSchedule" for role in ("inference", "training")),
            *(f"{resource}=present:NoSchedule" for resource in resources),
            *extra,
            *shared,
        ]
        missing = [taint for taint in taints if not tolerates(tolerations, taint)]
        assert (chart, path, missing) == (chart, path, [])


@pytest.mark.parametrize("name", STACKS)
def test_agents_tolerate_no_taint_that_they_do_not_name(name: str) -> None:
    for _, _, tolerations in agents(STACKS[name]):
        assert [one for one in tolerations if not one["key"]] == []
