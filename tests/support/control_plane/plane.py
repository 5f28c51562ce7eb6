"""A Kubernetes control plane of real programs on 127.0.0.1, which is gone when the process that started it is.

What makes it quick and small: etcd does not wait for the disk (its data is thrown away), nobody elects a leader, and
there is one of each. Nodes are objects without machines (`nodes`): the controller that would notice is switched off.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bedplate.errors import BedplateError
from bedplate.simulation.kubeconfig import read_kubeconfig
from bedplate.simulation.kubernetes_client import KubernetesClient

START_SECONDS = 90.0
"""How long one program may take to be ready, on a machine that is busy with other tests."""

_POLL_SECONDS = 0.05
_LOG_END = 3000

# Lives in the plane's process group, and ends the group when its standard input closes: when the starter died.
_KEEPER = ["sh", "-c", "read -r _; kill -KILL 0"]

_TOKENS = {"kube-scheduler": "", "kube-controller-manager": '"system:masters"'}
"""The groups of the programs that log in by token. The controller manager acts for every controller itself."""


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """A running control plane. `kubeconfig` is an administrator's; each program's log is `directory/NAME.log`."""

    directory: Path
    server: str
    pids: dict[str, int]

    @property
    def kubeconfig(self) -> Path:
        """The file with which an administrator uses it."""
        return self.directory / "admin.kubeconfig"

    def client(self) -> KubernetesClient:
        """Return an administrator's client."""
        return KubernetesClient(read_kubeconfig(self.kubeconfig))


@contextlib.contextmanager
def running(programs: Path, directory: Path) -> Iterator[ControlPlane]:
    """Run a control plane in an empty folder, from when it is ready until the block ends.

    Raises BedplateError with the end of the log of the program that did not start.
    """
    with _processes(directory) as processes:
        yield _start(programs, processes)


