"""The pack on the real engine: what it refuses ends the command with an error, also when a value is unknown.

The SDK turns an unknown value into advice and exit code 0, so only the engine's exit code proves the opposite.
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from bedplate import simulation
from tests.support.engine import installed_engine

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "policies"

BEGINNING = '''
import json
import pulumi
import pulumi_aws as aws
from bedplate.node_pools.component import pool_numbers
from bedplate.plan import plan_stack
from bedplate.stack import StackSpec

class NodePool(pulumi.ComponentResource):
    """A pool with the numbers of a real plan; `outputs` changes what it registers at its end."""

    def __init__(self, name, machine, nodes, outputs=None, **inputs):
        cluster = {"provider": "aws", "region": "us-east-1", "runner_access": ["203.0.113.0/24"]}
        base = {"cluster": "use1", "role": "general", "machine": "m7i.2xlarge", "nodes": {"min": 1, "max": 1}}
        role = "general" if machine.startswith("m7i") else "inference"
        pools = {name: {**base, "machine": machine, "role": role, "nodes": {"min": 0, "max": nodes}}, "base": base}
        stack = {"team": "vision", "environment": "dev", "clusters": {"use1": cluster}, "node_pools": pools}
        plan = plan_stack(StackSpec.model_validate_json(json.dumps(stack)))
        numbers = {**pool_numbers(plan.node_pools[0], plan), **inputs}
        super().__init__("bedplate:index:NodePool", name, numbers)
        self.register_outputs({**numbers, **(outputs or {})})

tags = {"bedplate:team": "vision", "bedplate:environment": "dev", "cost-center": "cc-1"}
provider = aws.Provider("use1", region="us-east-1", default_tags={"tags": tags})
inside = pulumi.ResourceOptions(provider=provider)
unknown = aws.kms.Key("unknown", opts=inside).arn
'''

KUBERNETES = """
import pulumi_kubernetes as k8s

cluster = k8s.Provider("cluster", kubeconfig=unknown)

def deployment(name, namespace, spec=None, **pod):
    labels = {"app": name}
    container = {"name": name, "image": "registry.example/web:1"}
    container["securityContext"] = {"allowPrivilegeEscalation": False}
    restricted = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    base = {"containers": [container], "automountServiceAccountToken": False, "securityContext": restricted}
    template = {"metadata": {"labels": labels}, "spec": {**base, **pod}}
    k8s.apps.v1.Deployment(
        name,
        metadata={"name": name, "namespace": namespace},
        spec={"replicas": 2, "selector": {"match_labels": labels}, "template": template, **(spec or {})},
        opts=pulumi.ResourceOptions(provider=cluster),
    )
