"""The rules of separation as CEL expressions, each with the message that its offender reads.

They speak of `variables.pod` (a pod's spec, of a pod or of a workload's template) and of `variables.role` (the role
of its namespace, "" where it has none). Only CEL without extensions is used, and every optional field is asked for
with has() first: an expression that fails counts as a refusal, with a message that helps nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from bedplate.node_pools.labels import ROLE_LABEL


@dataclass(frozen=True, slots=True)
class Variable:
    """A named CEL expression; it may use those before it."""

    name: str
    expression: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold. `expression` gives a boolean, `message` a text that says what to change."""

    name: str
    expression: str
    message: str


ROLE = Variable(
    "role",
    f"has(namespaceObject.metadata.labels) && '{ROLE_LABEL}' in namespaceObject.metadata.labels"
    f" ? namespaceObject.metadata.labels['{ROLE_LABEL}'] : ''",
)
TOLERATIONS = Variable("tolerations", "has(variables.pod.tolerations) ? variables.pod.tolerations : []")
SELECTED_BY_LABEL = Variable(
    "selectedByLabel",
    f"has(variables.pod.nodeSelector) && '{ROLE_LABEL}' in variables.pod.nodeSelector"
    f" && variables.pod.nodeSelector['{ROLE_LABEL}'] == variables.role",
)
TERMS = Variable(
    "terms",
    "has(variables.pod.affinity) && has(variables.pod.affinity.nodeAffinity)"
    " && has(variables.pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution)"
    " ? variables.pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms : []",
)
# Terms are alternatives: each of them must ask for the role, or the pod may go where another one leads.
SELECTED_BY_AFFINITY = Variable(
    "selectedByAffinity",
    "size(variables.terms) > 0 && variables.terms.all(term, has(term.matchExpressions)"
    f" && term.matchExpressions.exists(e, e.key == '{ROLE_LABEL}' && e.operator == 'In' && has(e.values)"
    " && e.values.all(value, value == variables.role)))",
)
# Something that decides the nodes later (Kueue, for one) holds the pod back with a gate. Taking the gate away is an
# update of the pod, and is judged again.
HELD_BACK = Variable("heldBack", "has(variables.pod.schedulingGates) && size(variables.pod.schedulingGates) > 0")

VARIABLES = (ROLE, TOLERATIONS, SELECTED_BY_LABEL, TERMS, SELECTED_BY_AFFINITY, HELD_BACK)
"""What the rules share, in an order in which each uses only those before it (and `variables.pod`)."""

_WHERE = "'namespace ' + namespaceObject.metadata.name"
_OF_ROLE = "(variables.role == '' ? ' has no role' : ' has the role ' + variables.role)"

NO_WILDCARD = Rule(
    "no-wildcard-toleration",
    "variables.tolerations.all(t, has(t.key) && t.key != '')",
    "'a toleration without a key accepts every taint, those of inference and training nodes too;"
    " name the key of each taint that this pod accepts'",
)
OWN_ROLE = Rule(
    "own-role-only",
    f"variables.tolerations.all(t, !has(t.key) || t.key != '{ROLE_LABEL}'"
    " || ((!has(t.operator) || t.operator == '' || t.operator == 'Equal')"
    " && has(t.value) && t.value != '' && t.value == variables.role))",
    f"{_WHERE} + {_OF_ROLE} + ', so its pods may not tolerate {ROLE_LABEL} of another one, nor with operator Exists;"
    f" remove the toleration, or deploy to a namespace that is labelled {ROLE_LABEL} with the role of the pool'",
)
SELECTS_ROLE = Rule(
    "selects-its-role",
    "variables.role == '' || variables.role == 'general' || variables.heldBack"
    " || variables.selectedByLabel || variables.selectedByAffinity",
    f"{_WHERE} + {_OF_ROLE} + ', so its pods must run on nodes of that role;"
    f" add to the pod: nodeSelector: {{{ROLE_LABEL}: ' + variables.role + '}}'",
)
NO_NODE_NAME = Rule(
    "no-node-name",
    "!has(variables.pod.nodeName) || variables.pod.nodeName == ''",
    "'spec.nodeName puts a pod on a node past the scheduler and its taints; remove it, and use nodeSelector'",
)
