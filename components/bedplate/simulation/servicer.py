"""The provider protocol of the engine, spoken for one package: translates, and leaves every answer to `Cloud`.

The engine opens one connection per provider instance, all to the same port; the connection's address tells the
instances, and so their configurations, apart.
"""

from __future__ import annotations

import json
from importlib import metadata
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import any_pb2, empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from bedplate.sdk_types.classes import SDK_PACKAGES
from bedplate.simulation.cloud import Cloud, parts_of
from bedplate.simulation.functions import call
from bedplate.simulation.names import name_is_fixed
from bedplate.simulation.replacement import Difference, Kind, differences, engine_path
from bedplate.simulation.requests import HalfMade, Instance, Refusal
from bedplate.simulation.wire import properties_of, struct_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedplate.sdk_types import InputProblem

_KINDS = {
    Kind.ADDED: (provider_pb2.PropertyDiff.ADD, provider_pb2.PropertyDiff.ADD_REPLACE),
    Kind.DELETED: (provider_pb2.PropertyDiff.DELETE, provider_pb2.PropertyDiff.DELETE_REPLACE),
    Kind.UPDATED: (provider_pb2.PropertyDiff.UPDATE, provider_pb2.PropertyDiff.UPDATE_REPLACE),
}


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The simulated provider of one package."""

    def __init__(self, package: str, cloud: Cloud) -> None:
        self.package = package
        self.cloud = cloud
        self._instances: dict[str, Instance] = {}

    def Handshake(self, _request: Any, _context: Any) -> Any:  # noqa: N802  the protocol's name, as all below
        return provider_pb2.ProviderHandshakeResponse()

    def Attach(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def Cancel(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        self.cloud.cancelled.set()
        return empty_pb2.Empty()

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=metadata.version(SDK_PACKAGES[self.package]))

    def GetSchema(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        schema = {"name": self.package, "version": metadata.version(SDK_PACKAGES[self.package]), "resources": {}}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def GetMappings(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return provider_pb2.GetMappingsResponse()

    def CheckConfig(self, request: Any, _context: Any) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, _context: Any) -> Any:  # noqa: N802
        olds = request.old_inputs if request.old_inputs.fields else request.olds
        same = properties_of(olds) == properties_of(request.news)
        changes = provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(changes=changes)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        config = {name: _decoded(value) for name, value in properties_of(request.args).items()}
        self._instances[context.peer()] = Instance(self.package, config)
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        token, name = parts_of(request.urn)
        olds, news = properties_of(request.olds), properties_of(request.news)
        seed = request.randomSeed.hex()
        inputs, problems = self.cloud.check(self._instance(context), token, name, olds, news, seed)
        failures = [_failure(problem) for problem in problems]
        return provider_pb2.CheckResponse(inputs=struct_of(inputs), failures=failures)

    def Diff(self, request: Any, _context: Any) -> Any:  # noqa: N802
        token, _ = parts_of(request.urn)
        olds = properties_of(request.old_inputs if request.old_inputs.fields else request.olds)
        news = properties_of(request.news)
        found = differences(token, olds, news)
        replaces = sorted({str(difference.path[0]) for difference in found if difference.replaces})
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=sorted({str(difference.path[0]) for difference in found}),
            replaces=replaces,
            detailedDiff={engine_path(difference.path): _property_diff(difference) for difference in found},
            hasDetailedDiff=True,
            deleteBeforeReplace=bool(replaces) and name_is_fixed(token, olds, news),
        )

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        inputs = properties_of(request.properties)

        def create() -> Any:
            instance = self._instance(context)
            identity, outputs = self.cloud.create(instance, request.urn, inputs, preview=request.preview)
            return provider_pb2.CreateResponse(id=identity, properties=struct_of(outputs))

        return self._answer(create, context)

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        olds, news = properties_of(request.old_inputs), properties_of(request.news)

        def update() -> Any:
            instance = self._instance(context)
            outputs = self.cloud.update(instance, request.urn, request.id, olds, news, preview=request.preview)
            return provider_pb2.UpdateResponse(properties=struct_of(outputs))

        return self._answer(update, context)

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        def delete() -> Any:
            self.cloud.delete(self._instance(context), request.urn, request.id)
            return empty_pb2.Empty()

        return self._answer(delete, context)

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        def read() -> Any:
            found = self.cloud.read(self._instance(context), request.urn, request.id)
            if found is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(
                id=found.id, properties=struct_of(found.outputs), inputs=struct_of(found.inputs)
            )

        return self._answer(read, context)

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        def invoke() -> Any:
            result = call(self.cloud.world, self._instance(context), request.tok, properties_of(request.args))
            return provider_pb2.InvokeResponse(**{"return": struct_of(result)})  # type: ignore[arg-type]

        return self._answer(invoke, context)

    def Construct(self, request: Any, context: Any) -> Any:  # noqa: N802
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"{request.type} expands inside the real provider, which a simulation does not have",
        )

    def _instance(self, context: Any) -> Instance:
        return self._instances.get(context.peer()) or Instance(self.package)

    def _answer(self, ask: Callable[[], Any], context: Any) -> Any:
        try:
            return ask()
        except Refusal as refusal:
            context.abort(grpc.StatusCode.UNKNOWN, str(refusal))
        except HalfMade as half:
            context.abort_with_status(_half_made(half))


class _Status(grpc.Status):  # type: ignore[misc]
    """A gRPC status that carries details."""

    def __init__(self, status: status_pb2.Status) -> None:
        self.code = grpc.StatusCode.UNKNOWN
        self.details = status.message
        self.trailing_metadata = (("grpc-status-details-bin", status.SerializeToString()),)


def _half_made(half: HalfMade) -> _Status:
    resource = half.resource
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=resource.id,
            properties=struct_of(resource.outputs),
            reasons=[resource.failure],
            inputs=struct_of(resource.inputs),
        )
    )
    return _Status(status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=resource.failure, details=[detail]))


def _failure(problem: InputProblem) -> Any:
    # the engine prints a failure's property only with its value, which it does not know for a nested path
    return provider_pb2.CheckFailure(property="", reason=problem.render())


def _property_diff(difference: Difference) -> Any:
    in_place, replacing = _KINDS[difference.kind]
    return provider_pb2.PropertyDiff(kind=replacing if difference.replaces else in_place, inputDiff=True)


def _decoded(value: Any) -> Any:
    """Provider configuration comes as strings; what is no string in the SDK is JSON inside."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
