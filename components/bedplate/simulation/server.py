"""Serves the simulated providers on ports of 127.0.0.1, inside the process that runs the engine.

No process of their own: when the simulation ends, however it ends, its providers and ports are gone with it.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import util
from typing import TYPE_CHECKING

from bedplate.sdk_types.classes import SDK_PACKAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.simulation.cloud import Cloud

_THREADS = 64
_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),  # another process must never share a port with a simulation
)


@contextmanager
def providers(cloud: Cloud) -> Iterator[str]:
    """Serve every provider whose SDK is installed, and yield them as `PULUMI_DEBUG_PROVIDERS` wants them."""
    # Python's subprocess does not need gRPC's fork handlers, which complain about threads of the servers
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    import grpc
    from pulumi.runtime.proto import provider_pb2_grpc

    from bedplate.simulation.servicer import Provider

    servers = []
    ports = []
    try:
        for package, module in SDK_PACKAGES.items():
            if util.find_spec(module) is None:
                continue
            server = grpc.server(ThreadPoolExecutor(_THREADS), options=_OPTIONS)
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(package, cloud), server)
            ports.append(f"{package}:{server.add_insecure_port('127.0.0.1:0')}")
            server.start()
            servers.append(server)
        yield ",".join(ports)
    finally:
        cloud.cancelled.set()  # nobody waits for a slow creation any more
        for stopped in [server.stop(grace=None) for server in servers]:
            stopped.wait()
