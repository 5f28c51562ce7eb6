"""How much memory a model takes on its accelerators and on its node."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bedplate.catalog.serving import DTYPES

if TYPE_CHECKING:
    from bedplate.catalog import Model

GIB = 2**30

ACCELERATOR_MEMORY_PERCENT = 90
"""How much of an accelerator vLLM takes (--gpu-memory-utilization); the rest is left to the driver and to graphs."""

KEYS_AND_VALUES = 2

CACHE_MARGIN_PERCENT = 10
"""Room beside the weights on a worker's drive: tokenizer, engine's compilation cache, a file that arrives twice."""


def weights_gib(model: Model) -> float:
    """Return the size of a model's weights."""
    return model.parameters * DTYPES[model.dtype] / GIB


def context_gib(model: Model, tokens: int) -> float:
    """Return the size of the keys and values that one request of so many tokens leaves in memory."""
    per_token = KEYS_AND_VALUES * model.layers * model.kv_heads * model.head_size * DTYPES[model.dtype]
    return tokens * per_token / GIB


def accelerator_gib(model: Model, accelerators: int, tokens: int) -> float:
    """Return what each accelerator must hold so that the engine starts: its share of the weights and of one request.

    Heads of keys and values are not split: with more accelerators than heads, some hold the same ones.
    """
    return weights_gib(model) / accelerators + context_gib(model, tokens) / min(accelerators, model.kv_heads)


def usable_gib(memory_gib: float) -> float:
    """Return how much of an accelerator's memory the engine takes."""
    return memory_gib * ACCELERATOR_MEMORY_PERCENT / 100


def longest_context(model: Model, accelerators: int, memory_gib: float) -> int:
    """Return the longest request that fits beside the weights, in tokens; 0 when the weights alone do not fit."""
    free = usable_gib(memory_gib) - weights_gib(model) / accelerators
    per_token = context_gib(model, 1) / min(accelerators, model.kv_heads)
    return max(0, int(free / per_token))


def shared_memory_gib(accelerators: int) -> int:
    """Return how much shared memory the processes of a worker need: NCCL's buffers grow with the accelerators."""
    return 1 if accelerators == 1 else max(8, 2 * accelerators)


def cache_gib(model: Model) -> int:
    """Return the room that a worker's cache of the weights may take on its node."""
    return math.ceil(weights_gib(model) * (100 + CACHE_MARGIN_PERCENT) / 100)
