"""Versions: what managed Kubernetes offers and until when, and the charts and add-ons that Bedplate installs."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from bedplate.catalog.model import Chart, KubernetesVersion
from bedplate.catalog.tables import CellError, build, known_cloud, read, refuse
from bedplate.errors import UsageError, listing, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog.tables import Row

KUBERNETES_COLUMNS = (
    "version",
    "released",
    "end_of_standard_support",
    "end_of_extended_support",
    "cluster_autoscaler",
    "default",
    "source",
    "as_of",
)
CHART_COLUMNS = (
    "name",
    "kind",
    "version",
    "app_version",
    "repository",
    "namespace",
    "source",
    "as_of",
    "note",
)
CHART_KIND_COLUMNS = ("group", "chart", "source", "as_of")
CHART_KINDS = ("chart", "eks-addon")


def kubernetes_versions(cloud: str) -> tuple[KubernetesVersion, ...]:
    """Return the Kubernetes minor versions of a cloud's managed service, newest first.

    The list keeps versions whose support has ended, so that a plan can say so; compare the dates with today.
    Raises `UsageError` for an unknown cloud.
    """
    return _versions(known_cloud(cloud))


def default_kubernetes_version(cloud: str) -> KubernetesVersion:
    """Return the version a stack gets when it does not name one."""
    return next(version for version in kubernetes_versions(cloud) if version.is_default)


def charts() -> tuple[Chart, ...]:
    """Return every chart and add-on in the catalog, by name."""
    return tuple(_charts().values())


def chart(name: str) -> Chart:
    """Return a pinned chart or add-on by name. Raises `UsageError` when the catalog does not have it."""
    found = _charts().get(name)
    if found is None:
        meant = nearest(name, _charts())
        hint = f"did you mean {meant!r}?" if meant else f"the catalog has {listing(tuple(_charts()))}"
        raise UsageError(f"the catalog has no chart {name!r}", hint=hint)
    return found


def defining_chart(group: str) -> Chart | None:
    """Return the chart that brings the kinds of an API group, or None where no chart of the catalog is known to."""
    name = _chart_kinds().get(group)
    return chart(name) if name else None


def minor(version: str) -> tuple[int, int]:
    """Return `1.35` as `(1, 35)`, which sorts as versions do. Raises `ValueError` for anything else."""
    major, _, lesser = version.partition(".")
    if not (major.isdecimal() and lesser.isdecimal()):
        raise ValueError(f"{version!r} is not a Kubernetes minor version such as 1.35")
    return int(major), int(lesser)


@cache
def _versions(cloud: str) -> tuple[KubernetesVersion, ...]:
    rows = read(f"kubernetes-{cloud}.csv", KUBERNETES_COLUMNS)
    versions = build(rows, parse_kubernetes_version)
    defaults = [row for row, version in zip(rows, versions, strict=True) if version.is_default]
    refuse([row.problem("more than one version is the default", "default") for row in defaults[1:]])
    if not defaults:
        refuse([rows[0].problem("no version is the default", "default")])
    return tuple(sorted(versions, key=lambda version: minor(version.version), reverse=True))


@cache
def _charts() -> Mapping[str, Chart]:
    found = build(read("charts.csv", CHART_COLUMNS), parse_chart)
    return MappingProxyType({one.name: one for one in sorted(found, key=lambda one: one.name)})


@cache
def _chart_kinds() -> Mapping[str, str]:
    rows = build(read("chart-kinds.csv", CHART_KIND_COLUMNS), parse_chart_kinds)
    return MappingProxyType(dict(rows))


def parse_chart_kinds(row: Row) -> tuple[str, str]:
    """Return an API group and the chart that brings its kinds; raises `CellError` for a cell that cannot be read."""
    row.source()
    row.required_day("as_of")
    if row.text("chart") not in _charts():
        raise CellError("chart", f"{row.text('chart')!r} is not in charts.csv")
    return row.required("group"), row.required("chart")


def parse_kubernetes_version(row: Row) -> KubernetesVersion:
    """Return one version; raises `CellError` for a cell that cannot be read."""
    try:
        minor(row.required("version"))
    except ValueError as error:
        raise CellError("version", str(error)) from None
    if row.text("default") not in ("", "yes"):
        raise CellError("default", "must be yes or empty")
    return KubernetesVersion(
        version=row.text("version"),
        released=row.required_day("released"),
        end_of_standard_support=row.required_day("end_of_standard_support"),
        end_of_extended_support=row.day("end_of_extended_support"),
        cluster_autoscaler=row.text("cluster_autoscaler"),
        is_default=row.text("default") == "yes",
        source=row.source(),
        as_of=row.required_day("as_of"),
    )


def parse_chart(row: Row) -> Chart:
    """Return one chart; raises `CellError` for a cell that cannot be read. A Helm chart needs a version."""
    kind = row.required("kind")
    if kind not in CHART_KINDS:
        raise CellError("kind", f"{kind!r} is not one of {', '.join(CHART_KINDS)}")
    if kind == "chart":
        row.required("version")
        row.required("repository")
    return Chart(
        name=row.required("name"),
        kind=kind,
        version=row.text("version"),
        app_version=row.text("app_version"),
        repository=row.text("repository"),
        namespace=row.required("namespace"),
        source=row.source(),
        as_of=row.required_day("as_of"),
        note=row.text("note"),
    )
