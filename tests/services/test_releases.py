from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bedplate import catalog
from bedplate.plan import plan_stack
from bedplate.sdk_types import check_inputs
from bedplate.services.component import release_inputs
from bedplate.services.helm import HelmRelease
from bedplate.services.manifests import manifest_token
from bedplate.services.namespaces import PRIVILEGED, REASON_ANNOTATION, service_namespaces
from bedplate.services.plan import ServicesPlan, plan_services
from tests.support.golden import check_golden
from tests.support.stacks import REMOVED, stack

GOLDEN = Path(__file__).with_name("golden")


def services(**changes: Any) -> ServicesPlan:
    plan = plan_stack(stack({path.replace("__", "."): value for path, value in changes.items()}))
    return plan_services(plan.clusters["use1"])


def release(name: str, plan: ServicesPlan | None = None) -> HelmRelease:
    return {one.name: one for one in (plan or services()).releases}[name]


@pytest.mark.parametrize("name", [one.name for one in services().releases])
def test_release_as_rendered(name: str) -> None:
    check_golden(GOLDEN / f"{name}.yaml", [release_inputs(release(name))])


@pytest.mark.parametrize("name", [one.name for one in services().releases])
def test_the_sdk_knows_every_input(name: str) -> None:
    problems = check_inputs("kubernetes:helm.sh/v3:Release", release_inputs(release(name)))
    assert [problem.render() for problem in problems] == []


def test_charts_and_versions_are_the_catalogs() -> None:
    for one in services().releases:
        chart = catalog.chart(one.chart)
        assert (one.version, one.repository, one.namespace) == (chart.version, chart.repository, chart.namespace)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"node_pools__l4": REMOVED, "node_pools__h100": REMOVED}, ["cluster-autoscaler"]),
        ({"node_pools__h100": REMOVED}, ["cluster-autoscaler", "gpu-operator"]),
        ({}, ["cluster-autoscaler", "gpu-operator", "aws-efa-k8s-device-plugin"]),
        (
            {
                "node_pools__l4": REMOVED,
                "node_pools__h100": REMOVED,
                "clusters__use1__device_plugins": ["nvidia", "efa"],
            },
            ["cluster-autoscaler", "gpu-operator", "aws-efa-k8s-device-plugin"],
        ),
    ],
    ids=["no accelerators", "GPUs without a fabric", "GPUs with a fabric", "for other stacks' pools"],
)
def test_only_what_is_needed_is_installed(changes: dict[str, Any], names: list[str]) -> None:
    assert [one.name for one in services(**changes).releases] == names


def test_the_driver_and_the_toolkit_of_the_image_are_not_installed_again() -> None:
    values = release("gpu-operator").values
    assert values["driver"] == values["toolkit"] == {"enabled": False}
    assert values["devicePlugin"] == values["cdi"] == {"enabled": True}


def test_a_failed_install_leaves_nothing_and_is_told() -> None:
    inputs = release_inputs(release("cluster-autoscaler"))
    assert inputs["atomic"] is True
    assert "skipAwait" not in inputs


def test_namespaces_beside_kube_system_say_why_they_are_privileged() -> None:
    (namespace,) = service_namespaces(services())
    assert services().namespaces == ("gpu-operator", "kube-system")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    assert namespace["metadata"]["annotations"] == {REASON_ANNOTATION: PRIVILEGED["gpu-operator"]}
    assert check_inputs(manifest_token(namespace), namespace) == []


def test_only_installed_charts_have_exempt_namespaces() -> None:
    assert services().agent_namespaces == ("gpu-operator", "kube-system")
    plan = services(node_pools__l4=REMOVED, node_pools__h100=REMOVED)
    assert plan.namespaces == plan.agent_namespaces == ("kube-system",)
    assert service_namespaces(plan) == []
