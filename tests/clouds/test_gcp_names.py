from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedplate.clouds.gcp_names import fitting_name, gcp_labels

LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
names = st.from_regex(r"[a-z][a-z0-9]{0,19}(-[a-z][a-z0-9]{0,19}){1,3}-offer[1-5]", fullmatch=True)


@pytest.mark.parametrize(
    ("tags", "labels"),
    [
        ({"bedplate:team": "vision"}, {"bedplate-team": "vision"}),
        ({"cost-center": "R&D 7"}, {"cost-center": "r-d-7"}),
        ({"2nd": "x"}, {"l-2nd": "x"}),
        ({"a": "x" * 70}, {"a": "x" * 63}),
    ],
)
def test_tags_become_labels_that_google_cloud_takes(tags: dict[str, str], labels: dict[str, str]) -> None:
    assert gcp_labels(tags) == labels


def test_two_tags_that_would_become_one_label_are_no_labels() -> None:
    with pytest.raises(ValueError, match=r"a\.b, a:b become the same label"):
        gcp_labels({"a:b": "1", "a.b": "2"})


@given(st.dictionaries(st.text(min_size=1, max_size=80), st.text(max_size=80), max_size=1))
def test_whatever_a_tag_says_its_label_is_valid(tags: dict[str, str]) -> None:
    for key, value in gcp_labels(tags).items():
        assert LABEL_KEY.fullmatch(key)
        assert LABEL_VALUE.fullmatch(value)


@given(names, st.sampled_from([30, 40, 63]))
def test_a_name_fits_and_keeps_its_last_part(name: str, longest: int) -> None:
    fitted = fitting_name(name, longest)
    assert len(fitted) <= longest
    assert fitted.endswith(name.rpartition("-")[2])
    assert re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", fitted)
    assert fitted == name or len(name) > longest


@given(names, names)
def test_two_names_stay_two(one: str, other: str) -> None:
    if one != other:
        assert fitting_name(one, 30) != fitting_name(other, 30)
