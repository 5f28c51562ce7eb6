"""Releases of node images: which one nodes start from that ask for an image by themselves."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from bedplate.catalog.tables import CellError, build, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog.tables import Row

COLUMNS = ("version", "alias", "source", "as_of")
ALIAS = re.compile(r"al2023@v20\d{6}")


def node_image_alias(version: str) -> str:
    """Return the pinned release of EKS's images for a minor version, as Karpenter names it: `al2023@v20260903`.

    Karpenter takes from it the image for the machine's architecture and accelerator. Raises LookupError for a version
    of which no release is known.
    """
    found = _aliases().get(version)
    if found is None:
        raise LookupError(f"no release of node images is known for Kubernetes {version}")
    return found


@cache
def _aliases() -> Mapping[str, str]:
    return MappingProxyType(dict(build(read("node-images-aws.csv", COLUMNS), parse)))


def parse(row: Row) -> tuple[str, str]:
    """Return a minor version and its release of images; raises `CellError` for one that names no release."""
    row.source()
    row.required_day("as_of")
    alias = row.required("alias")
    if not ALIAS.fullmatch(alias):
        raise CellError("alias", f"{alias!r} is no release such as al2023@v20260903")
    return row.required("version"), alias
