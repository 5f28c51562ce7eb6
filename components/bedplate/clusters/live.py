"""A cluster as a cloud's own module hands it to the Cluster component."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pulumi

    from bedplate.clusters.handles import ClusterHandles


@dataclass(frozen=True, slots=True)
class LiveCluster:
    """A declared cluster.

    `handles` is what pools and services work with. `export` is what a platform stack hands to team stacks: plain
    values, none of them a credential. `start_dns` declares cluster DNS once there are the nodes that it is given; it is
    None where the cloud itself brings DNS.
    """

    handles: ClusterHandles
    export: Mapping[str, Any]
    start_dns: Callable[[Sequence[pulumi.Resource]], pulumi.Resource] | None = None
