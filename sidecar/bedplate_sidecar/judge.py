"""Decides whether an engine hangs, from what each look at it brought back: no clock, no network, no file.

The rule: an engine hangs when it has work and has completed no step for `stall` seconds, or for four times its longest
habitual pause where that is more, within bounds. (120 s are field-proven in gonka-ai/gonka#1421: from more than eight
false restarts a day to none.)

Whatever is doubtful counts for the engine:

- Gauges are not trusted alone. vLLM's may say "idle" in a hang (vllm#46811), or keep saying "busy". So when nothing has
  moved for a quarter of the deadline, the watcher asks for one token itself (the canary). If it comes, the engine
  works. Only if it does not come for the rest of the deadline is the engine hung, whatever its gauges say. Where no
  canary can be sent (no model name, or the engine turns it away), the gauges decide.
- Looks that fail are no verdict. Nothing listening means loading or ended, which is the startup probe's business. No
  answer, or a wrong one, means that nothing is known: the gauges count no longer, and only a canary that is not
  answered either condemns the engine.
- Time in which the watcher itself did not look (throttled, stopped, its node frozen) did not pass for the engine.
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bedplate_sidecar.observation import Sample, Silence

if TYPE_CHECKING:
    from collections.abc import Collection

PAUSES_REMEMBERED = 512
PAUSES_OF_A_HABIT = 3
"""How many long pauses earn time: one or two are exceptions, and would prolong the first hang after them."""

PAUSE_FACTOR = 4
ASK_AFTER = 1 / 4
"""Of the stall deadline: how long nothing moves before the watcher asks for a token."""

PATIENCE = 2 / 3
"""Of the deadline in force: how long the watcher waits for that token. Asking and waiting together are shorter than the
deadline, so that an engine that looks idle is found as fast as a busy one."""


class Canary(enum.Enum):
    """What has become of the request for one token."""

    NONE = "none"
    WAITING = "waiting"
    ANSWERED = "answered"
    REFUSED = "refused"
    """An error, or no connection: says nothing about progress."""


class State(enum.Enum):
    """What the engine does, as far as the watcher can tell."""

    STARTING = "starting"
    IDLE = "idle"
    WORKING = "working"
    SILENT = "silent"
    """Past its startup, and the last look brought nothing back."""

    WEDGED = "wedged"


@dataclass(frozen=True, slots=True)
class Limits:
    """All times in seconds. `period` lies between two looks, of which each may take `timeout`."""

    period: float = 5
    timeout: float = 5
    stall: float = 120
    longest_stall: float = 600
    first_token: float = 300
    canary: bool = True

    @property
    def own_pause(self) -> float:
        """From which distance on between two looks it was the watcher that paused."""
        return 2 * (self.period + self.timeout)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome of a look. `ask` tells the caller to send a canary now, and to forget an earlier one.

    `silence` is how long the engine has completed no step while it had work, `deadline` how long it may.
    """

    state: State
    ask: bool = False
    silence: float = 0.0
    deadline: float = 0.0

    @property
    def wedged(self) -> bool:
        """Whether the engine is to be restarted."""
        return self.state is State.WEDGED


@dataclass(slots=True)
class _Life:
    """What is known of the engine since it last started. Times are the caller's monotonic clock."""

    last: Sample
    progress_at: float
    work_since: float | None = None
    asked_at: float | None = None
    refused_at: float | None = None
    produced: bool = False
    pauses: deque[float] = field(default_factory=lambda: deque(maxlen=PAUSES_REMEMBERED))

    @property
    def silent_since(self) -> float:
        """The last step; or when work came, if that was later: a pause without work is none."""
        return self.progress_at if self.work_since is None else max(self.progress_at, self.work_since)

    def shift(self, seconds: float) -> None:
        """Take out of the account time in which nobody looked."""
        self.progress_at += seconds
        self.work_since = None if self.work_since is None else self.work_since + seconds
        self.asked_at = None if self.asked_at is None else self.asked_at + seconds
        self.refused_at = None if self.refused_at is None else self.refused_at + seconds

    def note_progress(self, now: float) -> None:
        """A step was completed since the last look: an open question, if any, is no longer of interest."""
        if self.work_since is not None:
            self.pauses.append(now - self.silent_since)
        self.progress_at = now
        self.produced = True
        self.asked_at = None


