"""`bedplate sim --kubeconfig`: the real engine, simulated clouds, and the Kubernetes half on a real API server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from bedplate import simulation
from bedplate.errors import UsageError
from bedplate.simulation import Completed
from bedplate.simulation.demo import STACK_FILE, DemoProject
from bedplate.simulation.kubernetes_client import MERGE, KubernetesClient
from bedplate.simulation.local_cluster import MANAGER
from tests.engine.projects import new_project
from tests.support.control_plane.plane import ControlPlane
from tests.support.control_plane.pods import Object, wait_for
from tests.support.crds import DEFINITIONS, find_definition
from tests.support.engine import installed_engine

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]
KINDS = {
    "v1": ["Namespace"],
    "apps/v1": ["Deployment", "ReplicaSet"],
    "networking.k8s.io/v1": ["NetworkPolicy"],
    "scheduling.k8s.io/v1": ["PriorityClass"],
    "admissionregistration.k8s.io/v1": ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
    "apiextensions.k8s.io/v1": ["CustomResourceDefinition"],
}
ENVOY = {
    "EnvoyProxy": "envoyproxies",
    "ClientTrafficPolicy": "clienttrafficpolicies",
    "BackendTrafficPolicy": "backendtrafficpolicies",
    "SecurityPolicy": "securitypolicies",
}
NEEDED = ("scaledobjects.keda.sh", "prometheusrules.monitoring.coreos.com", "httproutes.gateway.networking.k8s.io")
RELEASE = "kubernetes:helm.sh/v3:Release"

Pulumi = Callable[..., Completed]

PROGRAM = """
import json
import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

def cluster(name):
    role = aws.iam.Role(name, assume_role_policy="{}")
    made = aws.eks.Cluster(name, role_arn=role.arn, version="1.35", vpc_config={
        "subnet_ids": [subnet.id for subnet in subnets], "public_access_cidrs": ["203.0.113.0/24"]})
    config = made.endpoint.apply(lambda url: json.dumps({
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}], "current-context": "c"}))
    return kubernetes.Provider(name, kubeconfig=config)

vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
subnets = [aws.ec2.Subnet(zone, vpc_id=vpc.id, cidr_block=f"10.0.{number}.0/24", availability_zone=zone)
           for number, zone in enumerate(("us-east-2a", "us-east-2b"))]
options = pulumi.ResourceOptions(provider=cluster("one"))
"""
DEPLOYMENT = """
kubernetes.apps.v1.Deployment("web", metadata={"name": "web", "namespace": "default"}, spec={
    "selector": {"match_labels": {"app": "web"}},
    "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "IMAGE"}]}},
}, opts=options)
"""
SCALED = """
kubernetes.apiextensions.CustomResource("o", api_version="keda.sh/v1alpha1", kind="ScaledObject",
    metadata={"name": "o", "namespace": "default"},
    spec={"scaleTargetRef": {"name": "web"}, "triggers": [{"type": "cron", "metadata": {"start": START}}]},
    opts=options)
"""
SCALED_OBJECTS = "/apis/keda.sh/v1alpha1/namespaces/default/scaledobjects"
WEB = "/apis/apps/v1/namespaces/default/deployments/web"


@pytest.fixture(scope="module", autouse=True)
def _engine() -> None:
    installed_engine()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return new_project(tmp_path).project


@pytest.fixture
def pulumi(plane: ControlPlane, project: Path, tmp_path: Path) -> Pulumi:
    """Return a function that runs `bedplate sim --kubeconfig … -- pulumi …` on the project of the test."""

    def run(*command: str, faults: tuple[str, ...] = (), crds: tuple[Path, ...] = ()) -> Completed:
        arguments = [*command, "--non-interactive", "--color=never"]
        home, kubeconfig = tmp_path / "home", plane.kubeconfig
        return simulation.run(
            project, arguments, home=home, faults=faults, kubeconfig=kubeconfig, crds=crds, capture=True
        )

    return run


@pytest.fixture(autouse=True)
def _leaves_nothing(client: KubernetesClient) -> Iterator[None]:
    """Delete what a test that failed half-way left, for the next one."""
    yield
    client.request("DELETE", WEB)


def ours(client: KubernetesClient) -> set[str]:
    """Return what sim has made on the server, with what controllers made of it."""
    return {f"{item['kind']} {item['metadata']['name']}" for item in objects(client) if is_ours(item)}


def objects(client: KubernetesClient) -> Iterator[Object]:
    for api_version, kinds in KINDS.items():
        for name in kinds:
            kind = client.kind(api_version, name)
            assert kind is not None
            yield from ({**item, "kind": name} for item in client.request("GET", kind.path("")).body["items"])


def is_ours(item: Object) -> bool:
    managers = {entry["manager"] for entry in item["metadata"].get("managedFields", [])}
    return MANAGER in managers or item["kind"] == "ReplicaSet"


def succeeds(done: Completed) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def stand_ins(folder: Path) -> Path:
    """Write definitions of Envoy Gateway's own kinds that take anything, unless its real ones lie beside the clone."""
    folder.mkdir()
    for kind, plural in ENVOY.items():
        if find_definition("gateway.envoyproxy.io", kind) is None:
            (folder / f"{kind}.yaml").write_text(yaml.safe_dump(_stand_in(kind, plural)))
    return folder


