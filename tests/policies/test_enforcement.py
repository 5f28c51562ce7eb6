"""What becomes of a violation: stopped, advised, or excepted until a day; and the files that say so."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bedplate.errors import InputError
from rules.catalogue import ALL
from rules.exceptions import read_exceptions
from rules.model import Settings
from rules.pack_settings import environment_of, read_pack_settings
from tests.policies.resources import in_production
from tests.policies.stack import (
    CONTAINER,
    SETTINGS,
    Declared,
    advice,
    check_stack,
    deployment,
    node_group,
    of_rule,
    pool,
    register,
)

WITHOUT_PROBES = deployment("vision-dev-inference", containers=[{"name": "c", "image": "i:1"}])
HOST = deployment("vision-dev-general", hostNetwork=True)

EXCEPTION = """
- rule: security-host-namespaces
  stack: vision-dev
  resource: web
  owner: someone@vision.example
  reason: The exporter reads the node's sockets.
  expires: 2026-12-01
"""


def excepting(text: str, folder: Path, today: date | None = SETTINGS.today) -> Settings:
    """Return settings whose exceptions are those of a text."""
    path = folder / "exceptions.yaml"
    path.write_text("exceptions:" + text)
    return replace(SETTINGS, exceptions_path=path, today=today)


def test_a_level_is_one_of_an_environment() -> None:
    assert of_rule("reliability-probes", register(WITHOUT_PROBES)) == []
    assert of_rule("reliability-probes", advice(WITHOUT_PROBES)) != []
    declared = in_production(deployment("vision-prod-inference", containers=[{"name": "c", "image": "i:1"}]))
    assert of_rule("reliability-probes", register(declared)) != []


@pytest.mark.parametrize(("stack", "environment"), [("vision-dev", "dev"), ("a-b-prod", "prod"), ("dev", "dev")])
def test_environment_of_a_stack(stack: str, environment: str) -> None:
    assert environment_of(stack) == environment


@pytest.mark.parametrize("pattern", ["cost-within-caps", "nodes-*", "*"])
def test_what_may_not_be_loosened_stops_all_the_same(pattern: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(SETTINGS.settings_path.read_text().replace("security-image-digests", f'"{pattern}"'))
    loosened = replace(SETTINGS, settings_path=path)
    assert of_rule("nodes-priced", register(node_group(None), settings=loosened)) != []
    over = check_stack(pool("p5.48xlarge", 9), settings=loosened)
    assert of_rule("cost-within-caps", over) != []
    assert any(
        "settings.yaml makes advice in vision-dev of" in message for message in of_rule("governance-settings", over)
    )


def test_a_level_is_one_of_a_stack(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    for place, stopped in (("vision-dev", False), ("search-dev", True)):
        path.write_text(SETTINGS.settings_path.read_text().replace("  dev:", f"  {place}:"))
        read_pack_settings(path)
        settings = replace(SETTINGS, settings_path=path.rename(tmp_path / f"{place}.yaml"))
        assert bool(of_rule("reliability-probes", register(WITHOUT_PROBES, settings=settings))) == stopped


def test_advice_of_no_rule(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(SETTINGS.settings_path.read_text().replace("reliability-probes", "reliability-prboes"))
    messages = check_stack(HOST, settings=replace(SETTINGS, settings_path=path))
    assert "makes advice of reliability-prboes, which is no rule" in of_rule("governance-settings", messages)[0]


def test_an_exception_lets_one_violation_pass(tmp_path: Path) -> None:
    settings = excepting(EXCEPTION, tmp_path)
    assert of_rule("security-host-namespaces", register(HOST)) != []
    assert register(HOST, settings=settings) == []
    assert check_stack(HOST, settings=settings) == []
    assert of_rule("governance-unused-exceptions", advice(HOST, settings=settings)) == []
    other = replace(HOST, name="other")
    assert of_rule("security-host-namespaces", register(other, settings=settings)) != []
    elsewhere = in_production(deployment("vision-prod-general", hostNetwork=True))
    assert of_rule("security-host-namespaces", register(elsewhere, settings=settings)) != []


@pytest.mark.parametrize("resource", ["w*", f'"{HOST.urn}"', '"urn:*::web"'])
def test_ways_to_name_a_resource(resource: str, tmp_path: Path) -> None:
    assert register(HOST, settings=excepting(EXCEPTION.replace("web", resource), tmp_path)) == []


@pytest.mark.parametrize(
    ("today", "passes", "expected"),
    [
        (date(2026, 12, 1), True, ""),
        (date(2026, 12, 2), False, "web expired on 2026-12-01"),
        (date(2026, 9, 2), True, ""),
        (date(2026, 9, 1), False, "expires on 2026-12-01, more than 90 days ahead. Fix: 2026-11-30 or sooner"),
    ],
)
def test_an_exception_ends(today: date, passes: bool, expected: str, tmp_path: Path) -> None:
    settings = excepting(EXCEPTION, tmp_path, today=today)
    assert (of_rule("security-host-namespaces", register(HOST, settings=settings)) == []) == passes
    messages = of_rule("governance-exceptions", check_stack(HOST, settings=settings))
    assert (messages == []) if not expected else expected in messages[0]


def test_an_exception_that_nothing_needs_is_pointed_out(tmp_path: Path) -> None:
    fine = deployment("vision-dev-general", containers=[CONTAINER | {"image": f"web@sha256:{'a' * 64}"}])
    messages = of_rule("governance-unused-exceptions", advice(fine, settings=excepting(EXCEPTION, tmp_path)))
    assert [
        "nothing needed the exception of someone@vision.example from security-host-namespaces for web" in one
        for one in messages
    ] == [True]
    (tmp_path / "other").mkdir()
    settings = excepting(EXCEPTION.replace("vision-dev", "search-dev"), tmp_path / "other")
    assert advice(fine, settings=settings) == [], "it is of another stack"


@pytest.mark.parametrize("rule", ["nodes-priced", "cost-of-component-within-caps"])
def test_what_may_have_no_exception(rule: str, tmp_path: Path) -> None:
    text = EXCEPTION.replace("security-host-namespaces", rule).replace("web", '"*"')
    settings = excepting(text, tmp_path)
    refused = node_group(None) if rule == "nodes-priced" else pool("p5.48xlarge", 9)
    assert of_rule(rule, register(refused, settings=settings)) != []
    messages = of_rule("governance-exceptions", check_stack(refused, settings=settings))
    assert "cannot be: that rule has no exceptions" in messages[0]


def test_an_exception_from_no_rule(tmp_path: Path) -> None:
    settings = excepting(EXCEPTION.replace("security-host-namespaces", "security-typo"), tmp_path)
    messages = of_rule("governance-exceptions", check_stack(HOST, settings=settings))
    assert "is from no rule of this pack" in messages[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" [{rule: abc}]", "exceptions.yaml:1:14: exceptions[0].stack: is required and missing"),
        (EXCEPTION.replace("2026-12-01", "soon"), "expires: must be a day such as 2026-12-31, not the text 'soon'"),
        (
            EXCEPTION.replace("The exporter reads the node's sockets.", "because"),
            "exceptions[0].reason: 'because' has 7 characters; at least 10 are needed",
        ),
        (EXCEPTION + "  forever: true\n", "exceptions[0].forever: unknown key"),
        (" [", "exceptions.yaml"),
        (EXCEPTION + "  owner: me@vision.example\n", "the key 'owner' stands twice in this mapping; first in line 5"),
        ("", "exceptions.yaml:1:12: exceptions: has no value"),
    ],
)
def test_a_wrong_file_excepts_nothing_and_stops(text: str, expected: str, tmp_path: Path) -> None:
    settings = excepting(text, tmp_path)
    assert of_rule("security-host-namespaces", register(HOST, settings=settings)) != []
    messages = of_rule("governance-exceptions", check_stack(HOST, settings=settings))
    assert expected in messages[0]


MISSING = Path("missing.yaml")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("prod: [eu", "prdo: [eu", "settings.yaml:8:7: data_regions.teams.vision.prdo: 'prdo' is not possible"),
        (
            "    vision",
            "    Vision",
            "settings.yaml:7:5: data_regions.teams.Vision: the name 'Vision' must be",
        ),
        ("min: 30", "mn: 30", "settings.yaml:10:22: log_retention_days.mn: unknown key; did you mean 'min'?"),
        ("daemon_sets: [apps/reviewed]", "daemon_sets: reviewed", "Write it as a list: ['reviewed']."),
        ("daemon_sets:", "advisory: {}\ndaemon_sets:", "settings.yaml:12:1: the key 'advisory' stands twice"),
        ("daemon_sets:", "unpriced_types: ['aws:*']\ndaemon_sets:", "'aws:*' must be a type such as aws:acm/"),
    ],
)
def test_wrong_settings_are_told_with_their_place(before: str, after: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(SETTINGS.settings_path.read_text().replace(before, after))
    with pytest.raises(InputError, match=re.escape(expected)) as refused:
        read_pack_settings(path)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    "settings", [replace(SETTINGS, settings_path=MISSING), replace(SETTINGS, exceptions_path=MISSING)]
)
def test_a_missing_file_stops(settings: Settings) -> None:
    assert "cannot be read (No such file or directory)" in check_stack(deployment(), settings=settings)[0]


def test_the_projects_own_files_are_in_order() -> None:
    own = Settings()
    settings = read_pack_settings(own.settings_path)
    ids = [rule.id for rule in ALL]
    for environment in ("dev", "prod"):
        fixed = [rule.id for rule in ALL if not rule.waivable and settings.is_advice(rule.id, environment)]
        assert fixed == []
    named = [name for names in settings.advisory.values() for name in names if "*" not in name]
    assert set(named) <= set(ids)
    assert read_exceptions(own.exceptions_path) == ()


@pytest.mark.parametrize(("stack", "advice"), [("vision-dev", True), ("vision-prod", False), ("vision-test", False)])
def test_production_runs_digests_and_nothing_else(stack: str, advice: bool) -> None:
    assert read_pack_settings(Settings().settings_path).is_advice("security-image-digests", stack) is advice


def test_a_reviewed_daemon_set_outside_of_system_namespaces() -> None:
    from tests.policies.stack import kubernetes

    def daemon_set(name: str) -> Declared:
        return kubernetes("apps/v1:DaemonSet", name, {"metadata": {"name": name, "namespace": "apps"}, "spec": {}})

    assert of_rule("separation-daemon-sets", register(daemon_set("reviewed"))) == []
    assert of_rule("separation-daemon-sets", register(daemon_set("other"))) != []
