"""The policy pack on 1,000 resources: target 1 s CPU on top of its start, for every resource and the stack.

The pack runs as the engine runs it, a process of its own that answers over gRPC; only its own CPU is counted.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from measure import machine
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from bedplate.node_pools.component import pool_numbers
from bedplate.plan import plan_stack
from bedplate.stack import StackSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[1]
STACK = "vision-dev"
URN = f"urn:pulumi:{STACK}::bedplate::"
RUNS = 5
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the CPU seconds of the pack's start and of 1,000 resources, and the ratio of the two."""
    resources = list(thousand_resources())
    measured = [measure(resources) for _ in range(RUNS)]
    start, work, corrections = (statistics.median(run[part] for run in measured) for part in range(3))
    print(f"machine: {machine()}; median of {RUNS} runs")
    print(f"start of the pack      {start:.2f} s CPU")
    print(f"{len(resources):,} resources        {work:.2f} s CPU, {work / start:.2f} × the start (target 1 s)")
    print(f"corrections            {corrections:.2f} s CPU, mostly the SDK's, which the engine asks of every pack")
    print(f"violations             {measured[0][3]}")


def measure(resources: list[analyzer_pb2.AnalyzeRequest]) -> tuple[float, float, float, int]:
    """Return the CPU seconds of a pack's start, its verdicts and its corrections, and the number of violations."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(PROJECT / "policies")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pack:
        try:
            assert pack.stdout is not None
            channel = grpc.insecure_channel(f"127.0.0.1:{pack.stdout.readline().strip()}")
            analyzer = analyzer_pb2_grpc.AnalyzerStub(channel)
            analyzer.GetAnalyzerInfo(empty_pb2.Empty())
            start = cpu(pack.pid)
            found = [one for request in resources for one in analyzer.Analyze(request).diagnostics]
            stack = analyzer_pb2.AnalyzeStackRequest(resources=map(in_stack, resources))
            found += analyzer.AnalyzeStack(stack).diagnostics
            judged = cpu(pack.pid)
            for request in resources:
                analyzer.Remediate(request)
            return start, judged - start, cpu(pack.pid) - judged, len(found)
        finally:
            pack.kill()


def cpu(pid: int) -> float:
    """Return the CPU seconds that a running process has used (proc(5): utime and stime of /proc/PID/stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def thousand_resources() -> Iterator[analyzer_pb2.AnalyzeRequest]:
    """Yield 1,000 resources that break no rule: 40 node pools, and what a stack has besides."""
    plan = plan_stack(StackSpec.model_validate_json(json.dumps(stack_of_pools(40))))
    for pool in plan.node_pools:
        yield from pool_resources(pool.full_name, pool_numbers(pool, plan))
    for number in range(200):
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*"}]})
        yield request("aws:iam/role:Role", f"role-{number}", {"name": "r", "assumeRolePolicy": policy})
    for number in range(300):
        yield request("kubernetes:apps/v1:Deployment", f"deployment-{number}", deployment(number))
    for number in range(300):
        data = {f"key-{key}": "value" for key in range(10)}
        metadata = {"name": "c", "namespace": f"{STACK}-general"}
        yield request("kubernetes:core/v1:ConfigMap", f"config-{number}", {"metadata": metadata, "data": data})


def stack_of_pools(count: int) -> dict[str, Any]:
    """Return a stack file's content with so many pools of one node."""
    cluster = {"provider": "aws", "region": "us-east-1", "runner_access": ["203.0.113.0/24"]}
    pool = {"cluster": "use1", "role": "general", "machine": "m7i.2xlarge", "nodes": {"min": 1, "max": 1}}
    pools = {f"pool{number}": pool for number in range(count)}
    return {"team": "vision", "environment": "dev", "clusters": {"use1": cluster}, "node_pools": pools}


def pool_resources(name: str, numbers: dict[str, Any]) -> Iterator[analyzer_pb2.AnalyzeRequest]:
    """Yield a pool with its launch template, its node group and two tags."""
    component = "bedplate:index:NodePool"
    parent = f"{URN}{component}::{name}"
    yield request(component, name, numbers, cloud="")
    disk = {"encrypted": "true", "kmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/1"}
    disk |= {"volumeType": "gp3", "volumeSize": numbers["groups"][0]["rootDiskGib"]}
    template = {
        "instanceType": "m7i.2xlarge",
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": disk}],
    }
    yield request("aws:ec2/launchTemplate:LaunchTemplate", name, template, parent)
    group = {
        "nodeGroupName": numbers["groups"][0]["name"],
        "scalingConfig": {"minSize": 0, "maxSize": 1, "desiredSize": 1},
        "instanceTypes": ["m7i.2xlarge"],
        "subnetIds": ["subnet-1", "subnet-2", "subnet-3"],
        "labels": {"bedplate.dev/pool": name, "bedplate.dev/role": "general"},
    }
    yield request("aws:eks/nodeGroup:NodeGroup", name, group, parent)
    for tag in ("a", "b"):
        yield request("aws:autoscaling/tag:Tag", f"{name}-{tag}", {"tag": {"key": tag, "value": "1"}}, parent)


def deployment(number: int) -> dict[str, Any]:
    """Return the inputs of a Deployment of ordinary size."""
    labels = {"app": f"app-{number}"}
    container = {
        "name": "web",
        "image": f"registry.example/web@sha256:{'0' * 64}",
        "readinessProbe": {"httpGet": {"path": "/health", "port": 8080}},
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True},
        "env": [{"name": f"NAME_{index}", "value": "value"} for index in range(5)],
        "ports": [{"containerPort": 8080}],
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
    }
    pod = {
        "containers": [container],
        "nodeSelector": {"bedplate.dev/role": "general"},
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    return {
        "metadata": {"name": labels["app"], "namespace": f"{STACK}-general", "labels": labels},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def request(
    token: str, name: str, properties: dict[str, Any], parent: str = "", cloud: str | None = None
) -> analyzer_pb2.AnalyzeRequest:
    """Return what the engine asks about a resource; `parent` is a URN."""
    package = token.split(":")[0] if cloud is None else cloud
    types = f"{parent.removeprefix(URN).split('::')[0]}${token}" if parent else token
    tags = {"bedplate:team": "vision", "bedplate:environment": "dev", "cost-center": "cc-1"}
    provider = analyzer_pb2.AnalyzerProviderResource(
        type=f"pulumi:providers:{package}",
        properties=struct({"region": "us-east-1", "defaultTags": json.dumps({"tags": tags})}),
        urn=f"{URN}provider",
        name="p",
    )
    return analyzer_pb2.AnalyzeRequest(
        type=token,
        properties=struct(properties),
        urn=f"{URN}{types}::{name}",
        name=name,
        options=analyzer_pb2.AnalyzerResourceOptions(parent=parent),
        provider=provider if package else None,
    )


def in_stack(asked: analyzer_pb2.AnalyzeRequest) -> analyzer_pb2.AnalyzerResource:
    """Return the same resource as part of the whole stack."""
    return analyzer_pb2.AnalyzerResource(
        type=asked.type,
        properties=asked.properties,
        urn=asked.urn,
        name=asked.name,
        options=asked.options,
        provider=asked.provider if asked.HasField("provider") else None,
        parent=asked.options.parent,
    )


def struct(value: dict[str, Any]) -> struct_pb2.Struct:
    """Return properties as they travel."""
    made = struct_pb2.Struct()
    made.update(value)
    return made


if __name__ == "__main__":
    main()
