"""Writes the reference page of the rules, docs/reference/policies.md: `python -m rules.reference` in policies/."""

from __future__ import annotations

from rules.model import Rule, StackRule
from rules.node_types import known_packages, node_types
from rules.pack import RULES, STACK_RULES

FAMILIES = {
    "cost": "Cost",
    "nodes": "Nodes",
    "separation": "Separation of pools",
    "kubernetes-inputs": "Kubernetes inputs",
}


def page() -> str:
    """Return the whole page."""
    sections = [_family(family, title) for family, title in FAMILIES.items()]
    return "\n\n".join([_HEAD, *sections, _node_types()]) + "\n"


_HEAD = """# Policies: every rule

<!-- Written from policies/rules by `python -m rules.reference`; a test keeps it fresh. -->

Every rule stops the deployment. A message begins with the rule's id and ends with what to do. A rule that needs a value
which is unknown before the update, or missing, or that fails itself, stops the deployment as well and says so. How to
run them: [the guide](../guide/policies.md)."""


def _family(family: str, title: str) -> str:
    rules: list[Rule | StackRule] = [*RULES, *STACK_RULES]
    return "\n\n".join([f"## {title}", *(_rule(rule) for rule in rules if rule.family == family)])


def _rule(rule: Rule | StackRule) -> str:
    return f"### `{rule.id}`\n\n{rule.demands}\n\n- Why: {rule.reason}\n- Fix: {rule.fix}.\n- Checked: {_when(rule)}."


def _when(rule: Rule | StackRule) -> str:
    registration = "before a resource is created"
    stack = "on the whole stack, after the preview"
    if isinstance(rule, StackRule):
        return stack
    return f"{registration}, and {stack}" if rule.on_stack else registration


def _node_types() -> str:
    rows = [f"| `{row.pattern}` | {row.creates} | {row.when or 'always'} |" for row in node_types()]
    packages = ", ".join(f"`{package}`" for package in sorted(known_packages()))
    return "\n".join(
        [
            "## Types that create nodes",
            "",
            "policies/node_types.csv; `*` stands for anything.",
            "",
            "| type | creates | when |",
            "|---|---|---|",
            *rows,
            "",
            f"Packages that the rules know (policies/packages.csv): {packages}.",
        ]
    )


if __name__ == "__main__":
    print(page(), end="")
