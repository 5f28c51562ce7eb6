"""The grammar of faults: what it takes, what it refuses, and that it says the same back."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedplate.errors import UsageError
from bedplate.simulation.faults import KINDS, Fault, FaultPlan, parse_fault, read_faults

if TYPE_CHECKING:
    from pathlib import Path


def test_faults_that_never_struck_are_told() -> None:
    specs = ("capacity:p5.48xlarge@use2-az1*2", "slow:queue=1s", "half:queue", "drift:queue.a=1", "deleted:queue")
    plan = FaultPlan(read_faults(specs))
    assert [line.partition(" never struck: ")[0] for line in plan.idle()] == [f"fault {spec}" for spec in specs[:3]]
    assert plan.strike("capacity", lambda fault: fault.target == "p5.48xlarge")
    assert plan.strike("half", lambda _fault: True)
    assert plan.strike("half", lambda _fault: False) is None
    assert plan.idle() == ["fault slow:queue=1s never struck: nothing of this type or name was created"]


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("capacity:p5.48xlarge", Fault("capacity", "p5.48xlarge")),
        ("capacity:p5.48xlarge@use2-az1*2", Fault("capacity", "p5.48xlarge", zone="use2-az1", times=2)),
        ("quota:p5.48xlarge*1", Fault("quota", "p5.48xlarge", times=1)),
        ("slow:aws:eks/cluster:Cluster=2.5s", Fault("slow", "aws:eks/cluster:Cluster", seconds=2.5)),
        ("half:aws:eks/nodeGroup:NodeGroup", Fault("half", "aws:eks/nodeGroup:NodeGroup")),
        ("deleted:pool", Fault("deleted", "pool")),
        (
            "drift:pool.scalingConfig.desiredSize=3",
            Fault("drift", "pool", property="scalingConfig.desiredSize", value=3),
        ),
        ("drift:pool.tags.owner=some body", Fault("drift", "pool", property="tags.owner", value="some body")),
        ("drift:b.x=2*3", Fault("drift", "b", property="x", value="2*3")),
    ],
)
def test_specs(spec: str, fault: Fault) -> None:
    assert parse_fault(spec) == fault


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("capcity:p5.48xlarge", "did you mean 'capacity'?"),
        ("", "no fault is called ''"),
        ("capacity", "not well formed"),
        ("capacity:", "not well formed"),
        ("capacity:@use2-az1", "not well formed"),
        ("capacity:p5.48xlarge@", "not well formed"),
        ("capacity:p5.48xlarge*0", "never strike"),
        ("slow:cluster", "not well formed"),
        ("slow:cluster=5", "not well formed"),
        ("slow:cluster=-5s", "not well formed"),
        ("drift:pool", "not well formed"),
        ("drift:pool=3", "not well formed"),
        ("drift:.x=3", "not well formed"),
        ("deleted:pool*2", "not well formed"),
        ("half:", "not well formed"),
    ],
)
def test_bad_specs_say_what_is_meant(spec: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_fault(spec)
    assert said in error.value.message
    assert error.value.hint


WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)
TIMES = st.integers(0, 99)
VALUES = st.one_of(st.integers(), st.booleans(), st.text(), st.lists(st.integers()), st.none())
FAULTS = st.one_of(
    st.builds(Fault, st.just("capacity"), WORDS, zone=st.one_of(st.just(""), WORDS), times=TIMES),
    st.builds(Fault, st.sampled_from(["quota", "half"]), WORDS, times=TIMES),
    st.builds(Fault, st.just("slow"), WORDS, seconds=st.integers(0, 10**5).map(float), times=TIMES),
    st.builds(Fault, st.just("drift"), WORDS, property=st.lists(WORDS, min_size=1).map(".".join), value=VALUES),
    st.builds(Fault, st.just("deleted"), WORDS),
)


@given(FAULTS)
def test_a_fault_says_itself_back(fault: Fault) -> None:
    assert parse_fault(fault.spec()) == fault


@given(st.one_of(st.text(), st.builds("{}:{}".format, st.sampled_from(KINDS), st.text())))
def test_any_text_is_a_fault_or_a_usage_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert parse_fault(text).kind == text.partition(":")[0]


def test_a_file_holds_specs_and_maps(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(
        "faults:\n"
        "  - capacity:p5.48xlarge@use2-az1\n"
        "  - {kind: quota, machine: p5.48xlarge, times: 1}\n"
        "  - {kind: drift, name: my.pool, property: scalingConfig.desiredSize, value: 3}\n"
        "  - {kind: slow, target: 'aws:eks/cluster:Cluster', seconds: 2}\n"
    )
    assert read_faults([str(file), "deleted:x"]) == (
        Fault("capacity", "p5.48xlarge", zone="use2-az1"),
        Fault("quota", "p5.48xlarge", times=1),
        Fault("drift", "my.pool", property="scalingConfig.desiredSize", value=3),
        Fault("slow", "aws:eks/cluster:Cluster", seconds=2.0),
        Fault("deleted", "x"),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {kind: capasity, machine: x}", "did you mean 'capacity'?"),
        ("- {kind: capacity, machin: x}", "unknown key 'machin'"),
        ("- {kind: capacity}", "target"),
        ("- {kind: slow, target: x, seconds: soon}", "could not convert"),
        ("- {kind: drift, name: x}", "not well formed"),
        ("- 3", "expected a spec or a map"),
        ("capacity: x", "expected a list of faults"),
        ("[", "cannot be read"),
    ],
)
def test_bad_files_say_what_is_meant(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(text)
    with pytest.raises(UsageError) as error:
        read_faults([str(file)])
    assert said in error.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file of faults at"):
        read_faults([str(tmp_path / "missing.yaml")])


def test_a_fault_strikes_as_often_as_it_says() -> None:
    plan = FaultPlan([Fault("quota", "m", times=2), Fault("quota", "n")])
    struck = [fault.target if (fault := plan.strike("quota", lambda fault: True)) else "" for _ in range(4)]
    assert struck == ["m", "m", "n", "n"]
    assert plan.strike("half", lambda fault: True) is None
