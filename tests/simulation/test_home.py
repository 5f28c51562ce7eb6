"""The scratch copy of a project, and the environment of a simulated command."""

from __future__ import annotations

import errno
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from bedplate.errors import BedplateError, InputError, UsageError
from bedplate.simulation.environment import simulated_environment
from bedplate.simulation.home import Home, default_home, find_project

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = "name: fixture\nruntime: python\nstackConfigDir: stacks\nbackend: {url: s3://real}\n"


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    folder = tmp_path / "origin"
    (folder / "stacks").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "stacks" / "Pulumi.dev.yaml").write_text("encryptionsalt: v1:real\nconfig: {a:b: 1.30}\n")
    (folder / "__main__.py").write_text("print(1)\n")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_the_copy_follows_the_original(origin: Path, home: Home) -> None:
    for skipped in (".git/config", ".venv/pyvenv.cfg", "venv2/pyvenv.cfg", "a/__pycache__/x.pyc", "node_modules/x"):
        (origin / skipped).parent.mkdir(parents=True, exist_ok=True)
        (origin / skipped).write_text("x")
    home.prepare(origin)
    copied = {str(file.relative_to(home.project)) for file in home.project.rglob("*") if file.is_file()}
    assert copied == {"Pulumi.yaml", "__main__.py", "stacks/Pulumi.dev.yaml"}
    assert "backend" not in (home.project / "Pulumi.yaml").read_text()
    assert list(home.stack_files()) == ["dev"]
    assert home.stack_files()["dev"].read_text() == "config: {a:b: 1.30}\n"

    (origin / "__main__.py").unlink()
    (origin / "program.py").write_text("print(2)\n")
    (home.project / "plan.json").write_text("{}")  # what a command wrote stays
    home.prepare(origin)
    assert sorted(file.name for file in home.project.glob("*.*")) == ["Pulumi.yaml", "plan.json", "program.py"]


