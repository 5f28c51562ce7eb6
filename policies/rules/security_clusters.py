"""Security of clusters: who reaches the API server, what it keeps, what it writes down.

The ids of Checkov (CKV…) and of the CIS benchmarks for EKS, GKE and AKS say where others demand the same. Rows for
clouds on which Bedplate declares nothing yet judge what a program declares by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import catalog
from rules.model import Resource, Rule, Surroundings
from rules.networks import names_everybody
from rules.properties import GIVEN, NOT_FALSE, NOT_TRUE, TRUE, holding, none_of, one_of, row, table_rule
from rules.reading import Known, Unknown, need, read, undecided, want

if TYPE_CHECKING:
    from collections.abc import Iterator

EKS = "aws:eks/cluster:Cluster"
GKE = "gcp:container/cluster:Cluster"
GKE_POOL = "gcp:container/nodePool:NodePool"
AKS = "azure-native:containerservice:ManagedCluster"
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""All that EKS writes."""


def has_closed_endpoint(cluster: Resource, _: Surroundings) -> Iterator[str]:
    """The API server is private, or open to named networks alone. EKS opens it to everybody when nothing is said."""
    config = cluster.properties
    if want(config, "vpcConfig", "endpointPublicAccess") is False:
        return
    networks = want(config, "vpcConfig", "publicAccessCidrs")
    if not networks:
        yield f"the API server of {cluster.name} is open to everybody: vpcConfig.publicAccessCidrs is not set"
    elif names_everybody(networks):
        yield f"the API server of {cluster.name} is open to everybody: vpcConfig.publicAccessCidrs names all networks"


def has_closed_gke_endpoint(cluster: Resource, _: Surroundings) -> Iterator[str]:
    """The same for GKE: a private endpoint, or authorized networks."""
    if want(cluster.properties, "privateClusterConfig", "enablePrivateEndpoint"):
        return
    blocks = want(cluster.properties, "masterAuthorizedNetworksConfig", "cidrBlocks")
    networks = [block.get("cidrBlock") for block in blocks or ()]
    if not networks or names_everybody(networks):
        yield f"the API server of {cluster.name} is open to everybody: name masterAuthorizedNetworksConfig.cidrBlocks"


def has_closed_aks_endpoint(cluster: Resource, _: Surroundings) -> Iterator[str]:
    """The same for AKS: a private cluster, or authorized ranges.

    Nodes come from the address of the cluster's own NAT gateway, which stands among the ranges and is known last: one
    such range is waited for beside those that are known, and judged with them before the cluster is made.
    """
    if want(cluster.properties, "apiServerAccessProfile", "enablePrivateCluster"):
        return
    path = ("apiServerAccessProfile", "authorizedIPRanges")
    found = read(cluster.properties, *path)
    ranges = found.value if isinstance(found, Known) else []
    if isinstance(found, Unknown):
        if len(found.path) != len(path) + 1:  # the list itself, or more than the list
            raise undecided(found.path)
        gateway = want(cluster.properties, "networkProfile", "outboundType") == "userAssignedNATGateway"
        each = [read(cluster.properties, *path, index) for index in range(len(cluster.properties[path[0]][path[1]]))]
        ranges = [one.value for one in each if isinstance(one, Known)]
        if not gateway or len(ranges) != len(each) - 1:
            raise undecided(found.path)
    if not ranges or names_everybody(ranges):
        yield f"the API server of {cluster.name} is open to everybody: name apiServerAccessProfile.authorizedIPRanges"


def control_plane_is_closed(cluster: Resource, surroundings: Surroundings) -> Iterator[str]:
    """Judge a cluster of any of the three clouds."""
    cloud = cluster.type.split(":")[0]
    judges = {"aws": has_closed_endpoint, "gcp": has_closed_gke_endpoint, "azure-native": has_closed_aks_endpoint}
    yield from judges[cloud](cluster, surroundings)


def has_supported_version(cluster: Resource, surroundings: Surroundings) -> Iterator[str]:
    """The Kubernetes version is in standard support today."""
    stated = need(cluster.properties, "version")
    known = {version.version: version for version in catalog.kubernetes_versions("aws")}
    version = known.get(stated)
    if version is None:
        yield f"{cluster.name} runs Kubernetes {stated}, which the catalog does not have"
    elif version.end_of_standard_support and version.end_of_standard_support < surroundings.today:
        yield f"the standard support of Kubernetes {stated} of {cluster.name} ended {version.end_of_standard_support}"


