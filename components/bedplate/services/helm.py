"""What a Helm release is to a plan: a pinned chart of the catalog, where it goes, and its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate import catalog

if TYPE_CHECKING:
    from collections.abc import Mapping


NODE_AGENTS = frozenset(
    {
        "aws-efa-k8s-device-plugin",
        "gpu-operator",
        "gpu-operator-charts",
        "network-operator",
        "neuron-helm-chart",
        "nvidia-dra-driver-gpu",
    }
)
"""Charts that run pods on nodes of every role, with the values that Bedplate gives them: drivers, device plugins and
feature discovery. The others run on general nodes alone; of Prometheus' chart the node exporter is off."""


@dataclass(frozen=True, slots=True)
class HelmRelease:
    """One chart on one cluster. `chart`, `version` and `repository` always come from the catalog.

    `validate_openapi` is false only for charts whose own upgrade jobs need Helm not to validate. `after` names the
    releases that must be there first, because this one's manifests are of kinds that they bring.
    """

    name: str
    chart: str
    version: str
    repository: str
    namespace: str
    values: Mapping[str, Any]
    validate_openapi: bool = True
    after: tuple[str, ...] = ()

    @property
    def runs_node_agents(self) -> bool:
        """Whether its pods run on nodes of every role, so that the rules of separation exempt its namespace."""
        return self.chart in NODE_AGENTS


def helm_release(
    chart_name: str, values: Mapping[str, Any], *, validate_openapi: bool = True, after: tuple[str, ...] = ()
) -> HelmRelease:
    """Return the release of a chart at the catalog's version, named after the chart."""
    chart = catalog.chart(chart_name)
    return HelmRelease(
        name=chart.name,
        chart=chart.name,
        version=chart.version,
        repository=chart.repository,
        namespace=chart.namespace,
        values=values,
        validate_openapi=validate_openapi,
        after=after,
    )
