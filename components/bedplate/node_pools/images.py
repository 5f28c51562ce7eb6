"""Which node image carries the driver of a machine type. Facts: images.csv."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog import MachineType


ROOT_DEVICE = "/dev/xvda"
"""The root volume of Amazon Linux 2023, which every node on AWS runs."""


@cache
def _images() -> Mapping[tuple[str, str, str], str]:
    text = files(__package__).joinpath("images.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {(row["provider"], row["vendor"], row["architecture"]): row["image"] for row in rows}


def node_image(provider: str, machine: MachineType) -> str | None:
    """Return the image family for a machine type, or None when no image prepares its accelerators."""
    return _images().get((provider, machine.vendor or "", machine.architecture))
