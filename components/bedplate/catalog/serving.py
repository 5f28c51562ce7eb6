"""What endpoints serve and run, and how long a start takes: models, container images, phases of a cold start."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from bedplate.catalog.model import ColdStartPhase, ContainerImage, Model
from bedplate.catalog.tables import CellError, build, read
from bedplate.errors import UsageError, listing, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog.tables import Row

MODEL_COLUMNS = (
    "name", "repository", "revision", "parameters", "dtype", "layers", "attention_heads", "kv_heads", "head_size",
    "context_tokens", "gated", "licence", "source", "as_of", "note",
)  # fmt: skip
IMAGE_COLUMNS = ("name", "repository", "tag", "source", "as_of", "note")
PHASE_COLUMNS = (
    "phase", "low_seconds", "high_seconds", "low_seconds_per_gib", "high_seconds_per_gib", "source", "as_of", "note",
)  # fmt: skip

DTYPES = {"bfloat16": 2, "float16": 2, "float8": 1}
"""Bytes per parameter and per value of the KV cache."""

COMMIT = re.compile(r"[0-9a-f]{40}")


def models() -> Mapping[str, Model]:
    """Return every model of the catalog, by name."""
    return _models()


def model(name: str) -> Model | None:
    """Return a model by name, or None when the catalog does not have it."""
    return _models().get(name)


def image(name: str) -> ContainerImage:
    """Return a container image by name. Raises `UsageError` when the catalog does not have it."""
    found = _images().get(name)
    if found is None:
        meant = nearest(name, _images())
        hint = f"did you mean {meant!r}?" if meant else f"the catalog has {listing(tuple(_images()))}"
        raise UsageError(f"the catalog has no image {name!r}", hint=hint)
    return found


def images() -> tuple[ContainerImage, ...]:
    """Return every container image in the catalog."""
    return tuple(_images().values())


def cold_start_phases() -> tuple[ColdStartPhase, ...]:
    """Return the phases of a worker's start, in their order."""
    return _phases()


@cache
def _models() -> Mapping[str, Model]:
    return MappingProxyType({one.name: one for one in build(read("models.csv", MODEL_COLUMNS), parse_model)})


@cache
def _images() -> Mapping[str, ContainerImage]:
    return MappingProxyType({one.name: one for one in build(read("images.csv", IMAGE_COLUMNS), parse_image)})


@cache
def _phases() -> tuple[ColdStartPhase, ...]:
    return tuple(build(read("cold-start.csv", PHASE_COLUMNS), parse_phase))


def parse_model(row: Row) -> Model:
    """Return one model; raises `CellError` for a cell that cannot be read. A revision is a commit, never a branch."""
    revision, dtype = row.required("revision"), row.required("dtype")
    if not COMMIT.fullmatch(revision):
        raise CellError("revision", f"{revision!r} is not a commit of 40 hexadecimal digits")
    if dtype not in DTYPES:
        raise CellError("dtype", f"{dtype!r} is not one of {', '.join(DTYPES)}")
    if row.text("gated") not in ("", "yes"):
        raise CellError("gated", "must be yes or empty")
    return Model(
        name=row.required("name"),
        repository=row.required("repository"),
        revision=revision,
        parameters=_positive(row, "parameters"),
        dtype=dtype,
        layers=_positive(row, "layers"),
        attention_heads=_positive(row, "attention_heads"),
        kv_heads=_positive(row, "kv_heads"),
        head_size=_positive(row, "head_size"),
        context_tokens=_positive(row, "context_tokens"),
        gated=row.text("gated") == "yes",
        licence=row.required("licence"),
        source=row.source(),
        as_of=row.required_day("as_of"),
        note=row.text("note"),
    )


def parse_image(row: Row) -> ContainerImage:
    """Return one image; raises `CellError` for a cell that cannot be read."""
    if row.required("tag") == "latest":
        raise CellError("tag", "latest is no version")
    return ContainerImage(
        name=row.required("name"),
        repository=row.required("repository"),
        tag=row.required("tag"),
        source=row.source(),
        as_of=row.required_day("as_of"),
        note=row.text("note"),
    )


def parse_phase(row: Row) -> ColdStartPhase:
    """Return one phase; raises `CellError` for a cell that cannot be read, or a range that is upside down."""
    phase = ColdStartPhase(
        phase=row.required("phase"),
        low_seconds=row.number("low_seconds") or 0,
        high_seconds=row.number("high_seconds") or 0,
        low_seconds_per_gib=row.number("low_seconds_per_gib") or 0,
        high_seconds_per_gib=row.number("high_seconds_per_gib") or 0,
        source=row.source(),
        as_of=row.required_day("as_of"),
        note=row.text("note"),
    )
    if phase.low_seconds > phase.high_seconds or phase.low_seconds_per_gib > phase.high_seconds_per_gib:
        raise CellError("high_seconds", "is below the low figure")
    if not phase.high_seconds and not phase.high_seconds_per_gib:
        raise CellError("high_seconds", "a phase takes some time")
    return phase


def _positive(row: Row, column: str) -> int:
    value = row.integer(column)
    if value is None or value <= 0:
        raise CellError(column, "must be a whole number above zero")
    return value
