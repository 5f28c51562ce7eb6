"""Small stack files for tests, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.errors import InputError, Problem
from bedplate.stack_file.load import load_stack

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
config:
  bedplate:hf_token: {secure: AAABAKn2}
  bedplate:stack:
    team: vision
    environment: dev
    clusters:
      main: {provider: aws, region: us-east-1, runner_access: [203.0.113.0/24]}
    node_pools:
      general: {cluster: main, role: general, machine: m7i.2xlarge, nodes: {min: 2, max: 6}}
      gpu: {cluster: main, role: inference, machine: g6.2xlarge, nodes: {min: 0, max: 4}}
"""

NAME = "Pulumi.vision-dev.yaml"


def problems_of(path: Path) -> tuple[Problem, ...]:
    """Return what is wrong with a stack file; nothing when it loads."""
    try:
        load_stack(path)
    except InputError as error:
        return error.problems
    return ()


def problems_in(folder: Path, content: str | bytes) -> tuple[Problem, ...]:
    """Return what is wrong with a stack file of some content."""
    path = folder / NAME
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return problems_of(path)
