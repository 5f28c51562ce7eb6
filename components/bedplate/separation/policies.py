"""Admission policies that hold the rules of separation in the API server itself, without a webhook that may be down.

Pods are where the rules are enforced: whatever makes them, a pod that breaks a rule is refused. Workloads are judged
as well, so that people see the reason when they apply a Deployment and not in the events of its ReplicaSet. That a
workload selects its role's nodes is only warned of there: Kueue adds the selector of a job when it lets it start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.separation.fabric_rules import FABRIC_POD_RULES, FABRIC_VARIABLES, PLAIN_DEBUGGING, RELAXED
from bedplate.separation.rules import (
    NO_NODE_NAME,
    NO_WILDCARD,
    OWN_ROLE,
    SELECTS_ROLE,
    VARIABLES,
    Rule,
    Variable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

API_VERSION = "admissionregistration.k8s.io/v1"


@dataclass(frozen=True, slots=True)
class AdmissionPolicy:
    """Rules for some kinds of objects. `applies` narrows them to the requests that could break one; "" is all."""

    name: str
    resources: Mapping[str, tuple[str, ...]]
    operations: tuple[str, ...]
    applies: str
    variables: tuple[Variable, ...]
    rules: tuple[Rule, ...]
    action: Literal["Deny", "Warn"]


# A pod is judged again only when its spec changes: what was admitted before the policy existed must still be able to
# lose its finalizers. A bound pod has a nodeName, which the scheduler set through another resource, pods/binding.
_POD_CHANGED = "request.operation == 'CREATE' || object.spec != oldObject.spec"
_TEMPLATE_CHANGED = (
    "request.operation == 'CREATE' || (has(object.spec.jobTemplate)"
    " ? object.spec.jobTemplate != oldObject.spec.jobTemplate : object.spec.template != oldObject.spec.template)"
)
_POD = Variable("pod", "object.spec")
_TEMPLATE = Variable(
    "pod", "has(object.spec.jobTemplate) ? object.spec.jobTemplate.spec.template.spec : object.spec.template.spec"
)
_UNBOUND = Rule(NO_NODE_NAME.name, f"request.operation != 'CREATE' || {NO_NODE_NAME.expression}", NO_NODE_NAME.message)
_WORKLOADS = {"apps": ("daemonsets", "deployments", "statefulsets"), "batch": ("cronjobs", "jobs")}

PODS = AdmissionPolicy(
    name="bedplate-separation-pods",
    resources={"": ("pods",)},
    operations=("CREATE", "UPDATE"),
    applies=_POD_CHANGED,
    variables=(_POD, *VARIABLES),
    rules=(NO_WILDCARD, OWN_ROLE, SELECTS_ROLE, _UNBOUND),
    action="Deny",
)
FABRIC_PODS = AdmissionPolicy(
    name="bedplate-fabric-pods",
    resources={"": ("pods",)},
    operations=("CREATE", "UPDATE"),
    applies=_POD_CHANGED,
    variables=(_POD, *FABRIC_VARIABLES),
    rules=FABRIC_POD_RULES,
    action="Deny",
)
# A container that is added to debug a pod gets nothing that the pod's own may not have, and needs nothing of it.
FABRIC_DEBUGGING = AdmissionPolicy(
    name="bedplate-fabric-debugging",
    resources={"": ("pods/ephemeralcontainers",)},
    operations=("UPDATE",),
    applies="",
    variables=(_POD, RELAXED),
    rules=(PLAIN_DEBUGGING,),
    action="Deny",
)
WORKLOADS = AdmissionPolicy(
    name="bedplate-separation-workloads",
    resources=_WORKLOADS,
    operations=("CREATE", "UPDATE"),
    applies=_TEMPLATE_CHANGED,
    variables=(_TEMPLATE, *VARIABLES),
    rules=(NO_WILDCARD, OWN_ROLE, NO_NODE_NAME),
    action="Deny",
)
WORKLOAD_NODES = AdmissionPolicy(
    name="bedplate-separation-workload-nodes",
    resources=_WORKLOADS,
    operations=("CREATE", "UPDATE"),
    applies=_TEMPLATE_CHANGED,
    variables=(_TEMPLATE, *VARIABLES),
    rules=(SELECTS_ROLE,),
    action="Warn",
)


def _namespace_role(name: str, holder: str) -> Variable:
    labels = f"{holder}.metadata.labels"
    return Variable(name, f"has({labels}) && '{ROLE_LABEL}' in {labels} ? {labels}['{ROLE_LABEL}'] : ''")


# Without it, whoever may label a namespace could give its pods any role. The API server takes labels through the
# subresources as well, and a rule for the resource alone does not see those requests.
NAMESPACES = AdmissionPolicy(
    name="bedplate-separation-namespaces",
    resources={"": ("namespaces", "namespaces/finalize", "namespaces/status")},
    operations=("UPDATE",),
    applies="",
    variables=(_namespace_role("before", "oldObject"), _namespace_role("after", "object")),
    rules=(
        Rule(
            "role-never-changes",
            "variables.before == variables.after",
            f"'the label {ROLE_LABEL} of a namespace is set when it is created and never changes (it is \"'"
            " + variables.before + '\"); create another namespace for another role'",
        ),
    ),
    action="Deny",
)

POLICIES = (PODS, FABRIC_PODS, FABRIC_DEBUGGING, WORKLOADS, WORKLOAD_NODES, NAMESPACES)


def separation_manifests(platform_namespaces: Sequence[str], *, only_with_a_role: bool = False) -> list[dict[str, Any]]:
    """Return each policy and its binding; pods in the platform's namespaces are exempt, being its own agents.

    `only_with_a_role` leaves the pods of namespaces without a role alone. That is for a cluster of somebody else, whose
    agents (network, storage, monitoring) run on every node: refused, they would take the nodes down with them.
    """
    manifests = []
    for policy in POLICIES:
        judged = _with_a_role() if only_with_a_role and policy is not NAMESPACES else _all_but(platform_namespaces)
        manifests += [policy_manifest(policy, platform_namespaces, judged), _binding(policy)]
    return manifests


def policy_manifest(
    policy: AdmissionPolicy, platform_namespaces: Sequence[str], judged: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return a policy as Kubernetes takes it. It fails closed: what cannot be judged is refused.

    `judged` selects the namespaces whose requests it judges; without it, all but the platform's.
    """
    return {
        "apiVersion": API_VERSION,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": policy.name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "matchPolicy": "Equivalent",
                "namespaceSelector": judged or _all_but(platform_namespaces),
                "resourceRules": [_resource_rule(policy, group) for group in policy.resources],
            },
            **({"matchConditions": [{"name": "applies", "expression": policy.applies}]} if policy.applies else {}),
            "variables": [{"name": variable.name, "expression": variable.expression} for variable in policy.variables],
            "validations": [
                {"expression": rule.expression, "messageExpression": rule.message, "reason": "Forbidden"}
                for rule in policy.rules
            ],
        },
    }


def _all_but(namespaces: Sequence[str]) -> dict[str, Any]:
    """Select by the label that the API server itself keeps equal to a namespace's name."""
    return {
        "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": sorted(namespaces)}]
    }


def _with_a_role() -> dict[str, Any]:
    return {"matchExpressions": [{"key": ROLE_LABEL, "operator": "Exists"}]}


def _resource_rule(policy: AdmissionPolicy, group: str) -> dict[str, Any]:
    return {
        "apiGroups": [group],
        "apiVersions": ["v1"],
        "operations": list(policy.operations),
        "resources": list(policy.resources[group]),
        "scope": "*",
    }


def _binding(policy: AdmissionPolicy) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": policy.name},
        "spec": {"policyName": policy.name, "validationActions": [policy.action]},
    }
