"""What pods may do beyond the Pod Security Standard `restricted` where a fabric needs more, and nothing else.

Fabrics ask for memory that stays where it is (IPC_LOCK), for libraries and devices of the node, and on A3 machines for
a daemon that sets up routes. Pod Security has no level between `baseline`, which refuses all of that, and `privileged`,
which refuses nothing; so namespaces of such pools are `privileged` to it, and these rules hold the line.
"""

from __future__ import annotations

from bedplate.node_pools.labels import DOMAIN
from bedplate.separation.rules import Rule, Variable

FABRIC_PODS_LABEL = f"{DOMAIN}/fabric-pods"

CAPABILITIES = ("IPC_LOCK", "NET_ADMIN", "NET_BIND_SERVICE")
READ_ONLY_PATHS = (
    "/dev/aperture_devices",
    "/home/kubernetes/bin/gib",
    "/home/kubernetes/bin/nvidia",
    "/home/kubernetes/bin/nvidia/lib64",
)
SOCKET_PATHS = ("/run/tcpx",)
DAEMON_PATHS = ("/sys", "/proc/sys")
DAEMON_IMAGES = "us-docker.pkg.dev/gce-ai-infra/"
"""Google's daemons for A3 machines, the only ones that see how the node is set up."""


def _list(values: tuple[str, ...]) -> str:
    return f"[{', '.join(repr(value) for value in values)}]"


RELAXED = Variable(
    "relaxed",
    f"has(namespaceObject.metadata.labels) && '{FABRIC_PODS_LABEL}' in namespaceObject.metadata.labels",
)
CONTAINERS = Variable(
    "containers",
    "(has(variables.pod.containers) ? variables.pod.containers : [])"
    " + (has(variables.pod.initContainers) ? variables.pod.initContainers : [])",
)
VOLUMES = Variable("volumes", "has(variables.pod.volumes) ? variables.pod.volumes : []")
DAEMON_VOLUMES = Variable(
    "daemonVolumes",
    f"variables.volumes.filter(v, has(v.hostPath) && v.hostPath.path in {_list(DAEMON_PATHS)}).map(v, v.name)",
)

READ_ONLY_VOLUMES = Variable(
    "readOnlyVolumes",
    f"variables.volumes.filter(v, has(v.hostPath) && v.hostPath.path in {_list(READ_ONLY_PATHS)}).map(v, v.name)",
)

FABRIC_VARIABLES = (RELAXED, CONTAINERS, VOLUMES, DAEMON_VOLUMES, READ_ONLY_VOLUMES)
PATHS = (*READ_ONLY_PATHS, *SOCKET_PATHS, *DAEMON_PATHS)

_WHY = "'namespace ' + namespaceObject.metadata.name + ' lets pods use a fabric, "

NO_PRIVILEGES = Rule(
    "no-privileges",
    "!variables.relaxed || variables.containers.all(c, !has(c.securityContext)"
    " || !has(c.securityContext.privileged) || !c.securityContext.privileged)",
    f"{_WHY}and nothing more: remove privileged from securityContext'",
)
NO_HOST = Rule(
    "no-host-namespaces",
    "!variables.relaxed || ((!has(variables.pod.hostNetwork) || !variables.pod.hostNetwork)"
    " && (!has(variables.pod.hostPID) || !variables.pod.hostPID)"
    " && (!has(variables.pod.hostIPC) || !variables.pod.hostIPC))",
    f"{_WHY}and nothing more: remove hostNetwork, hostPID and hostIPC'",
)
FEW_CAPABILITIES = Rule(
    "few-capabilities",
    "!variables.relaxed || variables.containers.all(c, !has(c.securityContext)"
    " || !has(c.securityContext.capabilities) || !has(c.securityContext.capabilities.add)"
    f" || c.securityContext.capabilities.add.all(name, name in {_list(CAPABILITIES)}))",
    f"{_WHY}for which these capabilities are enough: {', '.join(CAPABILITIES)}'",
)
FEW_PATHS = Rule(
    "few-host-paths",
    f"!variables.relaxed || variables.volumes.all(v, !has(v.hostPath) || v.hostPath.path in {_list(PATHS)})",
    f"{_WHY}for which these directories of the node are enough: {', '.join(PATHS)}'",
)
DAEMONS_ALONE = Rule(
    "only-daemons-see-the-node",
    "!variables.relaxed || variables.containers.all(c, !has(c.volumeMounts)"
    " || !c.volumeMounts.exists(m, m.name in variables.daemonVolumes)"
    f" || c.image.startsWith('{DAEMON_IMAGES}'))",
    f"{_WHY}and only the daemons of {DAEMON_IMAGES} may see {' and '.join(DAEMON_PATHS)} of the node'",
)

READS_ONLY = Rule(
    "reads-the-nodes-libraries-only",
    "!variables.relaxed || variables.containers.all(c, !has(c.volumeMounts)"
    " || c.volumeMounts.all(m, !(m.name in variables.readOnlyVolumes) || (has(m.readOnly) && m.readOnly)))",
    f"{_WHY}and the libraries and devices of the node are only read: set readOnly: true on their volumeMounts'",
)
PLAIN_DEBUGGING = Rule(
    "plain-debugging",
    "!variables.relaxed || !has(variables.pod.ephemeralContainers)"
    " || variables.pod.ephemeralContainers.all(c, !has(c.volumeMounts) && (!has(c.securityContext)"
    " || ((!has(c.securityContext.privileged) || !c.securityContext.privileged)"
    " && (!has(c.securityContext.capabilities) || !has(c.securityContext.capabilities.add)))))",
    f"{_WHY}and nothing more: a container for debugging gets no volumes, capabilities or privileges'",
)

FABRIC_POD_RULES = (NO_PRIVILEGES, NO_HOST, FEW_CAPABILITIES, FEW_PATHS, DAEMONS_ALONE, READS_ONLY)
