"""Which resource types cost money: data of the catalog (`resource-types.csv`). What is not in it is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Literal, cast

from bedplate.catalog.tables import CellError, build, read
from bedplate.sdk_types.tokens import plain_type

if TYPE_CHECKING:
    from bedplate.catalog.tables import Row

COLUMNS = ("type", "below", "billing", "source", "as_of", "note")

Billing = Literal["priced", "free", "use", "unknown"]
"""`priced`: a function of this package prices it. `free`: has no price of its own. `use`: billed only by what it stores
or moves, which no resource tells. `unknown`: may cost money, and nothing here can say how much."""

KINDS = ("priced", "free", "use", "unknown")


@dataclass(frozen=True, slots=True)
class ResourceType:
    """How resources of a type are billed; `below` restricts that to those inside a component of that type."""

    pattern: str
    below: str
    billing: Billing
    note: str


NOT_LISTED = ResourceType("", "", "unknown", "this type is not among those whose price is known")


def billing(type_token: str, components: tuple[str, ...] = ()) -> ResourceType:
    """Return how a resource is billed, by its type and the types of the components that it is inside of."""
    known = _by_type(plain_type(type_token))
    return next((row for row in known if not row.below or row.below in components), NOT_LISTED)


@cache
def _by_type(type_token: str) -> tuple[ResourceType, ...]:
    return tuple(row for row in resource_types() if _fits(type_token, row.pattern))


def _fits(type_token: str, pattern: str) -> bool:
    # Most rows name one type. To compare all as patterns compiles them anew for each type: more than are remembered.
    return type_token == pattern or ("*" in pattern and fnmatchcase(type_token, pattern))


@cache
def resource_types() -> tuple[ResourceType, ...]:
    """Return every row of the data file, in its order: the first that fits decides."""
    return tuple(build(read("resource-types.csv", COLUMNS), parse))


def parse(row: Row) -> ResourceType:
    """Return the type of one row; raises `CellError` for a cell that cannot be read."""
    kind = row.required("billing")
    if kind not in KINDS:
        raise CellError("billing", f"{kind!r} is not one of {', '.join(KINDS)}")
    row.source()
    row.required_day("as_of")
    return ResourceType(row.required("type"), row.text("below"), cast("Billing", kind), row.text("note"))