def test_a_file_that_vanishes_while_the_project_is_copied_is_not_in_the_copy(
    origin: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, draft = shutil.copy2, origin / "draft.tmp"
    draft.write_text("x")

    def copy_late(source: Path, target: Path) -> object:
        if source == draft:
            source.unlink()
        return copy(source, target)

    monkeypatch.setattr(shutil, "copy2", copy_late)
    home.prepare(origin)
    assert (home.project / "__main__.py").exists()
    assert not (home.project / "draft.tmp").exists()


def test_what_a_command_changed_in_the_copy_is_undone(origin: Path, home: Home) -> None:
    home.prepare(origin)
    (home.project / "__main__.py").write_text("print(3)  # by a command\n")
    home.stack_files()["dev"].write_text("encryptionsalt: v1:simulated\nconfig: {a:b: 1.3}\n")
    home.prepare(origin)
    assert (home.project / "__main__.py").read_text() == "print(1)\n"
    assert home.stack_files()["dev"].read_text() == "config: {a:b: 1.30}\nencryptionsalt: v1:simulated\n"
    home.stack_files()["dev"].unlink()  # pulumi stack rm
    home.prepare(origin)
    assert home.stack_files()["dev"].read_text() == "config: {a:b: 1.30}\n"


@pytest.mark.parametrize("content", [b"config: {a:b: [1\n", b"\xff\xfe\x00", b"config: {a:b: *x}\n"])
def test_a_stack_file_that_cannot_be_read_is_told_and_harms_no_other(origin: Path, home: Home, content: bytes) -> None:
    file = origin / "stacks" / "Pulumi.dev.yaml"
    (origin / "stacks" / "Pulumi.other.yaml").write_text("config: {a:b: 2}\n")
    home.prepare(origin)
    home.stack_files()["dev"].write_text("encryptionsalt: v1:simulated\nconfig: {}\n")
    before = file.read_text()
    for _ in range(2):
        file.write_bytes(content)
        wrong = home.prepare(origin)
        assert list(wrong) == ["dev"]
        assert str(file) in wrong["dev"].message
        assert home.stack_files()["dev"].read_text() == "encryptionsalt: v1:simulated\n"
        assert home.stack_files()["other"].read_text() == "config: {a:b: 2}\n"
    file.write_text(before)
    assert home.prepare(origin) == {}
    assert home.stack_files()["dev"].read_text() == "config: {a:b: 1.30}\nencryptionsalt: v1:simulated\n"


def test_what_an_earlier_version_left_in_the_copy_locks_nothing(origin: Path, home: Home) -> None:
    home.prepare(origin)
    (home.project / "stacks" / "Pulumi.dev.yaml").write_text("config: {\n")
    assert home.prepare(origin) == {}
    (home.project / "Pulumi.yaml").write_bytes(b"\xff")
    assert home.prepare(origin) == {}
    assert home.stack_files()["dev"].read_text() == "config: {a:b: 1.30}\n"


@pytest.mark.parametrize("name", ["Pulumi.yaml", "policies/PulumiPolicy.yaml"])
def test_a_project_file_that_cannot_be_read_is_told_until_it_is_mended(origin: Path, home: Home, name: str) -> None:
    file = origin / name
    file.parent.mkdir(exist_ok=True)
    for _ in range(2):
        file.write_text("name: [fixture\n")
        with pytest.raises(InputError, match=re.escape(f"{file}:1:7: not valid YAML")):
            home.prepare(origin)
    file.write_text(PROJECT)
    assert home.prepare(origin) == {}


def test_problems_name_files_as_the_user_sees_them(origin: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (origin / "stacks" / "Pulumi.dev.yaml").write_text("config: [")
    monkeypatch.chdir(origin)
    assert home.prepare(origin)["dev"].message.startswith("stacks/Pulumi.dev.yaml:1:10: ")


def test_a_file_that_may_not_be_read_is_named(origin: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, _target: Path) -> object:
        raise PermissionError(errno.EACCES, "Permission denied", str(source))

    monkeypatch.setattr(shutil, "copy2", refuse)
    with pytest.raises(UsageError, match=r"__main__\.py cannot be copied: Permission denied"):
        home.prepare(origin)


def test_further_stack_files_stand_beside_the_project_s_own(origin: Path, home: Home, tmp_path: Path) -> None:
    example = tmp_path / "example"
    example.mkdir()
    file = example / "Pulumi.big-dev.yaml"
    file.write_text("encryptionsalt: v1:real\nconfig: {a:b: 2.30}\n")
    home.prepare(origin, example)
    assert list(home.stack_files()) == ["big-dev", "dev"]
    assert home.stack_files()["big-dev"].read_text() == "config: {a:b: 2.30}\n"
    home.stack_files()["big-dev"].write_text("encryptionsalt: v1:simulated\nconfig: {a:b: 2.3}\n")
    home.restore_stack_file(origin, "big-dev", example)
    assert home.stack_files()["big-dev"].read_text() == "config: {a:b: 2.30}\nencryptionsalt: v1:simulated\n"
    file.unlink()
    with pytest.raises(UsageError, match="holds no stack file"):
        home.prepare(origin, example)


def test_a_home_inside_the_project_is_not_copied_into_itself(origin: Path) -> None:
    home = Home(origin / "simulation")
    home.prepare(origin)
    home.prepare(origin)
    assert not (home.project / "simulation").exists()


def test_one_simulation_at_a_time(home: Home) -> None:
    with home.locked(), pytest.raises(BedplateError, match="another simulation runs"), home.locked():
        pass
    with home.locked():
        pass


def test_reset_deletes_simulations_and_nothing_else(origin: Path, home: Home) -> None:
    home.reset()
    home.prepare(origin)
    home.reset()
    assert not home.folder.exists()
    with pytest.raises(UsageError, match="is not the home of a simulation"):
        Home(origin).reset()
    assert (origin / "__main__.py").exists()


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/simulation"])
def test_a_home_that_cannot_be_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine")
    home = Home(tmp_path / place)
    with pytest.raises(UsageError, match=f"{place} cannot be the home of a simulation: "), home.locked():
        pass
    assert (tmp_path / "file").read_text() == "mine"


def test_a_file_is_not_reset(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="file is not the home of a simulation"):
        Home(tmp_path / "file").reset()
    assert (tmp_path / "file").read_text() == "mine"


def test_the_project_is_found_from_below(origin: Path, tmp_path: Path) -> None:
    assert find_project(origin / "stacks") == origin
    with pytest.raises(UsageError, match=r"no Pulumi\.yaml in"):
        find_project(tmp_path)


def test_every_project_has_a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEDPLATE_CACHE", str(tmp_path / "cache"))
    first, second = (default_home(tmp_path / name / "infra") for name in ("a", "b"))
    assert first.folder != second.folder
    assert first.folder.parent == tmp_path / "cache" / "simulations"
    assert first == default_home(tmp_path / "a" / "infra")


REAL = {
    "PATH": "/bin",
    "HOME": "/home/me",
    "LANG": "C",
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "x",
    "GOOGLE_APPLICATION_CREDENTIALS": "x",
    "ARM_CLIENT_SECRET": "x",
    "AZURE_CLIENT_ID": "x",
    "KUBECONFIG": "/home/me/.kube/config",
    "CLOUDSDK_CONFIG": "/home/me/.config/gcloud",
    "PULUMI_ACCESS_TOKEN": "x",
    "PULUMI_BACKEND_URL": "s3://real",
    "PULUMI_CONFIG_PASSPHRASE": "real",
    "PULUMI_HOME": "/home/me/.pulumi",
    "PULUMI_STACK": "prod",
    "PULUMI_OPTION_POLICY_PACK": "policies",
    "PULUMI_DEBUG_GRPC": "/tmp/log",
}


def test_no_credential_reaches_the_command(home: Home) -> None:
    found = simulated_environment(REAL, home, "aws:1")
    kept = {name for name in REAL if found.get(name) == REAL[name]}
    assert kept == {"PATH", "HOME", "LANG", "PULUMI_OPTION_POLICY_PACK", "PULUMI_DEBUG_GRPC"}
    assert found["PULUMI_BACKEND_URL"] == home.backend.as_uri()
    assert found["PULUMI_DEBUG_PROVIDERS"] == "aws:1"
    assert found["PULUMI_HOME"] == str(home.pulumi)
    assert found["AWS_SHARED_CREDENTIALS_FILE"].startswith(str(home.folder))
    assert "KUBECONFIG" not in found
