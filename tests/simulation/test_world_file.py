"""The world: what is put in comes out, also from the file."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bedplate.errors import BedplateError
from bedplate.simulation.world_file import Resource, World

if TYPE_CHECKING:
    from pathlib import Path

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PROPERTIES = st.dictionaries(st.text(), JSON, max_size=4)
RESOURCES = st.builds(
    Resource,
    st.sampled_from(["aws:ec2/vpc:Vpc", "kubernetes:core/v1:ConfigMap"]),
    st.text(min_size=1),
    st.sampled_from(["aws/us-east-2", "kubernetes/https://a"]),
    st.just("urn:pulumi:dev::fixture::aws:ec2/vpc:Vpc::name"),
    PROPERTIES,
    PROPERTIES,
    failure=st.text(),
)


def resource(name: str, **changes: str) -> Resource:
    return Resource("t", f"id-{name}", "aws/us-east-2", f"urn:pulumi:dev::fixture::t::{name}", **changes)  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RESOURCES, max_size=5))
def test_the_file_holds_what_was_put(tmp_path: Path, resources: list[Resource]) -> None:
    file = tmp_path / "world.json"
    file.unlink(missing_ok=True)
    world = World(file)
    for item in resources:
        world.put(item)
    expected = {item.key: item for item in resources}
    assert {item.key: item for item in World(file)} == expected
    world.remove(*world)
    assert len(World(file)) == 0


def test_name_and_stack_come_from_the_urn() -> None:
    made = Resource("t", "i", "p", "urn:pulumi:vision-prod::bedplate::bedplate:index:Cluster$t::use2::nodes")
    assert (made.name, made.stack) == ("use2::nodes", "vision-prod")


def test_nothing_is_written_without_a_change(tmp_path: Path) -> None:
    World(tmp_path / "home" / "world.json")
    assert list(tmp_path.iterdir()) == []


def test_threads_lose_nothing(tmp_path: Path) -> None:
    world = World(tmp_path / "world.json")
    threads = [threading.Thread(target=world.put, args=[resource(str(i))]) for i in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(World(tmp_path / "world.json")) == 40
    assert [file.name for file in tmp_path.iterdir()] == ["world.json"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"version": 1, "resources": [{"tokn": "x"}]}', '{"version": 99}'])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "world.json"
    file.write_text(text)
    with pytest.raises(BedplateError) as error:
        World(file)
    assert str(file) in error.value.message
    assert error.value.hint == "bedplate sim --reset"


def test_the_file_can_be_read_by_people(tmp_path: Path) -> None:
    world = World(tmp_path / "world.json")
    world.put(resource("a"))
    world.put(resource("b"))
    text = world.file.read_text()
    assert len(text.splitlines()) == 4
    assert [item["id"] for item in json.loads(text)["resources"]] == ["id-a", "id-b"]
