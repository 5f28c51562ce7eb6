"""Which images a lock is about: those of the catalog and of Bedplate's own pods, and those that stack files name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.images.reference import names_registry, parse_reference
from bedplate.node_pools.floor import PAUSE_IMAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bedplate.stack import StackSpec


_UNFINISHED = frozenset({"doca-driver"})
"""Images of the catalog whose tag is only a beginning: the network operator adds the node's system to it."""


def images_to_pin(stacks: Iterable[StackSpec]) -> list[str]:
    """Return the images by tag that a lock can hold, sorted.

    Left out is what has a digest already, and what stands in an account's own registry, which only its account can
    ask. Images of charts are left out too: their charts name them.
    """
    of_catalog = [one for one in catalog.images() if one.name not in _UNFINISHED]
    named = {PAUSE_IMAGE, *(f"{one.repository}:{one.tag}" for one in of_catalog)}
    for stack in stacks:
        named.update(_of_stack(stack))
    return sorted(image for image in named if names_registry(image) and _moves(image))


def _of_stack(stack: StackSpec) -> Iterator[str]:
    for endpoint in stack.endpoints.values():
        yield from filter(None, (endpoint.image, endpoint.sidecar_image))
    for pool in stack.node_pools.values():
        yield from pool.prepull_images


def _moves(image: str) -> bool:
    reference = parse_reference(image)
    return bool(reference.tag) and not reference.digest
