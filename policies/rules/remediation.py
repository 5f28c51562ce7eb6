"""What the pack corrects by itself before a resource is created: only what cannot surprise anybody.

Tags that say whose a resource is, and the metadata service of machines. Everything else is refused and left to people:
what the pack corrects the program does not have, and an update without the pack takes it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.sdk_types.values import is_unknown
from rules.taggable import inherited_tag, is_taggable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

METADATA_TYPES = frozenset({"aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/instance:Instance"})

Correction = tuple[str, str, str]
"""A property that is a map, a key in it, and the value that it gets."""


def is_correctable(type_token: str) -> bool:
    """Return whether the pack corrects anything of a type."""
    return type_token in METADATA_TYPES or is_taggable(type_token)


def corrections(
    type_token: str, stack: str, properties: Mapping[str, Any], provider_properties: Mapping[str, Any]
) -> list[Correction]:
    """Return what to set; nothing beside a value that is unknown."""
    return [
        *_metadata_options(type_token, properties),
        *_tags(type_token, stack, properties, provider_properties),
    ]


def _metadata_options(type_token: str, properties: Mapping[str, Any]) -> Iterator[Correction]:
    """Ask for session tokens where nothing is said about them; a stated `optional` stays, and is refused."""
    options = properties.get("metadataOptions")
    if type_token not in METADATA_TYPES or is_unknown(options):
        return
    if not (options or {}).get("httpTokens"):
        yield "metadataOptions", "httpTokens", "required"


def _tags(
    type_token: str, stack: str, properties: Mapping[str, Any], provider_properties: Mapping[str, Any]
) -> Iterator[Correction]:
    """Name the team and the environment of the stack where nothing names them."""
    own = properties.get("tags")
    if not is_taggable(type_token) or is_unknown(own):
        return
    team, _, environment = stack.rpartition("-")
    for tag, value in (("bedplate:team", team), ("bedplate:environment", environment)):
        if value and not (own or {}).get(tag) and not inherited_tag(provider_properties, tag):
            yield "tags", tag, value
