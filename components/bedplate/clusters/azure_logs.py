"""The control-plane logs of an AKS cluster: kept in a workspace of its own, for as long as declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.clusters.azure_plan import AksPlan

CATEGORIES = (
    "kube-apiserver",
    "kube-audit",
    "kube-controller-manager",
    "kube-scheduler",
    "cluster-autoscaler",
    "cloud-controller-manager",
    "guard",
)
"""Who asked the API server for what, who signed in (guard), and what the control plane's own parts did (AKS,
"Monitor the control plane", resource logs)."""


def declare_logs(
    plan: AksPlan,
    group: pulumi.Input[str],
    cluster: azure.containerservice.ManagedCluster,
    tags: Mapping[str, str],
    parent: pulumi.Resource,
) -> None:
    """Declare a cluster's log workspace and which logs go there. Without it AKS writes none of them anywhere."""
    options = pulumi.ResourceOptions(parent=parent)
    name = f"{plan.full_name}-logs"
    workspace = azure.operationalinsights.Workspace(
        name,
        workspace_name=name,
        resource_group_name=group,
        location=plan.region,
        sku=azure.operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
        retention_in_days=plan.audit_log_days,
        tags=dict(tags),
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(protect=plan.deletion_protection)),
    )
    azure.monitor.DiagnosticSetting(
        name,
        name=name,
        resource_uri=cluster.id,
        workspace_id=workspace.id,
        # Tables of their own, which are cheaper to keep and to search than the common one.
        log_analytics_destination_type="Dedicated",
        logs=[azure.monitor.DiagnosticsLogSettingsArgs(category=category, enabled=True) for category in CATEGORIES],
        opts=options,
    )
