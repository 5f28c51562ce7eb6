"""Rules about AKS clusters that look beyond the cluster itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.errors import listing
from rules.aks_nodes import AKS_CLUSTER
from rules.model import Finding, Resource, StackRule, Surroundings
from rules.reading import need, want

if TYPE_CHECKING:
    from collections.abc import Iterator

DIAGNOSTICS = "azure-native:monitor:DiagnosticSetting"
LOG_CATEGORIES = ("kube-apiserver", "kube-audit", "kube-controller-manager", "kube-scheduler", "guard")
"""Who asked for what, who signed in, and what the control plane did; AKS writes no log anywhere without a setting."""


def clusters_write_logs(surroundings: Surroundings) -> Iterator[Finding]:
    """Every cluster has a diagnostic setting that sends its control-plane logs to a workspace."""
    settings = [resource for resource in surroundings.resources.values() if resource.type == DIAGNOSTICS]
    for cluster in surroundings.resources.values():
        if cluster.type != AKS_CLUSTER:
            continue
        written = {
            category
            for setting in settings
            if cluster.urn in setting.dependencies.get("resourceUri", ())
            for category in _categories(setting)
        }
        lacking = [category for category in LOG_CATEGORIES if category not in written]
        if lacking:
            yield Finding(
                f"{cluster.name} writes no {listing(lacking)}",
                "Fix: declare a DiagnosticSetting for the cluster with these categories and a workspace",
                cluster.urn,
            )


def _categories(setting: Resource) -> Iterator[str]:
    if "workspaceId" not in setting.properties and "storageAccountId" not in setting.properties:
        return
    for log in setting.properties.get("logs") or ():
        if want(log, "enabled"):
            yield need(log, "category")


STACK_RULES = (
    StackRule(
        id="security-aks-control-plane-logs",
        family="security",
        demands="An AKS cluster writes its control-plane logs, among them who asked for what and who signed in.",
        reason="Who did what to a cluster is in the audit log or nowhere, and it cannot be had afterwards.",
        fix="declare a diagnostic setting for the cluster",
        references=("CKV_AZURE_4", "CIS AKS 2.1.1"),
        check=clusters_write_logs,
        reads=lambda type_token: type_token in (AKS_CLUSTER, DIAGNOSTICS),
    ),
)
