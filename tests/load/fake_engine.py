"""A process that behaves towards the outside as `vllm serve` does, without a model: `python fake_engine.py --port N`.

As vLLM (pull request 36666 for stopping, vllm/v1/metrics/loggers.py for metrics):
- it listens only once the model is loaded;
- its HTTP side and the loop that computes are apart, so that `/health`, `/v1/models` and `/metrics` go on answering
  when the loop hangs (SIGUSR1 hangs it);
- the counters move with steps that have output, the gauges are set after each step, and so freeze in a hang;
- it keeps a connection after an answer, and closes it when nobody has used it for a while, without a word (uvicorn's
  keep-alive, vllm pull request 18472), unless the request says `Connection: close`;
- SIGTERM without a shutdown timeout aborts what is running; with one, the engine takes nothing new, finishes what it
  has begun for at most that long, and exits.
A step gives one token to each running request. All times are seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass, field

MODEL = "fake"
LARGEST_BATCH = 256
CACHE_TOKENS = 1_000_000


@dataclass(eq=False)
class Request:
    """A request in the engine: how many steps of prefill and how many tokens are left."""

    tokens: int
    prefill: int = 0
    computed: int = 0
    produced: asyncio.Queue[int] = field(default_factory=asyncio.Queue)


class Core:
    """The loop that computes."""

    def __init__(self, step_seconds: float, *, gauges_idle: bool) -> None:
        self.step_seconds = step_seconds
        self.gauges_idle = gauges_idle
        self.running: list[Request] = []
        self.waiting: list[Request] = []
        self.hung = False
        self.steps = self.generated = self.prompted = 0
        self.gauges = (0, 0, 0.0)
        self._work = asyncio.Event()

    def add(self, request: Request) -> None:
        """Queue a request."""
        self.waiting.append(request)
        self._work.set()

    def abort(self, request: Request) -> None:
        """Drop a request whose client has gone."""
        for queue in (self.running, self.waiting):
            if request in queue:
                queue.remove(request)
                self._work.set()

    def hang(self) -> None:
        """Compute nothing any more."""
        self.hung = True
        if self.gauges_idle:
            self.gauges = (0, 0, 0.0)

    async def run(self) -> None:
        """Compute step by step, for as long as there is work; for ever asleep once hung.

        A step ends `step_seconds` after the one before, however late this process was: a busy machine does not make
        requests longer than the test says they are.
        """
        due = 0.0
        while True:
            await self._work.wait()
            due = due + self.step_seconds if due else time.monotonic() + self.step_seconds
            await asyncio.sleep(due - time.monotonic())
            if not self.hung:
                self._step()
            if not self.running and not self.waiting:
                self._work.clear()
                due = 0.0

    def _step(self) -> None:
        room = LARGEST_BATCH - len(self.running)
        self.running += self.waiting[:room]
        del self.waiting[:room]
        tokens = 0
        for request in list(self.running):
            request.computed += 1
            if request.prefill:
                request.prefill -= 1
                continue
            request.tokens -= 1
            request.produced.put_nowait(request.tokens)
            tokens += 1
            if request.tokens == 0:
                self.running.remove(request)
                self.prompted += 1
        self.generated += tokens
        self.steps += tokens > 0
        used = sum(request.computed for request in self.running) / CACHE_TOKENS
        self.gauges = (len(self.running), len(self.waiting), used)


class Server:
    """The HTTP side."""

    def __init__(self, core: Core, shutdown_seconds: float, keep_alive_seconds: float) -> None:
        self.core = core
        self.shutdown_seconds = shutdown_seconds
        self.keep_alive_seconds = keep_alive_seconds
        self.started = time.time()
        self.in_flight = 0
        self.stopping = False
        self.stopped = asyncio.Event()
        self._listener: asyncio.Server | None = None

    async def listen(self, port: int) -> None:
        """Listen on the loopback address: from here on the engine is ready."""
        self._listener = await asyncio.start_server(self._connection, "127.0.0.1", port, backlog=1024)

    async def stop(self) -> None:
        """Stop as SIGTERM asks: nothing new, and time for what has begun."""
        self.stopping = True
        if self._listener is not None:
            self._listener.close()
        deadline = time.monotonic() + self.shutdown_seconds
        while self.in_flight and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
        self.stopped.set()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            head = await reader.readuntil(b"\r\n\r\n")
            while await self._request(head.decode("latin-1"), reader, writer):
                async with asyncio.timeout(self.keep_alive_seconds):
                    head = await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async def _request(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer a request; return whether the connection is kept."""
        (method, path, _), headers = head.split("\r\n", 1)[0].split(" ", 2), head.lower().split("\r\n")
        length = next((int(line[15:]) for line in headers if line.startswith("content-length:")), 0)
        keep = "connection: close" not in headers
        body = await reader.readexactly(length)
        if (method, path) == ("POST", "/v1/completions") and not self.stopping:
            await self._complete(json.loads(body), reader, writer, keep=keep)
        else:
            writer.write(self._answer(method, path))
        await writer.drain()
        return keep

    def _answer(self, method: str, path: str) -> bytes:
        if path == "/metrics":
            return _response(200, self._metrics(), "text/plain")
        if self.stopping:
            return _response(503, json.dumps({"error": "Server is unavailable. Please try again later."}))
        if path == "/v1/models":
            return _response(200, json.dumps({"object": "list", "data": [{"id": MODEL, "object": "model"}]}))
        if path == "/health":
            return _response(200, "")
        return _response(404, json.dumps({"error": "Not Found"}))

    async def _complete(
        self, body: dict[str, object], reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, keep: bool
    ) -> None:
        """Answer when all tokens are there, or token by token. `prefill` (steps) is this engine's own addition."""
        tokens = int(str(body.get("max_tokens", 16)))
        request = Request(tokens, int(str(body.get("prefill", 0))))
        self.in_flight += 1
        gone = asyncio.ensure_future(reader.read())
        gone.add_done_callback(lambda _: self.core.abort(request))
        try:
            self.core.add(request)
            if body.get("stream"):
                await self._stream(request, writer, keep=keep)
            else:
                words = [str(await request.produced.get()) for _ in range(tokens)]
                answer = {"object": "text_completion", "model": MODEL, "choices": [{"text": " ".join(words)}]}
                writer.write(_response(200, json.dumps(answer)))
            await writer.drain()
        finally:
            self.in_flight -= 1
            gone.cancel()
            await asyncio.wait({gone})  # the next request is for another reader

    async def _stream(self, request: Request, writer: asyncio.StreamWriter, *, keep: bool) -> None:
        """Answer token by token: in chunks where the connection outlives the answer, else until it is closed."""
        until = b"Transfer-Encoding: chunked" if keep else b"Connection: close"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + until + b"\r\n\r\n")
        left = request.tokens
        while left:
            left = await request.produced.get()
            chunk = {"object": "text_completion", "model": MODEL, "choices": [{"text": f"{left} "}]}
            writer.write(_piece(f"data: {json.dumps(chunk)}\n\n".encode(), chunked=keep))
            await writer.drain()
        writer.write(_piece(b"data: [DONE]\n\n", chunked=keep) + (b"0\r\n\r\n" if keep else b""))

    def _metrics(self) -> str:
        """Return the metrics that the watcher reads, between others that it must not confuse with them."""
        running, waiting, cache = self.core.gauges
        labels = f'{{engine="0",model_name="{MODEL}"}}'
        steps = self.core.steps
        return "\n".join(
            [
                f"process_start_time_seconds {self.started}",
                "# TYPE vllm:num_requests_running gauge",
                f"vllm:num_requests_running{labels} {float(running)}",
                f"vllm:num_requests_waiting{labels} {float(waiting)}",
                f'vllm:num_requests_waiting_by_reason{{engine="0",model_name="{MODEL}",reason="capacity"}} 7.0',
                f"vllm:kv_cache_usage_perc{labels} {cache}",
                f"vllm:prompt_tokens_total{labels} {float(self.core.prompted)}",
                f"vllm:generation_tokens_total{labels} {float(self.core.generated)}",
                f'vllm:iteration_tokens_total_bucket{{engine="0",le="1.0",model_name="{MODEL}"}} {float(steps)}',
                f"vllm:iteration_tokens_total_count{labels} {float(steps)}",
                f"vllm:iteration_tokens_total_sum{labels} {float(self.core.generated)}",
                "",
            ]
        )


