"""A pool of nodes that exist already, on a real API server: what is taken from a node, given back, and left alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bedplate import simulation
from bedplate.simulation.local_cluster import PATCH_MANAGER
from tests.support.control_plane.nodes import Node, add_node, remove_node
from tests.support.engine import installed_engine
from tests.support.existing import STACK
from tests.support.stacks import changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedplate.simulation import Completed
    from bedplate.simulation.kubernetes_client import KubernetesClient
    from tests.support.control_plane.plane import ControlPlane
    from tests.support.control_plane.pods import Object

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]
SMALL = {"accelerator": "L4", "accelerators": 1, "vcpus": 16, "memory_gib": 64, "usd_per_node_hour": 1}
CHANGES: dict[str, Any] = {
    # Within the caps of any team, and without kinds that charts define.
    "team": "hall",
    "cost_center": "cc-1",
    "clusters.hall.present_device_plugins": ["nvidia"],
    "node_pools.base.hosts": ["cpu-01"],
    "node_pools.train.hosts": ["gpu-01"],
    "node_pools.train.hardware": SMALL,
    "node_pools.train.prepull_images": ["registry.example.com/trainer:1.2"],
}
TAINTS = [
    {"key": "bedplate.dev/role", "value": "training", "effect": "NoSchedule"},
    {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},
]


@pytest.fixture(scope="module", autouse=True)
def _engine() -> None:
    installed_engine()


@pytest.fixture
def pulumi(plane: ControlPlane, tmp_path: Path) -> Callable[..., Completed]:
    stacks = tmp_path / "stacks"
    stacks.mkdir()

    def run(*command: str, changes: dict[str, Any] | None = None) -> Completed:
        stack = changed(STACK, CHANGES | (changes or {}))
        text = yaml.safe_dump({"config": {"bedplate:stack": stack}})
        (stacks / "Pulumi.hall-dev.yaml").write_text(text)
        arguments = [*command, "--stack", "hall-dev", "--non-interactive", "--color=never"]
        return simulation.run(
            ROOT, arguments, home=tmp_path / "home", kubeconfig=plane.kubeconfig, stacks=stacks, capture=True
        )

    return run


@pytest.fixture(autouse=True)
def _hosts(client: KubernetesClient) -> Iterator[None]:
    """Two nodes with labels of their owner."""
    for name in ("cpu-01", "gpu-01"):
        add_node(client, Node(name, {"example.com/rack": "r7"}))
    yield
    for name in ("cpu-01", "gpu-01"):
        remove_node(client, name)


def node(client: KubernetesClient, name: str) -> Object:
    found: Object = client.request("GET", f"/api/v1/nodes/{name}").body
    return found


def succeeds(done: Completed) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_nodes_are_lent_to_a_pool_and_given_back_as_they_were(
    client: KubernetesClient, pulumi: Callable[..., Completed]
) -> None:
    before = node(client, "gpu-01")
    succeeds(pulumi("up", "--yes", "--skip-preview"))
    lent = node(client, "gpu-01")
    assert lent["metadata"]["labels"] == before["metadata"]["labels"] | {
        "bedplate.dev/pool": "hall-dev-train",
        "bedplate.dev/role": "training",
        "bedplate.dev/accelerator": "l4",
    }
    assert lent["spec"]["taints"] == TAINTS
    assert "taints" not in node(client, "cpu-01")["spec"]
    daemon_set = client.request("GET", "/apis/apps/v1/namespaces/hall-dev-training/daemonsets/prepull-train")
    assert daemon_set.body["spec"]["template"]["spec"]["initContainers"][0]["command"] == ["true"]
    succeeds(pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"))
    succeeds(pulumi("up", "--yes", "--refresh", "--skip-preview", "--expect-no-changes"))
    succeeds(pulumi("destroy", "--yes", "--skip-preview"))
    after = node(client, "gpu-01")
    assert after["metadata"]["labels"] == before["metadata"]["labels"]
    assert "taints" not in after["spec"]
    assert PATCH_MANAGER not in {entry["manager"] for entry in after["metadata"]["managedFields"]}


def test_a_host_that_does_not_exist_is_not_made(client: KubernetesClient, pulumi: Callable[..., Completed]) -> None:
    """Server-side apply alone would make a node without a machine."""
    done = pulumi("up", "--yes", "--skip-preview", changes={"node_pools.train.hosts": ["gpu-l1"]})
    assert done.returncode != 0
    assert "gpu-l1" in done.stdout + done.stderr
    assert client.request("GET", "/api/v1/nodes/gpu-l1").status == 404
    succeeds(pulumi("destroy", "--yes", "--skip-preview"))


def test_taints_of_somebody_else_are_not_taken_away(client: KubernetesClient, pulumi: Callable[..., Completed]) -> None:
    """The list of taints is one field, so `up` stops rather than replace it."""
    theirs = [{"key": "example.com/broken", "effect": "NoSchedule"}]
    patched = client.request(
        "PATCH", "/api/v1/nodes/gpu-01", {"spec": {"taints": theirs}}, content_type="application/merge-patch+json"
    )
    assert patched.ok, patched.message
    done = pulumi("up", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert "conflict" in (done.stdout + done.stderr).lower()
    found = node(client, "gpu-01")
    assert found["spec"]["taints"] == theirs
    assert "bedplate.dev/pool" not in found["metadata"]["labels"]
    succeeds(pulumi("destroy", "--yes", "--skip-preview"))
    assert node(client, "gpu-01")["spec"]["taints"] == theirs
