"""What the pods of endpoints have in common, whatever they do."""

from __future__ import annotations

from typing import Any

USER = 2000
"""Any number but root's. It is the one that vLLM's own image has a user for (vllm pull request 40275); in other images
it may be nobody's."""

USER_NAME = "bedplate"
"""What Python's `getpass.getuser` says, from USER or LOGNAME: PyTorch asks it while it is imported, and dies where the
user has no entry in /etc/passwd (pytorch issue 140765, vllm issue 44548). The copies of weights ask for no name."""

WATCHER_PORT = 9400
"""Where the watcher beside an engine tells what it found (sidecar/README.md)."""

POD_IDENTITY_AGENT = "169.254.170.23/32"
"""Where the agent of EKS Pod Identity answers on each node, on port 80 (EKS user guide, "EKS Pod Identity Agent")."""

PRIVATE_NETWORKS = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
"""Networks that no address of S3 or of a model repository is in: other pods, nodes, their metadata service."""

RESTRICTED_CONTAINER: dict[str, Any] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def restricted_pod() -> dict[str, Any]:
    """Return what restricted pod security asks of a pod."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER,
        "runAsGroup": USER,
        "fsGroup": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def variables(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return environment variables of a container."""
    return [{"name": name, "value": value} for name, value in values.items()]


def storage_egress() -> list[dict[str, Any]]:
    """Return the way out to object storage and the pod's identity.

    A network policy knows addresses and not names, and those of S3 are public and change. What a pod may do there is
    decided by its role, which reads or writes one prefix of one bucket.
    """
    return [
        {
            "to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": list(PRIVATE_NETWORKS)}}],
            "ports": [{"protocol": "TCP", "port": 443}],
        },
        {"to": [{"ipBlock": {"cidr": POD_IDENTITY_AGENT}}], "ports": [{"protocol": "TCP", "port": 80}]},
    ]
