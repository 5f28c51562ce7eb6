"""Records the previews of `data/`: the real engine, on simulated clouds, with the policy pack of the base branch.

    python -m tests.report.record DIRECTORY [CASE ...]

Each case is one change to `tests/data/vision-dev.yaml`, or to its program. What the report never reads (most
properties of leaf resources, debugging messages) is left out of the recordings, so that they stay small.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bedplate import simulation
from bedplate.simulation.demo import STACK, STACK_FILE, DemoProject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.simulation import Completed

ROOT = Path(__file__).resolve().parents[2]
MAIN = "__main__.py"
CAPS = "policies/caps.yaml"
L4_NODES = "nodes: {min: 0, max: 4, expected: 1, expected_hours_per_month: 176}"
L4_POOL = (
    f"      l4:\n        cluster: use1\n        role: inference\n        machine: g6.2xlarge\n        {L4_NODES}\n"
)

LATER = """
import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

inside = pulumi.ResourceOptions(provider=aws.Provider("east", region="us-east-1"))
later = aws.kms.Key("later", opts=inside).arn
"""
WORKLOAD = """
pod = {"containers": [{"name": "web", "image": "registry.example/web:1"}], "tolerations": [{"operator": "Exists"}]}
kubernetes.apps.v1.Deployment(
    "batch",
    metadata={"name": "batch", "namespace": "vision-dev-general"},
    spec={"selector": {"match_labels": {"app": "b"}}, "template": {"metadata": {"labels": {"app": "b"}}, "spec": pod}},
    opts=pulumi.ResourceOptions(provider=kubernetes.Provider("cluster", kubeconfig=later)),
)
"""
UNKNOWN = """
class NodePool(pulumi.ComponentResource):
    def __init__(self, numbers):
        super().__init__("bedplate:index:NodePool", numbers["name"], numbers)
        self.register_outputs(numbers)

NodePool({"name": "odd", "team": "vision", "environment": "dev", "cluster": "use1", "groups": [], "cost": later})
"""


@dataclass(frozen=True, slots=True)
class Change:
    """Replacements of text by file; the state before it is that of the unchanged project, unless `first`."""

    edits: tuple[tuple[str, str, str], ...] = ()
    append: str = ""
    first: bool = False


FILE = str(STACK_FILE)
PLACES = ("sourcePosition", "stackTrace")
"""Where the program stands on the machine that records."""

CHANGES = {
    "first-preview": Change(first=True),
    "no-change": Change(),
    "pool-grown": Change(((FILE, L4_NODES, L4_NODES.replace("max: 4", "max: 6")),)),
    "pool-removed": Change(((FILE, L4_POOL, ""),)),
    "machine-changed": Change(((FILE, "machine: g6.2xlarge", "machine: g6e.2xlarge"),)),
    "offer-changed": Change(
        ((FILE, "{machine: p5.48xlarge, capacity: spot, max: 1}", "{machine: p5.4xlarge, capacity: spot, max: 1}"),)
    ),
    "over-cap": Change(
        (
            (FILE, L4_NODES, L4_NODES.replace("max: 4", "max: 40")),
            (CAPS, "dev: {hourly_usd: 130, monthly_usd: 90000}", "dev: {hourly_usd: 900, monthly_usd: 900000}"),
        )
    ),
    "refused-by-the-program": Change(((FILE, L4_NODES, L4_NODES.replace("max: 4", "max: 40")),)),
    "separation-violation": Change(append=LATER + WORKLOAD),
    "cluster-renamed": Change(((FILE, "use1:", "east:"), (FILE, "cluster: use1", "cluster: east"))),
    "network-replaced": Change(((FILE, "network: {nat: single}", "network: {nat: single, cidr: 10.64.0.0/16}"),)),
    "unknown-values": Change(append=LATER + UNKNOWN),
}


def record(target: Path, names: Sequence[str]) -> None:
    """Record the previews of some changes into a folder."""
    with TemporaryDirectory(prefix="bedplate-record-") as scratch:
        place = Path(scratch)
        (place / "pr").mkdir()
        (place / "base").mkdir()
        base, changed = _project(place / "base"), _project(place / "pr")
        created = False
        for name in sorted(names, key=lambda name: not CHANGES[name].first):
            change = CHANGES[name]
            if not change.first and not created:
                expect(pulumi(changed, "up", "--yes", "--skip-preview"), 0)
                created = True
            apply(change, changed.folder)
            done = pulumi(changed, "preview", "--json", "--policy-pack", str(base.folder / "policies"))
            restore(changed.folder, base.folder)
            events = [json.loads(line) for line in done.stdout.splitlines()]
            text = "".join(f"{json.dumps(event, sort_keys=True)}\n" for event in trimmed(events))
            (target / f"{name}.jsonl").write_text(text, encoding="utf-8")
            print(f"{name}: exit {done.returncode}, {len(events)} events, {len(text):,} characters", flush=True)
        if created and "pool-grown" in names:
            record_other_forms(target, base, changed)


def _project(scratch: Path) -> DemoProject:
    """Copy the project with a stack file of the tests' own: the examples may change, and the recordings stay."""
    project = DemoProject.copied(ROOT, scratch)
    shutil.copy2(ROOT / "tests" / "data" / "vision-dev.yaml", project.folder / STACK_FILE)
    return project