def _stand_in(kind: str, plural: str) -> Object:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.gateway.envoyproxy.io"},
        "spec": {
            "group": "gateway.envoyproxy.io",
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [{"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def test_a_stack_with_endpoints_brings_its_kinds_and_takes_them_away(
    plane: ControlPlane, client: KubernetesClient, tmp_path: Path
) -> None:
    """The example as it stands. Fields of Envoy Gateway's kinds are checked where its definitions are at hand."""
    if not DEFINITIONS.is_dir():
        pytest.skip(f"no definitions in {DEFINITIONS}")
    home, stack = tmp_path / "home", DemoProject.copied(ROOT, tmp_path / "copy").folder
    crds = (DEFINITIONS, *([made] if any((made := stand_ins(tmp_path / "crds")).iterdir()) else []))

    def pulumi(*command: str, crds: tuple[Path, ...] = ()) -> Completed:
        arguments = [*command, "--stack", "vision-dev", "--non-interactive", "--color=never"]
        return simulation.run(stack, arguments, home=home, kubeconfig=plane.kubeconfig, crds=crds, capture=True)

    refused = pulumi("up", "--yes", "--skip-preview")
    assert refused.returncode != 0
    assert "give a folder with it by --crds" in refused.stdout + refused.stderr
    up = pulumi("up", "--yes", "--skip-preview", crds=crds)
    succeeds(up)
    assert "scaledobjects.keda.sh is defined on" in up.stderr
    assert {f"CustomResourceDefinition {name}" for name in NEEDED} <= ours(client)
    succeeds(pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"))
    succeeds(pulumi("refresh", "--yes", "--skip-preview"))
    succeeds(pulumi("preview", "--expect-no-changes"))
    down = pulumi("destroy", "--yes", "--skip-preview")
    succeeds(down)
    assert "scaledobjects.keda.sh is not defined on" in down.stderr
    assert ours(client) == set()
    assert len(simulation.world(home)) == 0


def test_a_preview_defines_nothing_and_an_update_learns_what_is_wrong(
    client: KubernetesClient, project: Path, pulumi: Pulumi
) -> None:
    crds = (keda_definitions(),)
    program = project / "__main__.py"
    program.write_text(PROGRAM)
    succeeds(pulumi("up", "--yes", "--skip-preview"))
    program.write_text(PROGRAM + SCALED.replace("START", "5"))
    succeeds(pulumi("preview", crds=crds))
    assert client.kind("keda.sh/v1alpha1", "ScaledObject") is None
    refused = pulumi("up", "--yes", "--skip-preview", crds=crds)
    assert "metadata.start: expected string" in refused.stdout + refused.stderr
    program.write_text(PROGRAM + SCALED.replace("START", "'0 8 * * *'"))
    succeeds(pulumi("up", "--yes", "--skip-preview", crds=crds))
    program.write_text(PROGRAM + SCALED.replace("START", "5"))
    again = pulumi("preview")
    assert "metadata.start: expected string" in again.stdout + again.stderr
    succeeds(pulumi("destroy", "--yes", "--skip-preview"))
    assert client.kind("keda.sh/v1alpha1", "ScaledObject") is None


def test_a_definition_stays_while_somebody_else_uses_it(
    client: KubernetesClient, project: Path, pulumi: Pulumi
) -> None:
    (project / "__main__.py").write_text(PROGRAM + SCALED.replace("START", "'0 8 * * *'"))
    succeeds(pulumi("up", "--yes", "--skip-preview", crds=(keda_definitions(),)))
    theirs: Object = client.request("GET", f"{SCALED_OBJECTS}/o").body
    theirs = {**theirs, "metadata": {"name": "theirs", "namespace": "default"}}
    assert client.request("POST", SCALED_OBJECTS, theirs).ok
    kept = pulumi("destroy", "--yes", "--skip-preview")
    succeeds(kept)
    assert "scaledobjects.keda.sh stays defined on" in kept.stderr
    assert "sim did not make theirs" in kept.stderr
    assert client.request("DELETE", f"{SCALED_OBJECTS}/theirs").ok
    wait_for(lambda: client.request("GET", f"{SCALED_OBJECTS}/theirs").status == 404, "it is gone")
    assert "is not defined on" in pulumi("destroy", "--yes", "--skip-preview").stderr


def keda_definitions() -> Path:
    if not (folder := DEFINITIONS / "keda").is_dir():
        pytest.skip(f"no definitions in {folder}")
    return folder


def test_a_whole_stack_through_its_life(plane: ControlPlane, client: KubernetesClient, tmp_path: Path) -> None:
    """One without endpoints, which needs no kind that a chart defines."""
    home = tmp_path / "home"
    stack = DemoProject.copied(ROOT, tmp_path / "copy").folder
    shutil.copy2(ROOT / "tests" / "data" / "vision-dev.yaml", stack / STACK_FILE)

    def pulumi(*command: str) -> Completed:
        arguments = [*command, "--stack", "vision-dev", "--non-interactive", "--color=never"]
        return simulation.run(stack, arguments, home=home, kubeconfig=plane.kubeconfig, capture=True)

    assert ours(client) == set()
    succeeds(pulumi("up", "--yes", "--skip-preview"))
    made = ours(client)
    assert {"Namespace vision-dev-inference", "Deployment floor-general", "PriorityClass bedplate-floor"} <= made
    assert "ValidatingAdmissionPolicy bedplate-separation-pods" in made
    assert simulation.world(home).of_type(RELEASE), "Helm releases are simulated"

    succeeds(pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"))
    succeeds(pulumi("refresh", "--yes", "--skip-preview"))  # statuses have changed since, and nothing that was declared
    succeeds(pulumi("preview", "--expect-no-changes"))

    succeeds(pulumi("destroy", "--yes", "--skip-preview"))
    assert ours(client) == set()
    assert len(simulation.world(home)) == 0


def test_an_autoscalers_replicas_survive_the_next_up(client: KubernetesClient, project: Path, pulumi: Pulumi) -> None:
    program = project / "__main__.py"
    program.write_text(PROGRAM + DEPLOYMENT.replace("IMAGE", "registry.example.com/web:1"))
    succeeds(pulumi("up", "--yes", "--skip-preview"))
    scaled = client.request("PATCH", f"{WEB}/scale", {"spec": {"replicas": 7}}, content_type=MERGE)
    assert scaled.ok, scaled.message
    succeeds(pulumi("up", "--yes", "--refresh", "--skip-preview", "--expect-no-changes"))
    program.write_text(PROGRAM + DEPLOYMENT.replace("IMAGE", "registry.example.com/web:2"))
    succeeds(pulumi("up", "--yes", "--skip-preview"))
    spec = client.request("GET", WEB).body["spec"]
    assert (spec["replicas"], spec["template"]["spec"]["containers"][0]["image"]) == (7, "registry.example.com/web:2")
    succeeds(pulumi("destroy", "--yes", "--skip-preview"))
    assert client.request("GET", WEB).status == 404


def test_refresh_sees_what_somebody_changed_and_deleted(
    client: KubernetesClient, project: Path, pulumi: Pulumi
) -> None:
    (project / "__main__.py").write_text(PROGRAM + DEPLOYMENT.replace("IMAGE", "registry.example.com/web:1"))
    succeeds(pulumi("up", "--yes", "--skip-preview"))
    container = {"name": "web", "image": "registry.example.com/hotfix:1"}
    hotfix = {"spec": {"template": {"spec": {"containers": [container]}}}}
    client.request("PATCH", WEB, hotfix, content_type="application/strategic-merge-patch+json")
    assert "~ 1 updated" in succeeds(pulumi("refresh", "--yes", "--skip-preview"))
    client.request("DELETE", WEB)
    wait_for(lambda: client.request("GET", WEB).status == 404, "it is deleted")
    succeeds(pulumi("up", "--yes", "--refresh", "--skip-preview"))
    assert client.request("GET", WEB).ok
    succeeds(pulumi("destroy", "--yes", "--skip-preview"))


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        (
            'kubernetes.core.v1.ConfigMap("c", metadata={"name": "c", "namespace": "absent"}, opts=options)',
            'namespaces "absent" not found',
        ),
        (
            'kubernetes.core.v1.Service("s", metadata={"name": "s"}, spec={"ports": [{"port": 99999}]}, opts=options)',
            "must be between 1 and 65535",
        ),
        (
            'kubernetes.apiextensions.CustomResource("o", api_version="keda.sh/v1alpha1", kind="ScaledObject", '
            'metadata={"name": "o", "namespace": "default"}, spec={}, opts=options)',
            "the chart keda",
        ),
        (
            'kubernetes.core.v1.Namespace("n", metadata={"name": "kube-public"}, opts=options)',
            "Namespace 'kube-public' already exists, and sim did not make it",
        ),
        (
            'other = pulumi.ResourceOptions(provider=cluster("two"))\n'
            'kubernetes.core.v1.ConfigMap("a", metadata={"name": "a"}, opts=options)\n'
            'kubernetes.core.v1.ConfigMap("b", metadata={"name": "b"}, opts=other)',
            "--kubeconfig stands for one cluster",
        ),
    ],
    ids=["namespace", "value", "custom resource", "somebody else's", "second cluster"],
)
def test_the_servers_verdict_is_the_result(project: Path, pulumi: Pulumi, extra: str, reason: str) -> None:
    (project / "__main__.py").write_text(PROGRAM + extra)
    done = pulumi("up", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert reason in done.stdout + done.stderr
    succeeds(pulumi("destroy", "--yes", "--skip-preview"))


def test_a_second_preview_asks_the_server(project: Path, pulumi: Pulumi) -> None:
    """The first one cannot: the cluster's address is not known until it exists."""
    program = project / "__main__.py"
    program.write_text(PROGRAM)
    succeeds(pulumi("up", "--yes", "--skip-preview"))
    program.write_text(PROGRAM + DEPLOYMENT.replace('"match_labels": {"app": "web"}', '"match_labels": {"app": "db"}'))
    refused = pulumi("preview")
    assert refused.returncode != 0
    assert "`selector` does not match template `labels`" in refused.stdout + refused.stderr
    program.write_text(PROGRAM + 'kubernetes.core.v1.Endpoints("old", opts=options)')
    accepted = pulumi("preview")
    succeeds(accepted)
    assert "warning: Endpoints old-" in accepted.stderr
    assert "v1 Endpoints is deprecated" in accepted.stderr
    succeeds(pulumi("destroy", "--yes", "--skip-preview"))


@pytest.mark.parametrize("fault", ["deleted:web", "drift:web.metadata.name=x", "deleted:one"])
def test_a_fault_of_the_world_does_not_reach_the_cluster(fault: str, project: Path, pulumi: Pulumi) -> None:
    (project / "__main__.py").write_text(PROGRAM + DEPLOYMENT.replace("IMAGE", "registry.example.com/web:1"))
    succeeds(pulumi("up", "--yes", "--skip-preview"))
    with pytest.raises(UsageError, match="is on the cluster of --kubeconfig"):
        pulumi("refresh", "--yes", faults=(fault,))
    succeeds(pulumi("destroy", "--yes", "--skip-preview"))
