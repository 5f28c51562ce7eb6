"""Ways round the rules that people try, each refused by a rule that says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bedplate.errors import BedplateError
from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.plan import plan_stack
from rules.model import FOLDER
from tests.policies.stack import (
    Declared,
    check_stack,
    deployment,
    kubernetes,
    launch_template,
    node_group,
    of_rule,
    pool,
    register,
    with_line,
)
from tests.policies.test_separation import release
from tests.support.stacks import stack

POOL = pool()
TEMPLATE = launch_template(POOL)


def raw(token: str, **properties: Any) -> Declared:
    """Return a resource beside all components."""
    return Declared(token, "raw", properties, provider=token.split(":")[0])


BYPASSES: dict[str, tuple[list[Declared], str, str]] = {
    "a raw EKS node group": ([node_group(None)], "nodes-priced", "creates EKS managed nodes, and nobody priced them"),
    "a raw GKE node pool": ([raw("gcp:container/nodePool:NodePool")], "nodes-priced", "creates GKE nodes"),
    "a raw AKS agent pool": ([raw("azure-native:containerservice:AgentPool")], "nodes-priced", "creates AKS nodes"),
    "an AKS agent pool of an old API version": (
        [raw("azure-native:containerservice/v20240101:AgentPool")],
        "nodes-priced",
        "creates AKS nodes",
    ),
    "a Karpenter NodePool without limits": (
        [kubernetes("karpenter.sh/v1:NodePool", "burst", {"spec": {"template": {"spec": {}}}})],
        "nodes-priced",
        "creates nodes without a bound that was priced",
    ),
    "a Karpenter NodePool with limits": (
        [kubernetes("karpenter.sh/v1:NodePool", "burst", {"spec": {"limits": {"cpu": 1}}})],
        "nodes-priced",
        "nobody priced them",
    ),
    "an Auto Scaling group": ([raw("aws:autoscaling/group:Group", maxSize=100)], "nodes-priced", "Auto Scaling group"),
    "an instance": ([raw("aws:ec2/instance:Instance", instanceType="p5.48xlarge")], "nodes-priced", "an EC2 instance"),
    "EKS Auto Mode": (
        [raw("aws:eks/cluster:Cluster", computeConfig={"enabled": True})],
        "nodes-priced",
        "nodes of EKS Auto Mode",
    ),
    "a GKE cluster with its default pool": ([raw("gcp:container/cluster:Cluster")], "nodes-priced", "default pool"),
    "a template of CloudFormation": (
        [raw("aws:cloudformation/stack:Stack")],
        "nodes-priced",
        "creates whatever its template says",
    ),
    "a package that no rule knows": (
        [raw("runpod:index:Pod")],
        "nodes-known-package",
        "no rule knows what the package runpod creates",
    ),
    "a dynamic provider": (
        [Declared("pulumi-python:dynamic:Resource", "d", {}, provider="pulumi-python")],
        "nodes-known-package",
        "no rule knows what the package pulumi-python creates",
    ),
    "an instance inside a component that calls itself a pool": (
        [POOL, Declared("aws:ec2/instance:Instance", "more", {"instanceType": "p5.48xlarge"}, parent=POOL)],
        "nodes-priced",
        "no rule can compare that with what its node pool declares",
    ),
    "a second node group of one pool": (
        [POOL, node_group(POOL, nodeGroupName="vision-dev-it-more")],
        "nodes-as-declared",
        "which is none of its pool's groups",
    ),
    "a larger node group than was priced": (
        [POOL, node_group(POOL, scalingConfig={"minSize": 0, "maxSize": 50, "desiredSize": 0})],
        "nodes-as-declared",
        "has maxSize 50; its pool declares at most 2 nodes",
    ),
    "another machine by the launch template": (
        [POOL, launch_template(POOL, "p5.48xlarge")],
        "nodes-template-as-declared",
        "starts p5.48xlarge; its pool declares m7i.2xlarge",
    ),
    "a Helm release that is not on the allow-list": (
        [release(chart="miner")],
        "separation-pinned-charts",
        "which the catalog does not have",
    ),
    "a chart of the catalog from another repository": (
        [release(repositoryOpts={"repo": "https://charts.example"})],
        "separation-pinned-charts",
        "has repositoryOpts.repo https://charts.example",
    ),
    "a toleration of everything": (
        [deployment("vision-dev-general", tolerations=[{"operator": "Exists"}])],
        "separation-tolerations",
        "lets it onto inference and training nodes",
    ),
    "a node by name": (
        [deployment("vision-dev-general", nodeName="ip-10-0-0-1")],
        "separation-no-node-name",
        "passes by the scheduler and its taints",
    ),
    "a pool renamed to look general": (
        [pool("p5.48xlarge", 1, role="general")],
        "separation-accelerators",
        "is a general pool, but offers p5.48xlarge with H100",
    ),
    "an inference pool whose nodes are labelled general": (
        [one := pool("p5.48xlarge", 1), node_group(one, labels={ROLE_LABEL: "general"})],
        "separation-nodes-carry-role",
        "has the label bedplate.dev/role general; its pool is for inference",
    ),
    "a namespace that gives itself a role": (
        [kubernetes("core/v1:Namespace", "mine", {"metadata": {"name": "mine", "labels": {ROLE_LABEL: "inference"}}})],
        "separation-namespace-roles",
        "namespace mine has the role inference",
    ),
    "a price overridden to zero": (
        [with_line(pool("p5.48xlarge", 9), 0, usdPerHour="0")],
        "cost-has-prices",
        "nothing is free",
    ),
    "a price overridden to a cent": (
        [with_line(pool("p5.48xlarge", 9), 0, usdPerHour="0.01")],
        "cost-has-catalog-prices",
        "the catalog has $55.04",
    ),
    "a price without its service": (
        [with_line(pool(), 1, service="", usdPerHour="0.0001")],
        "cost-counted-in-full",
        "but its cost counts 0 of them",
    ),
    "another team's caps": ([pool(team="platform")], "cost-of-its-stack", "so these are not its caps"),
}


@pytest.mark.parametrize(("resources", "rule", "expected"), BYPASSES.values(), ids=BYPASSES)
def test_is_refused_before_it_is_created(resources: list[Declared], rule: str, expected: str) -> None:
    messages = of_rule(rule, register(*resources))
    assert any(expected in message for message in messages), messages


def test_one_group_used_twice_is_refused_on_the_whole_stack() -> None:
    groups = [node_group(POOL, TEMPLATE), node_group(POOL, TEMPLATE)]
    groups[1].name = "again"
    messages = of_rule("nodes-group-used-once", check_stack(POOL, TEMPLATE, *groups))
    assert "which was priced once" in messages[0]


def test_caps_in_the_teams_file_are_no_caps() -> None:
    """The stack file has no field for caps, prices or exceptions, so a team cannot bring its own."""
    for field in ("caps", "cap", "hourly_usd", "prices", "exceptions"):
        with pytest.raises((BedplateError, ValueError), match=field):
            plan_stack(stack({field: {"dev": {"hourly_usd": 100000, "monthly_usd": 1000000}}}))


def test_caps_beside_the_program_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pack reads the files of its own folder, wherever the program stands."""
    (tmp_path / "policies").mkdir()
    generous = {"max_machine_price_age_days": 9999, "max_service_price_age_days": 9999}
    generous["teams"] = {"vision": {"dev": {"hourly_usd": 10**6, "monthly_usd": 10**9}}}  # type: ignore[assignment]
    (tmp_path / "policies" / "caps.yaml").write_text(yaml.safe_dump(generous))
    monkeypatch.chdir(tmp_path)
    assert of_rule("cost-of-component-within-caps", register(pool("p5.48xlarge", 9))) != []
    assert Path(__file__).parents[2] / "policies" == FOLDER