class Judge:
    """Judges one engine, look by look."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._life: _Life | None = None
        self._looked_at: float | None = None

    def look(self, now: float, seen: Sample | Silence, canary: Canary = Canary.NONE) -> Judgement:
        """Return what follows from a look at `now`, at which the canary (if one was asked for) stood as told."""
        self._forgive_own_pause(now)
        if seen is Silence.REFUSED or (self._life is None and isinstance(seen, Silence)):
            self._life = None
            return Judgement(State.STARTING)
        if isinstance(seen, Sample) and (self._life is None or seen.is_another_life_than(self._life.last)):
            self._life = _Life(last=seen, progress_at=now, produced=seen.steps > 0)
        life = self._life
        assert life is not None  # noqa: S101 - for the type checker: the two branches above leave nothing else
        self._note_canary(life, now, canary)
        if isinstance(seen, Sample):
            self._note_sample(life, now, seen)
        return self._judge(life, now, seen)

    def _forgive_own_pause(self, now: float) -> None:
        if self._life is not None and self._looked_at is not None:
            distance = now - self._looked_at
            if distance > self.limits.own_pause:
                self._life.shift(distance - self.limits.period)
        self._looked_at = now

    def _note_canary(self, life: _Life, now: float, canary: Canary) -> None:
        if canary is Canary.ANSWERED:
            life.note_progress(now)
            life.refused_at = None
        elif canary is Canary.REFUSED and life.asked_at is not None:
            life.asked_at, life.refused_at = None, now

    def _note_sample(self, life: _Life, now: float, sample: Sample) -> None:
        if sample.moved_since(life.last):
            life.note_progress(now)
        life.last = sample
        if not sample.has_work:
            life.work_since = None
        elif life.work_since is None:
            life.work_since = now

    def _judge(self, life: _Life, now: float, seen: Sample | Silence) -> Judgement:
        deadline = self.deadline(life)
        silence = now - life.silent_since
        if silence >= deadline and self._confirmed(life, now, seen, deadline):
            return Judgement(State.WEDGED, silence=silence, deadline=deadline)
        return Judgement(self._state(seen), self._ask(life, now), silence, deadline)

    def _confirmed(self, life: _Life, now: float, seen: Sample | Silence, deadline: float) -> bool:
        """Whether the silence means a hang: by the canary where there is one, else by what the engine says."""
        if life.asked_at is not None:
            return now - life.asked_at >= PATIENCE * deadline
        no_canary = not self.limits.canary or life.refused_at is not None
        return no_canary and isinstance(seen, Sample) and seen.has_work

    def _ask(self, life: _Life, now: float) -> bool:
        """Whether to ask for a token now: when nothing has moved for a while, and no other question is open."""
        if not self.limits.canary or life.asked_at is not None:
            return False
        quiet_since = max(life.progress_at, life.refused_at or life.progress_at)
        if now - quiet_since < ASK_AFTER * self.limits.stall:
            return False
        life.asked_at = now
        return True

    def deadline(self, life: _Life) -> float:
        """Return how long this engine may be silent: slow steps prolong it once they are a habit, within bounds."""
        earned = PAUSE_FACTOR * longest_habitual(life.pauses)
        deadline = min(max(self.limits.stall, earned), max(self.limits.stall, self.limits.longest_stall))
        return deadline if life.produced else max(deadline, self.limits.first_token)

    @staticmethod
    def _state(seen: Sample | Silence) -> State:
        if isinstance(seen, Silence):
            return State.SILENT
        return State.WORKING if seen.has_work else State.IDLE


def longest_habitual(pauses: Collection[float]) -> float:
    """Return the 99th percentile of pauses, but none that fewer than three of them reach; 0 where there are fewer.

    Of less than 200 values the percentile alone is the longest or the one after it, an exception perhaps.
    """
    ordered = sorted(pauses)
    rank = min(-(-99 * len(ordered) // 100), len(ordered) - PAUSES_OF_A_HABIT + 1)
    return ordered[rank - 1] if rank > 0 else 0.0
