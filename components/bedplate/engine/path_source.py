"""An engine that the user has installed: `pulumi` on PATH, with its Python language host."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from bedplate.engine.model import LANGUAGE_HOST, SHIM, Engine, Unavailable
from bedplate.engine.requirements import requirements, why_not_good_enough

WAY = "pulumi on PATH"
_VERSION_TIMEOUT_SECONDS = 20.0


def from_path() -> Engine | Unavailable:
    """Return the engine on PATH if it is good enough."""
    found = shutil.which("pulumi")
    minimum = requirements().minimum
    remedy = f"install Pulumi {minimum} or newer (https://www.pulumi.com/docs/install/)"
    if found is None:
        return Unavailable(WAY, "no `pulumi` on PATH", remedy)
    pulumi = Path(found).absolute()
    version = read_version(pulumi)
    if version is None:
        return Unavailable(WAY, f"{pulumi} does not answer `pulumi version`", remedy)
    if why := why_not_good_enough(version, minimum):
        return Unavailable(WAY, f"{pulumi} cannot be used: {why}", remedy)
    if missing := missing_host(pulumi, os.environ.get("PATH", "")):
        return Unavailable(WAY, f"{pulumi} has no {missing} beside it or on PATH", remedy)
    return Engine(pulumi, version, "path")


def read_version(pulumi: Path) -> str | None:
    """Return what `pulumi version` says, without the leading `v`, or None if it does not run."""
    variables = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [pulumi, "version", "--non-interactive"],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_VERSION_TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip().removeprefix("v")


def find_host(pulumi: Path, search_path: str) -> Path | None:
    """Return the language host that this engine would start, or None.

    Package managers link `pulumi` into a common folder and may leave the host beside the real file.
    """
    for directory in (pulumi.parent, pulumi.resolve().parent):
        host = directory / LANGUAGE_HOST
        if os.access(host, os.X_OK):
            return host
    found = shutil.which(LANGUAGE_HOST, path=search_path)
    return Path(found) if found else None


def missing_host(pulumi: Path, search_path: str) -> str:
    """Return the name of the part that this engine lacks to run Python programs, or an empty string."""
    host = find_host(pulumi, search_path)
    if host is None:
        return LANGUAGE_HOST
    beside = any((directory / SHIM).is_file() for directory in (host.parent, host.resolve().parent))
    return "" if beside or shutil.which(SHIM, path=search_path) else SHIM
