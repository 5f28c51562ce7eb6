"""The official download: asked for briefly, run at arm's length, kept only if it works."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from bedplate.engine import official_source
from bedplate.engine.cache import engines_directory
from bedplate.engine.model import LANGUAGE_HOST, SHIM, Engine, Silence, Unavailable
from bedplate.engine.official_source import download, installed_official, why_unreachable
from bedplate.engine.requirements import requirements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engine_install.conftest import Machine

WRITE_ENGINE = f"""
import sys, pathlib
folder = pathlib.Path(sys.argv[1]) / "bin"
folder.mkdir()
for name in {("pulumi", LANGUAGE_HOST, SHIM)!r}:
    program = folder / name
    program.write_text(f"#!{{sys.executable}} -IS\\nprint('v{{VERSION}}')\\n")
    program.chmod(0o755)
"""


@contextmanager
def server(status: int, *, delay: float = 0.0) -> Iterator[str]:
    """Serve one status for every request, and yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            time.sleep(delay)
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name is the base class's
            """Say nothing."""

    listener = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}/install.sh"
    finally:
        listener.shutdown()
        listener.server_close()


@pytest.mark.parametrize(("status", "answer"), [(200, ""), (204, ""), (403, "answers 403"), (502, "answers 502")])
def test_a_server_that_answers(status: int, answer: str) -> None:
    with server(status) as address:
        assert why_unreachable(address, 5.0).removeprefix(f"{address} ") == answer


def test_a_server_that_does_not_answer_costs_no_more_than_the_limit() -> None:
    with server(200, delay=1.0) as address:
        assert why_unreachable(address, 0.2).startswith(f"{address} ")


def test_a_closed_port_is_unreachable() -> None:
    with server(200) as address:
        pass
    assert "cannot be reached" in why_unreachable(address, 5.0)


@pytest.fixture
def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official_source, "why_unreachable", lambda address, seconds: "")


def installer(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(official_source, "_INSTALLER", script)


def download_once() -> Engine | Unavailable:
    engines_directory().mkdir(parents=True)
    return download(Silence())


def test_an_unreachable_server_is_not_downloaded_from(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official_source, "why_unreachable", lambda address, seconds: "no network")
    installer(monkeypatch, "raise SystemExit('must not run')")
    found = download_once()
    assert isinstance(found, Unavailable)
    assert found.reason == "no network"
    assert "HTTPS_PROXY" in found.remedy


@pytest.mark.usefixtures("reachable")
def test_a_download_that_works_is_kept_and_found_again(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    version = requirements().official
    installer(monkeypatch, f"VERSION = {version!r}\n{WRITE_ENGINE}")
    engine = download_once()
    assert isinstance(engine, Engine)
    assert (engine.version, engine.origin) == (version, "official")
    assert installed_official() == engine
    assert machine.engines() == [f"official-{version}"]


@pytest.mark.usefixtures("reachable")
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("print('curl: (22) 404')\nraise SystemExit(1)", "the installer failed: curl: (22) 404"),
        ("raise SystemExit(7)", "the installer failed: exit code 7"),
        ("", "what was downloaded does not run"),
        (f"VERSION = '3.1.0'\n{WRITE_ENGINE}", "what was downloaded does not run"),
    ],
)
def test_a_download_that_fails_leaves_nothing(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    installer(monkeypatch, script)
    found = download_once()
    assert isinstance(found, Unavailable)
    assert found.reason == reason
    assert machine.engines() == []
    assert installed_official() is None


@pytest.mark.usefixtures("reachable")
def test_a_download_that_hangs_is_ended(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official_source, "_DOWNLOAD_SECONDS", 0.3)
    installer(monkeypatch, "import time\ntime.sleep(60)")
    found = download_once()
    assert isinstance(found, Unavailable)
    assert "did not end within" in found.reason
    assert machine.engines() == []
