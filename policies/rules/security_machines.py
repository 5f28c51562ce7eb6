"""Security of machines: addresses, administrators' ports, the metadata service, disks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.model import Resource, Rule, Surroundings
from rules.networks import names_everybody
from rules.properties import GIVEN, NOT_TRUE, TRUE, at_most, one_of, row, table_rule
from rules.reading import Known, Missing, items, read, want
from rules.security_clusters import AKS, GKE

if TYPE_CHECKING:
    from collections.abc import Iterator

EKS_NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE = "aws:ec2/instance:Instance"
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
AKS_POOL = "azure-native:containerservice:AgentPool"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
ADMIN_PORTS = {22: "SSH", 3389: "RDP"}
DISKS = "blockDeviceMappings.*.ebs"


def opens_no_admin_port(resource: Resource, _: Surroundings) -> Iterator[str]:
    """No rule lets everybody reach SSH or RDP, and no node group opens SSH without naming who may come."""
    properties = resource.properties
    if resource.type == EKS_NODE_GROUP:
        allowed = read(properties, "remoteAccess", "sourceSecurityGroupIds")
        nobody_named = isinstance(allowed, Missing) or allowed == Known([])
        if want(properties, "remoteAccess", "ec2SshKey") and nobody_named:
            yield f"{resource.name} opens SSH to everybody: remoteAccess names no sourceSecurityGroupIds"
        return
    if resource.type == "aws:ec2/securityGroupRule:SecurityGroupRule" and want(properties, "type") == "egress":
        return
    inside = items(properties, "ingress") if resource.type == SECURITY_GROUP else [properties]
    for rule in inside:
        port = _open_admin_port(rule)
        if port:
            yield f"{resource.name} lets everybody reach port {port} ({ADMIN_PORTS[port]})"


def _open_admin_port(rule: Any) -> int | None:
    """Return the port for administrators that an ingress rule opens to everybody, or None."""
    networks = [*(want(rule, "cidrBlocks") or ()), *(want(rule, "ipv6CidrBlocks") or ())]
    if not names_everybody([*networks, want(rule, "cidrIpv4"), want(rule, "cidrIpv6")]):
        return None
    protocol = str(want(rule, "protocol") or want(rule, "ipProtocol") or "")
    if protocol == "-1" or protocol.lower() == "all":
        return 22
    first, last = want(rule, "fromPort"), want(rule, "toPort")
    if first is None or last is None:
        return 22
    return next((port for port in ADMIN_PORTS if first <= port <= last), None)


RULES = (
    table_rule(
        row("aws:ec2/subnet:Subnet", "mapPublicIpOnLaunch", NOT_TRUE),
        row(LAUNCH_TEMPLATE, "networkInterfaces.*.associatePublicIpAddress", NOT_TRUE),
        row(INSTANCE, "associatePublicIpAddress", NOT_TRUE),
        row(NODE_CLASS, "spec.associatePublicIPAddress", NOT_TRUE),
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
        applies=frozenset(
            (
                EKS_NODE_GROUP,
                "aws:ec2/securityGroup:SecurityGroup",
                "aws:ec2/securityGroupRule:SecurityGroupRule",
                "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            )
        ).__contains__,
        check=opens_no_admin_port,
    ),
    table_rule(
        row(LAUNCH_TEMPLATE, "metadataOptions.httpTokens", one_of("required")),
        row(INSTANCE, "metadataOptions.httpTokens", one_of("required")),
        row(NODE_CLASS, "spec.metadataOptions.httpTokens", one_of("required")),
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
        row(NODE_CLASS, "spec.metadataOptions.httpPutResponseHopLimit", at_most(1)),
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
        row(LAUNCH_TEMPLATE, "blockDeviceMappings", GIVEN),
        row(LAUNCH_TEMPLATE, f"{DISKS}.encrypted", TRUE),
        row(LAUNCH_TEMPLATE, f"{DISKS}.kmsKeyId", GIVEN),
        row(NODE_CLASS, "spec.blockDeviceMappings", GIVEN),
        row(NODE_CLASS, "spec.blockDeviceMappings.*.ebs.encrypted", TRUE),
        row(NODE_CLASS, "spec.blockDeviceMappings.*.ebs.kmsKeyID", GIVEN),
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
)
