"""The rules about security: each with what passes, what does not, and what is unknown."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

import pytest

from bedplate.sdk_types import resource_type
from bedplate.sdk_types.checks import alternatives
from bedplate.sdk_types.classes import Property, properties
from rules.catalogue import RULES
from rules.model import Rule
from rules.properties import EACH, Table
from rules.security_machines import NODE_CLASS
from tests.policies.resources import BASE, ingress, resource, service
from tests.policies.stack import (
    CONTAINER,
    UNKNOWN,
    Declared,
    check_stack,
    deployment,
    kubernetes,
    of_family,
    of_rule,
    register,
)
from tests.support.stacks import REMOVED, changed

ANYWHERE = ["0.0.0.0/0"]

CLOUD_FAILS: list[tuple[str, str, dict[str, Any], str]] = [
    # rule, kind, changes, expected
    ("control-plane-networks", "eks", {"vpcConfig.publicAccessCidrs": ANYWHERE}, "names all networks"),
    ("control-plane-networks", "eks", {"vpcConfig.publicAccessCidrs": ["::/0"]}, "names all networks"),
    ("control-plane-networks", "eks", {"vpcConfig.publicAccessCidrs": ["0.0.0.0/1", "128.0.0.0/1"]}, "all networks"),
    ("control-plane-networks", "eks", {"vpcConfig.publicAccessCidrs": ["mine"]}, "'mine' is no network"),
    ("control-plane-networks", "eks", {"vpcConfig": {}}, "publicAccessCidrs is not set"),
    ("control-plane-networks", "eks", {"vpcConfig.publicAccessCidrs": UNKNOWN}, "publicAccessCidrs is not known"),
    ("control-plane-networks", "gke", {"privateClusterConfig.enablePrivateEndpoint": False}, "AuthorizedNetworks"),
    ("control-plane-networks", "gke", {"privateClusterConfig": UNKNOWN}, "privateClusterConfig is not known"),
    ("control-plane-networks", "aks", {"apiServerAccessProfile": REMOVED}, "authorizedIPRanges"),
    ("private-nodes", "subnet", {"mapPublicIpOnLaunch": True}, "mapPublicIpOnLaunch must be false or not set"),
    ("private-nodes", "subnet", {"mapPublicIpOnLaunch": UNKNOWN}, "mapPublicIpOnLaunch is not known"),
    ("private-nodes", "machine", {"associatePublicIpAddress": True}, "associatePublicIpAddress must be"),
    (
        "private-nodes",
        "template",
        {"networkInterfaces.0.associatePublicIpAddress": "true"},
        "networkInterfaces[0].associatePublicIpAddress must be false",
    ),
    ("private-nodes", "template", {"networkInterfaces": UNKNOWN}, "networkInterfaces is not known"),
    ("private-nodes", "gke", {"privateClusterConfig": REMOVED}, "enablePrivateNodes is not set; it must be true"),
    ("private-nodes", "aks", {"agentPoolProfiles.0.enableNodePublicIP": True}, "[0].enableNodePublicIP"),
    ("private-nodes", "aks-pool", {"enableNodePublicIP": True}, "enableNodePublicIP"),
    ("secrets-encrypted", "eks", {"encryptionConfig": REMOVED}, "encryptionConfig.resources is not set"),
    ("secrets-encrypted", "eks", {"encryptionConfig.provider.keyArn": REMOVED}, "keyArn is not set"),
    ("secrets-encrypted", "eks", {"encryptionConfig": UNKNOWN}, "encryptionConfig is not known"),
    ("secrets-encrypted", "gke", {"databaseEncryption.state": "DECRYPTED"}, "must be ENCRYPTED"),
    ("secrets-encrypted", "aks", {"securityProfile": REMOVED}, "azureKeyVaultKms.enabled is not set"),
    ("control-plane-logs", "eks", {"enabledClusterLogTypes": ["api", "audit"]}, "must be a list with api, audit"),
    ("control-plane-logs", "eks", {"enabledClusterLogTypes": UNKNOWN}, "enabledClusterLogTypes is not known"),
    ("control-plane-logs", "gke", {"loggingService": "none"}, "anything but none"),
    ("kubernetes-version", "eks", {"version": "1.19"}, "which the catalog does not have"),
    ("kubernetes-version", "eks", {"version": "1.30"}, "ended 20"),
    ("kubernetes-version", "eks", {"version": REMOVED}, "version is not set"),
    ("kubernetes-version", "eks", {"version": UNKNOWN}, "version is not known"),
    ("no-open-admin-ports", "group", {"ingress.0.cidrBlocks": ANYWHERE}, "reach port 22 (SSH)"),
    ("no-open-admin-ports", "group", {"ingress": UNKNOWN}, "ingress is not known"),
    ("no-open-admin-ports", "group-rule", {"cidrBlocks": ANYWHERE, "fromPort": 0, "toPort": 65535}, "port 22"),
    ("no-open-admin-ports", "group-rule", {"ipv6CidrBlocks": ["::/0"], "fromPort": 3389, "toPort": 3389}, "RDP"),
    ("no-open-admin-ports", "ingress-rule", {"ipProtocol": "-1"}, "port 22"),
    ("no-open-admin-ports", "ingress-rule", {"fromPort": REMOVED}, "port 22"),
    ("no-open-admin-ports", "ingress-rule", {"cidrIpv4": UNKNOWN}, "cidrIpv4 is not known"),
    ("no-open-admin-ports", "remote", {"remoteAccess.sourceSecurityGroupIds": REMOVED}, "opens SSH to everybody"),
    ("imds-v2", "template", {"metadataOptions.httpTokens": "optional"}, "httpTokens must be required"),
    ("imds-v2", "template", {"metadataOptions": REMOVED}, "httpTokens is not set"),
    ("imds-v2", "machine", {"metadataOptions.httpTokens": UNKNOWN}, "httpTokens is not known"),
    ("imds-hop-limit", "template", {"metadataOptions.httpPutResponseHopLimit": 2}, "must be at most 1"),
    ("imds-hop-limit", "machine", {"metadataOptions": REMOVED}, "httpPutResponseHopLimit is not set"),
    ("imds-hop-limit", "template", {"metadataOptions": UNKNOWN}, "metadataOptions is not known"),
    ("workload-identity", "gke", {"workloadIdentityConfig": REMOVED}, "workloadPool is not set"),
    ("workload-identity", "gke-pool", {"nodeConfig.workloadMetadataConfig.mode": "GCE_METADATA"}, "GKE_METADATA"),
    ("workload-identity", "aks", {"oidcIssuerProfile.enabled": False}, "must be true"),
    ("workload-identity", "gke-pool", {"nodeConfig": UNKNOWN}, "nodeConfig is not known"),
    ("disks-encrypted", "template", {"blockDeviceMappings": REMOVED}, "blockDeviceMappings is not set"),
    ("disks-encrypted", "template", {"blockDeviceMappings.0.ebs.encrypted": "false"}, "ebs.encrypted must be true"),
    ("disks-encrypted", "template", {"blockDeviceMappings.0.ebs.kmsKeyId": REMOVED}, "[0].ebs.kmsKeyId is not set"),
    ("disks-encrypted", "template", {"blockDeviceMappings.0.ebs": UNKNOWN}, "blockDeviceMappings[0].ebs is not known"),
    ("disks-encrypted", "machine", {"rootBlockDevice": REMOVED}, "rootBlockDevice.encrypted is not set"),
    ("disks-encrypted", "volume", {"encrypted": UNKNOWN}, "encrypted is not known"),
    ("disks-encrypted", "lustre", {"kmsKeyId": REMOVED}, "kmsKeyId is not set"),
    ("disks-encrypted", "files", {"encrypted": False}, "encrypted must be true"),
    ("disks-encrypted", "aks", {"diskEncryptionSetID": REMOVED}, "diskEncryptionSetID is not set"),
    ("bucket-settings", "block", {"blockPublicPolicy": False}, "blockPublicPolicy must be true"),
    ("bucket-settings", "block", {"restrictPublicBuckets": REMOVED}, "restrictPublicBuckets is not set"),
    ("bucket-settings", "block", {"ignorePublicAcls": UNKNOWN}, "ignorePublicAcls is not known"),
    ("bucket-settings", "bucket", {"acl": "public-read"}, "acl must be anything but"),
    (
        "bucket-settings",
        "bucket-key",
        {"rules.0.applyServerSideEncryptionByDefault.sseAlgorithm": "AES256"},
        "sseAlgorithm must be aws:kms",
    ),
    ("image-registry", "registry", {"imageTagMutability": "MUTABLE"}, "must be IMMUTABLE"),
    ("image-registry", "registry", {"encryptionConfigurations": REMOVED}, "encryptionConfigurations is not set"),
    ("image-registry", "registry", {"imageScanningConfiguration": UNKNOWN}, "imageScanningConfiguration is not known"),
    ("network-policy-engine", "gke", {"datapathProvider": REMOVED}, "networkPolicy.enabled is not set"),
    ("network-policy-engine", "gke", {"datapathProvider": "LEGACY_DATAPATH"}, "must be ADVANCED_DATAPATH"),
    ("network-policy-engine", "gke", {"datapathProvider": UNKNOWN}, "datapathProvider is not known"),
    ("network-policy-engine", "aks", {"networkProfile": REMOVED}, "networkPolicy is not set"),
    ("cluster-access", "eks", {"accessConfig.authenticationMode": "CONFIG_MAP"}, "must be API"),
    ("cluster-access", "eks", {"accessConfig": UNKNOWN}, "accessConfig is not known"),
    ("cluster-access", "aks", {"disableLocalAccounts": False}, "disableLocalAccounts must be true"),
    ("cluster-access", "gke", {"enableShieldedNodes": False}, "enableShieldedNodes must be true or not set"),
    ("load-balancer-tls", "listener", {"protocol": "HTTP"}, "serves HTTP without encryption"),
    (
        "load-balancer-tls",
        "listener",
        {"protocol": "HTTP", "defaultActions": [{"type": "forward", "targetGroupArn": UNKNOWN}]},
        "serves HTTP without encryption",
    ),
    ("load-balancer-tls", "listener", {"sslPolicy": "ELBSecurityPolicy-TLS13-1-0-2021-06"}, "older than 1.2"),
    ("load-balancer-tls", "listener", {"sslPolicy": REMOVED}, "older than 1.2"),
    ("load-balancer-tls", "listener", {"sslPolicy": "ELBSecurityPolicy-2016-08"}, "older than 1.2"),
    ("load-balancer-tls", "listener", {"protocol": UNKNOWN}, "protocol is not known"),
]


def said_by(rule: str, messages: list[str]) -> list[str]:
    """Return the messages of a rule, or what another one said for it: that the same value is unknown."""
    return of_rule(f"security-{rule}", messages) or [message for message in messages if "cannot be decided" in message]


@pytest.mark.parametrize("kind", sorted(BASE))
def test_a_resource_as_it_should_be(kind: str) -> None:
    assert of_family("security", register(resource(kind))) == []


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("eks", {"vpcConfig": {"endpointPublicAccess": False}}),
        ("gke", {"datapathProvider": REMOVED, "networkPolicy": {"enabled": True}}),
        (
            "gke",
            {
                "privateClusterConfig.enablePrivateEndpoint": False,
                "masterAuthorizedNetworksConfig": {"cidrBlocks": [{"cidrBlock": "203.0.113.0/24"}]},
            },
        ),
        ("aks", {"apiServerAccessProfile": {"authorizedIPRanges": ["203.0.113.0/24"]}}),
        ("group-rule", {"type": "egress", "cidrBlocks": ANYWHERE}),
        ("listener", {"protocol": "HTTP", "defaultActions": [{"type": "redirect"}]}),
        ("remote", {"remoteAccess": REMOVED}),
        ("remote", {"remoteAccess.sourceSecurityGroupIds": [UNKNOWN]}),
        ("group", {"ingress.0.securityGroups": [UNKNOWN]}),
        ("listener", {"sslPolicy": "ELBSecurityPolicy-FS-1-2-Res-2020-10"}),
    ],
)
def test_other_ways_that_pass(kind: str, changes: dict[str, Any]) -> None:
    assert of_family("security", register(resource(kind, changes))) == []


@pytest.mark.parametrize(("rule", "kind", "changes", "expected"), CLOUD_FAILS)
def test_a_cloud_resource_that_fails(rule: str, kind: str, changes: dict[str, Any], expected: str) -> None:
    messages = register(resource(kind, changes))
    assert any(expected in message for message in said_by(rule, messages)), messages


TABLES = [rule for rule in RULES if isinstance(rule.check, Table)]


@pytest.mark.parametrize("rule", TABLES, ids=[rule.id for rule in TABLES])
def test_rows_name_properties_that_exist(rule: Rule) -> None:
    assert isinstance(rule.check, Table)
    for row in rule.check.rows:
        if row.type == NODE_CLASS:  # its schema lives in the cluster (test_karpenter has it as Bedplate declares it)
            continue
        known = resource_type(row.type.replace("*", ""))
        assert known is not None, row.type
        for path in filter(None, (row.path, row.unless)):
            inputs = known.inputs
            for part in [part for part in path if part != EACH]:
                assert part in inputs, (row.type, path)
                inputs = inside(inputs[part].annotation)


class AnyName(dict[str, Any]):
    """The properties of a map: every name is one, of the map's type."""

    def __init__(self, annotation: Any) -> None:
        super().__init__()
        self.annotation = annotation

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> Any:
        return self


