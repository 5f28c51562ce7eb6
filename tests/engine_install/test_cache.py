"""The cache: where it is, and that an engine appears in it whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bedplate.engine.cache import cache_directory, exclusive, publish, workspace
from bedplate.engine.model import Silence
from bedplate.errors import BedplateError

HOME = Path("/home/mara")


@pytest.mark.parametrize(
    ("variables", "directory"),
    [
        ({}, "/home/mara/.cache/bedplate"),
        ({"XDG_CACHE_HOME": "/var/cache/mara"}, "/var/cache/mara/bedplate"),
        ({"XDG_CACHE_HOME": "relative"}, "/home/mara/.cache/bedplate"),
        ({"XDG_CACHE_HOME": ""}, "/home/mara/.cache/bedplate"),
        ({"BEDPLATE_CACHE": "/big/disk"}, "/big/disk"),
        ({"BEDPLATE_CACHE": "/big/disk", "XDG_CACHE_HOME": "/var/cache/mara"}, "/big/disk"),
        ({"BEDPLATE_CACHE": ""}, "/home/mara/.cache/bedplate"),
    ],
)
def test_where_the_cache_is(variables: dict[str, str], directory: str) -> None:
    assert cache_directory(variables, HOME) == Path(directory)


def test_a_finished_workspace_becomes_the_target(tmp_path: Path) -> None:
    with workspace(tmp_path) as work:
        (work / "pulumi").write_text("engine", encoding="utf-8")
        assert not (tmp_path / "built-1").exists()
        publish(work, tmp_path / "built-1")
    assert [path.name for path in tmp_path.iterdir()] == ["built-1"]
    assert (tmp_path / "built-1" / "pulumi").read_text(encoding="utf-8") == "engine"


def test_a_broken_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "built-1").mkdir()
    (tmp_path / "built-1" / "half").touch()
    with workspace(tmp_path) as work:
        (work / "whole").touch()
        publish(work, tmp_path / "built-1")
    assert [path.name for path in (tmp_path / "built-1").iterdir()] == ["whole"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_unfinished_workspace_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with workspace(tmp_path) as work:
            (work / "half").touch()
            raise error

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_installation_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".unfinished-abc" / "deep").mkdir(parents=True)
    (tmp_path / "built-1").mkdir()
    with exclusive(tmp_path, Silence()):
        assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "built-1"]


def test_a_second_installation_waits_and_a_killed_one_does_not_block(tmp_path: Path) -> None:
    holder = (
        "import sys, time, pathlib\n"
        "from bedplate.engine.cache import exclusive\n"
        "from bedplate.engine.model import Silence\n"
        "with exclusive(pathlib.Path(sys.argv[1]), Silence()):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", holder, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"

    class KillHolder(Silence):
        """The second installation says that it waits; at that moment the first one dies."""

        def stage(self, text: str) -> None:
            assert text.startswith("Waiting for another installation")
            process.kill()

    with process, exclusive(tmp_path, KillHolder()):
        assert process.wait(10) != 0


def test_a_folder_that_cannot_be_made_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(BedplateError, match="cannot install anything") as caught,
        exclusive(tmp_path / "file" / "engine", Silence()),
    ):
        pass
    assert "BEDPLATE_CACHE" in caught.value.hint
