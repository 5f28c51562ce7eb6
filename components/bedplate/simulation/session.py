"""`bedplate sim -- pulumi …`: one command of the real engine, on a copy of the project and on simulated clouds."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bedplate import engine
from bedplate.errors import BedplateError, UsageError
from bedplate.simulation.api_server import Runner
from bedplate.simulation.cloud import Cloud
from bedplate.simulation.environment import simulated_environment
from bedplate.simulation.faults import FaultPlan, read_faults
from bedplate.simulation.home import Home, find_project
from bedplate.simulation.local_cluster import connect
from bedplate.simulation.processes import Completed, run_child
from bedplate.simulation.server import providers
from bedplate.simulation.stacks import prepare_stacks
from bedplate.simulation.world_faults import apply_to_world, check_targets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bedplate.simulation.local_cluster import LocalCluster
    from bedplate.simulation.world_file import World

_NO_ENGINE = "bedplate engine install gets one"


@dataclass(frozen=True, slots=True)
class Session:
    """The engine on one home, with the providers that it shall use."""

    pulumi: Path
    home: Home
    variables: Mapping[str, str]

    def run(
        self, arguments: Sequence[str], *, capture: bool = False, quiet: bool = False, folder: str = ""
    ) -> Completed:
        """Run a pulumi command in the copy of the project."""
        command = [str(self.pulumi), *arguments]
        return run_child(command, self.home.project / folder, self.variables, capture=capture, quiet=quiet)

    def ask(self, *arguments: str) -> Completed:
        """Run a pulumi command for its answer; raises `BedplateError` with its message when it fails, or is stopped."""
        answer = self.run([*arguments, "--non-interactive", "--color=never"], capture=True)
        answer.raise_if_interrupted("the command had not begun")
        if answer.returncode != 0:
            raise BedplateError(f"pulumi {' '.join(arguments)}: {answer.stderr.strip() or answer.stdout.strip()}")
        return answer


def run(
    project: Path,
    arguments: Sequence[str],
    *,
    home: Path,
    faults: Sequence[str] = (),
    runner: str | None = None,
    kubeconfig: Path | None = None,
    crds: Sequence[Path] = (),
    stacks: Path | None = None,
    env: Mapping[str, str] | None = None,
    capture: bool = False,
) -> Completed:
    """Run `pulumi ARGUMENTS` on a copy of a project, with simulated clouds for real ones.

    `home` keeps the copy, the states and the world from one command to the next. `faults` are specs or files
    (`bedplate.simulation.faults`), `runner` is where Pulumi runs (an address, or `inside`). `kubeconfig` leads to a
    test cluster on this machine, to which Kubernetes objects are then applied (`bedplate.simulation.local_cluster`),
    and `crds` are folders with definitions of the custom resources among them, which charts would bring. `stacks` is a
    folder with stack files beside the project's own. `env` stands for this process's environment variables;
    credentials in it are dropped either way. Nothing else outside `home` is written.

    Raises `UsageError` for faults, a runner, a kubeconfig, a project or a stack that make no sense, `InputError` for
    a file of the project or the stack that cannot be read, `BedplateError` when there is no engine or another
    simulation runs in the same home.
    """
    if crds and not kubeconfig:
        raise UsageError("--crds without --kubeconfig", hint="definitions are for the API server of --kubeconfig")
    origin = find_project(project)
    plan = FaultPlan(read_faults(faults))
    where = Runner.parse(runner)
    found = engine.locate()
    if found is None:
        raise BedplateError("there is no Pulumi engine", hint=_NO_ENGINE)
    place = Home(home.absolute())
    given = dict(os.environ if env is None else env)
    cluster = connect(kubeconfig, crds) if kubeconfig else None
    with place.locked():
        wrong = place.prepare(origin, stacks)
        held = place.world()
        with providers(Cloud(held, runner=where, cluster=cluster)) as ports:
            prepare_stacks(simulated_session(found, place, given, ports), origin, arguments, wrong, stacks)
        check_targets(plan.faults, held, with_cluster=cluster is not None)
        apply_to_world(plan.faults, held)
        with providers(Cloud(held, plan, where, cluster)) as ports:
            session = simulated_session(found, place, given, ports)
            done = session.run(arguments, capture=capture, folder=_folder_within(project, origin))
        if cluster:
            cluster.leave(held)
    return _with_remarks(done, [*_remarks(cluster), *plan.idle()], capture=capture)


def _remarks(cluster: LocalCluster | None) -> list[str]:
    """What the API server warned of, and which kinds came and went: the engine has no way to show it."""
    if cluster is None:
        return []
    return [*(f"warning: {warning}" for warning in cluster.warnings), *cluster.kinds.changes]


def _with_remarks(done: Completed, remarks: Sequence[str], *, capture: bool) -> Completed:
    """Tell at the end, on standard error, what the engine could not."""
    text = "".join(f"{remark}\n" for remark in remarks)
    if not capture:
        print(text, end="", file=sys.stderr, flush=True)
    return replace(done, stderr=done.stderr + text)


def simulated_session(found: engine.Engine, home: Home, given: Mapping[str, str], ports: str = "") -> Session:
    """Return a session on a home; without ports it has no providers, and can only work on states."""
    variables = simulated_environment(given, home, ports)
    return Session(found.pulumi, home, {**variables, **engine.environment(found, given)})


def world(home: Path) -> World:
    """Return what the simulated clouds of a home hold."""
    return Home(home.absolute()).world()


def _folder_within(project: Path, origin: Path) -> str:
    return str(project.resolve().relative_to(origin))
