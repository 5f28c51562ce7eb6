"""The query that the ScaledObject carries and the alerts beside it, evaluated by Prometheus's own promtool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bedplate import catalog
from bedplate.serving.monitoring import alert_rules
from bedplate.serving.plan import EndpointPlan
from bedplate.serving.scaling import scaled_object
from tests.support.endpoints import endpoint_plan
from tests.support.promtool import check_rules, prometheus_version

pytestmark = pytest.mark.engine

PLAN = endpoint_plan()
SCRAPED = {"namespace": PLAN.namespace, "job": f"{PLAN.namespace}/{PLAN.full_name}"}
OURS = SCRAPED | {"model_name": PLAN.served_name, "engine": "0"}
READY = 'kube_deployment_status_replicas_ready{namespace="vision-dev-inference",deployment="vision-dev-chat"}'

Series = Mapping[str, str]


def query(plan: EndpointPlan = PLAN, trigger: str = "queue") -> str:
    """Return the query of a trigger, out of the manifest that is deployed."""
    (metadata,) = (one["metadata"] for one in scaled_object(plan)["spec"]["triggers"] if one["name"] == trigger)
    found: str = metadata["query"]
    return found


def series(name: str, labels: Mapping[str, str]) -> str:
    """Return a series as promtool reads it."""
    return name + "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}"


def waiting(pod: int, **labels: str) -> str:
    """Return the series of the queue of one pod."""
    return series("vllm:num_requests_waiting", OURS | {"pod": f"chat-{pod}"} | labels)


def cache(pod: int, **labels: str) -> str:
    """Return the series of how full the cache of keys and values of one pod is."""
    return series("vllm:kv_cache_usage_perc", OURS | {"pod": f"chat-{pod}"} | labels)


def older_cache(pod: int) -> str:
    """Return the same series as engines before vLLM's pull request 18354 call it."""
    return series("vllm:gpu_cache_usage_perc", OURS | {"pod": f"chat-{pod}"})


def running(pod: int, **labels: str) -> str:
    """Return the series of the requests that one pod works on."""
    return series("vllm:num_requests_running", OURS | {"pod": f"chat-{pod}"} | labels)


def up(pod: int) -> str:
    """Return the series that says whether a pod could be read."""
    return series("up", SCRAPED | {"pod": f"chat-{pod}"})


def watcher(name: str, pod: int, **labels: str) -> str:
    """Return a series of what the watcher of one pod says, or `up` of its scrape."""
    own = {"namespace": PLAN.namespace, "job": f"{PLAN.namespace}/{PLAN.full_name}-watcher", "pod": f"chat-{pod}"}
    return series(name, own | labels)


VERDICTS = "bedplate_sidecar_verdicts_total"
UNWRITTEN = "bedplate_sidecar_verdicts_unwritten_total"


def steady(value: float) -> str:
    """Return twenty minutes of one value, a sample every 15 seconds."""
    return f"{value}x80"


def recorded(samples: Series) -> list[dict[str, str]]:
    """Return recorded series; what is not a number of steady samples is in promtool's own words."""
    return [{"series": name, "values": values} for name, values in samples.items()]


