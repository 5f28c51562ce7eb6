"""The rule that what a cloud creates has a price that somebody counts, or none.

What `nodes-priced` lists was found by looking; clouds add further ways to start machines every month. So it is turned
round: the catalog lists what is priced, free or paid by use (`bedplate.cost.graph.billing`), and a type that it does
not have is refused until the platform team has looked at it.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from bedplate.cost.graph.billing import billing
from rules.model import Resource, Rule, Surroundings
from rules.node_types import node_type
from rules.owned import CLOUDS

if TYPE_CHECKING:
    from collections.abc import Iterator


@cache
def may_be_unpriced(type_token: str) -> bool:
    """Return whether a type is of a cloud, and none of those that `nodes-priced` refuses whatever they say."""
    row = node_type(type_token)
    return type_token.split(":")[0] in CLOUDS and (row is None or bool(row.when))


def has_known_billing(resource: Resource, surroundings: Surroundings) -> Iterator[str]:
    """A resource of a cloud is priced, free or paid by use, or of a type that the platform team permits."""
    found = billing(resource.type, resource.ancestor_types)
    if found.billing != "unknown":
        return
    permitted = surroundings.pack_settings().unpriced_types
    if not any(fnmatchcase(resource.type, pattern) for pattern in permitted):
        yield f"{resource.type} {resource.name}: nobody knows what it costs ({found.note})"


RULES = (
    Rule(
        id="cost-known-types",
        family="cost",
        waivable=False,
        demands="A resource of AWS, Google Cloud or Azure is of a type that the catalog knows to be priced, free or "
        "paid by use, or is among the `unpriced_types` of settings.yaml.",
        reason="Most services can start machines: training jobs, build fleets, templates, whole clusters. What no cap "
        "counts is found on the bill.",
        fix="declare it through the stack file where Bedplate has it; else ask the platform team to look at the type "
        "and to add it to `unpriced_types`",
        passes="aws:iam/role:Role",
        fails="aws:sagemaker/trainingJob:TrainingJob",
        applies=may_be_unpriced,
        check=has_known_billing,
        reads_properties=False,
    ),
)
