"""From rules to the policies that the engine calls.

Not one policy per rule: the SDK decodes a resource anew for each policy, so sixty policies would cost more than all
their rules (benchmarks/policies.py). Every message begins with the id of its rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_policy import EnforcementLevel, PolicyConfigSchema, ResourceValidationPolicy, StackValidationPolicy

from bedplate.sdk_types.tokens import plain_type
from rules.boundary import plain
from rules.judge import Deployment, reads_properties
from rules.model import Resource, Settings
from rules.remediation import corrections, is_correctable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi_policy import Policy, ResourceValidationArgs, StackValidationArgs

MANUAL = "docs/reference/policies.md"


CONFIG = PolicyConfigSchema({"advisory": {"type": "array", "items": {"type": "string"}, "default": []}})
"""What `--policy-pack-config` may say to `resource` and to `stack`: patterns of rules that advise in this run."""


def loosened_by(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the patterns of rules that only advise, as a configuration has them."""
    return tuple(str(pattern) for pattern in config.get("advisory") or ())


def policies(settings: Settings) -> list[Policy]:
    """Return the pack's policies: two that stop, one that corrects, one that advises.

    Advice about a resource is found where the resource is judged, and said once at the end: a policy of its own for
    each resource would decode every resource once more.
    """
    deployment = Deployment(settings)

    def validate_resource(args: ResourceValidationArgs, report: Callable[..., None]) -> None:
        deployment.verdicts.loosened = loosened_by(args.get_config())
        for violation in deployment.register(resource_from(args)):
            report(violation.message)

    def validate_stack(args: StackValidationArgs, report: Callable[..., None]) -> None:
        deployment.verdicts.loosened = loosened_by(args.get_config())
        for violation in deployment.finish(stack_from(args, deployment)):
            report(violation.message, violation.urn or None)
        # The SDK decodes the whole stack anew for each policy that is on: not for one that has nothing to say.
        advice.enforcement_level = (
            EnforcementLevel.ADVISORY if deployment.verdicts.advice else EnforcementLevel.DISABLED
        )

    def advise(_: StackValidationArgs, report: Callable[..., None]) -> None:
        for violation in deployment.verdicts.advice:
            report(violation.message, violation.urn or None)

    advice = StackValidationPolicy(
        name="advice",
        description=f"Rules that advise here: {MANUAL}.",
        validate=advise,
        enforcement_level=EnforcementLevel.ADVISORY,
    )
    return [
        ResourceValidationPolicy(
            name="correct",
            description=f"Fills in tags of team and environment, and IMDSv2: {MANUAL}.",
            remediate=remediate,
            enforcement_level=EnforcementLevel.REMEDIATE,
        ),
        ResourceValidationPolicy(
            name="resource",
            description=f"Rules for each resource before it is created: {MANUAL}.",
            validate=validate_resource,
            config_schema=CONFIG,
            enforcement_level=EnforcementLevel.MANDATORY,
        ),
        StackValidationPolicy(
            name="stack",
            description=f"Rules for the whole stack: {MANUAL}.",
            validate=validate_stack,
            config_schema=CONFIG,
            enforcement_level=EnforcementLevel.MANDATORY,
        ),
        advice,  # after "stack", which finds what it says
    ]


def remediate(args: ResourceValidationArgs) -> Any:
    """Return the properties of a resource with what the pack corrects, or None when there is nothing to correct.

    Values are set in place, through the SDK's proxies: they keep secrets secret.
    """
    if not is_correctable(args.resource_type):
        return None
    stack = args.urn.split("::")[0].removeprefix("urn:pulumi:")
    provider = plain(args.provider.props) if args.provider else {}
    made = corrections(args.resource_type, stack, plain(args.props), provider)
    props: Any = args.props
    for name, key, value in made:
        if props.get(name) is None:
            props[name] = {}
        props[name][key] = value
    return props if made else None


def resource_from(args: ResourceValidationArgs) -> Resource:
    """Return the resource that the SDK hands out, decoded only when a rule reads it."""
    wanted = reads_properties(plain_type(args.resource_type))
    return Resource(
        type=args.resource_type,
        urn=args.urn,
        name=args.name,
        properties=plain(args.props) if wanted else {},
        parent=args.opts.parent or "",
        provider=args.provider.resource_type if args.provider else "",
        provider_properties=plain(args.provider.props) if args.provider and wanted else {},
    )


def stack_from(args: StackValidationArgs, deployment: Deployment) -> dict[str, Resource]:
    """Return the resources of a stack by URN, each decoded only when a rule reads its outputs."""
    return {
        one.urn: _from_stack(one, with_properties=deployment.reads_outputs(one.urn, plain_type(one.resource_type)))
        for one in args.resources
    }


def _from_stack(resource: Any, *, with_properties: bool) -> Resource:
    return Resource(
        type=resource.resource_type,
        urn=resource.urn,
        name=resource.name,
        properties=plain(resource.props) if with_properties else {},
        parent=resource.parent.urn if resource.parent else "",
        provider=resource.provider.resource_type if resource.provider else "",
        provider_properties=plain(resource.provider.props) if resource.provider and with_properties else {},
        dependencies={
            name: tuple(one.urn for one in sources) for name, sources in resource.property_dependencies.items()
        },
    )
