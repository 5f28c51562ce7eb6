"""Which flags of vLLM a team may add beside a model of the catalog, in every way of writing them that vLLM takes."""

from __future__ import annotations

import pytest

from bedplate.errors import dotted
from bedplate.serving.engine_arguments import REFUSED_FLAGS, engine_arguments
from tests.support.endpoints import CHAT, problems

REFUSED = [
    "--config=serve.yaml",
    "--ssl-keyfile=key.pem",
    "--ssl-certfile=chain.pem",
    "--ssl-ca-certs=ca.pem",
    "--ssl-cert-reqs=2",
    "--ssl-ciphers=ALL",
    "--enable-ssl-refresh",
    "--uds=/run/engine.sock",
    "--root-path=/chat",
    "--headless",
    "--grpc",
    "--prefill-context-parallel-size=2",
    "-pcp=2",
    "--data-parallel-size=2",
    "-dp=2",
    "--data-parallel-size-local=2",
    "-dpl=2",
    "--data-parallel-address=10.0.0.1",
    "-dpa=10.0.0.1",
    "--data-parallel-rank=1",
    "-dpn=1",
    "--data-parallel-start-rank=1",
    "-dpr=1",
    "--data-parallel-rpc-port=13345",
    "-dpp=13345",
    "--data-parallel-backend=ray",
    "-dpb=ray",
    "--data-parallel-hybrid-lb",
    "-dph",
    "--data-parallel-external-lb",
    "-dpe",
    "--data-parallel-multi-port-external-lb",
    "--nnodes=2",
    "-n=2",
    "--node-rank=1",
    "-r=1",
    "--master-addr=10.0.0.1",
    "--master-port=29501",
    "--kv-cache-memory-bytes=8G",
    "--num-gpu-blocks-override=100",
    "--dtype=float32",
    "--load-format=dummy",
    "--model=other",
    "--served-model-name=other",
    "--revision=main",
    "--port=9000",
    "--host=127.0.0.1",
    "--tensor-parallel-size=2",
    "-tp=2",
    "--pipeline-parallel-size=2",
    "-pp=2",
    "--max-model-len=4096",
    "--gpu-memory-utilization=0.99",
    "--shutdown-timeout=0",
    "--disable-access-log-for-endpoints=/x",
    "--disable-log-stats",
    "--api-key=abc",
]

REFUSED_VALUES = [
    ["--dtype=float32"],
    ["--dtype", "float"],
    ["--dtype"],
    ["--dt", "float32"],
    ["--load-format", "dummy"],
    ["--load_format=tensorizer"],
    ["--load-format=sharded_state"],
    ["--load-format=runai_streamer_sharded"],
    ["--load-format=gguf"],
    ["--load-format=pt"],
    ["--load-format=npcache"],
    ["--load-format=mistral"],
    ["--load-format=modelexpress"],
    ["--load-format", "--enforce-eager"],
]

ALLOWED_VALUES = [
    ["--dtype=auto"],
    ["--dtype=half"],
    ["--dtype", "float16"],
    ["--dt=bfloat16"],
    ["--load-format=auto"],
    ["--load-format=hf"],
    ["--load-format", "safetensors"],
    ["--load_format=fastsafetensors"],
    ["--load-format=instanttensor"],
    ["--load-format=runai_streamer"],
    ["--load-format=bitsandbytes"],
    ["--max-num-s", "64"],
]

REQUESTS_AT_ONCE = [
    ["--max-num-seqs", "many"],
    ["--max-num-seqs=0"],
    ["--max_num_seqs=-1"],
    ["--max-num-s=6.4"],
    ["--max-num-seqs="],
    ["--max-num-seqs"],
]

WRITTEN_OTHERWISE = [
    ("--max_model_len=4096", "--max-model-len"),
    ("--max-model=4096", "--max-model-len"),
    ("--max_model", "--max-model-len"),
    ("--kv-cache-memory=8589934592", "--kv-cache-memory-bytes"),  # as vLLM's own log advises
    ("--gpu-mem", "--gpu-memory-utilization"),
    ("--tensor-parallel-size.x", "--tensor-parallel-size"),
    ("-n2", "--nnodes"),
    ("-r0", "--node-rank"),
    ("-t", "--tensor-parallel-size"),
]

