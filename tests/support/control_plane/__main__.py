"""`python -m tests.support.control_plane build` builds the programs, `run` starts a plane to work with by hand."""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

from bedplate.engine.progress import progress_for_people
from bedplate.errors import BedplateError
from tests.support.control_plane.nodes import Node, add_node, kubelet
from tests.support.control_plane.plane import running
from tests.support.control_plane.programs import install


def main(words: list[str]) -> int:
    """Do what one word says; return the exit status."""
    if words not in (["build"], ["run"]):
        print("usage: python -m tests.support.control_plane build|run", file=sys.stderr)
        return 2
    try:
        with progress_for_people() as watched:
            programs = install(watched)
        return _run(programs) if words == ["run"] else 0
    except BedplateError as error:
        print(error.message, error.hint, sep="\n", file=sys.stderr)
        return error.exit_code


def _run(programs: Path) -> int:
    """Run a plane with one general node until it is interrupted."""
    with tempfile.TemporaryDirectory(prefix="control-plane-") as folder, running(programs, Path(folder)) as plane:
        client = plane.client()
        add_node(client, Node("general-1", {"bedplate.dev/role": "general"}))
        with kubelet(client):
            print(f"export KUBECONFIG={plane.kubeconfig}\nexport PATH={programs}:$PATH  # kubectl\nCtrl-C ends it.")
            sys.stdout.flush()
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
