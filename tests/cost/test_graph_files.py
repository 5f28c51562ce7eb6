"""Whatever stands in a file: an answer or an InputError. Whatever is unknown: never a lower cost."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bedplate.cost.confidence import trust
from bedplate.cost.graph.estimate import PRICES, graph_cost
from bedplate.cost.graph.resources import UNKNOWN, read_preview, read_state
from bedplate.cost.report import graph_report, report_json
from bedplate.cost.wire import to_wire
from bedplate.errors import InputError
from bedplate.plan import plan_stack
from tests.cost.graphs import preview_of, resource, state_of, write
from tests.support.stacks import stack

TODAY = date(2026, 11, 21)
FILE = Path("graph.json")


STREAM = '{"sequence": 0, "preludeEvent": {}}\n{"sequence": 1}\n'
FAILED = {"severity": "error", "message": "error: no such region"}


def preview_with(**more: Any) -> str:
    """Return the document of a preview of one address, with other keys beside its steps."""
    return json.dumps(preview_of(resource("aws:ec2/eip:Eip")) | more)


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (read_state, "", "no JSON, or cut off"),
        (read_preview, '{"steps": [{"op": "cre', "no JSON, or cut off"),
        (read_preview, '{"steps": []}', "without resources"),
        (read_preview, '{"config": {}, "changeSummary": {}}', "no preview"),
        (read_preview, '{"deployment": {}}', "use --state"),
        (read_state, '{"steps": []}', "use --preview"),
        (read_state, "[]", "no state and no preview"),
        (read_state, '{"deployment": {"resources": {}}}', "no list of objects"),
        (read_state, '{"deployment": {"resources": [1]}}', "no list of objects"),
        (read_state, '{"deployment": {"resources": [{"urn": "x"}]}}', "no urn or no type"),
        (read_preview, '{"steps": [{"op": "create"}]}', r"a step \(create\) has no newState"),
        (
            read_preview,
            STREAM,
            "a stream of events(.|\n)*PULUMI_ENABLE_STREAMING_JSON_PREVIEW",
        ),
        (read_preview, preview_with(diagnostics=[FAILED]), "a preview that failed: no such region"),
        (
            read_preview,
            preview_with(changeSummary={"same": 103, "update": 2}),
            "102 resources are not(.|\n)*show-sames",
        ),
        (read_preview, preview_with(changeSummary={"same": "many"}), "damaged"),
        (read_preview, preview_with(diagnostics=[1]), "damaged"),
        (read_state, "[" * 100_000, "nested too deeply|no JSON"),
        (read_state, "9" * 10_000, "no JSON|no state"),
    ],
)
def test_what_is_no_graph_is_refused_with_its_file(tmp_path: Path, read: Any, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        read(write(tmp_path, text))
    assert "graph.json" in refused.value.message


@pytest.mark.parametrize(
    "more",
    [
        {"diagnostics": [{"severity": "error", "message": "preview failed"}]},  # by policies alone
        {"diagnostics": [{"severity": "warning", "message": "old"}]},
        {"changeSummary": {"same": 1, "create": 1}},  # the stack itself
    ],
)
def test_a_whole_preview_is_read(tmp_path: Path, more: dict[str, Any]) -> None:
    assert "aws:ec2/eip:Eip" in {one.type for one in read_preview(write(tmp_path, preview_with(**more))).resources}


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_state(tmp_path / "none.json")


def test_an_empty_state_costs_nothing(tmp_path: Path) -> None:
    found = graph_cost(read_state(write(tmp_path, '{"version": 3, "deployment": {"manifest": {}}}')), TODAY)
    assert found.cost.max_per_month == 0
    assert found.cost.unpriced == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.sampled_from(
    ("scalingConfig", "maxSize", "minSize", "instanceTypes", "instanceType", "launchTemplate", "id", "region", "size",
     "type", "ebs", "volumeSize", "volumeType", "blockDeviceMappings", "rootBlockDevice", "version", "tags", "cost",
     "subnets", "vpcEndpointType", "mixedInstancesPolicy", "overrides", "launchTemplateSpecification", "spec", "name",
     "computeConfig", "enabled", "placement", "tenancy", "networkInterfaces", "arn", "availabilityZone", "team")
)  # fmt: skip
PROPERTIES = st.recursive(
    JSON | st.sampled_from(("us-east-1", "g6.2xlarge", "Interface", "lt-1", 4, 100.0)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)
TYPES = (*PRICES, "aws:ec2/launchTemplate:LaunchTemplate", "bedplate:index:NodePool")
ENTRY = st.fixed_dictionaries(
    {"urn": st.sampled_from(("a::one", "b::two")), "type": st.sampled_from(TYPES)},
    optional={
        "inputs": st.dictionaries(WORDS, PROPERTIES, max_size=6) | JSON,
        "outputs": st.dictionaries(WORDS, PROPERTIES, max_size=6) | JSON,
        "parent": st.sampled_from(("a::one", "b::two")) | JSON,
        "custom": st.booleans() | JSON,
        "id": JSON,
        "provider": JSON,
        "delete": JSON,
        "propertyDependencies": JSON,
    },
)  # fmt: skip


def answer(read: Any, folder: Path, data: Any) -> None:
    try:
        graph = read(write(folder, data))
    except InputError:
        return
    report = graph_report("graph.json", graph_cost(graph, TODAY))
    json.dumps(report_json(report, TODAY, focus=True), allow_nan=False)
    for line in report.cost.lines:
        trust(line, TODAY)
        f"{line.owner}{line.item}{line.note}".encode()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=JSON)
def test_any_json_is_answered_or_refused(tmp_path: Path, data: Any) -> None:
    for read in (read_state, read_preview):
        answer(read, tmp_path, data)
    answer(read_state, tmp_path, {"deployment": {"resources": data}})
    answer(read_preview, tmp_path, {"steps": data})


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(ENTRY, max_size=4))
def test_any_properties_are_answered(tmp_path: Path, entries: list[Any]) -> None:
    answer(read_state, tmp_path, {"deployment": {"resources": entries}})
    answer(read_preview, tmp_path, {"steps": [{"op": "create", "newState": entry} for entry in entries]})


TEMPLATE = resource(
    "aws:ec2/launchTemplate:LaunchTemplate",
    "template",
    id="lt-1",
    inputs={
        "instanceType": "g6.2xlarge",
        "blockDeviceMappings": [
            {
                "deviceName": "/dev/xvda",
                "ebs": {"volumeSize": 100, "volumeType": "gp3", "iops": 5000, "throughput": 200},
            }
        ],
        "networkInterfaces": [{"associatePublicIpAddress": True}],
        "placement": {"tenancy": "default"},
    },
)
SIZES = {"scalingConfig": {"minSize": 1, "maxSize": 4, "desiredSize": 2}, "minSize": 1, "maxSize": 4}
OVERRIDES = [{"instanceType": "m7i.xlarge"}, {"instanceType": "p5.48xlarge"}]
MIXED = {"launchTemplate": {"launchTemplateSpecification": {"launchTemplateId": "lt-1"}, "overrides": OVERRIDES}}
RESOURCES: list[dict[str, Any]] = [
    TEMPLATE,
    resource("aws:eks/cluster:Cluster", inputs={"version": "1.30", "upgradePolicy": {"supportType": "EXTENDED"}}),
    resource("aws:eks/nodeGroup:NodeGroup", "plain", inputs=SIZES | {"instanceTypes": ["g6.2xlarge"], "diskSize": 80}),
    resource("aws:eks/nodeGroup:NodeGroup", "templated", inputs=SIZES | {"launchTemplate": {"id": "lt-1"}}),
    resource("aws:autoscaling/group:Group", inputs=SIZES | {"mixedInstancesPolicy": MIXED}),
    resource(
        "aws:ec2/instance:Instance",
        inputs={"instanceType": "g6.2xlarge", "rootBlockDevice": {"volumeSize": 50}, "associatePublicIpAddress": True},
    ),
    resource("aws:ebs/volume:Volume", inputs={"size": 50, "type": "io2", "iops": 900}),
    resource("aws:lb/loadBalancer:LoadBalancer", inputs={"loadBalancerType": "network", "subnets": ["a", "b"]}),
    resource("aws:ec2/vpcEndpoint:VpcEndpoint", inputs={"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]}),
    resource("aws:ec2/natGateway:NatGateway", inputs={"region": "us-east-1", "tags": {"bedplate:team": "a"}}),
    resource(
        "bedplate:index:NodePool",
        "pool",
        custom=False,
        inputs={"team": "vision", "cost": to_wire(plan_stack(stack()).cost.lines[:2])},
    ),
]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [found for key, inner in below for found in leaves(inner, (*path, key))]


PLACES = [(index, ("inputs", *path)) for index, one in enumerate(RESOURCES) for path in leaves(one["inputs"])]


def with_unknown(index: int, path: tuple[Any, ...]) -> list[dict[str, Any]]:
    resources = deepcopy(RESOURCES)
    target: Any = resources[index]
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = UNKNOWN
    return resources


def test_an_unknown_value_never_lowers_a_cost(tmp_path: Path) -> None:
    """Every value of every resource is unknown once: the cost is as high as before, or a line says what it lacks."""
    known = graph_cost(read_preview(write(tmp_path, preview_of(*RESOURCES))), TODAY).cost
    assert not known.unpriced
    assert len(PLACES) > 60
    for index, path in PLACES:
        found = graph_cost(read_preview(write(tmp_path, preview_of(*with_unknown(index, path)))), TODAY).cost
        bounded = found.max_per_month >= known.max_per_month and found.baseline_per_month >= known.baseline_per_month
        assert bounded or found.unpriced, (RESOURCES[index]["urn"], path)


def test_state_and_preview_of_the_same_resources_cost_the_same(tmp_path: Path) -> None:
    state = graph_cost(read_state(write(tmp_path, state_of(*RESOURCES))), TODAY)
    preview = graph_cost(read_preview(write(tmp_path, preview_of(*RESOURCES))), TODAY)
    assert state.items == preview.items
