"""What the catalog says cannot exist, found before anything is asked of a service.

An unknown machine type, a way of buying it that nobody offers, more network cards than it has: the preview
refuses them, where the real services answer only when the machine is started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.errors import nearest
from bedplate.sdk_types import InputProblem, has_unknown, is_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.catalog import MachineType
    from bedplate.errors import FieldPath
    from bedplate.simulation.world_file import Properties

_NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
_LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
_MACHINE_FIELDS: dict[str, tuple[str, FieldPath]] = {
    _NODE_GROUP: ("aws", ("instanceTypes",)),
    _LAUNCH_TEMPLATE: ("aws", ("instanceType",)),
    "aws:ec2/instance:Instance": ("aws", ("instanceType",)),
    "gcp:container/nodePool:NodePool": ("gcp", ("nodeConfig", "machineType")),
    "azure-native:containerservice:AgentPool": ("azure", ("vmSize",)),
}
_IMAGES = (("x86_64", "x86_64"), ("ARM_64", "arm64"))
_BOUGHT_AS = {"ON_DEMAND": "on-demand", "SPOT": "spot", "CAPACITY_BLOCK": "capacity-block"}

# A network card of a machine with several takes two interfaces: aws-k8s-tester#531 quotes EC2's answer to a third.
_DEVICES_PER_CARD = 2


def check_machines(token: str, inputs: Properties) -> Iterator[InputProblem]:
    """Yield what the catalog knows to be impossible in the inputs of one resource."""
    if token not in _MACHINE_FIELDS:
        return
    cloud, path = _MACHINE_FIELDS[token]
    named = _named_machines(inputs, path)
    for place, name in named:
        if catalog.machine(cloud, name) is None:
            meant = nearest(name, catalog.machines(cloud))
            yield InputProblem(place, f"{cloud} has no machine type {name!r} (catalog)", meant)
    machines = [machine for _, name in named if (machine := catalog.machine(cloud, name))]
    if token == _NODE_GROUP:
        yield from _check_capacity_type(inputs, machines)
        yield from _check_image_type(inputs, machines)
    for machine in machines:
        if token == _LAUNCH_TEMPLATE:
            yield from check_network_interfaces(inputs, machine)


def check_network_interfaces(inputs: Properties, machine: MachineType) -> Iterator[InputProblem]:
    """Yield what is wrong with the network interfaces of a launch template for this machine type."""
    interfaces = inputs.get("networkInterfaces")
    if not isinstance(interfaces, list) or has_unknown(interfaces) or not interfaces or machine.network_cards is None:
        return
    cards = machine.network_cards
    seen: set[tuple[int, int]] = set()
    fast: list[int] = []
    for index, interface in enumerate(interfaces):
        path: FieldPath = ("networkInterfaces", index)
        card, device = _number(interface, "networkCardIndex"), _number(interface, "deviceIndex")
        if card >= cards:
            yield InputProblem(
                (*path, "networkCardIndex"), f"{machine.name} has {cards} network cards, so there is no card {card}"
            )
        elif cards > 1 and device >= _DEVICES_PER_CARD:
            yield InputProblem((*path, "deviceIndex"), _too_many_devices(device, card))
        if (card, device) in seen:
            yield InputProblem(path, f"two interfaces at network card {card}, device {device}")
        seen.add((card, device))
        if str(interface.get("interfaceType", "")).startswith("efa"):
            yield from _check_fast_interface(machine, card, fast, path)
            fast.append(card)
    if (0, 0) not in seen:
        yield InputProblem(("networkInterfaces",), "no primary interface: one must be at network card 0, device 0")


def _check_fast_interface(
    machine: MachineType, card: int, before: list[int], path: FieldPath
) -> Iterator[InputProblem]:
    if machine.efa_interfaces == 0:
        yield InputProblem((*path, "interfaceType"), f"{machine.name} has no network card that takes EFA")
    elif machine.efa_cards and card not in machine.efa_cards and card < (machine.network_cards or 0):
        yield InputProblem((*path, "interfaceType"), f"network card {card} of {machine.name} does not take EFA")
    elif machine.efa_interfaces is not None and len(before) + 1 > machine.efa_interfaces:
        yield InputProblem((*path, "interfaceType"), f"{machine.name} takes {machine.efa_interfaces} EFA interfaces")
    elif card in before:
        yield InputProblem((*path, "interfaceType"), f"network card {card} has an EFA interface already")


def _too_many_devices(device: int, card: int) -> str:
    return (
        f"The specified number '{device}' for the device index exceeds the maximum number of network interfaces "
        f"supported by the network card at network card index {card}. The maximum devices for this network card is "
        f"{_DEVICES_PER_CARD}. Specify a number from 0 to {_DEVICES_PER_CARD - 1}, and try again."
    )


def _check_capacity_type(inputs: Properties, machines: list[MachineType]) -> Iterator[InputProblem]:
    wanted = inputs.get("capacityType")
    if wanted is None or is_unknown(wanted):
        return
    if wanted not in _BOUGHT_AS:
        listed = ", ".join(_BOUGHT_AS)
        yield InputProblem(("capacityType",), f"{wanted!r} is not one of {listed}", nearest(wanted, _BOUGHT_AS))
        return
    for machine in machines:
        if machine.capacity_sources and _BOUGHT_AS[wanted] not in machine.capacity_sources:
            listed = ", ".join(sorted(machine.capacity_sources))
            yield InputProblem(("capacityType",), f"{machine.name} is sold as {listed} only (catalog), not as {wanted}")


def _check_image_type(inputs: Properties, machines: list[MachineType]) -> Iterator[InputProblem]:
    """EKS answers so when the image is for another processor (eksctl#7754)."""
    image = inputs.get("amiType")
    architecture = "x86_64" if image is None else next((a for w, a in _IMAGES if w in str(image)), "")
    for machine in machines:
        if architecture and machine.architecture and machine.architecture != architecture:
            image = image or "AL2023_x86_64_STANDARD"
            yield InputProblem(
                ("amiType",), f"[{machine.name}] is not a valid instance type for requested amiType {image}"
            )


def _named_machines(inputs: Properties, path: FieldPath) -> list[tuple[FieldPath, str]]:
    value: Any = inputs
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, list):
        return [((*path, i), name) for i, name in enumerate(value) if isinstance(name, str) and not is_unknown(name)]
    return [(path, value)] if isinstance(value, str) and not is_unknown(value) else []


def _number(interface: Any, name: str) -> int:
    value = interface.get(name) if isinstance(interface, dict) else None
    return int(value) if isinstance(value, (int, float)) else 0
