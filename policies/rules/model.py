"""What a rule is, what it sees, and how it is run so that nothing it does not know lets a deployment pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rules.reading import UndecidedError

if TYPE_CHECKING:
    from datetime import date

    from bedplate.cost.caps import Caps

CAPS_PATH = Path(__file__).resolve().parents[1] / "caps.yaml"
"""The pack's own file, wherever the program stands: a change cannot bring its own caps."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as a policy sees it, with plain properties (`rules.reading.plain`)."""

    type: str
    urn: str
    name: str
    properties: Mapping[str, Any]
    parent: str = ""
    """URN of the parent; empty for none."""

    provider: str = ""
    """Type of the provider that creates it; empty for a component, which creates nothing itself."""

    provider_properties: Mapping[str, Any] = field(default_factory=dict)
    dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each property, the URNs that its value comes from. Known to stack rules only."""

    @property
    def stack(self) -> str:
        """The name of the stack. The engine writes URNs, so a program cannot choose it."""
        return self.urn.split("::")[0].removeprefix("urn:pulumi:")

    @property
    def ancestor_types(self) -> tuple[str, ...]:
        """The types of the ancestors, outermost first, as the engine recorded them in the URN."""
        return tuple(self.urn.split("::")[2].split("$")[:-1])


@dataclass(frozen=True, slots=True)
class Settings:
    """What rules take from outside the deployment. `today` None is the day on which the rule runs."""

    caps_path: Path = CAPS_PATH
    today: date | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a rule may look at besides its resource.

    At registration `resources` holds what was registered before, with inputs; afterwards the whole stack, with
    outputs and dependencies (`whole`).
    """

    resources: Mapping[str, Resource]
    whole: bool
    settings: Settings

    @property
    def today(self) -> date:
        """The day on which prices are judged."""
        return self.settings.today or datetime.now(tz=UTC).date()

    def caps(self) -> Caps:
        """Return the spending caps; raises `UndecidedError` when the platform team's file cannot be read."""
        from bedplate.errors import BedplateError

        try:
            return _caps(self.settings.caps_path)
        except BedplateError as error:
            raise UndecidedError(
                error.message, fix="correct the caps file; without caps nothing may be created"
            ) from None

    def nearest_ancestor(self, resource: Resource, type_token: str) -> Resource | None:
        """Return the nearest ancestor of a type, or None."""
        urn = resource.parent
        while urn and (ancestor := self.resources.get(urn)):
            if ancestor.type == type_token:
                return ancestor
            urn = ancestor.parent
        return None


@cache
def _caps(path: Path) -> Caps:
    from bedplate.cost.caps import read_caps

    return read_caps(path)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, with a sentence on what to do that says more than its rule's fix."""

    problem: str
    fix: str


Findings = Iterable[str | Finding]
"""What a rule yields; of a text, the fix is its rule's."""

ResourceCheck = Callable[[Resource, Surroundings], Findings]
StackCheck = Callable[[Surroundings], Findings]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a function that yields what is wrong, with the words for the people who meet it."""

    id: str
    family: str
    demands: str
    """What must hold, as a sentence."""

    reason: str
    fix: str
    applies: Callable[[str], bool]
    """Whether the rule looks at resources of a type."""

    check: ResourceCheck
    on_stack: bool = False
    """Whether it runs again on the whole stack, with outputs; every rule runs at registration, with inputs."""

    reads_properties: bool = True
    """False for a rule that looks at types alone, so that nothing is decoded for it."""


@dataclass(frozen=True, slots=True)
class StackRule:
    """One rule about all resources together."""

    id: str
    family: str
    demands: str
    reason: str
    fix: str
    check: StackCheck


def violations(rule: Rule | StackRule, run: Callable[[], Findings]) -> Iterator[str]:
    """Yield the messages of one run of a rule. Whatever goes wrong inside is a violation too, never silence."""
    try:
        for found in run():
            finding = found if isinstance(found, Finding) else Finding(found, f"Fix: {rule.fix}")
            yield f"{rule.id}: {finding.problem}. {finding.fix}."
    except UndecidedError as undecided:
        yield f"{rule.id}: cannot be decided: {undecided}. Fix: {undecided.fix or rule.fix}."
    except Exception as error:  # noqa: BLE001 - the SDK would turn an unknown value into mere advice
        yield (
            f"{rule.id}: could not be evaluated, so the deployment stops: {type(error).__name__}: {error}. "
            f"Fix: {rule.fix}; if the resource is as it should be, report a defect of the rule."
        )
