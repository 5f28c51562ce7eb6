"""Which versions of the engine are good enough, read from requirements.toml."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

VersionNumber = tuple[int, int, int, bool]
"""Major, minor and patch; the last is False for a pre-release, so that it sorts before its release."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


@dataclass(frozen=True, slots=True)
class Requirements:
    """The versions that Bedplate asks for, and where the official installer can be reached."""

    minimum: str
    minimum_reason: str
    official: str
    official_probe: str


@cache
def requirements() -> Requirements:
    """Return the requirements that come with this version of Bedplate."""
    data = tomllib.loads(files(__package__).joinpath("requirements.toml").read_text(encoding="utf-8"))
    return Requirements(
        minimum=data["minimum"]["version"],
        minimum_reason=data["minimum"]["reason"],
        official=data["official"]["version"],
        official_probe=data["official"]["probe"],
    )


def parse_version(text: str) -> VersionNumber | None:
    """Return a version as `pulumi version` prints it (`v3.250.0`) in a form that sorts, or None."""
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        return None
    major, minor, patch, prerelease, _ = match.groups()
    return int(major), int(minor), int(patch), prerelease is None


def why_not_good_enough(version: str, minimum: str) -> str:
    """Return why an engine of this version cannot be used, or an empty string if it can.

    A newer major version is refused too: the plugin protocol may change with it.
    """
    found, wanted = parse_version(version), parse_version(minimum)
    if wanted is None:
        raise ValueError(f"not a version: {minimum!r}")
    if found is None:
        return f"its version {version!r} cannot be read"
    if found[0] > wanted[0]:
        return f"it is version {version.removeprefix('v')}, and only {wanted[0]}.x is known to work"
    if found < wanted:
        return f"it is version {version.removeprefix('v')}, older than {minimum}"
    return ""
