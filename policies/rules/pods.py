"""Finds the pods that a Kubernetes object makes, in whatever kind they are written."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from bedplate.errors import FieldPath, dotted
from bedplate.sdk_types.values import is_unknown
from rules.reading import UndecidedError, undecided

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules.model import Resource

TEMPLATE = ("spec", "template", "spec")

POD_PATHS: Mapping[str, tuple[str, ...]] = {
    "kubernetes:core/*:Pod": ("spec",),
    "kubernetes:core/*:PodTemplate": ("template", "spec"),
    "kubernetes:core/*:ReplicationController": TEMPLATE,
    "kubernetes:apps/*:Deployment": TEMPLATE,
    "kubernetes:apps/*:StatefulSet": TEMPLATE,
    "kubernetes:apps/*:DaemonSet": TEMPLATE,
    "kubernetes:apps/*:ReplicaSet": TEMPLATE,
    "kubernetes:batch/*:Job": TEMPLATE,
    "kubernetes:batch/*:CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
"""Where the pod stands in the kinds that always have one: it must be there and known."""

POD_KEYS = frozenset({"containers", "tolerations", "nodeName", "nodeSelector"})
"""An object with one of these is taken for a pod: custom resources, patches and lists have pods anywhere."""

HIDING_PLACES = POD_KEYS | {"spec", "template", "podTemplate", "jobTemplate", "items", "replicatedJobs", "affinity"}
"""Fields that could hold a pod or decide where it runs; one of them unknown leaves nothing to judge.

Other fields of custom resources may be unknown: refusing them would refuse every role ARN and security group. A pod
that hides behind one is judged by the cluster's admission policies.
"""


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as written, and where it stands in its object."""

    path: FieldPath
    spec: Mapping[str, Any]

    @property
    def runs(self) -> bool:
        """Whether it has containers. A patch or a runtime class may bring tolerations alone."""
        return "containers" in self.spec

    def where(self, *field: str | int) -> str:
        """Return the path of one of its fields, as messages show it."""
        return dotted((*self.path, *field))


def pods(resource: Resource) -> tuple[Pod, ...]:
    """Return the pods of an object; raises `UndecidedError` where one may be hidden behind an unknown value.

    Many rules ask for them, so what was found, or what stood in the way, is kept with the resource.
    """
    known = resource.memory.get("pods")
    if known is None:
        try:
            known = tuple(_find(resource))
        except UndecidedError as error:
            known = error
        resource.memory["pods"] = known
    if isinstance(known, UndecidedError):
        raise known
    found: tuple[Pod, ...] = known
    return found


@cache
def _path_of(type_token: str) -> tuple[str, ...] | None:
    return next((path for pattern, path in POD_PATHS.items() if fnmatchcase(type_token, pattern)), None)


def _find(resource: Resource) -> Iterator[Pod]:
    path = _path_of(resource.type)
    if path is None:
        yield from _search(dict(resource.properties), ())
        return
    value: Any = resource.properties
    for depth, part in enumerate(path):
        if is_unknown(value.get(part)):
            raise undecided(path[: depth + 1])
        value = value.get(part) or {}
    if not value:
        raise UndecidedError(f"{dotted(path)} is not set")
    yield Pod(path, value)


def _search(value: object, path: FieldPath) -> Iterator[Pod]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_hidden(item, path[-1] if path else "", (*path, index))
            yield from _search(item, (*path, index))
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        _refuse_hidden(item, key, (*path, key))
    if POD_KEYS & value.keys():
        yield Pod(path, value)
        return
    for key, item in value.items():
        yield from _search(item, (*path, key))


def _refuse_hidden(value: object, key: str | int, path: FieldPath) -> None:
    if key in HIDING_PLACES and is_unknown(value):
        raise undecided(path)
