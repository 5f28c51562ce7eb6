"""First preview of stacks/Pulumi.vision-dev.yaml: through Bedplate, and by a flat program with the same resources.

The flat program is generated from the state that Bedplate leaves behind on simulated clouds: one call per resource, its
inputs as literals, identifiers of other resources as references. Target: Bedplate needs at most 1.10 × its CPU.
"""

from __future__ import annotations

import json
import pprint
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from measure import cpu_seconds, machine, median_of
from pulumi.runtime import rpc
from pulumi_kubernetes.apiextensions import CustomResource

from bedplate import simulation
from bedplate.simulation.project_files import simulated_project_file

PROJECT = Path(__file__).resolve().parents[1]
STACK = "vision-dev"
QUIET = ("--stack", STACK, "--non-interactive", "--color=never", "--suppress-progress")
RUNS = 7
SKIPPED = ("pulumi:pulumi:Stack", "pulumi:providers:")
SECRET_MARK = "4dabf18193072939515e22adb298388d"
"""The key by which the engine tells a secret from other values (pulumi sdk, resource.SigKey)."""

SDKS = {"aws": "pulumi_aws", "kubernetes": "pulumi_kubernetes"}


def main() -> None:
    """Print the CPU seconds of both previews, and their ratio."""
    with TemporaryDirectory(prefix="bedplate-benchmark-") as scratch:
        resources = created_by_bedplate(Path(scratch) / "made")
        flat = Path(scratch) / "flat"
        write_project(flat, resources)
        check(preview(flat, Path(scratch) / "check"), len(resources))
        ours = median_of(RUNS, lambda: cpu_seconds(lambda: preview(PROJECT, Path(scratch) / "ours")))
        theirs = median_of(RUNS, lambda: cpu_seconds(lambda: preview(flat, Path(scratch) / "theirs")))
    print(f"machine: {machine()}; median of {RUNS} runs, {len(resources)} resources")
    print(f"flat program   {theirs:.2f} s CPU")
    print(f"Bedplate       {ours:.2f} s CPU, {ours / theirs:.2f} × the flat program (target 1.10)")


def created_by_bedplate(home: Path) -> list[dict[str, Any]]:
    """Return the cloud resources of the stack, in an order in which each comes after those that it refers to."""
    run(PROJECT, home, "up", "--yes", "--skip-preview")
    state = json.loads(run(PROJECT, home, "stack", "export", quiet=("--stack", STACK)).stdout)
    resources = state["deployment"]["resources"]
    return [item for item in resources if item["custom"] and not item["type"].startswith(SKIPPED)]


def preview(project: Path, home: Path) -> simulation.Completed:
    """Preview the stack of a project."""
    return run(project, home, "preview")


def run(project: Path, home: Path, *arguments: str, quiet: tuple[str, ...] = QUIET) -> simulation.Completed:
    """Run a pulumi command on simulated clouds; ends the benchmark with its output when it fails."""
    done = simulation.run(project, [*arguments, *quiet], home=home, capture=True)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    return done


def check(done: simulation.Completed, count: int) -> None:
    """End the benchmark when the flat program does not register as many resources."""
    # The stack itself and the Kubernetes provider come on top.
    if f"+ {count + 2} to create" not in done.stdout:
        sys.exit(f"the flat program does not register {count} resources:\n{done.stdout}{done.stderr}")


def write_project(folder: Path, resources: list[dict[str, Any]]) -> None:
    """Write the flat program as a project of its own."""
    (folder / "stacks").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(simulated_project_file(PROJECT / "Pulumi.yaml", PROJECT))
    (folder / "stacks" / f"Pulumi.{STACK}.yaml").write_text("config:\n  aws:region: us-east-1\n")
    (folder / "__main__.py").write_text(flat_program(resources))


def flat_program(resources: list[dict[str, Any]]) -> str:
    """Return the source of a program that registers the resources one by one."""
    identifiers: dict[str, str] = {}
    lines = ["import pulumi", "import pulumi_aws", "import pulumi_kubernetes", ""]
    cluster = next(index for index, item in enumerate(resources) if item["type"] == "aws:eks/cluster:Cluster")
    for index, item in enumerate(resources):
        of_kubernetes = item["type"].startswith("kubernetes:")
        options = ", opts=pulumi.ResourceOptions(provider=inside)" if of_kubernetes else ""
        name = json.dumps(item["urn"].rsplit("::", 1)[1])
        lines.append(f"r{index} = {class_path(item['type'])}({name}, **{arguments(item, identifiers)}{options})")
        if not of_kubernetes:
            identifiers |= {item["id"]: f"r{index}.id"}
            if "arn" in item["outputs"]:
                identifiers |= {item["outputs"]["arn"]: f"r{index}.arn"}
        if index == cluster:
            lines.append(f"inside = pulumi_kubernetes.Provider('inside', kubeconfig=r{index}.endpoint)")
    return "\n".join(lines) + "\n"


def class_path(token: str) -> str:
    """Return how a program names the class of a resource."""
    found = resource_class(token)
    if found is CustomResource:
        return "pulumi_kubernetes.apiextensions.CustomResource"
    return f"{SDKS[token.split(':')[0]]}.{'.'.join(public_module(found.__module__))}.{found.__name__}"


def resource_class(token: str) -> type:
    """Return the SDK's class for a type token."""
    package, module, _ = token.split(":")
    import_module(SDKS[package])
    for registered in rpc._RESOURCE_MODULES.get(f"{package}:{module}", []):
        name = registered.mod_info["classes"].get(token)
        if name:
            return getattr(import_module(registered.mod_info["fqn"]), name)
    if package == "kubernetes":
        return CustomResource
    raise LookupError(token)


def public_module(module: str) -> list[str]:
    """Return the module that a program imports, without the package and the file of the class."""
    return module.split(".")[1:-1]


def arguments(item: dict[str, Any], identifiers: dict[str, str]) -> str:
    """Return the keyword arguments of a resource as source."""
    found = resource_class(item["type"])
    python_names = {
        getattr(value.fget, "_pulumi_name", name): name
        for name, value in vars(found).items()
        if isinstance(value, property)
    }
    inputs = {
        python_names.get(key, key): referring(value, identifiers)
        for key, value in item["inputs"].items()
        if not key.startswith("__") and key not in ("apiVersion", "kind")
    }
    if found is CustomResource:
        inputs |= {"api_version": item["inputs"]["apiVersion"], "kind": item["inputs"]["kind"]}
    return pprint.pformat(inputs, width=10_000, compact=True)


class Reference(str):
    """Source text among literals."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def referring(value: Any, identifiers: dict[str, str]) -> Any:
    """Return a value with the identifiers of other resources replaced by references to them."""
    if isinstance(value, dict) and SECRET_MARK in value:
        return "c2VjcmV0"  # encrypted in the state; any text of that form does
    if isinstance(value, dict):
        return {key: referring(item, identifiers) for key, item in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [referring(item, identifiers) for item in value]
    if isinstance(value, str) and value in identifiers:
        return Reference(identifiers[value])
    return value


if __name__ == "__main__":
    main()
