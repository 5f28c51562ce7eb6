"""Faults that a simulation injects: `--fault SPEC` or `--fault FILE`.

    capacity:MACHINE[@ZONE]      no machine of this type is to be had (in this zone; without one: anywhere)
    quota:MACHINE                the account's limit is below one machine of this type
    slow:TARGET=SECONDSs         creating takes this long
    half:TARGET                  creating fails half-way: the resource exists, and is not ready
    drift:NAME.PROPERTY=VALUE    somebody changed a property in the cloud
    deleted:NAME                 somebody deleted the resource in the cloud

TARGET is a type token (`aws:eks/nodeGroup:NodeGroup`) or the name that the program gave a resource; NAME is such
a name. `*N` at the end makes a fault strike N times; without it, it strikes every time. A file is YAML: a list
of such specs, or of maps (`{kind: drift, name: pool, property: scalingConfig.desiredSize, value: 3}`).
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedplate.errors import UsageError, listing, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

KINDS = ("capacity", "quota", "slow", "half", "drift", "deleted")
_FORMS = {
    "capacity": "capacity:MACHINE[@ZONE][*N]",
    "quota": "quota:MACHINE[*N]",
    "slow": "slow:TARGET=SECONDSs[*N]",
    "half": "half:TARGET[*N]",
    "drift": "drift:NAME.PROPERTY=VALUE",
    "deleted": "deleted:NAME",
}
_WAITS_FOR = {
    "capacity": "no such machine was started in {where} (a preview starts none, nor does a pool at 0 nodes)",
    "quota": "no such machine was started (a preview starts none, nor does a pool at 0 nodes)",
    "slow": "nothing of this type or name was created",
    "half": "nothing of this type or name was created",
}
_FILE_NAMES = {"machine": "target", "name": "target"}
_TIMES = re.compile(r"(?P<rest>.*?)\*(?P<times>\d+)", re.DOTALL)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `times` is how often it strikes; 0 is every time."""

    kind: str
    target: str
    """The machine type, the type token or the resource's name, as the kind has it."""

    zone: str = ""
    property: str = ""
    value: Any = None
    seconds: float = 0.0
    times: int = 0

    def spec(self) -> str:
        """Return the fault as one writes it on the command line."""
        text = f"{self.kind}:{self.target}"
        if self.zone:
            text += f"@{self.zone}"
        if self.kind == "slow":
            text += f"={self.seconds:g}s"
        if self.kind == "drift":
            text += f".{self.property}={json.dumps(self.value)}"
        return f"{text}*{self.times}" if self.times else text


