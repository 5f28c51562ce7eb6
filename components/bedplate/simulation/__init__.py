"""Simulated clouds for the real engine: `bedplate sim -- pulumi …`.

`run` runs one pulumi command on a copy of a project, with simulated providers for the real ones; `world` shows what
the simulated clouds hold. docs/guide/simulation.md says what they check, what they refuse and what they are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bedplate.simulation.processes import Completed
    from bedplate.simulation.session import run, world
    from bedplate.simulation.world_file import Resource, World

__all__ = ["Completed", "Resource", "World", "run", "world"]

_HOMES = {
    "run": "session",
    "world": "session",
    "Completed": "processes",
    "Resource": "world_file",
    "World": "world_file",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
