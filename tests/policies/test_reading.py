"""Reading properties behind the SDK's own proxies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy import proxy
from pulumi_policy.proxy import unknown_checking_proxy

from bedplate.sdk_types import UNKNOWN
from rules.boundary import plain
from rules.reading import Known, Missing, UndecidedError, Unknown, need, read, want

SENTINELS = [value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_") and name.endswith("_VALUE")]

PROPERTIES: dict[str, Any] = {
    "known": {"list": [{"key": "a"}, "b"], "number": 2.0, "no": False, "nothing": None},
    "unknown": proxy.UNKNOWN_OBJECT_VALUE,
    "mixed": {"list": [1.0, proxy.UNKNOWN_STRING_VALUE], "known": "k"},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("known", "list", 0, "key"), Known("a")),
        (("known", "list"), Known([{"key": "a"}, "b"])),
        (("known", "no"), Known(False)),
        (("known", "nothing"), Missing(("known", "nothing"))),
        (("known", "absent", "deeper"), Missing(("known", "absent", "deeper"))),
        (("known", "list", 5), Missing(("known", "list", 5))),
        (("known", "number", "deeper"), Missing(("known", "number", "deeper"))),
        (("unknown",), Unknown(("unknown",))),
        (("unknown", "deeper", "still"), Unknown(("unknown",))),
        (("mixed",), Unknown(("mixed", "list", 1))),
        (("mixed", "list"), Unknown(("mixed", "list", 1))),
        (("mixed", "list", 0), Known(1.0)),
        (("mixed", "known"), Known("k")),
    ],
)
def test_read(path: tuple[str | int, ...], expected: object) -> None:
    assert read(plain(unknown_checking_proxy(PROPERTIES)), *path) == expected


def test_want_and_need_name_what_they_lack() -> None:
    properties = plain(unknown_checking_proxy(PROPERTIES))
    assert want(properties, "known", "absent") is None
    with pytest.raises(UndecidedError, match=r"known\.absent is not set"):
        need(properties, "known", "absent")
    for reader in (want, need):
        with pytest.raises(UndecidedError, match=r"mixed\.list\[1\] is not known before the update"):
            reader(properties, "mixed")


@pytest.mark.parametrize("sentinel", SENTINELS)
def test_every_kind_of_unknown_is_one(sentinel: str) -> None:
    assert len(SENTINELS) == 7
    assert plain(unknown_checking_proxy({"a": [sentinel]})) == {"a": [UNKNOWN]}


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text() | st.sampled_from(SENTINELS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_plain_is_what_went_in_with_one_kind_of_unknown(properties: dict[str, Any]) -> None:
    assert plain(unknown_checking_proxy(properties)) == _normalised(properties)


def _normalised(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _normalised(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_normalised(item) for item in value]
    return UNKNOWN if value in SENTINELS else value
