"""Who reaches which API server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bedplate.errors import UsageError
from bedplate.simulation.api_server import Runner, server_of
from bedplate.simulation.requests import Instance, Refusal
from tests.simulation.clouds import Sandbox, kubernetes, kubernetes_at

if TYPE_CHECKING:
    from pathlib import Path

NAMED = {"publicAccessCidrs": ["203.0.113.0/24", "2001:db8::/32"]}
PRIVATE = {"endpointPublicAccess": False, "endpointPrivateAccess": True}
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


@pytest.mark.parametrize(
    ("access", "runner", "reached"),
    [
        ({}, None, True),
        ({}, "192.0.2.1", True),
        ({}, "inside", True),  # open to the world, so also through the NAT gateway
        (NAMED, None, True),
        (NAMED, "203.0.113.9", True),
        (NAMED, "2001:db8::1", True),
        (NAMED, "192.0.2.1", False),
        (NAMED, "inside", False),  # the NAT gateway's address is not named, and there is no private endpoint
        ({**NAMED, "endpointPrivateAccess": True}, "inside", True),
        (PRIVATE, None, False),
        (PRIVATE, "203.0.113.9", False),
        (PRIVATE, "inside", True),
    ],
)
def test_eks_endpoints(tmp_path: Path, access: dict[str, Any], runner: str | None, reached: bool) -> None:
    sandbox = Sandbox(tmp_path, runner=runner)
    provider = kubernetes(sandbox.cluster(**access))
    if reached:
        assert sandbox.create(CONFIG_MAP, "cm", provider, data={}).id.startswith("default/cm-")
        return
    with pytest.raises(Refusal) as refusal:
        sandbox.create(CONFIG_MAP, "cm", provider, data={})
    said = str(refusal.value)
    assert said.startswith("configured Kubernetes cluster is unreachable: unable to load schema information")
    assert said.endswith(":443: i/o timeout")


def test_a_server_that_nobody_made_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"dial tcp: lookup k8s\.example\.invalid: no such host"):
        Sandbox(tmp_path).create(CONFIG_MAP, "cm", kubernetes_at("https://k8s.example.invalid:6443"), data={})


def test_a_provider_without_configuration_reaches_nothing(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="no configuration has been provided"):
        Sandbox(tmp_path).create(CONFIG_MAP, "cm", Instance("kubernetes"), data={})


def test_a_preview_reaches_the_server_too(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, runner="192.0.2.1")
    provider = kubernetes(sandbox.cluster(**NAMED))
    with pytest.raises(Refusal, match="i/o timeout"):
        sandbox.cloud.create(provider, f"urn:pulumi:dev::fixture::{CONFIG_MAP}::cm", {"data": {}}, preview=True)


TWO = {
    "clusters": [{"name": "a", "cluster": {"server": "https://a/"}}, {"name": "b", "cluster": {"server": "https://b"}}],
    "contexts": [{"name": "to-b", "context": {"cluster": "b"}}],
}


@pytest.mark.parametrize(
    ("config", "server"),
    [
        ({"kubeconfig": TWO}, "https://a"),
        ({"kubeconfig": json.dumps(TWO)}, "https://a"),
        ({"kubeconfig": TWO, "context": "to-b"}, "https://b"),
        ({"kubeconfig": {**TWO, "current-context": "to-b"}}, "https://b"),
        ({"kubeconfig": "clusters:\n- name: c\n  cluster: {server: 'https://c'}\n"}, "https://c"),
        ({"kubeconfig": "~/.kube/config"}, ""),
        ({"kubeconfig": "{"}, ""),
        ({}, ""),
    ],
)
def test_the_server_of_a_kubeconfig(config: dict[str, Any], server: str) -> None:
    assert server_of(Instance("kubernetes", config)) == server


@pytest.mark.parametrize("text", ["everywhere", "203.0.113.0/24", "300.0.0.1"])
def test_a_runner_is_an_address(text: str) -> None:
    with pytest.raises(UsageError, match="is no IP address"):
        Runner.parse(text)
