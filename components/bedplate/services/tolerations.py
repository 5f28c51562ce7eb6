"""Tolerations of what runs on every node of a pool: device plugins and node agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.node_pools.sharing import SHARING_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bedplate.node_pools.sharing_spec import Sharing


def node_tolerations(resource_names: Iterable[str]) -> list[dict[str, str]]:
    """Return tolerations for nodes of every role that have one of these accelerators.

    Each taint is named: a toleration without a key would also keep an agent on nodes that are being drained for a
    fault, and it is what the separation policy refuses everybody else.
    """
    return [{"key": key, "operator": "Exists"} for key in (ROLE_LABEL, *sorted(resource_names))]


def agent_tolerations(resource_names: Iterable[str], shared: Sequence[Sharing]) -> list[dict[str, str]]:
    """Return the tolerations of what makes accelerators known, on nodes that share them as well."""
    more = [{"key": SHARING_LABEL, "operator": "Exists"}] if shared else []
    return node_tolerations(resource_names) + more
