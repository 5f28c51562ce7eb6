"""The ScaledObject and the monitors of an endpoint: what KEDA's traps are, and that none of them is stepped into."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bedplate.services.prometheus import prometheus_address, prometheus_namespace
from bedplate.serving.monitoring import alert_rules, monitoring_manifests, pod_monitor
from bedplate.serving.plan import ScheduleWindow
from bedplate.serving.queue import busy_query, job_label, queue_query, running_query
from bedplate.serving.scaling import scaled_object
from bedplate.serving.workload import deployment
from tests.support.crds import schema_problems
from tests.support.endpoints import endpoint_plan
from tests.support.golden import check_golden
from tests.support.stacks import REMOVED

GOLDEN = Path(__file__).with_name("golden")
WEEKEND = ScheduleWindow((0, 6), "09:05", "23:59", "America/New_York", 3)


def triggers(kind: str, **changes: Any) -> list[dict[str, Any]]:
    """Return the metadata of the triggers of one kind."""
    spec = scaled_object(replace(endpoint_plan(), **changes))["spec"]
    return [trigger["metadata"] for trigger in spec["triggers"] if trigger["type"] == kind]


def test_as_rendered() -> None:
    plan = endpoint_plan()
    check_golden(GOLDEN / "scaling.yaml", [scaled_object(plan), *monitoring_manifests(plan)])


@pytest.mark.parametrize("manifest", [scaled_object(endpoint_plan()), *monitoring_manifests(endpoint_plan())])
def test_the_definition_knows_every_field(manifest: dict[str, Any]) -> None:
    assert schema_problems(manifest) == []


def test_a_field_that_the_definition_does_not_know_is_found() -> None:
    manifest = scaled_object(endpoint_plan())
    manifest["spec"]["minReplicas"] = 1
    manifest["spec"]["maxReplicaCount"] = "3"
    assert len(schema_problems(manifest)) == 2


def test_the_endpoint_itself_is_scaled_between_its_bounds() -> None:
    spec = scaled_object(replace(endpoint_plan(), min_workers=2, max_workers=9))["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "vision-dev-chat"}
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (2, 9)


def test_nothing_is_said_about_the_step_to_zero_which_is_never_taken() -> None:
    spec = scaled_object(endpoint_plan())["spec"]
    assert spec["minReplicaCount"] >= 1
    assert not spec.keys() & {"cooldownPeriod", "initialCooldownPeriod", "idleReplicaCount"}
    assert all("activationThreshold" not in trigger for trigger in triggers("prometheus"))


def test_an_answer_that_is_empty_is_an_error_and_errors_keep_the_workers() -> None:
    found = triggers("prometheus", running_limit=64)
    assert [trigger["ignoreNullValues"] for trigger in found] == ["false"] * 3
    assert scaled_object(replace(endpoint_plan(), min_workers=2))["spec"]["fallback"] == {
        "failureThreshold": 3,
        "replicas": 2,
        "behavior": "currentReplicasIfHigher",
    }


def test_every_trigger_divides_by_its_threshold() -> None:
    """The fallback has no meaning for metricType Value, and a cron trigger of that type never settles."""
    spec = scaled_object(replace(endpoint_plan(), schedule=(WEEKEND,)))["spec"]
    assert {trigger["metricType"] for trigger in spec["triggers"]} == {"AverageValue"}


def test_metadata_is_text_because_keda_reads_nothing_else() -> None:
    for kind in ("prometheus", "cron"):
        for metadata in triggers(kind):
            assert all(isinstance(value, str) for value in metadata.values())


def test_the_queries_of_the_triggers_are_those_that_are_tested() -> None:
    plan = replace(endpoint_plan(), queue_depth=7, running_limit=64)
    found = triggers("prometheus", queue_depth=7, running_limit=64)
    assert [(trigger["query"], trigger["threshold"]) for trigger in found] == [
        (queue_query(plan), "7"),
        (busy_query(plan), "80"),
        (running_query(plan), "51.2"),
    ]
    assert {trigger["serverAddress"] for trigger in found} == {prometheus_address()}
    assert prometheus_address() == "http://monitoring-prometheus.monitoring.svc:9090"


@pytest.mark.parametrize(
    ("arguments", "limit"),
    [
        ([], None),
        (["--max-num-seqs", "64"], 64),
        (["--enforce-eager", "--max-num-seqs=64"], 64),
        (["--max_num_seqs", "64"], 64),
        (["--max-num-seqs", "64", "--max-num-seqs", "32"], 32),
        (["--max-num-s=64"], 64),
        (["--max_num_se", "64"], 64),
        (["--max-num-batched-tokens", "64"], None),
        (["64", "--", "-"], None),
    ],
)
def test_how_many_requests_a_worker_runs_is_known_where_its_arguments_say_so(
    arguments: list[str], limit: int | None
) -> None:
    plan = endpoint_plan({"endpoints.chat.arguments": arguments})
    assert plan.running_limit == limit
    names = [trigger["name"] for trigger in scaled_object(plan)["spec"]["triggers"]]
    assert ("running" in names) == (limit is not None)


def test_nothing_is_read_out_of_the_arguments_of_another_engine() -> None:
    image = {"image": "registry.example.com/engine:1.2", "arguments": ["--max-num-seqs", "64"]}
    changes = {f"endpoints.chat.{key}": value for key, value in image.items()} | {"endpoints.chat.model": REMOVED}
    assert endpoint_plan(changes).running_limit is None


def test_what_is_read_gets_the_label_that_the_query_asks_for() -> None:
    """prometheus-operator sets `job` to the monitor's namespace and name, unless jobLabel names another label."""
    plan = endpoint_plan()
    monitor = pod_monitor(plan)
    assert job_label(plan) == f"{monitor['metadata']['namespace']}/{monitor['metadata']['name']}"
    assert "jobLabel" not in monitor["spec"]
    assert monitor["spec"]["selector"]["matchLabels"] == plan.pod_labels


