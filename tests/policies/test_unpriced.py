"""What nobody priced: types of clouds that the catalog does not know, and kinds that make nodes or run programs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml

from rules.node_types import node_kinds
from tests.policies.stack import (
    CLUSTER,
    HERE,
    SETTINGS,
    Declared,
    cluster,
    kubernetes,
    of_family,
    of_rule,
    register,
)

if TYPE_CHECKING:
    from pathlib import Path

RULE = "cost-known-types"
UNKNOWN_TO_THE_CATALOG = [
    "aws:sagemaker/trainingJob:TrainingJob",
    "aws:sagemaker/hyperParameterTuningJob:HyperParameterTuningJob",
    "aws:bedrock/provisionedModelThroughput:ProvisionedModelThroughput",
    "aws:emr/instanceGroup:InstanceGroup",
    "aws:servicecatalog/provisionedProduct:ProvisionedProduct",
    "aws:codebuild/fleet:Fleet",
    "aws:rds/instance:Instance",
    "gcp:hypercomputecluster/cluster:Cluster",
    "gcp:vertex/aiPersistentResource:AiPersistentResource",
    "gcp:vertex/aiEndpointWithModelGardenDeployment:AiEndpointWithModelGardenDeployment",
    "gcp:vertex/aiDeploymentResourcePool:AiDeploymentResourcePool",
    "gcp:compute/regionResizeRequest:RegionResizeRequest",
    "gcp:cloudrunv2/job:Job",
    "gcp:cloudrunv2/workerPool:WorkerPool",
    "gcp:configdeployment/deployment:Deployment",
    "azure-native:resources:Resource",
    "azure-native:resources:DeploymentAtScope",
    "azure-native:resources:DeploymentStackAtResourceGroup",
    "azure-native:resources:AzureCliScript",
    "azure-native:resources/v20231001:AzureCliScript",
    "azure-native:machinelearningservices:InferencePool",
    "azure-native:machinelearningservices:Job",
    "azure-native:cognitiveservices:Deployment",
    "azure-native:app:ManagedEnvironment",
]
FREE = [
    "aws:iam/role:Role",
    "aws:ec2/tag:Tag",
    "aws:appautoscaling/policy:Policy",
    "aws:ram/resourceShare:ResourceShare",
    "gcp:projects/iAMBinding:IAMBinding",
    "gcp:projects/service:Service",
    "gcp:storage/bucketIAMMember:BucketIAMMember",
    "gcp:compute/instanceIAMMember:InstanceIAMMember",
    "gcp:compute/route:Route",
    "gcp:storage/bucket:Bucket",
    "azure-native:authorization:RoleAssignment",
    "azure-native:authorization/v20220401:RoleAssignment",
    "azure-native:managedidentity:FederatedIdentityCredential",
    "azure-native:network:RouteTable",
    "azure-native:keyvault:Secret",
    "random:index/randomPassword:RandomPassword",
]


def raw(token: str, parent: Declared | None = None) -> Declared:
    return Declared(token, "raw", {}, parent=parent, provider=token.split(":")[0])


@pytest.mark.parametrize("token", UNKNOWN_TO_THE_CATALOG)
def test_what_may_cost_anything_is_refused(token: str) -> None:
    (message,) = of_rule(RULE, register(raw(token)))
    assert "nobody knows what it costs" in message


@pytest.mark.parametrize("token", FREE)
def test_what_is_free_or_paid_by_use_passes(token: str) -> None:
    messages = register(raw(token))
    assert of_rule(RULE, messages) == []
    assert of_family("nodes", messages) == []


def test_a_type_that_makes_nodes_is_refused_once() -> None:
    messages = register(raw("aws:eks/fargateProfile:FargateProfile"))
    assert of_rule("nodes-priced", messages) != []
    assert of_rule(RULE, messages) == []


def test_what_a_cluster_counts_is_known_inside_of_it_alone() -> None:
    token = "gcp:compute/routerNat:RouterNat"
    assert of_rule(RULE, register(raw(token))) != []
    inside = cluster()
    assert of_rule(RULE, register(inside, raw(token, parent=inside))) == []


@pytest.mark.parametrize(
    ("listed", "refused"),
    [
        (["aws:rds/instance:Instance"], False),
        (["aws:rds/*"], False),
        (["aws:rds/cluster:Cluster"], True),
        ([], True),
    ],
)
def test_the_platform_team_lists_what_may_be_created(listed: list[str], refused: bool, tmp_path: Path) -> None:
    content = yaml.safe_load((HERE / "settings.yaml").read_text())
    path = tmp_path / "settings.yaml"
    path.write_text(yaml.safe_dump(content | {"unpriced_types": listed}))
    messages = of_rule(RULE, register(raw("aws:rds/instance:Instance"), settings=replace(SETTINGS, settings_path=path)))
    assert bool(messages) == refused


@pytest.mark.parametrize("pattern", ["*", "aws:*", "gcp*"])
def test_a_pattern_that_lets_a_whole_cloud_through_is_a_mistake(pattern: str, tmp_path: Path) -> None:
    content = yaml.safe_load((HERE / "settings.yaml").read_text())
    path = tmp_path / "settings.yaml"
    path.write_text(yaml.safe_dump(content | {"unpriced_types": [pattern]}))
    messages = of_rule(RULE, register(raw("aws:rds/instance:Instance"), settings=replace(SETTINGS, settings_path=path)))
    assert "unpriced_types" in messages[0]


@pytest.mark.parametrize(
    ("kind", "makes"),
    [
        ("kaito.sh/v1beta1:Workspace", "GPU nodes"),
        ("machine.openshift.io/v1beta1:MachineSet", "machines"),
        ("pulumi.com/v1:Stack", "whatever its program says"),
        ("helm.toolkit.fluxcd.io/v2:HelmRelease", "whatever its chart says"),
        ("kustomize.toolkit.fluxcd.io/v1:Kustomization", "whatever its repository says"),
        ("helm.cattle.io/v1:HelmChart", "whatever its chart says"),
        ("argoproj.io/v1alpha1:Application", "whatever its repository says"),
        ("argoproj.io/v1alpha1:ApplicationSet", "whatever its repository says"),
        ("argoproj.io/v1alpha1:ApplicationPatch", "whatever its repository says"),
        ("infra.contrib.fluxcd.io/v1alpha2:Terraform", "whatever its program says"),
        ("services.k8s.aws/v1alpha1:AdoptedResource", "AWS resources"),
    ],
)
def test_kinds_that_make_nodes_or_run_programs(kind: str, makes: str) -> None:
    (message,) = of_rule("nodes-priced", register(kubernetes(kind, "it", {"metadata": {"namespace": "apps"}})))
    assert makes in message


@pytest.mark.parametrize("kind", ["argoproj.io/v1alpha1:AppProject", "argoproj.io/v1alpha1:Workflow"])
def test_kinds_beside_them_pass(kind: str) -> None:
    assert of_family("nodes", register(kubernetes(kind, "it", {"metadata": {"namespace": "apps"}}))) == []


def test_every_kind_has_a_source() -> None:
    for kind in node_kinds():
        assert kind.pattern.startswith("kubernetes:")
        assert kind.source


@pytest.mark.parametrize("version", ["", "/v20250101", "/v20250102preview"])
def test_the_version_of_an_api_changes_no_verdict(version: str) -> None:
    """The nodes that come with a cluster of an older API version are compared with what the cluster counts, too."""
    azure = {"provider": "azure", "ownNodes": {"machine": "Standard_D4s_v5", "nodes": 2}}
    above = Declared(CLUSTER, "use1", cluster().properties | azure, provider="")
    pools = [{"name": "system", "count": 50, "vmSize": "Standard_ND96isr_H100_v5"}]
    token = f"azure-native:containerservice{version}:ManagedCluster"
    aks = Declared(token, "c", {"agentPoolProfiles": pools}, parent=above, provider="azure-native")
    messages = of_rule("nodes-aks-system-as-declared", register(above, aks))
    assert any("comes with 50 × Standard_ND96isr_H100_v5" in message for message in messages), messages
