"""Faults against the world itself, drift and deletion, and whether a fault's target makes sense."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.errors import UsageError, listing, nearest
from bedplate.sdk_types import is_known_token
from bedplate.sdk_types.classes import SDK_PACKAGES
from bedplate.simulation.kubernetes_objects import contents
from bedplate.simulation.local_cluster import is_applied
from bedplate.simulation.zones import all_zones, zone_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bedplate.simulation.faults import Fault
    from bedplate.simulation.world_file import Properties, Resource, World

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


def check_targets(faults: Iterable[Fault], world: World, *, with_cluster: bool = False) -> None:
    """Raise `UsageError` for a fault that could never strike: no such machine, zone, type or resource.

    `with_cluster`: Kubernetes objects are on a real API server, where the world's faults do not reach.
    """
    for fault in faults:
        if fault.kind in ("capacity", "quota"):
            _check_machine(fault)
        elif fault.kind in ("slow", "half"):
            _check_token(fault)
        elif any(is_applied(resource.token) for resource in _struck(fault, world)) and with_cluster:
            raise UsageError(
                f"fault {fault.spec()!r}: {fault.target} is on the cluster of --kubeconfig, or holds what is",
                hint="change it there",
            )


def apply_to_world(faults: Iterable[Fault], world: World) -> None:
    """Change and delete in the world what drift and deletion faults say, as if somebody had done it by hand."""
    for fault in faults:
        if fault.kind == "deleted":
            for resource in _named(fault, world):
                world.remove(resource, *contents(world, resource))
        elif fault.kind == "drift":
            for resource in _named(fault, world):
                world.put(drifted(resource, fault))


def _struck(fault: Fault, world: World) -> list[Resource]:
    """What a fault changes: the resources of its name, and what goes with them when they are deleted."""
    named = _named(fault, world)
    return [*named, *(item for one in named for item in contents(world, one) if fault.kind == "deleted")]


def drifted(resource: Resource, fault: Fault) -> Resource:
    """Return a resource with the property changed: in the inputs where it is one, and in the outputs."""
    from dataclasses import replace

    steps = [int(index) if index else name for name, index in _STEP.findall(fault.property)]
    inputs, outputs = copy.deepcopy(resource.inputs), copy.deepcopy(resource.outputs)
    if steps[0] in inputs:
        _set(inputs, steps, fault)
    _set(outputs, steps, fault)
    return replace(resource, inputs=inputs, outputs=outputs)


def _set(properties: Properties, steps: list[str | int], fault: Fault) -> None:
    target: Any = properties
    for step in steps[:-1]:
        target = _stepped(target, step, fault)
    last: Any = steps[-1]
    if not isinstance(target, dict):
        _stepped(target, last, fault)  # a list is changed where it has an item, and not made longer
    target[last] = fault.value


def _stepped(target: Any, step: str | int, fault: Fault) -> Any:
    try:
        return target[step]
    except (KeyError, IndexError, TypeError):
        raise _no_property(fault, target, step) from None


def _no_property(fault: Fault, target: Any, step: str | int) -> UsageError:
    known = sorted(target) if isinstance(target, dict) else []
    meant = nearest(step, known)
    return UsageError(
        f"fault {fault.spec()!r}: {fault.target} has no property {step!r} there"
        + (f"; did you mean {meant!r}?" if meant else ""),
        hint=f"it has {listing(known)}" if known else "",
    )


def _named(fault: Fault, world: World) -> list[Resource]:
    found = world.named(fault.target)
    if found:
        return found
    names = sorted({resource.name for resource in world})
    meant = nearest(fault.target, names)
    raise UsageError(
        f"fault {fault.spec()!r}: the world holds no resource called {fault.target!r}"
        + (f"; did you mean {meant!r}?" if meant else ""),
        hint=f"it holds {listing(names)}" if names else "the world is empty",
    )


def _check_machine(fault: Fault) -> None:
    machines = [name for cloud in catalog.clouds() for name in catalog.machines(cloud)]
    if fault.target not in machines:
        meant = nearest(fault.target, machines)
        raise UsageError(
            f"fault {fault.spec()!r}: no machine type {fault.target!r} in the catalog"
            + (f"; did you mean {meant!r}?" if meant else "")
        )
    on_amazon = catalog.machine("aws", fault.target) is not None
    if fault.zone and on_amazon and not zone_id(fault.zone):
        known = [*all_zones(), *all_zones().values()]
        meant = nearest(fault.zone, known)
        raise UsageError(
            f"fault {fault.spec()!r}: no zone {fault.zone!r}" + (f"; did you mean {meant!r}?" if meant else "")
        )


def _check_token(fault: Fault) -> None:
    """A type token must be one that the SDK knows; a name may belong to a resource that does not exist yet."""
    package, _, rest = fault.target.partition(":")
    if not rest or package == "kubernetes":
        return
    if package not in SDK_PACKAGES:
        meant = nearest(package, SDK_PACKAGES)
        hint = f"simulated: {listing(list(SDK_PACKAGES))}"
        suffix = f"; did you mean {meant!r}?" if meant else ""
        raise UsageError(f"fault {fault.spec()!r}: no provider {package!r}{suffix}", hint=hint)
    if not is_known_token(fault.target):
        raise UsageError(
            f"fault {fault.spec()!r}: no resource type {fault.target!r} in the installed SDK",
            hint="a type token looks like aws:eks/nodeGroup:NodeGroup",
        )
