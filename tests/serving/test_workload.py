"""The workers as manifests: their golden files, the SDK's own types, and each promise by itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bedplate.sdk_types import check_inputs
from bedplate.services.manifests import manifest_token
from bedplate.serving.weights import fill_job, job_name, job_network_policy, program_files, program_manifest
from bedplate.serving.workload import deployment, workload_manifests
from tests.support.endpoints import CHAT, LARGE, planned
from tests.support.golden import check_golden

GOLDEN = Path(__file__).parent / "golden"
SIDECAR = "111122223333.dkr.ecr.us-east-1.amazonaws.com/bedplate-sidecar:0.1.0"
BUCKET = "https://weights.s3.us-east-1.amazonaws.com"
OWN = CHAT | {"image": "registry.example.com/engine:1.2", "arguments": ["--model", "/opt/model"]}
del OWN["model"], OWN["context_tokens"]
ENDPOINTS: dict[str, dict[str, Any]] = {
    "chat": CHAT,
    "large": LARGE | {"workers": {"min": 1, "max": 2}},
    "own-image": OWN,
}


def pod(endpoint: dict[str, Any] | None = None, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the pod of an endpoint's workers."""
    found: dict[str, Any] = deployment(planned(changes, endpoint), SIDECAR, BUCKET)["spec"]["template"]["spec"]
    return found


