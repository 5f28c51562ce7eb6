"""Tables of the guide that stand in data files: each row of the page is one of the data, and none is missing."""

from __future__ import annotations

from pathlib import Path

from bedplate import catalog
from bedplate.catalog import sharing
from bedplate.node_pools.sharing_spec import MODES
from bedplate.services.drivers import driver_paths

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
CLOUDS = {"aws": "AWS", "gcp": "Google Cloud", "azure": "Azure", "existing": "existing"}
VENDORS = ("NVIDIA", "AMD", "AWS", "Google")


def rows(page: str, below: str) -> list[str]:
    """Return the lines of the table whose head begins with `below`."""
    lines = (GUIDE / page).read_text(encoding="utf-8").splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith(below)) + 2
    return lines[start : start + next(i for i, line in enumerate([*lines[start:], ""]) if not line)]


def driver_rows() -> list[str]:
    return [
        f"| {CLOUDS[path.provider]} | {path.vendor} | `{path.mode}`{', the default' * path.is_default} | {path.driver} "
        f"| {path.container_toolkit} | {path.device_plugin} | {path.reason} |"
        for provider in CLOUDS
        for vendor in VENDORS
        for path in driver_paths(provider, vendor)
    ]


def isolation_rows() -> list[str]:
    vendors = {"partition": "AMD MI300X"}
    return [
        f"| `{mode}` | {vendors.get(mode, 'NVIDIA')} | {one.memory} | {one.faults} | {one.performance} "
        f"| {one.isolates} | {one.shares} |"
        for mode in MODES
        for one in [sharing.isolation(mode)]
    ]


def profile_rows() -> list[str]:
    found: dict[str, str] = {}
    for cloud in catalog.clouds():
        for machine in catalog.machines(cloud).values():
            if profiles := sharing.mig_profiles(machine):
                memory = next(iter(profiles.values())).accelerator_memory_gib
                variant = machine.accelerator == "A100"
                name = f"{machine.accelerator} {memory:g} GiB" if variant else machine.accelerator
                listed = ", ".join(f"{one.per_accelerator} × {one.name}" for one in profiles.values())
                found[name] = f"| {name} | {listed} |"
    return [found[name] for name in sorted(found)]


def test_drivers() -> None:
    assert rows("accelerators.md", "| cloud | vendor |") == driver_rows()


def test_isolation() -> None:
    assert rows("sharing.md", "| `mode` | for |") == isolation_rows()


def test_profiles() -> None:
    assert rows("sharing.md", "| accelerator | profiles |") == profile_rows()