def test_a_worker_is_read_as_often_as_the_queue_is_asked_for() -> None:
    endpoint, _ = pod_monitor(endpoint_plan())["spec"]["podMetricsEndpoints"]
    assert endpoint["interval"] == f"{scaled_object(endpoint_plan())['spec']['pollingInterval']}s"
    assert endpoint["portNumber"] == endpoint_plan().port
    assert "relabelings" not in endpoint


def test_what_watchers_say_is_read_under_a_label_of_its_own() -> None:
    """Under the same one, each worker's `up` would count twice."""
    plan = endpoint_plan()
    _, endpoint = pod_monitor(plan)["spec"]["podMetricsEndpoints"]
    assert endpoint["relabelings"] == [
        {"action": "replace", "targetLabel": "job", "replacement": f"{job_label(plan)}-watcher"}
    ]
    watcher = deployment(plan, "sidecar", "bucket")["spec"]["template"]["spec"]["initContainers"][-1]
    assert [port["containerPort"] for port in watcher["ports"]] == [endpoint["portNumber"]]
    assert watcher["args"][watcher["args"].index("--listen") + 1] == f"0.0.0.0:{endpoint['portNumber']}"


@pytest.mark.parametrize(
    ("window", "cron"),
    [
        (
            ScheduleWindow((1, 2, 3, 4, 5), "08:00", "20:00", "Europe/Paris", 2),
            {"start": "0 8 * * 1,2,3,4,5", "end": "0 20 * * 1,2,3,4,5", "timezone": "Europe/Paris"},
        ),
        (WEEKEND, {"start": "5 9 * * 0,6", "end": "59 23 * * 0,6", "timezone": "America/New_York"}),
        (ScheduleWindow((3,), "00:00", "00:30", "UTC", 2), {"start": "0 0 * * 3", "end": "30 0 * * 3"}),
    ],
    ids=["office hours", "a weekend elsewhere", "just after midnight"],
)
def test_a_window_is_a_floor_in_its_own_time_zone(window: ScheduleWindow, cron: dict[str, str]) -> None:
    (floor,) = triggers("cron", schedule=(window,))
    assert cron.items() <= floor.items()
    assert floor["desiredReplicas"] == str(window.workers)


def test_no_schedule_no_floor() -> None:
    assert triggers("cron", schedule=()) == []


def test_triggers_have_names_of_their_own() -> None:
    spec = scaled_object(replace(endpoint_plan(), schedule=(WEEKEND, WEEKEND)))["spec"]
    assert [trigger["name"] for trigger in spec["triggers"]] == ["queue", "busy", "floor-1", "floor-2"]


def test_workers_come_faster_than_they_go() -> None:
    behavior = scaled_object(endpoint_plan())["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behavior["scaleUp"]["stabilizationWindowSeconds"] < behavior["scaleDown"]["stabilizationWindowSeconds"]
    assert behavior["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 300}]


def test_alerts_say_whose_endpoint_it_is() -> None:
    (group,) = alert_rules(endpoint_plan())["spec"]["groups"]
    for rule in group["rules"]:
        assert rule["labels"].keys() == {"severity", "team", "environment", "namespace", "endpoint"}
        assert rule["annotations"].keys() == {"summary", "description"}


def test_prometheus_lives_where_network_policies_let_it_in_from() -> None:
    assert f".{prometheus_namespace()}.svc:" in prometheus_address()
