"""A team's pools on the clusters of a platform stack, on Azure and Google Cloud: up, no change, destroy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bedplate import simulation
from tests.support.engine import installed_engine
from tests.support.examples import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.engine

PLATFORM = """
config:
  bedplate:stack:
    team: shared
    environment: dev
    cost_center: cc-1
    clusters:
      eus:
        provider: azure
        region: eastus
        subscription: 11111111-2222-3333-4444-555555555555
        administrators: [99999999-8888-7777-6666-555555555555]
        runner_access: [203.0.113.0/24]
        device_plugins: [nvidia]
      usc1:
        provider: gcp
        project: example-ai-dev
        region: us-central1
        runner_access: [203.0.113.0/24]
        device_plugins: [nvidia]
    node_pools:
      on-aks: {cluster: eus, role: general, machine: Standard_D8ds_v5, nodes: {min: 2, max: 3}}
      on-gke: {cluster: usc1, role: general, machine: e2-standard-8, nodes: {min: 2, max: 3}, root_disk_gib: 100}
"""
TEAM = """
config:
  bedplate:stack:
    team: squad
    environment: dev
    cost_center: cc-2
    clusters:
      aks: {stack: shared-dev, name: eus}
      gke: {stack: shared-dev, name: usc1}
    node_pools:
      a100:
        cluster: aks
        role: inference
        machine: Standard_NC24ads_A100_v4
        nodes: {min: 0, max: 1}
        root_disk_gib: 128
      l4:
        cluster: gke
        role: inference
        machine: g2-standard-8
        nodes: {min: 0, max: 2}
        root_disk_gib: 100
"""


def test_a_team_brings_pools_to_clusters_of_a_platform(tmp_path: Path) -> None:
    installed_engine()
    stacks, home = tmp_path / "stacks", tmp_path / "home"
    stacks.mkdir()
    (stacks / "Pulumi.shared-dev.yaml").write_text(PLATFORM, encoding="utf-8")
    (stacks / "Pulumi.squad-dev.yaml").write_text(TEAM, encoding="utf-8")

    def succeeds(*command: str) -> None:
        arguments = [*command, "--stack", "squad-dev", "--non-interactive", "--color=never"]
        done = simulation.run(ROOT, arguments, home=home, stacks=stacks, capture=True)
        assert done.returncode == 0, done.stdout + done.stderr

    succeeds("up", "--yes", "--skip-preview", "--policy-pack", "policies")
    world = simulation.world(home)
    sizes = [pool.outputs["vmSize"] for pool in world.of_type("azure-native:containerservice:AgentPool")]
    assert sorted(sizes) == ["Standard_D8ds_v5", "Standard_NC24ads_A100_v4"]
    machines = [pool.outputs["nodeConfig"]["machineType"] for pool in world.of_type("gcp:container/nodePool:NodePool")]
    assert sorted(machines) == ["e2-standard-8", "g2-standard-8"]
    succeeds("up", "--yes", "--skip-preview", "--expect-no-changes")
    succeeds("destroy", "--yes", "--skip-preview")
    assert len(simulation.world(home).of_type("gcp:container/nodePool:NodePool")) == 1
