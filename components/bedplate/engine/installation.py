"""Finds an engine, or gets one: from PATH, else the official download, else built from Go modules."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bedplate.engine.cache import engines_directory, exclusive
from bedplate.engine.go_source import build, installed_build
from bedplate.engine.model import Engine, Progress, Silence, Unavailable
from bedplate.engine.official_source import download, installed_official
from bedplate.engine.path_source import from_path
from bedplate.errors import BedplateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Way = Callable[[Progress], Engine | Unavailable]


def locate() -> Engine | None:
    """Return the engine that `install` would return without doing anything, or None. Changes nothing."""
    found = from_path()
    if isinstance(found, Engine):
        return found
    return installed_official() or installed_build()


def install(progress: Progress | None = None) -> Engine:
    """Return an engine, after downloading or building one if there is none.

    Raises BedplateError, which says why each way failed, if no engine can be had.
    """
    if found := locate():
        return found
    watched = progress or Silence()
    with exclusive(engines_directory(), watched):
        # Whoever had the lock may have installed what this call was about to.
        return locate() or first_available((_on_path, download, build), watched)


def first_available(ways: Sequence[Way], progress: Progress) -> Engine:
    """Return what the first way that leads somewhere gives; the later ones are not tried."""
    refusals = []
    for way in ways:
        match way(progress):
            case Engine() as engine:
                return engine
            case Unavailable() as refusal:
                progress.stage(f"Passed over {refusal.way}: {refusal.reason}")
                refusals.append(refusal)
    raise no_engine(refusals)


def no_engine(refusals: Sequence[Unavailable]) -> BedplateError:
    """Return the error that says what was tried, why each way failed, and what would help."""
    tried = "".join(f"\n  {refusal.way}: {refusal.reason}" for refusal in refusals)
    remedies = "".join(f"\n  - {refusal.remedy}" for refusal in refusals)
    return BedplateError(
        f"no Pulumi engine can be installed. Tried, in this order:{tried}",
        hint=f"Any one of these is enough:{remedies}",
    )


def environment(engine: Engine, variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what to add to `variables` (by default those of this process) to run an engine.

    The engine's folder comes first on PATH, because the engine looks for its language host there. It does not
    ask the network for newer versions. Python keeps compiled bytecode (an empty value is how Python reads "not
    set"): without it every preview compiles the cloud SDKs again, which takes seconds (docs/benchmarks.md).
    """
    given = os.environ if variables is None else variables
    path = os.pathsep.join(part for part in (str(engine.pulumi.parent), given.get("PATH", "")) if part)
    return {"PATH": path, "PULUMI_SKIP_UPDATE_CHECK": "true", "PYTHONDONTWRITEBYTECODE": ""}


def _on_path(_progress: Progress) -> Engine | Unavailable:
    return from_path()