"""

REFUSED = {
    "one pool over its hourly cap": (
        'NodePool("h100", "p5.48xlarge", 4)',
        ["cost-of-component-within-caps", "$220.25 per hour", "$90.25 above the cap of $130.00", "2 instead of 4"],
    ),
    "pools that are over the monthly cap together": (
        'NodePool("h100", "p5.48xlarge", 2); NodePool("many", "m7i.2xlarge", 35)',
        ["cost-within-caps", "per month", "above the cap of $90,000.00"],
    ),
    "a cost that is unknown when a component is registered": (
        'NodePool("l4", "g6.2xlarge", 1, cost=unknown)',
        ["cost-of-component-within-caps: cannot be decided: cost is not known before the update"],
    ),
    "a cost that is unknown to the stack rules alone": (
        'NodePool("l4", "g6.2xlarge", 1, outputs={"cost": unknown})',
        ["cost-within-caps: cannot be decided: cost is not known before the update"],
    ),
    "a node group beside the components": (
        """
        aws.eks.NodeGroup(
            "raw", cluster_name="c", node_role_arn="arn:aws:iam::111122223333:role/n", subnet_ids=["subnet-1"],
            scaling_config={"min_size": 0, "max_size": 9, "desired_size": 0}, opts=inside,
        )
        """,
        ["nodes-priced", "creates EKS managed nodes, and nobody priced them", "`node_pools` in the stack file"],
    ),
    "a workload that gets onto inference nodes": (
        KUBERNETES + 'deployment("batch", "vision-dev-general", tolerations=[{"operator": "Exists"}])',
        ["separation-tolerations", "spec.template.spec.tolerations[0] lets it onto inference and training nodes"],
    ),
    "a workload whose toleration is unknown": (
        KUBERNETES + 'deployment("batch", "vision-dev-general", tolerations=[{"key": unknown, "operator": "Exists"}])',
        ["separation-tolerations: cannot be decided: tolerations[0].key is not known before the update"],
    ),
    "a container that may become root, on the first preview of a cluster": (
        KUBERNETES + 'deployment("web", "vision-dev-general", securityContext={})',
        ["security-not-root: web may run spec.template.spec.containers[0] as root", "security-seccomp"],
    ),
    "an address of the metadata service that nobody knows": (
        """
        aws.ec2.LaunchTemplate(
            "odd", instance_type="m7i.2xlarge", metadata_options={"http_tokens": unknown}, opts=inside
        )
        """,
        ["security-imds-v2: cannot be decided: metadataOptions.httpTokens is not known before the update"],
    ),
    "a misspelt field and a wrong type on the first preview of a cluster": (
        KUBERNETES + 'deployment("web", "vision-dev-general", spec={"replicas": "three", "minReadySecond": 5})',
        [
            "kubernetes-inputs",
            "spec.replicas: expected an integer, got text",
            "spec.minReadySecond: unknown property; did you mean 'minReadySeconds'?",
        ],
    ),
}

ACCEPTED = {
    "pools within their caps": 'NodePool("h100", "p5.48xlarge", 2); NodePool("system", "m7i.2xlarge", 6)',
    "a workload on its own nodes": (
        KUBERNETES + 'deployment("chat", "vision-dev-inference", nodeSelector={"bedplate.dev/role": "inference"}, '
        'tolerations=[{"key": "bedplate.dev/role", "value": "inference"}])'
    ),
}


@pytest.mark.parametrize(("program", "expected"), REFUSED.values(), ids=REFUSED)
def test_preview_is_refused(program: str, expected: list[str], tmp_path: Path) -> None:
    code, output = preview(program, tmp_path)
    assert [text for text in expected if text not in output] == [], output
    assert code != 0, output


@pytest.mark.parametrize("program", ACCEPTED.values(), ids=ACCEPTED)
def test_preview_passes(program: str, tmp_path: Path) -> None:
    code, output = preview(program, tmp_path)
    assert code == 0, output


def test_an_update_without_preview_creates_no_unpriced_nodes(tmp_path: Path) -> None:
    # Behind the key, so that the refusal does not overtake what may be created.
    program = REFUSED["a node group beside the components"][0].replace('cluster_name="c"', "cluster_name=unknown")
    code, output = run(program, tmp_path, "up", "--yes", "--skip-preview")
    assert code != 0
    assert "nodes-priced" in output
    world = (tmp_path / "home" / "world.json").read_text()
    assert "aws:kms/key:Key" in world
    assert "aws:eks/nodeGroup:NodeGroup" not in world


CORRECTED = """
aws.ec2.LaunchTemplate(
    "small", instance_type="m7i.2xlarge", metadata_options={"http_put_response_hop_limit": 1},
    block_device_mappings=[{"device_name": "/dev/xvda", "ebs": {"encrypted": "true", "kms_key_id": unknown}}],
    opts=inside,
)
bare = aws.Provider("bare", region="us-east-1", default_tags={"tags": {"cost-center": "cc-1"}})
aws.kms.Key("tagged", tags={"mine": "kept"}, opts=pulumi.ResourceOptions(provider=bare))
"""


def test_what_is_missing_is_filled_in_before_it_is_created(tmp_path: Path) -> None:
    code, output = run(CORRECTED, tmp_path, "up", "--yes", "--skip-preview")
    assert code == 0, output
    held = {resource.name: resource.inputs for resource in simulation.world(tmp_path / "home")}
    assert held["small"]["metadataOptions"]["httpTokens"] == "required"
    assert held["small"]["metadataOptions"]["httpPutResponseHopLimit"] == 1
    tags = held["tagged"]["tags"]
    assert (tags["mine"], tags["bedplate:team"], tags["bedplate:environment"]) == ("kept", "vision", "dev")


def test_advice_does_not_stop(tmp_path: Path) -> None:
    code, output = preview(KUBERNETES + 'deployment("web", "vision-dev-general")', tmp_path)
    assert code == 0, output
    assert "[advisory] advice" in output
    assert "reliability-probes: web: spec.template.spec.containers[0] has no readinessProbe" in output


def test_a_run_may_take_rules_as_advice_but_no_cap(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    advisory = {"advisory": ["security-*", "cost-*", "nodes-*"]}
    config.write_text(json.dumps({"resource": advisory, "stack": advisory}))
    options = ("preview", "--policy-pack-config", str(config))
    (tmp_path / "one").mkdir()
    program = KUBERNETES + 'deployment("web", "vision-dev-general", securityContext={})'
    code, output = run(program, tmp_path / "one", *options)
    assert code == 0, output
    assert "[advisory] advice" in output
    assert "security-not-root" in output
    (tmp_path / "two").mkdir()
    code, output = run('NodePool("h100", "p5.48xlarge", 4)', tmp_path / "two", *options)
    assert code != 0
    assert "cost-of-component-within-caps" in output


def preview(program: str, folder: Path) -> tuple[int, str]:
    """Preview a program with the pack on simulated clouds; return the exit code and the text on one line."""
    return run(program, folder, "preview")


def run(program: str, folder: Path, *command: str) -> tuple[int, str]:
    """Run a pulumi command on a program, with the pack, on simulated clouds."""
    installed_engine()
    project = folder / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text(
        f"name: bedplate\nruntime:\n  name: python\n  options: {{toolchain: pip, virtualenv: {ROOT / '.venv'}}}\n"
    )
    (project / "Pulumi.vision-dev.yaml").write_text("config: {}\n")
    (project / "__main__.py").write_text(BEGINNING + textwrap.dedent(program))
    arguments = [*command, "--stack", "vision-dev", "--policy-pack", str(PACK), "--non-interactive", "--color=never"]
    done = simulation.run(project, arguments, home=folder / "home", capture=True)
    return done.returncode, " ".join((done.stdout + done.stderr).split())
