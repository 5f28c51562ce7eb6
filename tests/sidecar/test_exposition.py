"""Prometheus' text format, as far as the watcher reads it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedplate_sidecar.exposition import totals
from bedplate_sidecar.observation import STEPS, Sample, Silence, read

PAGE = b"""\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="a"} 2.0
vllm:num_requests_running{engine="0",model_name="b"} 1.0
vllm:num_requests_waiting{engine="0",model_name="a"} 4.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="a",reason="capacity"} 100.0
vllm:kv_cache_usage_perc{engine="0",model_name="a"} 0.25
vllm:prompt_tokens_total{engine="0",model_name="a"} 1.5e+03
vllm:prompt_tokens_created{engine="0",model_name="a"} 1.7e+09
vllm:generation_tokens_total{engine="0",model_name="a"} 500.0
vllm:iteration_tokens_total_bucket{engine="0",le="1.0",model_name="a"} 3.0
vllm:iteration_tokens_total_count{engine="0",model_name="a"} 177398.0
vllm:iteration_tokens_total_sum{engine="0",model_name="a"} 5.62908e+07
process_start_time_seconds 1.76e+09
"""


def test_a_page_of_the_engine_is_read() -> None:
    expected = Sample(steps=177398, running=3, waiting=4, cache=0.25, tokens=2000, started=1.76e9)
    assert read(PAGE) == expected


@pytest.mark.parametrize(
    ("name", "page"),
    {
        "nothing": b"",
        "another program": b"<html>",
        "another program's metrics": b"go_goroutines 7\n",
        "no counter of steps": PAGE.replace(STEPS.encode(), b"renamed"),
        "a value that is no number": PAGE.replace(b"177398.0", b"many"),
        "not a number": PAGE.replace(b"177398.0", b"NaN"),
        "infinite": PAGE.replace(b"0.25", b"+Inf"),
    }.items(),
)
def test_a_page_without_what_the_verdict_needs_is_unreadable(name: str, page: bytes) -> None:
    assert read(page) is Silence.UNREADABLE, name


def test_what_an_older_engine_lacks_is_not_needed() -> None:
    page = b"\n".join(line for line in PAGE.splitlines() if b"kv_cache" not in line and b"process" not in line)
    assert read(page) == Sample(steps=177398, running=3, waiting=4, tokens=2000)


def test_an_older_engine_tells_of_its_cache_by_another_name() -> None:
    older = read(PAGE.replace(b"kv_cache", b"gpu_cache"))
    assert isinstance(older, Sample)
    assert older.cache == 0.25


label_values = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)


def escaped(text: str) -> str:
    """Return a label value as the format wants it."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@given(st.lists(st.tuples(st.sampled_from(["a_total", "a_total_count", "b"]), label_values, numbers), max_size=12))
def test_series_are_summed_whatever_their_labels_hold(series: list[tuple[str, str, float]]) -> None:
    lines = [f'{name}{{x="{escaped(label)}",y="1"}} {value!r}' for name, label, value in series]
    found = totals("\n".join(["# TYPE a_total counter", *lines, ""]).encode(), ["a_total", "b"])
    assert set(found) <= {"a_total", "b"}
    for name in ("a_total", "b"):
        values = [value for other, _, value in series if other == name]
        assert (name in found) == bool(values)
        assert math.isclose(found.get(name, 0.0), sum(values), rel_tol=1e-9, abs_tol=1e-3)


@given(st.binary(max_size=300), st.integers(0, len(PAGE)))
def test_no_page_breaks_the_watcher(noise: bytes, at: int) -> None:
    assert isinstance(read(PAGE[:at] + noise + PAGE[at:]), Sample | Silence)


@pytest.mark.parametrize(
    ("line", "value"),
    [(b"a 1", 1.0), (b"a{} 1 1700000000000", 1.0), (b"a\t-2e3\r", -2000.0), (b'a{x="} 9"} 1', 1.0), (b"a{x=1 1", None)],
)
def test_samples_as_the_format_allows_them(line: bytes, value: float | None) -> None:
    assert totals(line, ["a"]).get("a") == value
