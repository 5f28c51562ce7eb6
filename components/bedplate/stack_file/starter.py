"""The first stack file of a team: small, commented, and valid as it stands."""

from __future__ import annotations

import json
import re
from string import Template

from bedplate import catalog
from bedplate.stack_file.scalars import resolve

EXAMPLE_NETWORK = "203.0.113.0/24"
"""A range for documentation (RFC 5737): valid, and nobody's."""

_GENERAL = ("m7i.2xlarge", "m6i.2xlarge")
_INFERENCE = ("g6.2xlarge", "g6e.2xlarge", "g5.2xlarge", "g4dn.2xlarge")
_TRAINING = "p5.48xlarge"

_HEAD = Template("""\
# The stack of team $team, environment $environment. `bedplate validate` checks it, `bedplate plan` says what it
# means and costs, `pulumi up` makes it so. Every key: `bedplate schema --markdown`.
config:
  # A secret gets a key of its own, never a place in the stack:  pulumi config set --secret bedplate:hf_token
  bedplate:stack:
    team: $team
    environment: $environment
    clusters:
      main:
        provider: $provider
        region: $region
        # The networks from which `pulumi` and `kubectl` reach the API server; all others are refused.
$runner_access
    node_pools:
      # Everything that asks for no accelerator runs here, the autoscaler and DNS first: min is never 0.
      general: {cluster: main, role: general, machine: $general, nodes: {min: 2, max: 6}}
""")

_INFERENCE_POOL = Template("""\
      # Costs nothing while nothing runs on it. max is a spending cap.
      inference: {cluster: main, role: inference, machine: $inference, nodes: {min: 0, max: 4}}
""")

_TRAINING_POOL = Template("""\
      # Eight H100 per node. Offers are tried in order; look at `bedplate plan` before you uncomment it.
      # h100:
      #   cluster: main
      #   role: inference
      #   nodes: {min: 0, max: 2}
      #   offers:
      #     - {machine: $training, capacity: spot}
      #     - {machine: $training, capacity: on-demand}
""")


def starter_text(team: str, environment: str, provider: str, region: str, runner_access: tuple[str, ...]) -> str:
    """Return the text of a first stack file, with machines that the region offers.

    Without `runner_access`, a network stands there that nobody has, and a comment that says so. The values are not
    checked here: the text is to be validated as any stack file is.
    """
    networks = ", ".join(_word(network) for network in runner_access)
    access = f"        runner_access: [{networks}]"
    if not runner_access:
        access = f"        # Replace this range, which is nobody's, with your own.\n{access[:-1]}{EXAMPLE_NETWORK}]"
    words = {
        "team": _word(team),
        "environment": _word(environment),
        "provider": _word(provider),
        "region": _word(region),
        "runner_access": access,
        "general": _offered(provider, region, _GENERAL) or _GENERAL[0],
        "inference": _offered(provider, region, _INFERENCE),
        "training": _offered(provider, region, (_TRAINING,)),
    }
    text = _HEAD.substitute(words)
    if words["inference"]:
        text += _INFERENCE_POOL.substitute(words)
    if words["training"]:
        text += _TRAINING_POOL.substitute(words)
    return text


def _offered(provider: str, region: str, names: tuple[str, ...]) -> str:
    """Return the first of some machines that a region offers, or nothing."""
    machines = catalog.machines(provider) if provider in catalog.clouds() else {}
    return next((name for name in names if name in machines and machines[name].zones.get(region)), "")


def _word(text: str) -> str:
    """Return a text as YAML: bare where that reads back the same, else in double quotes."""
    bare = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9./-]*", text) and resolve(text) == text
    return text if bare else json.dumps(text)
