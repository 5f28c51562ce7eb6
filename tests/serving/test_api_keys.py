from __future__ import annotations

import pytest
from pulumi import RunError

from bedplate.platform import declare
from bedplate.serving.api_keys import SHORTEST_KEY, parse_api_keys
from bedplate.simulation.project_files import SIMULATED_SECRET
from tests.support.declared import SECRETS, declared
from tests.support.endpoints import planned_stack

A = "qN7xR2vT9bLw4KzE"
B = "Hj3mYc8sUd5gPf1a"
PADDED = "c2VjcmV0LXNlY3JldA=="


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (f"web={A}\nbatch={B}\n", {"web": A, "batch": B}),
        (f"web={A}", {"web": A}),
        (f"  web={A}  \n\n", {"web": A}),
        (f"web={A}=b==", {"web": f"{A}=b=="}),
        (f"web={PADDED}", {"web": PADDED}),
        (A, {"caller": A}),
        (PADDED, {"caller": PADDED}),
        (PADDED[:-1], {"caller": PADDED[:-1]}),
        ("sk-" + "a1b2c3d4e5f6" + "==", {"caller": "sk-a1b2c3d4e5f6=="}),
        (SIMULATED_SECRET, {"caller": SIMULATED_SECRET}),
        ("a" * SHORTEST_KEY, {"caller": "a" * SHORTEST_KEY}),
    ],
)
def test_keys_by_caller(text: str, keys: dict[str, str]) -> None:
    assert parse_api_keys(text) == keys


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the API keys are empty"),
        ("\n \n", "the API keys are empty"),
        ("sk-abc123==", "less than 16 characters"),
        (A[:-1], "less than 16 characters"),
        (f"web={A[:-1]}", "line 1 of the API keys has a key of less than 16 characters"),
        (f"web={A}\nbatch=short", "line 2 of the API keys has a key of less than 16 characters"),
        (f"web={A}\nbatch==", "less than 16 characters"),
        (f"web={A}\nbatch={'=' * 20}", "less than 16 characters"),
        ("=" * 20, "less than 16 characters"),
        (f"web = {A}", "not caller=key"),
        (f"web= {A}", "white space"),
        (f"web={A[:8]} {A[8:]}", "white space"),
        (f"{A} {B}", "white space"),
        (f"web={A}ü", "beyond ASCII"),
        ("web=", "not caller=key"),
        ("web-frontend-of-the-shop=", "not caller=key"),
        (f"Web={A}", "not caller=key"),
        (f"web={A}\nweb={B}", "repeats a caller or a key"),
        (f"web={A}\nbatch={A}", "repeats a caller or a key"),
        (f"web={A}\n{B}", "line 2 of the API keys is not caller=key"),
        (f"web={A}\n{PADDED}", "line 2 of the API keys is not caller=key"),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        parse_api_keys(text)
    shown = str(raised.value)
    assert not [part for part in text.replace("=", " ").split() if len(part) > 3 and part in shown]


def test_who_declares_a_key_that_is_none_reads_which_secret_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SECRETS, "bedplate:chat_keys", "web=short-key")
    plan = planned_stack()
    with pytest.raises(RunError) as raised:
        declared(lambda: declare(plan))
    assert str(raised.value) == (
        "bedplate:chat_keys: line 1 of the API keys has a key of less than 16 characters; "
        "write others with `pulumi config set --secret bedplate:chat_keys`"
    )
