"""Text from elsewhere made harmless in a comment: no markup, no mention, no reference, no command, no link.

Names come from programs and messages from anybody. A comment renders Markdown and HTML, notifies whoever it mentions,
and on GitLab obeys lines that begin with a slash.
"""

from __future__ import annotations

import html
import re

from bedplate.errors import printable

INVISIBLE = "\u200b"
"""A zero-width space: it keeps `@team`, `#12` and `https://` readable and stops them from becoming links."""

LOOKALIKES = {"`": "\u02cb", "|": "\u00a6"}
"""Characters that read like those that would end a code span, or a cell of a table."""

MOST_NAME = 120
MOST_MESSAGE = 600

MARKUP = re.compile(r"([\\`*_{}\[\]()|~>#+=!-])")
REFERENCES = re.compile(r"([@#!~%&^])(?=[\w\"])|(?<=\w)(:)(?=//)|(?<![\w.])(w)(?=ww\.)", re.ASCII | re.IGNORECASE)


def code(text: str, most: int = MOST_NAME) -> str:
    """Return text as a code span that also stands in a table; renderers interpret nothing inside it.

    >>> code("a|b")
    '`a¦b`'
    """
    shown = one_line(text, most).replace("`", LOOKALIKES["`"]).replace("|", LOOKALIKES["|"])
    return f"`{shown or ' '}`"


def prose(text: str, most: int = MOST_MESSAGE) -> str:
    """Return text that reads as it was written, with everything escaped that a renderer would interpret.

    >>> prose("see <b> @team")
    'see &lt;b&gt; @\\u200bteam'
    """
    broken = REFERENCES.sub(lambda match: match[0] + INVISIBLE, one_line(text, most))
    escaped = html.escape(broken, quote=False)
    return MARKUP.sub(_entity_or_escape, escaped)


def _entity_or_escape(match: re.Match[str]) -> str:
    """Escape one character; the `#` of an entity cannot occur, because html.escape writes names, not numbers."""
    character = match[1]
    return character if character in "()-=+" else f"\\{character}"


def in_html(text: str, most: int = MOST_NAME) -> str:
    """Return text for the inside of an HTML element, where Markdown is not read."""
    return html.escape(REFERENCES.sub(lambda match: match[0] + INVISIBLE, one_line(text, most)))


def fenced(text: str, most: int = 2000) -> list[str]:
    """Return text as the lines of a code block that nothing inside can end, and none of which reads as a command."""
    lines = [printable(line) for line in _clipped(text, most).splitlines()]
    lines = [f" {line}" if line.startswith("/") else line for line in lines]
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *lines, fence]


def label(text: str, most: int = 60) -> str:
    """Return text for a node of a Mermaid diagram, where entities stand for what Mermaid or HTML would read."""
    shown = one_line(text, most)
    return "".join(letter if letter.isalnum() or letter in " .,-_/×:" else f"#{ord(letter)};" for letter in shown)


def one_line(text: str, most: int) -> str:
    """Return text on one line, without what a terminal or a browser would obey, cut to a length."""
    return _clipped(printable(" ".join(text.split())), most)


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
