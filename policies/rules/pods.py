"""Finds the pods that a Kubernetes object makes, in whatever kind they are written."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from bedplate.errors import FieldPath, dotted
from bedplate.sdk_types.values import is_unknown
from rules.reading import UndecidedError, undecided

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules.model import Resource

TEMPLATE = ("spec", "template", "spec")

POD_PATHS: Mapping[str, tuple[str, ...]] = {
    "kubernetes:core/*:Pod": ("spec",),
    "kubernetes:core/*:PodTemplate": ("template", "spec"),
    "kubernetes:core/*:ReplicationController": TEMPLATE,
    "kubernetes:apps/*:Deployment": TEMPLATE,
    "kubernetes:apps/*:StatefulSet": TEMPLATE,
    "kubernetes:apps/*:DaemonSet": TEMPLATE,
    "kubernetes:apps/*:ReplicaSet": TEMPLATE,
    "kubernetes:batch/*:Job": TEMPLATE,
    "kubernetes:batch/*:CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
"""Where the pod stands in the kinds that always have one: it must be there and known."""

WITHOUT_PODS = (
    "kubernetes:core/v1:ConfigMap*",
    "kubernetes:core/v1:Secret*",
    "kubernetes:apiextensions.k8s.io/*",
)
"""Kinds whose content is text, or a schema that names the fields of pods."""

POD_KEYS = frozenset({"containers", "tolerations", "nodeName", "nodeSelector"})
"""An object with one of these is taken for a pod: custom resources, patches and lists have pods anywhere."""

CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers", "sidecars", "steps")
SINGLE_CONTAINERS = ("container", "script")
STEP_TEMPLATE = "stepTemplate"
"""Where containers stand: those of a pod, and the sidecars, steps and single ones of Argo's templates
(argoproj/argo-workflows:pkg/apis/workflow/v1alpha1, Template) and of Tekton's tasks, whose steps begin with a template
(tektoncd/pipeline:pkg/apis/pipeline/v1, TaskSpec)."""

PLAIN_LISTS = ("initContainers", "containers", "ephemeralContainers")
"""Lists of containers and of nothing else; what is called steps or sidecars may be something else."""

TEMPLATES = "templates"
CONTAINER_SET = "containerSet"
OF_WORKFLOW = ("serviceAccountName", "automountServiceAccountToken", "securityContext")
"""What a template of Argo takes whole from the workflow that lists it, where it does not say it itself
(argoproj/argo-workflows:workflow/controller/workflowpod.go, 2026-11-21)."""

HIDING_PLACES = frozenset(
    {
        *POD_KEYS,
        *CONTAINER_LISTS,
        *SINGLE_CONTAINERS,
        STEP_TEMPLATE,
        *("affinity", "items", "jobTemplate", "podTemplate", "replicatedJobs", "spec", "template", TEMPLATES),
        *("leaderWorkerTemplate", "leaderTemplate", "workerTemplate"),  # LeaderWorkerSet
        *("predictor", "transformer", "explainer", "workerSpec"),  # KServe
        *(CONTAINER_SET, "workflowSpec", "taskSpec", "pipelineSpec"),  # Argo, Tekton
        *("headGroupSpec", "workerGroupSpecs", "rayClusterSpec", "rayClusterConfig", "submitterPodTemplate"),  # Ray
        *(f"{kind}ReplicaSpecs" for kind in ("jax", "mpi", "paddle", "pytorch", "tf", "xgb")),  # Kubeflow
        "jobTargetRef",  # KEDA
    }
)
"""Fields that could hold a pod or decide where it runs; one of them unknown leaves nothing to judge.

Other fields of custom resources may be unknown: refusing them would refuse every role ARN and security group. A pod
that hides behind one is judged by the cluster's admission policies.
"""


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as written, and where it stands in its object."""

    path: FieldPath
    spec: Mapping[str, Any]

    @property
    def runs(self) -> bool:
        """Whether it has containers. A patch or a runtime class may bring tolerations alone."""
        return "containers" in self.spec or _runs_otherwise(self.spec)

    def where(self, *field: str | int) -> str:
        """Return the path of one of its fields, as messages show it."""
        return dotted((*self.path, *field))


