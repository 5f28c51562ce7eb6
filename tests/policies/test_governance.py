"""The rules about regions, tags, logs, and what the pack corrects by itself."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from pulumi_policy import ResourceValidationArgs
from pulumi_policy.proxy import unknown_checking_proxy
from pulumi_policy.secret import Secret, secrets_preserving_proxy

from bedplate.sdk_types import resource_type
from rules.pack import remediate
from rules.remediation import corrections
from rules.taggable import taggable_types
from tests.policies.resources import in_production, resource
from tests.policies.stack import PROVIDER, STACK, TAGS, UNKNOWN, Declared, of_rule, pool, register
from tests.support.stacks import REMOVED

OTHER_TAGS = {"bedplate:team": "vision", "bedplate:environment": "dev"}


def with_provider(declared: Declared, **properties: Any) -> Declared:
    """Return a resource of another provider."""
    return replace(declared, provider_properties=PROVIDER | properties)


def endpoint(licence: Any) -> Declared:
    """Return the component of an endpoint whose weights are under a licence."""
    numbers = {"name": "chat", "team": "vision", "environment": "dev", "model": "qwen3-8b", "licence": licence}
    return Declared("bedplate:index:Endpoint", "chat", numbers, provider="")


FAILS: list[tuple[str, Declared, str]] = [
    ("data-region", pool(region="ap-south-1"), "is in ap-south-1; data of vision-dev may lie in us-east-1"),
    ("data-region", in_production(resource("volume")), "volume is in us-east-1; data of vision-prod may lie in eu-cen"),
    ("data-region", with_provider(resource("volume"), region="sa-east-1"), "volume is in sa-east-1"),
    ("data-region", resource("volume", {"region": "sa-east-1"}), "volume is in sa-east-1"),
    ("data-region", resource("volume", {"region": UNKNOWN}), "region is not known"),
    ("tags", with_provider(resource("volume"), defaultTags=None), "has no tag bedplate:team, bedplate:environment"),
    ("tags", with_provider(resource("volume"), defaultTags={"tags": OTHER_TAGS}), "volume has no tag cost-center"),
    ("tags", with_provider(resource("volume"), defaultTags=UNKNOWN), "tags.bedplate:team is not known"),
    ("tags", with_provider(resource("volume", {"tags": UNKNOWN})), "tags is not known"),
    ("tags", with_provider(resource("volume"), defaultTags="no JSON"), "bedplate:team is not known"),
    ("log-retention", resource("logs", {"retentionInDays": REMOVED}), "keeps logs for ever"),
    ("log-retention", resource("logs", {"retentionInDays": 0}), "keeps logs for ever"),
    ("log-retention", resource("logs", {"retentionInDays": 7}), "keeps logs for 7 days; 30 to 400 are allowed"),
    ("log-retention", resource("logs", {"retentionInDays": 3653}), "keeps logs for 3653 days"),
    ("log-retention", resource("logs", {"retentionInDays": UNKNOWN}), "retentionInDays is not known"),
    ("logs-encrypted", resource("logs", {"kmsKeyId": REMOVED}), "kmsKeyId is not set"),
    ("model-licences", endpoint("llama3.1"), "chat serves a model under llama3.1; allowed are apache-2.0"),
    ("model-licences", endpoint(None), "nobody says under which licence"),
    ("model-licences", endpoint(UNKNOWN), "licence is not known"),
]

PASSES = {
    "a pool": pool(),
    "a volume": resource("volume"),
    "a volume with tags of its own": with_provider(resource("volume", {"tags": dict(TAGS)}), defaultTags=None),
    "default tags as the SDK for Python sends them": with_provider(
        resource("volume"), defaultTags=json.dumps({"tags": TAGS})
    ),
    "a log group": resource("logs"),
    "a model under a licence that was read": endpoint("apache-2.0"),
    "a type that takes no tags": with_provider(resource("ingress-rule"), defaultTags=None),
}


@pytest.mark.parametrize(("rule", "declared", "expected"), FAILS)
def test_fails(rule: str, declared: Declared, expected: str) -> None:
    messages = register(declared)
    assert any(expected in message for message in of_rule(f"governance-{rule}", messages)), messages


@pytest.mark.parametrize("declared", PASSES.values(), ids=PASSES)
def test_passes(declared: Declared) -> None:
    assert [message for message in register(declared) if message.startswith("governance")] == []


def test_taggable_types_take_tags() -> None:
    assert [token for token in taggable_types() if "tags" not in getattr(resource_type(token), "inputs", {})] == []


VOLUME = "aws:ebs/volume:Volume"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
TEAM, ENVIRONMENT = ("tags", "bedplate:team", "vision"), ("tags", "bedplate:environment", "dev")
TOKENS = ("metadataOptions", "httpTokens", "required")


@pytest.mark.parametrize(
    ("token", "properties", "provider", "expected"),
    [
        (VOLUME, {}, {}, [TEAM, ENVIRONMENT]),
        (VOLUME, {"tags": {"bedplate:team": "vision"}}, {}, [ENVIRONMENT]),
        (VOLUME, {}, PROVIDER, []),
        (VOLUME, {"tags": UNKNOWN}, {}, []),
        (VOLUME, {}, {"defaultTags": UNKNOWN}, []),
        (TEMPLATE, {}, {}, [TOKENS]),
        (TEMPLATE, {"metadataOptions": {"httpTokens": "optional"}}, {}, []),
        (TEMPLATE, {"metadataOptions": {"httpTokens": UNKNOWN}}, {}, []),
        (TEMPLATE, {"metadataOptions": UNKNOWN}, {}, []),
        ("aws:ec2/subnet:Subnet", {}, {}, []),
    ],
)
def test_what_is_corrected(
    token: str, properties: dict[str, Any], provider: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    assert list(corrections(token, STACK, properties, provider)) == expected


def test_corrections_keep_what_is_there_and_what_is_secret() -> None:
    properties = {"tags": {"mine": Secret("quiet")}, "size": 10.0, "kmsKeyId": UNKNOWN}
    urn = f"urn:pulumi:{STACK}::bedplate::{VOLUME}::v"
    proxy: Any = unknown_checking_proxy(secrets_preserving_proxy(properties))
    corrected = remediate(ResourceValidationArgs(VOLUME, proxy, urn, "v", None, None))  # type: ignore[arg-type]
    assert corrected["__target"] is properties
    assert isinstance(properties["tags"], dict)
    assert isinstance(properties["tags"]["mine"], Secret)
    assert properties["tags"] | {"mine": ""} == {"mine": "", "bedplate:team": "vision", "bedplate:environment": "dev"}
    assert (properties["size"], properties["kmsKeyId"]) == (10.0, UNKNOWN)