def _response(status: int, body: str, content_type: str = "application/json") -> bytes:
    content = body.encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(content)}"
    return head.encode() + b"\r\n\r\n" + content


def _piece(content: bytes, *, chunked: bool) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content) if chunked else content


async def run(given: argparse.Namespace) -> None:
    """Load, serve, and stop when told."""
    core = Core(given.step_seconds, gauges_idle=given.gauges_idle_in_hang)
    server = Server(core, given.shutdown_timeout, given.keep_alive)
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[None]] = []
    loop.add_signal_handler(signal.SIGTERM, lambda: tasks.append(loop.create_task(server.stop())))
    loop.add_signal_handler(signal.SIGUSR1, core.hang)
    tasks.append(loop.create_task(core.run()))
    tasks.append(loop.create_task(end_with(os.getppid())))
    loading = loop.create_task(asyncio.sleep(given.load_seconds))
    stopped = loop.create_task(server.stopped.wait())
    await asyncio.wait({loading, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not server.stopping:
        await server.listen(given.port)
    await stopped
    os._exit(0)  # what is still running when the timeout is over is cut off, as vLLM does


async def end_with(parent: int) -> None:
    """End this process when the one that started it has gone: a test that is killed leaves nothing behind."""
    while os.getppid() == parent:
        await asyncio.sleep(1)
    os._exit(1)


def main() -> None:
    """Run until SIGTERM has been honoured, or the test that started this process is gone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--load-seconds", type=float, default=0)
    parser.add_argument("--step-seconds", type=float, default=0.02)
    parser.add_argument("--shutdown-timeout", type=float, default=0)
    parser.add_argument("--keep-alive", type=float, default=5)
    parser.add_argument("--gauges-idle-in-hang", action="store_true")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
