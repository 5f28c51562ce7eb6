"""HTTP clients that check every answer to its last token."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field

ANSWER_TIMEOUT = 60.0


@dataclass(frozen=True)
class Mix:
    """What callers ask for: mostly a few tokens, and `long_share` of the time `long_tokens`."""

    short_tokens: tuple[int, int]
    long_tokens: int
    long_share: float


@dataclass
class Load:
    """Closed-loop clients against one address: each sends its next request when the last is answered."""

    port: int
    mix: Mix
    clients: int
    seed: int = 0
    answered: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _stopping: bool = False

    @property
    def sent(self) -> int:
        """How many requests have ended, well or badly."""
        return self.answered + self.failures.total()

    def start(self) -> None:
        """Let the clients begin."""
        self._tasks = [
            asyncio.create_task(self._client(random.Random(f"{self.seed}/{n}"))) for n in range(self.clients)
        ]

    async def finish(self) -> None:
        """Let each client have its last answer."""
        self._stopping = True
        await asyncio.gather(*self._tasks)

    async def once_more(self) -> None:
        """Let each client ask for one token, all at the same time."""
        failures = await asyncio.gather(*(complete(self.port, 1, stream=False) for _ in range(self.clients)))
        self.failures.update(filter(None, failures))
        self.answered += failures.count("")

    async def _client(self, chance: random.Random) -> None:
        while not self._stopping:
            long = chance.random() < self.mix.long_share
            tokens = self.mix.long_tokens if long else chance.randint(*self.mix.short_tokens)
            failure = await complete(self.port, tokens, stream=chance.random() < 0.5)
            if failure:
                self.failures[failure] += 1
            else:
                self.answered += 1


async def complete(port: int, tokens: int, *, stream: bool, prefill: int = 0) -> str:
    """Ask for a completion; return what was wrong with the answer, or an empty string."""
    asked = {"model": "fake", "prompt": "p", "max_tokens": tokens, "stream": stream, "prefill": prefill}
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            status, body = await request(port, "POST", "/v1/completions", json.dumps(asked).encode())
    except TimeoutError:
        return "no answer"
    except (OSError, asyncio.IncompleteReadError, ValueError) as error:
        return type(error).__name__
    if status != 200:
        return f"HTTP {status}"
    return "" if _whole(body.decode(), tokens, stream=stream) else "cut off"


def _whole(body: str, tokens: int, *, stream: bool) -> bool:
    """Whether every token arrived, in order, and the answer says that it is complete."""
    expected = [str(left) for left in reversed(range(tokens))]
    if not stream:
        return bool(body) and json.loads(body)["choices"][0]["text"].split() == expected
    *events, done, _ = body.split("\n\n")
    words = [json.loads(event.removeprefix("data: "))["choices"][0]["text"].strip() for event in events]
    return done == "data: [DONE]" and words == expected


async def request(port: int, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """Return status and body of a request on a connection of its own; a body shorter than announced raises."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = next((int(line[15:]) for line in answer.split("\r\n") if line.startswith("content-length:")), None)
        content = await reader.read() if length is None else await reader.readexactly(length)
        return int(answer.split(" ", 2)[1]), content
    finally:
        writer.close()
