"""Every file in tests/data/bad, and some that are too large or too strange to keep, against what they must answer."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from bedplate.errors import Problem, dotted
from tests.stack_file.bad_files import EXPECTED
from tests.stack_file.commands import run
from tests.stack_file.texts import GOOD, NAME, problems_in, problems_of

BAD = Path(__file__).parent.parent / "data" / "bad"


def file_in(name: str) -> Path:
    (file,) = (BAD / name).iterdir()
    return file


def answers(problem: Problem) -> tuple[int, int, str]:
    field = dotted(problem.field)
    return problem.line, problem.column, f"{field}: {problem.message}" if field else problem.message


def test_every_bad_file_is_in_the_table() -> None:
    assert sorted(EXPECTED) == sorted(folder.name for folder in BAD.iterdir())


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_bad_file_answers_with_every_problem_in_its_place(name: str) -> None:
    found = [answers(problem) for problem in problems_of(file_in(name))]
    expected = EXPECTED[name]
    assert [(line, column) for line, column, _ in found] == [(line, column) for line, column, _ in expected]
    for (_, _, message), (_, _, start) in zip(found, expected, strict=True):
        assert message.startswith(start)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_bad_file_ends_with_2_within_a_second_and_executes_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    started = time.process_time()
    result = run("validate", str(file_in(name)))
    # A fifth of a second here; what is quadratic in such a file takes minutes.
    assert time.process_time() - started < 5
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert f"{file_in(name)}:" in result.output
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


# What no repository should hold: (content, line and column, part of the message).
STRANGE: dict[str, tuple[bytes, tuple[int, int], str]] = {
    "10 MB": (b"a" * 10_000_000, (0, 0), "10,000,000 bytes"),
    "one byte too many": (b"#" * (96 * 1024 + 1), (0, 0), "at most 98,304"),
    "latin-1": (GOOD.replace("vision", "visión").encode("latin-1"), (4, 15), "not UTF-8 (byte 0xf3)"),
    "utf-16": (GOOD.encode("utf-16"), (1, 1), "UTF-16"),
    "cut off in a character": ("config: ü".encode()[:-1], (1, 9), "not UTF-8"),
    "zero bytes": (b"config:\0", (1, 8), "U+0000"),
    "escape sequence": (b"config: \x1b[31m", (1, 9), "U+001B"),
    "alias bomb": (
        b"a: &a [x,x,x,x]\n"
        + b"".join(b"%c: &%c [*%c,*%c,*%c]\n" % (c, c, c - 1, c - 1, c - 1) for c in range(98, 123)),
        (1, 4),
        "anchor &a",
    ),
    "deep list": (b"[" * 50_000, (1, 33), "nested deeper than 32"),
    "deep mapping": (b"{a: " * 20_000, (1, 129), "nested deeper than 32"),
    "deep indentation": (b"\n".join(b" " * n + b"k:" for n in range(400)), (33, 33), "nested deeper than 32"),
    "deep dashes": (b"- " * 40_000, (1, 65), "nested deeper than 32"),
    "a number of 90,000 digits": (
        GOOD.replace("max: 4", "max: " + "9" * 90_000).encode(),
        (10, 87),
        "does not fit into 64 bits",
    ),
    "a key of 90,000 characters": (GOOD.encode() + b"    " + b"k" * 90_000 + b": 1\n", (11, 90005), "not valid YAML"),
    "a line of token beginnings": (GOOD.encode() + b"    note: " + b"eyJ-sk-a" * 11_000, (11, 11), "an API key"),
    "a line of words": (GOOD.encode() + b"    note: " + b"token " * 15_000, (11, 5), "unknown key"),
    "7,000 unknown keys": (GOOD.encode() + b"".join(b"    k%d: 1\n" % n for n in range(7_000)), (11, 5), "unknown key"),
    "10,000 wrong items": (
        GOOD.encode() + b"    cost_center: [" + b"1.0," * 10_000 + b"]",
        (11, 19),
        "1.0 is the number 1",
    ),
    "14,000 empty items": (GOOD.encode() + b"    cost_center:\n" + b"    -\n" * 14_000, (12, 6), "has no value"),
    "lone surrogate": (GOOD.replace("team: vision", 'team: "\\ud800"').encode(), (4, 14), "not valid YAML"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_file_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    content, place, part = STRANGE[name]
    started = time.process_time()
    found = problems_in(tmp_path, content)
    # A fifth of a second here; what is quadratic in such a file takes minutes.
    assert time.process_time() - started < 5
    assert (found[0].line, found[0].column) == place
    assert part in found[0].message


def test_thousands_of_problems_are_counted_not_listed(tmp_path: Path) -> None:
    keys = "".join(f"    key-{number}: 1\n" for number in range(3000))
    found = problems_in(tmp_path, GOOD + keys)
    assert len(found) == 101
    assert found[-1].message == "and 2900 more problems"


def test_a_directory_a_missing_file_and_a_pipe_are_named() -> None:
    assert "is a directory" in problems_of(Path(__file__).parent)[0].message
    assert "No such file" in problems_of(Path("Pulumi.nobody-dev.yaml"))[0].message
    assert "cannot be read" in problems_of(Path("Pulumi.\0-dev.yaml"))[0].message


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / NAME
    os.mkfifo(pipe)
    assert "not a regular file" in problems_of(pipe)[0].message


def test_one_command_checks_several_files(tmp_path: Path) -> None:
    good = tmp_path / NAME
    good.write_text(GOOD)
    bad = file_in("min-above-max")
    result = run("validate", str(good), str(bad), str(tmp_path))
    assert result.exit_code == 2
    lines = result.output.splitlines()
    assert lines[0] == f"{good}: valid"
    assert lines[1] == f"{bad}:16:22: node_pools.gpu.nodes.min: min 5 is above max 4"
    assert lines[2:4] == ["   16 |         nodes: {min: 5, max: 4}", "      |                      ^"]
    assert lines[-1] == "2 problems in 2 files"


def test_machines_get_json(tmp_path: Path) -> None:
    good = tmp_path / NAME
    good.write_text(GOOD)
    bad = file_in("unknown-role")
    result = run("validate", "--json", str(good), str(bad))
    assert result.exit_code == 2
    assert json.loads(result.output) == {
        "files": [
            {"file": str(good), "valid": True, "problems": []},
            {
                "file": str(bad),
                "valid": False,
                "problems": [
                    {
                        "file": str(bad),
                        "line": 14,
                        "column": 15,
                        "field": ["node_pools", "gpu", "role"],
                        "message": "'inferense' is not possible here",
                        "allowed": ["general", "inference", "training"],
                        "nearest": "inference",
                        "hint": "",
                    }
                ],
            },
        ]
    }
