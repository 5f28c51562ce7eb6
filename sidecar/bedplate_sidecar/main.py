"""The watcher's life: look, judge, write or clear the verdict, wait."""

from __future__ import annotations

import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from bedplate_sidecar import report
from bedplate_sidecar.engine import Question, look
from bedplate_sidecar.judge import Canary, Judge, Judgement, State
from bedplate_sidecar.settings import Settings, read_settings
from bedplate_sidecar.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bedplate_sidecar.observation import Sample, Silence


class Watcher:
    """Watches one engine. `clock` tells seconds that never go back."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self.verdict = Verdict(settings.verdict_file)
        self.judge = Judge(settings.limits)
        self.account = report.Account()
        self._clock = clock
        self._question: Question | None = None

    def look(self) -> Judgement:
        """Look once, and act on it."""
        seen = look(self.settings.engine, self.settings.limits.timeout)
        canary = self._take_canary()
        judgement = self.judge.look(self._clock(), seen, canary)
        self.account.count_look(seen)
        self._tell(judgement, seen, canary)
        self._publish(judgement)
        if judgement.ask:
            self._ask()
        return judgement

    def close(self) -> None:
        """Leave nothing behind that condemns the engine."""
        self.verdict.clear()
        if self._question is not None:
            self._question.abandon()

    def _take_canary(self) -> Canary:
        """Return how the question stands, and forget it once that is final."""
        if self._question is None:
            return Canary.NONE
        outcome = self._question.outcome
        if outcome is not Canary.WAITING:
            self.account.canaries[outcome.value] += 1
            self._question = None
        return outcome

    def _ask(self) -> None:
        if self._question is not None:
            self._question.abandon()
        self.account.canaries["asked"] += 1
        patience = 2 * max(self.settings.limits.longest_stall, self.settings.limits.first_token)
        self._question = Question(self.settings.engine, self.settings.model, patience)

    def _tell(self, judgement: Judgement, seen: Sample | Silence, canary: Canary) -> None:
        """Log every change of state, and count verdicts."""
        before, now = self.account.judgement.state, judgement.state
        self.account.judgement = judgement
        if before is now:
            return
        self.account.verdicts += now is State.WEDGED
        report.log(
            "error" if now is State.WEDGED else "info",
            now.value,
            before=before.value,
            silence_seconds=round(judgement.silence, 1),
            deadline_seconds=round(judgement.deadline, 1),
            canary=canary.value,
            seen=str(seen),
        )

    def _publish(self, judgement: Judgement) -> None:
        """Bring the verdict file in line; one that cannot be written is no verdict."""
        if not judgement.wedged:
            self.verdict.clear()
            return
        reason: dict[str, object] = {
            "wedged": True,
            "silence_seconds": round(judgement.silence),
            "at": round(time.time()),
        }
        try:
            self.verdict.repeat(reason)
        except OSError as error:
            self.account.unwritten += 1
            report.log("error", "verdict not written", file=str(self.verdict.path), error=str(error))


def main(arguments: Sequence[str] | None = None) -> None:
    """Watch until SIGTERM or SIGINT."""
    settings = read_settings(sys.argv[1:] if arguments is None else arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    watcher = Watcher(settings)
    watcher.verdict.clear()
    _serve_metrics(settings, watcher)
    report.log("info", "watching", engine=f"{settings.engine.host}:{settings.engine.port}", stall=settings.limits.stall)
    try:
        while not stop.is_set():
            watcher.look()
            stop.wait(settings.limits.period)
    finally:
        watcher.close()


def _serve_metrics(settings: Settings, watcher: Watcher) -> None:
    """Serve metrics if the address is free. If not, go on: a pod whose sidecar does not start never gets its engine."""
    try:
        report.serve(settings.listen, watcher.account.page)
    except OSError as error:
        report.log("error", "no metrics", listen="{}:{}".format(*settings.listen), error=str(error))
