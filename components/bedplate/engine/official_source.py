"""The official download, through the installer of the Pulumi SDK, into Bedplate's own cache."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from bedplate.engine.cache import engines_directory, publish, workspace
from bedplate.engine.model import Engine, Progress, Unavailable
from bedplate.engine.path_source import missing_host, read_version
from bedplate.engine.requirements import requirements

if TYPE_CHECKING:
    from pathlib import Path

WAY = "official download"
_CONNECT_SECONDS = 4.0
_DOWNLOAD_SECONDS = 600.0

# Runs in a process of its own: importing pulumi costs 0.3 s and the installer knows no time limit.
_INSTALLER = """
import sys
from pulumi.automation import PulumiCommand
from semver import VersionInfo
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""


def target() -> Path:
    """Return the folder of the downloaded engine, whether it is there or not."""
    return engines_directory() / f"official-{requirements().official}"


def installed_official() -> Engine | None:
    """Return the engine that was downloaded before, if there is one."""
    pulumi = target() / "bin" / "pulumi"
    if not os.access(pulumi, os.X_OK):
        return None
    return Engine(pulumi, requirements().official, "official")


def download(progress: Progress) -> Engine | Unavailable:
    """Download the official engine, if its server can be reached."""
    wanted = requirements()
    remedy = f"allow connections to {wanted.official_probe.split('/')[2]}, or set HTTPS_PROXY"
    progress.stage("Asking for the official download")
    if trouble := why_unreachable(wanted.official_probe, _CONNECT_SECONDS):
        return Unavailable(WAY, trouble, remedy)
    progress.stage(f"Downloading Pulumi {wanted.official}")
    with workspace(engines_directory()) as work:
        if trouble := _run_installer(work, wanted.official):
            return Unavailable(WAY, trouble, remedy)
        pulumi = work / "bin" / "pulumi"
        if read_version(pulumi) != wanted.official or missing_host(pulumi, ""):
            return Unavailable(WAY, "what was downloaded does not run", remedy)
        publish(work, target())
    return Engine(target() / "bin" / "pulumi", wanted.official, "official")


def why_unreachable(address: str, seconds: float) -> str:
    """Return why an address does not answer, or an empty string if it does; takes at most `seconds`.

    On a thread, because no timeout covers the name look-up, which can take half a minute on a machine without
    a network. The thread ends by itself and does not keep the process alive.
    """
    import urllib.error
    import urllib.request

    answer = [f"{address} does not answer within {seconds:g} s"]

    def ask() -> None:
        request = urllib.request.Request(address, method="HEAD")  # noqa: S310 the address is ours and https
        try:
            urllib.request.urlopen(request, timeout=seconds).close()  # noqa: S310
        except urllib.error.HTTPError as error:
            answer[0] = f"{address} answers {error.code}"
        except (OSError, ValueError) as error:
            answer[0] = f"{address} cannot be reached ({getattr(error, 'reason', error)})"
        else:
            answer[0] = ""

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answer[0]


def _run_installer(root: Path, version: str) -> str:
    """Run the SDK's installer and return what went wrong, or an empty string."""
    process = subprocess.Popen(
        [sys.executable, "-c", _INSTALLER, str(root), version],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that its shell script and the download end with it
    )
    try:
        output, _ = process.communicate(timeout=_DOWNLOAD_SECONDS)
    except subprocess.TimeoutExpired:
        return f"the download did not end within {_DOWNLOAD_SECONDS:g} s"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode == 0:
        return ""
    lines = [line for line in output.splitlines() if line.strip()]
    return f"the installer failed: {lines[-1] if lines else f'exit code {process.returncode}'}"
