"""What must hold for an endpoint on its pool: one function per rule, each with a message for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.errors import Problem, listing
from bedplate.serving.memory import accelerator_gib, cache_gib, longest_context, shared_memory_gib, usable_gib
from bedplate.serving.packing import nodes_for, nodes_in_any_order
from bedplate.serving.plan import (
    NODE_SHARE_PERCENT,
    plan_rollout,
)
from bedplate.serving.timings import rollout_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedplate.catalog import MachineType, Model
    from bedplate.errors import FieldPath
    from bedplate.node_pools.spec import NodePoolSpec
    from bedplate.serving.spec import EndpointSpec
    from bedplate.stack import StackSpec

VENDOR = "NVIDIA"


@dataclass(frozen=True, slots=True)
class EndpointInContext:
    """An endpoint, and the pool that it runs on with the machine types of its offers."""

    name: str
    endpoint: EndpointSpec
    stack: StackSpec
    pool: NodePoolSpec
    machines: tuple[MachineType, ...]

    @property
    def model(self) -> Model | None:
        """The catalog's model, or None for an image of the team's own."""
        return catalog.model(self.endpoint.model) if self.endpoint.model else None

    @property
    def accelerators_per_node(self) -> int:
        """The accelerators of the smallest machine that a worker may land on."""
        return min(machine.accelerator_count for machine in self.machines)

    @property
    def reachable_nodes(self) -> int:
        """The most nodes of the pool that can run at once: offers scale separately."""
        return sum(offer.max or self.pool.nodes.max for offer in self.pool.all_offers())

    def field(self, *below: str | int) -> FieldPath:
        """Return where a value of the endpoint is written."""
        return ("endpoints", self.name, *below)


def problems_on_pool(context: EndpointInContext) -> Iterator[Problem]:
    unsuitable = list(_pool_serves(context)) or list(_accelerators_are_whole(context)) or list(_vendor_known(context))
    yield from unsuitable
    if unsuitable:  # the other rules are about accelerators
        return
    too_many = list(_accelerators_fit(context))
    yield from too_many
    if too_many:
        return
    for rule in RULES:
        yield from rule(context)


def _pool_serves(context: EndpointInContext) -> Iterator[Problem]:
    if context.pool.role != "inference":
        serving = tuple(name for name, pool in context.stack.node_pools.items() if pool.role == "inference")
        yield Problem(
            f"{context.endpoint.pools[0]!r} is a pool for {context.pool.role}, and endpoints run on inference pools "
            "alone",
            context.field("pools", 0),
            allowed=serving,
        )


def _accelerators_are_whole(context: EndpointInContext) -> Iterator[Problem]:
    """A worker's memory, its context and its number per node are computed for whole accelerators of its own."""
    if context.pool.sharing is not None:
        yield Problem(
            f"the pool {context.endpoint.pools[0]!r} shares its accelerators ({context.pool.sharing.mode}), and a "
            "worker needs whole ones",
            context.field("pools", 0),
            hint="Use a pool without sharing; small models of your own run on a shared one by your own manifests: "
            "docs/guide/sharing.md.",
        )


def _vendor_known(context: EndpointInContext) -> Iterator[Problem]:
    for machine in context.machines:
        if machine.vendor != VENDOR or not machine.resource_name:
            has = f"{machine.accelerator_count} × {machine.accelerator}" if machine.accelerator else "no accelerator"
            yield Problem(
                f"{machine.name} has {has}, and workers run on {VENDOR} accelerators", context.field("pools", 0)
            )
            return


