"""Kubernetes versions as far as a stack file knows them: a minor version, or down to a patch and the cloud's build."""

from __future__ import annotations

import re

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+)(?:-gke\.(\d+))?)?")


def at_least(version: str, minimum: str) -> bool:
    """Tell whether every build of `version` is at least `minimum`: a minor version may mean its very first build.

    Raises ValueError for what is no version, so that a misspelt minimum can never let everything pass.

    >>> at_least("1.35", "1.34.1-gke.1829001"), at_least("1.34", "1.34.1-gke.1829001")
    (True, False)
    """
    return _parts(version) >= _parts(minimum)


def _parts(version: str) -> tuple[int, ...]:
    found = _VERSION.fullmatch(version)
    if found is None:
        raise ValueError(f"{version!r} is not a Kubernetes version such as 1.35 or 1.34.1-gke.1829001")
    return tuple(int(part or 0) for part in found.groups())