@dataclass(slots=True)
class _Processes:
    """The programs of one plane, in one process group."""

    directory: Path
    keeper: subprocess.Popen[bytes]
    started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *command: str | Path) -> None:
        """Start a program, which writes to its own log."""
        name = Path(command[0]).name
        with (self.directory / f"{name}.log").open("wb") as log:
            self.started[name] = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=self.keeper.pid,
            )

    def wait(self, what: str, is_ready: Callable[[], bool]) -> None:
        """Wait until something is ready; raises BedplateError when a program ends or the time is over."""
        deadline = time.monotonic() + START_SECONDS
        while not _holds(is_ready):
            for name, process in self.started.items():
                if process.poll() is not None:
                    raise BedplateError(f"{name} ended with {process.returncode}:\n{self._log(name)}")
            if time.monotonic() > deadline:
                name = list(self.started)[-1]
                raise BedplateError(f"{what} is not ready after {START_SECONDS:.0f} s:\n{self._log(name)}")
            time.sleep(_POLL_SECONDS)

    def kill(self) -> None:
        """End the group. Not by SIGTERM: the API server would drain connections for eight seconds."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.keeper.pid, signal.SIGKILL)
        for process in (*self.started.values(), self.keeper):
            process.wait()

    def _log(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text(errors="replace")[-_LOG_END:]


@contextlib.contextmanager
def _processes(directory: Path) -> Iterator[_Processes]:
    with subprocess.Popen(_KEEPER, stdin=subprocess.PIPE, process_group=0) as keeper:
        processes = _Processes(directory, keeper)
        try:
            yield processes
        finally:
            processes.kill()


def _start(programs: Path, processes: _Processes) -> ControlPlane:
    directory = processes.directory
    subprocess.run([programs / "credentials", directory], check=True)
    etcd, peer, api, scheduler, manager = _free_ports(5)
    server = f"https://127.0.0.1:{api}"
    _write_accesses(directory, server)
    tls = ssl.create_default_context(cafile=str(directory / "ca.crt"))

    processes.start(programs / "etcd", *_etcd_flags(directory, etcd, peer))
    processes.wait("etcd", lambda: "true" in _get(f"http://127.0.0.1:{etcd}/health"))
    processes.start(programs / "kube-apiserver", *_api_server_flags(directory, etcd, api))
    client = KubernetesClient(read_kubeconfig(directory / "admin.kubeconfig"))
    processes.wait("the API server", lambda: client.request("GET", "/readyz").ok)
    processes.start(programs / "kube-scheduler", *_component_flags(directory, "kube-scheduler", scheduler))
    processes.start(programs / "kube-controller-manager", *_manager_flags(directory, manager))
    processes.wait("the scheduler", lambda: _get(f"https://127.0.0.1:{scheduler}/healthz", tls) == "ok")
    processes.wait("the controller manager", lambda: _get(f"https://127.0.0.1:{manager}/healthz", tls) == "ok")
    # pods are refused in a namespace until its account is there
    account = "/api/v1/namespaces/default/serviceaccounts/default"
    processes.wait("the default service account", lambda: client.request("GET", account).ok)
    return ControlPlane(directory, server, {name: process.pid for name, process in processes.started.items()})


def _etcd_flags(directory: Path, client: int, peer: int) -> list[str]:
    urls = {"client": f"http://127.0.0.1:{client}", "peer": f"http://127.0.0.1:{peer}"}
    return [
        f"--data-dir={directory / 'etcd'}",
        "--unsafe-no-fsync",
        "--log-level=warn",
        f"--listen-client-urls={urls['client']}",
        f"--advertise-client-urls={urls['client']}",
        f"--listen-peer-urls={urls['peer']}",
        f"--initial-advertise-peer-urls={urls['peer']}",
        f"--initial-cluster=default={urls['peer']}",
    ]


def _api_server_flags(directory: Path, etcd: int, port: int) -> list[str]:
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd}",
        *_serving_flags(directory, port),
        "--advertise-address=127.0.0.1",
        # it would publish an address of its own for pods, which there are none of
        "--endpoint-reconciler-type=none",
        "--service-cluster-ip-range=10.0.0.0/24",
        f"--client-ca-file={directory / 'ca.crt'}",
        f"--token-auth-file={directory / 'tokens.csv'}",
        "--anonymous-auth=false",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={directory / 'service-account.key'}",
        f"--service-account-signing-key-file={directory / 'service-account.key'}",
        # it marks each new node as not ready, until a controller that is switched off here says otherwise
        "--disable-admission-plugins=TaintNodesByCondition",
        "--profiling=false",
    ]


def _manager_flags(directory: Path, port: int) -> list[str]:
    return [
        *_component_flags(directory, "kube-controller-manager", port),
        # nobody sends the heartbeats of nodes without machines
        "--controllers=*,-node-lifecycle-controller",
        f"--service-account-private-key-file={directory / 'service-account.key'}",
        f"--root-ca-file={directory / 'ca.crt'}",
        "--use-service-account-credentials=false",
    ]


def _component_flags(directory: Path, name: str, port: int) -> list[str]:
    kubeconfig = directory / f"{name}.kubeconfig"
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        *_serving_flags(directory, port),
        "--leader-elect=false",
    ]


def _serving_flags(directory: Path, port: int) -> list[str]:
    return [
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--tls-cert-file={directory / 'server.crt'}",
        f"--tls-private-key-file={directory / 'server.key'}",
    ]


def _write_accesses(directory: Path, server: str) -> None:
    """Write a kubeconfig for the administrator, who has a certificate, and for each program that has a token."""
    certificate = {"client-certificate-data": _base64(directory / "admin.crt")}
    key = {"client-key-data": _base64(directory / "admin.key")}
    _write_kubeconfig(directory, "admin", server, certificate | key)
    lines = []
    for number, (name, groups) in enumerate(_TOKENS.items()):
        token = secrets.token_hex(16)
        lines.append(f"{token},system:{name},{number},{groups}")
        _write_kubeconfig(directory, name, server, {"token": token})
    _write_private(directory / "tokens.csv", "\n".join(lines) + "\n")


def _write_kubeconfig(directory: Path, name: str, server: str, user: dict[str, str]) -> None:
    cluster = {"server": server, "certificate-authority-data": _base64(directory / "ca.crt")}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": name}}],
    }
    _write_private(directory / f"{name}.kubeconfig", json.dumps(content, indent=2) + "\n")


def _write_private(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")


def _base64(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def _free_ports(count: int) -> list[int]:
    """Return ports that are free now; all are held until the last is found, so that they differ."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for held in sockets:
            held.bind(("127.0.0.1", 0))
        return [int(held.getsockname()[1]) for held in sockets]


def _get(url: str, tls: ssl.SSLContext | None = None) -> str:
    address = urlsplit(url)
    host, port = address.hostname or "", address.port
    secure = http.client.HTTPSConnection(host, port, timeout=5, context=tls)
    with contextlib.closing(secure if tls else http.client.HTTPConnection(host, port, timeout=5)) as connection:
        connection.request("GET", address.path)
        return connection.getresponse().read().decode(errors="replace")


def _holds(is_ready: Callable[[], bool]) -> bool:
    try:
        return is_ready()
    except (OSError, http.client.HTTPException, BedplateError):
        return False  # it does not listen yet