CASES: dict[str, tuple[Series, float | None]] = {
    "no pod": ({READY: steady(0)}, 0),
    "one pod": ({READY: steady(1), waiting(1): steady(7)}, 7),
    "one idle pod": ({READY: steady(1), waiting(1): steady(0)}, 0),
    "five pods": ({READY: steady(5)} | {waiting(pod): steady(pod) for pod in range(1, 6)}, 15),
    "two engines in one pod": ({READY: steady(1), waiting(1): steady(2), waiting(1, engine="1"): steady(3)}, 5),
    "a pod that loads its model": ({READY: steady(0), waiting(1): steady(0)}, 0),
    "another model in the same engine": (
        {READY: steady(1), waiting(1): steady(2), waiting(1, model_name="qwen3-32b-lora"): steady(50)},
        2,
    ),
    "another endpoint with the same model": (
        {READY: steady(1), waiting(1): steady(2), waiting(9, job="vision-dev-inference/vision-dev-batch"): steady(50)},
        2,
    ),
    "another team with the same model": (
        {READY: steady(1), waiting(1): steady(2), waiting(9, namespace="speech-dev-inference"): steady(50)},
        2,
    ),
    "the queue again, by reason": (
        {
            READY: steady(1),
            waiting(1): steady(4),
            series("vllm:num_requests_waiting_by_reason", OURS | {"reason": "capacity"}): steady(3),
            series("vllm:num_requests_waiting_by_reason", OURS | {"reason": "deferred"}): steady(1),
        },
        4,
    ),
    "a counter of what waited": (
        {READY: steady(1), waiting(1): steady(4), series("vllm:request_queue_time_seconds_count", OURS): "0+9x80"},
        4,
    ),
    "a label by another name": (
        {READY: steady(1), series("vllm:num_requests_waiting", SCRAPED | {"model": PLAN.served_name}): steady(7)},
        None,
    ),
    "no scrape ever": ({READY: steady(2)}, None),
    "a scrape that died": ({READY: steady(2), waiting(1): "5x20 stale"}, None),
    "one of three scrapes died": (
        {READY: steady(3), waiting(1): steady(5), waiting(2): steady(6), waiting(3): "7x20 stale"},
        11,
    ),
    "the last pod went": ({READY: "1x20 0x59", waiting(1): "5x20 stale"}, 0),
    "no kube-state-metrics": ({waiting(1): steady(3)}, 3),
    "nothing at all": ({}, None),
    "another deployment without pods": (
        {READY.replace("vision-dev-chat", "vision-dev-batch"): steady(0)},
        None,
    ),
}


@pytest.mark.parametrize(("samples", "answer"), CASES.values(), ids=CASES)
def test_the_queue_is_one_number_or_unknown(samples: Series, answer: float | None, tmp_path: Path) -> None:
    """`exp_samples` are all that promtool finds: one without labels, or none, and never two."""
    expected = [] if answer is None else [{"labels": "{}", "value": answer}]
    expression = {"expr": query(), "eval_time": "19m", "exp_samples": expected}
    check_rules(
        {"groups": []},
        [{"interval": "15s", "input_series": recorded(samples), "promql_expr_test": [expression]}],
        tmp_path,
    )


BUSY: dict[str, tuple[Series, float | None]] = {
    "no pod": ({READY: steady(0)}, 0),
    "one full pod": ({READY: steady(1), cache(1): steady(1)}, 100),
    "one idle pod": ({READY: steady(1), cache(1): steady(0)}, 0),
    "five pods": ({READY: steady(5)} | {cache(pod): steady(0.75) for pod in range(1, 6)}, 375),
    "two engines in one pod are one worker": (
        {READY: steady(1), cache(1): steady(0.5), cache(1, engine="1"): steady(1)},
        75,
    ),
    "another endpoint with the same model": (
        {READY: steady(1), cache(1): steady(0.5), cache(9, job="vision-dev-inference/vision-dev-batch"): steady(1)},
        50,
    ),
    "the metric of an older engine": ({READY: steady(1), older_cache(1): steady(0.5)}, 50),
    "an engine with both metrics counts once": (
        {READY: steady(1), cache(1): steady(0.5), older_cache(1): steady(0.5)},
        50,
    ),
    "an older engine beside its successor": (
        {READY: steady(2), cache(1): steady(0.5), older_cache(2): steady(0.75)},
        125,
    ),
    "an older metric of another cache": (
        {READY: steady(1), series("vllm:cpu_cache_usage_perc", OURS | {"pod": "chat-1"}): steady(0.5)},
        None,
    ),
    "a label by another name": (
        {READY: steady(1), series("vllm:kv_cache_usage_perc", SCRAPED | {"model": PLAN.served_name}): steady(0.5)},
        None,
    ),
    "no scrape ever": ({READY: steady(2)}, None),
    "a scrape that died": ({READY: steady(2), cache(1): "0.5x20 stale"}, None),
    "one of three scrapes died": (
        {READY: steady(3), cache(1): steady(0.5), cache(2): steady(0.75), cache(3): "1x20 stale"},
        125,
    ),
    "the last pod went": ({READY: "1x20 0x59", cache(1): "0.5x20 stale"}, 0),
    "nothing at all": ({}, None),
}
RUNNING: dict[str, tuple[Series, float | None]] = {
    "no pod": ({READY: steady(0)}, 0),
    "one pod": ({READY: steady(1), running(1): steady(60)}, 60),
    "five pods": ({READY: steady(5)} | {running(pod): steady(10 * pod) for pod in range(1, 6)}, 150),
    "another model in the same engine": ({READY: steady(1), running(1, model_name="other"): steady(60)}, None),
    "no scrape ever": ({READY: steady(2)}, None),
}