def engine(spec: dict[str, Any]) -> dict[str, Any]:
    (found,) = spec["containers"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", ENDPOINTS)
def test_manifests(name: str) -> None:
    manifests = workload_manifests(planned({}, ENDPOINTS[name]), SIDECAR, BUCKET)
    for manifest in manifests:
        assert list(check_inputs(manifest_token(manifest), manifest)) == []
    check_golden(GOLDEN / f"workload-{name}.yaml", manifests)


def test_the_job_that_fills_the_bucket() -> None:
    plan = planned({"chat.model": "llama-3.1-8b-instruct", "chat.token": {"secret": "hf_token"}})
    assert plan.weights is not None
    manifests = [fill_job(plan.weights, SIDECAR, BUCKET, plan.region, "a-token-s-digest")]
    manifests += [job_network_policy(plan.weights.namespace), program_manifest(plan.weights.namespace)]
    for manifest in manifests:
        assert list(check_inputs(manifest_token(manifest), manifest)) == []
    # The program itself is tested as a process, and its digest is in names: neither belongs into a golden file.
    manifests[0]["metadata"]["name"] = "weights-DIGEST"
    shown = repr(manifests[:2]).replace(job_name(plan.weights), "weights-DIGEST")
    shown = shown.replace(manifests[2]["metadata"]["name"], "weights-copy-DIGEST")
    check_golden(GOLDEN / "weights-job.yaml", ast.literal_eval(shown))


def test_the_number_of_workers_is_nobodys_but_the_queues() -> None:
    assert "replicas" not in deployment(planned(), SIDECAR, BUCKET)["spec"]


def test_only_the_job_has_a_token() -> None:
    changes = {"chat.model": "llama-3.1-8b-instruct", "chat.token": {"secret": "hf_token"}}
    plan = planned(changes)
    assert "HF_TOKEN" not in repr(workload_manifests(plan, SIDECAR, BUCKET))
    assert plan.weights is not None
    assert "HF_TOKEN" in repr(fill_job(plan.weights, SIDECAR, BUCKET, "us-east-1"))


def test_the_engine_reads_its_weights_only_and_asks_nobody() -> None:
    container = engine(pod())
    models = [mount for mount in container["volumeMounts"] if mount["name"] == "models"]
    assert models == [{"name": "models", "mountPath": "/models", "readOnly": True}]
    assert {"name": "HF_HUB_OFFLINE", "value": "1"} in container["env"]
    assert container["args"][0].startswith("/models/Qwen/Qwen3-8B/")


def test_a_user_without_an_entry_has_a_name() -> None:
    """As Python's own getpass looks for it, before it asks the system and finds nobody."""
    container = engine(pod())
    environment = {one["name"]: one["value"] for one in container["env"]}
    asked = "import getpass, pwd; pwd.getpwuid = {}.__getitem__; print(getpass.getuser())"
    for name in ("USER", "LOGNAME"):
        only = {name: environment[name]}
        told = subprocess.run([sys.executable, "-c", asked], env=only, capture_output=True, text=True, check=True)
        assert told.stdout == "bedplate\n"


def test_what_the_drives_hold_is_bounded_and_asked_for() -> None:
    spec = pod()
    sizes = {volume["name"]: volume["emptyDir"]["sizeLimit"] for volume in spec["volumes"] if "emptyDir" in volume}
    assert sizes == {"shared-memory": "1Gi", "cache": "20Gi", "verdict": "1Mi", "models": "17Gi"}
    assert engine(spec)["resources"]["limits"]["ephemeral-storage"] == "37Gi"
    fetch = spec["initContainers"][0]
    assert {"name": "BEDPLATE_MOST_BYTES", "value": str(17 * 2**30)} in fetch["env"]


def test_the_watcher_is_there_before_the_engine_and_shares_one_file_with_it() -> None:
    spec = pod()
    watcher = spec["initContainers"][-1]
    assert (watcher["name"], watcher["restartPolicy"]) == ("watcher", "Always")
    assert watcher["args"][watcher["args"].index("--verdict-file") + 1] == "/run/bedplate/wedged"
    probe = engine(spec)["livenessProbe"]
    assert "/run/bedplate/wedged" in probe["exec"]["command"][-1]
    assert "httpGet" not in probe


def test_a_stop_leaves_time_for_everything() -> None:
    spec = pod(changes={"chat.timings": {"pre_stop_seconds": 20, "drain_seconds": 200}})
    container = engine(spec)
    assert container["lifecycle"]["preStop"] == {"sleep": {"seconds": 20}}
    assert container["args"][container["args"].index("--shutdown-timeout") + 1] == "200"
    assert spec["terminationGracePeriodSeconds"] == 235


@pytest.mark.parametrize(
    ("workers", "strategy"),
    [
        ({"min": 1, "max": 3}, {"maxSurge": 1, "maxUnavailable": 0}),
        ({"min": 2, "max": 4}, {"maxSurge": 0, "maxUnavailable": 1}),
    ],
)
def test_a_rollout_fits_into_the_pool(workers: dict[str, int], strategy: dict[str, int]) -> None:
    changes = {"chat.workers": workers, "node_pools.l4.nodes.min": 2, "chat.scaling": {}}
    found = deployment(planned(changes), SIDECAR, BUCKET)["spec"]["strategy"]["rollingUpdate"]
    assert found == strategy


def test_a_budget_never_blocks_a_drain() -> None:
    budget = next(one for one in workload_manifests(planned(), SIDECAR, BUCKET) if one["kind"] == "PodDisruptionBudget")
    assert budget["spec"]["maxUnavailable"] == 1
    assert "minAvailable" not in budget["spec"]
    assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_an_own_image_needs_nothing_of_the_bucket() -> None:
    manifests = workload_manifests(planned({}, OWN), SIDECAR, None)
    spec = manifests[-1]["spec"]["template"]["spec"]
    assert [container["name"] for container in spec["initContainers"]] == ["watcher"]
    assert engine(spec)["args"] == ["--model", "/opt/model"]
    assert "command" not in engine(spec)
    policy = next(one for one in manifests if one["kind"] == "NetworkPolicy")
    assert policy["spec"]["egress"] == []


def test_prometheus_alone_reaches_the_watcher() -> None:
    policy = next(one for one in workload_manifests(planned(), SIDECAR, BUCKET) if one["kind"] == "NetworkPolicy")
    ways = {
        rule["ports"][0]["port"]: rule["from"][0]["namespaceSelector"]["matchExpressions"][0]["values"]
        for rule in policy["spec"]["ingress"]
    }
    assert ways == {8000: ["envoy-gateway-system", "monitoring"], 9400: ["monitoring"]}


def test_the_way_out_passes_by_everything_private() -> None:
    policy = next(one for one in workload_manifests(planned(), SIDECAR, BUCKET) if one["kind"] == "NetworkPolicy")
    world, agent = policy["spec"]["egress"]
    assert {"10.0.0.0/8", "169.254.0.0/16"} <= set(world["to"][0]["ipBlock"]["except"])
    assert agent["to"] == [{"ipBlock": {"cidr": "169.254.170.23/32"}}]


def test_another_revision_or_program_is_another_job() -> None:
    small, large = planned().weights, planned({}, LARGE).weights
    assert small is not None
    assert large is not None
    assert job_name(small) != job_name(large)
    assert set(program_files()) >= {"__init__.py", "__main__.py", "bucket.py", "fetch.py", "fill.py"}
