"""The acceptance test: its floor, its program, its verdict, and the manifests of one pool per kind of fabric."""

from __future__ import annotations

import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from bedplate.fabrics.acceptance import AcceptanceQuestion, acceptance_problems, known_floor, plan_acceptance
from bedplate.fabrics.kinds import FabricKind
from bedplate.fabrics.spec import AcceptanceSpec
from tests.fabrics.machines import machine

SCRIPT = files("bedplate.fabrics").joinpath("data/acceptance.sh")


@pytest.mark.parametrize(
    ("provider", "name", "floor", "reason"),
    [
        ("aws", "p5.48xlarge", 300, "found on this shape"),
        ("aws", "p5en.48xlarge", 200, "derived: 50% of 3200 Gbit/s"),
        ("aws", "p6-b300.48xlarge", 400, "derived: 50% of 6400 Gbit/s"),
        ("aws", "p6e-gb200.36xlarge", 100, "derived: 50% of 1600 Gbit/s"),
        ("gcp", "a3-megagpu-8g", 250, "found on this shape"),
        ("gcp", "a3-ultragpu-8g", 200, "derived: 50% of 3200 Gbit/s"),
        ("azure", "Standard_ND96isr_H100_v5", 400, "about 450 is expected"),
        ("azure", "Standard_ND96isr_MI300X_v5", 200, "derived"),
        ("azure", "Standard_ND128isr_GB300_v6", 180, "937 within a rack"),
    ],
)
def test_floors(provider: str, name: str, floor: float, reason: str) -> None:
    found = known_floor(machine(provider, name))
    assert found is not None
    assert found.gb_per_s == floor
    assert reason in found.reason


@pytest.mark.parametrize(
    ("provider", "name", "kind", "network", "image"),
    [
        ("aws", "p5.48xlarge", "efa", "AWS Libfabric", "public.ecr.aws/hpc-cloud/nccl-tests:"),
        ("gcp", "a3-highgpu-8g", "tcpx", "GPUDirectTCPX_v7", "nccl-plugin-gpudirecttcpx-dev:v3.1.9"),
        ("gcp", "a3-megagpu-8g", "tcpxo", "FasTrak", "nccl-plugin-gpudirecttcpx-dev:v1.0.15"),
        ("gcp", "a4x-highgpu-4g", "roce-dranet", "gIB", "nccl-plugin-gib-diagnostic-arm64:"),
        ("azure", "Standard_ND96isr_MI300X_v5", "infiniband-sriov", "IB", "rccl-tests:"),
        ("azure", "Standard_ND128isr_GB300_v6", "infiniband-sriov", "IB", "/nccl-tests:"),
    ],
)
def test_program(provider: str, name: str, kind: FabricKind, network: str, image: str) -> None:
    found = plan_acceptance(AcceptanceSpec(), kind, machine(provider, name), None)
    assert found.network == network
    assert image in found.image


@pytest.mark.parametrize(
    ("provider", "name", "kind", "spec", "most", "message"),
    [
        ("aws", "p5.48xlarge", "none", {}, 4, "no fabric that could be tested"),
        ("aws", "p5.48xlarge", "efa", {"nodes": 8}, 4, "takes 8 nodes, and the pool has at most 4"),
        ("aws", "trn1.32xlarge", "efa", {}, 4, "tests Trainium (x86_64) over efa"),
        ("aws", "p6e-gb200.36xlarge", "efa", {}, 4, "tests GB200 (arm64) over efa"),
        ("gcp", "ct6e-standard-4t", "ici", {}, 4, "tests TPU-v6e"),
        ("azure", "Standard_NC24ads_A100_v4", "infiniband-ipoib", {}, 4, "over infiniband-ipoib"),
    ],
)
def test_refused(provider: str, name: str, kind: FabricKind, spec: dict[str, int], most: int, message: str) -> None:
    one = machine(provider, name)
    question = AcceptanceQuestion(AcceptanceSpec(**spec), kind, one, None, most)
    found = list(acceptance_problems(question, ("acceptance_test",)))
    assert len(found) == 1
    assert message in found[0].message


def test_a_declared_floor_wins() -> None:
    found = plan_acceptance(AcceptanceSpec(floor_gb_per_s=350.0), "efa", machine("aws", "p5.48xlarge"), None)
    assert (found.floor.gb_per_s, found.floor.reason) == (350, "declared under acceptance_test")


