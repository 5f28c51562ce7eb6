"""From a type token to the class of the installed SDK, its properties and their types.

The generated SDKs register a table of tokens per module with `pulumi.runtime`; the class of the arguments is
the one that a resource's `_internal_init` creates. Nothing is imported before a token asks for it, and then only
that token's module: importing a whole SDK costs seconds.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import sys
import threading
import typing
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SDK_PACKAGES: Mapping[str, str] = {
    "aws": "pulumi_aws",
    "gcp": "pulumi_gcp",
    "azure-native": "pulumi_azure_native",
    "kubernetes": "pulumi_kubernetes",
}
"""The Python package of each provider package whose types can be checked."""

_import_lock = threading.RLock()


@dataclass(frozen=True)
class Property:
    """One property of a resource, of its arguments or of a nested object."""

    name: str
    """As the provider sees it (`instanceTypes`), not as Python spells it (`instance_types`)."""

    required: bool
    _getter: Callable[..., object] = field(repr=False)
    _owner: type = field(repr=False)

    @cached_property
    def annotation(self) -> object:
        """The declared type; `typing.Any` where the SDK's annotation cannot be read."""
        return _return_annotation(self._getter, self._owner)

    @property
    def deprecation(self) -> str:
        """What the SDK says when the property is used and should not be, or an empty string."""
        if not hasattr(self._getter, "_pulumi_deprecated_callable"):
            return ""
        return str(inspect.getclosurevars(self._getter).nonlocals["message"])


@dataclass(frozen=True)
class ResourceType:
    """A resource type that the installed SDK knows: what goes in, and what comes out."""

    token: str
    inputs: Mapping[str, Property]
    outputs: Mapping[str, Property]

    @property
    def computed(self) -> Mapping[str, Property]:
        """The outputs that no input sets."""
        return {name: output for name, output in self.outputs.items() if name not in self.inputs}


def is_known_token(token: str) -> bool:
    """Return whether the installed SDK has a class for a resource type token such as `aws:ec2/vpc:Vpc`."""
    return resource_type(token) is not None


@cache
def resource_type(token: str) -> ResourceType | None:
    """Return what the SDK knows of a type token, or None where it has no class for it.

    None stands for components, for Kubernetes custom resources (their schema lives in the cluster) and for
    packages other than `SDK_PACKAGES`.
    """
    parts = token.split(":")
    if len(parts) != 3 or parts[0] not in SDK_PACKAGES:
        return None
    with _import_lock, _without_collection():
        resource = _resource_class(token, parts[0], parts[1])
    if resource is None:
        return None
    arguments = _arguments_class(resource)
    inputs = properties(arguments) if arguments else {}
    return ResourceType(token, inputs, properties(resource, inherited=False))


@cache
def function_result(token: str) -> Mapping[str, Property] | None:
    """Return the properties of a function's result (`aws:ec2/getVpc:getVpc`), or None where there is none."""
    package, module, name = token.split(":")
    if package not in SDK_PACKAGES:
        return None
    folder = module.split("/")[0]
    parent = SDK_PACKAGES[package] + ("" if folder == "index" else f".{snake_case(folder)}")
    with _import_lock, _without_collection():
        try:
            found = importlib.import_module(f"{parent}.{snake_case(name)}")
        except ImportError:
            return None
    result = getattr(found, name[0].upper() + name[1:] + "Result", None)
    return properties(result) if result else None


@cache
def properties(owner: type, *, inherited: bool = True) -> Mapping[str, Property]:
    """Return the properties of an SDK class by the name that the provider uses."""
    required = _required_arguments(owner)
    found: dict[str, Property] = {}
    for base in owner.__mro__[:-1] if inherited else (owner,):
        for python_name, member in vars(base).items():
            if not isinstance(member, property) or member.fget is None:
                continue
            name = getattr(member.fget, "_pulumi_name", python_name)
            found.setdefault(name, Property(name, python_name in required, member.fget, base))
    return found


def snake_case(name: str) -> str:
    """Return a camel-case name as Python spells it: `subnetIds` is `subnet_ids`."""
    words = ""
    for index, letter in enumerate(name):
        follows_lower = index > 0 and (name[index - 1].islower() or name[index - 1].isdigit())
        starts_word = index > 0 and index + 1 < len(name) and name[index + 1].islower()
        if letter.isupper() and index > 0 and (follows_lower or starts_word):
            words += "_"
        words += letter.lower()
    return words


def _resource_class(token: str, package: str, module: str) -> type | None:
    from pulumi.runtime import rpc

    try:
        importlib.import_module(SDK_PACKAGES[package])
    except ModuleNotFoundError:
        return None
    for registered in rpc._RESOURCE_MODULES.get(f"{package}:{module}", []):
        info = registered.mod_info  # type: ignore[attr-defined]
        name = info["classes"].get(token)
        if name:
            return typing.cast("type", getattr(importlib.import_module(info["fqn"]), name))
    return None


def _arguments_class(resource: type) -> type | None:
    """The class of a resource's arguments: the `…Args` name that its `_internal_init` instantiates."""
    module = sys.modules[resource.__module__]
    names = resource._internal_init.__code__.co_names  # type: ignore[attr-defined]
    return next((getattr(module, name) for name in names if name.endswith("Args") and hasattr(module, name)), None)


def _required_arguments(owner: type) -> frozenset[str]:
    initializer = vars(owner).get("__init__")
    code = getattr(initializer, "__code__", None)
    if initializer is None or code is None:
        return frozenset()
    positional = code.co_varnames[1 : code.co_argcount]
    optional = len(initializer.__defaults__ or ())
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    defaults = initializer.__kwdefaults__ or {}
    required = positional[: len(positional) - optional] + tuple(k for k in keywords if k not in defaults)
    return frozenset(required)


def _return_annotation(getter: Callable[..., object], owner: type) -> object:
    import pulumi

    # The getters' annotations name Output[T] and T, which only pulumi itself binds; without them every property
    # would look untyped, and nothing would ever be refused.
    names = {"Output": pulumi.Output, "T": type(None)}
    try:
        hints = typing.get_type_hints(getter, vars(sys.modules[owner.__module__]), names)
    except (NameError, TypeError):
        return typing.Any
    return hints.get("return", typing.Any)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Import without garbage collection: it costs a third of the time of an SDK's import."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
