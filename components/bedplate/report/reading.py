"""Reads a preview from a file, whichever way the engine printed it, and refuses what is none or not a whole one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from bedplate.engine_output import error_messages, unchanged_left_out
from bedplate.errors import InputError, Problem, UsageError
from bedplate.report.events import steps_of_document, steps_of_events, violations_of_events
from bedplate.report.model import Preview, urn_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path


RECOMMENDED = "PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1 pulumi preview --json > preview.json"
HOW = f"make it with: {RECOMMENDED}"
DOCUMENT_KEYS = frozenset({"steps", "changeSummary", "diagnostics", "duration"})
Read = TypeVar("Read")


def read_text(path: Path) -> str:
    """Return the text of a file; raises UsageError when there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})", hint=HOW) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no text", hint=HOW) from None


def parse_preview(text: str, file: str) -> Preview:
    """Return the preview in a text; `file` is its name in messages. Raises InputError when it is not a whole one."""
    if not text.strip():
        raise _refused(file, "it is empty: the preview did not run, or printed nothing")
    document = _document(text)
    events = _events(text, file) if document is None else []
    preview = _checked(
        lambda: _from_events(events, file) if document is None else _from_document(document, file),
        file,
    )
    if not preview.steps and not preview.errors and not preview.violations and preview.sees_unchanged:
        raise _refused(file, "it has no resources: nothing was previewed, so there is nothing to report")
    return preview


def _document(text: str) -> dict[str, Any] | None:
    """Return the text as one JSON object; None when it is several, as a stream of events is, or none."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) and "sequence" not in value else None


def _events(text: str, file: str) -> list[dict[str, Any]]:
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if lines[0][1].rstrip() == "{":
        raise _refused(file, "the JSON document is truncated: the preview was interrupted, or its output cut")
    events: list[dict[str, Any]] = []
    for number, line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict) or "sequence" not in event:
            raise _refused(file, _not_an_event(line, last=number == lines[-1][0] and bool(events)), number)
        events.append(event)
    return events


def _not_an_event(line: str, *, last: bool) -> str:
    if last:
        return "the last line is truncated: the preview was interrupted, or its output cut"
    if line.lstrip().startswith("{"):
        return "this is no event of a preview"
    return "this is no JSON: is it the output for people, or mixed with standard error?"


def _from_document(document: Mapping[str, Any], file: str) -> Preview:
    if "deployment" in document:
        raise _refused(file, "this is the export of a state, not a preview; a state is what --base takes")
    if not DOCUMENT_KEYS & document.keys():
        raise _refused(file, "this is no preview")
    steps = steps_of_document(document)
    errors = error_messages(document.get("diagnostics") or ())
    stack, project = _only_stack(_urns(document), file)
    return Preview(
        stack=stack,
        project=project,
        steps=steps,
        violations=(),
        errors=errors,
        policy_packs=(),
        broke_off=bool(errors),
        sees_policies=False,
        sees_unchanged=not unchanged_left_out(document),
        config=_config(document),
    )


def _urns(document: Mapping[str, Any]) -> list[str]:
    return [step["urn"] for step in document.get("steps") or () if isinstance(step, dict) and "urn" in step]


def _from_events(events: Sequence[dict[str, Any]], file: str) -> Preview:
    summaries = [event["summaryEvent"] for event in events if event.get("summaryEvent")]
    urns = [step["metadata"]["urn"] for event in events if (step := event.get("resourcePreEvent"))]
    stack, project = _only_stack(urns, file)
    if not summaries:
        raise _refused(file, "it is truncated: the event that ends a preview (summaryEvent) is missing")
    if len(summaries) > 1:
        raise _refused(file, f"it holds {len(summaries)} previews, one after the other; report on each by itself")
    summary = summaries[0]
    if not summary.get("isPreview", True):
        raise _refused(file, "these are the events of an update, not of a preview")
    errors = error_messages(event["diagnosticEvent"] for event in events if event.get("diagnosticEvent"))
    violations = violations_of_events(events)
    return Preview(
        stack=stack,
        project=project,
        steps=steps_of_events(events),
        violations=violations,
        errors=errors,
        policy_packs=tuple(sorted(_pack(name, version) for name, version in _packs(summary))),
        broke_off=bool(errors) or (summary.get("result") == "failed" and not any(one.mandatory for one in violations)),
        sees_policies=True,
        sees_unchanged=True,
        config=_config(next((event["preludeEvent"] for event in events if event.get("preludeEvent")), {})),
    )


def _config(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    config = holder.get("config")
    return config if isinstance(config, dict) else {}


def _packs(summary: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    packs = summary.get("PolicyPacks") or {}
    return packs.items() if isinstance(packs, dict) else ()


def _pack(name: str, version: str) -> str:
    """Return a pack as people say it: the engine adds where it lies to the name of a local one."""
    return f"{name.partition('|')[0]} {version}".strip()


def _only_stack(urns: Sequence[str], file: str) -> tuple[str, str]:
    """Return the stack and project that all resources belong to."""
    stacks = dict.fromkeys(urn_parts(urn)[:2] for urn in urns)
    if len(stacks) > 1:
        names = " and ".join(f"{project}/{stack}" for stack, project in list(stacks)[:3])
        raise _refused(file, f"it mixes stacks ({names}); report on each by itself")
    if not stacks:
        raise _refused(file, "it has no resources: nothing was previewed, so there is nothing to report")
    return next(iter(stacks))


def _checked(read: Callable[[], Read], file: str) -> Read:
    """Run a reader; what it stumbles over is not what the engine writes."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _refused(file, f"it is not what the engine writes ({type(error).__name__}: {error})") from None


def _refused(file: str, message: str, line: int = 0) -> InputError:
    return InputError([Problem(message, file=file, line=line, hint=HOW)])
