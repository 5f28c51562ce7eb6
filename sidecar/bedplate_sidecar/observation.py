"""What one look at an engine brings back."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from bedplate_sidecar.exposition import totals

STEPS = "vllm:iteration_tokens_total_count"
"""The heartbeat: observations of the histogram of tokens per step. vLLM makes one only for a step that has output, so
the chunks of a long prefill do not move it (vllm/v1/engine/async_llm.py makes no IterationStats without outputs, and
vllm/v1/metrics/loggers.py, read at commit 005a810 on 2026-11-21, observes nothing without them)."""

CACHE = "vllm:kv_cache_usage_perc"
"""Set from the scheduler's statistics after every step, with output or without: it moves while a prefill does."""

CACHE_BEFORE = "vllm:gpu_cache_usage_perc"
"""Its name until vLLM's pull request 18354 (May 2025), for images of one's own."""

RUNNING = "vllm:num_requests_running"
WAITING = "vllm:num_requests_waiting"
GENERATED = "vllm:generation_tokens_total"
PROMPTED = "vllm:prompt_tokens_total"
STARTED = "process_start_time_seconds"

NEEDED = (STEPS, RUNNING, WAITING)
READ = (*NEEDED, CACHE, CACHE_BEFORE, GENERATED, PROMPTED, STARTED)


@dataclass(frozen=True, slots=True)
class Sample:
    """The engine's own account of itself.

    `started` is when its process started (Unix time), 0 where it does not tell. `cache` is a fraction.
    """

    steps: float
    running: float
    waiting: float
    cache: float = 0.0
    tokens: float = 0.0
    started: float = 0.0

    @property
    def has_work(self) -> bool:
        """Whether the engine says that requests are in it."""
        return self.running + self.waiting > 0

    def moved_since(self, earlier: Sample) -> bool:
        """Whether a step was completed in between. No step, no change: only a completed step sets any of these."""
        return (self.steps, self.tokens, self.cache) != (earlier.steps, earlier.tokens, earlier.cache)

    def is_another_life_than(self, earlier: Sample) -> bool:
        """Whether the engine was restarted in between: counters only fall when they begin again."""
        return self.started != earlier.started or self.steps < earlier.steps or self.tokens < earlier.tokens


class Silence(enum.Enum):
    """Why a look brought back no sample."""

    REFUSED = "refused"
    """Nothing listens: the engine loads its model, or has ended. Its startup probe bounds that."""

    UNANSWERED = "unanswered"
    """Something accepts connections and does not answer in time."""

    UNREADABLE = "unreadable"
    """Something answered, and not with the engine's metrics."""


def read(page: bytes) -> Sample | Silence:
    """Return the sample on a page of metrics; UNREADABLE when what the verdict needs is missing or not a number."""
    found = totals(page, READ)
    if not all(name in found for name in NEEDED) or not all(map(math.isfinite, found.values())):
        return Silence.UNREADABLE
    return Sample(
        steps=found[STEPS],
        running=found[RUNNING],
        waiting=found[WAITING],
        cache=found.get(CACHE, found.get(CACHE_BEFORE, 0.0)),
        tokens=found.get(GENERATED, 0.0) + found.get(PROMPTED, 0.0),
        started=found.get(STARTED, 0.0),
    )
