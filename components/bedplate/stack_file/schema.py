"""JSON Schema of a whole stack file, for editors: completion and descriptions while typing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from bedplate.stack import StackSpec
from bedplate.stack_file.document import ENGINE_KEYS, STACK_KEY

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The newest dialect that yaml-language-server supports in full."""


class _FileSchema(GenerateJsonSchema):
    """Leaves out `null`: in a stack file a key without a value is a problem, and no key means the default."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        generated = super().default_schema(schema)
        if generated.get("default", ...) is None:
            del generated["default"]
        return generated


def file_schema() -> dict[str, Any]:
    """Return the JSON Schema of `Pulumi.<team>-<environment>.yaml`."""
    stack = StackSpec.model_json_schema(schema_generator=_FileSchema)
    definitions = stack.pop("$defs")
    return {
        "$schema": DIALECT,
        "title": "Bedplate stack file",
        "description": "Pulumi.<team>-<environment>.yaml: what a team runs, under config, bedplate:stack.",
        "type": "object",
        "required": ["config"],
        "additionalProperties": False,
        "properties": {
            **{key: {"description": "Read by Pulumi."} for key in ENGINE_KEYS},
            "config": {
                "description": "Configuration of the Pulumi project; secrets stand here, each under its own key.",
                "type": "object",
                "required": [STACK_KEY],
                "properties": {STACK_KEY: {"$ref": "#/$defs/StackSpec"}},
            },
        },
        "$defs": {"StackSpec": stack, **definitions},
    }
