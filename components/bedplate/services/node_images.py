"""What a node image already brings of NVIDIA's stack, so that nothing is installed twice. Facts: a CSV file.

A driver or container toolkit that the operator installs over the image's own breaks containers on the node.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.node_pools.images import node_image

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class NodeImageContents:
    """What is on a node before any pod runs.

    `cdi` says whether its container runtime takes devices by the Container Device Interface, at every Kubernetes
    version that a cluster may have.
    """

    driver: bool
    container_toolkit: bool
    device_plugin: bool
    cdi: bool


def nvidia_image_contents(provider: str) -> NodeImageContents:
    """Return what every image that a provider's NVIDIA machines start from has in common.

    Raises LookupError when two images differ: one operator configures all nodes of a cluster.
    """
    images = {node_image(provider, machine) for machine in _nvidia_machines(provider)} - {None}
    contents = {_contents()[image] for image in images if image is not None}
    if len(contents) != 1:
        raise LookupError(f"the NVIDIA node images of {provider} differ in what they bring: {sorted(map(str, images))}")
    return contents.pop()


def _nvidia_machines(provider: str) -> list[catalog.MachineType]:
    return [machine for machine in catalog.machines(provider).values() if machine.vendor == "NVIDIA"]


@cache
def _contents() -> Mapping[str, NodeImageContents]:
    text = files(__package__).joinpath("node_image_contents.csv").read_text(encoding="utf-8")
    return {
        row["image"]: NodeImageContents(
            driver=row["driver"] == "yes",
            container_toolkit=row["container_toolkit"] == "yes",
            device_plugin=row["device_plugin"] == "yes",
            cdi=row["cdi"] == "yes",
        )
        for row in csv.DictReader(text.splitlines())
    }
