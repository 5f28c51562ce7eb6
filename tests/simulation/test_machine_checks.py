"""Network interfaces that a machine type does not have."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.sdk_types import UNKNOWN
from bedplate.simulation.machine_checks import check_machines

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
PRIMARY = {"networkCardIndex": 0, "deviceIndex": 0}


def card(index: int, device: int = 0, kind: str = "efa-only") -> dict[str, Any]:
    return {"networkCardIndex": index, "deviceIndex": device, "interfaceType": kind}


def found(machine: str, interfaces: Any) -> list[str]:
    inputs = {"instanceType": machine, "networkInterfaces": interfaces}
    return [problem.render() for problem in check_machines(TEMPLATE, inputs)]


@pytest.mark.parametrize(
    ("machine", "interfaces"),
    [
        ("p5.48xlarge", [PRIMARY, card(0, 1), *(card(i) for i in range(1, 32))]),
        ("p5.48xlarge", [card(0, 0, "efa"), *(card(i, 1, "efa") for i in range(1, 32))]),  # the older layout
        ("p6-b300.48xlarge", [PRIMARY, *(card(i) for i in range(1, 17))]),
        ("g6.xlarge", [PRIMARY, {"deviceIndex": 1}, {"deviceIndex": 2}]),
        ("p5.48xlarge", UNKNOWN),
        ("p5.48xlarge", [{"networkCardIndex": UNKNOWN}]),
        ("p5.48xlarge", []),
    ],
)
def test_interfaces_that_the_machine_has(machine: str, interfaces: Any) -> None:
    assert found(machine, interfaces) == []


@pytest.mark.parametrize(
    ("machine", "interfaces", "said"),
    [
        ("p5.48xlarge", [PRIMARY, card(32)], "p5.48xlarge has 32 network cards, so there is no card 32"),
        ("p5.48xlarge", [PRIMARY, card(2, 2)], "The specified number '2' for the device index exceeds"),
        ("p5.48xlarge", [card(1)], "no primary interface: one must be at network card 0, device 0"),
        ("p5.48xlarge", [PRIMARY, PRIMARY], "two interfaces at network card 0, device 0"),
        ("p5.48xlarge", [PRIMARY, card(1), card(1, 1)], "network card 1 has an EFA interface already"),
        ("p6-b300.48xlarge", [PRIMARY, card(0, 1)], "network card 0 of p6-b300.48xlarge does not take EFA"),
        ("g6.xlarge", [card(0, 0, "efa")], "g6.xlarge has no network card that takes EFA"),
        ("p5.48xlarg", [], "aws has no machine type 'p5.48xlarg' (catalog); did you mean 'p5.48xlarge'?"),
    ],
)
def test_interfaces_that_the_machine_lacks(machine: str, interfaces: Any, said: str) -> None:
    problems = found(machine, interfaces)
    assert len(problems) == 1
    assert said in problems[0]


@pytest.mark.parametrize(
    ("token", "inputs", "said"),
    [
        (
            "gcp:container/nodePool:NodePool",
            {"nodeConfig": {"machineType": "a3-highgpu-8"}},
            "did you mean 'a3-highgpu-8g'?",
        ),
        (
            "azure-native:containerservice:AgentPool",
            {"vmSize": "Standard_ND96isr_H100_v6"},
            "'Standard_ND96isr_H100_v5'",
        ),
    ],
)
def test_the_other_clouds_machines(token: str, inputs: dict[str, Any], said: str) -> None:
    (problem,) = check_machines(token, inputs)
    assert said in problem.render()
