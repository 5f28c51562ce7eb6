"""Security of pods: what their containers may do to the node, and what they run.

The cluster enforces most of it as well (Pod Security Standard "restricted" on the namespaces of teams); here it is said
before anything exists. Pods of system namespaces are exempt: device plugins and network agents need the node.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from bedplate.separation.fabric_rules import PATHS as FABRIC_PATHS
from rules.model import Resource, Rule, Surroundings
from rules.namespaces import fabric_test_pool, is_kubernetes_object, namespace_of, system_namespaces
from rules.pods import SINGLE_CONTAINERS, Pod, containers, pods
from rules.reading import items, want

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST_NAMESPACES = ("hostPID", "hostIPC", "hostNetwork")

SECRET_NAME = re.compile(
    r"(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|(SECRET_)?ACCESS_KEY|PRIVATE_KEY|CREDENTIALS?)$", re.I
)
"""Names of environment variables that hold secrets. `MAX_TOKENS` and `TOKEN_FILE` do not."""

DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")

FILLED_IN = re.compile(r"(\$\([^()]+\)|\{\{.+\}\})$")
"""The end of an image that only a run fills in, from a parameter of Tekton or of Argo: before that, nobody knows its
tag or digest (tekton.dev/docs/pipelines/variables, argo-workflows.readthedocs.io: Workflow Variables)."""

SECCOMP = ("RuntimeDefault", "Localhost")


def workload_pods(resource: Resource) -> Iterator[Pod]:
    """Yield the pods with containers of an object outside of system namespaces."""
    found = [pod for pod in pods(resource) if pod.runs]
    if found and namespace_of(resource) not in system_namespaces():
        yield from found


def runs_unprivileged(resource: Resource, _: Surroundings) -> Iterator[str]:
    """No container is privileged or may gain more privileges than it starts with."""
    for pod in workload_pods(resource):
        for where, container in containers(pod):
            if want(container, "securityContext", "privileged"):
                yield f"{resource.name} runs {where} privileged"
            if want(container, "securityContext", "allowPrivilegeEscalation") is not False:
                yield f"{resource.name}: {where}.securityContext.allowPrivilegeEscalation is not false"


def runs_as_user(resource: Resource, surroundings: Surroundings) -> Iterator[str]:
    """No container runs as root, except in the test of a fabric: mpirun reaches its nodes by a server that must."""
    if fabric_test_pool(resource, surroundings):
        return
    for pod in workload_pods(resource):
        for where, container in containers(pod):
            if _effective(pod, container, "runAsNonRoot") is not True:
                yield f"{resource.name} may run {where} as root: runAsNonRoot is not true"
            if _effective(pod, container, "runAsUser") == 0:
                yield f"{resource.name} runs {where} as root: runAsUser is 0"


def has_seccomp(resource: Resource, _: Surroundings) -> Iterator[str]:
    """Every container has a seccomp profile."""
    for pod in workload_pods(resource):
        for where, container in containers(pod):
            if (_effective(pod, container, "seccompProfile") or {}).get("type") not in SECCOMP:
                yield f"{resource.name}: {where} has no seccompProfile of type RuntimeDefault or Localhost"


def _effective(pod: Pod, container: dict[str, Any], field: str) -> Any:
    """Return a setting of a container, which inherits what its pod says."""
    own = want(container, "securityContext", field)
    return want(pod.spec, "securityContext", field) if own is None else own


def stays_off_the_host(resource: Resource, surroundings: Surroundings) -> Iterator[str]:
    """No pod shares the node's processes, memory or network, or mounts its files, but those that a fabric needs."""
    needed = FABRIC_PATHS if fabric_test_pool(resource, surroundings) else ()
    for pod in workload_pods(resource):
        for field in HOST_NAMESPACES:
            if want(pod.spec, field):
                yield f"{resource.name} sets {pod.where(field)}"
        for index, volume in enumerate(items(pod.spec, "volumes")):
            mounted = want(volume, "hostPath")
            if mounted and (path := mounted.get("path")) not in needed:
                yield f"{resource.name} mounts {path} of the node: {pod.where('volumes', index)}"


def mounts_no_token(resource: Resource, _: Surroundings) -> Iterator[str]:
    """A pod gets a token for the API server only where it has a service account of its own."""
    for pod in workload_pods(resource):
        if not {"containers", *SINGLE_CONTAINERS} & pod.spec.keys():
            continue  # steps of Tekton: the run of a task says the account, the task does not
        account = want(pod.spec, "serviceAccountName") or "default"
        if account == "default" and want(pod.spec, "automountServiceAccountToken") is not False:
            yield f"{resource.name} mounts the token of the default service account"


def has_no_plain_secrets(resource: Resource, _: Surroundings) -> Iterator[str]:
    """No secret is written into an environment variable."""
    for pod in workload_pods(resource):
        for where, container in containers(pod):
            for index, variable in enumerate(items(container, "env")):
                name = want(variable, "name") or ""
                if SECRET_NAME.search(name) and variable.get("value"):
                    yield f"{resource.name} writes {name} as plain text into {where}.env[{index}]"


def has_pinned_images(resource: Resource, _: Surroundings) -> Iterator[str]:
    """Every image has a tag of its own or a digest."""
    for where, image in _images(resource):
        name = image.rpartition("/")[2]
        tag = name.partition("@")[0].partition(":")[2]
        if "@" not in name and (tag == "latest" or (not tag and not FILLED_IN.search(image))):
            yield f"{resource.name} runs {image}, which is another image tomorrow: {where}.image has no tag of its own"


