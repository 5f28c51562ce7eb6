"""Security of clusters, machines, disks and networks: mostly rows of one table (`rules.properties`).

The ids of Checkov (CKV…) and of the CIS benchmarks for EKS, GKE and AKS say where others demand the same. Rows for
clouds on which Bedplate declares nothing yet judge what a program declares by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate import catalog
from rules.model import Resource, Rule, Surroundings
from rules.properties import (
    GIVEN,
    NOT_FALSE,
    NOT_TRUE,
    TRUE,
    at_most,
    holding,
    none_of,
    one_of,
    row,
    table_rule,
)
from rules.reading import need, want

if TYPE_CHECKING:
    from collections.abc import Iterator

EKS = "aws:eks/cluster:Cluster"
EKS_NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE = "aws:ec2/instance:Instance"
GKE = "gcp:container/cluster:Cluster"
GKE_POOL = "gcp:container/nodePool:NodePool"
AKS = "azure-native:containerservice*:ManagedCluster"
AKS_POOL = "azure-native:containerservice*:AgentPool"
LISTENER = "aws:lb/listener:Listener"

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""All that EKS writes."""

ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
ADMIN_PORTS = {22: "SSH", 3389: "RDP"}

OLD_TLS = ("ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS-1-0-2015-04", "ELBSecurityPolicy-TLS-1-1-2017-01")
"""Policies of load balancers that still speak TLS 1.0 or 1.1."""


def _applies_to(*tokens: str) -> Any:
    return frozenset(tokens).__contains__


def has_closed_endpoint(cluster: Resource, _: Surroundings) -> Iterator[str]:
    """The API server is private, or open to named networks alone. EKS opens it to everybody when nothing is said."""
    config = cluster.properties
    if want(config, "vpcConfig", "endpointPublicAccess") is False:
        return
    networks = want(config, "vpcConfig", "publicAccessCidrs")
    if not networks:
        yield f"the API server of {cluster.name} is open to everybody: vpcConfig.publicAccessCidrs is not set"
    elif ANYWHERE & set(networks):
        yield f"the API server of {cluster.name} is open to everybody: vpcConfig.publicAccessCidrs names all networks"


def has_closed_gke_endpoint(cluster: Resource, _: Surroundings) -> Iterator[str]:
    """The same for GKE: a private endpoint, or authorized networks."""
    if want(cluster.properties, "privateClusterConfig", "enablePrivateEndpoint"):
        return
    blocks = want(cluster.properties, "masterAuthorizedNetworksConfig", "cidrBlocks")
    networks = {block.get("cidrBlock") for block in blocks or ()}
    if not networks or ANYWHERE & networks:
        yield f"the API server of {cluster.name} is open to everybody: name masterAuthorizedNetworksConfig.cidrBlocks"


def has_closed_aks_endpoint(cluster: Resource, _: Surroundings) -> Iterator[str]:
    """The same for AKS: a private cluster, or authorized ranges."""
    if want(cluster.properties, "apiServerAccessProfile", "enablePrivateCluster"):
        return
    ranges = set(want(cluster.properties, "apiServerAccessProfile", "authorizedIPRanges") or ())
    if not ranges or ANYWHERE & ranges:
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


def opens_no_admin_port(resource: Resource, _: Surroundings) -> Iterator[str]:
    """No rule lets everybody reach SSH or RDP, and no node group opens SSH without naming who may come."""
    properties = resource.properties
    if resource.type == EKS_NODE_GROUP:
        access = want(properties, "remoteAccess") or {}
        if access.get("ec2SshKey") and not access.get("sourceSecurityGroupIds"):
            yield f"{resource.name} opens SSH to everybody: remoteAccess names no sourceSecurityGroupIds"
        return
    if resource.type == "aws:ec2/securityGroupRule:SecurityGroupRule" and want(properties, "type") == "egress":
        return
    inside = want(properties, "ingress") if resource.type == "aws:ec2/securityGroup:SecurityGroup" else [properties]
    for rule in inside or ():
        port = _open_admin_port(rule)
        if port:
            yield f"{resource.name} lets everybody reach port {port} ({ADMIN_PORTS[port]})"


def _open_admin_port(rule: Any) -> int | None:
    """Return the port for administrators that an ingress rule opens to everybody, or None."""
    networks = {*(want(rule, "cidrBlocks") or ()), *(want(rule, "ipv6CidrBlocks") or ())}
    networks |= {want(rule, "cidrIpv4"), want(rule, "cidrIpv6")}
    if not ANYWHERE & networks:
        return None
    protocol = str(want(rule, "protocol") or want(rule, "ipProtocol") or "")
    if protocol == "-1" or protocol.lower() == "all":
        return 22
    first, last = want(rule, "fromPort"), want(rule, "toPort")
    if first is None or last is None:
        return 22
    return next((port for port in ADMIN_PORTS if first <= port <= last), None)


