"""Resources as they should be, for tests that change one thing about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rules.security_clusters import LOG_TYPES
from tests.policies.stack import STACK, UNKNOWN, Declared, kubernetes
from tests.support.stacks import changed

EKS: dict[str, Any] = {
    "name": "c",
    "version": "1.34",
    "vpcConfig": {"subnetIds": [UNKNOWN], "endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24"]},
    "encryptionConfig": {"resources": ["secrets"], "provider": {"keyArn": UNKNOWN}},
    "enabledClusterLogTypes": list(LOG_TYPES),
    "accessConfig": {"authenticationMode": "API"},
}
GKE: dict[str, Any] = {
    "removeDefaultNodePool": True,
    "privateClusterConfig": {"enablePrivateNodes": True, "enablePrivateEndpoint": True},
    "databaseEncryption": {"state": "ENCRYPTED", "keyName": "k"},
    "workloadIdentityConfig": {"workloadPool": "p.svc.id.goog"},
    "datapathProvider": "ADVANCED_DATAPATH",
    "binaryAuthorization": {"evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE"},
}
AKS: dict[str, Any] = {
    "apiServerAccessProfile": {"enablePrivateCluster": True},
    "agentPoolProfiles": [{"name": "p", "enableNodePublicIP": False}],
    "securityProfile": {"azureKeyVaultKms": {"enabled": True, "keyId": "k"}},
    "oidcIssuerProfile": {"enabled": True},
    "diskEncryptionSetID": UNKNOWN,
    "networkProfile": {"networkPolicy": "cilium"},
    "disableLocalAccounts": True,
}
MACHINE: dict[str, Any] = {
    "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
    "rootBlockDevice": {"encrypted": True},
}
TEMPLATE: dict[str, Any] = {
    "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
    "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "kmsKeyId": UNKNOWN}}],
    "networkInterfaces": [{"deviceIndex": 0}],
}
BLOCK: dict[str, Any] = {
    "bucket": UNKNOWN,
    "blockPublicAcls": True,
    "blockPublicPolicy": True,
    "ignorePublicAcls": True,
    "restrictPublicBuckets": True,
}
BUCKET_KEY: dict[str, Any] = {
    "bucket": UNKNOWN,
    "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": UNKNOWN}}],
}
REGISTRY: dict[str, Any] = {
    "imageTagMutability": "IMMUTABLE",
    "imageScanningConfiguration": {"scanOnPush": True},
    "encryptionConfigurations": [{"encryptionType": "KMS"}],
}
LISTENER: dict[str, Any] = {"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}
OPEN_RULE: dict[str, Any] = {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["203.0.113.0/24"]}

BASE: dict[str, tuple[str, dict[str, Any]]] = {
    "eks": ("aws:eks/cluster:Cluster", EKS),
    "gke": ("gcp:container/cluster:Cluster", GKE),
    "gke-pool": (
        "gcp:container/nodePool:NodePool",
        {"nodeConfig": {"workloadMetadataConfig": {"mode": "GKE_METADATA"}}},
    ),
    "aks": ("azure-native:containerservice:ManagedCluster", AKS),
    "aks-pool": ("azure-native:containerservice:AgentPool", {"enableNodePublicIP": False}),
    "subnet": ("aws:ec2/subnet:Subnet", {"mapPublicIpOnLaunch": False}),
    "template": ("aws:ec2/launchTemplate:LaunchTemplate", TEMPLATE),
    "machine": ("aws:ec2/instance:Instance", MACHINE),
    "volume": ("aws:ebs/volume:Volume", {"encrypted": True, "kmsKeyId": UNKNOWN}),
    "lustre": ("aws:fsx/lustreFileSystem:LustreFileSystem", {"kmsKeyId": UNKNOWN}),
    "files": ("aws:efs/fileSystem:FileSystem", {"encrypted": True, "kmsKeyId": UNKNOWN}),
    "bucket": ("aws:s3/bucket:Bucket", {"bucket": "weights"}),
    "block": ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", BLOCK),
    "bucket-key": (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        BUCKET_KEY,
    ),
    "registry": ("aws:ecr/repository:Repository", REGISTRY),
    "listener": ("aws:lb/listener:Listener", LISTENER),
    "group": ("aws:ec2/securityGroup:SecurityGroup", {"ingress": [OPEN_RULE]}),
    "group-rule": ("aws:ec2/securityGroupRule:SecurityGroupRule", OPEN_RULE | {"type": "ingress"}),
    "ingress-rule": (
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "0.0.0.0/0"},
    ),
    "remote": ("aws:eks/nodeGroup:NodeGroup", {"remoteAccess": {"ec2SshKey": "k", "sourceSecurityGroupIds": ["sg-1"]}}),
    "logs": ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 90, "kmsKeyId": UNKNOWN}),
}


def resource(kind: str, changes: dict[str, Any] | None = None) -> Declared:
    """Return a resource of a kind above, as it should be, with values changed by dotted path."""
    token, properties = BASE[kind]
    return Declared(token, kind, changed(properties, changes or {}), provider=token.split(":")[0])


def in_production(declared: Declared) -> Declared:
    """Return a resource in the stack vision-prod."""
    return replace(declared, stack=STACK.replace("dev", "prod"))


def service(changes: dict[str, Any] | None = None) -> Declared:
    """Return an internal load balancer's Service."""
    annotations = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}
    base = {
        "metadata": {"name": "chat", "namespace": "vision-dev-inference", "annotations": annotations},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 443}]},
    }
    return kubernetes("core/v1:Service", "chat", changed(base, changes or {}))


def ingress(annotations: dict[str, Any]) -> Declared:
    """Return an Ingress with annotations."""
    properties = {"metadata": {"name": "chat", "namespace": "apps", "annotations": annotations}, "spec": {}}
    return kubernetes("networking.k8s.io/v1:Ingress", "chat", properties)


def disruption_budget(**spec: Any) -> Declared:
    """Return a PodDisruptionBudget of the Deployment `web`."""
    labels = {"matchLabels": {"app": "web"}}
    properties = {"metadata": {"namespace": "vision-dev-inference"}, "spec": {"selector": labels} | spec}
    return kubernetes("policy/v1:PodDisruptionBudget", "web", properties)