def inside(annotation: Any) -> Mapping[str, Property]:
    """Return the properties of the objects that an annotation holds; any name is one of a map."""
    for kind in alternatives(annotation):
        arguments = typing.get_args(kind)
        if (typing.get_origin(kind) or kind) in (dict, Mapping):
            return AnyName(arguments[1])
        if arguments and (found := inside(arguments[-1])):
            return found
        if isinstance(kind, type) and kind.__module__.startswith("pulumi_"):
            return properties(kind)
    return {}


def container(**changes: Any) -> list[dict[str, Any]]:
    """Return a pod's only container, changed."""
    return [changed(CONTAINER, {name.replace("__", "."): value for name, value in changes.items()})]


def variable(name: str, value: Any) -> list[dict[str, Any]]:
    """Return a container with one environment variable."""
    return container(env=[{"name": name, "value": value}])


POD_FAILS: list[tuple[str, Declared, str]] = [
    ("unprivileged", deployment(containers=container(securityContext__privileged=True)), "containers[0] privileged"),
    (
        "unprivileged",
        deployment(containers=container(securityContext=REMOVED)),
        "allowPrivilegeEscalation is not false",
    ),
    ("unprivileged", deployment(initContainers=container(securityContext={})), "initContainers[0].securityContext"),
    ("unprivileged", deployment(containers=container(securityContext=UNKNOWN)), "securityContext is not known"),
    ("unprivileged", deployment(containers=UNKNOWN), "containers is not known"),
    ("unprivileged", deployment(containers=[UNKNOWN]), "containers[0] is not known"),
    ("not-root", deployment(securityContext={}), "runAsNonRoot is not true"),
    ("not-root", deployment(containers=container(securityContext__runAsNonRoot=False)), "runAsNonRoot is not true"),
    ("not-root", deployment(containers=container(securityContext__runAsUser=0)), "runAsUser is 0"),
    ("not-root", deployment(securityContext={"runAsNonRoot": UNKNOWN}), "securityContext.runAsNonRoot is not known"),
    ("host-namespaces", deployment(hostNetwork=True), "sets spec.template.spec.hostNetwork"),
    ("host-namespaces", deployment(hostPID=True), "hostPID"),
    ("host-namespaces", deployment(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), "mounts / of the node"),
    ("host-namespaces", deployment(hostIPC=UNKNOWN), "hostIPC is not known"),
    ("host-namespaces", deployment(volumes=[{"name": "v", "hostPath": UNKNOWN}]), "hostPath is not known"),
    ("seccomp", deployment(securityContext={"runAsNonRoot": True}), "has no seccompProfile"),
    ("seccomp", deployment(containers=container(securityContext__seccompProfile={"type": "Unconfined"})), "no seccomp"),
    ("seccomp", deployment(containers=container(securityContext__seccompProfile=UNKNOWN)), "is not known"),
    ("service-account-token", deployment(automountServiceAccountToken=None), "token of the default service account"),
    ("service-account-token", deployment(automountServiceAccountToken=UNKNOWN), "automountServiceAccountToken is not"),
    ("plain-secrets", deployment(containers=variable("HF_TOKEN", "hf_1")), "writes HF_TOKEN as plain text"),
    ("plain-secrets", deployment(containers=variable("AWS_SECRET_ACCESS_KEY", UNKNOWN)), "AWS_SECRET_ACCESS_KEY"),
    ("plain-secrets", deployment(containers=variable(UNKNOWN, "v")), "name is not known"),
    ("plain-secrets", deployment(containers=container(env=UNKNOWN)), "env is not known"),
    ("image-tags", deployment(containers=container(image="registry.example:5000/web")), "has no tag of its own"),
    ("image-tags", deployment(containers=container(image="web:latest")), "has no tag of its own"),
    ("image-tags", deployment(containers=container(image=REMOVED)), "has no tag of its own"),
    ("image-tags", deployment(containers=container(image=UNKNOWN)), "image is not known"),
    ("default-namespace", deployment("default"), "runs in the namespace default"),
    ("default-namespace", deployment(None), "runs in the namespace default"),
    ("default-namespace", deployment(UNKNOWN), "metadata.namespace is not known"),
    ("public-services", service({"metadata.annotations": REMOVED}), "makes a load balancer that everybody reaches"),
    (
        "public-services",
        service({"metadata.annotations": REMOVED, "spec.loadBalancerSourceRanges": ANYWHERE}),
        "everybody reaches",
    ),
    ("public-services", service({"spec.type": "ClusterIP", "spec.externalIPs": ["198.51.100.1"]}), "externalIPs"),
    ("public-services", service({"spec.type": UNKNOWN}), "spec.type is not known"),
    ("public-services", service({"metadata.annotations": UNKNOWN}), "metadata.annotations is not known"),
    ("ingress-authentication", ingress({}), "names no authentication"),
    ("ingress-authentication", ingress({"alb.ingress.kubernetes.io/auth-type": "none"}), "names no authentication"),
    ("ingress-authentication", ingress({"alb.ingress.kubernetes.io/auth-type": UNKNOWN}), "auth-type is not known"),
]

