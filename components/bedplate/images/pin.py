"""Pins images: asks for every digest, and tells what changed. Nothing is kept unless every one was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedplate.errors import BedplateError
from bedplate.images.lock import LockedImage
from bedplate.images.reference import parse_reference
from bedplate.images.registry import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date


@dataclass(frozen=True, slots=True)
class Pinning:
    """A new lock, and in words what is different from the one before, image by image."""

    images: Mapping[str, LockedImage]
    changes: tuple[str, ...]


def pin(names: Sequence[str], before: Mapping[str, LockedImage], skip: Sequence[str], today: date) -> Pinning:
    """Return a lock of these images, with what registries say now.

    Images whose name begins with an element of `skip` are not asked for, and keep what they had. Raises
    `BedplateError` with every image whose digest could not be found: no digest is guessed, and half a lock is none.
    """
    images: dict[str, LockedImage] = {}
    failures: list[str] = []
    for name in names:
        if name.startswith(tuple(skip)):
            images |= {name: before[name]} if name in before else {}
            continue
        reference = parse_reference(name)
        try:
            found = resolve(reference)
        except BedplateError as error:
            failures.append(f"{name}: {error.message}")
            continue
        kept = before.get(name)
        if kept is None or kept.digest != found.digest:
            kept = LockedImage(digest=found.digest, source=reference.registry, as_of=today)
        images[name] = kept
    if failures:
        raise BedplateError(
            "\n".join(["no digest was found for these images, and nothing was written:", *failures]),
            hint="--skip BEGINNING leaves images out whose name begins so: private ones, for example.",
        )
    return Pinning(images, tuple(_changes(images, before)))


def _changes(images: Mapping[str, LockedImage], before: Mapping[str, LockedImage]) -> list[str]:
    lines = []
    for name in sorted({*images, *before}):
        new, old = images.get(name), before.get(name)
        if new is None:
            lines.append(f"removed  {name}")
        elif old is None:
            lines.append(f"new      {name} {new.digest}")
        elif new.digest != old.digest:
            lines.append(f"moved    {name} {old.digest} -> {new.digest}")
    return lines
