"""What a Helm release is to a plan: a pinned chart of the catalog, where it goes, and its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate import catalog

if TYPE_CHECKING:
    from collections.abc import Mapping


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
