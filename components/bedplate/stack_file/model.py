"""What every model of the stack file has in common, and the scalar types that several rooms use."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError


class StrictModel(BaseModel):
    """A part of the stack file: unknown keys are errors, values are never coerced, instances never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def wrong(message: str, *field: str | int) -> PydanticCustomError:
    """Return the error of a rule over several fields, to be raised by a model's validator.

    `field` is the path, below that model, of the value that the user should look at first.
    """
    return PydanticCustomError("rule", "{message}", {"message": message, "field": field})


@dataclass(frozen=True, slots=True)
class Wording:
    """What a text must look like, in words: put beside a pattern, it replaces the pattern in messages and pages."""

    text: str


Name = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]([a-z0-9-]*[a-z0-9])?$", max_length=20),
    Wording("lower-case letters, digits and dashes, at most 20, beginning with a letter"),
]
"""A DNS label of at most 20 characters. Team, environment and name are joined into names of cloud resources,
of which the shortest limit is 64 characters (an IAM role name)."""

LabelValue = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$", max_length=63),
    Wording("letters, digits, dots, dashes and underscores, at most 63, beginning and ending with a letter or digit"),
]
"""A Kubernetes label value, which is also a valid AWS tag value."""


def _network(value: str) -> str:
    """Refuse what is no IPv4 network, or has bits set behind its prefix (a host address written as a network)."""
    try:
        ipaddress.IPv4Network(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not an IPv4 network: {error}{_meant_network(value)}") from None
    return value


def _meant_network(value: str) -> str:
    """Return what stands for the network of an address, and for the address alone; empty where it is none."""
    try:
        network = ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        return ""
    return f"; write {network}, or {value.partition('/')[0]}/32 for that address alone"


Cidr = Annotated[str, AfterValidator(_network), Wording("an IPv4 network such as 203.0.113.0/24")]
"""An IPv4 network such as `203.0.113.0/24`."""
