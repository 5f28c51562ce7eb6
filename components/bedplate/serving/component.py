"""Serving as Pulumi components: the weights of a cluster, and its endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from bedplate.cost.wire import carried_cost
from bedplate.services.manifests import apply_manifests
from bedplate.serving.answers import endpoint_numbers
from bedplate.serving.api_keys import parse_api_keys
from bedplate.serving.gateway import api_keys_secret, gateway_manifests
from bedplate.serving.monitoring import monitoring_manifests
from bedplate.serving.plan import ApiKeys
from bedplate.serving.scaling import scaled_object
from bedplate.serving.weights import (
    SERVICE_ACCOUNT,
    TOKEN_KEY,
    fill_job,
    job_network_policy,
    program_manifest,
    service_account,
    token_digest,
    token_secret_name,
)
from bedplate.serving.weights_plan import weights_once
from bedplate.serving.workload import workload_manifests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedplate.clusters.handles import ClusterHandles
    from bedplate.plan import StackPlan
    from bedplate.serving.plan import EndpointPlan
    from bedplate.serving.weights_plan import WeightsPlan


class ModelWeights(pulumi.ComponentResource):
    """The bucket with the weights that a stack's endpoints on one cluster serve, and the jobs that fill it."""

    def __init__(
        self, stack: StackPlan, cluster_name: str, cluster: ClusterHandles, after: Sequence[pulumi.Resource] = ()
    ) -> None:
        """Declare what the endpoints of `stack` on a cluster need; `after` must hold their namespaces."""
        here = [endpoint for endpoint in stack.endpoints if endpoint.cluster == cluster_name and endpoint.weights]
        weights = weights_once(here, cluster_name)
        lines = [line for line in stack.cost.lines if line.owner == f"weights.{cluster_name}"]
        models = [one.prefix for one in weights]
        inputs = {"models": models, **carried_cost(stack, stack.cluster_plan(cluster_name), lines)}
        options = pulumi.ResourceOptions(providers=cluster.providers)
        super().__init__("bedplate:index:ModelWeights", cluster_name, inputs, options)
        from bedplate.serving import aws

        name = f"{stack.team}-{stack.environment}-{cluster_name}-weights"
        (namespace,) = {one.namespace for one in weights}
        self.bucket = aws.declare_bucket(name, self, protect=stack.protects(cluster_name))
        prefixes = sorted(one.prefix for one in weights)
        identity = aws.declare_writer(name, self.bucket, prefixes, cluster, namespace, SERVICE_ACCOUNT, self)
        basis = [service_account(namespace, SERVICE_ACCOUNT), job_network_policy(namespace)]
        programs = [program_manifest(space) for space in sorted({namespace, *(one.namespace for one in here)})]
        self.programs = apply_manifests([*basis, *programs], cluster.kubernetes, self, depends_on=after)
        before = [*self.programs, identity]
        for one in weights:
            self._declare_job(one, cluster, before)
        self.register_outputs(inputs)

    def _declare_job(self, weights: WeightsPlan, cluster: ClusterHandles, before: Sequence[pulumi.Resource]) -> None:
        token, digest = [], None
        if weights.token_secret:
            value = pulumi.Config("bedplate").require_secret(weights.token_secret)
            secret = _secret(token_secret_name(weights), weights.namespace, {TOKEN_KEY: value})
            token = list(apply_manifests([secret], cluster.kubernetes, self, depends_on=before))
            digest = value.apply(lambda text: token_digest(weights, text))
        image = _sidecar_image(weights.image, cluster.region, self)
        job = fill_job(weights, image, self.bucket.address, cluster.region, digest)
        apply_manifests([job], cluster.kubernetes, self, depends_on=[*before, *token])


class Endpoint(pulumi.ComponentResource):
    """A model behind an address: its workers, their number, their route and who may use it."""

    def __init__(
        self,
        plan: EndpointPlan,
        stack: StackPlan,
        cluster: ClusterHandles,
        weights: ModelWeights | None,
        after: Sequence[pulumi.Resource] = (),
    ) -> None:
        """Declare a planned endpoint; `after` must hold its namespace, its pool and the cluster's services."""
        numbers = endpoint_numbers(plan, stack)
        options = pulumi.ResourceOptions(providers=cluster.providers)
        super().__init__("bedplate:index:Endpoint", plan.name, numbers, options)
        before = [*after, *self._reader(plan, cluster, weights)]
        address = weights.bucket.address if weights else None
        image = _sidecar_image(plan.sidecar_image, plan.region, self)
        manifests = workload_manifests(plan, image, address)
        workers = apply_manifests(manifests, cluster.kubernetes, self, depends_on=before)
        scaling = [scaled_object(plan), *monitoring_manifests(plan)]
        apply_manifests(scaling, cluster.kubernetes, self, depends_on=workers)
        self._declare_route(plan, cluster, workers)
        self.register_outputs(numbers)

    def _reader(
        self, plan: EndpointPlan, cluster: ClusterHandles, weights: ModelWeights | None
    ) -> list[pulumi.Resource]:
        """Let the workers read their weights; they must not start before they may."""
        if weights is None or plan.weights is None:
            return []
        from bedplate.serving import aws

        prefixes = [plan.weights.prefix]
        identity = aws.declare_reader(plan.full_name, weights.bucket, prefixes, cluster, plan.namespace, self)
        return [identity, *weights.programs]

    def _declare_route(self, plan: EndpointPlan, cluster: ClusterHandles, workers: Sequence[pulumi.Resource]) -> None:
        """Declare the way in last, after whoever guards it."""
        before = list(workers)
        if isinstance(plan.authentication, ApiKeys):
            name = plan.authentication.secret_name
            keys = pulumi.Config("bedplate").require_secret(name).apply(lambda text: _parsed_keys(name, text))
            secret = _secret(api_keys_secret(plan), plan.namespace, keys)
            before += apply_manifests([secret], cluster.kubernetes, self, depends_on=workers)
        *guards, route = gateway_manifests(plan)
        before += apply_manifests(guards, cluster.kubernetes, self, depends_on=before)
        apply_manifests([route], cluster.kubernetes, self, depends_on=before)


def _parsed_keys(secret_name: str, text: str) -> dict[str, str]:
    """Return keys by caller; raises RunError, which Pulumi shows as a mistake of the user, without a traceback."""
    try:
        return parse_api_keys(text)
    except ValueError as error:
        key = f"bedplate:{secret_name}"
        raise pulumi.RunError(f"{key}: {error}; write others with `pulumi config set --secret {key}`") from None


def _sidecar_image(named: str | None, region: str, parent: pulumi.Resource) -> Any:
    if named:
        return named
    from bedplate.serving import aws

    return aws.own_image("bedplate-sidecar", region, parent)


def _secret(name: str, namespace: str, content: pulumi.Input[Mapping[str, Any]]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": content}
