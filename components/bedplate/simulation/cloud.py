"""The simulated clouds: what the provider protocol asks, answered from the world, in plain Python values.

Every answer goes the same way: check the inputs against the SDK and the catalog, ask the rules of the service,
let the faults strike, then change the world. The gRPC side is `servicer`.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bedplate.sdk_types import UNKNOWN, InputProblem, check_inputs, is_known_token, is_unknown
from bedplate.simulation import (
    aks_agent_pools,
    api_server,
    eks_clusters,
    gke_node_pools,
    kubernetes_objects,
    launches,
    references,
)
from bedplate.simulation.faults import Fault, FaultPlan
from bedplate.simulation.local_cluster import is_applied
from bedplate.simulation.machine_checks import check_machines
from bedplate.simulation.names import identity_of, with_automatic_name
from bedplate.simulation.outputs import Subject, answers, outputs_of
from bedplate.simulation.requests import HalfMade, Refusal, Request
from bedplate.simulation.world_file import Resource
from bedplate.simulation.zones import zone_id, zone_ids, zone_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedplate.simulation.local_cluster import LocalCluster
    from bedplate.simulation.requests import Instance
    from bedplate.simulation.world_file import Properties, World

_IF_DELETED = (  # pulumi-kubernetes provider/pkg/provider/provider.go, read 2026-08
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)
SUBNET = "aws:ec2/subnet:Subnet"


@dataclass(frozen=True, slots=True)
class Cloud:
    """All clouds of one run, over one world.

    With a `cluster`, Kubernetes objects are applied to it, and its word counts; the world only remembers them.
    """

    world: World
    faults: FaultPlan = field(default_factory=FaultPlan)
    runner: api_server.Runner = field(default_factory=api_server.Runner)
    cluster: LocalCluster | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    def check(
        self, instance: Instance, token: str, name: str, olds: Properties, news: Properties, seed: str = ""
    ) -> tuple[Properties, list[InputProblem]]:
        """Return the inputs with the provider's defaults, and what is wrong with them."""
        inputs = with_automatic_name(token, name, news, olds, seed)
        if instance.package == "kubernetes":
            inputs = kubernetes_objects.with_namespace(token, inputs, instance, is_known_token(token))
        if instance.package in ("aws", "gcp", "azure-native") and not is_known_token(token):
            return inputs, [InputProblem((), f"no resource type {token} in the installed SDK")]
        problems = check_inputs(token, inputs)
        return inputs, problems or list(check_machines(token, inputs))

    def create(self, instance: Instance, urn: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        """Return the identity and the outputs of a new resource; unknown in a preview what the cloud decides.

        Raises `Refusal` when the service says no, and `HalfMade` when the resource exists and is not ready.
        """
        token, name = parts_of(urn)
        if preview and instance.package != "kubernetes":
            return "", self._outputs(instance, token, name, inputs)
        place = self._place(instance)
        if preview:  # the kubernetes provider asks the API server for a dry run
            cluster = self._applied_to(token)
            return "", cluster.preview(token, inputs) if cluster else self._outputs(instance, token, name, inputs)
        with self.world.lock:
            request = Request(token, inputs, self.world, self._region(instance, inputs), place)
            failure = self._refuse(request, name)
            resource = self._made(instance, urn, inputs, place, failure)
            self.world.put(resource)
        self._wait(resource)
        if failure:
            raise HalfMade(resource)
        return resource.id, resource.outputs

    def update(
        self, instance: Instance, urn: str, identity: str, olds: Properties, news: Properties, *, preview: bool
    ) -> Properties:
        """Return the outputs of a changed resource. `olds` are the inputs that the state remembers.

        What did not change stays as it is in the world, even where somebody changed it there: a real provider too
        sends only what differs.
        """
        token, name = parts_of(urn)
        place = self._place(instance)
        if cluster := self._applied_to(token):
            return cluster.update(self.world, Resource(token, identity, place, urn), news, preview=preview)
        with self.world.lock:
            before = self.world.get(token, place, identity)
            if before is None:
                return self._update_of_missing(instance, token, name, identity, news, preview=preview)
            inputs = {key: value for key, value in before.inputs.items() if key in news or key not in olds}
            changed = {key: value for key, value in news.items() if key not in olds or olds[key] != value}
            inputs.update(changed)
            revision = before.revision + (1 if inputs != before.inputs else 0)
            outputs = self._outputs(instance, token, name, inputs, before.seed, identity, revision)
            if preview:
                revised = answers(token).get("revises", ()) if revision != before.revision else ()
                return {**outputs, **dict.fromkeys(revised, UNKNOWN)}
            request = Request(token, inputs, self.world, self._region(instance, inputs), place, before)
            failure = self._refuse(request, name)
            after = self.world.change(before, inputs=inputs, outputs=outputs, revision=revision, failure=failure)
        if failure:
            raise HalfMade(after)
        return outputs

    def delete(self, instance: Instance, urn: str, identity: str) -> None:
        """Take a resource out of the world, with what goes with it; one that is gone already is no error."""
        resource = self.read(instance, urn, identity)
        if resource is None:
            return
        self._delete_applied(resource)  # which takes its time, and keeps nobody else waiting
        with self.world.lock:
            references.refuse_held(self.world, resource)
            contents = kubernetes_objects.contents(self.world, resource)
            self.world.remove(resource, *contents)
        for item in contents:
            self._delete_applied(item)

    def read(self, instance: Instance, urn: str, identity: str) -> Resource | None:
        """Return a resource as it is in the world, or None where it is gone."""
        token, _ = parts_of(urn)
        try:
            place = self._place(instance)
        except Refusal as refusal:
            if api_server.is_gone_when_unreachable(instance):
                return None
            raise Refusal(f"{refusal}. {_IF_DELETED}" if instance.package == "kubernetes" else str(refusal)) from None
        if cluster := self._applied_to(token):
            return cluster.read(self.world, Resource(token, identity, place, urn))
        if token == kubernetes_objects.NODE and api_server.is_of_others(place):
            return kubernetes_objects.node_of_others(Resource(token, identity, place, urn))
        return self.world.get(token, place, identity)

    def _refuse(self, request: Request, name: str) -> str:
        """Ask the rules of the service; return why the resource will be half made, or an empty string."""
        if request.before is None:
            references.refuse_taken(request)
        references.refuse_missing(request)
        launches.refuse_sizes(request)
        eks_clusters.refuse_cluster(request)
        gke_node_pools.refuse_node_pool(request)
        aks_agent_pools.refuse_agent_pool(request)
        if cluster := self._applied_to(request.token):
            cluster.refuse_second_cluster(request.world, request.place)
        elif request.token.startswith("kubernetes:"):
            kubernetes_objects.refuse_object(request)
        launch = launches.launch_of(request)
        if launch:
            launches.refuse_zone(request, launch)
            launches.refuse_interfaces(request, launch)
            if short := launches.shortage(request, launch, self.faults):
                return short
        if request.before and not request.before.failure:
            return ""
        return _half_way(request.name or name) if self.faults.strike("half", _aims_at(request.token, name)) else ""

    def _made(self, instance: Instance, urn: str, inputs: Properties, place: str, failure: str) -> Resource:
        token, name = parts_of(urn)
        seed = secrets.token_hex(16)
        region = self._region(instance, inputs)
        identity = identity_of(Subject(token, name, inputs, region, seed=seed))
        if cluster := self._applied_to(token):
            outputs = cluster.create(token, inputs)
        else:
            outputs = self._outputs(instance, token, name, inputs, seed, identity)
        return Resource(token, identity, place, urn, inputs, outputs, seed=seed, failure=failure)

    def _outputs(
        self,
        instance: Instance,
        token: str,
        name: str,
        inputs: Properties,
        seed: str = "",
        identity: str = "",
        revision: int = 1,
    ) -> Properties:
        if instance.package == "kubernetes":
            if not seed:
                return kubernetes_objects.preview_outputs(token, inputs)
            return kubernetes_objects.object_outputs(token, inputs, seed)
        region = self._region(instance, inputs)
        outputs = outputs_of(Subject(token, name, inputs, region, instance.default_tags, seed, identity, revision))
        return {**outputs, **_subnet_zone(inputs, region)} if token == SUBNET else outputs

    def _applied_to(self, token: str) -> LocalCluster | None:
        """The cluster that resources of a type are applied to, if there is one."""
        return self.cluster if is_applied(token) else None

    def _delete_applied(self, resource: Resource) -> None:
        if cluster := self._applied_to(resource.token):
            cluster.delete(resource, self.cancelled)

    def _update_of_missing(
        self, instance: Instance, token: str, name: str, identity: str, news: Properties, *, preview: bool
    ) -> Properties:
        if preview:
            return self._outputs(instance, token, name, news)
        raise Refusal(f"{token.split(':')[-1]} {identity} was not found")

    def _region(self, instance: Instance, inputs: Properties) -> str:
        own = inputs.get("region")
        return str(own) if isinstance(own, str) and not is_unknown(own) else instance.region

    def _place(self, instance: Instance) -> str:
        """Where a provider's resources live; raises `Refusal` for a cluster that cannot be reached."""
        if instance.package == "kubernetes":
            server = api_server.server_of(instance)
            api_server.refuse_unreachable(self.world, server, self.runner)
            return f"kubernetes/{server}"
        if instance.package == "aws" and not instance.region:
            raise Refusal("Missing region information: the region must be set, for example with aws:region")
        return f"{instance.package}/{instance.region}".rstrip("/")

    def _wait(self, resource: Resource) -> None:
        slow = self.faults.strike("slow", _aims_at(resource.token, resource.name))
        if slow and self.cancelled.wait(slow.seconds):
            # the real providers too stop waiting when they are interrupted, and hand over what exists
            raise HalfMade(self.world.change(resource, failure=f"waiting for {resource.id}: context canceled"))


def parts_of(urn: str) -> tuple[str, str]:
    """Return the type token and the name that a URN ends with."""
    _, _, qualified, name = urn.split("::", 3)
    return qualified.split("$")[-1], name


def _aims_at(token: str, name: str) -> Callable[[Fault], bool]:
    def hits(fault: Fault) -> bool:
        return fault.target in (token, name)

    return hits


def _half_way(name: str) -> str:
    return (
        f"waiting for {name} create: timeout while waiting for state to become 'ACTIVE' "
        "(last state: 'CREATING', timeout: 1h0m0s)"
    )


def _subnet_zone(inputs: Properties, region: str) -> Properties:
    """A subnet's zone by name and by id; the first zone of the region where it names none."""
    given = inputs.get("availabilityZone") or inputs.get("availabilityZoneId") or next(iter(zone_ids(region)), "")
    if is_unknown(given):
        return {"availabilityZone": UNKNOWN, "availabilityZoneId": UNKNOWN}
    if not zone_id(given):
        raise Refusal(f"InvalidParameterValue: Value ({given}) for parameter availabilityZone is invalid.")
    return {"availabilityZone": zone_name(given), "availabilityZoneId": zone_id(given)}
