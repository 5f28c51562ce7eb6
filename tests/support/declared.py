"""What a program declares, without an engine: every registration with its inputs, options and order."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pulumi.runtime import mocks, rpc, set_all_config

from bedplate.plan import plan_stack
from bedplate.platform import declare
from tests.support import azure_answers
from tests.support.stacks import stack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ACCOUNT = "123456789012"
SECRETS = {
    "bedplate:chat_keys": "web=key-of-the-web-team",
    "bedplate:hf_token": "token-of-the-team",
    "bedplate:hall2_kubeconfig": "apiVersion: v1",
}
"""The secrets that stacks of tests name."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One registered resource. Others are named as `Kind name`, for example `Vpc vision-dev-use1-network`."""

    token: str
    name: str
    parent: str
    inputs: dict[str, Any]
    depends_on: frozenset[str]
    protect: bool
    ignore_changes: tuple[str, ...]
    delete_before_replace: bool

    def rendered(self) -> dict[str, Any]:
        """Return the resource as golden files show it: cost is left out, because prices change by themselves."""
        options = {"protect": self.protect, "ignoreChanges": list(self.ignore_changes)}
        inputs = readable({key: value for key, value in self.inputs.items() if key != "cost"})
        return {"resource": self.label, **{key: value for key, value in options.items() if value}, "inputs": inputs}

    @property
    def label(self) -> str:
        """The resource's kind and name."""
        return f"{self.token.rsplit(':', 1)[-1]} {self.name}"


class Recorder(mocks.MockMonitor):
    """Remembers registrations as the engine would get them."""

    def __init__(self, clouds: mocks.Mocks) -> None:
        super().__init__(clouds)
        self.declared: list[Declared] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the name of the remote procedure
        self.declared.append(
            Declared(
                token=request.type,
                name=request.name,
                parent=_label(request.parent),
                inputs=_plain(rpc.deserialize_properties(request.object)),
                depends_on=frozenset(_label(urn) for urn in request.dependencies),
                protect=request.protect,
                ignore_changes=tuple(request.ignoreChanges),
                delete_before_replace=request.deleteBeforeReplace,
            )
        )
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 the name of the remote procedure
        inputs = rpc.deserialize_properties(request.properties)
        self.declared.append(
            Declared(request.type, request.name, _label(request.parent), inputs, frozenset(), False, (), False)
        )
        return super().ReadResource(request)  # type: ignore[no-untyped-call]


class Clouds(mocks.Mocks):
    """Answers with the inputs, an identity made of the name, and what the program reads besides."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        name = args.inputs.get("name", args.name)
        computed: dict[str, Any] = {"arn": f"<arn of {args.name}>", "name": name}
        if args.typ == "aws:kms/key:Key":
            computed["keyId"] = f"<{args.name}>"
        if args.typ == "aws:s3/bucket:Bucket":
            computed["bucketRegionalDomainName"] = f"{args.name}.s3.us-east-1.amazonaws.com"
        if args.typ == "aws:eks/cluster:Cluster":
            computed["endpoint"] = "https://cluster.example"
            computed["certificateAuthority"] = {"data": "Q0E="}
            computed["vpcConfig"] = args.inputs["vpcConfig"] | {"clusterSecurityGroupId": "<cluster security group>"}
        if args.typ == "aws:eks/nodeGroup:NodeGroup":
            computed["resources"] = [{"autoscalingGroups": [{"name": f"eks-{args.name}"}]}]
        if args.typ == "aws:ec2/launchTemplate:LaunchTemplate":
            computed["latestVersion"] = 1
        if args.typ == "gcp:container/cluster:Cluster":
            computed["endpoint"] = "192.0.2.10"
            computed["masterAuth"] = {"clusterCaCertificate": "Q0E="}
        if args.typ == "gcp:serviceaccount/account:Account":
            computed["email"] = f"{args.inputs['accountId']}@{args.inputs['project']}.iam.gserviceaccount.com"
            computed["member"] = f"serviceAccount:{computed['email']}"
        if args.typ == "pulumi:pulumi:StackReference":
            computed = {"outputs": STACK_OUTPUTS.get(args.inputs["name"], {})}
        if args.typ.startswith("azure-native:"):
            computed |= azure_answers.answer(args.typ, args.name, args.inputs)
        return f"<{args.name}>", args.inputs | computed

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token == "gcp:organizations/getProject:getProject":
            return {"number": ACCOUNT, "id": "projects/it", **args.args}, []
        if args.token == azure_answers.CREDENTIALS:
            return azure_answers.credentials(), []
        assert args.token == "aws:index/getCallerIdentity:getCallerIdentity"
        return {"accountId": ACCOUNT, "arn": "", "id": ACCOUNT, "userId": ""}, []


STACK_OUTPUTS: dict[str, dict[str, Any]] = {
    "acme/bedplate/platform-prod": {
        "clusters": {
            "use1": {
                "endpoint": "https://shared.example",
                "certificateAuthority": "Q0E=",
                "vpcId": "<vpc>",
                "privateSubnets": {zone: f"<subnet in {zone}>" for zone in ("use1-az1", "use1-az2", "use1-az6")},
                "nodeSecurityGroupIds": ["<cluster security group>"],
                "encryptionKeyArn": "<key>",
            }
        }
    }
}
"""What the platform stacks say that exist."""


def declared(program: Callable[[], object], stack_name: str = "vision-dev") -> list[Declared]:
    """Run a program's declarations and return what it registered, sorted by kind and name."""
    clouds = Clouds()
    recorder = Recorder(clouds)
    mocks.set_mocks(clouds, project="bedplate", stack=stack_name, preview=False, monitor=recorder, organization="acme")
    set_all_config(dict(SECRETS), list(SECRETS))

    mocks.test(program)()  # type: ignore[no-untyped-call]
    return sorted(recorder.declared, key=lambda resource: (resource.token, resource.name))


@cache
def declared_stack() -> tuple[Declared, ...]:
    """Return what the stack of `tests.support.stacks` declares; `by_room` and `by_label` find their way in it."""
    plan = plan_stack(stack())
    return tuple(declared(lambda: declare(plan)))


def _plain(value: Any) -> Any:
    """Return inputs with secrets as their values: what the provider gets."""
    if rpc.is_rpc_secret(value):
        return _plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _label(urn: str) -> str:
    if not urn:
        return ""
    _, _, qualified, name = urn.rsplit("::", 3) if urn.count("::") == 3 else ("", "", urn, "")
    return f"{qualified.rsplit(':', 1)[-1]} {name}"


def readable(value: Any) -> Any:
    """Return inputs in an order of their own (the wire has none), whole numbers as such, and documents unpacked."""
    if isinstance(value, dict):
        unpacked = {key: _text(item) if key == "userData" else item for key, item in value.items()}
        return {key: readable(unpacked[key]) for key in sorted(unpacked)}
    if isinstance(value, list):
        return [readable(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.startswith("{"):
        return readable(json.loads(value))
    return value


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode()


def by_room(resources: Sequence[Declared], *parents: str) -> list[Declared]:
    """Return what is directly below some components, for example `Cluster use1`."""
    return [resource for resource in resources if resource.parent in parents]


def by_label(resources: Sequence[Declared]) -> dict[str, Declared]:
    """Return registered resources by label."""
    return {resource.label: resource for resource in resources}
