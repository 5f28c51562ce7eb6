"""The watcher as a whole, against HTTP servers of the test's own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bedplate_sidecar import report
from bedplate_sidecar.engine import Address, Question, look
from bedplate_sidecar.judge import Canary, Judgement, Limits, State
from bedplate_sidecar.main import Watcher
from bedplate_sidecar.observation import Sample, Silence
from bedplate_sidecar.settings import Settings
from tests.sidecar.test_exposition import PAGE

SIDECAR = Path(__file__).parents[2] / "sidecar"
TIMEOUT = 0.3


class Engine:
    """What the engine answers; None is no answer at all."""

    def __init__(self) -> None:
        self.page: bytes | None = PAGE
        self.status = 200
        self.completion_status: int | None = 200
        self.asked: list[object] = []
        self.release = threading.Event()
        self.address = Address("127.0.0.1", 0)


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Serve an engine on the loopback address."""
    engine = Engine()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(engine.status, engine.page)

        def do_POST(self) -> None:
            engine.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(engine.completion_status or 0, None if engine.completion_status is None else b"{}")

        def answer(self, status: int, body: bytes | None) -> None:
            if body is None:
                engine.release.wait(10)
                return
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        engine.address = Address("127.0.0.1", server.server_port)
        yield engine
        engine.release.set()


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[ThreadingHTTPServer]:
    """Serve in a thread."""
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_look_tells_apart_why_it_brings_nothing_back(engine: Engine) -> None:
    assert isinstance(look(engine.address, TIMEOUT), Sample)
    engine.status = 500
    assert look(engine.address, TIMEOUT) is Silence.UNREADABLE
    engine.page = None
    assert look(engine.address, TIMEOUT) is Silence.UNANSWERED
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert look(Address("127.0.0.1", port), TIMEOUT) is Silence.REFUSED


def test_something_that_hangs_up_is_unreadable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        hang_up = threading.Thread(target=lambda: server.accept()[0].close())
        hang_up.start()
        assert look(Address(*server.getsockname()[:2]), TIMEOUT) is Silence.UNREADABLE
        hang_up.join()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, Canary.ANSWERED), (404, Canary.REFUSED), (503, Canary.REFUSED), (None, Canary.WAITING)],
)
def test_a_question_ends_as_the_engine_answers_it(engine: Engine, status: int | None, outcome: Canary) -> None:
    engine.completion_status = status
    question = Question(engine.address, "m", TIMEOUT)
    question.join(5)
    assert question.outcome is outcome
    assert engine.asked == [{"model": "m", "prompt": "1", "max_tokens": 1, "temperature": 0}]


def test_an_abandoned_question_ends(engine: Engine) -> None:
    engine.completion_status = None
    question = Question(engine.address, "m", 60)
    while not engine.asked:
        question.join(0.01)
    question.abandon()
    question.join(5)
    assert question.outcome is Canary.REFUSED


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def watch(engine: Engine, clock: Clock, file: Path, model: str = "") -> Watcher:
    """Return a watcher of an engine that has already produced tokens, after its first look."""
    limits = Limits(period=5, timeout=TIMEOUT, stall=120, canary=bool(model))
    watcher = Watcher(Settings(engine.address, model, file, ("127.0.0.1", 0), limits), clock)
    watcher.look()
    return watcher


def pass_time(watcher: Watcher, clock: Clock, seconds: float) -> Judgement:
    """Let time pass, look by look; return what the last one found."""
    judgement = watcher.account.judgement
    for _ in range(int(seconds / 5)):
        clock.now += 5
        judgement = watcher.look()
    return judgement


def test_the_verdict_is_written_counted_logged_and_taken_back(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    watcher = watch(engine, clock, tmp_path / "wedged")
    assert pass_time(watcher, clock, 115).state is State.WORKING
    assert not (tmp_path / "wedged").exists()
    assert pass_time(watcher, clock, 10).wedged
    assert json.loads((tmp_path / "wedged").read_text())["silence_seconds"] == 125
    engine.page = PAGE.replace(b"177398.0", b"177399.0")
    assert pass_time(watcher, clock, 5).state is State.WORKING
    assert not (tmp_path / "wedged").exists()
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    expected = [("info", "working"), ("error", "wedged"), ("info", "working")]
    assert [(event["level"], event["event"]) for event in events] == expected
    page = watcher.account.page()
    assert "bedplate_sidecar_verdicts_total 1\n" in page
    assert 'bedplate_sidecar_looks_total{outcome="sample"} 27\n' in page
    assert 'bedplate_sidecar_state{state="working"} 1\n' in page


def test_a_verdict_that_cannot_be_written_is_none(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    watcher = watch(engine, clock, tmp_path / "nowhere" / "wedged")
    assert pass_time(watcher, clock, 120).wedged
    assert watcher.account.unwritten == 1
    assert "verdict not written" in capsys.readouterr().out


def test_the_watcher_asks_a_silent_engine_for_a_token_before_it_condemns_it(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    watcher = watch(engine, clock, tmp_path / "wedged", model="m")
    pass_time(watcher, clock, 30)
    assert watcher.account.canaries == {"asked": 1, "answered": 0, "refused": 0}
    while not watcher.account.canaries["answered"]:
        watcher.look()  # at the same moment, until the answer has come through
    assert not pass_time(watcher, clock, 25).wedged
    engine.completion_status = None
    assert pass_time(watcher, clock, 120).wedged
    watcher.close()
    assert not (tmp_path / "wedged").exists()


def test_the_whole_account_is_served() -> None:
    account = report.Account()
    account.judgement = Judgement(State.WEDGED, silence=125.5, deadline=120)
    server = report.serve(("127.0.0.1", 0), account.page)
    address = f"http://127.0.0.1:{server.server_port}"
    with urllib.request.urlopen(f"{address}/metrics", timeout=5) as answer:
        page = answer.read().decode()
    assert "bedplate_sidecar_silence_seconds 125.5\n" in page
    assert 'bedplate_sidecar_state{state="wedged"} 1\n' in page
    with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
        assert answer.read() == b"ok\n"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{address}/else", timeout=5)
    server.shutdown()
    server.server_close()


def test_the_process_clears_an_old_verdict_works_without_its_port_and_leaves_nothing(tmp_path: Path) -> None:
    """Nothing listens where the engine should be, and another process has the port of the metrics."""
    file = tmp_path / "wedged"
    file.write_text("{}")
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
        closed.close()
        command = [sys.executable, "-m", "bedplate_sidecar", "--engine", f"http://127.0.0.1:{port}"]
        command += ["--verdict-file", str(file), "--listen", f"127.0.0.1:{taken.getsockname()[1]}"]
        environment = os.environ | {"PYTHONPATH": str(SIDECAR)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as watcher:
            try:
                assert watcher.stdout is not None
                events = [json.loads(watcher.stdout.readline())["event"] for _ in range(2)]
                assert events == ["no metrics", "watching"]
                assert not file.exists()
                file.write_text("{}")
                watcher.send_signal(signal.SIGTERM)
                assert watcher.wait(10) == 0
            finally:
                watcher.kill()
    assert not file.exists()
