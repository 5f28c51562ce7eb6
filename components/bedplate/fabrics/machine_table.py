"""Every accelerated machine type, its fabric, where its nodes stand and who brings its driver: a page of data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.fabrics.acceptance import known_floor
from bedplate.fabrics.choice import FabricQuestion, Refused, choose
from bedplate.fabrics.environment import environment, fails_closed
from bedplate.fabrics.facts import machine_fabric, nvlink_fact
from bedplate.fabrics.plan import plan_fabric
from bedplate.node_pools.placement import decide_placement
from bedplate.node_pools.reservations import ways_to_buy
from bedplate.services.drivers import suitable_driver_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.catalog import MachineType
    from bedplate.fabrics.model import FabricPlan
    from bedplate.node_pools.spec import Capacity

TITLES = {"aws": "AWS", "gcp": "Google Cloud", "azure": "Azure"}
CAPACITIES: dict[str, tuple[Capacity, ...]] = {
    "aws": ("on-demand", "spot", "reservation", "capacity-block"),
    "gcp": ("on-demand", "spot", "reservation", "flex-start", "queued"),
    "azure": ("on-demand", "spot", "reservation"),
}
NEWEST = "99.0"
"""Stands for a version of Kubernetes that has everything: the page is about machines."""

INTRODUCTION = """# Machine types

Every accelerated machine type that the catalog knows: its fabric, where its nodes are asked to stand, and who brings
its driver. `bedplate catalog table` writes this page; `bedplate catalog show <machine>` has sources, zones and prices.

- **Fabric** is what `fabric: required` means, on a Kubernetes version that has everything; others that can be named
  stand behind it. [Fabrics](../guide/fabrics.md) explains them. *none* is known, *unknown* is not, and both are refused
  when a pool asks for a fabric.
- **Cards** belong to the fabric; the network card of the node itself is not among them.
- **Floor** is what the acceptance test asks for, in GB/s of bus bandwidth. *derived* floors are half of the line rate.
- **Placement** stands below each way to buy the machine, which decides it. A dash stands for a way in which no source
  says that it is sold.
- **Driver** is the default of the cloud; [accelerators](../guide/accelerators.md) has the others.
"""


def machine_table() -> str:
    """Return the page as Markdown."""
    parts = [INTRODUCTION]
    for cloud in catalog.clouds():
        machines = [machine for machine in catalog.machines(cloud).values() if machine.accelerator]
        parts += [f"## {TITLES[cloud]}\n", "\n".join(_rows(cloud, machines)) + "\n"]
    return "\n".join(parts)


def _rows(cloud: str, machines: list[MachineType]) -> Iterator[str]:
    capacities = CAPACITIES[cloud]
    columns = ["machine", "accelerators", "fabric", "cards", "floor", *capacities, "driver"]
    yield _row(columns)
    yield _row(["---"] * len(columns))
    for machine in machines:
        yield _row(machine_cells(machine))


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def machine_cells(machine: MachineType) -> list[str]:
    """Return the cells of a machine type, in the order of its cloud's columns."""
    fabric = _fabric(machine)
    floor = known_floor(machine) if fabric is not None and fabric.in_use else None
    return [
        f"`{machine.name}`",
        _accelerators(machine),
        fabric_words(machine),
        _cards(machine, fabric),
        "" if floor is None else f"{floor.gb_per_s:g}" + (" derived" if floor.reason.startswith("derived") else ""),
        *(_placement(machine, fabric, capacity) for capacity in CAPACITIES[machine.cloud]),
        _driver(machine),
    ]


def _fabric(machine: MachineType) -> FabricPlan | None:
    """The fabric that `required` gives, None where it is refused."""
    question = FabricQuestion(machine.cloud, machine, "required", NEWEST)
    kind = choose(question)
    if isinstance(kind, Refused) or not fails_closed(kind, environment(kind, machine)):
        return None
    return plan_fabric(question)


def fabric_words(machine: MachineType) -> str:
    """Return the fabrics of a machine type in words: the one that `required` means, and the others behind it."""
    if machine.fabric == "none":
        return "none"
    fabric, fact = _fabric(machine), machine_fabric(machine)
    if fabric is None or fact is None:
        return "not prepared" if fact and fact.why_not else "unknown"
    others = [kind for kind in fact.kinds if kind != fabric.kind]
    words = fabric.kind + (f" (or {', '.join(others)})" if others else "")
    nvlink = nvlink_fact(machine)
    return f"{words}; NVLink over {nvlink.nodes} nodes" if nvlink else words


def _cards(machine: MachineType, fabric: FabricPlan | None) -> str:
    if fabric is None or fabric.kind == "ici":
        return ""
    return str(machine.fabric_interfaces)


def _placement(machine: MachineType, fabric: FabricPlan | None, capacity: Capacity) -> str:
    if capacity not in ways_to_buy(machine):
        return "–"
    none = plan_fabric(FabricQuestion(machine.cloud, machine, "none", NEWEST))
    return decide_placement(machine.cloud, machine, capacity, fabric or none).kind


def _accelerators(machine: MachineType) -> str:
    share = "" if machine.accelerator_share == 1 else f" (a part of {machine.accelerator_share:g})"
    return f"{machine.accelerator_count} × {machine.accelerator}{share}"


def _driver(machine: MachineType) -> str:
    path = suitable_driver_path(machine)
    return path.described if path else "none known"
