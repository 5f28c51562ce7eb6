"""Images by digest: which are pinned, what the lock says, and that pods run what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bedplate import catalog
from bedplate.cli.images import app
from bedplate.errors import BedplateError, InputError, UsageError
from bedplate.images.collect import images_to_pin
from bedplate.images.lock import LOCK_FILE, LockedImage, lock_in_use, read_lock, use_lock, write_lock
from bedplate.images.pin import pin
from bedplate.images.pinning import pinned
from bedplate.images.reference import Reference, parse_reference
from bedplate.node_pools.floor import PAUSE_IMAGE
from bedplate.plan import plan_stack
from bedplate.platform import declare
from tests.images.registries import Registry, serving
from tests.support.declared import declared
from tests.support.endpoints import serving_stack
from tests.support.stacks import stack

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 21)
A, B = (f"sha256:{letter * 64}" for letter in "ab")


def locked(digest: str = A) -> LockedImage:
    return LockedImage(digest=digest, source="registry.example.com", as_of=TODAY)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("alpine:3", Reference("docker.io", "library/alpine", "3")),
        ("vllm/vllm-openai:v1", Reference("docker.io", "vllm/vllm-openai", "v1")),
        ("docker.io/a/b:1", Reference("docker.io", "a/b", "1")),
        ("localhost/a:1", Reference("localhost", "a", "1")),
        ("127.0.0.1:5000/a/b:1", Reference("127.0.0.1:5000", "a/b", "1")),
        (f"nvcr.io/a/b:1@{A}", Reference("nvcr.io", "a/b", "1", A)),
        (f"nvcr.io/a@{A}", Reference("nvcr.io", "a", "", A)),
    ],
)
def test_a_name_is_taken_apart(text: str, reference: Reference) -> None:
    assert parse_reference(text) == reference


@pytest.mark.parametrize(
    "text", ["", ":1", "a:", "A/b:1", "a//b:1", "a b", "a@sha256:0", "registry.example.com/", "a:1:2"]
)
def test_what_names_no_image(text: str) -> None:
    with pytest.raises(UsageError, match="is not the name of a container image"):
        parse_reference(text)


@given(st.text(max_size=80))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        reference = parse_reference(text)
    except UsageError:
        return
    assert parse_reference(str(reference)) == reference


def test_every_image_that_a_registry_has_is_pinned() -> None:
    names = images_to_pin([])
    assert PAUSE_IMAGE in names
    left_out = {one.name for one in catalog.images() if f"{one.repository}:{one.tag}" not in names}
    # In the account's own registry, by digest already, and with a tag that is only a beginning.
    assert left_out == {"bedplate-sidecar", "nri-device-injector", "doca-driver"}


def test_images_of_stacks_are_pinned_unless_they_have_a_digest() -> None:
    own, other = "registry.example.com/engine:1.2", f"registry.example.com/sidecar:1@{A}"
    changes: dict[str, Any] = {"endpoints.chat.image": own, "endpoints.chat.sidecar_image": other}
    changes["node_pools.l4.prepull_images"] = ["registry.example.com/large:1"]
    added = set(images_to_pin([serving_stack(changes)])) - set(images_to_pin([]))
    assert added == {own, "registry.example.com/large:1"}


@pytest.fixture
def registry() -> Iterator[Registry]:
    with serving() as served:
        yield served


def test_what_is_new_what_moved_and_what_is_gone_is_told(registry: Registry) -> None:
    names = [f"{registry.host}/app:{tag}" for tag in ("1", "2", "3")]
    digests = [registry.put("app", tag, tag) for tag in ("1", "2", "3")]
    before = {names[0]: locked(digests[0]), names[1]: locked(A), "gone.example.com/a:1": locked()}
    made = pin(names, before, (), TODAY)
    assert [made.images[name].digest for name in names] == digests
    assert made.changes == (
        f"moved    {names[1]} {A} -> {digests[1]}",
        f"new      {names[2]} {digests[2]}",
        "removed  gone.example.com/a:1",
    )
    assert made.images[names[0]] is before[names[0]], "nothing to review where nothing changed"


def test_half_a_lock_is_none(registry: Registry) -> None:
    registry.put("app", "1", "1")
    names = [f"{registry.host}/{name}" for name in ("app:1", "absent:1", "absent:2")]
    with pytest.raises(BedplateError) as error:
        pin(names, {}, (), TODAY)
    assert error.value.message.splitlines()[1:] == [
        f"{name}: {registry.host} answers 404 Not Found (manifest unknown)" for name in names[1:]
    ]


def test_what_is_skipped_keeps_what_it_had(registry: Registry) -> None:
    names = [f"{registry.host}/private/a:1", f"{registry.host}/private/b:1"]
    made = pin(names, {names[0]: locked()}, [f"{registry.host}/private"], TODAY)
    assert made.images == {names[0]: locked()}
    assert registry.asked == []


def test_a_lock_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / LOCK_FILE
    write_lock(path, {"b.example.com/b:1": locked(B), "a.example.com/a:1": locked(A)})
    assert read_lock(path) == {"a.example.com/a:1": locked(A), "b.example.com/b:1": locked(B)}
    assert path.read_text().index("a.example.com") < path.read_text().index("b.example.com")
    assert read_lock(tmp_path / "absent.yaml") == {}


@pytest.mark.parametrize(
    "text",
    [
        "images: [",
        "images: {a/b:1: {digest: sha256:0, source: s, as_of: 2026-11-21}}",
        f"images: {{a/b:1: {{digest: '{A}', source: s}}}}",
        f"images: {{'not an image': {{digest: '{A}', source: s, as_of: 2026-11-21}}}}",
        "pictures: {}",
        "- a",
    ],
)
def test_a_lock_that_is_wrong_is_no_lock(tmp_path: Path, text: str) -> None:
    (tmp_path / LOCK_FILE).write_text(text)
    with pytest.raises(InputError, match=re.escape(str(LOCK_FILE))):
        read_lock(tmp_path / LOCK_FILE)


def test_containers_get_their_digests_and_nothing_else_does() -> None:
    image, other = "registry.example.com/a:1", "registry.example.com/b:1"
    pod = {"containers": [{"image": image}, {"image": other}], "initContainers": ({"image": f"{image}@{B}"}, "odd")}
    manifest = {"kind": "Job", "spec": {"template": {"spec": pod}}, "data": {"image": image}}
    done = pinned(manifest, {image: locked()})["spec"]["template"]["spec"]
    assert done["containers"] == [{"image": f"{image}@{A}"}, {"image": other}]
    assert done["initContainers"] == [{"image": f"{image}@{B}"}, "odd"]
    assert pinned(manifest, {image: locked()})["data"] == {"image": image}
    assert pod["containers"] == [{"image": image}, {"image": other}], "the manifest of the plan stays as it was"


@pytest.fixture
def lock_of_the_project(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / LOCK_FILE
    yield path
    use_lock(path.with_name("none.yaml"))


def images_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if name == "image" and isinstance(item, str):
                yield item
            yield from images_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from images_of(item)


def test_every_pod_of_a_stack_runs_what_the_lock_says(lock_of_the_project: Path) -> None:
    plan = plan_stack(serving_stack())
    names = images_to_pin([])
    write_lock(lock_of_the_project, {name: locked() for name in names})
    use_lock(lock_of_the_project)
    resources = declared(lambda: declare(plan))
    pods = [one for one in resources if one.token.startswith(("kubernetes:apps/", "kubernetes:batch/"))]
    images = {image for one in pods for image in images_of(one.inputs)}
    assert f"{PAUSE_IMAGE}@{A}" in images
    assert {image for image in images if "@" not in image and "dkr.ecr" not in image} == set()


def test_without_a_lock_tags_stay(lock_of_the_project: Path) -> None:
    use_lock(lock_of_the_project)
    assert lock_in_use() == {}
    plan = plan_stack(stack())
    images = {image for one in declared(lambda: declare(plan)) for image in images_of(one.inputs)}
    assert PAUSE_IMAGE in images


def test_the_repositorys_own_lock_holds() -> None:
    assert PAUSE_IMAGE in read_lock(ROOT / LOCK_FILE)


def project(folder: Path) -> Path:
    (folder / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    return folder


def test_the_command_writes_the_lock(tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{registry.host}/app:1"
    digest = registry.put("app", "1", "1")
    monkeypatch.chdir(project(tmp_path))
    monkeypatch.setattr("bedplate.images.collect.images_to_pin", lambda stacks: [name for _ in [list(stacks)]])
    done = CliRunner().invoke(app, ["pin"])
    assert done.exit_code == 0, done.output
    assert f"new      {name} {digest}" in done.output
    assert read_lock(tmp_path / LOCK_FILE)[name].digest == digest
    assert "nothing changed" in CliRunner().invoke(app, ["pin"]).output


def test_without_a_network_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project(tmp_path))
    monkeypatch.setattr("bedplate.images.collect.images_to_pin", lambda _: ["127.0.0.1:1/app:1"])
    done = CliRunner().invoke(app, ["pin"])
    assert done.exit_code == 1
    assert isinstance(done.exception, BedplateError)
    assert "127.0.0.1:1/app:1: 127.0.0.1:1 cannot be reached" in done.exception.message
    assert not (tmp_path / LOCK_FILE).exists()
