"""Names that Azure takes where ours are too long or hold other characters, and the identifiers of its own roles."""

from __future__ import annotations

import hashlib
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from bedplate.catalog.tables import read

if TYPE_CHECKING:
    from collections.abc import Mapping

AGENT_POOL_LENGTH = 12
"""The longest name of a Linux node pool: lower-case letters and digits, a letter first (AKS, "Use system node pools",
limitations)."""

VAULT_NAME_LENGTH = 24
AUTONAME_LENGTH = 8
"""The longest name of a key vault, and the random digits that Pulumi's provider puts behind a name of ours."""

DIGEST_LENGTH = 4


def agent_pool_name(group: str) -> str:
    """Return the name of the AKS pool of a node group, which ends with the number of its offer.

    The autoscaler's priorities go by that number. Between a beginning that people recognise and the number stand four
    digits of a digest, so that pools of several teams whose names begin alike do not collide.

    >>> agent_pool_name("vision-dev-h200-offer1")
    'h200dca21'
    """
    pool, _, offer = group.rpartition("-offer")
    digest = hashlib.sha256(group.encode()).hexdigest()[:DIGEST_LENGTH]
    room = AGENT_POOL_LENGTH - DIGEST_LENGTH - len(offer)
    return f"{_recognised(pool, room)}{digest}{offer}"


def vault_name(cluster: str) -> str:
    """Return the beginning of the name of a cluster's key vault.

    The provider adds random digits: the name of a vault is taken in the whole world, and after its deletion for as long
    as the vault can be recovered, so a cluster that is made again needs another one.
    """
    room = VAULT_NAME_LENGTH - AUTONAME_LENGTH - DIGEST_LENGTH
    digest = hashlib.sha256(cluster.encode()).hexdigest()[:DIGEST_LENGTH]
    return f"{_recognised(cluster, room)}{digest}"


def _recognised(name: str, room: int) -> str:
    """Return the last word of a name, a letter first: the end is what differs within a team."""
    word = name.rpartition("-")[2]
    return (word if word[:1].isalpha() else f"p{word}")[:room]


def role_definition(subscription: str, name: str) -> str:
    """Return the identifier of one of Azure's own roles, as Azure itself writes it for a subscription."""
    return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{_roles()[name]}"


@cache
def _roles() -> Mapping[str, str]:
    rows = read("azure-roles.csv", ("name", "id", "source", "as_of"))
    for row in rows:
        row.source()
        row.required_day("as_of")
    return MappingProxyType({row.required("name"): row.required("id") for row in rows})
