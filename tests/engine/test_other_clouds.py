"""Google Cloud and Azure by the same mechanism: up, no change, destroy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engine.projects import Simulated

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
import pulumi_azure_native as azure
import pulumi_gcp as gcp
import pulumi_kubernetes as kubernetes
gke = gcp.container.Cluster("gke", location="us-central1", initial_node_count=1, deletion_protection=False)
gcp.container.NodePool("gpu", cluster=gke.name, location="us-central1", node_count=0,
    node_config={"machine_type": "a3-highgpu-8g"})
group = azure.resources.ResourceGroup("group")
aks = azure.containerservice.ManagedCluster("aks", resource_group_name=group.name, dns_prefix="aks",
    agent_pool_profiles=[{"name": "system", "mode": "System", "count": 1, "vm_size": "Standard_D4s_v5"}])
for name, host in (("gke", gke.endpoint), ("aks", aks.fqdn)):
    server = host.apply(lambda host: f"https://{host}:443")
    config = pulumi.Output.json_dumps({"clusters": [{"name": "c", "cluster": {"server": server}}]})
    provider = kubernetes.Provider(name, kubeconfig=config)
    kubernetes.core.v1.Namespace(name, metadata={"name": "team"}, opts=pulumi.ResourceOptions(provider=provider))
pulumi.export("fqdn", aks.fqdn)
"""
STACK = "config:\n  gcp:project: fixture\n  azure-native:location: swedencentral\n"


def test_up_and_destroy(simulated: Simulated) -> None:
    simulated.write(PROGRAM, dev=STACK)
    done = simulated.up()
    assert done.returncode == 0, done.stdout
    assert ".hcp.swedencentral.azmk8s.io" in done.stdout
    assert len(simulated.world.of_type("kubernetes:core/v1:Namespace")) == 2
    assert simulated.up("--expect-no-changes").returncode == 0
    assert simulated.pulumi("destroy", "--yes").returncode == 0
    assert len(simulated.world) == 0
