"""Flags and environment of the watcher."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate_sidecar.engine import Address
from bedplate_sidecar.judge import Limits
from bedplate_sidecar.settings import read_settings

README = Path(__file__).parents[2] / "sidecar" / "README.md"


def test_without_anything_the_defaults_hold_and_no_token_is_asked_for() -> None:
    settings = read_settings([], {})
    assert settings.engine == Address("127.0.0.1", 8000)
    assert settings.listen == ("127.0.0.1", 9400)
    assert settings.verdict_file == Path("/run/bedplate/wedged")
    assert settings.limits == Limits(canary=False)


def test_a_flag_wins_over_its_variable() -> None:
    environment = {"BEDPLATE_SIDECAR_STALL": "60", "BEDPLATE_SIDECAR_MODEL": "m", "BEDPLATE_SIDECAR_FIRST_TOKEN": "90"}
    settings = read_settings(["--stall", "90", "--listen", "[::]:0", "--engine", "http://10.0.0.7:81"], environment)
    assert settings.limits == Limits(stall=90, first_token=90, canary=True)
    assert (settings.model, settings.listen, settings.engine) == ("m", ("::", 0), Address("10.0.0.7", 81))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--stall", "soon"], "invalid seconds value: 'soon'"),
        (["--period", "0"], "invalid seconds value: '0'"),
        (["--period", "nan"], "invalid seconds value: 'nan'"),
        (["--period", "200"], "--period 200, --stall 120 and --longest-stall 600 must rise"),
        (["--stall", "700"], "--period 5, --stall 700 and --longest-stall 600 must rise"),
        (["--engine", "https://127.0.0.1"], "'https://127.0.0.1' is not http://HOST:PORT"),
        (["--engine", "127.0.0.1:8000"], "'127.0.0.1:8000' is not http://HOST:PORT"),
        (["--engine", "http://h:99999"], "engine"),
        (["--listen", "9400"], "'9400' is not HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], "'127.0.0.1:99999' has no port that exists"),
        (["--what"], "unrecognized arguments: --what"),
    ],
)
def test_what_makes_no_sense_is_said(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        read_settings(arguments, {})
    assert end.value.code == 2
    assert message in capsys.readouterr().err


def test_the_readme_lists_every_flag_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_settings(["--help"], {})
    flags = {word for word in capsys.readouterr().out.split() if word.startswith("--")} - {"--help"}
    rows = {
        row.split("`")[1]: row for row in README.read_text(encoding="utf-8").splitlines() if row.startswith("| `--")
    }
    assert set(rows) == {flag.rstrip(",.") for flag in flags}
    limits = Limits()
    for name in ("period", "timeout", "stall", "longest_stall", "first_token"):
        assert f"| {getattr(limits, name):g} |" in rows[f"--{name.replace('_', '-')}"]
