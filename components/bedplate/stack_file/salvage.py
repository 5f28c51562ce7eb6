"""One mistake must neither hide others nor bring forth some: what can still be judged, and what only follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate.node_pools.spec import NodePoolSpec
from bedplate.stack_file.fields import value_at
from bedplate.stack_file.messages import UNKNOWN_KEY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bedplate.errors import FieldPath, Problem

_STAND_INS = {"team": "team", "environment": "dev"}
"""Valid values for required keys on which no precondition depends."""

_DECIDES_THE_REST = frozenset({"hardware", "hosts"})
"""Keys of a pool without which its other keys make no sense."""

_ANY_NODES = {"min": 1, "max": 1}
"""The same for the nodes of a pool: only a rule about the cluster as a whole looks at them."""


@dataclass(frozen=True, slots=True)
class Rest:
    """A stack without parts that the models refuse: entries (clusters, pools), or keys of pools."""

    data: Any
    dropped: Collection[FieldPath]
    """Paths of the entries and keys left out, for example `("node_pools", "gpu")`."""
    whole: Any = None
    """The stack with them."""

    def concerns(self, problem: Problem) -> bool:
        """Tell whether a problem of the rest is one of the whole stack too, not a consequence of what was left out."""
        if not self.dropped:
            return True
        if len(problem.field) <= 2:  # about an entry as a whole: what it needs may be among those left out
            return False
        cluster = value_at(self.whole, problem.field) if problem.field[-1:] == ("cluster",) else None
        return ("clusters", cluster) not in self.dropped


def rests_of_stack(data: Any, errors: Sequence[Problem]) -> Iterator[Rest]:
    """Yield what the models may still accept of a stack, the largest part first.

    Unknown keys are left out in any case. First only the wrong keys of a pool are left out, as far as they are not
    required; then every entry in which something is wrong.
    """
    unknown = {problem.field for problem in errors if problem.message == UNKNOWN_KEY}
    wrong = {problem.field for problem in errors if problem.message != UNKNOWN_KEY and problem.field}
    entries = {field[:2] for field in wrong if len(field) > 1}
    top = {field for field in wrong if len(field) == 1}
    keys = {field[:3] if _may_be_left_out(field) else field[:2] for field in wrong} - top
    for left_out in (keys, entries):
        rest = _without(data, (), unknown | top | left_out)
        if isinstance(rest, dict):
            rest |= {key: value for key, value in _STAND_INS.items() if (key,) in top}
            _put_nodes(rest, left_out)
        yield Rest(rest, left_out, data)


def _may_be_left_out(field: FieldPath) -> bool:
    key = str(field[2]) if len(field) > 2 and field[0] == "node_pools" else ""
    if key in _DECIDES_THE_REST:
        return False
    return key == "nodes" or (key in NodePoolSpec.model_fields and not NodePoolSpec.model_fields[key].is_required())


def _put_nodes(rest: dict[str, Any], left_out: Collection[FieldPath]) -> None:
    pools = rest.get("node_pools")
    for field in left_out:
        if field[2:] == ("nodes",) and isinstance(pools, dict) and isinstance(pools.get(field[1]), dict):
            pools[field[1]]["nodes"] = _ANY_NODES


def without_consequences(problems: Sequence[Problem]) -> list[Problem]:
    """Leave out what is only said again, what a value that cannot be read or shown fails besides, and rules over
    the fields of a mapping of which one is unknown or cannot be read."""
    decided = {problem.field for problem in problems if problem.decides and problem.field}
    unsettled = {problem.field[:-1] for problem in problems if problem.decides or problem.message == UNKNOWN_KEY}
    kept: dict[tuple[FieldPath, str], Problem] = {}
    for problem in problems:
        field = problem.field
        inside = any(field[:length] in decided for length in range(1, len(field) + 1))
        if problem.decides or not (inside or (field and field in unsettled)):
            kept.setdefault((field, problem.message), problem)
    return list(kept.values())


def _without(data: Any, path: FieldPath, left_out: Collection[FieldPath]) -> Any:
    """Return plain data without what stands at some paths."""
    if isinstance(data, Mapping):
        return {
            key: _without(below, (*path, key), left_out) for key, below in data.items() if (*path, key) not in left_out
        }
    if isinstance(data, list):
        return [_without(item, (*path, index), left_out) for index, item in enumerate(data)]
    return data