@pytest.mark.parametrize(
    ("trigger", "samples", "answer"),
    [("busy", *case) for case in BUSY.values()] + [("running", *case) for case in RUNNING.values()],
    ids=[f"busy: {name}" for name in BUSY] + [f"running: {name}" for name in RUNNING],
)
def test_what_workers_do_is_one_number_or_unknown(
    trigger: str, samples: Series, answer: float | None, tmp_path: Path
) -> None:
    expected = [] if answer is None else [{"labels": "{}", "value": answer}]
    expression = {
        "expr": query(replace(PLAN, running_limit=64), trigger),
        "eval_time": "19m",
        "exp_samples": expected,
    }
    check_rules(
        {"groups": []},
        [{"interval": "15s", "input_series": recorded(samples), "promql_expr_test": [expression]}],
        tmp_path,
    )


def test_usual_queries_do_not_see_what_this_one_sees(tmp_path: Path) -> None:
    """The reason for each part of the query, shown on the query without it."""
    five = {waiting(pod): steady(pod) for pod in range(1, 6)}
    plain = f'vllm:num_requests_waiting{{model_name="{PLAN.served_name}"}}'
    expressions: list[tuple[str, Series, list[Any]]] = [
        (
            plain,
            five,
            [{"labels": waiting(pod), "value": pod} for pod in range(1, 6)],
        ),
        (f"sum({plain}) or vector(0)", {READY: steady(2)}, [{"labels": "{}", "value": 0}]),
        (f"sum({plain.replace('model_name', 'model')}) or vector(0)", five, [{"labels": "{}", "value": 0}]),
    ]
    check_rules(
        {"groups": []},
        [
            {
                "interval": "15s",
                "input_series": recorded(samples),
                "promql_expr_test": [{"expr": expression, "eval_time": "19m", "exp_samples": found}],
            }
            for expression, samples, found in expressions
        ],
        tmp_path,
    )


def test_a_name_with_quotes_stays_one_label(tmp_path: Path) -> None:
    plan = replace(PLAN, served_name='org/"odd"\\name')
    odd = waiting(1, model_name='org/\\"odd\\"\\\\name')
    expression = {"expr": query(plan), "eval_time": "19m", "exp_samples": [{"labels": "{}", "value": 6}]}
    check_rules(
        {"groups": []},
        [{"interval": "15s", "input_series": recorded({odd: steady(6)}), "promql_expr_test": [expression]}],
        tmp_path,
    )


