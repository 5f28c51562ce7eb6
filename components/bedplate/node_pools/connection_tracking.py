"""How long security groups remember a connection on which nothing is said: a few AWS families forget it in minutes."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog import MachineType

OLDER_DEFAULT_SECONDS = 432_000
"""Five days: the default of all older types, and the most that EC2 takes (user guide, "Idle connection tracking
timeout")."""


@cache
def _short_defaults() -> Mapping[str, int]:
    text = files(__package__).joinpath("connection_tracking.csv").read_text(encoding="utf-8")
    return {row["family"]: int(row["tcp_idle_seconds"]) for row in csv.DictReader(text.splitlines())}


def idle_connection_seconds(machine: MachineType) -> int | None:
    """Return the timeout to set for idle TCP connections of a machine, None where its default is long already.

    Workers of a training run keep connections open on which nothing is said for hours; once forgotten, the next packet
    is dropped and the run hangs. With the older default, all families behave alike.
    """
    family = machine.name.partition(".")[0]
    return OLDER_DEFAULT_SECONDS if family in _short_defaults() else None
