"""What a rule is, what it sees, and how it is run so that nothing it does not know lets a deployment pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bedplate.errors import BedplateError
from bedplate.sdk_types.tokens import plain_type
from rules.reading import UndecidedError

if TYPE_CHECKING:
    from datetime import date

    from bedplate.cost.caps import Caps
    from rules.exceptions import RuleException
    from rules.pack_settings import PackSettings

Content = TypeVar("Content")

FOLDER = Path(__file__).resolve().parents[1]
"""The pack's own folder, wherever the program stands: a change cannot bring its own caps, settings or exceptions."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as a policy sees it, with plain properties (`rules.reading.plain`) and its `plain_type`."""

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

    memory: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What one rule found out about the resource and others need too (`rules.pods.pods`)."""

    def __post_init__(self) -> None:
        """Every rule sees the plain type, whoever made the resource."""
        object.__setattr__(self, "type", plain_type(self.type))

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

    caps_path: Path = FOLDER / "caps.yaml"
    settings_path: Path = FOLDER / "settings.yaml"
    exceptions_path: Path = FOLDER / "exceptions.yaml"
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
        from bedplate.cost.caps import read_caps

        return _file(read_caps, self.settings.caps_path, "correct the caps file; without caps nothing may be created")

    def pack_settings(self) -> PackSettings:
        """Return the parameters of the rules; raises `UndecidedError` when the file cannot be read."""
        from rules.pack_settings import read_pack_settings

        return _file(read_pack_settings, self.settings.settings_path, "correct the file of the platform team")

    def exceptions(self) -> tuple[RuleException, ...]:
        """Return the exceptions, expired ones too; raises `UndecidedError` when the file cannot be read."""
        from rules.exceptions import read_exceptions

        return _file(read_exceptions, self.settings.exceptions_path, "correct the file of exceptions")

    def nearest_ancestor(self, resource: Resource, type_token: str) -> Resource | None:
        """Return the nearest ancestor of a type, or None."""
        urn = resource.parent
        while urn and (ancestor := self.resources.get(urn)):
            if ancestor.type == type_token:
                return ancestor
            urn = ancestor.parent
        return None


@cache
def _outcome(reader: Callable[[Path], Content], path: Path) -> Content | BedplateError:
    """Return what a reader makes of a file, or the error: a file is read once, and a wrong one stays wrong."""
    try:
        return reader(path)
    except BedplateError as error:
        return error


def _file(reader: Callable[[Path], Content], path: Path, fix: str) -> Content:
    outcome: Content | BedplateError = _outcome(reader, path)
    if isinstance(outcome, BedplateError):
        raise UndecidedError(outcome.message, fix=fix)
    return outcome


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, with a sentence on what to do that says more than its rule's fix.

    `urn` names the resource where a rule about the whole stack knows it.
    """

    problem: str
    fix: str
    urn: str = ""


Findings = Iterable[str | Finding]
"""What a rule yields; of a text, the fix is its rule's."""

ResourceCheck = Callable[[Resource, Surroundings], Findings]
StackCheck = Callable[[Surroundings], Findings]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What every rule says to the people who meet it."""

    id: str
    family: str
    demands: str
    """What must hold, as a sentence."""

    reason: str
    fix: str
    references: tuple[str, ...] = ()
    """Where others demand the same: Checkov's rules (CKV…), the CIS benchmarks, documents."""

    passes: str = ""
    """An example that passes, in short."""

    fails: str = ""
    """An example that does not."""

    waivable: bool = True
    """False for what no exception and no setting may loosen: caps on cost, and nodes that nobody priced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Words):
    """A rule about one resource: a function that yields what is wrong."""

    applies: Callable[[str], bool]
    """Whether the rule looks at resources of a type."""

    check: ResourceCheck
    on_stack: bool = False
    """Whether it runs again on the whole stack, with outputs; every rule runs at registration, with inputs."""

    reads_properties: bool = True
    """False for a rule that looks at types alone, so that nothing is decoded for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRule(Words):
    """A rule about all resources together."""

    check: StackCheck
    reads: Callable[[str], bool] = lambda _: False
    """Whether it looks at the properties of resources of a type; those of components are always there."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that is broken, by which resource and how."""

    rule: Words
    problem: str
    remedy: str
    urn: str = ""
    undecided: bool = False

    @property
    def message(self) -> str:
        """The whole message, beginning with the rule's id."""
        return f"{self.rule.id}: {self.problem}. {self.remedy}."


def violations(rule: Rule | StackRule, run: Callable[[], Findings], urn: str = "") -> Iterator[Violation]:
    """Yield what one run of a rule finds. Whatever goes wrong inside is a violation too, never silence."""
    try:
        for found in run():
            finding = found if isinstance(found, Finding) else Finding(found, f"Fix: {rule.fix}")
            yield Violation(rule, finding.problem, finding.fix, finding.urn or urn)
    except UndecidedError as undecided:
        fix = f"Fix: {undecided.fix or rule.fix}"
        yield Violation(rule, f"cannot be decided: {undecided}", fix, urn, undecided=True)
    except Exception as error:  # noqa: BLE001 - the SDK would turn an unknown value into mere advice
        yield Violation(
            rule,
            f"could not be evaluated, so the deployment stops: {type(error).__name__}: {error}",
            f"Fix: {rule.fix}; if the resource is as it should be, report a defect of the rule",
            urn,
        )
