"""The rule that nodes of Karpenter have the disks that their pool was priced with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.model import Resource, Rule, Surroundings
from rules.nodes import EC2_NODE_CLASS, against_group
from rules.reading import need
from rules.root_disks import ebs_problems

if TYPE_CHECKING:
    from collections.abc import Iterator


def has_priced_disk(node_class: Resource, _pool: Resource, group: Any, _: Surroundings) -> Iterator[str]:
    """An EC2NodeClass gives its nodes the root volume of its group, and no other disk."""
    yield from ebs_problems(node_class, ("spec", "blockDeviceMappings"), int(need(group, "rootDiskGib")))


RULES = (
    Rule(
        id="nodes-karpenter-disks",
        family="nodes",
        waivable=False,
        demands="An EC2NodeClass inside a pool gives its nodes one root volume of gp3, of at most the size that its "
        "pool was priced with and no more than its included speed.",
        reason="Every node that Karpenter starts brings its disks, and a large or fast one costs more than the node.",
        fix="set root_disk_gib in the stack file instead",
        applies=lambda type_token: type_token == EC2_NODE_CLASS,
        check=against_group(has_priced_disk),
        on_stack=True,
    ),
)
