"""What the guide says of fabrics is what the data says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from bedplate.fabrics.acceptance import known_floor
from bedplate.fabrics.choice import DRANET_SINCE
from bedplate.fabrics.environment import Variable, environment
from bedplate.fabrics.facts import machine_fabrics
from bedplate.fabrics.kinds import FabricKind
from bedplate.fabrics.plan import SHARED_INFINIBAND_PLACES
from bedplate.fabrics.spec import OwnFabricSpec
from bedplate.node_pools.spec import NodePoolSpec
from tests.fabrics.machines import accelerated, machine
from tests.fabrics.test_manifests import ROCE

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "fabrics.md").read_text(encoding="utf-8")
EXAMPLES: list[dict[str, Any]] = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", GUIDE, re.S)]


@pytest.mark.parametrize("kind", [kind for kind in get_args(FabricKind) if kind != "none"])
def test_every_fabric_is_told_of(kind: str) -> None:
    assert f"`{kind}`" in GUIDE


def closing() -> set[str]:
    found: set[Variable] = set()
    for one in accelerated():
        for kind in (kind for fact in machine_fabrics() for kind in fact.kinds):
            found |= set(environment(kind, one))
    found |= set(environment("sriov-vf", machine("azure", "Standard_ND96isr_MI300X_v5"), ROCE))
    return {f"{one.name}={one.value}" for one in found if one.closes}


@pytest.mark.parametrize("setting", sorted(closing()))
def test_what_closes_a_fabric_is_told(setting: str) -> None:
    assert f"`{setting}`" in GUIDE


def test_the_pool_and_the_owners_word_are_valid() -> None:
    pool = EXAMPLES[0]["node_pools"]["train"]
    assert NodePoolSpec.model_validate_json(json.dumps(pool)).acceptance_test is not None
    own = EXAMPLES[1]["clusters"]["lab"]["fabric"]
    assert OwnFabricSpec.model_validate_json(json.dumps(own)).kind == "sriov-vf"


def test_numbers() -> None:
    assert DRANET_SINCE in GUIDE
    assert f"the shared plugin: {SHARED_INFINIBAND_PLACES} places" in GUIDE
    names = (("aws", "p5.48xlarge"), ("gcp", "a3-megagpu-8g"), ("azure", "Standard_ND96isr_H100_v5"))
    floors = [known_floor(machine(*name)) for name in names]
    assert [floor.gb_per_s for floor in floors if floor] == [300, 250, 400]
    assert "(300 GB/s on p5.48xlarge, 250 on A3 Mega, 400 on ND H100 v5, …)" in GUIDE
