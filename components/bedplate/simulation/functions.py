"""Functions of the clouds that programs call for data: zones, the account, a policy document, a cluster.

What depends on the world is read from the world and from the catalog; what only has to look right is made from
the SDK's types. A function whose answer a program would build on, and which the simulated clouds cannot know, is
refused rather than made up.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.sdk_types import function_result
from bedplate.simulation.outputs import ACCOUNT, Subject, plausible_property
from bedplate.simulation.requests import Refusal
from bedplate.simulation.templates import digits
from bedplate.simulation.zones import zone_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bedplate.simulation.requests import Instance
    from bedplate.simulation.world_file import Properties, Resource, World


def call(world: World, instance: Instance, token: str, arguments: Properties) -> Properties:
    """Return the result of a function; raises `Refusal` for one that cannot be answered."""
    known = _FUNCTIONS.get(token)
    if known is not None:
        return {**arguments, **known(world, instance, arguments)}
    if instance.package == "kubernetes":
        raise Refusal(f"{token} runs inside the real provider, which a simulation does not have")
    result = function_result(token)
    if result is None:
        raise Refusal(f"no function {token} in the installed SDK")
    # the same question has the same answer each time: a program that calls twice must see no difference
    seed = digits(token + json.dumps(arguments, sort_keys=True))
    subject = Subject(token, "", arguments, instance.region, seed=seed, identity=f"simulated-{seed[:12]}")
    made = {name: plausible_property(prop, name, subject) for name, prop in result.items()}
    return {**{name: value for name, value in made.items() if value is not None}, **arguments}


def _availability_zones(_world: World, instance: Instance, arguments: Properties) -> Properties:
    region = str(arguments.get("region") or instance.region)
    names, excluded = zone_ids(region), arguments.get("excludeZoneIds") or []
    left = {name: zone for name, zone in names.items() if zone not in excluded}
    return {"id": region, "names": list(left), "zoneIds": list(left.values()), "groupNames": [region], "region": region}


def _region(_world: World, instance: Instance, arguments: Properties) -> Properties:
    region = str(arguments.get("region") or instance.region)
    return {"id": region, "name": region, "region": region, "endpoint": f"ec2.{region}.amazonaws.com"}


def _caller(_world: World, _instance: Instance, _arguments: Properties) -> Properties:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/simulated/runner"
    return {"id": ACCOUNT, "accountId": ACCOUNT, "arn": arn, "userId": "AROASIMULATED:runner"}


def _partition(_world: World, _instance: Instance, _arguments: Properties) -> Properties:
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def _policy_document(_world: World, _instance: Instance, arguments: Properties) -> Properties:
    statements = [_statement(statement) for statement in arguments.get("statements") or []]
    document = {"Version": arguments.get("version") or "2012-10-17", "Statement": statements}
    return {
        "id": digits(json.dumps(document))[:10],
        "json": json.dumps(document, indent=2),
        "minifiedJson": json.dumps(document),
    }


def _statement(given: Properties) -> Properties:
    statement: Properties = {"Effect": given.get("effect") or "Allow"}
    if given.get("sid"):
        statement["Sid"] = given["sid"]
    for name, key in (("actions", "Action"), ("notActions", "NotAction"), ("resources", "Resource")):
        if given.get(name):
            statement[key] = given[name][0] if len(given[name]) == 1 else given[name]
    for principal in given.get("principals") or []:
        identifiers = principal["identifiers"]
        named = identifiers[0] if len(identifiers) == 1 else identifiers
        statement.setdefault("Principal", {})[principal["type"]] = named
    for condition in given.get("conditions") or []:
        statement.setdefault("Condition", {}).setdefault(condition["test"], {})[condition["variable"]] = condition[
            "values"
        ]
    return statement


def _cluster(world: World, _instance: Instance, arguments: Properties) -> Properties:
    found = _held(world, "aws:eks/cluster:Cluster", arguments.get("name"))
    if found is None:
        raise Refusal(f"reading EKS Cluster ({arguments.get('name')}): couldn't find resource")
    certificate = found.outputs.get("certificateAuthority") or {}
    return {**found.outputs, "id": found.id, "certificateAuthorities": [certificate]}


def _cluster_token(_world: World, _instance: Instance, arguments: Properties) -> Properties:
    return {"id": arguments.get("name"), "token": "k8s-aws-v1.simulated"}


def _aks_user_credentials(world: World, _instance: Instance, arguments: Properties) -> Properties:
    """Return where a cluster is and who vouches for it, as AKS tells users of a cluster without local accounts."""
    name = arguments.get("resourceName")
    clusters = world.of_type("azure-native:containerservice:ManagedCluster")
    found = next((cluster for cluster in clusters if cluster.id.rpartition("/")[2] == name), None)
    if found is None:
        missing = f"Microsoft.ContainerService/managedClusters/{name}"
        raise Refusal(f"Code=ResourceNotFound: The Resource '{missing}' was not found.")
    server = f"https://{found.outputs['fqdn']}:443"
    cluster = {"server": server, "certificate-authority-data": "U0lNVUxBVEVE"}
    config = json.dumps({"clusters": [{"name": name, "cluster": cluster}]})
    value = base64.b64encode(config.encode()).decode()
    return {"kubeconfigs": [{"name": "clusterUser", "value": value}]}


def _machine_offerings(_world: World, instance: Instance, arguments: Properties) -> Properties:
    wanted = {f["name"]: f["values"] for f in arguments.get("filters") or []}
    by_id = arguments.get("locationType") == "availability-zone-id"
    names = {zone: zone if by_id else name for name, zone in zone_ids(instance.region).items()}
    offered = [
        (name, names[zone])
        for name in wanted.get("instance-type", ())
        if (machine := catalog.machine("aws", name))
        for zone in machine.zones.get(instance.region, ())
        if zone in names and names[zone] in wanted.get("location", (names[zone],))
    ]
    return {
        "id": instance.region,
        "instanceTypes": [name for name, _ in offered],
        "locations": [place for _, place in offered],
        "locationTypes": [arguments.get("locationType") or "region"] * len(offered),
    }


def _held(world: World, token: str, identity: Any) -> Resource | None:
    return next((resource for resource in world.of_type(token) if resource.id == identity), None)


_FUNCTIONS: Mapping[str, Callable[[World, Instance, Properties], Properties]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getPartition:getPartition": _partition,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
    "aws:eks/getCluster:getCluster": _cluster,
    "aws:eks/getClusterAuth:getClusterAuth": _cluster_token,
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": _machine_offerings,
    "azure-native:containerservice:listManagedClusterUserCredentials": _aks_user_credentials,
}
