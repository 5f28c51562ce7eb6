"""Regions, services, versions, charts, error codes, quotas: the facts other rooms build on."""

from __future__ import annotations

import csv
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bedplate import catalog
from bedplate.catalog.node_images import parse as parse_node_image
from bedplate.catalog.releases import minor
from bedplate.catalog.tables import CLOUDS, DATA, CellError, Row, references
from bedplate.errors import UsageError
from bedplate.fabrics.facts import DATA as FABRICS


def test_zones_are_zone_ids_because_names_differ_between_accounts() -> None:
    assert catalog.zones("aws", "eu-central-1") == ("euc1-az1", "euc1-az2", "euc1-az3")
    assert catalog.zones("aws", "mars-1") == ()
    assert "us-east-1" in catalog.regions("aws")


@pytest.mark.parametrize("zone", ["use1-az3"])
def test_the_control_plane_is_kept_out_of_zones_that_eks_refuses(zone: str) -> None:
    assert zone in catalog.zones("aws", "us-east-1")
    assert zone not in catalog.control_plane_zones("aws", "us-east-1")
    assert catalog.control_plane_zones("aws", "us-west-1") == ("usw1-az1", "usw1-az3")
    assert catalog.control_plane_zones("aws", "ca-central-1") == ("cac1-az1", "cac1-az2", "cac1-az4")


@pytest.mark.parametrize("region", catalog.regions("aws"))
def test_every_aws_region_can_hold_a_control_plane_in_two_zones(region: str) -> None:
    assert len(catalog.control_plane_zones("aws", region)) >= 2


@pytest.mark.parametrize(
    ("service", "usd", "unit"),
    [
        ("eks-control-plane", "0.10", "hour"),
        ("eks-control-plane-extended-support", "0.60", "hour"),
        ("nat-gateway", "0.045", "hour"),
        ("ebs-gp3", "0.08", "GiB-month"),
        ("kms-key", "1.00", "key-month"),
        ("public-ipv4", "0.005", "hour"),
    ],
)
def test_service_prices_in_us_east_1(service: str, usd: str, unit: str) -> None:
    price = catalog.service_price("aws", "us-east-1", service)
    assert price is not None
    assert (price.usd, price.unit) == (Decimal(usd), unit)


def test_a_service_without_a_known_price_in_a_region_is_none() -> None:
    assert catalog.service_price("aws", "eu-central-1", "nat-gateway") is None
    assert catalog.service_price("gcp", "us-east4", "hyperdisk-balanced") is None


def test_a_price_for_all_regions_holds_in_each_of_them_and_nowhere_else() -> None:
    price = catalog.service_price("aws", "eu-central-1", "public-ipv4")
    assert price is not None
    assert price.usd == Decimal("0.005")
    assert catalog.service_price("aws", "mars-1", "public-ipv4") is None


@pytest.mark.parametrize(("region", "usd"), [("us-east-1", "0.09"), ("ap-south-1", "0.1093"), ("sa-east-1", "0.15")])
def test_egress_to_the_internet_differs_by_region(region: str, usd: str) -> None:
    price = catalog.service_price("aws", region, "internet-egress")
    assert price is not None
    assert price.usd == Decimal(usd)


@pytest.mark.parametrize("cloud", catalog.clouds())
def test_kubernetes_versions_are_newest_first_with_ends_in_order(cloud: str) -> None:
    versions = catalog.kubernetes_versions(cloud)
    assert list(versions) == sorted(versions, key=lambda version: minor(version.version), reverse=True)
    for version in versions:
        assert version.released < version.end_of_standard_support
        assert (version.end_of_extended_support or date.max) > version.end_of_standard_support


def test_the_default_version_is_the_one_the_pinned_autoscaler_was_made_for() -> None:
    default = catalog.default_kubernetes_version("aws")
    assert catalog.chart("cluster-autoscaler").app_version.startswith(f"{default.version}.")


def test_each_eks_version_names_the_autoscaler_of_the_same_minor_version() -> None:
    for version in catalog.kubernetes_versions("aws"):
        assert version.cluster_autoscaler.startswith(f"v{version.version}.")


def test_each_eks_version_names_a_release_of_node_images_that_came_after_it() -> None:
    for version in catalog.kubernetes_versions("aws"):
        family, _, day = catalog.node_image_alias(version.version).partition("@v")
        assert family == "al2023"
        assert version.released < datetime.strptime(day, "%Y%m%d").date()


def test_of_an_unknown_version_no_release_of_node_images_is_guessed() -> None:
    with pytest.raises(LookupError, match=r"1\.29"):
        catalog.node_image_alias("1.29")


@pytest.mark.parametrize("alias", ["al2023@latest", "al2023", "v20260903", ""])
def test_what_is_no_release_of_node_images(alias: str) -> None:
    row = {"version": "1.35", "alias": alias, "source": "eks-ami-releases", "as_of": "2026-09-03"}
    with pytest.raises(CellError):
        parse_node_image(Row("node-images-aws.csv", 2, row))


