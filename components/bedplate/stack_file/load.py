"""Reads stack files into validated models, with every problem of a file at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bedplate.clusters.spec import ClusterReference
from bedplate.errors import FieldPath, InputError, Problem
from bedplate.stack import StackSpec
from bedplate.stack_file.content import content_problems
from bedplate.stack_file.document import Document, read_document
from bedplate.stack_file.messages import model_problems
from bedplate.stack_file.source import read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bedplate.stack_file.source import Source

MOST_PROBLEMS = 100
"""Shown at once; a file with more is not a stack file that somebody mistyped."""


@dataclass(frozen=True, slots=True)
class LoadedStack:
    """A stack file that is right in itself, and the platform stacks it refers to, by stack name."""

    spec: StackSpec
    path: Path
    references: Mapping[str, StackSpec]
    document: Document

    @property
    def name(self) -> str:
        """The name of the Pulumi stack: `vision-dev`."""
        return f"{self.spec.team}-{self.spec.environment}"

    def locate(self, problem: Problem) -> Problem:
        """Return a problem that was found later (a cap, a quota) with its place in this file."""
        return self.document.locate(problem)


def load_stack(path: Path) -> LoadedStack:
    """Read `Pulumi.<team>-<environment>.yaml`, and the files of the platform stacks beside it that it refers to.

    Raises `InputError` with every problem of the file in the order of its lines. A file that is no YAML, or holds
    no stack, is reported as far as it could be read.
    """
    return read_stack(read_source(path), path)


def read_stack(source: Source, path: Path) -> LoadedStack:
    """Validate the text of a stack file as if it stood at `path`; see `load_stack`."""
    document = read_document(source, tuple(StackSpec.model_fields))
    spec, problems = _validated(document.data)
    references: Mapping[str, StackSpec] = {}
    if spec is not None:
        references, unreadable = read_references(spec, path.parent)
        problems += _semantic_problems(spec, references, unreadable)
    problems += _name_problems(document.data, path)
    found = _in_file(document, problems)
    if found or spec is None:
        raise InputError(found)
    return LoadedStack(spec, path, references, document)


def parse_stack(data: Mapping[str, Any], folder: Path | None = None) -> StackSpec:
    """Validate the value of `bedplate:stack` as the Pulumi program gets it from the engine.

    `folder` holds the stack files, among them those of the platform stacks that this one refers to. Raises
    `InputError` with the messages of `load_stack`, without places in a file.
    """
    spec, problems = _validated(data)
    if spec is not None:
        references, unreadable = read_references(spec, folder) if folder else ({}, [])
        problems += _semantic_problems(spec, references, unreadable)
    found = _without_consequences(problems)
    if found or spec is None:
        raise InputError(found)
    return spec


def read_references(spec: StackSpec, folder: Path) -> tuple[dict[str, StackSpec], list[Problem]]:
    """Return the platform stacks that a stack refers to, from their files in `folder`, and which files are broken.

    A missing file is in neither: `bedplate.preconditions` says what lacks.
    """
    references: dict[str, StackSpec] = {}
    problems: list[Problem] = []
    for name, cluster in spec.clusters.items():
        if not isinstance(cluster, ClusterReference) or cluster.stack in references:
            continue
        owner = folder / f"Pulumi.{cluster.stack}.yaml"
        if not owner.exists():
            continue
        try:
            references[cluster.stack] = _read_platform_stack(owner)
        except InputError as error:
            count = len(error.problems)
            message = f"{owner.name} has {count} problem{'s' * (count > 1)} of its own, so its clusters are not known"
            hint = f"`bedplate validate {owner}` shows them."
            problems.append(Problem(message, ("clusters", name, "stack"), hint=hint))
    return references, problems


def _read_platform_stack(path: Path) -> StackSpec:
    document = read_document(read_source(path), tuple(StackSpec.model_fields))
    spec, problems = _validated(document.data)
    found = _in_file(document, problems)
    if found or spec is None:
        raise InputError(found)
    return spec


def _validated(data: object) -> tuple[StackSpec | None, list[Problem]]:
    """Return the models and every problem that they and the rules on content find.

    Where only unknown keys are wrong, the stack is read without them as well, so that a misspelt key does not hide
    what else is wrong.
    """
    problems = list(content_problems(data))
    spec, errors = _spec(data)
    unknown = [problem.field for problem in errors if problem.about_key and problem.message == "unknown key"]
    if unknown:
        spec, more = _spec(_without(data, unknown))
        errors += more
    return spec, [*problems, *errors]


def _spec(data: object) -> tuple[StackSpec | None, list[Problem]]:
    try:
        # Strict models read JSON: there a list stands for a tuple, and nothing else is converted.
        return StackSpec.model_validate_json(json.dumps(data)), []
    except ValidationError as error:
        return None, list(model_problems(error, data, StackSpec))
    except TypeError as error:
        return None, [Problem(f"must be plain data: {error}")]


def _without(data: Any, fields: Iterable[FieldPath]) -> Any:
    """Return plain data without the keys at some paths."""
    for path in fields:
        data = _without_key(data, path)
    return data


def _without_key(data: Any, path: FieldPath) -> Any:
    first, *rest = path
    if isinstance(data, Mapping):
        if not rest:
            return {key: value for key, value in data.items() if key != first}
        return {**data, first: _without_key(data[first], tuple(rest))}
    return [_without_key(item, tuple(rest)) if index == first else item for index, item in enumerate(data)]


def _semantic_problems(
    spec: StackSpec, references: Mapping[str, StackSpec], unreadable: Sequence[Problem]
) -> list[Problem]:
    from bedplate.preconditions import stack_problems  # the catalog is read only when the models hold

    broken = {problem.field for problem in unreadable}
    return [*unreadable, *(problem for problem in stack_problems(spec, references) if problem.field not in broken)]


def _name_problems(data: object, path: Path) -> list[Problem]:
    """Compare the file's name, by which the engine finds the stack, with the team and environment inside."""
    team, environment = (data.get(key) if isinstance(data, Mapping) else None for key in ("team", "environment"))
    if not isinstance(team, str) or not isinstance(environment, str):
        return []
    expected = f"Pulumi.{team}-{environment}.yaml"
    if path.name == expected:
        return []
    field = "environment" if path.name.startswith(f"Pulumi.{team}-") else "team"
    message = f"the file is named {path.name}, and the stack inside is {team}-{environment}"
    return [Problem(message, (field,), hint=f"Rename the file to {expected}, or correct {field}.")]


def _in_file(document: Document, problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems of a document and later ones, each with its place, in the order of the lines."""
    located = [*document.problems, *(document.locate(problem) for problem in problems)]
    found = _without_consequences(located)
    found.sort(key=lambda problem: (problem.line, problem.column))
    if len(found) <= MOST_PROBLEMS:
        return found
    rest = document.locate(Problem(f"and {len(found) - MOST_PROBLEMS} more problems"))
    return [*found[:MOST_PROBLEMS], replace(rest, source="")]


def _without_consequences(problems: Sequence[Problem]) -> list[Problem]:
    """Leave out what is only said again, and what a value that cannot be read or shown fails besides."""
    decided = {problem.field for problem in problems if problem.decides and problem.field}
    kept: dict[tuple[FieldPath, str], Problem] = {}
    for problem in problems:
        field = problem.field
        follows = any(field[:length] in decided for length in range(1, len(field) + 1))
        if problem.decides or not follows:
            kept.setdefault((field, problem.message), problem)
    return list(kept.values())