def record_other_forms(target: Path, base: DemoProject, changed: DemoProject) -> None:
    """Record the same change as one JSON document, with and without what stays, and the state before it."""
    apply(CHANGES["pool-grown"], changed.folder)
    command = ("preview", "--json", "--policy-pack", str(base.folder / "policies"))
    for name, more in (("pool-grown-document", ()), ("pool-grown-document-with-sames", ("--show-sames",))):
        document = json.loads(pulumi(changed, *command, *more, streaming="false").stdout)
        document["steps"] = [step for step in document["steps"] if step["op"] != "refresh"]
        for step in document["steps"]:
            trim_states(step, "oldState", "newState", changed_properties(step))
        document["config"] = {}
        (target / f"{name}.json").write_text(json.dumps(document, sort_keys=True, indent=1) + "\n", encoding="utf-8")
    restore(changed.folder, base.folder)
    state = json.loads(pulumi(changed, "stack", "export").stdout)
    for resource in state["deployment"]["resources"]:
        keep_cost(resource)
    (target / "state.json").write_text(json.dumps(state, sort_keys=True, indent=1) + "\n", encoding="utf-8")


def pulumi(project: DemoProject, *arguments: str, streaming: str = "true") -> Completed:
    """Run a pulumi command on simulated clouds, with previews as a stream of events."""
    variables = {**os.environ, "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": streaming}
    command = [*arguments, "--stack", STACK, "--non-interactive", "--color=never"]
    return simulation.run(project.folder, command, home=project.home, env=variables, capture=True)


def expect(done: Completed, code: int) -> None:
    """Stop with the output of a command that did not end as it should."""
    if done.returncode != code:
        sys.exit(f"exit {done.returncode} instead of {code}\n{done.stdout}\n{done.stderr}")


def apply(change: Change, folder: Path) -> None:
    """Make a change; stops when the text to replace is not there."""
    for file, before, after in change.edits:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        if before not in text:
            sys.exit(f"{file} does not hold {before!r}")
        path.write_text(text.replace(before, after), encoding="utf-8")
    main = folder / MAIN
    main.write_text(main.read_text(encoding="utf-8") + change.append, encoding="utf-8")


def restore(folder: Path, base: Path) -> None:
    """Take a change back."""
    for file in (FILE, CAPS, MAIN):
        shutil.copy2(base / file, folder / file)


def trimmed(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the events that a report reads, without the properties that it does not."""
    kept = []
    steps = [event["resourcePreEvent"]["metadata"] for event in events if "resourcePreEvent" in event]
    changed: dict[str, set[str]] = {}
    for step in steps:
        changed.setdefault(step["urn"], set()).update(changed_properties(step))
    for event in events:
        event["timestamp"] = 0
        diagnostic = event.get("diagnosticEvent")
        if (diagnostic and diagnostic["severity"] == "debug") or "policyRemediateSummaryEvent" in event:
            continue
        if "policyAnalyzeSummaryEvent" in event:
            continue
        if "preludeEvent" in event:
            event["preludeEvent"]["config"] = {}
        if "summaryEvent" in event:
            event["summaryEvent"]["durationSeconds"] = 0
            event["summaryEvent"]["PolicyPacks"] = {"bedplate|local|policies": "0.1.0"}  # without the folder's name
        if "resOutputsEvent" in event:
            continue
        step = event.get("resourcePreEvent", {}).get("metadata")
        if step is not None:
            if step["op"] == "refresh" and not is_component(step):
                continue
            step.pop("provider", None)  # the states have it too
            trim_states(step, "old", "new", changed[step["urn"]])
        kept.append(event)
    return kept


def is_component(of: dict[str, Any]) -> bool:
    """Return whether a step or state is one of Bedplate's components: the report reads their properties."""
    return bool(of["type"].startswith("bedplate:index:"))


def is_beside(urn: str) -> bool:
    """Return whether a resource is below none of Bedplate's components: the report prices it by what it is."""
    return "bedplate:index:" not in urn


def changed_properties(step: dict[str, Any]) -> set[str]:
    """Return the names of the properties that a step changes."""
    return {path.split(".")[0].split("[")[0] for path in step.get("detailedDiff") or {}}


def trim_states(step: dict[str, Any], old: str, new: str, changed: set[str]) -> None:
    """Leave out what no report reads: all properties of what stays, outputs of leaves, inputs that do not change."""
    for key in (old, new):
        state = step.get(key)
        if not state:
            continue
        for name in (*PLACES, "id", "urn", "dependencies", "propertyDependencies", "created", "modified"):
            state.pop(name, None)
        state["outputs"] = {}
        beside = is_beside(step["urn"])
        if not beside:
            state.pop("provider", None)
        read = ("region",) if state["type"].startswith("pulumi:providers:") else ()
        if is_component(state) or (beside and not read):
            continue
        kept = (state.get("inputs") or {}).items()
        state["inputs"] = {name: value for name, value in kept if name in changed or name in read}
    if step["op"] == "refresh":
        step[new] = None
    if step["op"] == "same" and step.get(new) and not is_component(step[new]) and not is_beside(step["urn"]):
        step[old], step[new] = None, {name: step[new].get(name) for name in ("type", "parent")}


def keep_cost(state: dict[str, Any]) -> None:
    """Leave out what no report reads of a resource in a state."""
    state["outputs"] = {}
    if not is_component(state) and not is_beside(state["urn"]):
        state["inputs"] = {}
    for name in (*PLACES, "dependencies", "propertyDependencies", "id", "provider", "created", "modified"):
        state.pop(name, None)


if __name__ == "__main__":
    record(Path(sys.argv[1]), sys.argv[2:] or list(CHANGES))
