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
    """A quota and the machine families it counts.

    `p5` is exactly that family, `p5*` every family that begins so (p5en), and `p*` the families whose letters
    are p alone: `t*` holds t3 and not trn1.
    """

    capacity: str
    families: tuple[str, ...]
    quota: Quota

    def counts(self, family: str, capacity: str) -> bool:
        """Return whether machines of a family bought this way count against the quota."""
        return capacity == self.capacity and any(_covers(name, family) for name in self.families)


def quota(cloud: str, machine: str, capacity: str) -> Quota | None:
    """Return the limit that a machine counts against when bought as `capacity`, or `None` where none is known.

    `capacity` is "on-demand", "spot" or "capacity-block". Sources disagree about spot for AWS p6, so it is not
    in the catalog. Look a quota up in the account by its name: that is what AWS documents, and tools that carry
    codes around disagree about them. Raises `UsageError` for an unknown cloud.
    """
    family = machine.partition(".")[0]
    return next((rule.quota for rule in _rules(known_cloud(cloud)) if rule.counts(family, capacity)), None)


def knows_quotas(cloud: str) -> bool:
    """Tell whether the catalog has quotas of a cloud at all. Raises `UsageError` for an unknown cloud."""
    return bool(_rules(known_cloud(cloud)))


def _covers(name: str, family: str) -> bool:
    if not name.endswith("*"):
        return name == family
    stem = name.removesuffix("*")
    following = family[len(stem) : len(stem) + 1]
    return family.startswith(stem) and not (stem.isalpha() and following.isalpha())


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
