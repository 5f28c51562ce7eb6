"""`bedplate orphans`: what the simulated clouds hold and no state knows."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bedplate.simulation.home import Home
    from bedplate.simulation.orphans import Orphan


def orphans(
    delete: Annotated[
        list[str] | None, typer.Option(help="Delete the orphan with this identity (`all`: every one). Repeatable.")
    ] = None,
    home: Annotated[Path | None, typer.Option(help="The simulation's home; by default the project's.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """List every resource that the simulated clouds hold and the state lacks, and how to import or delete it."""
    from bedplate.simulation.orphans import delete_orphans, find_orphans

    place = _home(home)
    if delete:
        for resource in delete_orphans(place, delete):
            print(f"deleted {resource.token} {resource.id}")
        return
    found = find_orphans(place)
    print(json_module.dumps([as_record(orphan) for orphan in found], indent=2) if json else as_text(found))


def _home(named: Path | None) -> Home:
    """Return the home that was named, where something must have been simulated, or the project's."""
    from bedplate.errors import UsageError
    from bedplate.files import working_folder
    from bedplate.simulation.home import Home, default_home, find_project

    if named is None:
        return default_home(find_project(working_folder()))
    place = Home(working_folder() / named)
    if not place.is_one():
        raise UsageError(f"{named} is not the home of a simulation", hint="name the folder of `bedplate sim --home`")
    return place


def as_record(orphan: Orphan) -> dict[str, Any]:
    """Return an orphan as JSON for programs."""
    resource = orphan.resource
    return {
        "type": resource.token,
        "name": resource.name,
        "id": resource.id,
        "stack": resource.stack,
        "place": resource.place,
        "import": orphan.import_command or None,
        "delete": orphan.delete_command,
    }


def as_text(found: list[Orphan]) -> str:
    """Return orphans as people read them."""
    if not found:
        return "No orphans: the states know every resource of the simulated clouds."
    lines = [f"{len(found)} resource{'s' if len(found) > 1 else ''} that no state knows:"]
    for orphan in found:
        resource = orphan.resource
        lines += ["", f"{resource.token} {resource.name} ({resource.id}), created by stack {resource.stack}"]
        taken = "(the state has another resource of this name: delete this one)"
        lines += [f"  import: {orphan.import_command or taken}", f"  delete: {orphan.delete_command}"]
    return "\n".join(lines)
