"""Priority classes: what gives way when a pool is full."""

from __future__ import annotations

from typing import Any

FLOOR_PRIORITY_CLASS = "bedplate-floor"

# Roles do not share nodes, so these decide within one pool: people before batch. Kubernetes keeps values above one
# billion for itself; a pod without a class has priority 0.
_CLASSES: tuple[tuple[str, int, str, str], ...] = (
    (
        FLOOR_PRIORITY_CLASS,
        1_000_000,
        "Never",
        "Pods that keep a pool's floor. Nothing preempts them, and they preempt nothing: when a node is full, the "
        "autoscaler finds them another one.",
    ),
    ("bedplate-inference", 100_000, "PreemptLowerPriority", "Serves requests that somebody waits for."),
    ("bedplate-training", 10_000, "PreemptLowerPriority", "Training and other batch work that resumes."),
    ("bedplate-general", 1_000, "PreemptLowerPriority", "Everything else that should outlast pods without a class."),
)


def priority_classes() -> list[dict[str, Any]]:
    """Return the manifests of Bedplate's priority classes, the highest first.

    The floor stands above all workloads although its pods do nothing. Below them, a workload that needs the last
    10m of CPU would evict a floor pod, and the autoscaler would buy a node to place it again; far enough below (under
    the autoscaler's --expendable-pods-priority-cutoff of -10) the pods would hold no node at all.
    """
    return [
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name},
            "value": value,
            "preemptionPolicy": preemption,
            "description": description,
        }
        for name, value, preemption, description in _CLASSES
    ]
