"""A Kubernetes API server on this machine, to which the Kubernetes half of a simulated stack is applied for real.

Objects are applied server-side under a field manager of their own, with unknown fields refused, as the kubernetes
provider does it. Safe by three rules: the server is on this machine (`kubeconfig`), its nodes are no machines of a
cloud, and an object that somebody else made is neither changed nor deleted. Helm releases are not among the objects:
nothing here renders charts. The kinds that charts would define are put there from definitions (`custom_kinds`).
"""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from bedplate.errors import BedplateError, UsageError
from bedplate.node_pools.labels import DOMAIN
from bedplate.sdk_types import has_unknown, resource_type
from bedplate.simulation.custom_kinds import CustomKinds
from bedplate.simulation.definitions import read_definitions
from bedplate.simulation.kubeconfig import read_kubeconfig
from bedplate.simulation.kubernetes_client import KubernetesClient
from bedplate.simulation.kubernetes_objects import RELEASE, preview_outputs
from bedplate.simulation.requests import Refusal

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bedplate.simulation.kubernetes_client import Answer
    from bedplate.simulation.world_file import Properties, Resource, World

T = TypeVar("T")

MANAGER = "bedplate-sim"
PATCH_MANAGER = "bedplate-sim-patch"
"""Who owns the fields of objects that a program only patches: not to be taken for those that it made."""

_MARK = f"{DOMAIN}/applied-by"
_FORCE = "pulumi.com/patchForce"
"""The provider's own annotation: take fields over from whoever else has set them."""

DELETE_SECONDS = 300.0
"""How long a deletion may take, finalizers included."""

_POLL_SECONDS = 0.1
_NOT_FOUND = 404
_OF_TEST_CLUSTERS = ("", "kind", "k3s")
"""What stands before `://` in the provider ID of nodes that can be a developer's containers."""


