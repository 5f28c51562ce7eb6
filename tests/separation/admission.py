"""Judges requests by the admission policies as an API server does, with a CEL evaluator and no server.

It follows the documented order (matchConstraints, matchConditions, variables, validations) and `failurePolicy: Fail`:
an expression that cannot be evaluated is a refusal, which the tests tell from an intended one by its message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cel

from bedplate.separation.policies import POLICIES, policy_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.separation.policies import AdmissionPolicy

Object = dict[str, Any]

EXEMPT = ("gpu-operator", "kube-system")
RESOURCES = {
    "Pod": ("", "pods"),
    "Namespace": ("", "namespaces"),
    "Deployment": ("apps", "deployments"),
    "StatefulSet": ("apps", "statefulsets"),
    "DaemonSet": ("apps", "daemonsets"),
    "Job": ("batch", "jobs"),
    "CronJob": ("batch", "cronjobs"),
}


def namespace(name: str, role: str | None = None) -> Object:
    """Return a namespace as the API server stores it."""
    labels = {"kubernetes.io/metadata.name": name} | ({"bedplate.dev/role": role} if role else {})
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def denials(obj: Object, where: Object, old: Object | None = None) -> list[str]:
    """Return why a create (or, with `old`, an update) is refused; an empty list when it is admitted."""
    return _answers("Deny", obj, where, old)


def warnings(obj: Object, where: Object, old: Object | None = None) -> list[str]:
    """Return what a create or an update is warned of."""
    return _answers("Warn", obj, where, old)


def _answers(action: str, obj: Object, where: Object, old: Object | None) -> list[str]:
    return [message for policy in POLICIES if policy.action == action for message in _judge(policy, obj, where, old)]


def _judge(policy: AdmissionPolicy, obj: Object, where: Object, old: Object | None) -> list[str]:
    spec = policy_manifest(policy, EXEMPT)["spec"]
    operation = "UPDATE" if old else "CREATE"
    if not _matches(spec["matchConstraints"], obj, where, operation):
        return []
    scope: dict[str, Any] = {
        "object": obj,
        "oldObject": old,
        "request": {"operation": operation},
        "namespaceObject": where,
    }
    for condition in spec.get("matchConditions", []):
        if not cel.evaluate(condition["expression"], scope):
            return []
    scope["variables"] = {}
    for variable in spec["variables"]:
        scope["variables"][variable["name"]] = cel.evaluate(variable["expression"], scope)
    return [
        str(cel.evaluate(validation["messageExpression"], scope))
        for validation in spec["validations"]
        if cel.evaluate(validation["expression"], scope) is not True
    ]


def _matches(constraints: Mapping[str, Any], obj: Object, where: Object, operation: str) -> bool:
    for expression in constraints["namespaceSelector"]["matchExpressions"]:
        assert expression["operator"] == "NotIn"
        if where["metadata"].get("labels", {}).get(expression["key"]) in expression["values"]:
            return False
    group, resource = RESOURCES[obj["kind"]]
    return any(
        group in rule["apiGroups"] and resource in rule["resources"] and operation in rule["operations"]
        for rule in constraints["resourceRules"]
    )
