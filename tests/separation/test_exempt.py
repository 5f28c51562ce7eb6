"""Whose pods may run on nodes of every role: the platform's agents on nodes, and those that a cluster's owner names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bedplate.plan import plan_stack
from bedplate.separation.component import exempt_namespaces
from tests.support.azure import azure_stack
from tests.support.gcp import gcp_stack
from tests.support.stacks import stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedplate.stack import StackSpec

STACKS: dict[str, Callable[[dict[str, Any]], StackSpec]] = {"aws": stack, "gcp": gcp_stack, "azure": azure_stack}


def exempt(provider: str, **cluster: Any) -> set[str]:
    """Return what is exempt on the cluster of that provider's stack, with keys of it changed."""
    declared = STACKS[provider]({})
    (name,) = declared.clusters
    plan = plan_stack(STACKS[provider]({f"clusters.{name}.{key}": value for key, value in cluster.items()}))
    return set(exempt_namespaces(plan.clusters[name]))


@pytest.mark.parametrize("provider", STACKS)
def test_an_owner_names_the_namespaces_of_its_agents_on_every_cloud(provider: str) -> None:
    assert exempt(provider, system_namespaces=["datadog", "falco"]) == exempt(provider) | {"datadog", "falco"}


def test_operators_that_tolerate_no_taint_are_not_exempt() -> None:
    assert exempt("aws", serving="internal", scale_to_zero=True) == exempt("aws") == {"gpu-operator", "kube-system"}


def test_gke_runs_its_driver_of_fabric_cards_in_a_namespace_of_its_own() -> None:
    """Refused there, its pods would leave roce-dranet nodes without their cards."""
    assert exempt("gcp") == {"gke-managed-networking-dra-driver", "kube-system"}
