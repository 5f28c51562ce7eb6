"""Checks the inputs of a resource against the types of the installed SDK."""

from __future__ import annotations

import collections.abc
import enum
import types
import typing
from dataclasses import dataclass
from typing import Any

from bedplate.errors import FieldPath, dotted, nearest
from bedplate.sdk_types.classes import Property, properties, resource_type, snake_case
from bedplate.sdk_types.values import is_list, is_special, is_unknown, unwrap

if typing.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Kubernetes quantities: the SDK types them as strings, the API server takes numbers too
# (k8s.io/apimachinery/pkg/api/resource.Quantity.UnmarshalJSON).
_QUANTITIES = frozenset(
    {
        *("limits", "requests", "capacity", "allocatable", "hard", "used", "overhead", "podFixed"),
        *("default", "defaultRequest", "min", "max", "maxLimitRequestRatio", "allocatedResources"),
        *("sizeLimit", "divisor", "averageValue", "value", "shmSize", "maximumVolumeSize"),
    }
)


@dataclass(frozen=True, slots=True)
class InputProblem:
    """One thing that is wrong with a resource's inputs."""

    path: FieldPath
    """Where: property names as the provider sees them, list positions as numbers."""

    message: str
    nearest: str = ""
    """The property or word that was probably meant, or an empty string."""

    def render(self) -> str:
        """Return the problem as `spec.replicas: expected an integer, got 'three'`."""
        text = f"{dotted(self.path)}: {self.message}"
        return f"{text}; did you mean {self.nearest!r}?" if self.nearest else text


def check_inputs(token: str, inputs: Mapping[str, object], *, deprecated: bool = False) -> list[InputProblem]:
    """Return what is wrong with the inputs of a resource of this type: nothing is an empty list.

    Found are unknown properties (with the nearest known one), wrong types, missing required properties and
    words outside a closed enumeration, at any depth. An unknown value fits every type; secrets are looked into.
    A type without a class in the installed SDK (a component, a Kubernetes custom resource) has no problems:
    `is_known_token` tells the two apart. With `deprecated`, so are properties that the SDK wants to be rid of.
    Open enumerations (a string or one of these words) take any string, because the services add words faster
    than the SDKs.
    """
    known = resource_type(token)
    if known is None:
        return []
    checker = _Checker(quantities=token.startswith("kubernetes:"), deprecated=deprecated)
    return list(checker.check_object(inputs, known.inputs, ()))


@dataclass(frozen=True, slots=True)
class _Checker:
    quantities: bool
    deprecated: bool = False

    def check_object(
        self, value: Mapping[str, object], known: Mapping[str, Property], path: FieldPath
    ) -> Iterator[InputProblem]:
        for name, item in value.items():
            if name.startswith("__"):  # the engine's and the bridge's own marks, such as __defaults
                continue
            if name in known:
                if self.deprecated and known[name].deprecation:
                    yield InputProblem((*path, name), f"is deprecated: {known[name].deprecation}")
                yield from self.check(item, known[name].annotation, (*path, name))
            else:
                yield InputProblem((*path, name), "unknown property", _nearest_property(name, known))
        for name, declared in known.items():
            if declared.required and name not in value:
                yield InputProblem((*path, name), "missing required property")

    def check(self, value: object, annotation: object, path: FieldPath) -> list[InputProblem]:
        """Return why a value fits none of the alternatives of a type; empty when it fits one."""
        value = unwrap(value)
        if value is None or is_unknown(value) or is_special(value):
            return []
        shapes = _shapes(annotation)
        if not shapes or any(shape.takes(value) for shape in shapes) or self._is_quantity(value, shapes, path):
            return []
        complaints: list[InputProblem] = []
        for alternative in shapes:
            found = list(self._check_one(value, alternative, path))
            if not found:
                return []
            # the alternative that was meant is the one whose problem lies deepest
            if not complaints or any(len(problem.path) > len(path) for problem in found):
                complaints = found
        return complaints

    def _check_one(self, value: object, shape: _Shape, path: FieldPath) -> Iterator[InputProblem]:
        if shape.scalar is not None:
            described, fits = shape.scalar
            if not fits(value):
                yield InputProblem(path, f"expected {described}, got {_shown(value)}")
        elif shape.properties is not None:
            if isinstance(value, collections.abc.Mapping):
                yield from self.check_object(value, shape.properties, path)
            else:
                yield InputProblem(path, f"expected an object, got {_shown(value)}")
        elif shape.origin in (dict, collections.abc.Mapping):
            yield from self._check_map(value, shape.arguments, path)
        elif shape.origin in (list, collections.abc.Sequence):
            yield from self._check_list(value, shape.arguments, path)
        elif isinstance(shape.origin, type) and issubclass(shape.origin, enum.Enum):
            yield from _check_word(value, shape.origin, path)

    def _check_map(self, value: object, arguments: tuple[object, ...], path: FieldPath) -> Iterator[InputProblem]:
        if not isinstance(value, collections.abc.Mapping):
            yield InputProblem(path, f"expected a map, got {_shown(value)}")
        elif arguments:
            for key, item in value.items():
                yield from self.check(item, arguments[1], (*path, key))

    def _check_list(self, value: object, arguments: tuple[object, ...], path: FieldPath) -> Iterator[InputProblem]:
        if not is_list(value):
            yield InputProblem(path, f"expected a list, got {_shown(value)}")
        elif arguments:
            for index, item in enumerate(value):
                yield from self.check(item, arguments[0], (*path, index))

    def _is_quantity(self, value: object, shapes: tuple[_Shape, ...], path: FieldPath) -> bool:
        if not self.quantities or not _is_number(value) or all(shape.origin is not str for shape in shapes):
            return False
        return any(part in _QUANTITIES for part in path[-2:])


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    return _is_number(value) and float(typing.cast("float", value)).is_integer()


