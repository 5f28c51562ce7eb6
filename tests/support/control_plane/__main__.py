"""Builds the control plane, or runs one to work with by hand.

python -m tests.support.control_plane build
python -m tests.support.control_plane run [STACK_FILE]   with nodes for each pool of the stack
"""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

from bedplate.engine.progress import progress_for_people
from bedplate.errors import BedplateError
from bedplate.plan import plan_stack
from bedplate.simulation.kubernetes_client import KubernetesClient
from bedplate.stack_file.load import load_stack
from tests.support.control_plane.nodes import add_pool, kubelet
from tests.support.control_plane.plane import running
from tests.support.control_plane.programs import install


def main(words: list[str]) -> int:
    """Do what the words say; return the exit status."""
    command, *files = words or [""]
    if command not in ("build", "run") or len(files) > (command == "run"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        programs = _build()
        if command == "run":
            _run(programs, [Path(file) for file in files])
    except BedplateError as error:
        print(error, error.hint, sep="\n", file=sys.stderr)
        return error.exit_code
    return 0


def _build() -> Path:
    with progress_for_people() as watched:
        return install(watched)


def _run(programs: Path, stack_files: list[Path]) -> None:
    """Run a plane until it is interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="control-plane-") as folder, running(programs, Path(folder)) as plane:
        client = plane.client()
        for file in stack_files:
            _add_nodes(client, file)
        with kubelet(client):
            print(f"export KUBECONFIG={plane.kubeconfig}\nexport PATH={programs}:$PATH  # kubectl\nCtrl-C ends it.")
            sys.stdout.flush()
            try:
                signal.pause()
            except KeyboardInterrupt:
                print("Ending.", file=sys.stderr)


def _add_nodes(client: KubernetesClient, stack_file: Path) -> None:
    """Add the floor of each pool of a stack, and one node for a pool that has none."""
    loaded = load_stack(stack_file)
    for pool in plan_stack(loaded.spec, loaded.references).node_pools:
        add_pool(client, pool, max(1, pool.min_nodes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
