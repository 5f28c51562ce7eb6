"""The installed engine with its language host: programs, policy packs, cancellation, and nothing left running."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.engine import Workspace, installed_engine, new_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.engine

PROGRAM = """
import os
import subprocess
import time

import pulumi


class Thing(pulumi.ComponentResource):
    def __init__(self, name: str, size: int) -> None:
        super().__init__("test:index:Thing", name, {"size": size})
        self.register_outputs({"size": size})


Thing("one", pulumi.Config().get_int("size") or 1)
pulumi.export("answer", 42)

if os.environ.get("WAIT"):
    child = subprocess.Popen(["sleep", "600"])
    print(f"processes: {os.getppid()} {os.getpid()} {child.pid}", flush=True)
    time.sleep(600)
"""

POLICY = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy


def small(args, report):
    if args.resource_type == "test:index:Thing" and args.props["size"] > 2:
        report(f"size is {args.props['size']:g}, at most 2 is allowed")


PolicyPack(
    "sizes",
    policies=[ResourceValidationPolicy("small", "Things are small.", small, EnforcementLevel.MANDATORY)],
)
"""

RUNTIME = """runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: {virtualenv}
"""

ENVIRONMENT = Path(sys.prefix)
"""The virtual environment of these tests; it has the Pulumi SDKs."""

# Generous: these tests share two cores with others.
END_SECONDS = 20.0


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = new_workspace(tmp_path)
    write_project(tmp_path / "project", "Pulumi.yaml", f"name: tiny\n{RUNTIME}", PROGRAM, ENVIRONMENT)
    write_project(tmp_path / "policies", "PulumiPolicy.yaml", f"version: 0.0.1\n{RUNTIME}", POLICY, ENVIRONMENT)
    return made