RULES = (
    Rule(
        id="security-control-plane-networks",
        family="security",
        demands="The API server of a cluster is private, or open to named networks alone.",
        reason="What the world can reach needs one weakness, or one leaked credential, to be the world's.",
        fix="name the networks of your runners under `runner_access` in the stack file",
        references=(
            "CKV_AWS_38",
            "CKV_AWS_39",
            "CKV_GCP_18",
            "CKV_GCP_20",
            "CKV_AZURE_6",
            "CKV_AZURE_115",
            "CIS EKS 5.4.1",
            "CIS GKE 5.6.3",
            "CIS AKS 5.4.1",
        ),
        passes="publicAccessCidrs: [203.0.113.0/24]",
        fails="publicAccessCidrs: [0.0.0.0/0]",
        applies=lambda token: token in (EKS, GKE, AKS),
        check=control_plane_is_closed,
    ),
    table_rule(
        row(EKS, "encryptionConfig.resources", holding("secrets")),
        row(EKS, "encryptionConfig.provider.keyArn", GIVEN),
        row(GKE, "databaseEncryption.state", one_of("ENCRYPTED")),
        row(AKS, "securityProfile.azureKeyVaultKms.enabled", TRUE),
        id="security-secrets-encrypted",
        family="security",
        demands="Kubernetes secrets are encrypted with a key of the team's own.",
        reason="With a key of one's own the use of it is logged, and it can be taken away.",
        fix="set encryptionConfig with resources [secrets] and a KMS key",
        references=("CKV_AWS_58", "CIS EKS 5.3.1", "CIS GKE 5.3.1", "CIS AKS 5.3.1"),
        passes="encryptionConfig: {resources: [secrets], provider: {keyArn: …}}",
        fails="no encryptionConfig",
    ),
    table_rule(
        row(EKS, "enabledClusterLogTypes", holding(*LOG_TYPES)),
        row(GKE, "loggingService", none_of("none")),
        id="security-control-plane-logs",
        family="security",
        demands="A cluster writes every kind of control-plane log.",
        reason="Who did what to a cluster is in the audit log or nowhere, and it cannot be had afterwards.",
        fix=f"enable all of {', '.join(LOG_TYPES)}",
        references=("CKV_AWS_37", "CKV_GCP_1", "CIS EKS 2.1.1"),
        passes=f"enabledClusterLogTypes: [{', '.join(LOG_TYPES)}]",
        fails="enabledClusterLogTypes: [api]",
    ),
    Rule(
        id="security-kubernetes-version",
        family="security",
        demands="An EKS cluster runs a Kubernetes version of the catalog that is in standard support.",
        reason="Versions out of support get no fixes for free, and EKS bills them at six times the price.",
        fix="raise `kubernetes_version` in the stack file, one minor version at a time",
        references=("CKV_AWS_339",),
        passes='version: "1.34"',
        fails='version: "1.29"',
        applies=lambda token: token == EKS,
        check=has_supported_version,
    ),
    table_rule(
        row(GKE, "workloadIdentityConfig.workloadPool", GIVEN),
        row(GKE_POOL, "nodeConfig.workloadMetadataConfig.mode", one_of("GKE_METADATA")),
        row(AKS, "oidcIssuerProfile.enabled", TRUE),
        id="security-workload-identity",
        family="security",
        demands="Workloads have identities of their own, and do not use the node's.",
        reason="With the node's identity every pod may do what any pod of the node needs.",
        fix="turn workload identity on",
        references=("CKV_GCP_69", "CIS GKE 5.2.2", "CIS GKE 5.4.1", "CIS EKS 5.2.1"),
        passes="workloadMetadataConfig: {mode: GKE_METADATA}",
        fails="workloadMetadataConfig: {mode: GCE_METADATA}",
    ),
    table_rule(
        row(GKE, "networkPolicy.enabled", TRUE, unless="datapathProvider"),
        row(GKE, "datapathProvider", one_of("ADVANCED_DATAPATH"), unless="networkPolicy.enabled"),
        row(AKS, "networkProfile.networkPolicy", GIVEN),
        id="security-network-policy-engine",
        family="security",
        demands="A cluster enforces network policies.",
        reason="Without an engine, network policies are accepted and do nothing.",
        fix="turn the engine on; EKS clusters of Bedplate have it",
        references=("CKV_GCP_12", "CKV_AZURE_7", "CIS GKE 4.3.2", "CIS AKS 5.4.4"),
        passes="datapathProvider: ADVANCED_DATAPATH",
        fails="neither networkPolicy nor datapathProvider",
    ),
    table_rule(
        row(EKS, "accessConfig.authenticationMode", one_of("API")),
        row(AKS, "disableLocalAccounts", TRUE),
        row(GKE, "masterAuth.clientCertificateConfig.issueClientCertificate", NOT_TRUE),
        row(GKE, "enableLegacyAbac", NOT_TRUE),
        row(GKE, "enableShieldedNodes", NOT_FALSE),
        row(GKE, "binaryAuthorization.evaluationMode", one_of("PROJECT_SINGLETON_POLICY_ENFORCE")),
        id="security-cluster-access",
        family="security",
        demands="Who may do what in a cluster is decided by the cloud's identities, and nodes prove what they run.",
        reason="Local accounts, client certificates and the aws-auth map outlive the people who had them.",
        fix="use access entries (EKS authentication mode API), Entra ID (AKS) or IAM (GKE)",
        references=("CKV_AZURE_141", "CKV_GCP_7", "CKV_GCP_13", "CKV_GCP_66", "CKV_GCP_71", "CIS GKE 5.5.5"),
        passes="accessConfig: {authenticationMode: API}",
        fails="accessConfig: {authenticationMode: CONFIG_MAP}",
    ),
)
