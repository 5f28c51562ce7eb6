"""How much memory a model takes on its accelerators and on its node."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bedplate.catalog import engine_memory_gib
from bedplate.catalog.serving import DTYPES

if TYPE_CHECKING:
    from bedplate.catalog import Model

GIB = 2**30

ACCELERATOR_MEMORY_PERCENT = 90
"""How much of the memory that CUDA reports vLLM takes (--gpu-memory-utilization). Weights, keys and values,
activations, buffers and, since 0.21, graphs are all within it (vllm-project/vllm pull requests 10511 and 30515)."""

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


def accelerator_gib(model: Model, accelerators: int, tokens: int, memory_gib: float) -> float:
    """Return what each accelerator must hold so that the engine starts: its share of the weights and of one request,
    and what the engine takes for itself, which depends on `memory_gib`, the memory that CUDA reports.
    """
    own = engine_memory_gib(memory_gib, accelerators)
    return own + weights_gib(model) / accelerators + _request_gib(model, accelerators, tokens)


def usable_gib(memory_gib: float) -> float:
    """Return how much of an accelerator's memory the engine takes."""
    return memory_gib * ACCELERATOR_MEMORY_PERCENT / 100


def longest_context(model: Model, accelerators: int, memory_gib: float) -> int:
    """Return the longest request for which the engine starts, in tokens; 0 when it does not without any."""
    free = usable_gib(memory_gib) - accelerator_gib(model, accelerators, 0, memory_gib)
    return max(0, int(free / _request_gib(model, accelerators, 1)))


def _request_gib(model: Model, accelerators: int, tokens: int) -> float:
    """Return an accelerator's share of a request's keys and values.

    Their heads are not split: with more accelerators than heads, some hold the same ones.
    """
    return context_gib(model, tokens) / min(accelerators, model.kv_heads)


def shared_memory_gib(accelerators: int) -> int:
    """Return how much shared memory the processes of a worker need: NCCL's buffers grow with the accelerators."""
    return 1 if accelerators == 1 else max(8, 2 * accelerators)


def cache_gib(model: Model) -> int:
    """Return the room that a worker's cache of the weights may take on its node."""
    return math.ceil(weights_gib(model) * (100 + CACHE_MARGIN_PERCENT) / 100)
