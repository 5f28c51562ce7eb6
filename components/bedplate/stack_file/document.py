"""A stack file as the engine sees it: finds `bedplate:stack`, and what stands beside it that cannot be meant so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bedplate.errors import InputError, Problem, nearest
from bedplate.stack_file.credentials import credential, secret_name
from bedplate.stack_file.scalars import resolve
from bedplate.stack_file.tree import Entry, MappingNode, Node, ScalarNode, read_tree
from bedplate.stack_file.values import child, plain_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bedplate.stack_file.source import Source

PROJECT = "bedplate"
STACK_KEY = f"{PROJECT}:stack"
_SPELLINGS = (STACK_KEY, "stack", f"{PROJECT}:config:stack")
"""The engine reads a key without namespace as one of the project, and still takes the old middle part `config`
(pulumi sdk/v3, go/common: stackConfigNamespacedWithProject, config.ParseKey)."""

_OUTSIDE = "stands outside the stack, where nothing reads it"

ENGINE_KEYS = ("config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt")
"""What the engine reads in a stack file (pulumi sdk/v3, go/common/workspace: ProjectStack)."""


@dataclass(frozen=True, slots=True)
class Document:
    """The value of `bedplate:stack` as plain data, the nodes it came from, and what is wrong around and in it."""

    source: Source
    stack: Entry
    data: object
    problems: tuple[Problem, ...]
    complete: bool
    """No part of the stack stands outside it."""

    def locate(self, problem: Problem) -> Problem:
        """Return a problem with the place to look at: the value of its field, or the key where that is wrong.

        Where nothing stands under the field, it is the key of the nearest mapping above that lacks it.
        """
        key, node, exists = self.stack.key.place, self.stack.value, True
        for part in problem.field:
            found = child(node, part)
            if found is None:
                exists = False
                break
            node = found[1]
            key = found[0].place if found[0] else node.place
        # What fills lines of its own is better found by its key.
        by_value = exists and not problem.about_key and node.place.line == key.line and problem.field
        place = node.place if by_value else key
        located = self.source.problem(problem.message, place)
        return replace(problem, file=located.file, line=located.line, column=located.column, source=located.source)


def read_document(source: Source, stack_keys: Sequence[str]) -> Document:
    """Return the stack of a file; `stack_keys` are the keys that belong inside `bedplate:stack`.

    Raises `InputError` when the file holds no stack that could be read further.
    """
    config, problems = _config(source, stack_keys)
    entries = [entry for key, entry in config.entries.items() if key in _SPELLINGS]
    problems += _config_problems(source, config, stack_keys)
    if not entries:
        raise InputError([*problems, _no_stack(source, config)])
    for entry in entries[1:]:
        problems.append(source.problem(f"the engine reads {entry.key.text!r} as {STACK_KEY!r} too", entry.key.place))
    stack = entries[0]
    if not isinstance(stack.value, MappingNode) or not stack.value.entries:
        message = f"{STACK_KEY} must be a mapping that starts with `team:`"
        raise InputError([*problems, source.problem(message, stack.key.place)])
    data = plain_data(source, stack.value, (), problems)
    return Document(
        source, stack, data, tuple(problems), complete=not any(_OUTSIDE in item.message for item in problems)
    )


def _config(source: Source, stack_keys: Sequence[str]) -> tuple[MappingNode, list[Problem]]:
    root = read_tree(source)
    if root is None or is_empty(root):
        message = "the file is empty; `bedplate init TEAM` writes a first one"
        raise InputError([Problem(message, file=source.file, line=1, column=1)])
    if not isinstance(root, MappingNode):
        raise InputError([source.problem("a stack file is a mapping that starts with `config:`", root.place)])
    problems = list(_top_level_problems(source, root, stack_keys))
    config = root.entries.get("config")
    if config is None:
        message = f"`config:` is missing, under which `{STACK_KEY}:` stands"
        raise InputError([*problems, source.problem(message, root.place)])
    if not isinstance(config.value, MappingNode):
        message = f"`config:` must be a mapping, and hold `{STACK_KEY}:`"
        raise InputError([*problems, source.problem(message, config.key.place)])
    return config.value, problems


def _top_level_problems(source: Source, root: MappingNode, stack_keys: Sequence[str]) -> Iterator[Problem]:
    for entry in root.entries.values():
        key = entry.key.text
        if key in ENGINE_KEYS and not (key == "environment" and isinstance(entry.value, ScalarNode)):
            continue
        if key in stack_keys or key in _SPELLINGS:
            yield _misplaced(source, entry)
            continue
        problem = source.problem(f"unknown key {key!r}; the engine would ignore it", entry.key.place)
        yield replace(problem, allowed=ENGINE_KEYS, nearest=nearest(key, ENGINE_KEYS))


def _config_problems(source: Source, config: MappingNode, stack_keys: Sequence[str]) -> Iterator[Problem]:
    for entry in config.entries.values():
        key = entry.key.text
        if key in _SPELLINGS:
            continue
        if key.removeprefix(f"{PROJECT}:") in stack_keys:
            yield _misplaced(source, entry)
        elif isinstance(entry.value, ScalarNode):
            yield from _plain_secret(source, key, entry.value)


def _misplaced(source: Source, entry: Entry) -> Problem:
    place = f"under `config:` and `{STACK_KEY}:`" if entry.key.text not in _SPELLINGS else "under `config:`"
    return source.problem(
        f"{entry.key.text!r} {_OUTSIDE}",
        entry.key.place,
        hint=f"It belongs {place}: check the indentation.",
    )


def _plain_secret(source: Source, key: str, value: ScalarNode) -> Iterator[Problem]:
    kind = credential(value.text)
    if kind:
        message = f"the configuration key {key!r} holds {kind} in plain text"
    elif secret_name(key) and value.text and value.text not in ("true", "false", "null", "~"):
        message = f"the configuration key {key!r} is named as a secret and holds plain text"
    else:
        return
    name = key if ":" in key else f"{PROJECT}:{key}"
    problem = source.problem(message, value.place, hint=f"Store it with `pulumi config set --secret {name}`.")
    yield replace(problem, source="")


def _no_stack(source: Source, config: MappingNode) -> Problem:
    meant = nearest(STACK_KEY, config.entries)
    place = config.entries[meant].key.place if meant else config.place
    message = f"`{STACK_KEY}:` is missing under `config:`"
    return source.problem(message + (f"; {meant!r} is a key of its own" if meant else ""), place)


def is_empty(node: Node) -> bool:
    """Return whether a node says nothing: it has no text, or says null."""
    return isinstance(node, ScalarNode) and node.plain and resolve(node.text) is None
