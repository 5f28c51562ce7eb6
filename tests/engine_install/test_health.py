"""What `doctor` finds, and what it says to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bedplate.engine.health import check_bytecode, check_go, check_package, check_path, doctor
from bedplate.engine.model import LANGUAGE_HOST, SHIM, Engine, Unavailable
from bedplate.engine.recipe import GoRelease, find_recipe

if TYPE_CHECKING:
    from tests.engine_install.conftest import Machine

ENGINE = Engine(Path("/usr/bin/pulumi"), "3.272.0", "path")


def statuses() -> dict[str, str]:
    return {check.name: check.status for check in doctor()}


def test_a_machine_without_an_engine(machine: Machine) -> None:
    found = {check.name: check for check in doctor()}
    assert found["engine"].status == "broken"
    assert "bedplate engine install" in found["engine"].remedy
    assert found["go"].status == "warning"
    assert found["pulumi on PATH"].detail == "not used: no `pulumi` on PATH"
    assert "language host" not in found


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("import time\nprint(4711, flush=True)\ntime.sleep(60)", "ok"),
        ("raise SystemExit('the shim is missing')", "broken"),
        ("", "broken"),
    ],
)
def test_the_language_host_is_started(machine: Machine, host: str, status: str) -> None:
    machine.add_pulumi("v3.272.0")
    machine.add(LANGUAGE_HOST, host)
    machine.add(SHIM)
    assert statuses()["language host"] == status


def test_a_warning_never_stands_without_a_remedy(machine: Machine) -> None:
    assert all(check.remedy for check in doctor() if check.status != "ok")


@pytest.mark.parametrize(
    ("found", "detail"),
    [
        (Unavailable("pulumi on PATH", "too old", "upgrade"), "not used: too old"),
        (ENGINE, "/usr/bin/pulumi (3.272.0)"),
    ],
)
def test_an_engine_on_path_that_is_not_used_is_explained(found: Engine | Unavailable, detail: str) -> None:
    assert (check_path(found).status, check_path(found).detail) == ("ok", detail)


@pytest.mark.parametrize(
    ("go", "engine", "status"),
    [
        (GoRelease("go1.26.8", "linux/amd64"), None, "ok"),
        (None, ENGINE, "ok"),
        (None, None, "warning"),
    ],
)
def test_go_matters_only_to_who_has_no_engine(go: GoRelease | None, engine: Engine | None, status: str) -> None:
    assert check_go(go, find_recipe(), engine).status == status


@pytest.mark.parametrize(("value", "status"), [("", "ok"), ("1", "warning")])
def test_missing_bytecode_is_a_warning(value: str, status: str) -> None:
    assert check_bytecode({"PYTHONDONTWRITEBYTECODE": value}).status == status


def test_a_missing_package_is_named_with_its_remedy() -> None:
    assert check_package("pulumi").status == "ok"
    absent = check_package("no-such-distribution")
    assert (absent.status, absent.remedy) == ("broken", "run `make install`")
