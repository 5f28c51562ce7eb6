"""What is asked of a simulated cloud, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.simulation.world_file import Properties, Resource, World


class Refusal(Exception):  # noqa: N818  not an error of Bedplate: it is the cloud's answer
    """The service refuses; the message is what the real one would say."""


class HalfMade(Exception):  # noqa: N818
    """The resource exists, and is not ready; the engine keeps it in the state and tries again next time."""

    def __init__(self, resource: Resource) -> None:
        super().__init__(resource.failure)
        self.resource = resource


@dataclass(frozen=True, slots=True)
class Instance:
    """One provider instance: a package and the configuration that the program gave it."""

    package: str
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def region(self) -> str:
        """The region that it is configured for, or an empty string."""
        return str(self.config.get("region") or self.config.get("location") or "")

    @property
    def default_tags(self) -> Properties:
        """The tags that it puts on everything."""
        tags: Properties = (self.config.get("defaultTags") or {}).get("tags") or {}
        return tags


@dataclass(frozen=True, slots=True)
class Request:
    """A resource that shall be created or changed, as the service sees it."""

    token: str
    inputs: Properties
    world: World
    region: str = ""
    place: str = ""
    before: Resource | None = None
    """The resource as it is in the world; None when it is to be created."""

    @property
    def name(self) -> str:
        """The name that the service knows it by, for messages."""
        for prop in ("nodeGroupName", "name", "bucket", "addonName"):
            if self.inputs.get(prop):
                return str(self.inputs[prop])
        return ""
