"""Copies of stack files and project files: nothing real in them, and nothing else changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bedplate.errors import InputError
from bedplate.simulation import project_files, yaml_edits

if TYPE_CHECKING:
    from pathlib import Path

SIMULATED = '"simulated-secret"'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "Pulumi.dev.yaml"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("config:\n  a:b: 1.30\n  a:c: on # why\n", "config:\n  a:b: 1.30\n  a:c: on # why\n"),
        ("secretsprovider: awskms://k\nencryptedkey: x\nconfig: {}\n", "config: {}\n"),
        ("config: {}\nencryptionsalt: v1:x", "config: {}\n"),
        ("config:\n  a:b: {secure: v1:x}\n", f"config:\n  a:b: {SIMULATED}\n"),
        ("config:\n  a:b:\n    secure: v1:x\n  a:c: 2\n", f"config:\n  a:b:\n    {SIMULATED}\n  a:c: 2\n"),
        ("config:\n  a:b:\n    secure: |\n      v1:x\n\n", f"config:\n  a:b:\n    {SIMULATED}\n\n"),
        ("config:\n  a:b:\n    secure: v1:x # why\n  a:c: 2\n", f"config:\n  a:b:\n    {SIMULATED}\n  a:c: 2\n"),
        (
            "config:\n  a:b:\n  - secure: v1:x\n  - {c: [secure, {secure: y}]}",
            f"config:\n  a:b:\n  - {SIMULATED}\n  - {{c: [secure, {SIMULATED}]}}",
        ),
        ("config:\n  a:b: &s {secure: x}\n  a:c: *s\n", None),
        ("encryptedkey: |\n  line\n  line\nconfig: {}\n", "config: {}\n"),
        ("", ""),
    ],
)
def test_stack_files(file: Path, text: str, expected: str | None) -> None:
    file.write_text(text)
    found = project_files.simulated_stack_file(file)
    if expected is not None:
        assert found == expected
    assert "v1:" not in found
    yaml.safe_load(found.replace("*s", "x"))


KEYS = st.text("abcdefg", min_size=1, max_size=6)
PLAIN = st.one_of(st.integers(), st.booleans(), st.floats(allow_nan=False), st.text(max_size=12), st.none())
SECURE = st.builds(lambda text: {"secure": text}, st.text(min_size=1, max_size=12))
VALUES = st.recursive(
    st.one_of(PLAIN, SECURE),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)


def simulated(value: object) -> object:
    if isinstance(value, dict):
        return "simulated-secret" if list(value) == ["secure"] else {k: simulated(v) for k, v in value.items()}
    return [simulated(item) for item in value] if isinstance(value, list) else value


@given(config=st.dictionaries(KEYS, VALUES, max_size=4), flow=st.sampled_from([None, False]))
def test_any_stack_file_keeps_all_but_its_secrets(
    tmp_path_factory: pytest.TempPathFactory, config: dict[str, object], flow: bool | None
) -> None:
    file = tmp_path_factory.getbasetemp() / "Pulumi.any.yaml"
    document = {"secretsprovider": "awskms://x", "config": config, "encryptionsalt": "v1:x"}
    text = yaml.safe_dump(document, default_flow_style=flow, allow_unicode=True)
    file.write_text(text, encoding="utf-8")
    written = yaml.safe_load(text)["config"]  # not `config`: PyYAML folds a line break like \x85 that it wrote itself
    found = yaml.safe_load(project_files.simulated_stack_file(file, "v1:mine"))
    assert found == {"config": simulated(written), "encryptionsalt": "v1:mine"}


def test_the_simulations_own_salt_is_added(file: Path) -> None:
    file.write_text("encryptionsalt: v1:real\nconfig: {}")
    text = project_files.simulated_stack_file(file, "v1:mine")
    assert text == "config: {}\nencryptionsalt: v1:mine\n"
    file.write_text(text)
    assert project_files.encryption_salt(file) == "v1:mine"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"config:\n- [1\na: 1", ":2:3: not valid YAML: the list [ \N{HORIZONTAL ELLIPSIS} ] is not closed"),
        (b"{secretsprovider: x, config: {}}", "a stack file in one line cannot be simulated"),
        (b"a: &a [*a", "the anchor &a is not allowed"),
        (b"config: " + 5000 * b"[", "nested"),
        (b"\xff\xfe\x00", ":1:1: the file is UTF-16; save it as UTF-8"),
        (b"config: {a: \xff}", ":1:13: the file is not UTF-8"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_made_harmless_is_refused_as_validate_does(
    file: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError) as error:
        project_files.simulated_stack_file(file)
    assert error.value.message.startswith(str(file))
    assert said in error.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: x\nbackend:\n  url: s3://states\nruntime: python\n", "name: x\nruntime: python\n"),
        (
            "name: x\nruntime:\n  name: python\n  options: {virtualenv: .venv}\n",
            'name: x\nruntime:\n  name: python\n  options: {virtualenv: "ORIGIN/.venv"}\n',
        ),
        (
            "runtime:\n  name: python\n  options:\n    virtualenv: ../.venv\n    toolchain: pip\n",
            'runtime:\n  name: python\n  options:\n    virtualenv: "PARENT/.venv"\n    toolchain: pip\n',
        ),
        (
            "runtime: {name: python, options: {virtualenv: /opt/venv}}\n",
            'runtime: {name: python, options: {virtualenv: "/opt/venv"}}\n',
        ),
    ],
)
def test_project_files(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "Pulumi.yaml"
    file.write_text(text)
    expected = expected.replace("ORIGIN", str(tmp_path)).replace("PARENT", str(tmp_path.parent))
    assert project_files.simulated_project_file(file, tmp_path) == expected


def test_referenced_stacks(file: Path) -> None:
    file.write_text(
        "config:\n  bedplate:stack:\n    clusters:\n      b: {stack: platform-prod, name: use2}\n"
        "      a: {stack: platform-dev, name: use2}\n      c: {provider: aws}\n"
        "      d: {stack: platform-dev, name: swc}\n"
    )
    assert project_files.referenced_stacks(file) == ["platform-dev", "platform-prod"]
    file.write_text("config: {}\n")
    assert project_files.referenced_stacks(file) == []


def test_an_edit_of_a_node_used_twice_is_made_once() -> None:
    text = "a: &x {secure: y}\nb: *x\n"
    nodes = list(yaml_edits.find(yaml_edits.parse(text), lambda node: "secure" in yaml_edits.entries(node)))
    assert len(nodes) == 1
