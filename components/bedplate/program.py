"""The Pulumi program: from the stack's configuration to declared resources."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
from pulumi.runtime.config import is_config_secret

from bedplate import catalog
from bedplate.cost.caps import CAPS_FILE, read_caps, told
from bedplate.cost.limits import plan_excesses
from bedplate.errors import BedplateError
from bedplate.images.lock import LOCK_FILE, use_lock
from bedplate.plan import plan_stack
from bedplate.stack_file.load import parse_stack_beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.plan import StackPlan

ALREADY_SHOWN = 32
"""The exit code by which a Python program tells Pulumi that the user has been told what is wrong; any other one is
shown as an unhandled error. Source: pulumi-language-python-exec of the Pulumi SDK."""

STACKS_FOLDER = "stacks"
"""Where the stack files are: stackConfigDir in Pulumi.yaml."""


def run() -> None:
    """Declare the stack that the engine was asked for; every mistake of a user ends in one readable message."""
    try:
        plan = planned(Path(pulumi.get_root_directory()))
        with _no_garbage_to_look_for():
            from bedplate.platform import declare

            declare(plan)
    except BedplateError as error:
        pulumi.log.error("\n".join(filter(None, [str(error), error.hint])))
        sys.exit(ALREADY_SHOWN)


@contextmanager
def _no_garbage_to_look_for() -> Iterator[None]:
    """Keep Python from searching the cloud SDKs for garbage while they load: they are large, and all of it stays.

    The search costs a fifth of a preview (docs/benchmarks.md). Afterwards it leaves them out.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def planned(root: Path) -> StackPlan:
    """Return the plan of the stack in the project at `root`; raises BedplateError when it may not be declared."""
    if is_config_secret("bedplate:stack"):
        raise BedplateError(
            "bedplate:stack holds a `secure:` value, which would reach the state in plain text",
            hint="`bedplate validate` shows where. Keep it under a key of its own: pulumi config set --secret NAME",
        )
    data = pulumi.Config("bedplate").get_object("stack")
    if data is None:
        raise BedplateError(
            f"{STACKS_FOLDER}/Pulumi.{pulumi.get_stack()}.yaml is missing, or holds no bedplate:stack",
            hint="`bedplate init TEAM` writes such a file. If the stack's name was mistyped: pulumi stack rm",
        )
    catalog.use_own_prices(root / catalog.OWN_PRICES_FOLDER)
    use_lock(root / LOCK_FILE)
    plan = plan_stack(*parse_stack_beside(data, root / STACKS_FOLDER))
    refuse_excess(plan, root / CAPS_FILE)
    return plan


def refuse_excess(plan: StackPlan, caps_file: Path) -> None:
    """Raise when a plan passes its spending cap: leaving out the policy pack is no way round it."""
    cap = read_caps(caps_file).of(plan.team, plan.environment)
    over = plan_excesses(plan, cap)
    if over:
        raise BedplateError(f"the plan is over its spending cap, so nothing was declared:\n{told(over)}")
