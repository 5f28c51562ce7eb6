"""Rules about where data lies, who pays, how long logs are kept, and that exceptions end."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from bedplate.errors import listing
from bedplate.sdk_types.values import is_unknown
from rules.exceptions import wrong_exceptions
from rules.model import Finding, Resource, Rule, StackRule, Surroundings, Words
from rules.properties import GIVEN, Table, row
from rules.reading import UndecidedError, undecided, want
from rules.taggable import inherited_tag, is_taggable

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
COMPONENT = "bedplate:index:"
ENDPOINT = "bedplate:index:Endpoint"
AWS_PROVIDER = "pulumi:providers:aws"


def lies_in_allowed_region(resource: Resource, surroundings: Surroundings) -> Iterator[str]:
    """A resource or component is in a region where its team's data may lie."""
    region = want(resource.properties, "region") or want(resource.provider_properties, "region")
    if region is None:
        return  # a component without a place, or a global service
    team, _, environment = resource.stack.rpartition("-")
    allowed = surroundings.pack_settings().data_regions.of(team, environment)
    if region not in allowed:
        yield f"{resource.name} is in {region}; data of {resource.stack} may lie in {listing(allowed)}"


def has_tags(resource: Resource, surroundings: Surroundings) -> Iterator[str]:
    """A resource that costs money says whose it is, by its own tags or its provider's."""
    missing = [tag for tag in surroundings.pack_settings().required_tags if not _has_tag(resource, tag)]
    if missing:
        yield f"{resource.name} has no tag {listing(missing)}"


def _has_tag(resource: Resource, tag: str) -> bool:
    if want(resource.properties, "tags", tag):
        return True
    inherited = inherited_tag(resource.provider_properties, tag)
    if is_unknown(inherited):
        raise undecided(("provider", "defaultTags", "tags", tag))
    return bool(inherited)


def keeps_logs_as_long_as_allowed(group: Resource, surroundings: Surroundings) -> Iterator[str]:
    """A log group keeps what it has for a time between the bounds; one that says nothing keeps it for ever."""
    bounds = surroundings.pack_settings().log_retention_days
    days = want(group.properties, "retentionInDays")
    if not days:
        yield f"{group.name} keeps logs for ever: retentionInDays is not set"
    elif not bounds.min <= days <= bounds.max:
        yield f"{group.name} keeps logs for {int(days)} days; {bounds.min} to {bounds.max} are allowed"


def serves_what_it_may(endpoint: Resource, surroundings: Surroundings) -> Iterator[str]:
    """An endpoint serves weights under a licence that was read; one that nobody names was not."""
    licence = want(endpoint.properties, "licence")
    allowed = surroundings.pack_settings().model_licences
    if licence is None:
        yield f"{endpoint.name} serves weights of an image, and nobody says under which licence"
    elif licence not in allowed:
        yield f"{endpoint.name} serves a model under {licence}; allowed are {listing(allowed)}"


ENCRYPTED_LOGS = Table((row(LOG_GROUP, "kmsKeyId", GIVEN),))


def exceptions_are_in_order(surroundings: Surroundings) -> Iterator[Finding]:
    """The pack's settings and exceptions can be read, and no exception of the stack is over."""
    surroundings.pack_settings()
    exceptions = surroundings.exceptions()
    stacks = {resource.stack for resource in surroundings.resources.values()}
    for stack in sorted(stacks):
        yield from wrong_exceptions(exceptions, _rules_by_id(), stack, surroundings.today)


def settings_loosen_nothing_fixed(surroundings: Surroundings) -> Iterator[str]:
    """No setting makes advice of a rule that may not be loosened, or of one that does not exist."""
    settings = surroundings.pack_settings()
    rules = _rules_by_id()
    patterns = sorted({pattern for named in settings.advisory.values() for pattern in named})
    unknown = [pattern for pattern in patterns if not any(fnmatchcase(rule, pattern) for rule in rules)]
    if unknown:
        yield f"settings.yaml makes advice of {listing(unknown)}, which is no rule"
    for stack in sorted({resource.stack for resource in surroundings.resources.values()}):
        loosened = [rule.id for rule in rules.values() if not rule.waivable and settings.is_advice(rule.id, stack)]
        if loosened:
            yield f"settings.yaml makes advice in {stack} of {listing(loosened)}, which stop all the same"


@cache
def _rules_by_id() -> dict[str, Words]:
    from rules.catalogue import ALL

    return {rule.id: rule for rule in ALL}


