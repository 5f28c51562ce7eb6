"""The acceptance test of a fabric: let in below its pool and in its namespace, refused anywhere else."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bedplate.fabrics.acceptance_job import acceptance_manifests
from bedplate.plan import StackPlan
from tests.fabrics.pools import planned
from tests.policies.stack import Declared, kubernetes, of_family, pool, register

STACK = cast("StackPlan", SimpleNamespace(team="vision", environment="dev"))
NAMESPACE = "vision-dev-train-test"
POOL = pool("g6.2xlarge", role="training", testNamespace=NAMESPACE)


def declared(machine: str, provider: str, parent: Declared | None) -> list[Declared]:
    tested = planned(provider, machine=machine, acceptance_test={"nodes": 2})
    return [
        replace(kubernetes(_kind(one), one["metadata"]["name"], _inputs(one)), parent=parent)
        for one in acceptance_manifests(tested, STACK)
    ]


def _kind(manifest: dict[str, Any]) -> str:
    version = manifest["apiVersion"]
    return f"{version if '/' in version else f'core/{version}'}:{manifest['kind']}"


def _inputs(manifest: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}


def judged(*resources: Declared) -> list[str]:
    """What stops them, as far as it is about pods and not about the price of the pool."""
    found = register(*resources)
    return of_family("security", found) + of_family("separation", found)


@pytest.mark.parametrize(
    ("machine", "provider"),
    [("p5.48xlarge", "aws"), ("a3-megagpu-8g", "gcp"), ("Standard_ND96isr_H200_v5", "azure")],
)
def test_a_test_below_its_pool_passes(machine: str, provider: str) -> None:
    assert judged(POOL, *declared(machine, provider, POOL)) == []


@pytest.mark.parametrize(
    "parent",
    [
        None,
        pool("g6.2xlarge", role="training", testNamespace=""),
        pool("g6.2xlarge", testNamespace="vision-dev-x-test"),
    ],
    ids=["no pool", "a pool without a test", "the test of another pool"],
)
def test_anywhere_else_it_is_refused(parent: Declared | None) -> None:
    job = declared("p5.48xlarge", "aws", parent)[-1]
    found = judged(*([parent] if parent else []), job)
    assert {message.partition(":")[0] for message in found} == {"separation-tolerations", "security-not-root"}


def test_its_pods_see_no_more_of_the_node_than_a_fabric_needs() -> None:
    job = declared("a3-megagpu-8g", "gcp", POOL)[-1]
    job.properties["spec"]["template"]["spec"]["volumes"].append({"name": "root", "hostPath": {"path": "/"}})
    (found,) = judged(POOL, job)
    assert found.startswith("security-host-namespaces:")
    assert "mounts / of the node" in found
