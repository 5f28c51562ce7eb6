"""Every trap of endpoints is refused in the plan: a row per rule, and the neighbour that passes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from bedplate import catalog
from bedplate.errors import Problem, dotted
from bedplate.serving.rules_on_pool import EndpointInContext, problems_on_pool
from bedplate.serving.spec import EndpointSpec
from tests.support.endpoints import CHAT, LARGE, planned, problems, with_endpoint
from tests.support.stacks import REMOVED

OWN_IMAGE = CHAT | {"image": "registry.example.com/engine:1.2", "arguments": ["--x"]}
del OWN_IMAGE["model"], OWN_IMAGE["context_tokens"]

ONE_WORKER: dict[str, Any] = {"workers": {"min": 1, "max": 1}, "scaling": {}}

WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("unknown model", {"chat.model": "qwen3-9b"}, "endpoints.chat.model", "no model that the catalog knows"),
    ("unknown pool", {"chat.pools": ["l5"]}, "endpoints.chat.pools[0]", "'l5' is not under node_pools"),
    ("general pool", {"chat.pools": ["system"]}, "endpoints.chat.pools[0]", "endpoints run on inference pools alone"),
    (
        "training pool",
        {"node_pools.l4.role": "training"},
        "endpoints.chat.pools[0]",
        "a pool for training, and endpoints run on inference pools",
    ),
    (
        "shared accelerators",
        {"node_pools.l4.sharing": {"mode": "time-slicing", "replicas": 4}},
        "endpoints.chat.pools[0]",
        "shares its accelerators (time-slicing), and a worker needs whole ones",
    ),
    (
        "machine without accelerators",
        {"node_pools.l4.machine": "m7i.2xlarge"},
        "endpoints.chat.pools[0]",
        "has no accelerator",
    ),
    (
        "accelerators of two nodes",
        {"chat.accelerators_per_worker": 2},
        "endpoints.chat.accelerators_per_worker",
        "more than one g6.2xlarge has (1)",
    ),
    (
        "heads that cannot be divided",
        {"chat.pools": ["h100"], "chat.accelerators_per_worker": 3, "chat.workers": {"min": 1, "max": 2}},
        "endpoints.chat.accelerators_per_worker",
        "32 attention heads of qwen3-8b cannot be divided among 3",
    ),
    (
        "model too large",
        {"chat.model": "qwen3-32b"},
        "endpoints.chat.accelerators_per_worker",
        "needs 66.4 GiB on each of 1 × L4, 1.3 of them for the engine itself, and it takes 19.8 of 22.03 GiB",
    ),
    (
        "room for weights and a request, and none for the engine",
        {"chat.pools": ["h100"], "chat.model": "qwen3-32b", "chat.context_tokens": 40960, "chat.workers.max": 2,
         "chat.scaling": {}},
        "endpoints.chat.context_tokens",
        "needs 74.1 GiB on each of 1 × H100, 3.0 of them for the engine itself, and it takes 71.3 of 79.18 GiB",
    ),
    (
        "the same by default",
        {"chat.pools": ["h100"], "chat.model": "qwen3-32b", "chat.context_tokens": REMOVED, "chat.workers.max": 2,
         "chat.scaling": {}},
        "endpoints.chat.accelerators_per_worker",
        "qwen3-32b with 40960 tokens of context needs 74.1 GiB",
    ),
    (
        "context too long for the memory",
        {"chat.context_tokens": 40960},
        "endpoints.chat.context_tokens",
        "with 40960 tokens of context needs 22.2 GiB",
    ),
    (
        "context too long for the model",
        {"chat.context_tokens": 50000},
        "endpoints.chat.context_tokens",
        "was made for 40960 tokens",
    ),
    (
        "too little shared memory",
        {"chat.pools": ["h100"], "chat.accelerators_per_worker": 8, "chat.shared_memory_gib": 1,
         "chat.workers": {"min": 1, "max": 1}},
        "endpoints.chat.shared_memory_gib",
        "NCCL fails or hangs below 16",
    ),
    (
        "shared memory that leaves nothing",
        {"chat.shared_memory_gib": 20},
        "endpoints.chat.shared_memory_gib",
        "leave less than half of it to the engine",
    ),
    ("more workers than nodes", {"chat.workers.max": 5}, "endpoints.chat.workers.max", "needs 5 nodes"),
    (
        "workers without a floor",
        {"node_pools.l4.nodes.min": 0},
        "endpoints.chat.workers.min",
        "keeps 1 node of l4 running, and the pool's floor is 0",
    ),
    (
        "the only worker is replaced",
        {"chat.workers.max": 4, "chat.scaling.schedule.0.workers": 2},
        "endpoints.chat.workers",
        "leaves none while the new ones load",
    ),
    ("one worker in prod", {"environment": "prod"}, "endpoints.chat.workers.min", "1 worker in prod"),
    (
        "gated without token",
        {"chat.model": "llama-3.1-8b-instruct"},
        "endpoints.chat.model",
        "llama-3.1-8b-instruct is gated",
    ),
    ("token for nothing", {"chat.token": {"secret": "hf_token"}}, "endpoints.chat.token", "no token is needed"),
    (
        "killed while it drains",
        {"chat.timings": {"termination_grace_seconds": 100}},
        "endpoints.chat.timings",
        "is above termination_grace_seconds 100",
    ),
    (
        "stops while it is sent to",
        {"chat.timings": {"pre_stop_seconds": 5}},
        "endpoints.chat.timings",
        "gateways still send to it",
    ),
    ("aborts", {"chat.timings": {"drain_seconds": 0}}, "endpoints.chat.timings", "abort at SIGTERM"),
    (
        "rollout fails while it loads",
        {"chat.timings": {"progress_deadline_minutes": 30}},
        "endpoints.chat.timings",
        "is above progress_deadline_seconds 1800",
    ),
    (
        "restarted while it loads",
        {"chat.timings": {"startup_minutes": 1}},
        "endpoints.chat.timings",
        "startup budget of 60 s is below the 160 s that loading the model takes",
    ),
    (
        "port of one's own",
        {"chat.arguments": ["--port", "9000"]},
        "endpoints.chat.arguments[0]",
        "--port contradicts what the plan sets or counts with",
    ),
    (
        "key in the arguments",
        {"chat.arguments": ["--enforce-eager", "--api_key=abc"]},
        "endpoints.chat.arguments[1]",
        "--api-key contradicts",
    ),
    (
        "moving tag",
        {"chat.image": "registry.example.com/vllm:latest"},
        "endpoints.chat.image",
        "may be another image tomorrow",
    ),
    (
        "no days",
        {"chat.scaling.schedule.0.days": "mon-fry"},
        "endpoints.chat.scaling.schedule[0].days",
        "'mon-fry' names no days",
    ),
    (
        "no time zone",
        {"chat.scaling.schedule.0.timezone": "CEST"},
        "endpoints.chat.scaling.schedule[0].timezone",
        "'CEST' is no time zone",
    ),
    (
        "schedule above the maximum",
        {"chat.scaling.schedule.0.workers": 4},
        "endpoints.chat.scaling.schedule[0].workers",
        "above workers.max 3",
    ),
    (
        "schedule that changes nothing",
        {"chat.scaling.schedule.0.workers": 1},
        "endpoints.chat.scaling.schedule[0].workers",
        "1 workers run anyway",
    ),
    (
        "two at one address",
        {"chat": CHAT | ONE_WORKER, "endpoints.other": CHAT | ONE_WORKER, "node_pools.l4.nodes.min": 2},
        "endpoints.other.hostname",
        "'chat' answers at chat.example.com already",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "field", "message"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_traps_are_refused(changes: dict[str, Any], field: str, message: str) -> None:
    found = problems(changes)
    assert [(dotted(one.field), message in one.message) for one in found if dotted(one.field) == field], found
    assert any(message in one.message and dotted(one.field) == field for one in found), found


RIGHT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("as it stands", {}, CHAT),
    ("large", {}, LARGE | {"workers": {"min": 1, "max": 1}}),
    ("own image", {}, OWN_IMAGE),
    ("gated with token", {"chat.model": "llama-3.1-8b-instruct", "chat.token": {"secret": "hf_token"}}, CHAT),
    ("two workers in prod", {"environment": "prod", "chat.workers": {"min": 2, "max": 3}, "node_pools.l4.nodes.min": 2,
                             "chat.scaling": {}}, CHAT),
    ("no schedule", {"chat.scaling": REMOVED}, CHAT),
    ("longer drain", {"chat.timings": {"drain_seconds": 300}}, CHAT),
    ("digest", {"chat.image": f"registry.example.com/vllm@sha256:{'0' * 64}"}, CHAT),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "endpoint"), [row[1:] for row in RIGHT], ids=[row[0] for row in RIGHT])
def test_what_is_right_passes(changes: dict[str, Any], endpoint: dict[str, Any]) -> None:
    assert problems(changes, endpoint) == []
    planned(changes, endpoint)


def test_endpoints_of_a_pool_share_its_room() -> None:
    small = CHAT | {"pools": ["h100"], "accelerators_per_worker": 4, "scaling": {}, "hostname": "small.example.com"}
    two = {"endpoints.small": small | {"workers": {"min": 1, "max": 3}}}
    large = LARGE | {"accelerators_per_worker": 4, "workers": {"min": 1, "max": 2}}
    assert problems(two, large) == []
    three = {"endpoints.small": small | {"workers": {"min": 1, "max": 5}}}
    assert any("workers.max of chat, small needs 4 nodes" in one.message for one in problems(three, large))


BESIDE = CHAT | {"pools": ["h100"], "scaling": {}, "hostname": "small.example.com"}
"""Another endpoint on the pool of `LARGE`, whose two workers have a node of eight accelerators each."""


def beside(workers: int, accelerators: int, nodes: int, *, most: int = 2) -> list[Problem]:
    """Return what is wrong with `LARGE` on so many nodes beside so many workers of another size."""
    small = BESIDE | {"accelerators_per_worker": accelerators, "workers": {"min": 1, "max": workers}}
    pool = {"cluster": "use1", "role": "inference", "machine": "p5.48xlarge", "nodes": {"min": 2, "max": nodes}}
    changes = {"endpoints.small": small, "node_pools.h100": pool}
    found = problems(changes, LARGE | {"workers": {"min": 1, "max": most}})
    return [problem for problem in found if dotted(problem.field).endswith("workers.max")]


def test_small_workers_on_every_node_leave_no_room_for_large_ones() -> None:
    """The scheduler spreads workers over nodes: eight of one accelerator stand on three nodes, and not on one."""
    (problem,) = beside(8, 1, nodes=3)
    assert "workers.max of chat, small needs up to 10 nodes, and the pool h100 reaches 3" in problem.message
    assert "differ in size" in problem.message
    assert "a pool of its own" in (problem.hint or "")
    assert beside(8, 1, nodes=10) == []


def test_sizes_may_differ_where_the_worst_order_leaves_room() -> None:
    assert beside(2, 1, nodes=4) == []
    assert len(beside(2, 1, nodes=3)) == 1
    assert beside(2, 1, nodes=3, most=1) == []


def test_every_offer_of_a_pool_must_hold_a_worker() -> None:
    smaller = {
        "node_pools.l4": {
            "cluster": "use1", "role": "inference", "nodes": {"min": 1, "max": 4},
            "offers": [{"machine": "g6.12xlarge", "max": 2}, {"machine": "g6.2xlarge", "max": 2}],
        },
        "chat.accelerators_per_worker": 4,
    }  # fmt: skip
    assert any("more than one g6.2xlarge has" in one.message for one in problems(smaller))


@pytest.mark.parametrize("order", [1, -1])
def test_an_offer_whose_memory_nobody_knows_hides_no_other(order: int) -> None:
    stack = with_endpoint({"chat.context_tokens": 40960})
    known = catalog.machine("aws", "g6.2xlarge")
    assert known is not None
    machines = (replace(known, name="g6.unknown", accelerator_memory_gib=None), known)[::order]
    context = EndpointInContext("chat", stack.endpoints["chat"], stack, stack.node_pools["l4"], machines)
    (found,) = problems_on_pool(context)
    assert "with 40960 tokens of context needs 22.2 GiB" in found.message


@pytest.mark.parametrize(
    ("changes", "most"),
    [
        ({"chat.context_tokens": 40960}, 23552),
        ({"chat.pools": ["h100"], "chat.model": "qwen3-32b", "chat.context_tokens": 40960, "chat.scaling": {}}, 28672),
    ],
)
def test_the_context_that_a_hint_names_passes_and_a_little_more_does_not(changes: dict[str, Any], most: int) -> None:
    (hint,) = [one.hint for one in problems(changes) if dotted(one.field) == "endpoints.chat.context_tokens"]
    assert hint.startswith(f"Set context_tokens to at most {most},")
    assert problems(changes | {"chat.context_tokens": most}) == []
    assert len(problems(changes | {"chat.context_tokens": most + 1024})) == 1


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (CHAT | {"licence": "apache-2.0"}, "the catalog knows the licence of its models; leave it out"),
        (OWN_IMAGE | {"licence": "Apache 2.0"}, "String should match pattern"),
    ],
)
def test_a_licence_is_named_where_nobody_else_knows_it(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        EndpointSpec.model_validate_json(json.dumps(declared))


def test_weights_have_a_licence_or_nobody_says() -> None:
    assert planned().licence == "apache-2.0"
    named = EndpointSpec.model_validate_json(json.dumps(OWN_IMAGE | {"licence": "mit"}))
    assert (named.licence, EndpointSpec.model_validate_json(json.dumps(OWN_IMAGE)).licence) == ("mit", None)
