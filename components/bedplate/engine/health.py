"""`doctor`: looks at everything that running the engine depends on, and names the remedy of what is wrong."""

from __future__ import annotations

import os
import subprocess
import threading
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as distribution_version
from typing import TYPE_CHECKING

from bedplate.engine.cache import engines_directory
from bedplate.engine.go_toolchain import installed_go
from bedplate.engine.installation import environment, locate
from bedplate.engine.model import Check, Unavailable
from bedplate.engine.path_source import find_host, from_path, read_version
from bedplate.engine.recipe import find_recipe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bedplate.engine.model import Engine, Status
    from bedplate.engine.recipe import GoRelease, Recipe

_INSTALL = "run `bedplate engine install`"
_HOST_START_SECONDS = 10.0


def doctor() -> list[Check]:
    """Return the state of everything that running the engine depends on. Changes nothing."""
    engine = locate()
    checks = [_check_engine(engine)]
    if engine is not None:
        checks += [_check_version(engine), _check_host(engine)]
    if engine is None or engine.origin != "path":
        checks.append(check_path(from_path()))
    checks += [check_package(name) for name in ("pulumi", "pulumi-policy")]
    checks.append(_check_cache(engines_directory(), engine))
    checks.append(check_go(installed_go(), find_recipe(), engine))
    checks.append(check_bytecode(os.environ))
    return checks


def _check_engine(engine: Engine | None) -> Check:
    if engine is None:
        return Check("engine", "broken", "none is installed", _INSTALL)
    where = {"path": "on PATH", "official": "official download", "built": "built from Go modules"}
    return Check("engine", "ok", f"{engine.pulumi} ({engine.version}, {where[engine.origin]})")


def check_path(found: Engine | Unavailable) -> Check:
    """Say why the engine on PATH is not the one in use; that alone is no trouble."""
    if isinstance(found, Unavailable):
        return Check(found.way, "ok", f"not used: {found.reason}")
    return Check("pulumi on PATH", "ok", f"{found.pulumi} ({found.version})")


def _check_version(engine: Engine) -> Check:
    answer = read_version(engine.pulumi)
    if answer is None:
        return Check("pulumi", "broken", "`pulumi version` fails", f"remove {engine.pulumi.parent} and {_INSTALL}")
    return Check("pulumi", "ok", f"answers {answer}")


def _check_host(engine: Engine) -> Check:
    host = find_host(engine.pulumi, os.environ.get("PATH", ""))
    if host is None:
        return Check("language host", "broken", "pulumi-language-python is missing", _INSTALL)
    if trouble := _start_host(host, engine):
        return Check("language host", "broken", f"{host} {trouble}", f"remove {host.parent} and {_INSTALL}")
    return Check("language host", "ok", f"{host} starts")


def _start_host(host: Path, engine: Engine) -> str:
    """Start the host as the engine does and return what is wrong, or an empty string."""
    try:
        process = subprocess.Popen(
            [host, "127.0.0.1:1"],
            env=os.environ | environment(engine),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except OSError as error:
        return f"does not start: {error.strerror}"
    assert process.stdout is not None  # noqa: S101 asked for above
    limit = threading.Timer(_HOST_START_SECONDS, process.kill)
    limit.start()
    with process:
        first_line = process.stdout.readline().strip()
        process.terminate()
    limit.cancel()
    return "" if first_line.isdecimal() else f"does not serve: {first_line or 'it says nothing'}"


def check_package(name: str) -> Check:
    """Say which version of a Python package is installed; it is not imported."""
    try:
        return Check(f"package {name}", "ok", distribution_version(name))
    except PackageNotFoundError:
        return Check(f"package {name}", "broken", "not installed", "run `make install`")


def _check_cache(directory: Path, engine: Engine | None) -> Check:
    """A cache that cannot be written only matters to who still has to install something."""
    nearest = next(parent for parent in (directory, *directory.parents) if parent.exists())
    if os.access(nearest, os.W_OK):
        return Check("cache", "ok", str(directory))
    status: Status = "broken" if engine is None else "warning"
    return Check("cache", status, f"{nearest} cannot be written", "set BEDPLATE_CACHE to another folder")


def check_go(go: GoRelease | None, recipe: Recipe | None, engine: Engine | None) -> Check:
    """Go is needed to build an engine; with an engine at hand, its absence is not even a warning."""
    if go is not None:
        return Check("go", "ok", f"{go.version} {go.platform}")
    detail = "not on PATH; only needed to build an engine"
    if engine is not None or recipe is None:
        return Check("go", "ok", detail)
    return Check("go", "warning", detail, f"install Go {recipe.minimum_go} or newer, or Pulumi itself")


def check_bytecode(variables: Mapping[str, str]) -> Check:
    """Python that may not keep bytecode makes every preview several seconds slower."""
    if not variables.get("PYTHONDONTWRITEBYTECODE"):
        return Check("bytecode", "ok", "Python keeps compiled files")
    return Check(
        "bytecode",
        "warning",
        "PYTHONDONTWRITEBYTECODE is set: each `pulumi` command compiles the cloud SDKs again",
        "unset PYTHONDONTWRITEBYTECODE in your shell",
    )
