"""A load balancer as Kubernetes makes them: round robin over endpoints that it hears of late, on connections that it
keeps."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

UNAVAILABLE = b"HTTP/1.1 503 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
BAD_GATEWAY = b"HTTP/1.1 502 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Balancer:
    """Forwards each request to one endpoint, once: what an endpoint refuses is lost, for nobody tries again.

    A gateway that retries would hide some of the losses that wrong timings cause; the timings must not need it.
    A connection to an endpoint is kept after an answer, and used again unless it has been idle for `idle_seconds`, the
    last one first, as Envoy does. That an endpoint has closed it is found out by using it: the news takes time, and a
    request that is sent meanwhile is lost.
    """

    def __init__(self, delay_seconds: float, idle_seconds: float) -> None:
        self.delay_seconds = delay_seconds
        self.idle_seconds = idle_seconds
        self.port = 0
        self._idle: dict[int, list[tuple[float, Connection]]] = {}
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
        for _, (_, to_engine) in itertools.chain(*self._idle.values()):
            to_engine.close()

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
            asked = head.replace(b"Connection: close\r\n", b"") + await reader.readexactly(length)
            if self._known:
                await self._pass_on(self._known[next(self._turn) % len(self._known)], asked, writer)
            else:
                writer.write(UNAVAILABLE)
            await writer.drain()
        writer.close()

    async def _pass_on(self, port: int, asked: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            connection = self._kept(port) or await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.write(BAD_GATEWAY)
            return
        upstream, to_engine = connection
        try:
            to_engine.write(asked)
            head = await upstream.readuntil(b"\r\n\r\n")
        except (OSError, asyncio.IncompleteReadError):
            to_engine.close()
            writer.write(BAD_GATEWAY)
            return
        try:
            await _pass_back(head, upstream, writer)
        except (OSError, asyncio.IncompleteReadError):
            to_engine.close()
            raise
        self._idle.setdefault(port, []).append((asyncio.get_running_loop().time(), connection))

    def _kept(self, port: int) -> Connection | None:
        """Return the connection to an endpoint that was used last, if it has not been idle for too long."""
        now = asyncio.get_running_loop().time()
        idle = self._idle.get(port, [])
        if not idle:
            return None
        since, connection = idle.pop()
        if now - since < self.idle_seconds:
            return connection
        for _, (_, to_engine) in [*idle, (since, connection)]:
            to_engine.close()
        idle.clear()
        return None


async def _pass_back(head: bytes, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass an answer back to whoever asked, whose own connection ends with it."""
    headers = head.lower().split(b"\r\n")
    writer.write(head.replace(CHUNKED, b""))
    length = next((int(line[15:]) for line in headers if line.startswith(b"content-length:")), None)
    if length is not None:
        writer.write(await upstream.readexactly(length))
        return
    while size := int(await upstream.readuntil(b"\r\n"), 16):
        piece = await upstream.readexactly(size + 2)
        writer.write(piece[:-2])
        await writer.drain()
    await upstream.readexactly(2)
