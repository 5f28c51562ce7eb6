"""From rules to the policies that the engine calls.

Two policies and not one per rule: the SDK decodes a resource anew for each policy, so twenty policies would cost more
than all their rules (docs/benchmarks.md). Every message begins with the id of its rule.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, StackValidationPolicy

from rules import cost, kubernetes_inputs, nodes, separation
from rules.model import Resource, Rule, Settings, StackRule, Surroundings, violations
from rules.reading import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulumi_policy import Policy, ResourceValidationArgs, StackValidationArgs

RULES: tuple[Rule, ...] = (*cost.RULES, *nodes.RULES, *separation.RULES, *kubernetes_inputs.RULES)
STACK_RULES: tuple[StackRule, ...] = (*cost.STACK_RULES, *nodes.STACK_RULES)


def policies(settings: Settings) -> list[Policy]:
    """Return the pack's policies, both mandatory."""
    registered = Registered()

    def validate_resource(args: ResourceValidationArgs, report: Callable[..., None]) -> None:
        for message in resource_violations(RULES, args, registered, settings):
            report(message)

    def validate_stack(args: StackValidationArgs, report: Callable[..., None]) -> None:
        for message, urn in stack_violations(RULES, STACK_RULES, args, settings):
            report(message, urn)

    return [
        ResourceValidationPolicy(
            name="resource",
            description="Rules for each resource before it is created: docs/reference/policies.md.",
            validate=validate_resource,
            enforcement_level=EnforcementLevel.MANDATORY,
        ),
        StackValidationPolicy(
            name="stack",
            description="Rules for the whole stack: docs/reference/policies.md.",
            validate=validate_stack,
            enforcement_level=EnforcementLevel.MANDATORY,
        ),
    ]


class Registered:
    """Remembers what was registered, so that a rule about a resource can look at its ancestors."""

    def __init__(self) -> None:
        self.resources: dict[str, Resource] = {}

    def add(self, resource: Resource) -> None:
        """Remember a resource; a component keeps its properties, others only their place in the tree."""
        kept = resource.properties if resource.type in (nodes.CLUSTER, nodes.NODE_POOL) else {}
        self.resources[resource.urn] = Resource(
            resource.type, resource.urn, resource.name, kept, resource.parent, resource.provider
        )


def resource_violations(
    rules: Sequence[Rule], args: ResourceValidationArgs, registered: Registered, settings: Settings
) -> list[str]:
    """Return what rules say about a resource at its registration."""
    wanted = [rule for rule in rules if rule.applies(args.resource_type)]
    relevant = any(rule.reads_properties for rule in wanted) or args.resource_type in (nodes.CLUSTER, nodes.NODE_POOL)
    resource = _from_args(args, with_properties=relevant)
    registered.add(resource)
    surroundings = Surroundings(registered.resources, whole=False, settings=settings)
    return [message for rule in wanted for message in violations(rule, partial(rule.check, resource, surroundings))]


def _from_args(args: ResourceValidationArgs, *, with_properties: bool) -> Resource:
    return Resource(
        type=args.resource_type,
        urn=args.urn,
        name=args.name,
        properties=plain(args.props) if with_properties else {},
        parent=args.opts.parent or "",
        provider=args.provider.resource_type if args.provider else "",
        provider_properties=plain(args.provider.props) if args.provider and with_properties else {},
    )


def stack_violations(
    rules: Sequence[Rule], stack_rules: Sequence[StackRule], args: StackValidationArgs, settings: Settings
) -> list[tuple[str, str | None]]:
    """Return what rules say about a stack, with the URN of the resource that each message is about."""
    rules = [rule for rule in rules if rule.on_stack]
    needed = {one.resource_type for one in args.resources if any(rule.applies(one.resource_type) for rule in rules)}
    needed |= nodes.LOOKED_AT
    resources = {one.urn: _from_stack(one, with_properties=one.resource_type in needed) for one in args.resources}
    surroundings = Surroundings(resources, whole=True, settings=settings)
    found: list[tuple[str, str | None]] = []
    for resource in resources.values():
        for rule in rules:
            if rule.applies(resource.type):
                run = partial(rule.check, resource, surroundings)
                found += [(message, resource.urn) for message in violations(rule, run)]
    for stack_rule in stack_rules:
        found += [(message, None) for message in violations(stack_rule, partial(stack_rule.check, surroundings))]
    return found


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
