"""From Kubernetes manifests to Pulumi resources: typed classes where the SDK has one, so that inputs are checked."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, cast

import pulumi

from bedplate.images.lock import lock_in_use
from bedplate.images.pinning import pinned
from bedplate.sdk_types.classes import snake_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def manifest_token(manifest: Mapping[str, Any]) -> str:
    """Return the type token of a manifest, for example `kubernetes:apps/v1:Deployment`."""
    version = manifest["apiVersion"]
    return f"kubernetes:{version if '/' in version else f'core/{version}'}:{manifest['kind']}"


def apply_manifests(
    manifests: Iterable[Mapping[str, Any]],
    provider: pulumi.ProviderResource,
    parent: pulumi.Resource,
    *,
    depends_on: Sequence[pulumi.Resource] = (),
    protect: bool = False,
) -> tuple[pulumi.Resource, ...]:
    """Declare manifests as children of `parent`; they are independent of each other.

    A resource is named after its parent and its own kind, namespace and name, so that two clusters can hold the same.
    Pods run the digests of the project's lock, where it has their images.
    """
    lock = lock_in_use()
    options = pulumi.ResourceOptions(
        parent=parent, provider=provider, depends_on=list(depends_on), protect=protect or None
    )
    prefix = parent.pulumi_resource_name
    return tuple(_declare(pinned(manifest, lock), prefix, options) for manifest in manifests)


def python_arguments(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs as keyword arguments of an SDK class: it spells its own arguments Python's way, not what is in
    them."""
    return {snake_case(name): value for name, value in inputs.items()}


def _declare(manifest: Mapping[str, Any], prefix: str, options: pulumi.ResourceOptions) -> pulumi.Resource:
    metadata = manifest["metadata"]
    parts = (prefix, manifest["kind"].lower(), metadata.get("namespace", ""), metadata["name"])
    name = "-".join(part for part in parts if part)
    kind = _typed_class(manifest["apiVersion"], manifest["kind"])
    if kind is not None:
        return cast("pulumi.Resource", kind(name, **python_arguments(manifest), opts=options))
    return _custom_resource(name, manifest, options)


def _custom_resource(name: str, manifest: Mapping[str, Any], options: pulumi.ResourceOptions) -> pulumi.Resource:
    """Declare a manifest of a custom resource; the SDK's class for those takes no field beside `spec`."""
    from pulumi_kubernetes.apiextensions import CustomResource

    if extra := manifest.keys() - {"apiVersion", "kind", "metadata", "spec"}:
        raise ValueError(f"{manifest['kind']} {manifest['metadata']['name']}: {', '.join(sorted(extra))} would be lost")
    return cast("pulumi.Resource", CustomResource(name, **python_arguments(manifest), opts=options))


def _typed_class(api_version: str, kind: str) -> Any:
    """Return the SDK's class, or None for a custom resource. The SDK names a group by its first word."""
    group, _, version = api_version.rpartition("/")
    if "." in group and not group.endswith(".k8s.io"):
        return None
    try:
        module = importlib.import_module(f"pulumi_kubernetes.{group.split('.')[0] or 'core'}.{version}")
    except ModuleNotFoundError:
        return None
    return getattr(module, kind, None)