def write_project(folder: Path, name: str, project: str, program: str, virtualenv: Path | str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(project.format(virtualenv=virtualenv), encoding="utf-8")
    (folder / "__main__.py").write_text(program, encoding="utf-8")


@pytest.fixture
def project(workspace: Workspace) -> Path:
    """Return a project folder with an empty stack selected."""
    folder = workspace.directory / "project"
    created = workspace.pulumi("stack", "init", "dev", cwd=folder)
    assert created.returncode == 0, created.stderr
    return folder


@pytest.fixture
def our_language_host() -> None:
    """Skip what only our own language host promises."""
    if installed_engine().origin != "built":
        pytest.skip("the engine on this machine comes with the official language host")


def resources(workspace: Workspace, project: Path) -> list[str]:
    exported = workspace.pulumi("stack", "export", cwd=project)
    assert exported.returncode == 0, exported.stderr
    state = json.loads(exported.stdout)["deployment"]
    assert not state.get("pending_operations")
    return [resource["type"] for resource in state.get("resources", [])]


def test_a_stack_is_previewed_created_and_destroyed(workspace: Workspace, project: Path) -> None:
    preview = workspace.pulumi("preview", cwd=project)
    assert preview.returncode == 0, preview.stdout + preview.stderr
    assert "+ 2 to create" in preview.stdout
    assert "warning" not in preview.stdout + preview.stderr, "the engine must find the host beside itself"

    up = workspace.pulumi("up", "--yes", "--skip-preview", cwd=project)
    assert up.returncode == 0, up.stdout + up.stderr
    assert resources(workspace, project) == ["pulumi:pulumi:Stack", "test:index:Thing"]
    assert json.loads(workspace.pulumi("stack", "output", "--json", cwd=project).stdout) == {"answer": 42}
    again = workspace.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", cwd=project)
    assert again.returncode == 0, again.stdout

    destroy = workspace.pulumi("destroy", "--yes", "--skip-preview", cwd=project)
    assert destroy.returncode == 0, destroy.stdout + destroy.stderr
    assert resources(workspace, project) == []


@pytest.mark.skipif(shutil.which("uv", path=str(ENVIRONMENT / "bin")) is None, reason="no uv beside Python")
def test_the_uv_toolchain_runs_programs_too(workspace: Workspace, project: Path) -> None:
    runtime = RUNTIME.replace("toolchain: pip", "toolchain: uv")
    write_project(project, "Pulumi.yaml", f"name: tiny\n{runtime}", PROGRAM, ENVIRONMENT)
    search_path = os.pathsep.join([str(installed_engine().pulumi.parent), str(ENVIRONMENT / "bin"), os.environ["PATH"]])
    preview = workspace.pulumi("preview", cwd=project, PATH=search_path)
    assert preview.returncode == 0, preview.stdout + preview.stderr
    assert "+ 2 to create" in preview.stdout


def test_configuration_reaches_the_program(workspace: Workspace, project: Path) -> None:
    assert workspace.pulumi("config", "set", "size", "7", cwd=project).returncode == 0
    preview = workspace.pulumi("preview", "--json", cwd=project)
    assert preview.returncode == 0, preview.stdout
    things = [step for step in json.loads(preview.stdout)["steps"] if step["urn"].endswith("::one")]
    assert things[0]["newState"]["inputs"] == {"size": 7}


@pytest.mark.parametrize(("size", "exit_code"), [("1", 0), ("3", 1)])
def test_a_policy_pack_decides(workspace: Workspace, project: Path, size: str, exit_code: int) -> None:
    workspace.pulumi("config", "set", "size", size, cwd=project)
    preview = workspace.pulumi("preview", "--policy-pack", "../policies", cwd=project)
    assert preview.returncode == exit_code, preview.stdout + preview.stderr
    assert ("size is 3, at most 2 is allowed" in preview.stdout) is (exit_code == 1)


@pytest.mark.usefixtures("our_language_host")
@pytest.mark.parametrize("makefile", [True, False])
def test_a_missing_environment_is_named_with_the_command_that_makes_it(
    workspace: Workspace, project: Path, makefile: bool
) -> None:
    write_project(project, "Pulumi.yaml", f"name: tiny\n{RUNTIME}", PROGRAM, ".venv")
    if makefile:
        (project / "Makefile").write_text("install:\n", encoding="utf-8")
    preview = workspace.pulumi("preview", cwd=project)
    assert preview.returncode != 0
    remedy = "make install" if makefile else "pulumi install"
    expected = f"the Python environment {project / '.venv'} does not exist; run `{remedy}` in {project}"
    assert expected in preview.stdout + preview.stderr


@pytest.mark.usefixtures("our_language_host")
def test_a_policy_pack_without_its_environment_is_named_too(workspace: Workspace, project: Path) -> None:
    pack = workspace.directory / "policies"
    write_project(pack, "PulumiPolicy.yaml", RUNTIME, POLICY, "../.venv")
    preview = workspace.pulumi("preview", "--policy-pack", str(pack), cwd=project)
    assert preview.returncode != 0
    assert f"the Python environment {workspace.directory / '.venv'} does not exist" in preview.stderr


def test_a_failing_program_shows_its_own_error_once(workspace: Workspace, project: Path) -> None:
    (project / "__main__.py").write_text("raise ValueError('no such machine')\n", encoding="utf-8")
    preview = workspace.pulumi("preview", cwd=project)
    assert preview.returncode != 0
    assert preview.stdout.split("Diagnostics:")[1].count("ValueError: no such machine") == 1


@pytest.fixture
def waiting(workspace: Workspace, project: Path) -> Iterator[tuple[int, list[int]]]:
    """Yield an update whose program hangs: the process id of `pulumi`, and those of all that it runs."""
    process = workspace.start("up", "--yes", "--skip-preview", "--policy-pack", "../policies", cwd=project, WAIT="1")
    assert process.stdout is not None
    match = None
    while match is None:
        line = process.stdout.readline()
        assert line, "the update ended before its program waited"
        match = re.search(r"processes: (\d+) (\d+) (\d+)", line)
    host, program, grandchild = (int(number) for number in match.groups())
    policy_pack = [pid for pid in children(host) if pid != program]
    assert len(policy_pack) == 1, "the policy pack runs beside the program"
    others = [host, program, grandchild, *policy_pack]
    yield process.pid, others
    for pid in (process.pid, *others):
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    process.communicate()


def children(parent: int) -> list[int]:
    """Return the process ids that the kernel lists under a parent (Linux), whichever thread started them."""
    listed: list[int] = []
    for task in Path(f"/proc/{parent}/task").iterdir():
        listed += [int(pid) for pid in (task / "children").read_text(encoding="utf-8").split()]
    return listed


def alive(pid: int) -> bool:
    """Say whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return ") Z " not in status


def assert_all_end(pids: list[int]) -> None:
    deadline = time.monotonic() + END_SECONDS
    while running := [pid for pid in pids if alive(pid)]:
        assert time.monotonic() < deadline, f"still running after {END_SECONDS:g} s: {running}"
        time.sleep(0.05)


linux = pytest.mark.skipif(sys.platform != "linux", reason="reads processes from /proc")


@linux
@pytest.mark.usefixtures("our_language_host")
def test_killing_the_engine_leaves_no_process(
    workspace: Workspace, project: Path, waiting: tuple[int, list[int]]
) -> None:
    engine, others = waiting
    assert all(alive(pid) for pid in others)
    os.kill(engine, signal.SIGKILL)
    assert_all_end(others)
    cancelled = workspace.pulumi("cancel", "--yes", cwd=project)
    assert cancelled.returncode == 0, cancelled.stderr
    assert workspace.pulumi("up", "--yes", "--skip-preview", cwd=project).returncode == 0


@linux
def test_an_interrupt_ends_everything_and_leaves_no_lock(
    workspace: Workspace, project: Path, waiting: tuple[int, list[int]]
) -> None:
    engine, others = waiting
    os.kill(engine, signal.SIGINT)
    assert_all_end([*others, engine])
    assert resources(workspace, project) == []
    assert workspace.pulumi("up", "--yes", "--skip-preview", cwd=project).returncode == 0


@linux
@pytest.mark.usefixtures("our_language_host")
def test_killing_the_language_host_ends_its_programs(waiting: tuple[int, list[int]]) -> None:
    _, (host, program, _, policy_pack) = waiting
    os.kill(host, signal.SIGKILL)
    assert_all_end([program, policy_pack])
