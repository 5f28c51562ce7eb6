"""Writing files that users name, and what is said of those that cannot be written."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from bedplate.errors import UsageError
from bedplate.files import as_seen, working_folder, write_whole


def test_a_new_file_may_be_read_by_everybody_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    write_whole(file, "one")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("one", 0o644)
    file.chmod(0o600)
    write_whole(file, "two")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("two", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "target.md", tmp_path / "link.md"
    target.write_text("before")
    link.symlink_to(target)
    write_whole(link, "after")
    assert link.is_symlink()
    assert target.read_text() == "after"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    write_whole(pipe, "text")
    reader.join(10)
    assert read == ["text"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("place", ["absent/report.md", "file/report.md", "folder"])
def test_what_cannot_be_written_is_named_and_nothing_is_left(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=f"{place} cannot be written: [A-Z]"):
        write_whole(tmp_path / place, "text")
    assert sorted(item.name for item in tmp_path.rglob("*")) == ["file", "folder"]


def test_a_file_that_cannot_be_replaced_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(draft: Path, _target: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(draft))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(UsageError, match=r"report\.md cannot be written: Operation not permitted"):
        write_whole(tmp_path / "report.md", "text")
    assert list(tmp_path.iterdir()) == []


def test_paths_are_shown_as_the_user_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert as_seen(tmp_path / "stacks" / "file") == Path("stacks/file")
    assert as_seen(tmp_path.parent / "file") == tmp_path.parent / "file"
    assert as_seen(Path("stacks/file")) == Path("stacks/file")


def test_a_working_folder_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(UsageError, match="does not exist any more"):
        working_folder()
