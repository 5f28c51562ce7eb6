"""A load balancer as Kubernetes makes them: round robin over endpoints that it hears of late."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

UNAVAILABLE = b"HTTP/1.1 503 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
BAD_GATEWAY = b"HTTP/1.1 502 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Balancer:
    """Forwards each connection to one endpoint, once: what an endpoint refuses is lost, for nobody tries again.

    A gateway that retries would hide some of the losses that wrong timings cause; the timings must not need it.
    """

    def __init__(self, delay_seconds: float) -> None:
        self.delay_seconds = delay_seconds
        self.port = 0
        self._known: list[int] = []
        self._turn: Iterator[int] = itertools.count()
        self._server: asyncio.Server | None = None
        self._forwarding: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more, and end what is being forwarded."""
        if self._server is not None:
            self._server.close()
        for task in self._forwarding:
            task.cancel()
        await asyncio.gather(*self._forwarding, return_exceptions=True)

    def tell(self, port: int, *, ready: bool) -> None:
        """An endpoint has become ready, or is no longer: known here only when the news has spread."""
        asyncio.get_running_loop().call_later(self.delay_seconds, self._learn, port, ready)

    def _learn(self, port: int, ready: bool) -> None:
        if ready and port not in self._known:
            self._known.append(port)
        elif not ready and port in self._known:
            self._known.remove(port)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._forward(reader, writer))
        self._forwarding.add(task)
        task.add_done_callback(self._forwarding.discard)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            asked = head + await reader.readexactly(length)
            if self._known:
                await self._pass_on(self._known[next(self._turn) % len(self._known)], asked, writer)
            else:
                writer.write(UNAVAILABLE)
            await writer.drain()
        writer.close()

    async def _pass_on(self, port: int, asked: bytes, writer: asyncio.StreamWriter) -> None:
        answered = False
        try:
            upstream, to_engine = await asyncio.open_connection("127.0.0.1", port)
            try:
                to_engine.write(asked)
                while piece := await upstream.read(65536):
                    answered = True
                    writer.write(piece)
                    await writer.drain()
            finally:
                to_engine.close()
        except OSError:
            pass
        if not answered:
            writer.write(BAD_GATEWAY)
