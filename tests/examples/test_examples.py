"""Every example without an engine: its files are right, its page says how to use it, its inputs are today's."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

from bedplate import catalog
from bedplate.cost.caps import excesses, read_caps
from bedplate.plan import plan_stack
from bedplate.platform import declare
from bedplate.sdk_types import check_inputs, is_known_token
from bedplate.stack_file.load import load_stack
from tests.support.declared import Declared, declared
from tests.support.examples import ROOT, Example, examples, own_stacks

if TYPE_CHECKING:
    from bedplate.plan import StackPlan

ALL = [*own_stacks(), *examples()]
SDKS = ("aws:", "gcp:", "azure-native:", "kubernetes:")
every = pytest.mark.parametrize("example", ALL, ids=str)
every_folder = pytest.mark.parametrize("example", examples(), ids=str)


@cache
def planned(example: Example) -> StackPlan:
    catalog.use_own_prices(ROOT / catalog.OWN_PRICES_FOLDER)
    loaded = load_stack(example.file)
    return plan_stack(loaded.spec, loaded.references)


@cache
def resources(example: Example) -> tuple[Declared, ...]:
    plan = planned(example)
    return tuple(declared(lambda: declare(plan), example.stack))


@every
def test_the_stack_is_within_its_cap(example: Example) -> None:
    plan = planned(example)
    cap = read_caps(ROOT / "policies" / "caps.yaml").of(plan.team, plan.environment)
    assert [excess.message for excess in excesses(plan.cost, cap, plan.team, plan.environment)] == []


@every
def test_every_input_is_one_that_the_sdk_knows_and_wants(example: Example) -> None:
    problems = [
        f"{resource.label}: {problem.render()}"
        for resource in resources(example)
        if resource.token.startswith(SDKS)
        for problem in check_inputs(resource.token, resource.inputs, deprecated=True)
    ]
    assert problems == []


@every
def test_every_resource_of_a_cloud_is_of_a_type_that_its_sdk_has(example: Example) -> None:
    clouds = [resource.token for resource in resources(example) if resource.token.startswith(SDKS[:3])]
    assert [token for token in clouds if not is_known_token(token)] == []


@every_folder
def test_the_page_says_how_to_try_it_and_how_to_use_it(example: Example) -> None:
    page = (example.file.parent / "README.md").read_text(encoding="utf-8")
    folder = example.file.parent.relative_to(ROOT)
    assert f"bedplate plan {folder}/{example.file.name}" in page
    assert f"bedplate sim --stacks {folder} -- pulumi up --yes --stack {example.stack}" in page
    # A link that leads nowhere is worse than none.
    for target in re.findall(r"\]\(([^)#:]+)[^)]*\)", page):
        assert (example.file.parent / target).exists(), target


def test_every_example_is_in_the_list() -> None:
    page = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[([^\]]+)\]\(\1/\)", page, re.MULTILINE)
    assert sorted(listed) == sorted(str(example) for example in examples())
