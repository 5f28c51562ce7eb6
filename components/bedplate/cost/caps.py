"""Spending caps: what a team may spend with everything up. The platform team owns them (policies/caps.yaml)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from pydantic import Field

from bedplate import catalog
from bedplate.catalog.own_prices import OWN_PRICES_FOLDER
from bedplate.cost.range import HOURS_PER_MONTH
from bedplate.errors import Problem, UsageError, nearest
from bedplate.stack import Environment
from bedplate.stack_file.beside import parse_beside
from bedplate.stack_file.model import Name, StrictModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bedplate.cost.range import CostLine, CostRange
    from bedplate.errors import FieldPath

CAPS_FILE = Path("policies") / "caps.yaml"

MOST_REMEDIES = 2

Dollars = Annotated[int, Field(gt=0)]


class Cap(StrictModel):
    """The two caps of a team in one environment, in US dollars with everything up."""

    hourly_usd: Dollars = Field(description="Per hour, every pool at its maximum.")
    monthly_usd: Dollars = Field(description="Per month, every pool at its maximum in every hour that may be used.")
    pool_hourly_usd: Dollars | None = Field(
        default=None, description="Per hour, for any one pool at its maximum. Default: only the sum is bounded."
    )
    idle_monthly_usd: Dollars | None = Field(
        default=None, description="Per month, at rest: floors of pools and what always runs. Default: no bound."
    )
    max_accelerators: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Accelerators that may run at once over all pools. Default: no bound but the money."
    )
    accelerators: list[str] | None = Field(
        default=None, description="Accelerators that pools may have, as the catalog names them. Default: any."
    )


class Caps(StrictModel):
    """The whole file. A team without caps of its own has those of `default`; without either, nothing is allowed."""

    max_machine_price_age_days: Annotated[int, Field(gt=0)] = Field(
        description="Machine prices older than this are a violation."
    )
    max_service_price_age_days: Annotated[int, Field(gt=0)] = Field(
        description="Prices of disks, gateways, control planes and the like older than this are a violation."
    )
    allow_undated_spot_prices: bool = Field(
        default=False,
        description="Accept spot prices from a snapshot without a date. They never bound what spot may cost: AWS "
        "charges up to the on-demand price.",
    )
    default: dict[Environment, Cap] = Field(default={}, description="Caps by environment, of teams without their own.")
    teams: dict[Name, dict[Environment, Cap]] = Field(default={}, description="Caps by team and environment.")

    def of(self, team: str, environment: str) -> Cap | None:
        """Return the cap of a team in an environment, or None when none is set, which allows nothing."""
        place = cast("Environment", environment)  # another one has no caps
        return self.teams.get(team, {}).get(place) or self.default.get(place)


@dataclass(frozen=True, slots=True)
class Excess:
    """A cap that a plan passes, with what to change."""

    message: str
    remedy: str


def read_caps(path: Path) -> Caps:
    """Read the caps file: no caps means that nothing is allowed.

    Raises `UsageError` when it is missing, and `InputError` with everything that is wrong in it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"no spending caps: {path} cannot be read ({error.strerror})",
            hint=f"The platform team keeps them in {CAPS_FILE} of the project, and `bedplate plan --caps FILE` names "
            "others; without caps nothing may be created.",
        ) from None
    return parse_beside(Caps, str(path), content, _unknown_accelerators)


def _unknown_accelerators(caps: Caps) -> Iterator[Problem]:
    """A name that the catalog does not know allows nothing, and reads as if it did."""
    caps_of: list[tuple[FieldPath, Mapping[Environment, Cap]]] = [(("default",), caps.default)]
    caps_of += [(("teams", team), own) for team, own in caps.teams.items()]
    for field, own in caps_of:
        for environment, cap in own.items():
            for index, name in enumerate(cap.accelerators or ()):
                known = catalog.accelerators()
                if name not in known:
                    yield Problem(
                        f"{name!r} is no accelerator of the catalog",
                        (*field, environment, "accelerators", index),
                        allowed=tuple(known),
                        nearest=nearest(name, known),
                    )


def told(over: Sequence[Excess]) -> str:
    """Return excesses as people read them, those with the same remedy together above it."""
    by_remedy: dict[str, list[str]] = {}
    for excess in over:
        by_remedy.setdefault(excess.remedy, []).append(excess.message)
    return "\n".join("\n".join([*messages, f"  {remedy}"]) for remedy, messages in by_remedy.items())


def excesses(cost: CostRange, cap: Cap | None, team: str, environment: str) -> list[Excess]:
    """Return the caps that a cost passes, each with by how much and the smallest change that would keep to it."""
    if cap is None:
        return [
            Excess(
                f"no spending cap is set for team {team} in {environment}, so nothing may be created",
                f"ask the platform team for teams.{team}.{environment} in {CAPS_FILE}",
            )
        ]
    unpriced = [
        Excess(
            f"{line.owner}: no price is known for {line.item}, so its cost cannot be bounded",
            "choose a machine and region that `bedplate catalog show` prices, or let the platform team add the price "
            f"with its source to {OWN_PRICES_FOLDER} (docs/guide/cost.md)",
        )
        for line in cost.unpriced
        if line.max_units
    ]
    return [
        *unpriced,
        *_over("per hour", cost.max_per_hour, Decimal(cap.hourly_usd), Decimal(1), cost),
        *_over("per month", cost.max_per_month, Decimal(cap.monthly_usd), HOURS_PER_MONTH, cost),
    ]


def _over(period: str, amount: Decimal, cap: Decimal, hours: Decimal, cost: CostRange) -> list[Excess]:
    over = amount - cap
    if over <= 0:
        return []
    message = f"${amount:,.2f} {period} with everything up is ${over:,.2f} above the cap of ${cap:,.2f}"
    return [Excess(message, _remedy(over / hours, cost))]


def _remedy(over_per_hour: Decimal, cost: CostRange) -> str:
    """Name the lines of which fewer units alone would keep to the cap, the smallest cut first."""
    cuts = [_cut(line, over_per_hour) for line in cost.lines if line.kind == "machine"]
    enough = sorted((share, text) for share, text in filter(None, cuts))
    if enough:
        return "to keep to it: " + ", or ".join(text for _, text in enough[:MOST_REMEDIES])
    return "no single pool makes up for it; lower several, or ask the platform team for a higher cap"


def _cut(line: CostLine, over_per_hour: Decimal) -> tuple[Decimal, str] | None:
    """Return which share of a line's units has to go, and the change in words; None when all of them are too few."""
    if not line.usd_per_hour or line.reserved:  # fewer nodes of a reservation cost the same
        return None
    fewer = int((over_per_hour / line.usd_per_hour).to_integral_value(rounding=ROUND_CEILING))
    if fewer >= line.max_units:
        return None
    text = f"{line.owner} with {line.max_units - fewer} instead of {line.max_units} × {line.item}"
    return Decimal(fewer) / line.max_units, text