def uses_modern_tls(listener: Resource, _: Surroundings) -> Iterator[str]:
    """A listener speaks TLS 1.2 or later, or only sends people to one that does."""
    protocol = want(listener.properties, "protocol") or "HTTP"
    if protocol in ("HTTPS", "TLS"):
        if (want(listener.properties, "sslPolicy") or OLD_TLS[0]) in OLD_TLS:  # the first one is AWS's default
            yield f"{listener.name} speaks TLS older than 1.2: sslPolicy is old or not set"
        return
    actions = want(listener.properties, "defaultActions") or ()
    if not actions or any(action.get("type") != "redirect" for action in actions):
        yield f"{listener.name} serves {protocol} without encryption"


def buckets_are_guarded(surroundings: Surroundings) -> Iterator[str]:
    """Every bucket has a public access block and encryption with a key, which are resources of their own."""
    guards = {
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
            "BucketServerSideEncryptionConfiguration"
        ),
    }
    resources = surroundings.resources.values()
    for bucket in resources:
        if bucket.type not in BUCKETS:
            continue
        for token, name in guards.items():
            if not any(one.type == token and bucket.urn in one.dependencies.get("bucket", ()) for one in resources):
                yield f"bucket {bucket.name} has no {name}"


BUCKETS = frozenset({"aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"})
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
BUCKET_KEY = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
ALGORITHM = "rules.*.applyServerSideEncryptionByDefault.sseAlgorithm"
DISKS = "blockDeviceMappings.*.ebs"

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
        applies=lambda token: (
            token in (EKS, GKE)
            or (token.startswith("azure-native:containerservice") and token.endswith(":ManagedCluster"))
        ),
        check=control_plane_is_closed,
    ),
    table_rule(
        row("aws:ec2/subnet:Subnet", "mapPublicIpOnLaunch", NOT_TRUE),
        row(LAUNCH_TEMPLATE, "networkInterfaces.*.associatePublicIpAddress", NOT_TRUE),
        row(INSTANCE, "associatePublicIpAddress", NOT_TRUE),
        row(GKE, "privateClusterConfig.enablePrivateNodes", TRUE),
        row(AKS, "agentPoolProfiles.*.enableNodePublicIP", NOT_TRUE),
        row(AKS_POOL, "enableNodePublicIP", NOT_TRUE),
        id="security-private-nodes",
        family="security",
        demands="Nodes have no public addresses.",
        reason="A public address makes every open port of a node an entrance.",
        fix="leave public addresses off; nodes reach the internet through NAT",
        references=("CKV_AWS_88", "CKV_AWS_130", "CKV_GCP_64", "CKV_AZURE_143", "CIS EKS 5.4.3", "CIS GKE 5.6.5"),
        passes="mapPublicIpOnLaunch: false",
        fails="mapPublicIpOnLaunch: true",
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
        row(AKS, "addonProfiles.omsagent.enabled", TRUE),
        id="security-control-plane-logs",
        family="security",
        demands="A cluster writes every kind of control-plane log.",
        reason="Who did what to a cluster is in the audit log or nowhere, and it cannot be had afterwards.",
        fix=f"enable all of {', '.join(LOG_TYPES)}",
        references=("CKV_AWS_37", "CKV_GCP_1", "CKV_AZURE_4", "CIS EKS 2.1.1", "CIS AKS 2.1.1"),
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
        applies=_applies_to(EKS),
        check=has_supported_version,
    ),
    Rule(
        id="security-no-open-admin-ports",
        family="security",
        demands="Nobody reaches SSH or RDP from anywhere.",
        reason="Ports of administrators are what scanners try first; nodes are reached through the cloud's own session "
        "service instead.",
        fix="remove the rule, or name the networks that may come",
        references=("CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_100"),
        passes="ingress: [{protocol: tcp, fromPort: 22, toPort: 22, cidrBlocks: [203.0.113.0/24]}]",
        fails="ingress: [{protocol: tcp, fromPort: 22, toPort: 22, cidrBlocks: [0.0.0.0/0]}]",
        applies=_applies_to(
            EKS_NODE_GROUP,
            "aws:ec2/securityGroup:SecurityGroup",
            "aws:ec2/securityGroupRule:SecurityGroupRule",
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        ),
        check=opens_no_admin_port,
    ),
    table_rule(
        row(LAUNCH_TEMPLATE, "metadataOptions.httpTokens", one_of("required")),
        row(INSTANCE, "metadataOptions.httpTokens", one_of("required")),
        id="security-imds-v2",
        family="security",
        demands="The metadata service of a machine asks for a session token (IMDSv2).",
        reason="With version 1, a web server that can be made to fetch an address hands out the machine's credentials.",
        fix="set metadataOptions.httpTokens to required",
        references=("CKV_AWS_79",),
        passes="metadataOptions: {httpTokens: required}",
        fails="metadataOptions: {httpTokens: optional}",
    ),
    table_rule(
        row(LAUNCH_TEMPLATE, "metadataOptions.httpPutResponseHopLimit", at_most(1)),
        row(INSTANCE, "metadataOptions.httpPutResponseHopLimit", at_most(1)),
        id="security-imds-hop-limit",
        family="security",
        demands="Answers of the metadata service end at the machine: the hop limit is 1.",
        reason="With a second hop, every pod can take the node's role. EKS sets 2 where nothing is said.",
        fix="set metadataOptions.httpPutResponseHopLimit to 1, and give pods a role by pod identity",
        references=("CKV_AWS_341",),
        passes="metadataOptions: {httpPutResponseHopLimit: 1}",
        fails="metadataOptions: {httpPutResponseHopLimit: 2}",
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
        row(LAUNCH_TEMPLATE, "blockDeviceMappings", GIVEN),
        row(LAUNCH_TEMPLATE, f"{DISKS}.encrypted", TRUE),
        row(LAUNCH_TEMPLATE, f"{DISKS}.kmsKeyId", GIVEN),
        row(INSTANCE, "rootBlockDevice.encrypted", TRUE),
        row("aws:ebs/volume:Volume", "encrypted", TRUE),
        row("aws:ebs/volume:Volume", "kmsKeyId", GIVEN),
        row("aws:fsx/lustreFileSystem:LustreFileSystem", "kmsKeyId", GIVEN),
        row("aws:efs/fileSystem:FileSystem", "encrypted", TRUE),
        row("aws:efs/fileSystem:FileSystem", "kmsKeyId", GIVEN),
        row(AKS, "diskEncryptionSetID", GIVEN),
        id="security-disks-encrypted",
        family="security",
        demands="Disks and file systems are encrypted with a key of the team's own.",
        reason="Weights, data sets and the images of containers are on them; whoever may copy a snapshot may read it.",
        fix="set encrypted and the id of a KMS key",
        references=("CKV_AWS_3", "CKV_AWS_189", "CKV_AWS_190", "CKV_AZURE_117", "CIS GKE 5.9.1"),
        passes="ebs: {encrypted: true, kmsKeyId: …}",
        fails="ebs: {volumeSize: 100}",
    ),
    table_rule(
        row(BLOCK, "blockPublicAcls", TRUE),
        row(BLOCK, "blockPublicPolicy", TRUE),
        row(BLOCK, "ignorePublicAcls", TRUE),
        row(BLOCK, "restrictPublicBuckets", TRUE),
        row(BUCKET_KEY, ALGORITHM, one_of("aws:kms", "aws:kms:dsse")),
        row("aws:s3/bucket:Bucket", "acl", none_of("public-read", "public-read-write")),
        id="security-bucket-settings",
        family="security",
        demands="A bucket's public access block blocks everything, and its encryption uses a KMS key.",
        reason="A bucket of weights or data sets that is public by one careless policy is found by those who look.",
        fix="set all four of the block's fields to true, and sseAlgorithm to aws:kms",
        references=("CKV2_AWS_6", "CKV_AWS_145"),
        passes="blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true",
        fails="blockPublicAcls: true, blockPublicPolicy: false",
    ),
    table_rule(
        row("aws:ecr/repository:Repository", "imageTagMutability", one_of("IMMUTABLE")),
        row("aws:ecr/repository:Repository", "imageScanningConfiguration.scanOnPush", TRUE),
        row("aws:ecr/repository:Repository", "encryptionConfigurations", GIVEN),
        row("aws:ecr/repository:Repository", "encryptionConfigurations.*.encryptionType", one_of("KMS", "KMS_DSSE")),
        id="security-image-registry",
        family="security",
        demands="An image repository has tags that cannot move, scans what is pushed, and is encrypted with a KMS key.",
        reason="A tag that moves runs tomorrow what nobody reviewed today.",
        fix="set imageTagMutability IMMUTABLE, scanOnPush true and encryptionType KMS",
        references=("CKV_AWS_51", "CKV_AWS_136", "CKV_AWS_163", "CIS EKS 5.1.1"),
        passes="imageTagMutability: IMMUTABLE, …",
        fails="imageTagMutability: MUTABLE",
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
        references=("CKV_GCP_12", "CKV_AZURE_7", "CIS GKE 5.6.7", "CIS AKS 5.4.4"),
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
    Rule(
        id="security-load-balancer-tls",
        family="security",
        demands="A listener of a load balancer speaks TLS 1.2 or later, or redirects to one that does.",
        reason="Prompts and answers are personal data, and travel as plain text without it.",
        fix="use HTTPS or TLS with ELBSecurityPolicy-TLS13-1-2-2021-06 or newer",
        references=("CKV_AWS_2", "CKV_AWS_103", "CIS EKS 5.4.5"),
        passes="protocol: HTTPS, sslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06",
        fails="protocol: HTTP",
        applies=_applies_to(LISTENER),
        check=uses_modern_tls,
    ),
)
