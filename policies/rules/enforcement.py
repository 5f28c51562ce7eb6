"""What becomes of a violation: it stops the deployment, it advises, or an exception lets it pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from rules.reading import UndecidedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules.exceptions import RuleException
    from rules.model import Surroundings, Violation


@dataclass(slots=True)
class Verdicts:
    """Violations of one deployment by what becomes of them, and the exceptions that were used."""

    refusals: list[Violation] = field(default_factory=list)
    advice: list[Violation] = field(default_factory=list)
    used: set[RuleException] = field(default_factory=set)
    loosened: tuple[str, ...] = ()
    """Patterns of further rules that advise, from `--policy-pack-config`: whoever runs the pack might leave it out."""

    def add(self, found: Iterable[Violation], stack: str, surroundings: Surroundings) -> None:
        """Sort violations of a stack. With settings or exceptions that cannot be read, each of them stops."""
        for violation in found:
            if not self._is_excepted(violation, stack, surroundings):
                (self.advice if self._is_advice(violation, stack, surroundings) else self.refusals).append(violation)

    def _is_excepted(self, violation: Violation, stack: str, surroundings: Surroundings) -> bool:
        try:
            exceptions = surroundings.exceptions()
        except UndecidedError:
            return False  # rules.governance says so
        for one in exceptions:
            if one.covers(violation, stack) and one.counts(surroundings.today):
                self.used.add(one)
                return True
        return False

    def _is_advice(self, violation: Violation, stack: str, surroundings: Surroundings) -> bool:
        rule = violation.rule
        if not rule.waivable:
            return False
        if any(fnmatchcase(rule.id, pattern) for pattern in self.loosened):
            return True
        try:
            return surroundings.pack_settings().is_advice(rule.id, stack)
        except UndecidedError:
            return False  # rules.governance says so
