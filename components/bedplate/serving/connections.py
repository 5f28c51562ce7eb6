"""How long the gateway and an engine keep a connection on which nobody asks for anything.

Whoever closes it must be the gateway. A connection that the engine closes is, for the time that the news travels,
still one that the gateway sends requests on: they are reset, and callers see a 503 now and then, under any load and
without any worker coming or going (llm-d pull request 1564, llm-d-benchmark pull request 1675).

By themselves the two have it the wrong way round: vLLM keeps a connection for 5 s (VLLM_HTTP_TIMEOUT_KEEP_ALIVE,
vllm pull request 18472), Envoy Gateway for an hour (BackendTrafficPolicy at v1.9.0, `connectionIdleTimeout`).
"""

from __future__ import annotations

from dataclasses import dataclass

from bedplate.serving.timings import TimingProblem

CLOSING_MARGIN_SECONDS = 30
"""By how much the gateway must be the first: a request that it sends in the last moment may be on its way for the 5 s
of its connect timeout and wait for a busy engine's attention. 30 s are what llm-d leaves (120 s against 90 s)."""


@dataclass(frozen=True, slots=True)
class Connections:
    """How long each side keeps an idle connection, in seconds.

    A minute is enough to spare the next request a new connection, and below the 350 s after which the security groups
    of some machine types forget one without telling either side (node_pools.connection_tracking).
    """

    gateway_idle_seconds: int = 60
    engine_idle_seconds: int = 120


def connection_problems(connections: Connections) -> list[TimingProblem]:
    """Return why connections kept this long lose requests; empty if they do not."""
    gateway, engine = connections.gateway_idle_seconds, connections.engine_idle_seconds
    if gateway + CLOSING_MARGIN_SECONDS <= engine:
        return []
    message = (
        f"gateway_idle_seconds {gateway} + {CLOSING_MARGIN_SECONDS} is above engine_idle_seconds {engine}: the engine "
        "closes connections that the gateway still sends on"
    )
    return [TimingProblem("idle-connections", message, "requests on a connection that has been idle")]
