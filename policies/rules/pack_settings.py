"""The parameters of the rules, by team and environment: policies/settings.yaml, which the platform team owns."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, TypeVar, cast

from pydantic import BaseModel, Field

from bedplate.errors import UsageError
from bedplate.stack import Environment
from bedplate.stack_file.beside import parse_beside
from bedplate.stack_file.model import Name, StrictModel, Wording

if TYPE_CHECKING:
    from pathlib import Path

EVERYWHERE = "*"

Days = Annotated[int, Field(gt=0)]
Regions = Annotated[list[str], Field(min_length=1)]
TypePattern = Annotated[
    str,
    Field(pattern=r"^(aws|gcp|azure-native):\w+[/:][\w*/:]+$"),
    Wording("a type such as aws:acm/certificate:Certificate; `*` may stand behind the service alone"),
]
"""A pattern names its service: one for a whole cloud would switch the rule off."""


class LogRetention(StrictModel):
    """For how long logs are kept, in days."""

    min: Days = Field(description="Shorter loses what an investigation needs.")
    max: Days = Field(description="Longer keeps personal data without a reason, and is paid every month.")


class DataRegions(StrictModel):
    """Where data may lie. A team without regions of its own in an environment has those of `default`."""

    default: Regions = Field(description="Regions of every team that has none of its own.")
    teams: dict[Name, dict[Environment, Regions]] = Field(default={}, description="Regions by team and environment.")

    def of(self, team: str, environment: str) -> list[str]:
        """Return the regions of a team in an environment."""
        return self.teams.get(team, {}).get(cast("Environment", environment), self.default)


class PackSettings(StrictModel):
    """The whole file."""

    advisory: dict[str, list[str]] = Field(
        default={},
        description="Rules that advise and do not stop, as patterns of ids, by environment or stack; `*` stands for "
        "each. Caps on cost and unpriced nodes are never advice.",
    )
    data_regions: DataRegions
    required_tags: Annotated[list[str], Field(min_length=1)] = Field(
        description="Tags of every AWS resource that costs money."
    )
    log_retention_days: LogRetention
    model_licences: Annotated[list[str], Field(min_length=1)] = Field(
        description="Licences under which models may be served, by the identifiers of their model cards."
    )
    daemon_sets: list[str] = Field(
        default=[], description="DaemonSets outside of system namespaces that were reviewed, as `namespace/name`."
    )

    unpriced_types: list[TypePattern] = Field(
        default=[],
        description="Types of AWS, Google Cloud and Azure whose price nobody here knows and that may be created "
        "nevertheless, as patterns of `package:module:Type`; a versioned type of azure-native without its version.",
    )

    def is_advice(self, rule: str, stack: str) -> bool:
        """Return whether a rule only advises in a stack, or in an environment that stands for all of its stacks."""
        places = {EVERYWHERE, environment_of(stack), stack}
        return any(fnmatchcase(rule, pattern) for place in places for pattern in self.advisory.get(place, []))


def environment_of(stack: str) -> str:
    """Return the environment of a stack, what follows the last dash of `<team>-<environment>`."""
    return stack.rpartition("-")[2]


def read_pack_settings(path: Path) -> PackSettings:
    """Read the file; see `read_yaml`."""
    return read_yaml(PackSettings, path)


Model = TypeVar("Model", bound=BaseModel)


def read_yaml(model: type[Model], path: Path) -> Model:
    """Read a YAML file into a strict model.

    Raises `UsageError` when it is missing, and `InputError` with everything that is wrong in it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})") from None
    return parse_beside(model, str(path), content)
