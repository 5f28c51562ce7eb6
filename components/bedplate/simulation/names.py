"""Names that providers make up when a program gives none, and the identities of resources.

Pulumi's bridged providers append a dash and seven random digits to the resource's name, azure-native and
kubernetes eight (pulumi/pulumi sdk/go/common/resource/urn `NewUniqueHex` and the providers' defaults, read 2026-08).
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from bedplate.sdk_types import has_unknown, resource_type
from bedplate.sdk_types.classes import snake_case
from bedplate.simulation.outputs import Subject, answers
from bedplate.simulation.replacement import replacing_properties
from bedplate.simulation.templates import digits, fill

if TYPE_CHECKING:
    from bedplate.simulation.world_file import Properties

DEFAULTS = "__defaults"
"""The mark with which a bridged provider remembers the inputs that it filled in itself."""


def with_automatic_name(token: str, name: str, news: Properties, olds: Properties, seed: str) -> Properties:
    """Return inputs with the name that the provider makes up where the program gives none.

    A name that was made up before is kept. The digits follow from the engine's seed, so that a saved plan and its
    update agree; without one they are random.
    """
    if token.startswith("kubernetes:") and not token.endswith(":Release"):  # a Helm release has no metadata
        return _with_object_name(name, news, olds, seed)
    prop = name_property(token)
    if not prop or prop in news or f"{prop}Prefix" in news:
        return news
    row = answers(token)
    if prop in olds.get(DEFAULTS, ()):
        chosen = olds[prop]
    else:
        length = 8 if token.startswith("azure-native:") else 7
        chosen = f"{row.get('autoname_prefix', '')}{name}-{_random(seed, length)}"
    return {**news, prop: chosen, DEFAULTS: sorted({*news.get(DEFAULTS, ()), prop})}


def name_property(token: str) -> str:
    """Return the input that gets a made-up name when it is missing, or an empty string."""
    row = answers(token)
    if "autoname" in row:
        return str(row["autoname"])
    known = resource_type(token)
    if known is None:
        return ""
    if token.startswith("azure-native:"):
        named = [p for p in replacing_properties(token) if p.endswith("Name") and p in known.inputs]
        return next((p for p in named if not known.inputs[p].required), "")
    return "name" if "name" in known.inputs and not known.inputs["name"].required else ""


def identity_of(subject: Subject) -> str:
    """Return the identity that the cloud gives to a new resource."""
    if subject.package == "kubernetes":
        metadata = subject.inputs.get("metadata") or {}
        place = metadata.get("namespace")
        if subject.kind == "Release":  # a Helm release is named by its own inputs
            metadata, place = subject.inputs, subject.inputs.get("namespace") or "default"
        return f"{place}/{metadata.get('name')}" if place else str(metadata.get("name"))
    row = answers(subject.token)
    if "id" in row:
        return str(fill(row["id"], subject.variables, subject.seed))
    chosen = subject.inputs.get(name_property(subject.token) or "name")
    if subject.package == "gcp":
        return _google_identity(subject, chosen)
    if subject.package == "azure-native":
        return _azure_identity(subject)
    return str(chosen or fill("{kind}-{hex17}", subject.variables, subject.seed))


def _with_object_name(name: str, news: Properties, olds: Properties, seed: str) -> Properties:
    metadata: Any = news.get("metadata", {})
    if not isinstance(metadata, dict) or "name" in metadata or "generateName" in metadata or has_unknown(metadata):
        return news
    before = (olds.get("metadata") or {}).get("name", "")
    chosen = before if before.startswith(f"{name}-") else f"{name}-{_random(seed, 8)}"
    return {**news, "metadata": {**metadata, "name": chosen}}


def _random(seed: str, length: int) -> str:
    return digits(seed or secrets.token_hex(16))[:length]


def _google_identity(subject: Subject, chosen: Any) -> str:
    inputs = subject.inputs
    project = inputs.get("project") or subject.variables["project"]
    location = inputs.get("location") or inputs.get("zone") or inputs.get("region") or "global"
    return f"projects/{project}/locations/{location}/{snake_case(subject.kind)}s/{chosen or digits(subject.seed)[:12]}"


def _azure_identity(subject: Subject) -> str:
    inputs = subject.inputs
    group = inputs.get("resourceGroupName", "")
    scope = f"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/{group}"
    if subject.kind == "ResourceGroup":
        return scope
    named = [inputs[p] for p in replacing_properties(subject.token) if p.endswith("Name") and p in inputs]
    path = "/".join(str(part) for part in named if part != group) or digits(subject.seed)[:12]
    return f"{scope}/providers/Microsoft.{subject.token.split(':')[1]}/{snake_case(subject.kind)}/{path}"


def name_is_fixed(token: str, olds: Properties, news: Properties) -> bool:
    """Return whether a replacement would have the name of the one it replaces, so that that one must go first."""
    if token.startswith("kubernetes:"):
        return bool((olds.get("metadata") or {}).get("name") == (news.get("metadata") or {}).get("name"))
    prop = name_property(token)
    if not prop or prop not in news or prop in news.get(DEFAULTS, ()):
        return False
    return bool(olds.get(prop) == news[prop])
