"""What a change would lose: the table of facts, and when a row of it applies."""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import Any, get_args

import pytest

from bedplate import catalog
from bedplate.report.dangers import Trigger, dangers, facts
from bedplate.sdk_types import is_known_token
from tests.report.previews import pool, preview, state, step, urn

GROUP = "aws:eks/nodeGroup:NodeGroup"
KEY = "aws:kms/key:Key"


def found(*events: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what would be lost, and how."""
    return [(danger.what, danger.happens) for danger in dangers(preview(*events))]


def endpoint(op: str, old: dict[str, Any], new: dict[str, Any] | None) -> dict[str, Any]:
    """Return the step of an endpoint with the given properties before and after."""
    after = None if new is None else state(**new)
    return step(urn("bedplate:index:Endpoint", "chat"), op, state(**old), after)


CASES = {
    "a deleted key": (step(urn(KEY, "k"), "delete", state()), [("data", "is deleted")]),
    "a replaced key": (
        step(urn(KEY, "k"), "replace", state(), state(), keys=["multiRegion"]),
        [("data", "is replaced because of multiRegion")],
    ),
    "a new key": (step(urn(KEY, "k"), "create", None, state()), []),
    "a changed key": (step(urn(KEY, "k"), "update", state(), state(), detailedDiff={"policy": {}}), []),
    "a key that the cloud keeps": (step(urn(KEY, "k"), "delete", {**state(), "retainOnDelete": True}), []),
    "a node group with another machine": (
        step(urn(GROUP, "g"), "update", state(), state(), detailedDiff={"launchTemplate.version": {}, "version": {}}),
        [("nodes", "gets another launchTemplate")],
    ),
    "a larger node group": (
        step(urn(GROUP, "g"), "update", state(), state(), detailedDiff={"scalingConfig.maxSize": {}}),
        [],
    ),
    "a property whose name begins alike": (
        step(urn(GROUP, "g"), "update", state(), state(), detailedDiff={"versionNote": {}}),
        [],
    ),
    "a pool that goes cold": (
        pool("l4", "update", {"minNodes": 2, "maxNodes": 4}, {"minNodes": 0, "maxNodes": 4}),
        [("cold start", "goes from minNodes 2 to 0")],
    ),
    "a pool with fewer warm nodes": (pool("l4", "update", {"minNodes": 2}, {"minNodes": 1}), []),
    "a smaller pool": (
        pool("l4", "update", {"minNodes": 0, "maxNodes": 4}, {"minNodes": 0, "maxNodes": 3}),
        [("capacity", "goes from maxNodes 4 to 3")],
    ),
    "a pool whose size is not known": (pool("l4", "update", {"maxNodes": 4}, {"maxNodes": "?"}), []),
    "an endpoint that is deleted": (endpoint("delete", {"minWorkers": 2}, None), [("endpoint", "is deleted")]),
    "an endpoint that goes cold": (
        endpoint("update", {"minWorkers": 2}, {"minWorkers": 0}),
        [("cold start", "goes from minWorkers 2 to 0")],
    ),
    "an endpoint with fewer workers at most": (
        endpoint("update", {"maxWorkers": 8}, {"maxWorkers": 4}),
        [("capacity", "goes from maxWorkers 8 to 4")],
    ),
    "an endpoint with another address": (
        endpoint("update", {"hostname": "a.example"}, {"hostname": "b.example"}),
        [("endpoint", "gets another hostname")],
    ),
    "an endpoint with another model": (endpoint("update", {"model": "a"}, {"model": "b"}), []),
    "a protected cluster that is deleted": (
        step(urn("aws:eks/cluster:Cluster", "c"), "delete", {**state(), "protect": True}),
        [("protected", "is deleted"), ("cluster", "is deleted")],
    ),
    "a protection that is taken away": (
        step(urn("a:b:C", "c"), "same", {**state(), "protect": True}, state()),
        [("protected", "is no longer protected")],
    ),
    "a protection that stays": (
        step(urn("a:b:C", "c"), "update", {**state(), "protect": True}, {**state(), "protect": True}),
        [],
    ),
}


@pytest.mark.parametrize(("event", "wanted"), CASES.values(), ids=CASES)
def test_what_is_lost(event: dict[str, Any], wanted: list[tuple[str, str]]) -> None:
    beside = step(urn("a:b:D", "beside"), "same", state(), state())
    assert found(event, beside) == wanted


def test_the_worst_comes_first() -> None:
    what = found(
        step(urn("aws:ec2/eip:Eip", "e"), "delete", state()),
        step(urn(GROUP, "g"), "delete", state()),
        step(urn("aws:eks/cluster:Cluster", "c"), "delete", state()),
        step(urn(KEY, "k"), "delete", state()),
        step(urn("a:b:C", "p"), "delete", {**state(), "protect": True}),
    )
    assert [name for name, _ in what] == ["protected", "data", "cluster", "nodes", "addresses"]


def test_every_row_is_whole() -> None:
    with files("bedplate.report").joinpath("dangers.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        assert row["on"] in get_args(Trigger)
        assert (row["on"] == "removal") == (row["property"] == ""), row
        assert 1 <= int(row["rank"]) <= 9
        assert row["loses"]
        assert row["what"]
        assert row["source"]
    assert len({(row["type"], row["on"], row["property"]) for row in rows}) == len(rows)


@pytest.mark.parametrize("token", [token for token in facts() if not token.startswith("bedplate:")])
def test_every_type_exists_in_its_sdk_or_comes_with_a_chart(token: str) -> None:
    assert is_known_token(token) or catalog.defining_chart(token.split(":")[1].partition("/")[0])
