"""The weights of an endpoint's model: which revision, how much room they take, and who fills the bucket with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedplate.serving.memory import cache_gib, weights_gib

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.catalog import Model
    from bedplate.serving.plan import EndpointPlan
    from bedplate.serving.spec import EndpointSpec


@dataclass(frozen=True, slots=True)
class WeightsPlan:
    """The weights of a model: where they come from and where each worker reads them.

    `revision` is a commit of the model's repository, so that its files never change. `size_gib` is what the weights
    take, `cache_gib` bounds what a worker may put on its node's NVMe drives. `token_secret` is the configuration key
    of the token for a gated model, or None; only the job that fills the bucket gets it. That job runs in `namespace`,
    on general nodes, and its image is `image`, None for the sidecar's in the account's own registry.
    """

    repository: str
    revision: str
    size_gib: float
    cache_gib: int
    token_secret: str | None
    namespace: str
    image: str | None

    @property
    def prefix(self) -> str:
        """Where the bucket keeps them: another revision is another place, and never overwrites one in use."""
        return f"{self.repository}/{self.revision}"

    @property
    def path(self) -> str:
        """Where the engine finds them."""
        return f"/models/{self.prefix}"


def plan_weights(spec: EndpointSpec, model: Model, namespace: str) -> WeightsPlan:
    """Return the weights that an endpoint needs; their job runs in `namespace`."""
    return WeightsPlan(
        repository=model.repository,
        revision=model.revision,
        size_gib=weights_gib(model),
        cache_gib=cache_gib(model),
        token_secret=spec.token.secret if spec.token else None,
        namespace=namespace,
        image=spec.sidecar_image,
    )


def weights_once(endpoints: Sequence[EndpointPlan], cluster: str) -> tuple[WeightsPlan, ...]:
    """Return what the bucket of a cluster holds: a revision that several endpoints serve is there once, and they agree
    on who fills it (preconditions)."""
    found = {
        endpoint.weights.prefix: endpoint.weights
        for endpoint in endpoints
        if endpoint.weights and endpoint.cluster == cluster
    }
    return tuple(found.values())