HEALTHY = {
    READY: steady(2),
    **{waiting(pod): steady(pod) for pod in (1, 2)},
    **{cache(pod): steady(0.5) for pod in (1, 2)},
    **{up(pod): steady(1) for pod in (1, 2)},
    **{watcher("up", pod): steady(1) for pod in (1, 2)},
    **{watcher(VERDICTS, pod): steady(0) for pod in (1, 2)},
    **{watcher(UNWRITTEN, pod): steady(0) for pod in (1, 2)},
}
OF_ONE_POD = {"EndpointEngineHung"}
BLIND = {"EndpointQueueUnknown", "EndpointWorkerNotScraped", "EndpointWorkerUnwatched"}
ALERTS: dict[str, tuple[Series, set[str]]] = {
    "all is well": (HEALTHY, set()),
    "no worker": ({READY: steady(0)}, set()),
    "workers that nobody can read": ({READY: steady(2)}, BLIND),
    "workers that answer nothing": (
        HEALTHY | {waiting(1): "1x20 stale", waiting(2): "2x20 stale", up(1): "1x20 0x59", up(2): "1x20 0x59"},
        {"EndpointQueueUnknown", "EndpointWorkerNotScraped"},
    ),
    "workers whose label is another": (
        {
            READY: steady(1),
            up(1): steady(1),
            watcher("up", 1): steady(1),
            waiting(1, model_name="other"): steady(3),
            cache(1, model_name="other"): steady(0.5),
        },
        {"EndpointQueueUnknown"},
    ),
    "an engine that has a queue and does not say how busy it is": (
        {READY: steady(1), up(1): steady(1), watcher("up", 1): steady(1), waiting(1): steady(3)},
        {"EndpointQueueUnknown"},
    ),
    "an engine that says how busy it is and has no queue": (
        {READY: steady(1), up(1): steady(1), watcher("up", 1): steady(1), cache(1): steady(0.5)},
        {"EndpointQueueUnknown"},
    ),
    "one worker of two": (HEALTHY | {waiting(2): "2x20 stale", up(2): "1x20 0x59"}, {"EndpointWorkerNotScraped"}),
    "nobody to ask": ({}, {"EndpointQueueUnknown"}),
    "an engine was found hung": (HEALTHY | {watcher(VERDICTS, 2): "0x70 1x9"}, {"EndpointEngineHung"}),
    "an engine was found hung long ago": (HEALTHY | {watcher(VERDICTS, 2): "0x10 1x69"}, set()),
    "an engine of another endpoint was found hung": (
        HEALTHY | {watcher(VERDICTS, 2, job="vision-dev-inference/vision-dev-batch-watcher"): "0x70 1x9"},
        set(),
    ),
    "a watcher that had found one began again": (HEALTHY | {watcher(VERDICTS, 2): "1x70 0x9"}, set()),
    "a verdict that cannot be written": (
        HEALTHY | {watcher(VERDICTS, 2): "0x20 1x59", watcher(UNWRITTEN, 2): "0x20 0+7x59"},
        {"EndpointWorkerUnwatched"},
    ),
    "a watcher that died": (HEALTHY | {watcher("up", 2): "1x20 0x59"}, {"EndpointWorkerUnwatched"}),
    "a watcher that died a moment ago": (HEALTHY | {watcher("up", 2): "1x60 0x19"}, set()),
    "no watcher at all": (
        HEALTHY | {watcher("up", pod): "1x20 stale" for pod in (1, 2)},
        {"EndpointWorkerUnwatched"},
    ),
    "a watcher beside an engine that loads": (HEALTHY | {up(3): steady(0), watcher("up", 3): steady(1)}, set()),
    "a watcher that died while another worker loads": (
        HEALTHY | {watcher("up", 2): "1x20 0x59", up(3): steady(0), watcher("up", 3): steady(1)},
        {"EndpointWorkerUnwatched"},
    ),
    "a watcher that went while another worker loads": (
        HEALTHY | {watcher("up", 2): "1x20 stale", up(3): steady(0), watcher("up", 3): steady(1)},
        {"EndpointWorkerUnwatched"},
    ),
    "a watcher that died beside an engine that does not answer either": (
        HEALTHY | {up(2): "1x20 0x59", watcher("up", 2): "1x20 0x59"},
        {"EndpointWorkerNotScraped", "EndpointWorkerUnwatched"},
    ),
    "a worker whose watcher is not up yet": (
        HEALTHY | {up(3): steady(0), watcher("up", 3): steady(0)},
        set(),
    ),
    "silent for a moment": (HEALTHY | {waiting(1): "1x60 stale 1x18", waiting(2): "2x60 stale 2x18"}, set()),
}


@pytest.mark.parametrize(("samples", "firing"), ALERTS.values(), ids=ALERTS)
def test_alerts_fire_when_the_queue_is_not_what_it_seems(samples: Series, firing: set[str], tmp_path: Path) -> None:
    groups = alert_rules(PLAN)["spec"]
    (group,) = groups["groups"]
    rules = [
        {
            "eval_time": "19m",
            "alertname": rule["alert"],
            "exp_alerts": [
                {
                    "exp_labels": rule["labels"] | ({"pod": "chat-2"} if rule["alert"] in OF_ONE_POD else {}),
                    "exp_annotations": rule["annotations"],
                }
            ]
            if rule["alert"] in firing
            else [],
        }
        for rule in group["rules"]
    ]
    assert firing <= {rule["alertname"] for rule in rules}
    check_rules(groups, [{"interval": "15s", "input_series": recorded(samples), "alert_rule_test": rules}], tmp_path)


def test_promtool_is_of_the_release_that_is_installed() -> None:
    assert f"v{prometheus_version()}" in catalog.chart("kube-prometheus-stack").note
