"""What endpoints need of a cluster: who installs it, where it runs, and that its gateway is closed by default."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bedplate import catalog
from bedplate.cost.estimate import serving_cost
from bedplate.errors import InputError
from bedplate.plan import plan_stack
from bedplate.sdk_types import check_inputs
from bedplate.services.component import release_inputs
from bedplate.services.exposure import cluster_serving, serving_problems
from bedplate.services.gateway import CERTIFICATE_SECRET, gateway_namespace, shared_gateway
from bedplate.services.helm import HelmRelease
from bedplate.services.namespaces import service_namespaces
from bedplate.services.plan import ServicesPlan, plan_services
from bedplate.services.prometheus import prometheus_namespace
from tests.support.crds import schema_problems
from tests.support.endpoints import SERVING, serving_stack
from tests.support.golden import check_golden
from tests.support.stacks import CLUSTER, REMOVED, changed, spec, stack

GOLDEN = Path(__file__).with_name("golden")
NAMES = ["kube-prometheus-stack", "keda", "gateway-helm"]
ADD_ON = "keda-add-ons-http"
ON_GENERAL = {"kubernetes.io/os": "linux", "bedplate.dev/role": "general"}


def services() -> ServicesPlan:
    changes = {"clusters.use1.serving": "internal", "clusters.use1.scale_to_zero": True}
    return plan_services(plan_stack(stack(changes)).clusters["use1"])


def release(name: str) -> HelmRelease:
    return {one.name: one for one in services().releases}[name]


def manifest(kind: str, exposure: Any = "internal") -> dict[str, Any]:
    (found,) = (one for one in shared_gateway("aws", exposure) if one["kind"] == kind)
    return found


def every_key(values: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value in nested values with its dotted path."""
    for key, value in values.items() if isinstance(values, dict) else ():
        yield f"{path}.{key}", value
        yield from every_key(value, f"{path}.{key}")


@pytest.mark.parametrize("name", [*NAMES, ADD_ON])
def test_release_as_rendered(name: str) -> None:
    check_golden(GOLDEN / f"{name}.yaml", [release_inputs(release(name))])


@pytest.mark.parametrize("name", [*NAMES, ADD_ON])
def test_the_sdk_knows_every_input(name: str) -> None:
    problems = check_inputs("kubernetes:helm.sh/v3:Release", release_inputs(release(name)))
    assert [problem.render() for problem in problems] == []


def test_the_gateway_as_rendered() -> None:
    check_golden(GOLDEN / "gateway.yaml", shared_gateway("aws", "internal"))


@pytest.mark.parametrize("kind", ["EnvoyProxy", "GatewayClass", "SecurityPolicy", "ClientTrafficPolicy", "Gateway"])
def test_the_definition_knows_every_field(kind: str) -> None:
    assert schema_problems(manifest(kind)) == []


def test_a_chart_in_an_image_registry_has_one_address() -> None:
    inputs = release_inputs(release("gateway-helm"))
    assert inputs["chart"] == f"{catalog.chart('gateway-helm').repository}/gateway-helm"
    assert "repositoryOpts" not in inputs


def test_what_reads_and_what_scales_is_there_before_what_lets_in() -> None:
    assert [one.name for one in services().releases if one.name in NAMES] == NAMES


@pytest.mark.parametrize(
    ("changes", "serving"),
    [
        ({}, None),
        ({"clusters.use1.serving": "public"}, "public"),
        (SERVING, "internal"),
        (SERVING | {"clusters.use1.serving": "public"}, "public"),
    ],
    ids=["no endpoints", "for other stacks' endpoints", "for its own", "for its own, from the internet"],
)
def test_it_is_installed_where_it_is_needed(changes: dict[str, Any], serving: str | None) -> None:
    plan = plan_stack(stack(changes))
    assert plan.clusters["use1"].serving == cluster_serving(stack(changes), "use1") == serving
    planned = plan_services(plan.clusters["use1"])
    assert {one.name for one in planned.releases}.issuperset(NAMES) is (serving is not None)
    assert bool(planned.manifests) is (serving is not None)


@pytest.mark.parametrize("scale_to_zero", [False, True])
def test_requests_are_held_only_where_the_cluster_says_so(scale_to_zero: bool) -> None:
    plan = plan_stack(stack(SERVING | {"clusters.use1.scale_to_zero": scale_to_zero}))
    installed = [one.name for one in plan_services(plan.clusters["use1"]).releases]
    assert (ADD_ON in installed) is scale_to_zero


