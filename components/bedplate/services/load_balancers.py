"""How long a cloud's load balancer takes to notice that a node has no proxy any more.

Envoy Gateway's Service has `externalTrafficPolicy: Local`: a node passes connections to its own proxies alone, and the
load balancer asks each node's kube-proxy over and over whether it has one. A proxy that is ordered to go is at once
none for that check (KEP-1669), but connections keep arriving until the load balancer has heard it often enough.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDPOINT_SECONDS = 10
"""Until a node's kube-proxy knows that a proxy is going: EndpointSlice and kube-proxy, one after the other."""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """How a load balancer checks a node: every `interval_seconds`, with `timeout_seconds` for an answer; so many
    `failures` in a row are one. It still sends new connections for `spreads_seconds` after that."""

    interval_seconds: int
    timeout_seconds: int
    failures: int
    spreads_seconds: int


def health_check(provider: str) -> HealthCheck:
    """Return how a cloud's load balancer checks nodes; raises LookupError for a cloud without a known one."""
    if provider not in _checks():
        raise LookupError(f"no load balancer is known for {provider}")
    return _checks()[provider]


def notice_seconds(check: HealthCheck) -> int:
    """Return how long after a proxy's order to go the load balancer may still open connections to its node.

    The worst case: the last check before the node knows has just passed, and the last of the failed ones is answered
    as late as it may be.
    """
    checked = check.interval_seconds * check.failures + check.timeout_seconds
    return ENDPOINT_SECONDS + checked + check.spreads_seconds


@cache
def _checks() -> Mapping[str, HealthCheck]:
    text = files(__package__).joinpath("load_balancers.csv").read_text(encoding="utf-8")
    return {
        row["provider"]: HealthCheck(
            interval_seconds=int(row["interval_seconds"]),
            timeout_seconds=int(row["timeout_seconds"]),
            failures=int(row["failures"]),
            spreads_seconds=int(row["spreads_seconds"]),
        )
        for row in csv.DictReader(text.splitlines())
    }
