"""What the watcher tells of itself: log lines as JSON, metrics in Prometheus' text format."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from bedplate_sidecar.judge import Canary, Judgement, State
from bedplate_sidecar.observation import Sample, Silence

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "bedplate_sidecar_"


def log(level: str, event: str, **facts: object) -> None:
    """Write one line of JSON to standard output."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(json.dumps({"time": moment, "level": level, "event": event, **facts}), file=sys.stdout, flush=True)


class Account:
    """Counts of what the watcher has seen and done since it started."""

    def __init__(self) -> None:
        self.looks: Counter[str] = Counter({"sample": 0, **{silence.value: 0 for silence in Silence}})
        self.canaries: Counter[str] = Counter({"asked": 0, Canary.ANSWERED.value: 0, Canary.REFUSED.value: 0})
        self.verdicts = 0
        self.unwritten = 0
        self.judgement = Judgement(State.STARTING)

    def count_look(self, seen: Sample | Silence) -> None:
        """Count a look by its outcome."""
        self.looks[seen.value if isinstance(seen, Silence) else "sample"] += 1

    def page(self) -> str:
        """Return all of it as metrics."""
        judgement = self.judgement
        states = {state.value: int(state is judgement.state) for state in State}
        lines = [
            *_family("state", "gauge", "What the engine does; 1 for the state it is in.", "state", states),
            *_family("looks_total", "counter", "Looks at the engine, by outcome.", "outcome", self.looks),
            *_family("canaries_total", "counter", "Requests for one token, by outcome.", "outcome", self.canaries),
            *_single("verdicts_total", "counter", "Times that the engine was found hung.", self.verdicts),
            *_single("verdicts_unwritten_total", "counter", "Times that no verdict could be written.", self.unwritten),
            *_single("silence_seconds", "gauge", "Since the engine completed a step.", judgement.silence),
            *_single("deadline_seconds", "gauge", "Silence from which on it counts as hung.", judgement.deadline),
        ]
        return "\n".join(lines) + "\n"


def _family(name: str, kind: str, text: str, label: str, values: dict[str, int]) -> list[str]:
    series = [f'{PREFIX}{name}{{{label}="{key}"}} {value}' for key, value in values.items()]
    return [*_head(name, kind, text), *series]


def _single(name: str, kind: str, text: str, value: float) -> list[str]:
    return [*_head(name, kind, text), f"{PREFIX}{name} {value:g}"]


def _head(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP {PREFIX}{name} {text}", f"# TYPE {PREFIX}{name} {kind}"]


def serve(listen: tuple[str, int], page: Callable[[], str]) -> ThreadingHTTPServer:
    """Serve `/metrics` and `/healthz` from a thread; raises OSError where the address cannot be had."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # of a client that connects and says nothing

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            text = page() if path == "/metrics" else "ok\n" if path == "/healthz" else ""
            body = (text or "not found\n").encode()
            self.send_response(200 if text else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
            """Say nothing: Prometheus asks every few seconds."""

    server = ThreadingHTTPServer(listen, Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
