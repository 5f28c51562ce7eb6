"""What must hold for any text, and for any valid stack."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bedplate.errors import InputError, Problem
from bedplate.stack import StackSpec
from bedplate.stack_file.load import parse_stack, read_stack
from bedplate.stack_file.scalars import Refusal, resolve
from bedplate.stack_file.source import Source, decode_source
from tests.stack_file.texts import GOOD, NAME

PIECES = [
    *"{}[]:,-?&*!|>'\"%@`#~=\\\n\t ",
    "config:",
    "bedplate:stack:",
    "secure: x",
    "<<: *a",
    "&a ",
    "!!python/name:os.system",
    "20:00",
    "1.30",
    "on",
    "null",
    "\r\n",
    "\u2028",
    "\x85",
    "\ufeff",
    "😀",
    "9" * 50,
    "- - - ",
    "? ",
]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A good file with pieces put in, taken out and written over."""
    text = GOOD
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 5, 40])))
        text = text[:start] + draw(st.sampled_from(PIECES) | st.text(max_size=5)) + text[end:]
    return text


def problems_of_text(content: bytes) -> tuple[Problem, ...]:
    try:
        read_stack(decode_source(NAME, content), Path(NAME))
    except InputError as error:
        return error.problems
    return ()


def assert_inside(problem: Problem, content: bytes) -> None:
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert 1 <= problem.line <= len(lines)
    assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
    assert problem.message
    assert problem.render().startswith(f"{NAME}:{problem.line}:{problem.column}: ")


@given(damaged())
@settings(max_examples=400, deadline=None)
def test_a_damaged_file_raises_nothing_but_problems_inside_it(text: str) -> None:
    content = text.encode("utf-8", "replace")
    for problem in problems_of_text(content):
        assert_inside(problem, content)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_raise_nothing_but_problems_inside_them(content: bytes) -> None:
    found = problems_of_text(content)
    assert found
    if not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        for problem in found:
            assert_inside(problem, content)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*StackSpec.model_fields, "secure", "other"]), values))
@settings(max_examples=200, deadline=None)
def test_arbitrary_configuration_raises_nothing_but_problems(data: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        parse_stack(data)
    assert caught.value.problems


names = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
labels = st.text(string.ascii_letters + string.digits, min_size=1, max_size=12)
networks = st.tuples(st.integers(1, 200), st.integers(0, 255), st.integers(0, 255)).map(
    lambda parts: "{}.{}.{}.0/24".format(*parts)
)


@st.composite
def node_counts(draw: st.DrawFn) -> dict[str, int]:
    highest = draw(st.integers(1, 80))  # three such pools have addresses in one zone
    nodes = {"min": draw(st.integers(0, highest)), "max": highest}
    if draw(st.booleans()):
        nodes["expected"] = draw(st.integers(nodes["min"], highest))
        nodes["expected_hours_per_month"] = draw(st.integers(0, 730))
    return nodes


@st.composite
def stacks(draw: st.DrawFn) -> dict[str, Any]:
    """A stack that is right, as plain data."""
    general = {"cluster": "main", "role": "general", "machine": "m7i.2xlarge", "nodes": {"min": 2, "max": 6}}
    cluster: dict[str, Any] = {"provider": "aws", "region": "us-east-1"}
    if draw(st.booleans()):
        cluster["runner_inside"] = True
    else:
        cluster["runner_access"] = draw(st.lists(networks, min_size=1, max_size=3, unique=True))
    cluster |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "audit_log_days": st.sampled_from([30, 365, 3653]),
                "deletion_protection": st.booleans(),
                "network": st.fixed_dictionaries({"nat": st.sampled_from(["single", "per-zone"])}),
            },
        )
    )
    pool = st.fixed_dictionaries(
        {
            "cluster": st.just("main"),
            "role": st.just("inference"),
            "machine": st.sampled_from(["g6.2xlarge", "p5.48xlarge"]),
            "nodes": node_counts(),
        },
        optional={"root_disk_gib": st.integers(20, 16384)},
    )
    pools = draw(st.dictionaries(names.filter(lambda name: name != "general"), pool, max_size=3))
    stack = {"team": "vision", "environment": "dev", "clusters": {"main": cluster}}
    if draw(st.booleans()):
        stack["cost_center"] = draw(labels)
    return stack | {"node_pools": {"general": general, **pools}}


class QuotingDumper(yaml.SafeDumper):
    """Puts every text in quotes."""


QuotingDumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


@given(stacks(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_valid_stack_written_as_yaml_reads_back_equal(data: dict[str, Any], flow: bool) -> None:
    file = {"config": {"bedplate:stack": data}}
    text = yaml.dump(file, Dumper=QuotingDumper, default_flow_style=flow, sort_keys=False)
    loaded = read_stack(Source(NAME, text), Path(NAME))
    assert loaded.name == "vision-dev"
    assert loaded.spec == parse_stack(data)
    assert loaded.spec.model_dump(mode="json", exclude_unset=True) == data


words = st.text("0123456789.:-+_eExoabfntyYNrTlsu~=<", min_size=1, max_size=8) | st.text(max_size=6)


@given(words)
@settings(max_examples=1000, deadline=None)
def test_a_word_that_is_read_means_the_same_to_a_yaml_1_1_reader(word: str) -> None:
    value = resolve(word)
    if isinstance(value, Refusal):
        return
    try:
        events = list(yaml.parse(f"k: {word}\n", Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        return
    scalars = [event for event in events if isinstance(event, yaml.ScalarEvent)]
    if len(scalars) == 2 and scalars[1].value == word and scalars[1].implicit[0]:
        assert yaml.safe_load(f"k: {word}\n")["k"] == value
