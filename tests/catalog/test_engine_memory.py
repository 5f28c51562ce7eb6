"""What an engine sees of an accelerator's memory and takes for itself: the rows, and what is not believed of them."""

from __future__ import annotations

import pytest

from bedplate import catalog
from bedplate.catalog.engine_memory import parse_engine_memory, parse_visible
from bedplate.catalog.tables import CellError, Row


@pytest.mark.parametrize(
    ("machine", "gib"),
    [
        ("p5.48xlarge", 79.18),
        ("p4d.24xlarge", 39.5),
        ("p4de.24xlarge", 79.14),
        ("g6.xlarge", 22.03),
        ("g6f.2xlarge", 5.6),  # a quarter of an L4: nobody published what CUDA says there
        ("g7e.2xlarge", 96.0),
        ("m7i.2xlarge", None),
    ],
)
def test_memory_is_what_cuda_reports_where_a_source_says_it_and_else_what_is_listed(
    machine: str, gib: float | None
) -> None:
    found = catalog.machine("aws", machine)
    assert found is not None
    assert catalog.visible_memory_gib(found) == gib


@pytest.mark.parametrize(
    ("memory", "accelerators", "gib"),
    [(22.03, 1, 1.33), (44.39, 2, 3.12), (69.9, 1, 1.33), (70, 1, 3.05), (79.18, 2, 4.84), (139.8, 8, 4.84)],
)
def test_the_engine_takes_more_on_larger_accelerators_and_with_neighbours(
    memory: float, accelerators: int, gib: float
) -> None:
    assert catalog.engine_memory_gib(memory, accelerators) == pytest.approx(gib)


VISIBLE = {"accelerator": "H100", "listed_gib": "80", "visible_gib": "79.18", "source": "vllm-start-logs",
           "as_of": "2026-11-21"}  # fmt: skip
ENGINE = {"part": "engine", "accelerator_gib_from": "70", "gib": "3.05", "source": "vllm-10511", "as_of": "2024-12-14",
          "note": ""}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"accelerator": "H1000"}, "not in accelerators.csv"),
        ({"visible_gib": "85"}, "must be at most the listed memory"),
        ({"visible_gib": "7.9"}, "above nine tenths"),
        ({"visible_gib": ""}, "must be at most the listed memory"),
        ({"source": "hearsay"}, "not in sources.csv"),
    ],
)
def test_memory_that_cannot_be_is_refused(change: dict[str, str], message: str) -> None:
    assert parse_visible(Row("accelerator-memory.csv", 2, VISIBLE)) == (("H100", 80), 79.18)
    with pytest.raises(CellError, match=message):
        parse_visible(Row("accelerator-memory.csv", 2, VISIBLE | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [({"part": "graphs"}, "must be engine or neighbours"), ({"gib": "0"}, "above zero"), ({"gib": "-1"}, "above zero")],
)
def test_an_engine_that_takes_nothing_is_refused(change: dict[str, str], message: str) -> None:
    assert parse_engine_memory(Row("engine-memory.csv", 2, ENGINE)).gib == 3.05
    with pytest.raises(CellError, match=message):
        parse_engine_memory(Row("engine-memory.csv", 2, ENGINE | change))
