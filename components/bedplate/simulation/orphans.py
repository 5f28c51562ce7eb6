"""Orphans: what the clouds hold and no state knows, because the engine died in the middle of creating it.

No tool can prevent them: between the moment in which a cloud has made a resource and the one in which the engine has
written it down, the engine may be killed. They cost money until somebody finds them.
"""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate import engine
from bedplate.errors import BedplateError, UsageError, listing, nearest
from bedplate.simulation.kubernetes_objects import contents
from bedplate.simulation.references import refuse_held
from bedplate.simulation.requests import Refusal
from bedplate.simulation.session import Session, simulated_session

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bedplate.simulation.home import Home
    from bedplate.simulation.world_file import Resource, World


@dataclass(frozen=True, slots=True)
class Orphan:
    """A resource that the world holds and no state knows, and what can be done about it."""

    resource: Resource
    import_command: str
    """Takes it into the state; empty where the state already has another resource of this name."""

    delete_command: str


@dataclass(frozen=True, slots=True)
class State:
    """The resources that one stack's state knows, and those that it was about to create."""

    stack: str
    resources: Sequence[Mapping[str, Any]]
    pending: Sequence[Mapping[str, Any]]


def find_orphans(home: Home) -> list[Orphan]:
    """Return the orphans of a home's world, those of one stack together; none where nothing was simulated.

    Raises `BedplateError` when there is no engine to read the states with, or a simulation runs.
    """
    if not home.is_one():
        return []
    with home.locked():
        world = home.world()
        states = read_states(home)
    return orphans_of(world, states)


def orphans_of(world: Iterable[Resource], states: Sequence[State]) -> list[Orphan]:
    """Return what the world holds and the states lack: compared by type, identity and, where two clusters hold
    objects of one name, by the program's name for them."""
    known = [resource for state in states for resource in state.resources if resource.get("id")]
    by_urn = {(resource["type"], resource["id"], resource["urn"]) for resource in known}
    held = list(world)
    claimed = {key for resource in held if (key := (resource.token, resource.id, resource.urn)) in by_urn}
    spare = {(kind, identity) for kind, identity, urn in by_urn if (kind, identity, urn) not in claimed}
    found = []
    for resource in sorted(held, key=lambda resource: (resource.stack, resource.token, resource.name, resource.id)):
        if (resource.token, resource.id, resource.urn) in by_urn or (resource.token, resource.id) in spare:
            continue
        found.append(Orphan(resource, _import_command(resource, states), _delete_command(resource)))
    return found


def delete_orphans(home: Home, identities: Sequence[str]) -> list[Resource]:
    """Delete orphans from the world by identity (`all`: every one), dependents first, and return them.

    Raises `UsageError` for an identity that is no orphan's, `BedplateError` with the service's answer when something
    that is no orphan keeps one from being deleted.
    """
    found = [orphan.resource for orphan in find_orphans(home)]
    wanted = found if "all" in identities else [resource for resource in found if resource.id in identities]
    unknown = [identity for identity in identities if identity not in ("all", *(r.id for r in found))]
    if unknown:
        known = [resource.id for resource in found]
        meant = nearest(unknown[0], known)
        raise UsageError(
            f"no orphan has the identity {unknown[0]!r}" + (f"; did you mean {meant!r}?" if meant else ""),
            hint=f"orphans: {listing(known)}" if known else "there are no orphans",
        )
    with home.locked():
        return _delete(home.world(), wanted)


def read_states(home: Home) -> list[State]:
    """Return the states of all stacks of a home."""
    found = engine.locate()
    if found is None:
        raise BedplateError(
            "there is no Pulumi engine to read the states with", hint="bedplate engine install gets one"
        )
    if not home.backend.is_dir() or not home.project.is_dir():
        return []
    session = simulated_session(found, home, os.environ)
    names = [entry["name"] for entry in json.loads(session.ask("stack", "ls", "--json").stdout)]
    return [_read_state(session, name) for name in names]


def _read_state(session: Session, stack: str) -> State:
    deployment = json.loads(session.ask("stack", "export", "--stack", stack).stdout)["deployment"]
    pending = [operation["resource"] for operation in deployment.get("pending_operations") or []]
    return State(stack, deployment.get("resources") or [], pending)


def _delete(world: World, wanted: Sequence[Resource]) -> list[Resource]:
    deleted: list[Resource] = []
    left = list(wanted)
    while left:
        refusals = []
        for resource in list(left):
            try:
                refuse_held(world, resource)
            except Refusal as refusal:
                refusals.append(f"{resource.id}: {refusal}")
                continue
            world.remove(resource, *contents(world, resource))
            left.remove(resource)
            deleted.append(resource)
        if len(refusals) == len(left) and left:
            raise BedplateError("\n".join(refusals))
    return deleted


def _import_command(resource: Resource, states: Sequence[State]) -> str:
    """The command that takes an orphan into the state, under the parent and provider that it was created with."""
    state = next((state for state in states if state.stack.rsplit("/", 1)[-1] == resource.stack), None)
    if state is None or any(known["urn"] == resource.urn for known in state.resources):
        return ""
    words = ["pulumi", "import", resource.token, resource.name, resource.id, "--stack", resource.stack]
    planned = next((pending for pending in state.pending if pending["urn"] == resource.urn), {})
    parent = planned.get("parent") or _only_parent(resource, state)
    if parent and "pulumi:pulumi:Stack" not in parent.split("::")[2]:
        words += ["--parent", f"parent={parent}"]
    provider = str(planned.get("provider", "")).rpartition("::")[0]
    if provider and not provider.rpartition("::")[2].startswith("default"):
        words += ["--provider", f"provider={provider}"]
    # code is generated from the provider's schema, which a simulated provider does not have
    return f"bedplate sim -- {shlex.join(words)} --protect=false --generate-code=false --yes"


def _only_parent(resource: Resource, state: State) -> str:
    """The component that an orphan's type chain names, when there is one of that kind."""
    chain = resource.urn.split("::")[2].rpartition("$")[0]
    parents = [str(known["urn"]) for known in state.resources if chain and known["urn"].split("::")[2] == chain]
    return parents[0] if len(parents) == 1 else ""


def _delete_command(resource: Resource) -> str:
    return f"bedplate orphans --delete {shlex.quote(resource.id)}"
