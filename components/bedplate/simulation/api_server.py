"""Whether the one who runs Pulumi can reach a cluster's API server.

Rules: EKS user guide, "Control network access to cluster API server endpoint"; GKE, "authorized networks"; AKS,
"authorized IP ranges". Message texts: pulumi-kubernetes provider/pkg/provider/provider.go and client-go. Read 2026-08.
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from bedplate.errors import UsageError
from bedplate.simulation.project_files import SIMULATED_SECRET
from bedplate.simulation.requests import Refusal

if TYPE_CHECKING:
    from bedplate.simulation.requests import Instance
    from bedplate.simulation.world_file import Properties, Resource, World

INSIDE = "inside"
_CLUSTERS = (
    "aws:eks/cluster:Cluster",
    "gcp:container/cluster:Cluster",
    "azure-native:containerservice:ManagedCluster",
)

_OF_OTHERS = "existing.invalid"
"""Where clusters are that a program did not make. No name below `invalid` is ever resolved (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Where Pulumi runs: at an address, inside every cluster's network, or where the owner first named.

    Without an address it is taken to be in the first network that a cluster's API server is open to: whoever
    wrote it there meant the machine that runs Pulumi.
    """

    address: str = ""

    @classmethod
    def parse(cls, text: str | None) -> Runner:
        """Return the runner that `--runner` describes; raises `UsageError` for anything but an address or `inside`."""
        if not text or text == INSIDE:
            return cls(text or "")
        try:
            return cls(str(ipaddress.ip_address(text)))
        except ValueError:
            raise UsageError(f"runner {text!r} is no IP address", hint=f"an IP address, or {INSIDE!r}") from None

    def is_within(self, networks: list[str]) -> bool:
        """Return whether it may come from one of these networks."""
        if not self.address:
            return bool(networks)
        outside = [network for network in networks if network in ("0.0.0.0/0", "::/0")]
        if self.address == INSIDE:  # through the NAT gateway, whose address nobody named
            return bool(outside)
        address = ipaddress.ip_address(self.address)
        return any(address in ipaddress.ip_network(network, strict=False) for network in networks)


def server_of(instance: Instance) -> str:
    """Return the URL of the API server that a kubernetes provider talks to, or an empty string.

    A context and a secret kubeconfig lead to clusters outside of the simulation, which are not looked for: each gets a
    name of its own that nobody can reach, and is taken to be there.
    """
    config = instance.config.get("kubeconfig")
    context = instance.config.get("context")
    if config == SIMULATED_SECRET or (config is None and context):
        named = instance.config.get("clusterIdentifier") or context or config
        return f"https://{re.sub('[^a-z0-9]+', '-', str(named).lower()).strip('-')}.{_OF_OTHERS}"
    if isinstance(config, str):
        try:
            config = json.loads(config) if config.lstrip().startswith("{") else yaml.safe_load(config)
        except (ValueError, yaml.YAMLError):
            return ""
    if not isinstance(config, dict):
        return ""
    return _server(config, instance.config.get("context") or config.get("current-context"))


def is_of_others(place: str) -> bool:
    """Return whether resources of a place stand on a cluster that no program here made."""
    return place.endswith(f".{_OF_OTHERS}")


def is_gone_when_unreachable(instance: Instance) -> bool:
    """Return whether a kubernetes provider was told that a cluster that it cannot reach was deleted."""
    return instance.config.get("deleteUnreachable") in (True, "true")


def refuse_unreachable(world: World, server: str, runner: Runner) -> None:
    """Raise what the kubernetes provider says when the API server cannot be reached."""
    unreachable = "configured Kubernetes cluster is unreachable: "
    if not server:
        raise Refusal(
            f"{unreachable}unable to load Kubernetes client configuration from kubeconfig file: invalid "
            "configuration: no configuration has been provided"
        )
    get = f'{unreachable}unable to load schema information from the API server: Get "{server}/openapi/v2?timeout=32s": '
    host = urlsplit(server).hostname or server
    if host.endswith(f".{_OF_OTHERS}"):
        return
    cluster = next((c for token in _CLUSTERS for c in world.of_type(token) if _url(c) == server), None)
    if cluster is None:
        raise Refusal(f"{get}dial tcp: lookup {host}: no such host")
    if not _is_open(cluster, runner):
        raise Refusal(f"{get}dial tcp {_address(cluster)}:443: i/o timeout")


def _server(config: dict[str, Any], context: str | None) -> str:
    clusters = {entry.get("name"): entry.get("cluster") or {} for entry in config.get("clusters") or []}
    contexts = {entry.get("name"): entry.get("context") or {} for entry in config.get("contexts") or []}
    chosen = clusters.get(contexts.get(context, {}).get("cluster")) or next(iter(clusters.values()), {})
    return str(chosen.get("server") or "").rstrip("/").removesuffix(":443")


def _url(cluster: Resource) -> str:
    outputs = cluster.outputs
    endpoint = str(outputs.get("endpoint") or outputs.get("fqdn") or outputs.get("privateFQDN") or "")
    return (endpoint if endpoint.startswith("https://") else f"https://{endpoint}").rstrip("/")


def _is_open(cluster: Resource, runner: Runner) -> bool:
    if cluster.token.startswith("aws:"):
        access: Properties = cluster.outputs.get("vpcConfig") or {}
        if runner.address == INSIDE and access.get("endpointPrivateAccess"):
            return True
        return bool(access.get("endpointPublicAccess")) and runner.is_within(access.get("publicAccessCidrs") or [])
    if cluster.token.startswith("gcp:"):
        return _google_is_open(cluster.inputs, runner)
    profile: Properties = cluster.inputs.get("apiServerAccessProfile") or {}
    if profile.get("enablePrivateCluster"):
        return runner.address == INSIDE
    return runner.is_within(profile.get("authorizedIPRanges") or ["0.0.0.0/0"])


def _google_is_open(inputs: Properties, runner: Runner) -> bool:
    if (inputs.get("privateClusterConfig") or {}).get("enablePrivateEndpoint"):
        return runner.address == INSIDE
    if runner.address == INSIDE:
        return True
    authorized = inputs.get("masterAuthorizedNetworksConfig")
    if authorized is None:
        return True
    return runner.is_within([str(block.get("cidrBlock")) for block in authorized.get("cidrBlocks") or []])


def _address(cluster: Resource) -> str:
    """An address of the documentation range (RFC 5737), the same each time for one cluster."""
    return f"203.0.113.{sum(cluster.id.encode()) % 254 + 1}"
