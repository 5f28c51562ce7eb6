"""Edits a YAML file as text: what is not meant to change stays as it was written.

Reading and dumping would resolve scalars anew (`1.30` becomes 1.3, `on` becomes true), and the copy would no longer
say what the original says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Edit = tuple[int, int, str]
"""Replace the text between two positions by another."""


def parse(text: str) -> yaml.Node | None:
    """Return the document's node tree, with positions; None for an empty document. Raises `yaml.YAMLError`."""
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    return node


def entries(node: yaml.Node | None) -> Mapping[str, tuple[yaml.Node, yaml.Node]]:
    """Return the keys and values of a map by the key's text; empty for anything else."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {str(key.value): (key, value) for key, value in node.value}


def at(node: yaml.Node | None, *path: str) -> yaml.Node | None:
    """Return the value at a path of keys, or None where there is none."""
    for name in path:
        found = entries(node).get(name)
        if found is None:
            return None
        node = found[1]
    return node


def without(text: str, node: yaml.Node | None, names: Sequence[str]) -> list[Edit]:
    """Return the edits that take keys out of a block map, with the lines that they stand on."""
    edits = []
    for name in names:
        if name in entries(node):
            key, value = entries(node)[name]
            start = text.rfind("\n", 0, key.start_mark.index) + 1
            end = text.find("\n", max(value.end_mark.index - 1, key.end_mark.index))
            edits.append((start, len(text) if end < 0 else end + 1, ""))
    return edits


def replaced(text: str, node: yaml.Node, value: str) -> Edit:
    """Return the edit that puts a quoted string in a node's place."""
    quoted: str = yaml.dump(value, default_style='"', width=10**6).strip()
    # a block ends for the parser where the next one begins; the line break between them must stay, comments need not
    end = node.start_mark.index + len(text[node.start_mark.index : node.end_mark.index].rstrip(" \t\r\n"))
    return (node.start_mark.index, end, quoted)


def find(node: yaml.Node | None, wanted: Callable[[yaml.Node], bool]) -> Iterator[yaml.Node]:
    """Yield the outermost nodes of a tree that are wanted; a node that is used twice through an alias comes once."""
    yield from _find(node, wanted, set())


def apply(text: str, edits: Sequence[Edit]) -> str:
    """Return the text with all edits made; they must not overlap."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _find(node: Any, wanted: Callable[[yaml.Node], bool], seen: set[int]) -> Iterator[yaml.Node]:
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if wanted(node):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _find(value, wanted, seen)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _find(item, wanted, seen)
