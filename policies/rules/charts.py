"""What Helm installs: charts of the catalog alone, because what a chart makes cannot be seen before it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import catalog
from rules.reading import need, want

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.catalog import Chart
    from rules.model import Resource, Surroundings

HELM_RELEASE = "kubernetes:helm.sh/v3:Release"


def is_pinned_chart(release: Resource, _: Surroundings) -> Iterator[str]:
    """A Helm release is a chart of the catalog, at its version, in its namespace."""
    name = need(release.properties, "chart")
    charts = (one for one in catalog.charts() if one.kind == "chart")
    chart = next((one for one in charts if name == (_address(one) if _in_registry(one) else one.name)), None)
    if chart is None:
        yield f"Helm release {release.name} installs {name}, which the catalog does not have"
        return
    stated = {
        "version": (want(release.properties, "version"), chart.version),
        "repositoryOpts.repo": (
            want(release.properties, "repositoryOpts", "repo"),
            "" if _in_registry(chart) else chart.repository,
        ),
        "namespace": (want(release.properties, "namespace"), chart.namespace),
    }
    for field, (found, expected) in stated.items():
        if str(found or "").rstrip("/") != expected.rstrip("/"):
            yield f"Helm release {release.name} has {field} {found or 'not set'}; the catalog has {expected} for {name}"


def _in_registry(chart: Chart) -> bool:
    """Return whether a chart is kept as container images are: then its name is its whole address."""
    return chart.repository.startswith("oci://")


def _address(chart: Chart) -> str:
    return f"{chart.repository.rstrip('/')}/{chart.name}"
