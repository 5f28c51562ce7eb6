"""Stack files that load, those beside them, and what the program makes of the same data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bedplate.errors import InputError, Problem
from bedplate.stack_file.load import load_stack, parse_stack
from tests.stack_file.texts import GOOD, NAME, problems_in

if TYPE_CHECKING:
    from pathlib import Path

DATA: dict[str, Any] = {
    "team": "vision",
    "environment": "dev",
    "clusters": {"main": {"provider": "aws", "region": "us-east-1", "runner_access": ["203.0.113.0/24"]}},
    "node_pools": {
        "general": {
            "cluster": "main",
            "role": "general",
            "machine": "m7i.2xlarge",
            "nodes": {"min": 2, "max": 6},
        },
        "gpu": {"cluster": "main", "role": "inference", "machine": "g6.2xlarge", "nodes": {"min": 0, "max": 4}},
    },
}
TEAM = """\
config:
  bedplate:stack:
    team: vision
    environment: dev
    clusters:
      shared: {stack: platform-dev, name: main}
    node_pools:
      gpu: {cluster: shared, role: inference, machine: g6.2xlarge, nodes: {min: 0, max: 4}}
"""
PLATFORM = GOOD.replace("team: vision", "team: platform")


def test_a_good_file_loads_with_its_name_and_path(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text(GOOD)
    loaded = load_stack(path)
    assert (loaded.name, loaded.path, loaded.references) == ("vision-dev", path, {})
    assert loaded.spec == parse_stack(DATA)


@pytest.mark.parametrize("key", ["bedplate:stack", "stack", "bedplate:config:stack"])
def test_the_key_may_be_spelled_as_the_engine_takes_it(key: str, tmp_path: Path) -> None:
    assert problems_in(tmp_path, GOOD.replace("bedplate:stack", key)) == ()


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace("\n", "\r\n").encode()])
def test_byte_order_mark_and_windows_line_ends_are_read(content: bytes, tmp_path: Path) -> None:
    assert problems_in(tmp_path, content) == ()


def test_columns_count_characters_and_carets_stand_below_them(tmp_path: Path) -> None:
    text = GOOD.replace("    team: vision\n", '    "té😀m": vision\n').replace("AAABAKn2}", "AAABAKn2} # é😀")
    missing, unknown = problems_in(tmp_path, text)
    assert (missing.line, missing.message) == (3, "is required and missing")
    assert (unknown.line, unknown.column) == (4, 5)
    assert unknown.render().splitlines()[1:3] == ['    4 |     "té😀m": vision', "      |     ^"]


def test_a_long_line_is_shown_around_the_column(tmp_path: Path) -> None:
    pool = "machine: g6.2xlarge, " + " " * 300 + "nodes: {min: 9, max: 4}"
    (problem,) = problems_in(tmp_path, GOOD.replace("machine: g6.2xlarge, nodes: {min: 0, max: 4}", pool))
    _, line, caret = problem.render().splitlines()
    assert len(line) < 120
    assert line[caret.index("^")] == "9"


def test_a_problem_found_later_gets_its_place(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text(GOOD)
    found = load_stack(path).locate(Problem("is over the cap", ("node_pools", "gpu", "nodes", "max")))
    assert (found.file, found.line, found.column) == (str(path), 10, 87)


def test_a_team_stack_reads_the_platform_stack_beside_it(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.platform-dev.yaml").write_text(PLATFORM)
    (tmp_path / NAME).write_text(TEAM)
    loaded = load_stack(tmp_path / NAME)
    assert list(loaded.references) == ["platform-dev"]
    assert loaded.references["platform-dev"].team == "platform"


def test_a_pool_is_judged_by_the_platform_stacks_cluster(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.platform-dev.yaml").write_text(PLATFORM.replace("us-east-1", "eu-west-1"))
    (problem,) = problems_in(tmp_path, TEAM)
    assert problem.message == "g6.2xlarge is not offered in eu-west-1"
    assert (problem.line, problem.column) == (8, 56)


def test_a_broken_platform_stack_is_one_problem_of_the_reference(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.platform-dev.yaml").write_text(PLATFORM.replace("min: 0, max: 4", "min: 9, max: -4"))
    (problem,) = problems_in(tmp_path, TEAM)
    assert problem.field == ("clusters", "shared", "stack")
    assert problem.message.startswith("Pulumi.platform-dev.yaml has 1 problem of its own")


def test_a_broken_part_does_not_hide_what_is_wrong_elsewhere(tmp_path: Path) -> None:
    text = GOOD.replace("g6.2xlarge", "g6.2xlrge").replace("general, machine", "generl, machine")
    text = text.replace("team: vision", "team: vision\n    colour: red")
    found = [(problem.field, problem.nearest) for problem in problems_in(tmp_path, text)]
    assert found == [
        (("colour",), ""),
        (("node_pools", "general", "role"), "general"),
        (("node_pools", "gpu", "machine"), "g6.2xlarge"),
    ]


def test_a_wrong_key_of_a_pool_does_not_hide_what_its_others_say(tmp_path: Path) -> None:
    text = GOOD.replace("g6.2xlarge, nodes: {min: 0", "g6.2xlrge, fabric: yep, nodes: {min: 9").replace(
        "{min: 2", "{min: -2"
    )
    found = [(problem.field[1:], problem.message.split()[-1]) for problem in problems_in(tmp_path, text)]
    assert found == [
        (("general", "nodes", "min"), "-2"),
        (("gpu", "machine"), "knows"),
        (("gpu", "fabric"), "here"),
        (("gpu", "nodes", "min"), "4"),
    ]


def test_a_broken_cluster_does_not_make_its_pools_wrong(tmp_path: Path) -> None:
    other = "    clusters:\n      other: {provider: aws, region: us-west-2, runner_inside: true}\n"
    text = GOOD.replace("    clusters:\n", other).replace("main: {provider: aws", "main: {provider: aw")
    (problem,) = problems_in(tmp_path, text)
    assert problem.field == ("clusters", "main", "provider")


def test_the_program_gets_the_same_messages_without_a_place(tmp_path: Path) -> None:
    gpu = {**DATA["node_pools"]["gpu"], "machine": "g6.2xlrge", "nodes": {"min": 0, "max": 4, "mx": 1}}
    data = {**DATA, "node_pools": {**DATA["node_pools"], "gpu": gpu}}
    with pytest.raises(InputError) as caught:
        parse_stack(data)
    in_file = problems_in(tmp_path, GOOD.replace("g6.2xlarge, nodes: {", "g6.2xlrge, nodes: {mx: 1, "))
    assert {(problem.field, problem.message) for problem in caught.value.problems} == {
        (problem.field, problem.message) for problem in in_file
    }
    assert {problem.line for problem in caught.value.problems} == {0}


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x"])
def test_the_program_refuses_what_is_no_plain_data(value: object) -> None:
    with pytest.raises(InputError, match="plain data"):
        parse_stack({**DATA, "cost_center": value})


SECRETS = [
    "AKIAIOSFODNN7EXAMPLE",
    "hf_" + "aB3dE5fG7hJ9kL1mN2pQ",
    "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "sk-" + "proj-abcdefghijklmnopqrstuv",
    "glpat-" + "abcdefghij0123456789",
    "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln",
    "9fK2mQ7xVb3LpZ8rTn5WcYh4JdGs6AeU",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("place", ["    cost_center: {}\n", "    node_pols: [{}]\n", "  bedplate:note: {}\n"])
def test_a_secret_in_plain_text_is_refused_and_never_shown(secret: str, place: str, tmp_path: Path) -> None:
    found = problems_in(tmp_path, GOOD + place.format(secret))
    assert any("in plain text" in problem.message for problem in found)
    assert any("pulumi config set --secret" in problem.hint for problem in found)
    assert secret not in str(InputError(found))


def test_a_secret_on_the_line_of_another_problem_is_not_shown(tmp_path: Path) -> None:
    pool = "      more: {password: hunter2, machine: 5}\n"
    assert "hunter2" not in str(InputError(problems_in(tmp_path, GOOD + pool)))


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_AdministratorAccess_0a1b2c3d4e5f6a7b",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "Qwen3-Next-80B-A3B-Instruct-FP8-dynamic-2025",
        "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "InferenceClusterAdministratorsTeam",
    ],
)
def test_long_names_and_digests_are_no_secrets(text: str, tmp_path: Path) -> None:
    assert problems_in(tmp_path, GOOD + f"  bedplate:note: {text}\n") == ()


def test_configuration_that_only_sounds_secret_is_left_alone(tmp_path: Path) -> None:
    config = "  aws:skipCredentialsValidation: true\n  aws:token: {secure: AAAB}\n  bedplate:token_ttl: 5\n"
    assert problems_in(tmp_path, GOOD + config) == ()
