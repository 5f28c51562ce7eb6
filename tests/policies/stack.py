"""Builds what the policy SDK hands to a policy, behind its real proxies."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from pulumi_policy import (
    PolicyProviderResource,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    StackValidationArgs,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from bedplate.cost.estimate import cluster_cost
from bedplate.cost.wire import to_wire
from bedplate.node_pools.component import pool_numbers
from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.plan import plan_stack
from rules.judge import Deployment
from rules.model import Resource, Settings
from rules.pack import resource_from, stack_from
from tests.support.stacks import REMOVED, one_pool, stack

STACK = "vision-dev"
REGION = "us-east-1"
UNKNOWN = UNKNOWN_STRING_VALUE

NODE_POOL = "bedplate:index:NodePool"
CLUSTER = "bedplate:index:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
STACK_URN = f"urn:pulumi:{STACK}::bedplate::pulumi:pulumi:Stack::bedplate-{STACK}"


TAGS = {"bedplate:team": "vision", "bedplate:environment": "dev", "cost-center": "cc-1"}
PROVIDER = {"region": REGION, "defaultTags": json.dumps({"tags": TAGS})}


@dataclass
class Declared:
    """A resource of a program under test."""

    type: str
    name: str
    properties: dict[str, Any]
    parent: Declared | None = None
    provider: str = "aws"
    provider_properties: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(PROVIDER))
    dependencies: dict[str, list[Declared]] = field(default_factory=dict)
    stack: str = STACK

    @property
    def types(self) -> str:
        return f"{self.parent.types}${self.type}" if self.parent else self.type

    @property
    def urn(self) -> str:
        return f"urn:pulumi:{self.stack}::bedplate::{self.types}::{self.name}"


HERE = Path(__file__).parent
SETTINGS = Settings(
    caps_path=HERE / "caps.yaml",
    settings_path=HERE / "settings.yaml",
    exceptions_path=HERE / "exceptions.yaml",
    today=date(2026, 11, 1),
)


def register(*resources: Declared, settings: Settings = SETTINGS) -> list[str]:
    """Return the messages of what stops resources at their registration, in order."""
    deployment = Deployment(settings)
    return [
        violation.message
        for resource in resources
        for violation in deployment.register(resource_from(_arguments(resource)))
    ]


def check_stack(*resources: Declared, settings: Settings = SETTINGS) -> list[str]:
    """Return the messages of what stops the whole stack."""
    deployment = Deployment(settings)
    return [violation.message for violation in deployment.finish(_whole(resources, deployment))]


def of_family(family: str, messages: Iterable[str]) -> list[str]:
    """Return the messages of the rules of a family."""
    return [message for message in messages if message.startswith(f"{family}-")]


def of_rule(rule: str, messages: Iterable[str]) -> list[str]:
    """Return the messages of one rule."""
    return [message for message in messages if message.startswith(f"{rule}: ")]


def advice(*resources: Declared, settings: Settings = SETTINGS) -> list[str]:
    """Return the messages of what advises, at registration and about the whole stack."""
    deployment = Deployment(settings)
    for resource in resources:
        deployment.register(resource_from(_arguments(resource)))
    deployment.finish(_whole(resources, deployment))
    return [violation.message for violation in deployment.verdicts.advice]


def _whole(resources: Sequence[Declared], deployment: Deployment) -> dict[str, Resource]:
    made = {resource.urn: _policy_resource(resource) for resource in resources}
    for resource in resources:
        one = made[resource.urn]
        one.parent = made.get(resource.parent.urn) if resource.parent else None
        one.property_dependencies = {
            name: [made[source.urn] for source in sources] for name, sources in resource.dependencies.items()
        }
    return stack_from(StackValidationArgs(list(made.values())), deployment)


def _arguments(resource: Declared) -> ResourceValidationArgs:
    return ResourceValidationArgs(
        resource_type=resource.type,
        props=_proxy(resource.properties),
        urn=resource.urn,
        name=resource.name,
        opts=_options(resource),
        provider=_provider(resource),
    )


def _policy_resource(resource: Declared) -> PolicyResource:
    return PolicyResource(
        resource.type,
        _proxy(resource.properties),
        resource.urn,
        resource.name,
        _options(resource),
        _provider(resource),
        None,
        [],
        {},
    )


def _proxy(properties: dict[str, Any]) -> Any:
    return unknown_checking_proxy(_with_floats(copy.deepcopy(properties)))


def _with_floats(value: Any) -> Any:
    """Return a value as it arrives: every number a float."""
    if isinstance(value, dict):
        return {key: _with_floats(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_with_floats(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _options(resource: Declared) -> PolicyResourceOptions:
    parent = resource.parent.urn if resource.parent else STACK_URN
    return PolicyResourceOptions(False, [], False, [], None, [], parent)  # type: ignore[arg-type]


def _provider(resource: Declared) -> PolicyProviderResource | None:
    if not resource.provider:
        return None
    token = f"pulumi:providers:{resource.provider}"
    urn = f"urn:pulumi:{STACK}::bedplate::{token}::provider"
    return PolicyProviderResource(token, _proxy(resource.provider_properties), urn, "provider")


def pool(machine: str = "m7i.2xlarge", nodes: int = 2, capacity: str = "on-demand", **changes: Any) -> Declared:
    """Return the component of a pool `it` of one offer, with the numbers of a real plan, changed as asked."""
    role = "general" if machine.startswith("m7i") else "inference"
    plan = plan_stack(
        one_pool(role=role, machine=REMOVED, offers=[{"machine": machine, "capacity": capacity}], nodes=bounds(nodes))
    )
    planned = next(one for one in plan.node_pools if one.name == "it")
    return Declared(NODE_POOL, "it", pool_numbers(planned, plan) | changes, provider="")


def bounds(nodes: int) -> dict[str, int]:
    """Return the bounds of a pool that may shrink to zero."""
    return {"min": 0, "max": nodes}


def with_line(component: Declared, index: int, **changes: Any) -> Declared:
    """Return a component with one of its cost lines changed."""
    lines = copy.deepcopy(component.properties["cost"])
    lines[index] |= changes
    return replace(component, properties=component.properties | {"cost": lines})


def cluster(**changes: Any) -> Declared:
    """Return the component of a cluster with the numbers of a real plan, changed as asked."""
    plan = plan_stack(stack())
    owned = plan.clusters["use1"].plan
    numbers = {
        "name": owned.name,
        "fullName": owned.full_name,
        "team": plan.team,
        "environment": plan.environment,
        "provider": owned.provider,
        "region": owned.region,
        "kubernetesVersion": owned.kubernetes_version,
        "publicEndpoint": owned.public_endpoint,
        "cost": to_wire(cluster_cost(owned)),
    }
    return Declared(CLUSTER, "use1", numbers | changes, provider="")


def _groups(component: Declared) -> list[dict[str, Any]]:
    groups = component.properties.get("groups")
    return groups if isinstance(groups, list) else []


def launch_template(parent: Declared, machine: str = "m7i.2xlarge") -> Declared:
    """Return the launch template of a node group, with the root volume that its machine's group declares."""
    gib = max((one["rootDiskGib"] for one in _groups(parent) if one.get("machine") == machine), default=100)
    disk = {"volumeType": "gp3", "volumeSize": gib, "encrypted": "true", "kmsKeyId": UNKNOWN}
    properties = {
        "instanceType": machine,
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": disk}],
    }
    return Declared(LAUNCH_TEMPLATE, "it", properties, parent=parent)


