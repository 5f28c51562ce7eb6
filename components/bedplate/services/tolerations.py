"""Tolerations of what runs on every node of a pool: device plugins and node agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.node_pools.labels import ROLE_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable


def node_tolerations(resource_names: Iterable[str]) -> list[dict[str, str]]:
    """Return tolerations for nodes of every role that have one of these accelerators.

    Each taint is named: a toleration without a key would also keep an agent on nodes that are being drained for a
    fault, and it is what the separation policy refuses everybody else.
    """
    return [{"key": key, "operator": "Exists"} for key in (ROLE_LABEL, *sorted(resource_names))]
