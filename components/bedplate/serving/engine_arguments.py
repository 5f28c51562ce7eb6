"""The command line of vLLM for a model of the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.serving.memory import ACCELERATOR_MEMORY_PERCENT

if TYPE_CHECKING:
    from collections.abc import Sequence

PROBED_PATHS = "/health,/metrics,/ping,/v1/models"
"""Asked for every few seconds by probes, scrapes and the watcher: in the access log they would hide the requests."""


def engine_arguments(
    path: str,
    *,
    served_name: str,
    port: int,
    accelerators: int,
    context_tokens: int,
    shutdown_seconds: int,
    more: Sequence[str],
) -> tuple[str, ...]:
    """Return the arguments of `vllm serve`; `more` are the team's own, which come last."""
    return (
        path,
        *("--served-model-name", served_name),
        *("--port", str(port)),
        *("--tensor-parallel-size", str(accelerators)),
        *("--max-model-len", str(context_tokens)),
        *("--gpu-memory-utilization", f"{ACCELERATOR_MEMORY_PERCENT / 100:.2f}"),
        # Without it the engine aborts at SIGTERM what it is answering.
        *("--shutdown-timeout", str(shutdown_seconds)),
        *("--disable-access-log-for-endpoints", PROBED_PATHS),
        *more,
    )


BEDPLATE_SETS = {
    "--model": "model",
    "--served-model-name": "model",
    "--revision": "model",
    "--port": "nothing: the Service, the probes and the watcher know 8000",
    "--host": "nothing: it listens on the pod's address",
    "--tensor-parallel-size": "accelerators_per_worker",
    "-tp": "accelerators_per_worker",
    "--pipeline-parallel-size": "nothing: a worker runs on one node",
    "-pp": "nothing: a worker runs on one node",
    "--data-parallel-size": "workers",
    "-dp": "workers",
    "--max-model-len": "context_tokens",
    "--gpu-memory-utilization": "nothing: the plan counts with it",
    "--shutdown-timeout": "timings.drain_seconds",
    "--disable-access-log-for-endpoints": "nothing: probes are kept out of the log",
    "--disable-log-stats": "nothing: the queue and the watcher read these figures",
    "--api-key": "authentication: arguments can be read by everybody who may see the pod",
}
"""Flags that a team does not set, and what says the same; a second value would contradict what the plan counts with."""


def flag_name(argument: str) -> str:
    """Return the flag of an argument, without its value and with dashes, or nothing.

    >>> flag_name("--max_model_len=4096"), flag_name("4096")
    ('--max-model-len', '')
    """
    return argument.partition("=")[0].replace("_", "-") if argument.startswith("-") else ""


def running_limit(arguments: Sequence[str]) -> int | None:
    """Return how many requests an engine takes on at once (--max-num-seqs; the last one counts), or None where its
    arguments leave that to vLLM.

    >>> running_limit(["--enforce-eager", "--max_num_seqs=64"]), running_limit(["--max-num-seqs", "32"])
    (64, 32)
    """
    limit = None
    for index, argument in enumerate(arguments):
        if flag_name(argument) == "--max-num-seqs":
            value = argument.partition("=")[2] or "".join(arguments[index + 1 : index + 2])
            limit = int(value) if value.isdecimal() and int(value) else None
    return limit
