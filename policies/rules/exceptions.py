"""Exceptions to rules: policies/exceptions.yaml. Each has an owner, a reason and an end, and counts in one stack."""

from __future__ import annotations

from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from bedplate.stack_file.model import StrictModel
from rules.model import Finding
from rules.pack_settings import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rules.model import Violation, Words

LONGEST = timedelta(days=90)
"""How far ahead an exception may end: what is needed for longer is a change of the rule, or of the resource."""

Text = Annotated[str, Field(min_length=3)]


class RuleException(StrictModel):
    """Leave for one resource, in one stack, to break one rule until a day."""

    rule: Text = Field(description="The id of the rule.")
    stack: Text = Field(description="The stack, `<team>-<environment>`.")
    resource: Annotated[str, Field(min_length=1)] = Field(
        description="The resource's name, or its whole URN; `*` stands for anything in it."
    )
    owner: Text = Field(description="Who answers for it.")
    reason: Annotated[str, Field(min_length=10)] = Field(description="Why the rule cannot hold here.")
    expires: date = Field(description="The last day on which it counts, at most 90 days ahead.")

    def covers(self, violation: Violation, stack: str) -> bool:
        """Return whether it is about this violation, whatever the day."""
        if self.stack != stack or self.rule != violation.rule.id or not violation.rule.waivable:
            return False
        name = violation.urn if self.resource.startswith("urn:") else violation.urn.rpartition("::")[2]
        return bool(violation.urn) and fnmatchcase(name, self.resource)

    def counts(self, today: date) -> bool:
        """Return whether it counts on a day: not after its end, and not when its end is too far ahead."""
        return today <= self.expires <= today + LONGEST

    def __str__(self) -> str:
        return f"the exception of {self.owner} from {self.rule} for {self.resource}"


class _File(StrictModel):
    exceptions: list[RuleException] = Field(default=[])


def read_exceptions(path: Path) -> tuple[RuleException, ...]:
    """Read the file; see `read_yaml`."""
    return tuple(read_yaml(_File, path).exceptions)


def wrong_exceptions(
    exceptions: Iterable[RuleException], rules: dict[str, Words], stack: str, today: date
) -> Iterator[Finding]:
    """Yield what is wrong with the exceptions of a stack: over, too long, of no rule or of one that has none."""
    for one in exceptions:
        if one.stack != stack:
            continue
        rule = rules.get(one.rule)
        if rule is None:
            yield Finding(f"{one} is from no rule of this pack", "Fix: correct the id (`bedplate policies list`)")
        elif not rule.waivable:
            yield Finding(f"{one} cannot be: that rule has no exceptions", f"Fix: {rule.fix}")
        elif one.expires < today:
            yield Finding(f"{one} expired on {one.expires}", f"Fix: {rule.fix}; then remove the exception")
        elif one.expires > today + LONGEST:
            most = today + LONGEST
            yield Finding(
                f"{one} expires on {one.expires}, more than {LONGEST.days} days ahead", f"Fix: {most} or sooner"
            )
