"""The text of a stack file: read within limits, and the line and column of every character of it."""

from __future__ import annotations

import codecs
import re
import stat
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bedplate.errors import InputError, Problem
from bedplate.stack_file.credentials import shows_secret

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 96 * 1024
"""The engine hands the configuration to the program as arguments; Linux refuses a single one above 128 KiB
(MAX_ARG_STRLEN, execve(2)), and JSON needs more room than YAML for the same content."""

# YAML 1.2.2 section 5.1: what may stand in a stream, without the byte order mark, which counts only at its start.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file; both count from 1, and columns count characters, as editors show them."""

    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """The text of one stack file and the name under which problems speak of it."""

    file: str
    text: str

    @cached_property
    def _excerpts(self) -> dict[int, str]:
        return {}

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    def place(self, index: int) -> Place:
        """Return the place of the character at `index`; an index behind the end is the end of the file."""
        index = min(index, len(self.text))
        line = bisect_right(self._line_starts, index)
        return Place(line, index - self._line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """Return a line, counted from 1, without its end."""
        starts = self._line_starts
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def excerpt(self, number: int) -> str:
        """Return a line to be shown in a message, or nothing where it would print a secret."""
        if number not in self._excerpts:  # a long line may have thousands of problems
            line = self.line(number)
            self._excerpts[number] = "" if shows_secret(line) else line
        return self._excerpts[number]

    def problem(self, message: str, place: Place, *, hint: str = "") -> Problem:
        """Return a problem at a place of this file."""
        return Problem(
            message, file=self.file, line=place.line, column=place.column, hint=hint, source=self.excerpt(place.line)
        )


def read_source(path: Path) -> Source:
    """Read a stack file of at most `MAX_BYTES`.

    Raises `InputError` when there is no such file, or when it is no file, too large, not UTF-8, or not text.
    """
    file = str(path)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError([Problem(f"cannot be read: {reason}", file=file)]) from None
    if not stat.S_ISREG(status.st_mode):
        kind = "a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise InputError([Problem(f"is {kind}; name a file such as stacks/Pulumi.vision-dev.yaml", file=file)])
    if status.st_size > MAX_BYTES:
        raise InputError([_too_large(file, status.st_size)])
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError([Problem(f"cannot be read: {error.strerror}", file=file)]) from None
    if len(content) > MAX_BYTES:
        raise InputError([_too_large(file, len(content))])
    return decode_source(file, content)


def decode_source(file: str, content: bytes) -> Source:
    """Return the text of a stack file, without the byte order mark that the engine skips too.

    Raises `InputError` when it is not UTF-8, or holds characters that YAML forbids.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        problem = Problem("the file is UTF-16; save it as UTF-8", file=file, line=1, column=1)
        raise InputError([problem])
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        source = Source(file, content.decode("utf-8"))
    except UnicodeDecodeError as error:
        before = Source(file, content[: error.start].decode("utf-8"))
        place = before.place(error.start)
        message = f"the file is not UTF-8 (byte 0x{content[error.start]:02x}); save it as UTF-8"
        raise InputError([Problem(message, file=file, line=place.line, column=place.column)]) from None
    unprintable = _UNPRINTABLE.search(source.text)
    if unprintable:
        message = f"the control character U+{ord(unprintable[0]):04X} cannot stand in YAML"
        raise InputError([source.problem(message, source.place(unprintable.start()))])
    return source


def _too_large(file: str, size: int) -> Problem:
    return Problem(
        f"the file has {size:,} bytes; a stack file has at most {MAX_BYTES:,}, because the engine passes it on as "
        "an argument of the program",
        file=file,
        hint="Move clusters to a platform stack and refer to it, or split the team's stack.",
    )