def _accelerators_fit(context: EndpointInContext) -> Iterator[Problem]:
    wanted = context.endpoint.accelerators_per_worker
    for machine in context.machines:
        if wanted > machine.accelerator_count:
            yield Problem(
                f"{wanted} accelerators are more than one {machine.name} has ({machine.accelerator_count}), and a "
                "worker runs on one node",
                context.field("accelerators_per_worker"),
            )
            return
    heads = context.model.attention_heads if context.model else wanted
    if heads % wanted:
        possible = [n for n in range(1, context.accelerators_per_node + 1) if heads % n == 0]
        yield Problem(
            f"the {heads} attention heads of {context.endpoint.model} cannot be divided among {wanted} accelerators",
            context.field("accelerators_per_worker"),
            allowed=tuple(map(str, possible)),
        )


def _model_fits_accelerators(context: EndpointInContext) -> Iterator[Problem]:
    """On every offer: a worker may land on each. Of a machine whose memory no source has, nothing is said."""
    model, wanted = context.model, context.endpoint.accelerators_per_worker
    if model is None:
        return
    tokens = context.endpoint.context_tokens or model.context_tokens
    known = [(memory, machine) for machine in context.machines if (memory := catalog.visible_memory_gib(machine))]
    if not known:
        return
    memory, machine = min(known, key=lambda one: usable_gib(one[0]) - accelerator_gib(model, wanted, tokens, one[0]))
    needed, usable = accelerator_gib(model, wanted, tokens, memory), usable_gib(memory)
    if needed <= usable:
        return
    longest = longest_context(model, wanted, memory) // 1024 * 1024
    hint = f"Set context_tokens to at most {longest}" if longest else "Give each worker more accelerators"
    at = "context_tokens" if context.endpoint.context_tokens and longest else "accelerators_per_worker"
    yield Problem(
        f"{model.name} with {tokens} tokens of context needs {needed:.1f} GiB on each of {wanted} × "
        f"{machine.accelerator}, {catalog.engine_memory_gib(memory, wanted):.1f} of them for the engine itself, and it "
        f"takes {usable:.1f} of {memory:g} GiB",
        context.field(at),
        hint=f"{hint}, or use a machine with more memory.",
    )


def _context_within_model(context: EndpointInContext) -> Iterator[Problem]:
    model, tokens = context.model, context.endpoint.context_tokens
    if model is not None and tokens is not None and tokens > model.context_tokens:
        yield Problem(
            f"{model.name} was made for {model.context_tokens} tokens, and {tokens} are asked for",
            context.field("context_tokens"),
        )


def _shared_memory_suffices(context: EndpointInContext) -> Iterator[Problem]:
    endpoint = context.endpoint
    least = shared_memory_gib(endpoint.accelerators_per_worker)
    shared = endpoint.shared_memory_gib or least
    if shared < least:
        yield Problem(
            f"{shared} GiB of shared memory are too few for {endpoint.accelerators_per_worker} accelerators: NCCL "
            f"fails or hangs below {least}",
            context.field("shared_memory_gib"),
        )
    machine = min(context.machines, key=lambda one: one.memory_gib or 0)
    share = endpoint.accelerators_per_worker / machine.accelerator_count
    memory = (machine.memory_gib or 0) * share * NODE_SHARE_PERCENT / 100
    if shared > memory / 2:
        yield Problem(
            f"{shared} GiB of shared memory count against the worker's {memory:.0f} GiB on {machine.name}, and leave "
            "less than half of it to the engine",
            context.field("shared_memory_gib" if endpoint.shared_memory_gib else "accelerators_per_worker"),
        )


def _weights_fit_on_drives(context: EndpointInContext) -> Iterator[Problem]:
    if context.model is None:
        return
    for machine in context.machines:
        drives = (machine.nvme_count or 0) * (machine.nvme_size_gb or 0) * 10**9 / 2**30
        workers = machine.accelerator_count // context.endpoint.accelerators_per_worker
        needed = workers * cache_gib(context.model)
        if needed > drives * 9 / 10:  # the kubelet keeps a tenth free (node_pools.labels)
            yield Problem(
                f"{workers} workers on one {machine.name} keep {needed} GiB of weights on its NVMe drives, which hold "
                f"{drives:.0f} GiB",
                context.field("pools", 0),
                hint="Give each worker more accelerators, or use a machine with larger drives.",
            )
            return