def has_image_digests(resource: Resource, _: Surroundings) -> Iterator[str]:
    """Every image is named by its digest."""
    for where, image in _images(resource):
        if not DIGEST.search(image) and not FILLED_IN.search(image):
            yield f"{resource.name} runs {image}, whose tag may move: {where}.image has no digest"


def _images(resource: Resource) -> Iterator[tuple[str, str]]:
    for pod in workload_pods(resource):
        for where, container in containers(pod):
            image = want(container, "image")
            yield where, image or ""


def is_not_in_default(resource: Resource, _: Surroundings) -> Iterator[str]:
    """No workload runs in the namespace `default`."""
    if any(pod.runs for pod in pods(resource)) and namespace_of(resource) == "default":
        yield f"{resource.name} runs in the namespace default"


POD_RULE: Callable[..., Rule] = partial(Rule, family="security", applies=is_kubernetes_object)

RULES = (
    POD_RULE(
        id="security-unprivileged",
        demands="No container is privileged or may escalate its privileges.",
        reason="A privileged container is root on its node, and so on everything that runs there.",
        fix="set securityContext.allowPrivilegeEscalation to false and leave privileged out",
        references=("CKV_K8S_16", "CKV_K8S_20", "CIS EKS 4.2.1", "CIS EKS 4.2.5", "CIS GKE 4.2.1"),
        passes="securityContext: {allowPrivilegeEscalation: false}",
        fails="securityContext: {privileged: true}",
        check=runs_unprivileged,
    ),
    POD_RULE(
        id="security-not-root",
        demands="No container runs as root.",
        reason="Root in a container is root on the node after one defect of the kernel or of the runtime.",
        fix="set securityContext.runAsNonRoot to true, for the pod or each container",
        references=("CKV_K8S_23", "NSA/CISA 1.0"),
        passes="securityContext: {runAsNonRoot: true}",
        fails="securityContext: {runAsUser: 0}",
        check=runs_as_user,
    ),
    POD_RULE(
        id="security-host-namespaces",
        demands="No pod shares the node's process, IPC or network namespace, or mounts its files.",
        reason="hostNetwork passes by network policies; hostPath reads what other pods wrote.",
        fix="remove hostPID, hostIPC, hostNetwork and hostPath; ask the platform team to run what needs them",
        references=("CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19", "CIS EKS 4.2.2", "CIS EKS 4.2.3", "CIS EKS 4.2.4"),
        passes="hostNetwork: false",
        fails="hostNetwork: true",
        check=stays_off_the_host,
    ),
    POD_RULE(
        id="security-seccomp",
        demands="Every container has a seccomp profile.",
        reason="Kubernetes leaves system calls unfiltered where nothing is said.",
        fix="set securityContext.seccompProfile.type to RuntimeDefault for the pod",
        references=("CKV_K8S_31", "CIS GKE 4.6.2"),
        passes="securityContext: {seccompProfile: {type: RuntimeDefault}}",
        fails="securityContext: {seccompProfile: {type: Unconfined}}",
        check=has_seccomp,
    ),
    POD_RULE(
        id="security-service-account-token",
        demands="A pod mounts a token for the API server only with a service account of its own.",
        reason="A token that nobody needs is a way into the API server from every container.",
        fix="set automountServiceAccountToken to false, or name a service account that has what the pod needs",
        references=("CKV_K8S_38", "CIS EKS 4.1.6"),
        passes="automountServiceAccountToken: false",
        fails="neither serviceAccountName nor automountServiceAccountToken",
        check=mounts_no_token,
    ),
    POD_RULE(
        id="security-plain-secrets",
        demands="No secret stands in an environment variable as text.",
        reason="Whoever may read the workload may read it: in the state, in the API server, in a crash report.",
        fix="put it into a Secret and mount it as a file, or refer to it with valueFrom.secretKeyRef",
        references=("CKV_K8S_35", "CIS EKS 4.4.1"),
        passes="env: [{name: HF_TOKEN, valueFrom: {secretKeyRef: …}}]",
        fails="env: [{name: HF_TOKEN, value: hf_…}]",
        check=has_no_plain_secrets,
    ),
    POD_RULE(
        id="security-image-tags",
        demands="Every image has a tag of its own or a digest.",
        reason="`latest`, and no tag, are another image on the next node that starts.",
        fix="name a version, better a digest",
        references=("CKV_K8S_14",),
        passes="image: registry.example/web:1.4.2",
        fails="image: registry.example/web",
        check=has_pinned_images,
    ),
    POD_RULE(
        id="security-image-digests",
        demands="Every image is named by its digest.",
        reason="A tag can be moved to other content after the review.",
        fix="run `bedplate images pin` for images of Bedplate and of stack files, add @sha256:… to others",
        references=("CKV_K8S_43",),
        passes=f"image: registry.example/web:1.4.2@sha256:{'0' * 8}…",
        fails="image: registry.example/web:1.4.2",
        check=has_image_digests,
    ),
    POD_RULE(
        id="security-default-namespace",
        demands="No workload runs in the namespace `default`.",
        reason="No quota, no network policy and no role bounds what runs there.",
        fix="use the team's namespace, `<team>-<environment>-<role>`",
        references=("CKV_K8S_21", "CIS EKS 4.5.2", "CIS GKE 4.6.4"),
        passes="namespace: vision-prod-general",
        fails="no namespace",
        check=is_not_in_default,
    ),
)
