"""Nodes as plain data, scalars read as the engine reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bedplate.stack_file.scalars import Refusal, Value, resolve
from bedplate.stack_file.tree import MappingNode, Node, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from bedplate.errors import FieldPath, Problem
    from bedplate.stack_file.source import Source

Meaning = Callable[[str], Value | Refusal]
"""What an unquoted word means, or why it is refused."""


def plain_data(source: Source, node: Node, path: FieldPath, problems: list[Problem], meaning: Meaning = resolve) -> Any:
    """Return what a node means; what it cannot mean is added to `problems`, and read as text.

    `meaning` tells what an unquoted word means.
    """
    if isinstance(node, ScalarNode):
        return _scalar(source, node, path, problems, meaning)
    if isinstance(node, SequenceNode):
        return [plain_data(source, item, (*path, index), problems, meaning) for index, item in enumerate(node.items)]
    data = {}
    for entry in node.entries.values():
        key = (*path, entry.key.text)
        _check_key(source, entry.key, key, problems)
        data[entry.key.text] = plain_data(source, entry.value, key, problems, meaning)
    return data


def child(node: Node, part: str | int) -> tuple[ScalarNode | None, Node] | None:
    """Return the key (of a mapping's entry) and the value that stand under `part`, or None when nothing does."""
    if isinstance(node, MappingNode):
        entry = node.entries.get(str(part))
        return (entry.key, entry.value) if entry else None
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.items):
        return None, node.items[part]
    return None


def _scalar(
    source: Source, node: ScalarNode, path: FieldPath, problems: list[Problem], meaning: Meaning
) -> str | float | bool | None:
    value = meaning(node.text) if node.plain else node.text
    if not isinstance(value, Refusal):
        return value
    problem = source.problem(value.message, node.place, hint=value.hint)
    problems.append(replace(problem, field=path, decides=True))
    return node.text


def _check_key(source: Source, key: ScalarNode, path: FieldPath, problems: list[Problem]) -> None:
    value = resolve(key.text) if key.plain else key.text
    if isinstance(value, Refusal):
        problem = source.problem(value.message, key.place, hint=f'Put it in quotes: "{key.text}".')
        problems.append(replace(problem, field=path, about_key=True, decides=True))
