from __future__ import annotations

import pytest

from bedplate.serving.api_keys import parse_api_keys


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("web=a\nbatch=b\n", {"web": "a", "batch": "b"}),
        ("  web = a", None),
        ("web=a=b==", {"web": "a=b=="}),
        ("secret", {"caller": "secret"}),
        ("c2VjcmV0==", None),
        ("", None),
        ("web=", None),
        ("Web=a", None),
        ("web=a\nweb=b", None),
        ("web=a\nbatch=a", None),
        ("web=a\nb", None),
    ],
)
def test_keys_by_caller(text: str, keys: dict[str, str] | None) -> None:
    if keys is not None:
        assert parse_api_keys(text) == keys
        return
    with pytest.raises(ValueError, match="API keys") as raised:
        parse_api_keys(text)
    assert "=a" not in str(raised.value)
