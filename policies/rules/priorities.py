"""Rules about priority: nothing takes the place of what should outlast it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.separation.priorities import FLOOR_PRIORITY_CLASS
from rules.model import Resource, Rule, Surroundings
from rules.namespaces import SEPARATION, is_kubernetes_object, namespace_of, role_of, system_namespaces
from rules.nodes import NODE_POOL
from rules.pods import pods
from rules.reading import need, want

if TYPE_CHECKING:
    from collections.abc import Iterator

PRIORITY_CLASS = "kubernetes:scheduling.k8s.io/v1:PriorityClass"

RESERVED_PRIORITIES = ("system-", "bedplate-")
MOST_PRIORITY = 100_000
"""The value of `bedplate-inference` (`bedplate.separation.priorities`)."""


def has_priority_of_its_role(resource: Resource, _: Surroundings) -> Iterator[str]:
    """A pod has the priority class of its namespace's role, one of the team's own, or none."""
    for pod in pods(resource):
        namespace = namespace_of(resource)
        name = want(pod.spec, "priorityClassName") or ""
        if namespace in system_namespaces() or not name.startswith(RESERVED_PRIORITIES):
            continue
        is_floor = name == FLOOR_PRIORITY_CLASS and NODE_POOL in resource.ancestor_types
        if name != f"bedplate-{role_of(namespace, resource.stack)}" and not is_floor:
            yield f"{resource.name} in namespace {namespace} has the priority class {name}, which is for others"


def is_below_the_platform(priority_class: Resource, _: Surroundings) -> Iterator[str]:
    """A priority class beside Bedplate's own is no higher than that of inference."""
    if SEPARATION in priority_class.ancestor_types:
        return
    value = need(priority_class.properties, "value")
    if value > MOST_PRIORITY:
        yield f"priority class {priority_class.name} has the value {int(value)}; at most {MOST_PRIORITY} is allowed"
    if want(priority_class.properties, "globalDefault"):
        yield f"priority class {priority_class.name} is the default of all pods of the cluster"


RULES = (
    Rule(
        id="separation-priority-classes",
        family="separation",
        demands="A workload has the priority class of its namespace's role, one of its team's own, or none.",
        reason="Under the class of another role, or of the system, it takes the place of what should outlast it.",
        fix="set priorityClassName to bedplate-<role>, or leave it out",
        passes="priorityClassName: bedplate-training in vision-dev-training",
        fails="priorityClassName: system-node-critical",
        applies=is_kubernetes_object,
        check=has_priority_of_its_role,
    ),
    Rule(
        id="separation-priority-values",
        family="separation",
        demands=f"A priority class beside Bedplate's own has at most the value {MOST_PRIORITY} and is no default.",
        reason="A higher one takes nodes from what serves people, and from the floors of pools.",
        fix=f"set value to {MOST_PRIORITY} or less and globalDefault to false",
        passes="value: 5000",
        fails="value: 2000000",
        applies=lambda type_token: type_token == PRIORITY_CLASS,
        check=is_below_the_platform,
    ),
)
