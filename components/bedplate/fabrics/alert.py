"""The alert about acceptance tests that failed, for all pools of a cluster whose metrics are read."""

from __future__ import annotations

from typing import Any

JOB_PREFIX = "fabric-acceptance"
"""The names of the tests' Jobs begin so."""


def acceptance_alert() -> dict[str, Any]:
    """Return the groups of a PrometheusRule; kube-state-metrics must collect jobs."""
    return {
        "groups": [
            {
                "name": JOB_PREFIX,
                "rules": [
                    {
                        "alert": "FabricAcceptanceFailed",
                        "expr": f'kube_job_failed{{job_name=~"{JOB_PREFIX}-.*", condition="true"}} == 1',
                        "for": "1m",
                        "labels": {"severity": "warning"},
                        "annotations": {
                            "summary": "The network between the nodes of a pool is slower than it should be, or not "
                            "used at all.",
                            "description": "{{ $labels.job_name }} in {{ $labels.namespace }} failed; the message of "
                            "its first pod says why (docs/guide/fabrics.md).",
                        },
                    }
                ],
            }
        ]
    }
