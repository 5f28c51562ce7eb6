"""Speaks HTTP with the engine: looks at its metrics, and asks it for one token."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from dataclasses import dataclass

from bedplate_sidecar.judge import Canary
from bedplate_sidecar.observation import Sample, Silence, read

LARGEST_PAGE = 8 * 1024 * 1024
"""Bytes of metrics that are read at most; vLLM's page has some 100 kB."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the engine listens."""

    host: str
    port: int

    def connect(self, timeout: float) -> http.client.HTTPConnection:
        """Return a connection, not yet open. One per request: the engine closes idle ones when it likes."""
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)


def look(address: Address, timeout: float) -> Sample | Silence:
    """Return what the engine says of itself, or how it does not; never raises for what an engine can do."""
    connection = address.connect(timeout)
    try:
        connection.request("GET", "/metrics", headers={"Connection": "close"})
        response = connection.getresponse()
        page = response.read(LARGEST_PAGE)
    except ConnectionRefusedError:
        return Silence.REFUSED
    except TimeoutError:
        return Silence.UNANSWERED
    except (OSError, http.client.HTTPException):
        return Silence.UNREADABLE
    finally:
        connection.close()
    return read(page) if response.status == http.client.OK else Silence.UNREADABLE


class Question:
    """A request for one token, in a thread of its own: a hung engine never answers it.

    No answer in `timeout` leaves the question open for ever; that is the answer of a hung engine.
    """

    def __init__(self, address: Address, model: str, timeout: float) -> None:
        self._body = json.dumps({"model": model, "prompt": "1", "max_tokens": 1, "temperature": 0}).encode()
        self._connection = address.connect(timeout)
        self._outcome = Canary.WAITING
        self._thread = threading.Thread(target=self._ask, name="canary", daemon=True)
        self._thread.start()

    @property
    def outcome(self) -> Canary:
        """What has become of it so far."""
        return self._outcome

    def join(self, seconds: float) -> None:
        """Wait for the outcome, for so long at most."""
        self._thread.join(seconds)

    def abandon(self) -> None:
        """Close the connection, which also makes the engine drop the request."""
        sock = self._connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _ask(self) -> None:
        headers = {"Content-Type": "application/json", "Connection": "close"}
        try:
            self._connection.request("POST", "/v1/completions", self._body, headers)
            response = self._connection.getresponse()
            response.read(LARGEST_PAGE)
        except TimeoutError:
            return
        except (OSError, http.client.HTTPException):
            self._outcome = Canary.REFUSED
        else:
            self._outcome = Canary.ANSWERED if response.status == http.client.OK else Canary.REFUSED
        finally:
            self._connection.close()
