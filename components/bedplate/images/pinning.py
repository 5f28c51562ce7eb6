"""Puts the digests of a lock into the pods of manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.images.lock import LockedImage

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def pinned(manifest: Mapping[str, Any], lock: Mapping[str, LockedImage]) -> dict[str, Any]:
    """Return a manifest whose containers name their images by tag and digest, where the lock has them.

    An image that is not in it, has a digest already or is an output of another resource stays as it is.
    """
    return {name: _inside(name, value, lock) for name, value in manifest.items()}


def _inside(name: str, value: Any, lock: Mapping[str, LockedImage]) -> Any:
    if isinstance(value, dict):
        return pinned(value, lock)
    if isinstance(value, (list, tuple)):
        items = [_inside("", item, lock) for item in value]
        return [_container(item, lock) for item in items] if name in _CONTAINERS else items
    return value


def _container(container: Any, lock: Mapping[str, LockedImage]) -> Any:
    image = container.get("image") if isinstance(container, dict) else None
    if not isinstance(image, str) or image not in lock:
        return container
    return {**container, "image": f"{image}@{lock[image].digest}"}
