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


ONE_NODE = "nothing: a worker runs on one node"
PLAIN_HTTP = "nothing: gateway, probes and watcher speak plain HTTP to port 8000 of the pod"

TWO_BYTES = ("auto", "half", "float16", "bfloat16")
"""Values of --dtype that take no more memory than the catalog counts; float and float32 take twice as much."""

OWN_FILES = ("auto", "hf", "safetensors", "fastsafetensors", "instanttensor", "runai_streamer", "bitsandbytes")
"""Values of --load-format that read the model's own safetensors, which are what the bucket holds. The others read none
(dummy), other files (pt, npcache, mistral, gguf, sharded_state, runai_streamer_sharded, tensorizer) or from elsewhere
(modelexpress): docs.vllm.ai, LoadConfig, latest; vllm/model_executor/model_loader/__init__.py; read 2026-11-21."""

TAKEN_VALUES: dict[str, tuple[str, ...]] = {"--dtype": TWO_BYTES, "--load-format": OWN_FILES}
"""Flags that are refused unless they have one of these values."""

REFUSED_FLAGS: dict[tuple[str, ...], str] = {
    ("--config",): "arguments, one for each line of the file: what it says cannot be read before the engine starts",
    ("--model",): "model",
    ("--served-model-name",): "model",
    ("--revision",): "model",
    ("--dtype",): f"{', '.join(TWO_BYTES)} or nothing: the plan counts two bytes for a number",
    ("--load-format",): f"{', '.join(OWN_FILES)} or nothing: the bucket holds the model's own safetensors",
    ("--port",): "nothing: the Service, the probes and the watcher know 8000",
    ("--host",): "nothing: it listens on the pod's address",
    ("--uds",): PLAIN_HTTP,
    ("--root-path",): "nothing: the gateway and the probes ask for /v1 as it is",
    ("--ssl-keyfile",): PLAIN_HTTP,
    ("--ssl-certfile",): PLAIN_HTTP,
    ("--ssl-ca-certs",): PLAIN_HTTP,
    ("--ssl-cert-reqs",): PLAIN_HTTP,
    ("--ssl-ciphers",): PLAIN_HTTP,
    ("--enable-ssl-refresh",): PLAIN_HTTP,
    ("--headless",): PLAIN_HTTP,
    ("--grpc",): PLAIN_HTTP,
    ("--tensor-parallel-size", "-tp"): "accelerators_per_worker",
    ("--pipeline-parallel-size", "-pp"): ONE_NODE,
    ("--nnodes", "-n"): ONE_NODE,
    ("--node-rank", "-r"): ONE_NODE,
    ("--master-addr",): ONE_NODE,
    ("--master-port",): ONE_NODE,
    ("--prefill-context-parallel-size", "-pcp"): "accelerators_per_worker: it takes more of them than a worker has",
    ("--data-parallel-size", "-dp"): "workers",
    ("--data-parallel-size-local", "-dpl"): "workers",
    ("--data-parallel-address", "-dpa"): "workers",
    ("--data-parallel-rank", "-dpn"): "workers",
    ("--data-parallel-start-rank", "-dpr"): "workers",
    ("--data-parallel-rpc-port", "-dpp"): "workers",
    ("--data-parallel-backend", "-dpb"): "workers",
    ("--data-parallel-hybrid-lb", "-dph"): "workers",
    ("--data-parallel-external-lb", "-dpe"): "workers",
    ("--data-parallel-multi-port-external-lb",): "workers",
    ("--max-model-len",): "context_tokens",
    ("--gpu-memory-utilization",): "nothing: the plan counts with it",
    ("--kv-cache-memory-bytes",): "context_tokens: with it the engine ignores --gpu-memory-utilization",
    ("--num-gpu-blocks-override",): "context_tokens: with it the engine ignores how much memory is free",
    ("--shutdown-timeout",): "timings.drain_seconds",
    ("--disable-access-log-for-endpoints",): "nothing: probes are kept out of the log",
    ("--disable-log-stats",): "nothing: the queue and the watcher read these figures",
    ("--api-key",): "authentication: arguments can be read by everybody who may see the pod",
}
"""Flags of `vllm serve` that a team does not set, with their short forms, and what to use instead; a second value would
contradict what the plan sets or counts with (docs.vllm.ai, vllm serve, v0.30.0; vllm/engine/arg_utils.py). Whatever
only makes a model or its requests smaller than the plan counts is the team's own, such as --quantization,
--kv-cache-dtype, and --decode-context-parallel-size, which splits a request's cache among the same accelerators."""

RUNNING = "--max-num-seqs"


def refused_flag(argument: str, value: str = "") -> tuple[str, str] | None:
    """Return the flag that an argument sets and what to use instead, or None for one that a team may set to a value.

    vLLM takes the beginning of a flag for the flag (its parser leaves argparse's allow_abbrev on), and a value directly
    after a short one.

    >>> refused_flag("--max_model=4096"), refused_flag("--enforce-eager")
    (('--max-model-len', 'context_tokens'), None)
    >>> refused_flag("--dtype", "half")
    """
    given = flag_name(argument)
    if not given.strip("-"):
        return None
    for exact in (True, False):
        for names, instead in REFUSED_FLAGS.items():
            if value in TAKEN_VALUES.get(names[0], ()):
                continue
            if given in names if exact else any(_stands_for(given, name) for name in names):
                return given if exact else names[0], instead
    return None


def _stands_for(given: str, name: str) -> bool:
    joined = len(name) == 2 and given.startswith(name)  # -n2 is -n 2
    return joined or name.startswith(given)


def flag_name(argument: str) -> str:
    """Return the flag of an argument, with dashes and without its value or a key of its value, or nothing.

    >>> flag_name("--max_model_len=4096"), flag_name("--compilation-config.mode=3"), flag_name("4096")
    ('--max-model-len', '--compilation-config', '')
    """
    name = argument.partition("=")[0].partition(".")[0]
    return name.replace("_", "-") if name.startswith("-") else ""


def flag_value(arguments: Sequence[str], index: int) -> str:
    """Return the value of the flag at an index: after its =, or the argument that follows; nothing where none does.

    >>> flag_value(["--dtype=half"], 0), flag_value(["--dtype", "half"], 0), flag_value(["--dtype"], 0)
    ('half', 'half', '')
    """
    _, joined, value = arguments[index].partition("=")
    return value if joined else "".join(arguments[index + 1 : index + 2])


def limits_running(argument: str) -> bool:
    """Return whether an argument sets how many requests an engine takes on at once, abbreviated or not.

    >>> limits_running("--max-num-s=64"), limits_running("--max-num-batched-tokens=64")
    (True, False)
    """
    given = flag_name(argument)
    return bool(given.strip("-")) and _stands_for(given, RUNNING)


def running_limit(arguments: Sequence[str]) -> int | None:
    """Return how many requests an engine takes on at once (--max-num-seqs; the last one counts), or None where its
    arguments leave that to vLLM.

    >>> running_limit(["--enforce-eager", "--max_num_s=64"]), running_limit(["--max-num-seqs", "32"])
    (64, 32)
    """
    limit = None
    for index, argument in enumerate(arguments):
        if limits_running(argument):
            limit = positive_number(flag_value(arguments, index))
    return limit


def positive_number(value: str) -> int | None:
    """Return a whole number above 0, or None for anything else.

    >>> positive_number("64"), positive_number("0"), positive_number("many")
    (64, None, None)
    """
    return int(value) if value.isdecimal() and int(value) else None
