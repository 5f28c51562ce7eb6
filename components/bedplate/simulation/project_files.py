"""What a simulation changes in the copies of a project's files, so that they point at nothing real.

What cannot be read cannot be made harmless: a key of a real secrets provider may stand in it. Every function here
raises `InputError` for such a file, in the words of `bedplate validate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from bedplate.errors import InputError, Problem
from bedplate.files import as_seen
from bedplate.simulation import yaml_edits
from bedplate.stack_file.source import Place, Source, decode_source
from bedplate.stack_file.tree import read_tree

if TYPE_CHECKING:
    from pathlib import Path

SIMULATED_SECRET = "simulated-secret"  # noqa: S105  what stands for every secret in a simulation
_FOREIGN_KEYS = ("secretsprovider", "encryptedkey", "encryptionsalt")


@dataclass(frozen=True, slots=True)
class Project:
    """What a Pulumi.yaml says of where things are."""

    name: str
    stack_folder: str
    """Where the stack files are, relative to the project; empty for the project's own folder."""


def read_project(file: Path) -> Project:
    """Return what a Pulumi.yaml says."""
    node = _parsed(file, _text(file))
    name, folder = (_scalar(yaml_edits.at(node, key)) for key in ("name", "stackConfigDir"))
    return Project(name, folder)


def simulated_stack_file(file: Path, salt: str = "") -> str:
    """Return a stack file without its secrets: no provider and key of them, and a simulated value for each.

    `salt` is the simulation's own encryption salt for this stack, where it has one.
    """
    text = _text(file)
    node = _parsed(file, text)
    edits = [yaml_edits.replaced(text, secret, SIMULATED_SECRET) for secret in yaml_edits.find(node, _is_secret)]
    if isinstance(node, yaml.MappingNode) and node.flow_style:
        message = "a stack file in one line cannot be simulated"
        raise InputError([Problem(message, file=str(as_seen(file)), hint="Write its keys in lines.")])
    edits += yaml_edits.without(text, node, _FOREIGN_KEYS)
    return with_salt(yaml_edits.apply(text, edits), salt)


def with_salt(text: str, salt: str) -> str:
    """Return the text of a stack file with an encryption salt at its end; unchanged where there is none."""
    if not salt:
        return text
    return text + ("" if text.endswith("\n") or not text else "\n") + f"encryptionsalt: {salt}\n"


def encryption_salt(file: Path) -> str:
    """Return the encryption salt of a stack file, or an empty string."""
    return _scalar(yaml_edits.at(_parsed(file, _text(file)), "encryptionsalt"))


def simulated_project_file(file: Path, origin: Path) -> str:
    """Return a Pulumi.yaml or PulumiPolicy.yaml for a copy: its own backend gone, the virtual environment in place.

    `origin` is the folder that the file was copied from; a relative virtual environment is found there.
    """
    text = _text(file)
    node = _parsed(file, text)
    edits = yaml_edits.without(text, node, ("backend",))
    environment = yaml_edits.at(node, "runtime", "options", "virtualenv")
    if environment is not None:
        edits.append(yaml_edits.replaced(text, environment, str((origin / _scalar(environment)).resolve())))
    return yaml_edits.apply(text, edits)


def referenced_stacks(file: Path) -> list[str]:
    """Return the stacks that a team's stack file builds on: `clusters: {use2: {stack: platform-prod, …}}`."""
    clusters = yaml_edits.at(_parsed(file, _text(file)), "config", "bedplate:stack", "clusters")
    named = (_scalar(yaml_edits.at(cluster, "stack")) for _, cluster in yaml_edits.entries(clusters).values())
    return sorted({name for name in named if name})


def _is_secret(node: yaml.Node) -> bool:
    return list(yaml_edits.entries(node)) == ["secure"]


def _scalar(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _text(file: Path) -> str:
    name = str(as_seen(file))
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError([Problem(f"cannot be read: {error.strerror}", file=name)]) from None
    return decode_source(name, content).text


def _parsed(file: Path, text: str) -> yaml.Node | None:
    try:
        return yaml_edits.parse(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError(_what_is_wrong(file, text, error)) from None


def _what_is_wrong(file: Path, text: str, error: Exception) -> tuple[Problem, ...]:
    source = Source(str(as_seen(file)), text)
    try:
        read_tree(source)
    except InputError as found:
        return found.problems
    return (source.problem(f"not valid YAML: {error}", Place(1, 1)),)