def unused_exceptions(surroundings: Surroundings, used: set[object]) -> Iterator[Finding]:
    """Yield the exceptions of the stack that nothing needed."""
    try:
        exceptions = surroundings.exceptions()
    except UndecidedError:
        return
    stacks = {resource.stack for resource in surroundings.resources.values()}
    for one in exceptions:
        if one.stack in stacks and one not in used and one.counts(surroundings.today):
            yield Finding(f"nothing needed {one}", "Fix: remove it from policies/exceptions.yaml")


RULES = (
    Rule(
        id="governance-data-region",
        family="governance",
        demands="What holds data is in a region that settings.yaml allows the team in that environment.",
        reason="Where personal data lies is a matter of law and contract, and data moves with cost only.",
        fix="choose one of the regions, or ask the platform team to change `data_regions` in policies/settings.yaml",
        passes="region: us-east-1",
        fails="region: ap-south-1",
        applies=lambda token: token.startswith(COMPONENT) or token == AWS_PROVIDER or is_taggable(token),
        check=lies_in_allowed_region,
    ),
    Rule(
        id="governance-tags",
        family="governance",
        demands="An AWS resource that costs money has the tags of `required_tags`, by itself or by its provider.",
        reason="A bill says only what tags say. What belongs to nobody is deleted by nobody.",
        fix="set `cost_center` in the stack file; resources of your own take the provider of the stack",
        passes="defaultTags: {tags: {bedplate:team: vision, bedplate:environment: prod, cost-center: cc-1}}",
        fails="no tags",
        applies=is_taggable,
        check=has_tags,
    ),
    Rule(
        id="governance-log-retention",
        family="governance",
        demands="A log group keeps logs within the bounds of `log_retention_days`.",
        reason="Short logs end before an investigation begins; endless ones hold personal data and cost each month.",
        fix="set retentionInDays; for control-plane logs `audit_log_days` in the stack file",
        references=("CKV_AWS_66",),
        passes="retentionInDays: 90",
        fails="no retentionInDays",
        applies=lambda token: token == LOG_GROUP,
        check=keeps_logs_as_long_as_allowed,
    ),
    Rule(
        id="governance-logs-encrypted",
        family="governance",
        demands="A log group is encrypted with a key of the team's own.",
        reason="Audit logs and prompts are worth as much as the data they speak of.",
        fix="set kmsKeyId",
        references=("CKV_AWS_158",),
        passes="kmsKeyId: …",
        fails="no kmsKeyId",
        applies=ENCRYPTED_LOGS.applies,
        check=ENCRYPTED_LOGS,
    ),
    Rule(
        id="governance-model-licences",
        family="governance",
        demands="A model that is served is under one of the `model_licences` of settings.yaml.",
        reason="Some licences forbid commercial use, or ask for a mention; nobody reads them after the launch.",
        fix="choose another model, name the `licence` of an image's weights, or ask the platform team to read it and "
        "to add it to `model_licences` in policies/settings.yaml",
        passes="model: qwen3-8b (apache-2.0)",
        fails="image: … without licence",
        applies=lambda token: token == ENDPOINT,
        check=serves_what_it_may,
    ),
)

STACK_RULES = (
    StackRule(
        id="governance-exceptions",
        family="governance",
        demands="An exception in exceptions.yaml is from a rule that may have one, and ends within 90 days; "
        "what expired is removed.",
        reason="Exceptions that nobody ends become the rule.",
        fix="correct policies/exceptions.yaml",
        passes="expires: in 30 days",
        fails="expires: yesterday",
        waivable=False,
        check=exceptions_are_in_order,
    ),
    StackRule(
        id="governance-settings",
        family="governance",
        demands="settings.yaml makes advice of rules that exist and may be loosened.",
        reason="Caps on cost and unpriced nodes hold everywhere.",
        fix="correct `advisory` in policies/settings.yaml",
        passes="advisory: {dev: [reliability-*]}",
        fails='advisory: {dev: ["*"]}',
        waivable=False,
        check=settings_loosen_nothing_fixed,
    ),
)

UNUSED = StackRule(
    id="governance-unused-exceptions",
    family="governance",
    demands="An exception in exceptions.yaml is needed by something. This rule advises.",
    reason="An exception that nothing needs lets the next mistake pass.",
    fix="remove it from policies/exceptions.yaml",
    passes="an exception that lets a violation pass",
    fails="an exception for a resource that breaks nothing",
    check=lambda surroundings: unused_exceptions(surroundings, set()),
)
