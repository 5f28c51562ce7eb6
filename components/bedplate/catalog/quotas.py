"""Which account limit a machine counts against."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from bedplate.catalog.model import Quota
from bedplate.catalog.tables import CellError, build, known_cloud, read

if TYPE_CHECKING:
    from bedplate.catalog.tables import Row

COLUMNS = ("capacity", "families", "code", "name", "unit", "default", "source", "as_of")
CAPACITIES = ("on-demand", "spot", "capacity-block")


@dataclass(frozen=True, slots=True)
class Rule:
    """A quota and the machine families it counts: `p5` is exactly that family, `p*` every family of that letter."""

    capacity: str
    families: tuple[str, ...]
    quota: Quota

    def fit(self, family: str) -> int:
        """Return how closely the rule names a family: the length of the name that matched, 0 for none."""
        return max((len(name) for name in self.families if _names(name, family)), default=0)


def quota(cloud: str, machine: str, capacity: str) -> Quota | None:
    """Return the limit that a machine counts against when bought as `capacity`, or `None` where none is known.

    `capacity` is "on-demand", "spot" or "capacity-block". Sources disagree on the spot quota of AWS p6, so it is
    not in the catalog. Look a quota up by its name in the account: codes differ between accounts of different
    partitions, names do not. Raises `UsageError` for an unknown cloud.
    """
    family = machine.partition(".")[0]
    rules = [rule for rule in _rules(known_cloud(cloud)) if rule.capacity == capacity and rule.fit(family)]
    return max(rules, key=lambda rule: rule.fit(family)).quota if rules else None


def _names(name: str, family: str) -> bool:
    """Return whether a name of the table stands for a family: `g*` is g, then a digit or `r` (gr6), then anything."""
    if not name.endswith("*"):
        return name == family
    letters = name.removesuffix("*")
    return family.startswith(letters) and family[len(letters) : len(letters) + 1].isdecimal()


@cache
def _rules(cloud: str) -> tuple[Rule, ...]:
    return tuple(build(read(f"quotas-{cloud}.csv", COLUMNS), parse))


def parse(row: Row) -> Rule:
    """Return one quota with its families; raises `CellError` for a cell that cannot be read."""
    capacity = row.required("capacity")
    if capacity not in CAPACITIES:
        raise CellError("capacity", f"{capacity!r} is not one of {', '.join(CAPACITIES)}")
    return Rule(
        capacity=capacity,
        families=tuple(row.required("families").split()),
        quota=Quota(
            code=row.required("code"),
            name=row.required("name"),
            unit=row.required("unit"),
            default=row.integer("default"),
            source=row.source(),
            as_of=row.required_day("as_of"),
        ),
    )
