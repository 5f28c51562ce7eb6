"""What is the same all over a Google Cloud project: its provider, its labels, names that fit, its service agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from bedplate.clouds.gcp_names import gcp_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def declare_provider(project: str, region: str, tags: Mapping[str, str]) -> pulumi.ProviderResource:
    """Declare the provider of a project and region; `tags` reach every resource that can carry labels."""
    provider: pulumi.ProviderResource = gcp.Provider(
        f"gcp-{project}-{region}",
        project=project,
        region=region,
        default_labels=gcp_labels(tags),
        # Pulumi adds a label of its own, which would stand beside ours and say nothing more.
        add_pulumi_attribution_label=False,
    )
    return provider


def project_number(project: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """Return the number of a project: its service agents are named by it."""
    found = gcp.organizations.get_project_output(project_id=project, opts=pulumi.InvokeOutputOptions(parent=parent))
    number: pulumi.Output[str] = found.number
    return number


def service_agent(number: pulumi.Output[str], service: str) -> pulumi.Output[str]:
    """Return a service agent as a member of IAM policies: the identity in which a service works in a project.

    `service` is `container-engine-robot` for GKE and `compute-system` for Compute Engine (IAM documentation,
    "Service agents").
    """
    return number.apply(lambda known: f"serviceAccount:service-{known}@{service}.iam.gserviceaccount.com")


def declare_service_account(
    name: str, account_id: str, purpose: str, project: str, roles: Sequence[str], parent: pulumi.Resource
) -> tuple[gcp.serviceaccount.Account, tuple[pulumi.Resource, ...]]:
    """Declare a service account with roles on the project.

    Returns the account, and everything that must exist before it is of use.
    """
    options = pulumi.ResourceOptions(parent=parent)
    account = gcp.serviceaccount.Account(
        name, account_id=account_id, display_name=purpose, project=project, opts=options
    )
    members = tuple(
        gcp.projects.IAMMember(
            f"{name}-{role.rpartition('/')[2]}", project=project, role=role, member=account.member, opts=options
        )
        for role in roles
    )
    return account, (account, *members)
