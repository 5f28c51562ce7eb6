"""The first stack file of a team: small, commented, and valid as it stands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.stack_file.scalars import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLE_NETWORK = "203.0.113.0/24"
"""A range for documentation (RFC 5737): valid, and nobody's."""


@dataclass(frozen=True, slots=True)
class Starter:
    """What the first stack file of a provider says: machines are tried in order, for one that the region offers.

    `most_inference` nodes of the inference pool stay within a cap such as policies/caps.yaml gives by default.
    """

    region: str
    cluster: str
    general: tuple[str, ...]
    inference: tuple[str, ...]
    large: tuple[str, ...]
    most_inference: int = 4


STARTERS: Mapping[str, Starter] = {
    "aws": Starter(
        region="us-east-1",
        cluster="",
        general=("m7i.2xlarge", "m6i.2xlarge"),
        inference=("g6.2xlarge", "g6e.2xlarge", "g5.2xlarge", "g4dn.2xlarge"),
        large=("p5.48xlarge",),
    ),
    "gcp": Starter(
        region="us-central1",
        cluster="""\
        # Replace this name with your project's.
        project: my-project
""",
        general=("e2-standard-8", "n2-standard-8"),
        inference=("g2-standard-8", "a2-highgpu-1g"),
        large=("a3-megagpu-8g", "a3-highgpu-8g"),
    ),
    "azure": Starter(
        region="eastus",
        cluster="""\
        # Replace the subscription, and the Entra group of its administrators: whoever runs `pulumi` must be in it.
        subscription: 11111111-2222-3333-4444-555555555555
        administrators: [66666666-7777-8888-9999-000000000000]
""",
        general=("Standard_D8ds_v5", "Standard_D8s_v5"),
        # Not NVads A10: they take another driver than the rest, and a cluster has one for all.
        inference=("Standard_NC40ads_H100_v5", "Standard_NC24ads_A100_v4"),
        large=("Standard_NC80adis_H100_v5",),
        most_inference=1,
    ),
}
"""By provider; for a cluster that exists already there is a file of its own kind."""

_STACK = Template("""\
# The stack of team $team, environment $environment. `bedplate validate` checks it, `bedplate plan` says what it
# means and costs, `pulumi up` makes it so. Every key: `bedplate schema --markdown`.
config:
  # A secret gets a key of its own, never a place in the stack:  pulumi config set --secret bedplate:hf_token
  bedplate:stack:
    team: $team
    environment: $environment
    # Who pays, as your bills call it: the tag `cost-center` of every resource, which the policies ask for.
    cost_center: $team
""")

_CLOUD = Template("""\
    clusters:
      main:
        provider: $provider
        region: $region
$cluster        # The networks from which `pulumi` and `kubectl` reach the API server; all others are refused.
$runner_access
    node_pools:
      # Everything that asks for no accelerator runs here, the autoscaler and DNS first: min is never 0.
      general: {cluster: main, role: general, machine: $general, nodes: {min: 2, max: 6}}
""")

_INFERENCE_POOL = Template("""\
      # Costs nothing while nothing runs on it. max is a spending cap.
      inference: {cluster: main, role: inference, machine: $inference, nodes: {min: 0, max: $most}}
""")

_LARGE_POOL = Template("""\
      # $count $accelerator per node. Offers are tried in order; look at `bedplate plan` before you uncomment it.
      # large:
      #   cluster: main
      #   role: inference
      #   nodes: {min: 0, max: 2}
      #   offers:
$offers""")

_EXISTING = Template("""\
    clusters:
      main:
        provider: existing
        # A context of the kubeconfig on the machine that runs `pulumi`, and the version that `kubectl version` shows.
        context: $context
        kubernetes_version: "$version"
        # Who installs the drivers of accelerators: `host` where they are installed, `operator` where not.
        drivers: host
    node_pools:
      # Replace the names of the nodes, and say what one is and costs you; `bedplate cost compare` helps.
      # What Bedplate installs runs on general nodes.
      general:
        cluster: main
        role: general
        hosts: [cpu-01, cpu-02]
        hardware: {vcpus: 64, memory_gib: 256, usd_per_node_hour: 2.5}
      # large:
      #   cluster: main
      #   role: inference
      #   hosts: [gpu-01, gpu-02]
      #   hardware: {accelerator: H100, accelerators: 8, vcpus: 192, memory_gib: 2048, usd_per_node_hour: 80}
""")


def starter_text(
    team: str, environment: str, provider: str, region: str | None = None, runner_access: tuple[str, ...] = ()
) -> str:
    """Return the text of a first stack file, with machines that the region offers.

    Without a region it is the provider's in `STARTERS`. Without `runner_access`, a network stands there that nobody
    has, and a comment that says so. The values are not checked here: the text is to be validated as any stack file is.
    """
    head = _STACK.substitute(team=_word(team), environment=_word(environment))
    if provider == "existing":
        version = catalog.default_kubernetes_version("aws").version
        return head + _EXISTING.substitute(context="my-cluster", version=version)
    # A provider that there is none of is refused by the validation, in its words.
    starter = STARTERS.get(provider, STARTERS["aws"])
    place = region or starter.region
    words = {
        "provider": _word(provider),
        "region": _word(place),
        "cluster": starter.cluster,
        "runner_access": _runner_access(runner_access),
        "general": general_machine(provider, place),
        "most": str(starter.most_inference),
        "inference": _offered(provider, place, starter.inference),
    }
    text = head + _CLOUD.substitute(words)
    if words["inference"]:
        text += _INFERENCE_POOL.substitute(words)
    return text + _large_pool(provider, _offered(provider, place, starter.large))


def general_machine(provider: str, region: str) -> str:
    """Return a machine for general nodes, which the region offers unless it offers none that is known here."""
    machines = STARTERS.get(provider, STARTERS["aws"]).general
    return _offered(provider, region, machines) or machines[0]


def _runner_access(networks: tuple[str, ...]) -> str:
    access = f"        runner_access: [{', '.join(_word(network) for network in networks)}]"
    if networks:
        return access
    return f"        # Replace this range, which is nobody's, with your own.\n{access[:-1]}{EXAMPLE_NETWORK}]"


def _large_pool(provider: str, name: str) -> str:
    """Return a pool for reading, in comments: the machine in every way in which it is sold by the hour."""
    if not name:
        return ""
    machine = catalog.machines(provider)[name]
    ways = [way for way in ("spot", "on-demand") if way in machine.capacity_sources]
    offers = "".join(f"      #     - {{machine: {name}, capacity: {way}}}\n" for way in ways)
    return _LARGE_POOL.substitute(count=machine.accelerator_count, accelerator=machine.accelerator, offers=offers)


def _offered(provider: str, region: str, names: tuple[str, ...]) -> str:
    """Return the first of some machines that a region offers, or nothing."""
    machines = catalog.machines(provider) if provider in catalog.clouds() else {}
    return next((name for name in names if name in machines and region in machines[name].zones), "")


def _word(text: str) -> str:
    """Return a text as YAML: bare where that reads back the same, else in double quotes."""
    bare = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9./-]*", text) and resolve(text) == text
    return text if bare else json.dumps(text)