def test_requests_are_not_held_for_endpoints_that_nobody_can_bring() -> None:
    (problem,) = serving_problems(stack({"clusters.use1.scale_to_zero": True}), {})
    assert problem.field == ("clusters", "use1", "scale_to_zero")
    assert "clusters.use1.serving" in problem.hint


def test_a_release_that_needs_kinds_of_another_comes_after_it() -> None:
    installed = [one.name for one in services().releases]
    assert release(ADD_ON).after == ("keda",)
    for one in services().releases:
        assert [name for name in one.after if installed.index(name) > installed.index(one.name)] == []


def test_held_requests_outlive_what_the_gateway_lets_take_as_long() -> None:
    values = release(ADD_ON).values["interceptor"]
    longest = int(manifest("EnvoyProxy")["spec"]["shutdown"]["drainTimeout"].removesuffix("s"))
    assert values["responseHeaderTimeout"] == values["drainTimeout"] == f"{longest}s"
    assert values["terminationGracePeriodSeconds"] >= longest + int(values["shutdownDelay"].removesuffix("s"))


def team_stack(**platform: Any) -> tuple[Any, dict[str, Any]]:
    """Return a stack whose endpoint runs on a cluster of a platform stack, and that stack."""
    reference = {"clusters": {"use1": {"stack": "platform-prod", "name": "main"}}, "node_pools.system": REMOVED}
    owner = spec({"team": "platform", "environment": "prod", "clusters": {"main": CLUSTER | platform}})
    return serving_stack(reference), {"platform-prod": owner}


def test_a_platform_stack_says_that_its_cluster_serves() -> None:
    (problem,) = serving_problems(*team_stack())
    assert problem.field == ("endpoints", "chat")
    assert "clusters.main.serving" in problem.hint
    assert list(serving_problems(*team_stack(serving="internal"))) == []
    with pytest.raises(InputError, match="no gateway and no autoscaler"):
        plan_stack(*team_stack())


def test_a_reference_that_leads_nowhere_is_for_others_to_say() -> None:
    declared, owners = team_stack()
    assert list(serving_problems(declared, {})) == []
    owners["platform-prod"] = spec(
        changed(owners["platform-prod"].model_dump(mode="json"), {"clusters.main": REMOVED, "clusters.other": CLUSTER})
    )
    assert list(serving_problems(declared, owners)) == []


def test_its_namespaces_are_the_platforms_and_restricted() -> None:
    planned = services()
    assert {"keda", "monitoring", "envoy-gateway-system"} <= set(planned.namespaces)
    levels = {
        one["metadata"]["name"]: one["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for one in service_namespaces(planned)
    }
    assert {levels[release(name).namespace] for name in NAMES} == {"restricted"}


def test_what_tolerates_no_taint_is_exempt_from_no_rule() -> None:
    """Exempt are namespaces of agents on nodes alone: in another one, any pod could go anywhere."""
    exempt = services().agent_namespaces
    assert exempt == ("gpu-operator", "kube-system")
    assert [name for name in NAMES if release(name).namespace in exempt] == []


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("keda", {".nodeSelector"}),
        ("gateway-helm", {".deployment.pod.nodeSelector", ".certgen.job.nodeSelector"}),
        (
            "kube-prometheus-stack",
            {
                ".prometheusOperator.nodeSelector",
                ".prometheus.prometheusSpec.nodeSelector",
                ".kube-state-metrics.nodeSelector",
            },
        ),
    ],
)
def test_it_runs_on_general_nodes_alone(name: str, places: set[str]) -> None:
    values = dict(every_key(release(name).values))
    selectors = {path: value for path, value in values.items() if path.endswith(".nodeSelector")}
    assert selectors == dict.fromkeys(places, ON_GENERAL)
    assert [path for path in values if path.endswith("tolerations")] == []


def test_the_add_on_leaves_the_operating_system_to_its_chart() -> None:
    """The chart writes that key before the given selector, and a key that is there twice is not YAML."""
    values = dict(every_key(release(ADD_ON).values))
    selectors = {path: value for path, value in values.items() if path.endswith(".nodeSelector")}
    parts = ("operator", "scaler", "interceptor")
    assert selectors == {f".{part}.nodeSelector": {"bedplate.dev/role": "general"} for part in parts}
    assert [path for path in values if path.endswith("tolerations")] == []


def test_a_namespace_of_restricted_pods_takes_the_add_on() -> None:
    context = release(ADD_ON).values["podSecurityContext"]
    assert context["runAsNonRoot"] is True
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_no_value_is_null_because_the_provider_drops_those() -> None:
    for name in (*NAMES, ADD_ON):
        assert [path for path, value in every_key(release(name).values) if value is None] == []


