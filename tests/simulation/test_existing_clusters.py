"""Clusters that no simulated program made: they are there, and no real configuration leads to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bedplate.simulation.api_server import is_of_others, server_of
from bedplate.simulation.local_cluster import is_patch
from bedplate.simulation.project_files import SIMULATED_SECRET
from bedplate.simulation.requests import Instance, Refusal
from tests.simulation.clouds import Sandbox, kubernetes

if TYPE_CHECKING:
    from pathlib import Path

NODE = "kubernetes:core/v1:Node"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
BY_CONTEXT = {"context": "admin@hall", "clusterIdentifier": "existing/vision-dev-hall"}


def at(**config: Any) -> Instance:
    return Instance("kubernetes", config)


@pytest.mark.parametrize(
    ("config", "server"),
    [
        (BY_CONTEXT, "https://existing-vision-dev-hall.existing.invalid"),
        ({"context": "Admin@Hall"}, "https://admin-hall.existing.invalid"),
        ({"kubeconfig": SIMULATED_SECRET, "clusterIdentifier": "existing/a"}, "https://existing-a.existing.invalid"),
        ({"kubeconfig": SIMULATED_SECRET}, f"https://{SIMULATED_SECRET}.existing.invalid"),
        ({}, ""),
        ({"clusterIdentifier": "existing/a"}, ""),  # no way in at all
        ({"kubeconfig": "{}", "context": "a"}, ""),
    ],
)
def test_each_has_a_name_that_nobody_resolves(config: dict[str, Any], server: str) -> None:
    assert server_of(at(**config)) == server
    assert is_of_others(f"kubernetes/{server}") == bool(server)


def test_objects_on_it_need_no_namespace_that_the_simulation_made(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    metadata = {"name": "cm", "namespace": "of-its-owner"}
    assert sandbox.create(CONFIG_MAP, "cm", at(**BY_CONTEXT), metadata=metadata).id == "of-its-owner/cm"
    with pytest.raises(Refusal, match='namespaces "of-its-owner" not found'):
        sandbox.create(CONFIG_MAP, "cm", kubernetes(sandbox.cluster()), metadata=metadata)


def test_its_nodes_are_there_and_those_of_simulated_clusters_are_not(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    urn = f"urn:pulumi:dev::fixture::{NODE}::node"
    found = sandbox.cloud.read(at(**BY_CONTEXT), urn, "gpu-01")
    assert found is not None
    assert found.outputs["metadata"]["name"] == "gpu-01"
    assert sandbox.cloud.read(kubernetes(sandbox.cluster()), urn, "gpu-01") is None


@pytest.mark.parametrize(
    ("token", "patch"),
    [
        ("kubernetes:core/v1:NodePatch", True),
        (NODE, False),
        ("kubernetes:kuma.io/v1alpha1:MeshProxyPatch", False),  # a kind of its own, which a chart defines
        ("aws:s3/bucket:BucketPatch", False),
    ],
)
def test_patches_are_told_from_kinds_that_are_called_so(token: str, patch: bool) -> None:
    assert is_patch(token) == patch