ALLOWED = [
    "--enforce-eager",
    "--quantization=fp8",
    "-q=fp8",
    "--kv-cache-dtype=fp8",
    "--max-num-seqs=64",
    "--decode-context-parallel-size=2",
    "-dcp=2",
    "--max-num-batched-tokens=4096",
    "--config-format=hf",
    "--model-impl=vllm",
    "--enable-expert-parallel",
    "-ep",
    "-O3",
    "-O.mode=3",
    "--compilation-config.mode=3",
    "--enable-auto-tool-choice",
    "--limit-mm-per-prompt.image=2",
    "--disable-log-requests",
    "-1",
    "-0.5",
    "-",
    "--",
    "4096",
    "auto",
]


def refused(*arguments: str) -> list[tuple[str, str]]:
    """Return what is wrong with an argument and its value, and the way out."""
    found = problems({"chat.arguments": ["--enforce-eager", *arguments]})
    assert {dotted(one.field) for one in found} <= {"endpoints.chat.arguments[1]"}
    return [(one.message, one.hint or "") for one in found]


@pytest.mark.parametrize("argument", REFUSED)
def test_a_flag_that_contradicts_the_plan_is_refused_with_a_reason(argument: str) -> None:
    ((message, hint),) = refused(argument)
    assert message.startswith(f"{argument.partition('=')[0]} contradicts what the plan sets or counts with")
    assert hint.startswith("Use ")
    assert len(hint) > len("Use x.")


def test_every_flag_that_is_refused_has_its_row() -> None:
    assert {argument.partition("=")[0] for argument in REFUSED} == {flag for names in REFUSED_FLAGS for flag in names}


@pytest.mark.parametrize(("argument", "flag"), WRITTEN_OTHERWISE)
def test_underscores_and_abbreviations_are_the_same_flag(argument: str, flag: str) -> None:
    ((message, _),) = refused(argument)
    assert f"({flag})" in message or message.startswith(f"{flag} contradicts")


@pytest.mark.parametrize("argument", ALLOWED)
def test_what_the_plan_does_not_count_with_is_the_teams(argument: str) -> None:
    assert refused(argument) == []


@pytest.mark.parametrize("arguments", REFUSED_VALUES, ids=" ".join)
def test_a_value_that_contradicts_the_plan_is_refused_with_those_that_do_not(arguments: list[str]) -> None:
    ((message, hint),) = refused(*arguments)
    assert "contradicts what the plan sets or counts with" in message
    assert hint.startswith("Use auto, ")


@pytest.mark.parametrize("arguments", ALLOWED_VALUES, ids=" ".join)
def test_a_value_that_contradicts_nothing_is_the_teams(arguments: list[str]) -> None:
    assert refused(*arguments) == []


@pytest.mark.parametrize("arguments", REQUESTS_AT_ONCE, ids=" ".join)
def test_how_many_requests_run_at_once_is_a_positive_number(arguments: list[str]) -> None:
    """Otherwise the engine would not start."""
    ((message, hint),) = refused(*arguments)
    assert "takes a positive number of requests" in message
    assert hint == "Write it as --max-num-seqs=64, or leave it out."


def test_what_bedplate_sets_itself_nobody_else_may_set() -> None:
    own = engine_arguments(
        "/models/x", served_name="x", port=8000, accelerators=1, context_tokens=1, shutdown_seconds=1, more=()
    )
    known = {flag for names in REFUSED_FLAGS for flag in names}
    assert {argument for argument in own if argument.startswith("--")} <= known


def test_another_engine_has_flags_of_its_own() -> None:
    image = CHAT | {"image": "registry.example.com/engine:1.2", "arguments": ["--port", "8000", "--dtype=float32"]}
    del image["model"], image["context_tokens"]
    assert problems({}, image) == []
