"""Every stack file of this repository through its life: one per cloud in `make test`, all in `make test-all`.

`bedplate demo` takes vision-dev, on AWS, through the same in `make test`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.lives import live_through
from tests.support.examples import examples, own_stacks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.examples import Example

ONE_PER_CLOUD = ("gcp-a3-ultra-dranet", "azure-nd-h200-infiniband", "onprem-h100-infiniband")
"""The examples of `make test`, beside the demo."""

FIRST = [example for example in examples() if str(example) in ONE_PER_CLOUD]
REST = [example for example in [*own_stacks(), *examples()] if example not in FIRST]


def test_each_cloud_has_its_example() -> None:
    assert sorted(str(example) for example in FIRST) == sorted(ONE_PER_CLOUD)


@pytest.mark.engine
@pytest.mark.parametrize("example", FIRST, ids=str)
def test_one_example_per_cloud_lives(example: Example, tmp_path: Path) -> None:
    live_through(example, tmp_path / "home")


@pytest.mark.every_example
@pytest.mark.parametrize("example", REST, ids=str)
def test_every_other_stack_lives(example: Example, tmp_path: Path) -> None:
    live_through(example, tmp_path / "home")
