"""Which resources no state knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.cli.orphans import as_record, as_text
from bedplate.simulation.home import Home
from bedplate.simulation.orphans import State, find_orphans, orphans_of
from bedplate.simulation.world_file import Resource

if TYPE_CHECKING:
    from pathlib import Path

QUEUE = "aws:sqs/queue:Queue"
SPACE = "kubernetes:core/v1:Namespace"


def urn(token: str, name: str, parents: str = "") -> str:
    return f"urn:pulumi:dev::fixture::{parents}{token}::{name}"


def held(token: str, name: str, identity: str, place: str = "aws/us-east-2", parents: str = "") -> Resource:
    return Resource(token, identity, place, urn(token, name, parents))


def known(token: str, name: str, identity: str = "", parents: str = "") -> dict[str, Any]:
    entry = {"urn": urn(token, name, parents), "type": token}
    return {**entry, "id": identity} if identity else entry


def names(world: list[Resource], *states: State) -> list[str]:
    return [orphan.resource.name for orphan in orphans_of(world, states)]


def test_where_nothing_was_simulated_nothing_is_made(tmp_path: Path) -> None:
    home = Home(tmp_path / "nowhere")
    assert find_orphans(home) == []
    assert not home.folder.exists()


def test_what_a_state_knows_is_no_orphan() -> None:
    world = [held(QUEUE, "a", "1"), held(QUEUE, "b", "2")]
    assert names(world, State("dev", [known(QUEUE, "a", "1")], [])) == ["b"]
    assert names(world, State("dev", [known(QUEUE, "a", "1"), known(QUEUE, "b", "3")], [])) == ["b"]
    assert names([], State("dev", [known(QUEUE, "a", "1")], [])) == []


def test_a_resource_that_was_renamed_in_the_program_is_known() -> None:
    assert names([held(QUEUE, "old", "1")], State("dev", [known(QUEUE, "new", "1")], [])) == []


def test_objects_of_one_name_in_two_clusters_are_told_apart() -> None:
    world = [held(SPACE, "east", "team", "kubernetes/https://e"), held(SPACE, "west", "team", "kubernetes/https://w")]
    assert names(world, State("dev", [known(SPACE, "east", "team")], [])) == ["west"]


def test_the_import_uses_the_parent_and_provider_that_were_planned() -> None:
    provider = "urn:pulumi:dev::fixture::pulumi:providers:kubernetes::use2"
    parent = urn("bedplate:index:Cluster", "use2")
    pending = {**known(SPACE, "team"), "parent": parent, "provider": f"{provider}::0a-1b"}
    (orphan,) = orphans_of([held(SPACE, "team", "team")], [State("dev", [], [pending])])
    assert orphan.import_command == (
        "bedplate sim -- pulumi import kubernetes:core/v1:Namespace team team --stack dev "
        f"--parent parent={parent} --provider provider={provider} --protect=false --generate-code=false --yes"
    )
    assert as_record(orphan)["delete"] == "bedplate orphans --delete team"


def test_without_a_plan_the_only_component_of_the_kind_is_the_parent() -> None:
    chain = "bedplate:index:Cluster$"
    components = [known("bedplate:index:Cluster", name) for name in ("use2", "swc")]
    orphan = held(QUEUE, "q", "1", parents=chain)
    assert "--parent" in orphans_of([orphan], [State("dev", components[:1], [])])[0].import_command
    assert "--parent" not in orphans_of([orphan], [State("dev", components, [])])[0].import_command


def test_a_name_that_the_state_has_given_again_cannot_be_imported() -> None:
    (orphan,) = orphans_of([held(QUEUE, "q", "1")], [State("dev", [known(QUEUE, "q", "2")], [])])
    assert orphan.import_command == ""
    text = as_text([orphan])
    assert "1 resource that no state knows" in text
    assert "delete this one" in text
    assert as_record(orphan)["import"] is None


def test_no_orphans_is_good_news() -> None:
    assert as_text([]).startswith("No orphans")