_SCALARS: Mapping[type, tuple[str, typing.Callable[[object], bool]]] = {
    bool: ("a boolean", lambda value: isinstance(value, bool)),
    int: ("an integer", _is_integer),
    float: ("a number", _is_number),
    str: ("a string", lambda value: isinstance(value, str)),
}


def _check_word(value: object, words: type[enum.Enum], path: FieldPath) -> Iterator[InputProblem]:
    allowed = [member.value for member in words]
    if value not in allowed:
        listed = ", ".join(str(word) for word in allowed)
        yield InputProblem(path, f"{_shown(value)} is not one of {listed}", nearest(value, map(str, allowed)))


@dataclass(frozen=True, slots=True)
class _Shape:
    """One type that a value may have, taken apart once: a generated SDK repeats few types in many places."""

    origin: object
    arguments: tuple[object, ...]
    scalar: tuple[str, typing.Callable[[object], bool]] | None
    properties: Mapping[str, Property] | None
    """Of an object of the SDK; None for everything else."""

    def takes(self, value: object) -> bool:
        """Return whether this is a scalar type that a value is of: most values need no more than this."""
        return self.scalar is not None and self.scalar[1](value)


def _shape(kind: Any) -> _Shape:
    origin = typing.get_origin(kind) or kind
    is_class = isinstance(origin, type)
    return _Shape(
        origin,
        typing.get_args(kind),
        _SCALARS.get(origin) if is_class else None,
        properties(origin) if is_class and _is_sdk_object(origin) and not issubclass(origin, enum.Enum) else None,
    )


def _shapes(annotation: Any) -> tuple[_Shape, ...]:
    """Return the types that an annotation allows; empty means that anything goes."""
    known = _known_shapes.get(id(annotation))
    if known is None:
        found = tuple(_shape(kind) for kind in alternatives(annotation))
        known = _known_shapes[id(annotation)] = (annotation, found)
    return known[1]


_known_shapes: dict[int, tuple[Any, tuple[_Shape, ...]]] = {}
"""Answers by the identity of an annotation, which is kept so that no other one gets its identity. To hash an annotation
takes longer than to check a value against it: its parts are hashed anew each time."""


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The types that a value may have: without `Input`'s and `Optional`'s wrapping, and without an object's twin.

    An object type stands in the annotation twice, as an `…Args` class and as a TypedDict; the class says more.
    Empty means that anything goes.
    """
    found = tuple(_flattened(annotation))
    if any(kind is typing.Any or _is_asset(kind) for kind in found):
        return ()
    return found


def _flattened(annotation: Any) -> Iterator[Any]:
    import pulumi

    origin = typing.get_origin(annotation)
    if origin is typing.Union or origin is types.UnionType:
        for argument in typing.get_args(annotation):
            yield from _flattened(argument)
        return
    wrapper = origin or annotation
    if wrapper in (pulumi.Output, collections.abc.Awaitable) or annotation is type(None):
        return
    if isinstance(annotation, typing.ForwardRef) or typing.is_typeddict(annotation):
        return
    yield annotation


def _is_asset(kind: object) -> bool:
    return getattr(kind, "__module__", "").startswith("pulumi.asset")


def _is_sdk_object(kind: type) -> bool:
    return kind.__module__.startswith("pulumi_")


def _nearest_property(name: str, known: Mapping[str, Property]) -> str:
    same = next((other for other in known if snake_case(other) == snake_case(name)), "")
    return same or nearest(name, known)


def _shown(value: object) -> str:
    if isinstance(value, collections.abc.Mapping):
        return "a map"
    if is_list(value):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