class FaultPlan:
    """The faults of one run, and how often each may still strike. Safe to use from several threads."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.faults = tuple(faults)
        self._left = {index: fault.times for index, fault in enumerate(self.faults) if fault.times}
        self._struck: set[int] = set()
        self._lock = threading.Lock()

    def strike(self, kind: str, hits: Callable[[Fault], bool]) -> Fault | None:
        """Return the first fault of this kind that hits and has strikes left, and count the strike."""
        with self._lock:
            for index, fault in enumerate(self.faults):
                if fault.kind != kind or self._left.get(index, 1) == 0 or not hits(fault):
                    continue
                self._struck.add(index)
                if index in self._left:
                    self._left[index] -= 1
                return fault
        return None

    def idle(self) -> list[str]:
        """Say of each fault that waits for something to happen, and has never struck, what did not happen."""
        waiting = ((index, fault) for index, fault in enumerate(self.faults) if fault.kind in _WAITS_FOR)
        return [
            f"fault {fault.spec()} never struck: {_WAITS_FOR[fault.kind].format(where=fault.zone or 'any zone')}"
            for index, fault in waiting
            if index not in self._struck
        ]


def read_faults(arguments: Sequence[str]) -> tuple[Fault, ...]:
    """Return the faults that `--fault` arguments name, each a spec or a file of them.

    Raises `UsageError` that says what a fault looks like, and the nearest kind.
    """
    faults: list[Fault] = []
    for argument in arguments:
        file = Path(argument)
        if file.suffix in (".yaml", ".yml") or file.is_file():
            faults += _read_file(file)
        else:
            faults.append(parse_fault(argument))
    return tuple(faults)


def parse_fault(spec: str) -> Fault:
    """Return the fault that a spec describes; raises `UsageError` for one that is not well formed."""
    kind, colon, body = spec.partition(":")
    _known_kind(kind, spec)
    if not colon or not body:
        raise _malformed(kind, spec)
    if kind == "drift":
        return _drift(spec, body)
    times = 0
    if repeated := _TIMES.fullmatch(body):
        body, times = repeated["rest"], int(repeated["times"])
        if times == 0:
            raise UsageError(f"fault {spec!r}: it would never strike", hint="*N counts from 1")
    if kind == "slow":
        return _slow(spec, body, times)
    if kind == "capacity":
        machine, at, zone = body.partition("@")
        if not machine or (at and not zone):
            raise _malformed(kind, spec)
        return Fault(kind, machine, zone=zone, times=times)
    if not body or (kind == "deleted" and times):
        raise _malformed(kind, spec)
    return Fault(kind, body, times=times)


def _slow(spec: str, body: str, times: int) -> Fault:
    target, _, duration = body.rpartition("=")
    seconds = _SECONDS.fullmatch(duration)
    if not target or not seconds:
        raise _malformed("slow", spec)
    return Fault("slow", target, seconds=float(seconds[1]), times=times)


def _drift(spec: str, body: str) -> Fault:
    place, equals, text = body.partition("=")
    name, dot, path = place.partition(".")
    if not (name and dot and path and equals):
        raise _malformed("drift", spec)
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    return Fault("drift", name, property=path, value=value)


def _known_kind(kind: str, spec: str) -> None:
    if kind in KINDS:
        return
    meant = nearest(kind, KINDS)
    message = f"fault {spec!r}: no fault is called {kind!r}" + (f"; did you mean {meant!r}?" if meant else "")
    raise UsageError(message, hint=f"faults: {listing(KINDS)}; or a YAML file of them")


def _malformed(kind: str, spec: str) -> UsageError:
    return UsageError(f"fault {spec!r} is not well formed", hint=f"it looks like {_FORMS[kind]}")


def _read_file(file: Path) -> list[Fault]:
    import yaml

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"no file of faults at {file}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{file}: cannot be read: {error}") from error
    entries = content.get("faults") if isinstance(content, dict) else content
    if not isinstance(entries, list):
        raise UsageError(f"{file}: expected a list of faults")
    return [_entry(entry, f"{file}[{index}]") for index, entry in enumerate(entries)]


def _entry(entry: object, place: str) -> Fault:
    if isinstance(entry, str):
        return parse_fault(entry)
    if not isinstance(entry, dict):
        raise UsageError(f"{place}: expected a spec or a map, got {entry!r}")
    _known_kind(str(entry.get("kind", "")), place)
    known = {field.name for field in fields(Fault)}
    values = {_FILE_NAMES.get(str(name), str(name)): value for name, value in entry.items()}
    for name in values:
        if name not in known:
            meant = nearest(name, known)
            raise UsageError(
                f"{place}: unknown key {name!r}" + (f"; did you mean {meant!r}?" if meant else ""),
                hint=f"it looks like {_FORMS[entry['kind']]}",
            )
    try:
        fault = Fault(**{**values, "seconds": float(values.get("seconds", 0)), "times": int(values.get("times", 0))})
    except (TypeError, ValueError) as error:
        raise UsageError(f"{place}: {error}", hint=f"it looks like {_FORMS[entry['kind']]}") from error
    if not isinstance(fault.target, str) or not fault.target or (fault.kind == "drift") != bool(fault.property):
        raise UsageError(f"{place} is not well formed", hint=f"it looks like {_FORMS[fault.kind]}")
    return fault