def node_group(parent: Declared | None, template: Declared | None = None, **changes: Any) -> Declared:
    """Return the node group of a pool's only offer."""
    properties = {
        "clusterName": UNKNOWN,
        "nodeGroupName": f"{STACK}-it-offer1",
        "capacityType": "ON_DEMAND",
        "scalingConfig": {"minSize": 0, "maxSize": 2, "desiredSize": 0},
        "launchTemplate": {"id": UNKNOWN, "version": UNKNOWN},
        "subnetIds": [UNKNOWN, UNKNOWN],
        "labels": {ROLE_LABEL: "general"},
    }
    dependencies = {"launchTemplate": [template]} if template else {}
    return Declared(NODE_GROUP, "it", properties | changes, parent=parent, dependencies=dependencies)


CONTAINER = {
    "name": "web",
    "image": "registry.example/web:1",
    "readinessProbe": {"httpGet": {"path": "/health", "port": 8000}},
    "securityContext": {"allowPrivilegeEscalation": False},
}


def deployment(namespace: Any = "apps", name: str = "web", **pod: Any) -> Declared:
    """Return a Deployment whose pod has the fields given."""
    spec = {
        "containers": [CONTAINER],
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    } | pod
    return kubernetes(
        "apps/v1:Deployment",
        name,
        {
            "metadata": {"name": name, "namespace": namespace},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": spec},
            },
        },
    )


def kubernetes(kind: str, name: str, properties: dict[str, Any]) -> Declared:
    """Return a Kubernetes object, created by a provider whose kubeconfig is not known yet."""
    return Declared(
        f"kubernetes:{kind}", name, properties, provider="kubernetes", provider_properties={"kubeconfig": UNKNOWN}
    )
