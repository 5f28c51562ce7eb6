"""The process watcher beside one engine at one look per second: targets 30 MiB of memory, 0.2 % of a core.

Both are read from /proc, so this runs on Linux only. The page that it reads is as long as vLLM's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from measure import machine

PROJECT = Path(__file__).resolve().parents[1]
SECONDS = 60
LINES = 900
"""Of vLLM's page with one model: some 30 histograms of 10 to 25 buckets, and gauges and counters."""


def page() -> bytes:
    """Return a page of metrics in which the watcher finds what it needs between what it does not."""
    labels = 'engine="0",model_name="qwen3-32b"'
    noise = [f'vllm:request_time_seconds_bucket{{{labels},le="{number}.0"}} {number}.0' for number in range(LINES)]
    steps = time.monotonic_ns() // 10**7
    return "\n".join(
        [
            *noise[: LINES // 2],
            f"vllm:num_requests_running{{{labels}}} 3.0",
            f"vllm:num_requests_waiting{{{labels}}} 1.0",
            f"vllm:kv_cache_usage_perc{{{labels}}} 0.4",
            f"vllm:generation_tokens_total{{{labels}}} {steps * 3}.0",
            f"vllm:prompt_tokens_total{{{labels}}} {steps}.0",
            f"vllm:iteration_tokens_total_count{{{labels}}} {steps}.0",
            *noise[LINES // 2 :],
            "",
        ]
    ).encode()


class Engine(BaseHTTPRequestHandler):
    """Answers every request with the page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(page())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def memory_mib(pid: int) -> tuple[float, float]:
    """Return what a process has in memory, and what of it is its own: the rest is shared with other Pythons."""
    fields = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value, _ = line.split()
        fields[name.rstrip(":")] = int(value) / 1024
    return fields["Rss"], fields["Private_Clean"] + fields["Private_Dirty"]


def cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print memory and share of a core of a watcher, once it has settled."""
    engine = ThreadingHTTPServer(("127.0.0.1", 0), Engine)
    threading.Thread(target=engine.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bedplate_sidecar", "--engine", f"http://127.0.0.1:{engine.server_port}"]
        command += ["--period", "1", "--verdict-file", f"{folder}/wedged", "--listen", "127.0.0.1:0"]
        environment = os.environ | {"PYTHONPATH": str(PROJECT / "sidecar")}
        watcher = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            time.sleep(5)
            before, started = cpu_seconds(watcher.pid), time.monotonic()
            time.sleep(SECONDS)
            used, passed = cpu_seconds(watcher.pid) - before, time.monotonic() - started
            resident, private = memory_mib(watcher.pid)
        finally:
            watcher.terminate()
            watcher.wait()
    print(f"machine: {machine()}; one engine, one look a second for {SECONDS} s, a page of {len(page()) / 1000:.0f} kB")
    print(f"memory   {resident:.1f} MiB resident, {private:.1f} MiB of it private (target 30 MiB)")
    print(f"CPU      {used / passed:.2%} of a core (target 0.2 %)")


if __name__ == "__main__":
    main()
