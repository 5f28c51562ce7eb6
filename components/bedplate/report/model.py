"""A preview as the report sees it: one step per resource, policy violations and error messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that is not known before the update, whatever its type. Source:
sdk/go/common/resource/plugin (UnknownStringValue) of pulumi/pulumi v3.250.0."""

SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"  # noqa: S105  the key that marks a secret, not a secret
"""The key of an object that stands for a secret or another special value. Source: sdk/go/common/resource/sig of
pulumi/pulumi v3.250.0."""

ROOT_TYPE = "pulumi:pulumi:Stack"
COMPONENT_PREFIX = "bedplate:index:"
CLUSTER, NODE_POOL = f"{COMPONENT_PREFIX}Cluster", f"{COMPONENT_PREFIX}NodePool"
PROVIDER_PREFIX = "pulumi:providers:"

Operation = Literal["create", "update", "replace", "delete", "import", "same", "not reached"]
"""What happens to a resource. `not reached` is one that exists, of which a failed preview says no more."""

CHANGING: tuple[Operation, ...] = ("replace", "delete", "update", "import", "create")
"""The operations that change something, those that may destroy something first."""


@dataclass(frozen=True, slots=True)
class State:
    """A resource before or after the change. `custom` ones are created by a provider; components are not."""

    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    protect: bool = False
    retain_on_delete: bool = False
    custom: bool = False
    parent: str = ""
    provider: str = ""

    def property(self, name: str) -> Any:
        """Return a property: what the program said, else what the cloud answered; None where there is neither."""
        return self.inputs.get(name, self.outputs.get(name))


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one resource. `changed` are property paths; `forcing` those that make it a replacement."""

    urn: str
    operation: Operation
    parent: str
    before: State | None
    after: State | None
    changed: tuple[str, ...] = ()
    forcing: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """The type token, for example `aws:eks/nodeGroup:NodeGroup`."""
        return urn_type(self.urn)

    @property
    def kind(self) -> str:
        """The last part of the type, as people say it: `NodeGroup`."""
        return self.type.rpartition(":")[2]

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return urn_name(self.urn)

    @property
    def is_component(self) -> bool:
        """Whether it is one of Bedplate's components, of which no cloud knows."""
        return self.type.startswith(COMPONENT_PREFIX)


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that the change breaks. `rule` is the rule's id where the message begins with one."""

    rule: str
    mandatory: bool
    message: str
    fix: str
    urn: str

    @property
    def resource(self) -> str:
        """The name of the resource that it is about; empty where it is about the whole stack."""
        return "" if not self.urn or urn_type(self.urn) == ROOT_TYPE else urn_name(self.urn)


@dataclass(frozen=True, slots=True)
class Preview:
    """A whole preview.

    `broke_off` means that an error ended it early, so that steps are missing; a violation alone does not.
    `sees_policies` is false for the form of output that leaves policy results out, `sees_unchanged` for one that
    leaves out what stays as it is.
    """

    stack: str
    project: str
    steps: tuple[Step, ...]
    violations: tuple[Violation, ...]
    errors: tuple[str, ...]
    policy_packs: tuple[str, ...]
    broke_off: bool
    sees_policies: bool
    sees_unchanged: bool
    config: Mapping[str, Any] = field(default_factory=dict)
    """The stack's configuration, as far as the output has it: default providers are configured by it."""

    def of(self, operation: Operation) -> tuple[Step, ...]:
        """Return the steps of one operation on real resources: components and providers are not counted."""
        return tuple(
            step
            for step in self.steps
            if step.operation == operation and not step.is_component and not step.type.startswith(PROVIDER_PREFIX)
        )


def urn_parts(urn: str) -> tuple[str, str, str, str]:
    """Return stack, project, qualified type and name; raises ValueError for what is no URN.

    >>> urn_parts("urn:pulumi:dev::shop::a:b:Parent$aws:s3/bucket:Bucket::my::bucket")
    ('dev', 'shop', 'a:b:Parent$aws:s3/bucket:Bucket', 'my::bucket')
    """
    parts = urn.removeprefix("urn:pulumi:").split("::", 3)
    if not urn.startswith("urn:pulumi:") or len(parts) != 4:
        raise ValueError(f"{urn[:200]!r} is no URN")
    return parts[0], parts[1], parts[2], parts[3]


def urn_type(urn: str) -> str:
    """Return the resource's own type, without those of its parents."""
    return urn_parts(urn)[2].rpartition("$")[2]


def urn_name(urn: str) -> str:
    """Return the resource's name."""
    return urn_parts(urn)[3]
