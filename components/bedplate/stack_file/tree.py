"""YAML text as a tree of nodes that know their place; nothing is constructed, and nothing in a file is executed.

The tree is built from parser events, not by PyYAML's composer, which recurses (in C, without a limit) and expands
aliases. A stack file is a plain tree: anchors, aliases, merge keys, tags and directives are refused, so that a
reviewer sees every value where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from bedplate.errors import InputError
from bedplate.stack_file.scalars import Refusal, resolve
from bedplate.stack_file.syntax import syntax_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.errors import Problem
    from bedplate.stack_file.source import Place, Source

MAX_DEPTH = 32
"""Nested collections; the deepest value that the models know stands eight deep."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One word or text; `plain` when it stands without quotes, so that its spelling decides its type."""

    text: str
    plain: bool
    place: Place


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list."""

    place: Place
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping and its value."""

    key: ScalarNode
    value: Node


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping, its entries in the order of the file; no key stands twice."""

    place: Place
    entries: dict[str, Entry] = field(default_factory=dict)


Node = ScalarNode | SequenceNode | MappingNode


def read_tree(source: Source) -> Node | None:
    """Return the tree of a file's one document, or None when the file holds nothing but comments.

    Raises `InputError` with every problem of the structure; what the values mean is not looked at.
    """
    builder = _Builder(source)
    try:
        for event in _events(source.text):
            builder.take(event)
    except yaml.YAMLError as error:
        builder.problems.append(syntax_problem(source, error))
    if builder.problems:
        raise InputError(builder.problems)
    return builder.root


def _events(text: str) -> Iterator[yaml.Event]:
    loader = _Loader(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


class _Builder:
    """Builds nodes from events on a stack of its own, so that nesting costs no recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self._open: list[SequenceNode | MappingNode] = []
        self._keys: list[ScalarNode | None] = []  # per open collection, the key that waits for its value
        self._in_flow: list[bool] = []  # per open collection, whether it is written in brackets

    def take(self, event: yaml.Event) -> None:
        place = self.source.place(event.start_mark.index if event.start_mark else 0)
        if isinstance(event, yaml.NodeEvent):
            self._refuse_references(event, place)
        if isinstance(event, yaml.DocumentStartEvent):
            self._one_plain_document(event, place)
        elif isinstance(event, yaml.ScalarEvent):
            self._add(self._scalar(event, place))
        elif isinstance(event, yaml.AliasEvent):
            self._add(ScalarNode("", plain=False, place=place))
        elif isinstance(event, yaml.SequenceStartEvent):
            self._enter(SequenceNode(place), event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._enter(MappingNode(place), event)
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            for stack in (self._open, self._keys, self._in_flow):
                stack.pop()

    def _one_plain_document(self, event: yaml.DocumentStartEvent, place: Place) -> None:
        if self.root is not None:
            raise InputError([*self.problems, self.source.problem("a second document; only the first is read", place)])
        if event.version or event.tags:
            self._report("YAML directives (%YAML, %TAG) are not used here; delete the line", place)

    def _refuse_references(self, event: yaml.NodeEvent, place: Place) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._report(f"the alias *{event.anchor} is not allowed; write the value out where it is used", place)
        elif event.anchor:
            self._report(f"the anchor &{event.anchor} is not allowed; each value stands where it is used", place)
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self._report(
                f"the tag {tag} is not allowed; nothing in the file is converted or executed",
                place,
                hint="Put a value in quotes to make it text.",
            )

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> ScalarNode:
        plain = event.implicit[0]
        if plain and "?" in event.value and self._in_flow and self._in_flow[-1]:
            hint = "Put the text in quotes."
            self._report(
                "not every YAML reader takes a question mark without quotes inside [ … ] or { … }", place, hint=hint
            )
        return ScalarNode(event.value, plain, place)

    def _enter(self, node: SequenceNode | MappingNode, event: yaml.CollectionStartEvent) -> None:
        if len(self._open) == MAX_DEPTH:
            problem = self.source.problem(f"nested deeper than {MAX_DEPTH} levels", node.place)
            raise InputError([*self.problems, problem])
        self._add(node)
        self._open.append(node)
        self._keys.append(None)
        self._in_flow.append(bool(event.flow_style))

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent, SequenceNode):
            parent.items.append(node)
            return
        key = self._keys[-1]
        if key is None:
            self._keys[-1] = self._checked_key(node, parent)
            return
        parent.entries[key.text] = Entry(key, node)
        self._keys[-1] = None

    def _checked_key(self, node: Node, parent: MappingNode) -> ScalarNode:
        if not isinstance(node, ScalarNode):
            raise InputError(
                [*self.problems, self.source.problem("a key must be one word, not a list or a mapping", node.place)]
            )
        if node.plain and node.text == "<<":
            self._report("the merge key << is not allowed; write the keys out", node.place)
        if node.plain and not isinstance(resolve(node.text), str | Refusal):
            hint = f'Put it in quotes: "{node.text}".'
            self._report(f"the key {node.text!r} is not text, and only text can be a key", node.place, hint=hint)
        if first := parent.entries.get(node.text):
            before = f"first in line {first.key.place.line}, column {first.key.place.column}"
            self._report(f"the key {node.text!r} stands twice in this mapping; {before}", node.place)
        return node

    def _report(self, message: str, place: Place, *, hint: str = "") -> None:
        self.problems.append(self.source.problem(message, place, hint=hint))
