"""Reads stack files into validated models, with every problem of a file at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bedplate.clusters.spec import ClusterReference
from bedplate.errors import FieldPath, InputError, Problem
from bedplate.stack import StackSpec
from bedplate.stack_file.content import content_problems
from bedplate.stack_file.document import Document, read_document
from bedplate.stack_file.messages import model_problems
from bedplate.stack_file.salvage import Rest, rests_of_stack, without_consequences
from bedplate.stack_file.source import read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
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
    beside = _Beside(path.parent)
    spec, problems = _validated(document.data, beside.problems if document.complete else None)
    problems += _name_problems(document.data, path, {problem.field for problem in problems})
    found = in_file(document, problems)
    if found or spec is None:
        raise InputError(found)
    return LoadedStack(spec, path, beside.references, document)


def parse_stack(data: Mapping[str, Any], references: Mapping[str, StackSpec] | None = None) -> StackSpec:
    """Validate the value of `bedplate:stack` as the Pulumi program gets it from the engine.

    `references` holds the platform stacks that the stack refers to, by stack name. Raises `InputError` with the
    messages of `load_stack`, without places in a file.
    """
    spec, problems = _validated(data, partial(_preconditions, references or {}))
    found = without_consequences(problems)
    if found or spec is None:
        raise InputError(found)
    return spec


def parse_stack_beside(data: Mapping[str, Any], folder: Path) -> tuple[StackSpec, Mapping[str, StackSpec]]:
    """Validate what `parse_stack` does, with the platform stacks whose files are in a folder, and return those too."""
    beside = _Beside(folder)
    spec, problems = _validated(data, beside.problems)
    found = without_consequences(problems)
    if found or spec is None:
        raise InputError(found)
    return spec, beside.references


def read_references(spec: StackSpec, folder: Path) -> tuple[dict[str, StackSpec], list[Problem]]:
    """Return the platform stacks that a stack refers to, from files in `folder`, and problems with the broken ones.

    A missing one is in neither: `bedplate.preconditions` says what lacks.
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
    spec, problems = _validated(document.data, None)
    found = in_file(document, problems)
    if found or spec is None:
        raise InputError(found)
    return spec


def _validated(
    data: object, judge: Callable[[StackSpec], Sequence[Problem]] | None
) -> tuple[StackSpec | None, list[Problem]]:
    """Return the models, and every problem that the rules on content, the models and the preconditions find.

    `judge` looks at the preconditions. Where the models refuse a part of the stack, it judges the rest, so that one
    mistake does not hide another.
    """
    problems = list(content_problems(data))
    spec, errors = _spec(data)
    problems += errors
    judged, rest = spec, Rest(data, ())
    for rest in rests_of_stack(data, errors) if errors else ():
        judged, more = _spec(rest.data)
        problems += [problem for problem in more if rest.concerns(problem)]
        if judged is not None:
            break
    if judged is not None and judge is not None:
        problems += [problem for problem in judge(judged) if rest.concerns(problem)]
    return spec, problems


def _spec(data: object) -> tuple[StackSpec | None, list[Problem]]:
    try:
        # Strict models read JSON: there a list stands for a tuple, and nothing else is converted.
        return StackSpec.model_validate_json(json.dumps(data)), []
    except ValidationError as error:
        return None, list(model_problems(error, data, StackSpec))
    except TypeError as error:
        return None, [Problem(f"must be plain data: {error}")]


def _preconditions(references: Mapping[str, StackSpec], spec: StackSpec) -> list[Problem]:
    from bedplate.preconditions import stack_problems  # the catalog is read only when models hold

    return stack_problems(spec, references)


@dataclass(slots=True)
class _Beside:
    """The preconditions of a stack with the platform stacks in a folder, which are read once and kept."""

    folder: Path
    references: dict[str, StackSpec] = field(default_factory=dict)

    def problems(self, spec: StackSpec) -> list[Problem]:
        self.references, unreadable = read_references(spec, self.folder)
        broken = {problem.field for problem in unreadable}
        found = _preconditions(self.references, spec)
        return [*unreadable, *(problem for problem in found if problem.field not in broken)]


def _name_problems(data: object, path: Path, wrong: Collection[FieldPath]) -> list[Problem]:
    """Compare the file's name, by which the engine finds the stack, with the team and environment inside."""
    team, environment = (data.get(key) if isinstance(data, Mapping) else None for key in ("team", "environment"))
    if not isinstance(team, str) or not isinstance(environment, str) or {("team",), ("environment",)} & set(wrong):
        return []
    expected = f"Pulumi.{team}-{environment}.yaml"
    if path.name == expected:
        return []
    field = "environment" if path.name.startswith(f"Pulumi.{team}-") else "team"
    message = f"the file is named {path.name}, and the stack inside is {team}-{environment}"
    return [Problem(message, (field,), hint=f"Rename the file to {expected}, or correct {field}.")]


def in_file(document: Document, problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems of a document and later ones, each with its place, in the order of the lines."""
    located = [*document.problems, *(document.locate(problem) for problem in problems)]
    found = without_consequences(located)
    found.sort(key=lambda problem: (problem.line, problem.column))
    if len(found) <= MOST_PROBLEMS:
        return found
    rest = document.locate(Problem(f"and {len(found) - MOST_PROBLEMS} more problems"))
    return [*found[:MOST_PROBLEMS], replace(rest, source="")]
