"""Writes the reference page of the rules, docs/reference/policies.md: `python -m rules.reference` in policies/."""

from __future__ import annotations

from rules.catalogue import ALL, FAMILIES
from rules.model import Rule, Words
from rules.node_types import known_packages, node_kinds, node_types


def page() -> str:
    """Return the whole page."""
    sections = [_family(family, title) for family, title in FAMILIES.items()]
    return "\n\n".join([_HEAD, *sections, _node_types()]) + "\n"


_HEAD = """# Policies: every rule

<!-- Written from policies/rules by `python -m rules.reference`; a test keeps it fresh. -->

A rule stops the deployment, unless policies/settings.yaml makes advice of it. A message begins with the rule's id and
ends with what to do. A rule that needs a value which is unknown before the update, or missing, or that fails itself,
stops the deployment as well and says so. How to run them: [the guide](../guide/policies.md)."""


def _family(family: str, title: str) -> str:
    return "\n\n".join([f"## {title}", *(_rule(rule) for rule in ALL if rule.family == family)])


def _rule(rule: Words) -> str:
    lines = [f"Why: {rule.reason}", f"Fix: {rule.fix}."]
    if rule.passes:
        lines += [f"Passes: `{rule.passes}`", f"Fails: `{rule.fails}`"]
    if rule.references:
        lines.append(f"See: {', '.join(rule.references)}.")
    lines.append(f"Checked: {checked_when(rule)}.")
    if not rule.waivable:
        lines.append("No exception and no setting loosens it.")
    return "\n".join([f"### `{rule.id}`", "", rule.demands, "", *(f"- {line}" for line in lines)])


def checked_when(rule: Words) -> str:
    """Return when a rule runs, in words."""
    registration = "before a resource is created"
    stack = "on the whole stack, after the preview"
    if not isinstance(rule, Rule):
        return stack
    return f"{registration}, and {stack}" if rule.on_stack else registration


def _node_types() -> str:
    both = (*node_types(), *node_kinds())
    rows = [f"| `{row.pattern}` | {row.creates} | {row.when or 'always'} |" for row in both]
    packages = ", ".join(f"`{package}`" for package in sorted(known_packages()))
    return "\n".join(
        [
            "## Types that create nodes",
            "",
            "policies/node_types.csv and policies/node_kinds.csv; `*` stands for anything. What else a cloud has, and "
            "the catalog does not know, `cost-known-types` refuses.",
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