def test_charts_are_pinned_and_add_ons_may_be_left_to_eks() -> None:
    for chart in catalog.charts():
        if chart.kind == "chart":
            assert chart.version
            assert chart.repository.startswith(("https://", "oci://"))
    assert catalog.chart("gpu-operator").version == "v26.3.3"
    assert {chart.name for chart in catalog.charts() if chart.kind == "eks-addon"} == {
        "aws-ebs-csi-driver",
        "coredns",
        "eks-pod-identity-agent",
        "kube-proxy",
        "vpc-cni",
    }


def test_an_unknown_chart_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        catalog.chart("gpu-operater")
    assert caught.value.hint == "did you mean 'gpu-operator'?"


@pytest.mark.parametrize(
    ("cloud", "text", "kind"),
    [
        ("aws", "InsufficientInstanceCapacity: We currently do not have sufficient p5.48xlarge capacity", "capacity"),
        ("aws", "api error VcpuLimitExceeded: You have requested more vCPU capacity than your limit of 0", "quota"),
        ("aws", "UnauthorizedOperation: You are not authorized to perform this operation", "permission"),
        ("aws", "AccessDeniedException: User is not authorized to perform: eks:CreateCluster", "permission"),
        ("aws", "InvalidParameterValue: Invalid id", None),
        ("aws", "MyInsufficientInstanceCapacityAlarm is firing", None),
        ("gcp", "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS: a3-highgpu-8g", "capacity"),
        ("gcp", "Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 0.0 globally.", "quota"),
        ("gcp", "QUOTA_EXCEEDED: NVIDIA_H100_GPUS", "quota"),
        ("azure", "OperationNotAllowed: exceeding approved standardNDv5Family Cores quota", "quota"),
        ("azure", "OperationNotAllowed: the disk is attached", None),
        ("azure", "SkuNotAvailable: the requested size is currently not available in location", "capacity"),
        ("azure", "SkuNotAvailable: restricted, reason NotAvailableForSubscription", "permission"),
        ("azure", "zonalallocationfailed", "capacity"),
    ],
)
def test_errors_are_told_apart_by_their_codes(cloud: str, text: str, kind: str | None) -> None:
    assert catalog.classify_error(cloud, text) == kind


@pytest.mark.parametrize(
    ("machine", "capacity", "code"),
    [
        ("p5.48xlarge", "on-demand", "L-417A185B"),
        ("p6-b300.48xlarge", "on-demand", "L-417A185B"),
        ("p4d.24xlarge", "spot", "L-7212CCBC"),
        ("p5en.48xlarge", "spot", "L-C4BD4855"),
        ("g6e.xlarge", "on-demand", "L-DB2E81BA"),
        ("gr6.4xlarge", "on-demand", "L-DB2E81BA"),
        ("trn1.32xlarge", "on-demand", "L-2C3B7624"),
        ("inf2.xlarge", "spot", "L-B5D1601B"),
        ("t3.large", "on-demand", "L-1216C47A"),
        ("i7ie.large", "on-demand", "L-1216C47A"),
        ("p5e.48xlarge", "capacity-block", "L-C45F30BC"),
        ("p5.48xlarge", "capacity-block", "L-DA6814F2"),
    ],
)
def test_a_machine_counts_against_the_quota_of_its_family(machine: str, capacity: str, code: str) -> None:
    quota = catalog.quota("aws", machine, capacity)
    assert quota is not None
    assert quota.code == code
    assert quota.default == (0 if quota.code != "L-1216C47A" else 5)


@pytest.mark.parametrize(
    ("machine", "capacity"),
    [("p6-b200.48xlarge", "spot"), ("p4de.24xlarge", "capacity-block"), ("hpc7a.12xlarge", "on-demand")],
)
def test_a_quota_that_sources_disagree_about_or_do_not_give_is_none(machine: str, capacity: str) -> None:
    assert catalog.quota("aws", machine, capacity) is None


def test_every_source_is_used_and_every_file_is_read() -> None:
    """A key nobody uses is a leftover of rows that are gone; a file that no loader names is dead data."""
    used: set[str] = set()
    for path in DATA.glob("*.csv"):
        if path.name not in ("sources.csv", "service-units.csv"):  # the names of services are our own
            used |= {key for row in cells(path.name) for key in row["source"].split("+")}
    for path in FABRICS.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            used |= {key for row in csv.DictReader(file) for key in row["source"].split("+")}
    assert used == set(references())
    for cloud in catalog.clouds():
        catalog.services(cloud)
        catalog.quota(cloud, "", "on-demand")


@pytest.mark.parametrize(("cloud", "title"), list(zip(CLOUDS, ("AWS", "Azure", "Google"), strict=True)))
def test_the_counts_in_the_reference_are_those_of_the_data(cloud: str, title: str) -> None:
    machines = cells(f"machines-{cloud}.csv")
    prices = cells(f"prices-{cloud}.csv")
    accelerated = sum(bool(row["accelerator"]) for row in machines)
    dated = sum(bool(row["as_of"]) for row in prices)
    reference = Path(__file__).parents[2] / "docs" / "reference" / "catalog.md"
    line = f"| {title} | {len(machines)} | {accelerated} | {len(prices)} | {dated} |"
    assert line in reference.read_text(encoding="utf-8").splitlines()


def cells(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