PASSES = {
    "a workload": deployment(),
    "a digest": deployment(containers=container(image=f"registry.example/web@sha256:{'a' * 64}")),
    "a service account of its own": deployment(automountServiceAccountToken=None, serviceAccountName="web"),
    "settings per container": deployment(
        securityContext={},
        containers=container(
            securityContext__runAsNonRoot=True, securityContext__seccompProfile={"type": "RuntimeDefault"}
        ),
    ),
    "names that only sound secret": deployment(containers=variable("MAX_TOKENS", "4096")),
    "a secret by reference": deployment(
        containers=container(env=[{"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}])
    ),
    "unknown values that do not matter": deployment(
        containers=variable("ENDPOINT", UNKNOWN), volumes=[{"name": "v", "secret": {"secretName": UNKNOWN}}]
    ),
    "an agent of the platform": deployment("kube-system", hostNetwork=True, securityContext={}),
    "an internal load balancer": service(),
    "a load balancer for named networks": service(
        {"metadata.annotations": REMOVED, "spec.loadBalancerSourceRanges": ["203.0.113.0/24"]}
    ),
    "an internal ingress": ingress({"alb.ingress.kubernetes.io/scheme": "internal"}),
    "an ingress that asks, with an unknown certificate": ingress(
        {"alb.ingress.kubernetes.io/auth-type": "oidc", "alb.ingress.kubernetes.io/certificate-arn": UNKNOWN}
    ),
}


@pytest.mark.parametrize(("rule", "declared", "expected"), POD_FAILS)
def test_what_is_inside_a_cluster_fails(rule: str, declared: Declared, expected: str) -> None:
    messages = register(declared)
    assert any(expected in message for message in said_by(rule, messages)), messages


@pytest.mark.parametrize("declared", PASSES.values(), ids=PASSES)
def test_what_is_inside_a_cluster_passes(declared: Declared) -> None:
    assert of_family("security", register(declared)) == []


def test_what_many_rules_cannot_decide_is_said_once() -> None:
    messages = register(deployment("vision-dev-general", containers=UNKNOWN))
    assert len([message for message in messages if "containers is not known" in message]) == 1


def namespace(name: Any = "apps") -> Declared:
    return kubernetes("core/v1:Namespace", "apps", {"metadata": {"name": name}})


def network_policy(selector: Any, of: Any = "apps") -> Declared:
    properties = {"metadata": {"name": "deny", "namespace": of}, "spec": {"podSelector": selector}}
    return kubernetes("networking.k8s.io/v1:NetworkPolicy", "deny", properties)


def route(name: str = "chat") -> Declared:
    properties = {"metadata": {"name": name, "namespace": "apps"}, "spec": {"parentRefs": [{"name": "gateway"}]}}
    return kubernetes("gateway.networking.k8s.io/v1:HTTPRoute", name, properties)


def auth_policy(target: Any) -> Declared:
    spec = {"targetRef": target, "jwt": {"providers": [{"name": "p"}]}}
    properties = {"metadata": {"name": "auth", "namespace": "apps"}, "spec": spec}
    return kubernetes("gateway.envoyproxy.io/v1alpha1:SecurityPolicy", "auth", properties)


BUCKET = resource("bucket")


def guard(kind: str) -> Declared:
    declared = resource(kind)
    declared.dependencies = {"bucket": [BUCKET]}
    return declared


STACK_CASES: list[tuple[str, list[Declared], str]] = [
    ("network-policies", [namespace(), network_policy({})], ""),
    ("network-policies", [namespace("kube-system")], ""),
    ("network-policies", [namespace()], "namespace apps has no network policy"),
    ("network-policies", [namespace(), network_policy({"matchLabels": {"a": "b"}})], "has no network policy"),
    ("network-policies", [namespace(), network_policy({}, "other")], "has no network policy"),
    ("network-policies", [namespace(UNKNOWN)], "metadata.name is not known"),
    ("network-policies", [namespace(), network_policy(UNKNOWN)], "spec.podSelector is not known"),
    ("route-authentication", [route(), auth_policy({"kind": "HTTPRoute", "name": "chat"})], ""),
    ("route-authentication", [route()], "HTTPRoute chat is reachable and no policy"),
    ("route-authentication", [route(), auth_policy({"kind": "HTTPRoute", "name": "other"})], "no policy"),
    ("route-authentication", [route(), auth_policy({"kind": "Gateway", "name": "chat"})], "no policy"),
    ("route-authentication", [route(), auth_policy(UNKNOWN)], "spec.targetRef is not known"),
    ("bucket-guards", [BUCKET, guard("block"), guard("bucket-key")], ""),
    ("bucket-guards", [BUCKET, guard("block")], "bucket bucket has no BucketServerSideEncryptionConfiguration"),
    ("bucket-guards", [BUCKET, resource("block"), guard("bucket-key")], "has no BucketPublicAccessBlock"),
]


@pytest.mark.parametrize(("rule", "resources", "expected"), STACK_CASES)
def test_the_whole_stack(rule: str, resources: list[Declared], expected: str) -> None:
    messages = of_rule(f"security-{rule}", check_stack(*resources))
    assert (messages == []) if not expected else any(expected in message for message in messages), messages