def pods(resource: Resource) -> tuple[Pod, ...]:
    """Return the pods of an object; raises `UndecidedError` where one may be hidden behind an unknown value.

    Many rules ask for them, so what was found, or what stood in the way, is kept with the resource.
    """
    known = resource.memory.get("pods")
    if known is None:
        try:
            known = tuple(_find(resource))
        except UndecidedError as error:
            known = error
        resource.memory["pods"] = known
    if isinstance(known, UndecidedError):
        raise known
    found: tuple[Pod, ...] = known
    return found


def containers(pod: Pod) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the containers of a pod, each with its path; raises `UndecidedError` for a list that is unknown."""
    for field in CONTAINER_LISTS:
        listed = pod.spec.get(field)
        if is_unknown(listed):
            raise undecided((*pod.path, field))
        for index, container in enumerate(listed if isinstance(listed, list) else ()):
            if is_unknown(container):
                raise undecided((*pod.path, field, index))
            if field == "steps":
                container = _begun(container, pod.spec.get(STEP_TEMPLATE))
            if field in PLAIN_LISTS or _is_container(container):
                yield pod.where(field, index), container
    for field in SINGLE_CONTAINERS:
        single: Any = pod.spec.get(field)
        if _is_container(single):
            yield pod.where(field), single


def _is_container(value: object) -> bool:
    """Return whether something is a container by its content: canaries have steps too, and metrics name containers."""
    return isinstance(value, dict) and ("image" in value or "securityContext" in value)


def _begun(step: Any, template: Any) -> Any:
    """Return a step with what it does not say itself taken from the template of all steps."""
    if not isinstance(step, dict) or not isinstance(template, dict):
        return step
    mine, given = step.get("securityContext") or {}, template.get("securityContext") or {}
    context = mine if is_unknown(mine) else given if is_unknown(given) else {**given, **mine}
    return {**template, **step, "securityContext": context}


def _of_workflow(template: Any, workflow: Mapping[str, Any]) -> Any:
    """Return a template of Argo with what it does not say itself taken from its workflow; so with its containerSet."""
    if not isinstance(template, dict):
        return template
    given = {field: workflow[field] for field in OF_WORKFLOW if field in workflow and _says_nothing(template, field)}
    made = {**template, **given}
    group = made.get(CONTAINER_SET)
    return {**made, CONTAINER_SET: _of_workflow(group, made)} if isinstance(group, dict) else made


def _says_nothing(template: Mapping[str, Any], field: str) -> bool:
    return template.get(field) in (None, "")


def _runs_otherwise(spec: Mapping[str, Any]) -> bool:
    listed = (spec.get(field) for field in ("steps", "sidecars"))
    return any(_is_container(spec.get(field)) for field in SINGLE_CONTAINERS) or any(
        _is_container(item) for items in listed if isinstance(items, list) for item in items
    )


@cache
def _has_pods(type_token: str) -> bool:
    return not any(fnmatchcase(type_token, pattern) for pattern in WITHOUT_PODS)


@cache
def _path_of(type_token: str) -> tuple[str, ...] | None:
    return next((path for pattern, path in POD_PATHS.items() if fnmatchcase(type_token, pattern)), None)


def _find(resource: Resource) -> Iterator[Pod]:
    if not _has_pods(resource.type):
        return
    path = _path_of(resource.type)
    if path is None:
        yield from _search(dict(resource.properties), ())
        return
    value: Any = resource.properties
    for depth, part in enumerate(path):
        if is_unknown(value.get(part)):
            raise undecided(path[: depth + 1])
        value = value.get(part) or {}
    if not value:
        raise UndecidedError(f"{dotted(path)} is not set")
    yield Pod(path, value)


def _search(value: object, path: FieldPath) -> Iterator[Pod]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_hidden(item, path[-1] if path else "", (*path, index))
            yield from _search(item, (*path, index))
    if not isinstance(value, dict):
        return
    if isinstance(templates := value.get(TEMPLATES), list):
        value = {**value, TEMPLATES: [_of_workflow(template, value) for template in templates]}
    for key, item in value.items():
        _refuse_hidden(item, key, (*path, key))
    if POD_KEYS & value.keys() or _runs_otherwise(value):
        yield Pod(path, value)  # and go on: a pod may stand below something that only looks like one
    for key, item in value.items():
        yield from _search(item, (*path, key))


def _refuse_hidden(value: object, key: str | int, path: FieldPath) -> None:
    if key in HIDING_PLACES and is_unknown(value):
        raise undecided(path)
