from __future__ import annotations

import pytest

from bedplate import catalog
from bedplate.node_pools.images import node_image
from bedplate.services import node_images
from bedplate.services.node_images import NodeImageContents, nvidia_image_contents


def test_every_nvidia_image_is_described() -> None:
    images = {node_image("aws", one) for one in catalog.machines("aws").values() if one.vendor == "NVIDIA"}
    assert images - {None} <= node_images._contents().keys()
    assert nvidia_image_contents("aws").driver


def test_images_that_differ_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = {
        "a": NodeImageContents(driver=True, container_toolkit=True, device_plugin=False, cdi=True),
        "b": NodeImageContents(driver=False, container_toolkit=False, device_plugin=False, cdi=True),
    }
    monkeypatch.setattr(node_images, "_contents", lambda: contents)
    monkeypatch.setattr(node_images, "node_image", lambda _, machine: "a" if machine.name.startswith("g") else "b")
    with pytest.raises(LookupError, match="differ in what they bring"):
        nvidia_image_contents("aws")
