"""The rule that nobody changes the admission policies by which Bedplate keeps pods apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.model import Resource, Rule, Surroundings
from rules.namespaces import SEPARATION
from rules.reading import want

if TYPE_CHECKING:
    from collections.abc import Iterator

ADMISSION = "kubernetes:admissionregistration.k8s.io/"
OWN_NAMES = "bedplate-"


def leaves_own_rules_alone(resource: Resource, _: Surroundings) -> Iterator[str]:
    """What is called bedplate-… among the rules of the API server is declared by Bedplate, and whole."""
    if SEPARATION in resource.ancestor_types and not resource.type.endswith("Patch"):
        return
    name = want(resource.properties, "metadata", "name") or ""
    if name.startswith(OWN_NAMES):
        kind = resource.type.rpartition(":")[2]
        yield f"{kind} {resource.name}: {name} is one of the rules that Bedplate keeps on a cluster"


RULES = (
    Rule(
        id="separation-own-admission",
        family="separation",
        waivable=False,
        demands="Objects of admissionregistration.k8s.io named bedplate-… are part of a ClusterSeparation, and no "
        "patches.",
        reason="The cluster enforces by them what no rule sees before the update; a patch of a binding to Audit turns "
        "that off.",
        fix="leave the object out, or give a rule of your own another name",
        passes="ValidatingAdmissionPolicyBinding team-limits",
        fails="ValidatingAdmissionPolicyBindingPatch bedplate-separation-pods {validationActions: [Audit]}",
        applies=lambda type_token: type_token.startswith(ADMISSION),
        check=leaves_own_rules_alone,
    ),
)
