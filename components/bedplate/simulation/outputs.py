"""What a simulated cloud answers for a resource: its identity and the outputs that no input sets.

Known answers stand in data files (`data/aws.yaml`); for the rest the SDK's types say which outputs there are,
and a plausible value is made from the type and the name. Both follow from the inputs and the resource's seed.
"""

from __future__ import annotations

import collections.abc
import copy
import enum
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate.sdk_types import UNKNOWN, has_unknown, resource_type
from bedplate.sdk_types.checks import alternatives
from bedplate.sdk_types.classes import properties, snake_case
from bedplate.simulation.data_files import load
from bedplate.simulation.templates import digits, fill

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.sdk_types.classes import Property
    from bedplate.simulation.world_file import Properties

ACCOUNT = "000000000000"
"""The simulated AWS account; no real account has this number."""

_ANSWERED = ("aws", "gcp", "azure-native")
_PLACES = {"aws": "region", "azure-native": "location"}  # what a provider fills in from its configuration
_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """The resource that outputs are wanted for."""

    token: str
    name: str
    """The name that the program gave it."""

    inputs: Properties
    region: str = ""
    default_tags: Properties | None = None
    seed: str = ""
    """Random digits; empty for a resource that does not exist yet, whose outputs are unknown."""

    identity: str = ""
    revision: int = 1

    @property
    def package(self) -> str:
        """The provider package: `aws`, `kubernetes`."""
        return self.token.split(":")[0]

    @property
    def kind(self) -> str:
        """The kind without package and module: `Subnet`."""
        return self.token.split(":")[-1]

    @property
    def variables(self) -> Mapping[str, Any]:
        """What the fields of a template stand for."""
        return {
            "region": self.region,
            "location": self.region,
            "account": ACCOUNT,
            "id": self.identity,
            "kind": snake_case(self.kind).replace("_", "-"),
            "service": self.token.split(":")[1].split("/")[0],
            "revision": self.revision,
            "project": "simulated",
            **self.inputs,
        }


def answers(token: str) -> Mapping[str, Any]:
    """Return what the data files say of a resource type; empty where they say nothing."""
    package = token.split(":")[0]
    if package not in _ANSWERED:
        return {}
    rows: Mapping[str, Mapping[str, Any]] = load(f"{package}.yaml")
    return rows.get(token, {})


def outputs_of(subject: Subject) -> Properties:
    """Return all outputs of a resource: its inputs, what the cloud adds, and what follows from the SDK's types."""
    outputs = {name: copy.deepcopy(value) for name, value in subject.inputs.items() if not name.startswith("__")}
    row = answers(subject.token)
    added = dict(row.get("outputs", {}))
    if "arn" in row:
        added["arn"] = row["arn"]
    known = resource_type(subject.token)
    computed = known.computed if known else {}
    if not subject.seed:  # what the cloud alone decides is unknown before, also where the answer is always the same
        added = {name: UNKNOWN if name in computed else value for name, value in added.items()}
    _merge(outputs, fill(added, subject.variables, subject.seed))
    if subject.package == "azure-native":
        _describe_identities(outputs)
    if known is None:
        return outputs
    where = _PLACES.get(subject.package, "")
    if where in known.outputs:
        outputs.setdefault(where, subject.region)
    if "tagsAll" in known.outputs:
        outputs["tagsAll"] = {**(subject.default_tags or {}), **(outputs.get("tags") or {})}
    for name, declared in computed.items():
        if name in outputs or name in ("id", "urn"):
            continue
        value = plausible_property(declared, name, subject) if subject.seed else UNKNOWN
        if value is not None:
            outputs[name] = value
    return outputs


def _describe_identities(outputs: Properties) -> None:
    """Azure takes a list of the identities that a resource has, and answers with a description of each."""
    identity = outputs.get("identity")
    if not isinstance(identity, dict) or not isinstance(identity.get("userAssignedIdentities"), list):
        return
    given = identity["userAssignedIdentities"]
    described = {one: {"clientId": digits(one, "client")[:8], "principalId": digits(one)[:8]} for one in given}
    identity["userAssignedIdentities"] = UNKNOWN if has_unknown(given) else described


def plausible_property(declared: Property, name: str, subject: Subject) -> Any:
    """Return a value that a cloud could answer for a property, or None where nothing sensible can be made."""
    return _plausible(_output_type(declared.annotation), name, subject, 0)


def _merge(target: Properties, added: Mapping[str, Any]) -> None:
    """Add what is missing in a nested object; what an input said stays."""
    for name, value in added.items():
        present = target.get(name)
        if present is None:
            target[name] = value
        elif isinstance(present, dict) and isinstance(value, dict):
            _merge(present, value)


def _output_type(annotation: Any) -> Any:
    import pulumi

    return typing.get_args(annotation)[0] if typing.get_origin(annotation) is pulumi.Output else annotation


def _plausible(annotation: Any, name: str, subject: Subject, depth: int) -> Any:
    """Make a value of a type, or None where nothing sensible can be made."""
    kinds = alternatives(annotation)
    if not kinds or depth > _DEPTH:
        return None
    kind = kinds[0]
    origin: Any = typing.get_origin(kind) or kind
    arguments = typing.get_args(kind)
    if origin in (dict, collections.abc.Mapping):
        return {}
    if origin in (list, collections.abc.Sequence):
        item = _plausible(arguments[0], name, subject, depth + 1) if arguments else None
        return [] if item is None else [item]
    if not isinstance(origin, type):
        return None
    if issubclass(origin, enum.Enum):
        return next(iter(origin)).value
    if origin in (bool, int, float):
        return origin()
    if origin is str:
        return plausible_word(name, subject)
    if origin.__module__.startswith("pulumi_"):
        return _plausible_object(origin, subject, depth + 1)
    return None


def _plausible_object(kind: Any, subject: Subject, depth: int) -> Properties:
    items = {name: _plausible(item.annotation, name, subject, depth) for name, item in properties(kind).items()}
    return {name: item for name, item in items.items() if item is not None}


def plausible_word(name: str, subject: Subject) -> str:
    """Make a string such as a cloud would answer for an output of this name."""
    lower, random = name.lower(), digits(subject.seed, name)[:8]
    if lower.endswith("arn"):
        service = subject.variables["service"]
        return f"arn:aws:{service}:{subject.region}:{ACCOUNT}:{subject.variables['kind']}/{subject.identity}"
    if lower == "ownerid":
        return ACCOUNT
    if "endpoint" in lower or lower in ("selflink", "url", "fqdn"):
        return f"https://{random}.simulated.invalid"
    if lower in ("status", "state", "provisioningstate"):
        return "Succeeded" if subject.package == "azure-native" else "ACTIVE"
    if lower == "name":
        return subject.identity.rsplit("/", 1)[-1] or subject.name
    if "certificate" in lower or lower == "data":
        return "U0lNVUxBVEVE"  # "SIMULATED"
    return f"{snake_case(name).replace('_', '-')}-{random}"
