"""The lock of image digests, `images.lock.yaml`: read and written, and which one is in use."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from bedplate.errors import InputError, Problem, UsageError, dotted
from bedplate.files import write_whole
from bedplate.images.reference import DIGEST, parse_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCK_FILE = Path("images.lock.yaml")
"""Beside Pulumi.yaml."""

_HEAD = """\
# Which digest each image's tag had when it was pinned: nodes run these, whatever becomes of the tags. Written by
# `bedplate images pin`; a change of it is a change of what runs, and is reviewed as such.
"""


class LockedImage(BaseModel):
    """The digest of one image, and who said so when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: Annotated[str, StringConstraints(pattern=f"^{DIGEST.pattern}$")]
    source: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    as_of: date


class _LockFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    images: dict[str, LockedImage] = {}


_in_use: Mapping[str, LockedImage] = {}


def read_lock(path: Path) -> Mapping[str, LockedImage]:
    """Return the locked images by name; none where there is no lock. Raises `InputError` for one that is wrong."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        images = _LockFile.model_validate(data or {}).images
        for name in images:
            parse_reference(name)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError([Problem(f"cannot be read: {error}", file=str(path))]) from None
    except UsageError as error:
        raise InputError([Problem(error.message, ("images",), file=str(path))]) from None
    except ValidationError as error:
        problems = [Problem(f"{dotted(one['loc'])}: {one['msg']}", file=str(path)) for one in error.errors()]
        raise InputError(problems) from None
    return images


def write_lock(path: Path, images: Mapping[str, LockedImage]) -> None:
    """Write a lock, sorted, so that a diff shows what changed and nothing else."""
    content = {
        name: {"digest": one.digest, "source": one.source, "as_of": one.as_of} for name, one in sorted(images.items())
    }
    text = yaml.safe_dump({"images": content}, sort_keys=False, width=1000)
    write_whole(path, _HEAD + text)


def use_lock(path: Path) -> None:
    """Let every pod that is declared from now on run the digests of a lock; raises `InputError` for a wrong one."""
    global _in_use
    _in_use = read_lock(path)


def lock_in_use() -> Mapping[str, LockedImage]:
    """Return the images of the lock in use; none before `use_lock`."""
    return _in_use