@dataclass(frozen=True, slots=True)
class LocalCluster:
    """One API server that stands for the one cluster of a simulated world. Safe to use from several threads."""

    client: KubernetesClient
    kinds: CustomKinds
    warnings: dict[str, None] = field(default_factory=dict)
    """What the server warned of, each text once and in order."""

    @property
    def server(self) -> str:
        """Its address."""
        return self.client.access.server

    def preview(self, token: str, inputs: Properties) -> Properties:
        """Return what can be known of an object that is to be created; raises `Refusal` if the server would refuse it.

        What waits for something else is not shown to the server: an input that is unknown yet, a namespace or a kind
        that comes with the same update.
        """
        if not has_unknown(inputs):
            self._dry_run(token, inputs)
        return preview_outputs(token, inputs)

    def create(self, token: str, inputs: Properties) -> Properties:
        """Apply a new object, and return it as the server has it; raises `Refusal` with the server's reason."""
        self._define(inputs)
        return self._granted(self._apply(token, inputs), inputs)

    def update(self, world: World, resource: Resource, news: Properties, *, preview: bool) -> Properties:
        """Apply a changed object, and return it as the server has it; raises `Refusal` with the server's reason."""
        if preview:
            unseen = preview_outputs(resource.token, news)
            return unseen if has_unknown(news) else self._dry_run(resource.token, news) or unseen
        self._define(news)
        outputs = self._granted(self._apply(resource.token, news), news)
        with world.lock:
            known = world.get(resource.token, resource.place, resource.id) or resource
            world.change(known, inputs=news, outputs=outputs, revision=known.revision + 1)
        return outputs

    def read(self, world: World, resource: Resource) -> Resource | None:
        """Return a resource as the server has it, or None where it is gone; the world learns either of its own."""
        live = self._get(*_address(resource))
        with world.lock:
            known = world.get(resource.token, resource.place, resource.id)
            if live is None:
                world.remove(*filter(None, [known]))
                return None
            if known is None:  # the program only looks at it, or imports it
                return replace(resource, inputs=_shown(live), outputs=_shown(live))
            seen = {**live, "stringData": _as_text(live)} if "stringData" in known.inputs else live
            return world.change(known, inputs=declared_part(known.inputs, seen), outputs=_shown(live))

    def delete(self, resource: Resource, cancelled: threading.Event) -> None:
        """Delete an object of ours and wait until it is gone; one that is gone already is no error."""
        address = _address(resource)
        found = self._get(*address)
        if found is None:
            return
        if is_patch(resource.token):
            self._release(found)
            return
        if not _is_ours(found):
            raise Refusal(f"{found['kind']} {resource.id!r} was not made by sim, and is not deleted")
        # the very object that was looked at, and not one that somebody made in its place since
        uid = found["metadata"]["uid"]
        options = {"propagationPolicy": "Foreground", "preconditions": {"uid": uid}}
        answer = self._ask(lambda: self.client.request("DELETE", self._path(*address), options))
        if answer.status != _NOT_FOUND and not answer.ok:
            raise Refusal(answer.message)
        deadline = time.monotonic() + DELETE_SECONDS
        while (left := self._get(*address)) is not None and left["metadata"]["uid"] == uid:
            if cancelled.wait(_POLL_SECONDS) or time.monotonic() > deadline:
                kept = ", ".join(left["metadata"].get("finalizers") or []) or "none"
                raise Refusal(f"{left['kind']} {resource.id!r} is still being deleted (finalizers: {kept})")

    def refuse_second_cluster(self, world: World, place: str) -> None:
        """Raise `Refusal` for an object on another cluster than those before it: this server stands for one."""
        others = sorted({item.place for item in world if is_applied(item.token) and item.place != place})
        if others:
            raise Refusal(
                f"--kubeconfig stands for one cluster, and objects of {others[0].removeprefix('kubernetes/')} are on it"
                f" already: those of {place.removeprefix('kubernetes/')} cannot be applied as well"
            )

    def leave(self, world: World) -> None:
        """Take away the definitions that sim brought, once the world has no object on the server any more."""
        if not any(is_applied(item.token) for item in world):
            self.kinds.remove()

    def _define(self, inputs: Properties) -> None:
        try:
            self._ask(lambda: self.kinds.define(str(inputs["apiVersion"]), str(inputs["kind"])))
        except UsageError as error:
            raise Refusal(str(error)) from error

    def _release(self, found: Properties) -> None:
        """Take back a patch: fields that nobody else has set are gone, as the kubernetes provider leaves it."""
        bare = {key: found[key] for key in ("apiVersion", "kind")} | {"metadata": _named(found["metadata"])}
        answer = self._ask(lambda: self.client.apply(bare, manager=PATCH_MANAGER))
        if not answer.ok:
            raise Refusal(answer.message)

    def _dry_run(self, token: str, inputs: Properties) -> Properties | None:
        """Return the object as it would be, or None where something is missing on the server that it needs."""
        answer = self._apply(token, inputs, dry_run=True)
        return None if answer.status == _NOT_FOUND else self._granted(answer, inputs)

    def _apply(self, token: str, inputs: Properties, *, dry_run: bool = False) -> Answer:
        """Apply an object; raises `Refusal` where somebody else made it, unless it is only patched."""
        wanted = manifest(inputs)
        metadata = wanted["metadata"]
        found = self._get(wanted["apiVersion"], wanted["kind"], metadata.get("namespace", ""), metadata["name"])
        patch = is_patch(token)
        if found is not None and not patch and not _is_ours(found):
            raise Refusal(f"{wanted['kind']} {metadata['name']!r} already exists, and sim did not make it")
        force = metadata["annotations"].get(_FORCE) == "true"
        manager = PATCH_MANAGER if patch else MANAGER
        return self._ask(lambda: self.client.apply(wanted, manager=manager, dry_run=dry_run, force=force))

    def _get(self, api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        path = self._path(api_version, kind, namespace, name)
        answer = self._ask(lambda: self.client.request("GET", path)) if path else None
        if answer is None or answer.status == _NOT_FOUND:
            return None
        if not answer.ok:
            raise Refusal(answer.message)
        return answer.body

    def _path(self, api_version: str, kind: str, namespace: str, name: str) -> str:
        known = self._ask(lambda: self.client.kind(api_version, kind))
        return known.path(namespace, name) if known else ""

    def _granted(self, answer: Answer, inputs: Properties) -> Properties:
        """Return the object of an answer; raises `Refusal` with the reason of one that says no."""
        name = f"{inputs.get('kind')} {(inputs.get('metadata') or {}).get('name')}"
        self.warnings.update(dict.fromkeys(f"{name}: {text}" for text in answer.warnings))
        if answer.ok:
            return _shown(answer.body)
        if answer.message.startswith("no matches for kind"):
            kind = str(inputs["apiVersion"]), str(inputs["kind"])
            raise Refusal(self.kinds.definitions.why_missing(*kind, self.server))
        raise Refusal(answer.message)

    def _ask(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except BedplateError as error:
            raise Refusal(f"configured Kubernetes cluster is unreachable: {error}") from error


def connect(kubeconfig: Path, crds: Sequence[Path] = ()) -> LocalCluster:
    """Return the cluster that a kubeconfig leads to; `crds` are folders of definitions that it may lack.

    Raises `UsageError` for a cluster that may be real and for folders without definitions, and `BedplateError` when it
    cannot be reached or asked.
    """
    definitions = read_definitions(crds)
    client = KubernetesClient(read_kubeconfig(kubeconfig))
    nodes = client.request("GET", "/api/v1/nodes")
    if not nodes.ok:
        raise BedplateError(f"{kubeconfig}: cannot tell whether {client.access.server} is real: {nodes.message}")
    for node in nodes.body["items"]:
        provider = str(node["spec"].get("providerID") or "")
        if provider.partition("://")[0] not in _OF_TEST_CLUSTERS:
            raise UsageError(
                f"{kubeconfig}: {client.access.server} leads to a real cluster: its node {node['metadata']['name']} is "
                f"{provider}",
                hint="sim applies to a test cluster on this machine and to nothing else",
            )
    return LocalCluster(client, CustomKinds(client, MANAGER, definitions))


def is_applied(token: str) -> bool:
    """Return whether resources of a type go to the API server."""
    return token.startswith("kubernetes:") and token != RELEASE


def is_patch(token: str) -> bool:
    """Return whether a resource stands for some fields of an existing object; kinds of charts may only be called so."""
    return token.endswith("Patch") and resource_type(token) is not None


def manifest(inputs: Properties) -> dict[str, Any]:
    """Return a resource's inputs as an object: without the simulation's marks, and with one that people can see.

    The mark is also a field to own: the server does not remember who applied an object that has none.
    """
    metadata = inputs.get("metadata") or {}
    annotations = {**(metadata.get("annotations") or {}), _MARK: MANAGER}
    whole = {name: value for name, value in inputs.items() if not name.startswith("__")}
    return {**whole, "metadata": {**metadata, "annotations": annotations}}


def declared_part(declared: Any, live: Any) -> Any:
    """Return of a live object what a declaration speaks of: fields that others own are no drift.

    >>> declared_part({"spec": {"paused": False}}, {"spec": {"paused": True, "replicas": 7}, "status": {}})
    {'spec': {'paused': True}}
    """
    if isinstance(declared, dict) and isinstance(live, dict):
        return {name: declared_part(value, live[name]) for name, value in declared.items() if name in live}
    if isinstance(declared, list) and isinstance(live, list) and len(declared) == len(live):
        return [declared_part(mine, theirs) for mine, theirs in zip(declared, live, strict=True)]
    return live


def _address(resource: Resource) -> tuple[str, str, str, str]:
    """Return API version, kind, namespace and name of a resource."""
    _, api_version, kind = resource.token.split(":")
    namespace, _, name = resource.id.rpartition("/")
    kind = kind.removesuffix("Patch") if is_patch(resource.token) else kind
    return api_version.removeprefix("core/"), kind, namespace, name


def _named(metadata: Properties) -> dict[str, str]:
    """Return what an object is found by."""
    return {key: str(metadata[key]) for key in ("name", "namespace") if metadata.get(key)}


def _is_ours(found: Properties) -> bool:
    return any(entry.get("manager") == MANAGER for entry in found["metadata"].get("managedFields") or [])


def _as_text(secret: Properties) -> dict[str, str]:
    """Return a Secret's data as it was declared by `stringData`, which the server takes and never shows."""
    data = secret.get("data") or {}
    return {name: base64.b64decode(value).decode(errors="replace") for name, value in data.items()}


def _shown(found: Properties) -> Properties:
    """An object as a resource's outputs; who owns which field is the server's own bookkeeping."""
    metadata = {name: value for name, value in found["metadata"].items() if name != "managedFields"}
    return {**found, "metadata": metadata}
