"""The load of an endpoint, as PromQL: how many requests wait, how full its workers are, and when nobody can tell.

Metrics and labels are vLLM's (docs.vllm.ai, production metrics): a gauge per engine, whose label for the model is
`model_name`. `namespace` and `job` come with the scrape (prometheus-operator); `job` keeps two endpoints with the same
model in one namespace apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedplate.serving.plan import EndpointPlan

WAITING = "vllm:num_requests_waiting"
RUNNING = "vllm:num_requests_running"
CACHE_USED = "vllm:(kv|gpu)_cache_usage_perc"
"""Two names of one metric: `gpu` is that of engines before vLLM's pull request 18354 (2025-05-22), and those since then
have both until the older one went. Between 0 and 1: the part of the memory for keys and values that running requests
hold. What is only kept for later requests with the same beginning counts as free (vllm/v1/core/block_pool.py,
get_usage)."""


def queue_query(plan: EndpointPlan) -> str:
    """Return the query for the number of waiting requests, over all workers.

    Its answer is one number or none. It is 0 without a scrape only where kube-state-metrics says that no worker is
    ready: there is no queue then. Where workers are ready and none can be read, it is empty on purpose. KEDA takes
    that for an error and keeps the workers, while the usual `or vector(0)` would read a dead scrape, or a label that
    no longer fits, as an empty queue, and take busy workers away.
    """
    return _known(plan, f"sum({waiting_series(plan)})")


def busy_query(plan: EndpointPlan) -> str:
    """Return the query for how full the workers' caches of keys and values are, in percent of one, over all workers:
    450 where four are full and one is half full. A worker counts once, with the average of its engines, whichever
    of both names they use.

    Known or unknown as the queue is.
    """
    return _known(plan, f"100 * sum(avg by (pod) ({{__name__=~{quoted(CACHE_USED)},{_model(plan)}}}))")


def running_query(plan: EndpointPlan) -> str:
    """Return the query for the number of requests that workers are at, over all workers. Known or unknown as the
    queue is."""
    return _known(plan, f"sum({_engines(plan, RUNNING)})")


def waiting_series(plan: EndpointPlan) -> str:
    """Return the selector of the queues of this endpoint's engines."""
    return _engines(plan, WAITING)


def up_series(plan: EndpointPlan) -> str:
    """Return the selector of the scrapes of this endpoint's workers: 1 for each that could be read."""
    return f"up{{{_scraped(plan)}}}"


def watcher_series(plan: EndpointPlan, metric: str) -> str:
    """Return the selector of what the watchers of this endpoint's workers say, or of their scrapes (`up`)."""
    return f"{metric}{{{_of_job(plan, watcher_job_label(plan))}}}"


def ready_series(plan: EndpointPlan) -> str:
    """Return the selector of the number of ready workers, from kube-state-metrics."""
    labels = f"namespace={quoted(plan.namespace)},deployment={quoted(plan.full_name)}"
    return f"kube_deployment_status_replicas_ready{{{labels}}}"


def job_label(plan: EndpointPlan) -> str:
    """Return the label `job` of everything that is read through the endpoint's PodMonitor."""
    return f"{plan.namespace}/{plan.full_name}"


def watcher_job_label(plan: EndpointPlan) -> str:
    """Return the label `job` of what watchers say: another one, or each worker's `up` would count twice."""
    return f"{job_label(plan)}-watcher"


def quoted(value: str) -> str:
    """Return a value as a string of PromQL.

    >>> print(quoted('org/"odd"'))
    "org/\\"odd\\""
    """
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _known(plan: EndpointPlan, load: str) -> str:
    """Return a query that is 0 where no worker is ready, and without an answer where ready ones cannot be read."""
    return f"{load} or 0 * (sum({ready_series(plan)}) == 0)"


def _engines(plan: EndpointPlan, metric: str) -> str:
    return f"{metric}{{{_model(plan)}}}"


def _model(plan: EndpointPlan) -> str:
    return f"{_scraped(plan)},model_name={quoted(plan.served_name)}"


def _scraped(plan: EndpointPlan) -> str:
    return _of_job(plan, job_label(plan))


def _of_job(plan: EndpointPlan, job: str) -> str:
    return f"namespace={quoted(plan.namespace)},job={quoted(job)}"
