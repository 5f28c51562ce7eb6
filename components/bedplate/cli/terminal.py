"""Consoles that read well on a terminal, in a log and in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.measure import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType
    from rich.table import Column, Table

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
    """Share a console that is too narrow for a table among its columns, so that headers stay whole and names next.

    Every column gets the longest word of its header. `columns` are numbers of columns of names, the most important
    first: those whose longest word fits beside that get room for it. What remains is for all that still break lines.
    Where that is not enough for every name, the columns stand closer together.
    """
    if _width(console, table) <= console.width:
        return table
    names = {number: _longest([*table.columns[number].cells, table.columns[number].header]) for number in columns}
    for column in table.columns:
        column.width = _longest([column.header])
    if (
        _width(console, table) + sum(width - (table.columns[n].width or 0) for n, width in names.items())
        > console.width
    ):
        table.padding, table.show_edge = 0, False
    room = console.width - _width(console, table)
    for number, width in names.items():
        room -= _widen(table.columns[number], width, room)
    _share(table, [*columns, *(n for n in range(len(table.columns)) if n not in columns)], room)
    return table


def _width(console: Console, table: Table) -> int:
    """Return how wide a table is where nothing breaks its lines but the width of its columns."""
    return Measurement.get(console, console.options.update(width=WIDTH_OF_ANY_TABLE), table).maximum


def _longest(cells: Iterable[RenderableType]) -> int:
    return max((len(word) for cell in cells for word in str(cell).split()), default=1)


def _widen(column: Column, wanted: int, room: int) -> int:
    """Give a column the width that it wants where there is room for all of it; return what that takes."""
    more = wanted - (column.width or 0)
    if more > room:
        return 0
    column.width = wanted
    return more


def _share(table: Table, order: Sequence[int], room: int) -> None:
    """Widen columns by one each in turn, up to their longest line, while there is room."""
    whole = [
        max((len(line) for cell in column.cells for line in str(cell).split("\n")), default=0)
        for column in table.columns
    ]
    while room > 0:
        narrow = [n for n in order if (table.columns[n].width or 0) < whole[n]][:room]
        if not narrow:
            return
        for number in narrow:
            table.columns[number].width = (table.columns[number].width or 0) + 1
        room -= len(narrow)
