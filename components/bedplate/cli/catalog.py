"""`bedplate catalog list` and `show`: what the catalog knows about machines, with source and date."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bedplate import catalog
from bedplate.cli.catalog_view import console, fact_table, list_table, or_unknown, price_table
from bedplate.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bedplate.catalog import MachineType

app = typer.Typer(help="Look up machines, prices and where their numbers come from.", no_args_is_help=True)

CloudOption = Annotated[str | None, typer.Option("--cloud", help="One cloud: aws, azure or gcp.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines to read.")]


@app.command("list")
def list_machines(
    cloud: CloudOption = None,
    accelerator: Annotated[
        str | None, typer.Option("--accelerator", help="One model, for example H100 or RTX-PRO-6000.")
    ] = None,
    region: Annotated[str | None, typer.Option("--region", help="Only machines offered in this region.")] = None,
    min_accelerators: Annotated[
        int, typer.Option("--min-accelerators", min=0, help="At least so many accelerators; 1 hides general machines.")
    ] = 0,
    fabric: Annotated[
        str | None, typer.Option("--fabric", help="One fabric: efa, tcpx, tcpxo, roce, infiniband or ici.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the machines that match all the filters."""
    model = _known_accelerator(accelerator)
    _known_fabric(fabric)
    chosen = [
        machine
        for name in _clouds(cloud, region)
        for machine in catalog.machines(name).values()
        if (model is None or machine.accelerator == model)
        and (region is None or region in machine.zones)
        and machine.accelerator_count >= min_accelerators
        and (fabric is None or machine.fabric == fabric)
    ]
    if as_json:
        typer.echo(json.dumps([_summary(machine, region) for machine in chosen], indent=2))
        return
    screen = console()
    if not chosen:
        screen.print("No machine in the catalog matches all of these.")
        return
    screen.print(list_table(chosen, region))


@app.command("show")
def show_machine(
    machine: Annotated[str, typer.Argument(help="A machine type by its cloud's name, for example p5.48xlarge.")],
    cloud: CloudOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show everything the catalog knows about one machine: facts, zones, prices by region, quotas, sources."""
    found = _find(machine, _clouds(cloud, None))
    if as_json:
        typer.echo(json.dumps(_details(found), indent=2))
        return
    screen = console()
    screen.print(f"[bold]{found.name}[/bold] ({found.cloud})")
    screen.print(fact_table(found))
    screen.print(price_table(found))
    for quota in _quotas(found).values():
        screen.print(f"{quota['name']} ({quota['code']}): {or_unknown(quota['default'])} {quota['unit']} by default")
    screen.print(f"as of {found.as_of}: {found.source}", style="dim", markup=False)


@app.command("table")
def table_of_machines() -> None:
    """Write the page of every accelerated machine type, docs/reference/machines.md, as Markdown."""
    from bedplate.fabrics.machine_table import machine_table

    typer.echo(machine_table(), nl=False)


def _clouds(cloud: str | None, region: str | None) -> tuple[str, ...]:
    """Return the clouds to look in; raises `UsageError` for an unknown cloud or region."""
    clouds = (cloud,) if cloud else catalog.clouds()
    regions = {name: catalog.regions(name) for name in clouds}  # an unknown cloud is refused here
    if region is None:
        return clouds
    having = tuple(name for name in clouds if region in regions[name])
    if not having:
        meant = nearest(region, [one for names in regions.values() for one in names])
        raise UsageError(f"no region {region!r} in the catalog", hint=f"did you mean {meant!r}?" if meant else "")
    return having


def _known_accelerator(name: str | None) -> str | None:
    if name is None:
        return None
    models = {model.casefold(): model for model in catalog.accelerators()}
    found = models.get(name.replace(" ", "-").casefold())
    if found is None:
        raise UsageError(f"no accelerator {name!r} in the catalog", hint=_meant(name, models.values()))
    return found


def _known_fabric(name: str | None) -> None:
    """Raise `UsageError` for a fabric that no machine of any cloud has."""
    if name is None:
        return
    fabrics = {machine.fabric for cloud in catalog.clouds() for machine in catalog.machines(cloud).values()} - {""}
    if name not in fabrics:
        raise UsageError(f"no machine in the catalog has the fabric {name!r}", hint=_meant(name, sorted(fabrics)))


def _meant(name: str, known: Collection[str]) -> str:
    meant = nearest(name, known)
    return f"did you mean {meant!r}?" if meant else f"the catalog has {', '.join(known)}"


def _find(name: str, clouds: Iterable[str]) -> MachineType:
    for cloud in clouds:
        if found := catalog.machine(cloud, name):
            return found
    if elsewhere := catalog.clouds_of(name):
        raise UsageError(f"{name} is a machine type of {elsewhere[0]}", hint=f"--cloud {elsewhere[0]} shows it")
    meant = nearest(name, [one for cloud in clouds for one in catalog.machines(cloud)])
    hint = f"did you mean {meant!r}?" if meant else "`bedplate catalog list` shows every machine in the catalog"
    raise UsageError(f"no machine type {name!r} in the catalog", hint=hint)


def _summary(machine: MachineType, region: str | None) -> dict[str, Any]:
    places = [region] if region else catalog.priced_regions(machine.cloud, machine.name)
    return {
        **{key: value for key, value in _plain(asdict_shallow(machine)).items() if key != "zones"},
        "regions": sorted(machine.zones),
        "prices": [_place(machine, place) for place in places],
    }


def _details(machine: MachineType) -> dict[str, Any]:
    places = sorted({*machine.zones, *catalog.priced_regions(machine.cloud, machine.name)})
    facts: dict[str, Any] = _plain(asdict_shallow(machine))
    return {**facts, "prices": [_place(machine, place) for place in places], "quotas": _quotas(machine)}


def asdict_shallow(machine: MachineType) -> dict[str, Any]:
    """Return a machine's fields by name; `dataclasses.asdict` cannot copy the read-only mapping of zones."""
    return {field: getattr(machine, field) for field in machine.__dataclass_fields__}


def _place(machine: MachineType, region: str) -> dict[str, Any]:
    prices = {kind: catalog.price(machine.cloud, region, machine.name, kind) for kind in ("on-demand", "spot")}
    return {"region": region, **{kind: _plain(asdict(price)) if price else None for kind, price in prices.items()}}


def _quotas(machine: MachineType) -> dict[str, dict[str, Any]]:
    found = {
        capacity: catalog.quota(machine.cloud, machine.name, capacity)
        for capacity in ("on-demand", "spot", "capacity-block")
        if capacity in machine.capacity_sources
    }
    return {capacity: _plain(asdict(quota)) for capacity, quota in found.items() if quota}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: money and dates as text, sets as sorted lists."""
    if isinstance(value, Decimal | date):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if hasattr(value, "items"):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value
