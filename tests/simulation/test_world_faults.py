"""Drift and deletion in the world, and faults that could never strike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bedplate.errors import UsageError
from bedplate.simulation.faults import parse_fault
from bedplate.simulation.requests import Instance, Refusal
from bedplate.simulation.world_faults import apply_to_world, check_targets
from tests.simulation.clouds import NODE_GROUP, Sandbox, kubernetes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    made = Sandbox(tmp_path)
    made.create(NODE_GROUP, "pool", **made.group_inputs(made.cluster(), labels={"a": "b"}))
    return made


def test_drift_changes_inputs_and_outputs(sandbox: Sandbox) -> None:
    specs = ["drift:pool.scalingConfig.desiredSize=3", "drift:pool.labels.new=x", "drift:pool.status=DEGRADED"]
    apply_to_world(map(parse_fault, specs), sandbox.world)
    (pool,) = sandbox.world.named("pool")
    assert pool.inputs["scalingConfig"]["desiredSize"] == pool.outputs["scalingConfig"]["desiredSize"] == 3
    assert pool.inputs["labels"] == {"a": "b", "new": "x"}
    assert (pool.outputs["status"], "status" in pool.inputs) == ("DEGRADED", False)


def test_an_item_of_a_list_drifts(sandbox: Sandbox) -> None:
    apply_to_world([parse_fault("drift:pool.instanceTypes[0]=g6.xlarge")], sandbox.world)
    assert sandbox.world.named("pool")[0].inputs["instanceTypes"] == ["g6.xlarge"]


def test_a_deleted_cluster_takes_its_objects_with_it(sandbox: Sandbox) -> None:
    provider = kubernetes(sandbox.world.named("cluster")[0])
    made = sandbox.create("kubernetes:core/v1:ConfigMap", "cm", provider, data={})
    apply_to_world([parse_fault("deleted:cluster")], sandbox.world)
    assert sandbox.world.named("cm") == []
    with pytest.raises(Refusal, match="PULUMI_K8S_DELETE_UNREACHABLE"):
        sandbox.cloud.read(provider, made.urn, made.id)
    told = Instance("kubernetes", {**provider.config, "deleteUnreachable": "true"})
    assert sandbox.cloud.read(told, made.urn, made.id) is None
    sandbox.delete(made, told)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("capacity:p5.48xlarg", "no machine type 'p5.48xlarg' in the catalog; did you mean 'p5.48xlarge'?"),
        ("capacity:p5.48xlarge@use2-az9", "no zone 'use2-az9'; did you mean 'use2-az"),
        ("slow:aws:eks/cluster:Clusterr=1s", "no resource type 'aws:eks/cluster:Clusterr'"),
        ("half:awss:eks/cluster:Cluster", "no provider 'awss'; did you mean 'aws'?"),
        ("deleted:poool", "the world holds no resource called 'poool'; did you mean 'pool'?"),
        ("drift:pol.x=1", "the world holds no resource called 'pol'; did you mean 'pool'?"),
    ],
)
def test_a_fault_that_could_never_strike_is_refused(sandbox: Sandbox, spec: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        check_targets([parse_fault(spec)], sandbox.world)
    assert said in error.value.message


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("drift:pool.scalingConfg.desiredSize=1", "no property 'scalingConfg' there; did you mean 'scalingConfig'?"),
        ("drift:pool.instanceTypes[5]=x", "no property 5 there"),
        ("drift:pool.status.x=1", "no property 'x' there"),
    ],
)
def test_drift_of_what_is_not_there_is_refused(sandbox: Sandbox, spec: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        apply_to_world([parse_fault(spec)], sandbox.world)
    assert said in error.value.message


@pytest.mark.parametrize(
    "spec",
    [
        "capacity:p5.48xlarge@us-east-2a",
        "capacity:a3-highgpu-8g@us-central1-a",
        "slow:not-yet-made=1s",
        "half:kubernetes:x/v1:Y",
    ],
)
def test_faults_that_may_strike(sandbox: Sandbox, spec: str) -> None:
    check_targets([parse_fault(spec)], sandbox.world)
