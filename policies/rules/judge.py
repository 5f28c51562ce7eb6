"""Runs the rules on resources: one by one at their registration, and on the whole stack afterwards."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from rules import nodes
from rules.catalogue import STACK_RULES, is_read_on_stack, rules_for
from rules.enforcement import Verdicts
from rules.governance import UNUSED, unused_exceptions
from rules.model import Resource, Settings, Surroundings, Violation, violations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

REPEATING = frozenset({"security", "reliability"})
"""Families with many rules about the same value: one of them says that it is unknown, and the others need not."""


class Deployment:
    """One deployment under judgement: what was registered so far, and the verdicts."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.resources: dict[str, Resource] = {}
        self.verdicts = Verdicts()

    def register(self, resource: Resource) -> list[Violation]:
        """Return what stops a resource at its registration; advice is kept for the end."""
        self._remember(resource)
        surroundings = Surroundings(self.resources, whole=False, settings=self.settings)
        found = [
            violation
            for rule in rules_for(resource.type)
            for violation in violations(rule, partial(rule.check, resource, surroundings), resource.urn)
        ]
        return self._refusals(_said_once(found), resource.stack, surroundings)

    def finish(self, resources: Mapping[str, Resource]) -> list[Violation]:
        """Return what stops the whole stack, and leave all advice in `verdicts`."""
        resources = {urn: self._as_registered(resource) for urn, resource in resources.items()}
        surroundings = Surroundings(resources, whole=True, settings=self.settings)
        stack = next((resource.stack for resource in resources.values()), "")
        refusals = self._refusals(_of_stack(resources, surroundings), stack, surroundings)
        unused = violations(UNUSED, partial(unused_exceptions, surroundings, set(self.verdicts.used)))
        self.verdicts.advice += unused
        return refusals

    def _refusals(self, found: Iterable[Violation], stack: str, surroundings: Surroundings) -> list[Violation]:
        before = len(self.verdicts.refusals)
        self.verdicts.add(found, stack, surroundings)
        return self.verdicts.refusals[before:]

    def _remember(self, resource: Resource) -> None:
        """Keep the place of a resource in the tree, and the properties that rules about others look at."""
        kept = resource.properties if is_component(resource.type) or _is_kept(resource.type) else {}
        self.resources[resource.urn] = Resource(
            resource.type, resource.urn, resource.name, kept, resource.parent, resource.provider
        )

    def reads_outputs(self, urn: str, type_token: str) -> bool:
        """Return whether a rule reads the outputs of a resource once the whole stack is known."""
        return is_read_on_stack(type_token) and not (_is_kept(type_token) and urn in self.resources)

    def _as_registered(self, resource: Resource) -> Resource:
        """Return a Kubernetes object with what was registered: at the first preview of a cluster it has no outputs."""
        registered = self.resources.get(resource.urn)
        if registered is None or not _is_kept(resource.type):
            return resource
        return replace(resource, properties=registered.properties)


def _is_kept(type_token: str) -> bool:
    return type_token.startswith("kubernetes:") and is_read_on_stack(type_token)


def is_component(type_token: str) -> bool:
    """Return whether rules look at a resource of this type when they judge what is inside of it."""
    return type_token.startswith(nodes.OWN_COMPONENT)


def reads_properties(type_token: str) -> bool:
    """Return whether a rule reads the properties of a type at registration."""
    return is_component(type_token) or any(rule.reads_properties for rule in rules_for(type_token))


def _of_stack(resources: Mapping[str, Resource], surroundings: Surroundings) -> Iterator[Violation]:
    for resource in resources.values():
        for rule in rules_for(resource.type):
            if rule.on_stack:
                yield from violations(rule, partial(rule.check, resource, surroundings), resource.urn)
    for stack_rule in STACK_RULES:
        yield from violations(stack_rule, partial(stack_rule.check, surroundings))


def _said_once(found: Iterable[Violation]) -> Iterator[Violation]:
    """Leave out further rules that cannot decide for the same reason."""
    said: set[str] = set()
    for violation in found:
        if violation.undecided and violation.rule.family in REPEATING and violation.problem in said:
            continue
        said.add(violation.problem)
        yield violation