def test_what_callers_wait_for_outlives_a_node() -> None:
    keda, gateway = release("keda").values, release("gateway-helm").values
    assert {keda[part]["replicaCount"] for part in ("operator", "metricsServer", "webhooks")} == {2}
    assert set(map(str, keda["podDisruptionBudget"].values())) == {"{'maxUnavailable': 1}"}
    assert gateway["deployment"]["replicas"] == 2
    assert gateway["podDisruptionBudget"] == {"maxUnavailable": 1}
    proxies = manifest("EnvoyProxy")["spec"]["provider"]["kubernetes"]
    assert (proxies["envoyDeployment"]["replicas"], proxies["envoyPDB"]) == (2, {"maxUnavailable": 1})


def test_prometheus_reads_monitors_and_rules_of_every_team() -> None:
    """By default it reads those with the label of its own release."""
    prometheus = release("kube-prometheus-stack").values["prometheus"]["prometheusSpec"]
    for kind in ("podMonitor", "serviceMonitor", "rule"):
        assert prometheus[f"{kind}SelectorNilUsesHelmValues"] is False


def test_kube_state_metrics_tells_what_the_queue_query_asks() -> None:
    assert "deployments" in release("kube-prometheus-stack").values["kube-state-metrics"]["collectors"]


def test_keda_may_scale_workloads_and_read_no_teams_secrets() -> None:
    values = release("keda").values
    assert values["rbac"] == {"enabledCustomScaledRefKinds": False}
    assert values["permissions"]["operator"]["restrict"] == {"secret": True}


def test_the_gateway_is_encrypted_and_nothing_else() -> None:
    (listener,) = manifest("Gateway")["spec"]["listeners"]
    assert (listener["protocol"], listener["port"]) == ("HTTPS", 443)
    assert listener["tls"]["certificateRefs"] == [{"kind": "Secret", "name": CERTIFICATE_SECRET}]
    assert manifest("ClientTrafficPolicy")["spec"]["tls"] == {"minVersion": "1.2"}


def test_a_route_without_a_policy_of_its_own_is_refused() -> None:
    policy = manifest("SecurityPolicy")
    assert policy["spec"]["authorization"] == {"defaultAction": "Deny"}
    (target,) = policy["spec"]["targetRefs"]
    assert (target["kind"], target["name"]) == ("Gateway", manifest("Gateway")["metadata"]["name"])
    assert policy["metadata"]["namespace"] == manifest("Gateway")["metadata"]["namespace"] == gateway_namespace()


def test_only_namespaces_for_inference_have_routes() -> None:
    (listener,) = manifest("Gateway")["spec"]["listeners"]
    selector = {"matchLabels": {"bedplate.dev/role": "inference"}}
    assert listener["allowedRoutes"]["namespaces"] == {"from": "Selector", "selector": selector}


@pytest.mark.parametrize(("exposure", "internal"), [("internal", "true"), ("public", "false")])
def test_the_load_balancer_is_internal_unless_asked(exposure: str, internal: str) -> None:
    service = manifest("EnvoyProxy", exposure)["spec"]["provider"]["kubernetes"]["envoyService"]
    annotations = {key.rpartition("-load-balancer-")[2]: value for key, value in service["annotations"].items()}
    assert (annotations["type"], annotations["internal"]) == ("nlb", internal)


def test_a_load_balancer_that_nobody_described_is_not_guessed() -> None:
    with pytest.raises(LookupError, match="no load balancer is known for gcp"):
        shared_gateway("gcp", "internal")


@pytest.mark.parametrize(
    ("exposure", "items"),
    [
        (None, []),
        ("internal", ["network load balancer of the gateway"]),
        ("public", ["network load balancer of the gateway", "public IPv4 address of the gateway"]),
    ],
)
def test_the_load_balancer_that_no_resource_shows_is_counted(exposure: Any, items: list[str]) -> None:
    plan = plan_stack(stack({"clusters.use1.serving": exposure}))
    lines = serving_cost(plan.clusters["use1"].plan, exposure)
    assert [line.item for line in lines] == items
    assert set(lines) <= set(plan.cost.lines)
    assert all(line.usd_per_hour for line in lines)
    assert [line.max_units for line in lines][1:] == [3][: len(lines) - 1]


def test_engines_are_read_from_one_namespace_and_called_from_another() -> None:
    assert prometheus_namespace() != gateway_namespace()