def _workers_fit_pool(context: EndpointInContext) -> Iterator[Problem]:
    """All endpoints of a pool together must find room when each has all its workers, in whatever order they came.

    Workers are spread over nodes, so small ones may stand on every node and leave none of them whole.
    """
    workers = _all_workers(context, lambda spec: spec.workers.max)
    nodes, reachable = nodes_in_any_order(workers, context.accelerators_per_node), context.reachable_nodes
    if nodes <= reachable or context.name != _last_on_pool(context):
        return
    pool, names = context.endpoint.pools[0], listing(_names_on_pool(context))
    if len({size for _, size in workers}) > 1:
        yield Problem(
            f"workers.max of {names} needs up to {nodes} nodes, and the pool {pool} reaches {reachable}; their workers "
            "differ in size, and small ones on every node leave no room for large ones",
            context.field("workers", "max"),
            hint=f"Lower workers.max, raise node_pools.{pool}.nodes.max, or give workers of another size a pool of "
            "its own.",
        )
        return
    yield Problem(
        f"workers.max of {names} needs {nodes} nodes, and the pool {pool} reaches {reachable}",
        context.field("workers", "max"),
        hint=f"Lower workers.max, or raise node_pools.{pool}.nodes.max.",
    )


def _replaced_one_by_one(context: EndpointInContext) -> Iterator[Problem]:
    """Where the pool has no room for a new worker beside the old ones, another old one must serve meanwhile."""
    rollout = plan_rollout(context.stack, context.name, context.accelerators_per_node, context.reachable_nodes)
    for problem in rollout_problems(rollout.max_surge, rollout.max_unavailable, context.endpoint.workers.min):
        yield Problem(
            f"the pool {context.endpoint.pools[0]} has no room for a worker beside workers.max, and "
            f"{problem.message}; this loses {problem.loses}",
            context.field("workers"),
            hint=f"Lower workers.max, raise workers.min to 2, or raise node_pools.{context.endpoint.pools[0]}."
            "nodes.max.",
        )


def _floor_covers_workers(context: EndpointInContext) -> Iterator[Problem]:
    """Workers that always run keep their nodes: the pool's floor says so, and with it the cost at rest.

    Packed: that scaling down may leave them on more nodes is a risk, and no reason to pay for those (bedplate.risks).
    """
    nodes = nodes_for(_all_workers(context, lambda spec: spec.workers.min), context.accelerators_per_node)
    if nodes > context.pool.nodes.min and context.name == _last_on_pool(context):
        pool = context.endpoint.pools[0]
        yield Problem(
            f"workers.min of {listing(_names_on_pool(context))} keeps {nodes} "
            f"node{'s' * (nodes > 1)} of {pool} running, and the pool's floor is {context.pool.nodes.min}: the cost "
            "at rest would leave them out",
            context.field("workers", "min"),
            hint=f"Set node_pools.{pool}.nodes.min to {nodes}.",
        )


def _names_on_pool(context: EndpointInContext) -> list[str]:
    return [name for name, spec in context.stack.endpoints.items() if spec.pools == context.endpoint.pools]


def _last_on_pool(context: EndpointInContext) -> str:
    return _names_on_pool(context)[-1]


def _all_workers(context: EndpointInContext, count: Callable[[EndpointSpec], int]) -> list[tuple[int, int]]:
    return [
        (count(spec), spec.accelerators_per_worker)
        for spec in context.stack.endpoints.values()
        if spec.pools == context.endpoint.pools
    ]


RULES: tuple[Callable[[EndpointInContext], Iterator[Problem]], ...] = (
    _context_within_model,
    _model_fits_accelerators,
    _shared_memory_suffices,
    _weights_fit_on_drives,
    _workers_fit_pool,
    _replaced_one_by_one,
    _floor_covers_workers,
)
