"""What a Kubernetes API server adds to objects, and what it refuses.

Which kinds are cluster-wide: `kubectl api-resources --namespaced=false` of Kubernetes 1.36 (2026-08).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bedplate.sdk_types import UNKNOWN, is_unknown
from bedplate.simulation.api_server import is_of_others
from bedplate.simulation.requests import Refusal
from bedplate.simulation.templates import digits

if TYPE_CHECKING:
    from bedplate.simulation.requests import Instance, Request
    from bedplate.simulation.world_file import Properties, Resource, World

NAMESPACE = "kubernetes:core/v1:Namespace"
NODE = "kubernetes:core/v1:Node"
SERVICE = "kubernetes:core/v1:Service"
RELEASE = "kubernetes:helm.sh/v3:Release"
_BUILT_IN = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
_CLUSTER_WIDE = frozenset(
    {
        *("Namespace", "Node", "PersistentVolume", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"),
        *("CSIDriver", "CSINode", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "APIService"),
        *("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy"),
        *("ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"),
        *("PriorityClass", "RuntimeClass", "IngressClass", "FlowSchema", "PriorityLevelConfiguration"),
        *(
            "CertificateSigningRequest",
            "ClusterTrustBundle",
            "DeviceClass",
            "ResourceSlice",
            "ServiceCIDR",
            "IPAddress",
        ),
    }
)


def with_namespace(token: str, inputs: Properties, instance: Instance, known: bool) -> Properties:
    """Return an object's inputs with the namespace that the provider fills in: its own, else `default`.

    Custom resources are left as they are: whether their kind is cluster-wide stands in the cluster.
    """
    metadata = inputs.get("metadata", {})
    kind = token.split(":")[-1].removesuffix("Patch")
    if not known or token == RELEASE or kind in _CLUSTER_WIDE or not isinstance(metadata, dict):
        return inputs
    if metadata.get("namespace"):
        return inputs
    return {**inputs, "metadata": {**metadata, "namespace": instance.config.get("namespace") or "default"}}


def refuse_object(request: Request) -> None:
    """Refuse an object in a namespace that the cluster does not have; what others have on theirs is not known."""
    if is_of_others(request.place):
        return
    if request.token == RELEASE:
        space = request.inputs.get("namespace")
        if request.inputs.get("createNamespace"):
            return
    else:
        space = (request.inputs.get("metadata") or {}).get("namespace")
    if not space or space in _BUILT_IN or is_unknown(space):
        return
    held = request.world.of_type(NAMESPACE)
    if not any(item.place == request.place and item.id == space for item in held):
        raise Refusal(f'namespaces "{space}" not found')


def object_outputs(token: str, inputs: Properties, seed: str) -> Properties:
    """Return an object as the API server answers it."""
    outputs = {name: value for name, value in inputs.items() if not name.startswith("__")}
    if not seed:
        return outputs
    if token == RELEASE:
        outputs["status"] = {"status": "deployed", "name": inputs.get("name"), "namespace": inputs.get("namespace")}
        return outputs
    metadata: Any = outputs.get("metadata") or {}
    added = {"uid": _uid(seed), "creationTimestamp": "2026-01-01T00:00:00Z", "generation": 1, "resourceVersion": "1"}
    outputs["metadata"] = {**added, **metadata}
    if token == SERVICE:
        outputs["spec"] = {
            "clusterIP": f"172.20.{int(seed[:2], 16)}.{int(seed[2:4], 16)}",
            **(outputs.get("spec") or {}),
        }
        if outputs["spec"].get("type") == "LoadBalancer":
            outputs["status"] = {"loadBalancer": {"ingress": [{"hostname": f"lb-{seed[:12]}.simulated.invalid"}]}}
    return outputs


def preview_outputs(token: str, inputs: Properties) -> Properties:
    """Return what is known of a new object before it is applied: what it says, and an unknown status."""
    outputs = object_outputs(token, inputs, "")
    outputs.setdefault("status", UNKNOWN)
    return outputs


def node_of_others(asked: Resource) -> Resource:
    """Return a node of a cluster that no program here made: whichever is asked for is taken to be there."""
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": asked.id}}
    return replace(asked, inputs=node, outputs=node)


def contents(world: World, resource: Resource) -> list[Resource]:
    """Return what goes with a resource when it is deleted: a namespace's objects, a cluster's objects."""
    if resource.token == NAMESPACE:
        return [item for item in world if item.place == resource.place and item.id.startswith(f"{resource.id}/")]
    server = str(resource.outputs.get("endpoint") or "")
    return [item for item in world if server and item.place == f"kubernetes/{server}"]


def _uid(seed: str) -> str:
    random = digits(seed, "uid")
    return "-".join((random[:8], random[8:12], random[12:16], random[16:20], random[20:32]))