HEAD = "host:1:2 [0] NCCL INFO Using network {network}\n"
TABLE = """#       size         count      type   redop    root     time   algbw   busbw #wrong  (and again in place)
   536870912     134217728     float     sum      -1   5760.3   93.20  {low} {wrong}   5674.2   94.62  177.41      0
  8589934592    2147483648     float     sum      -1    86026   99.85  {best} 0    86106   99.76  187.05      0
# Out of bounds values : 0 OK
"""


def verdict(tmp_path: Path, output: str, floor: str, network: str) -> tuple[int, str]:
    log, message = tmp_path / "output", tmp_path / "message"
    log.write_text(output)
    run = subprocess.run(
        ["bash", "-c", f'source "{SCRIPT}"; verdict "$1" "$2" "$3"', "bash", str(log), floor, network],
        env={"PATH": "/usr/bin:/bin", "TERMINATION_LOG": str(message)},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, message.read_text()


def output(network: str = "AWS Libfabric", best: float = 472.1, wrong: str = "0", more: str = "") -> str:
    return HEAD.format(network=network) + more + TABLE.format(low=174.75, best=best, wrong=wrong)


@pytest.mark.parametrize(
    ("printed", "code", "message"),
    [
        (output(), 0, "bus bandwidth 472.1 GB/s over AWS Libfabric, at least 300 GB/s were wanted"),
        (output(best=299.9), 1, "bus bandwidth 299.9 GB/s over AWS Libfabric, and at least 300"),
        (output(best=300.0), 0, "300"),
        (output(network="aws libfabric"), 0, "472.1"),
        (HEAD.replace("Using network {network}", "Assigned NET plugin AWS Libfabric to comm") + output("x"), 0, "472"),
        (output(more="NCCL INFO Channel 00/0 : 0[0] -> 8[0] [send] via NET/Socket/0\n"), 1, "used TCP sockets"),
        (output(network="Socket"), 1, "did not say that it used the network AWS Libfabric"),
        (output(network="IB"), 1, "did not say"),
        (output(wrong="17"), 1, "wrong results in 1 sizes"),
        (HEAD.format(network="AWS Libfabric"), 1, "bus bandwidth 0 GB/s"),
        ("", 1, "did not say"),
    ],
)
def test_verdict(tmp_path: Path, printed: str, code: int, message: str) -> None:
    found, said = verdict(tmp_path, printed, "300", "AWS Libfabric")
    assert found == code, said
    assert message in said


def test_the_script_runs_the_test_and_tells_the_others(tmp_path: Path) -> None:
    """The first pod's part, with stand-ins for what the images bring."""
    tools, home = tmp_path / "tools", tmp_path / "home"
    tools.mkdir()
    calls = tmp_path / "calls"
    for name in ("ssh", "ssh-keygen", "ssh-keyscan"):
        (tools / name).write_text(f'#!/bin/bash\necho "{name} $*" >>{calls}\n')
    (tools / "mpirun").write_text(f"#!/bin/bash\necho \"mpirun $*\" >>{calls}\ncat <<'END'\n{output()}END\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    text = SCRIPT.read_text().replace("/usr/sbin/sshd", "true").replace("/run/sshd", str(tmp_path / "sshd"))
    script = tmp_path / "acceptance.sh"
    script.write_text(text.replace("/tmp/", f"{tmp_path}/"))
    settings = {
        "PATH": f"{tools}:/usr/bin:/bin",
        "HOME": str(home),
        "TERMINATION_LOG": str(tmp_path / "message"),
        "JOB_COMPLETION_INDEX": "0",
        "JOB_NAME": "job",
        "SERVICE": "service",
        "NODES": "2",
        "ACCELERATORS": "8",
        "MPIRUN": "mpirun",
        "PROGRAM": "/all_reduce_perf",
        "FLOOR": "300",
        "NETWORK": "AWS Libfabric",
        "PASSED": "NCCL_NET FI_PROVIDER",
    }
    home.mkdir()
    run = subprocess.run(["bash", str(script)], env=settings, capture_output=True, text=True, check=False, timeout=30)
    assert run.returncode == 0, run.stderr
    made = calls.read_text()
    assert (tmp_path / "hosts").read_text() == "job-0.service slots=8\njob-1.service slots=8\n"
    assert "-np 16 -npernode 8" in made
    assert "-x NCCL_NET -x FI_PROVIDER /all_reduce_perf" in made
    assert f"job-1.service touch {tmp_path}/ended" in made
    slow = settings | {"FLOOR": "500"}
    assert subprocess.run(["bash", str(script)], env=slow, capture_output=True, check=False, timeout=30).returncode == 1
