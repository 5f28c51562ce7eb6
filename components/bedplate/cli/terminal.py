"""Consoles that read well on a terminal, in a log and in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.measure import Measurement

if TYPE_CHECKING:
    from rich.table import Table

WIDTH_OF_A_LOG = 120
"""Columns where no terminal says how wide it is."""

WIDTH_OF_ANY_TABLE = 10_000


def console(*, stderr: bool = False) -> Console:
    """Return a console; it has colours only on a terminal, and none where NO_COLOR is set."""
    made = Console(stderr=stderr, highlight=False)
    if not made.is_terminal:
        made.width = WIDTH_OF_A_LOG
    return made


def keep_names(console: Console, table: Table, *columns: int) -> Table:
    """Give columns of names the room of their longest word where a table is too wide, so that others break first.

    `columns` are numbers of columns, the most important first. Together they take two thirds of the console at most;
    one that does not fit into it folds as the others do.
    """
    everything = Measurement.get(console, console.options.update(width=WIDTH_OF_ANY_TABLE), table).maximum
    if everything <= console.width:
        return table
    room = console.width * 2 // 3
    for column in (table.columns[number] for number in columns):
        width = max(len(word) for cell in (*column.cells, column.header) for word in [*str(cell).split(), ""])
        if width <= room:
            column.width = width
            room -= width
    return table
