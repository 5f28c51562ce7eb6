"""What the watcher is told: flags, each with an environment variable."""

from __future__ import annotations

import argparse
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bedplate_sidecar.engine import Address
from bedplate_sidecar.judge import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PREFIX = "BEDPLATE_SIDECAR_"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, checked. `model` is empty where no canary is wanted."""

    engine: Address
    model: str
    verdict_file: Path
    listen: tuple[str, int]
    limits: Limits


def read_settings(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings; what is wrong is said on standard error and ends the process with exit code 2."""
    parser = _parser(os.environ if environment is None else environment)
    given = parser.parse_args(arguments)
    if not given.period < given.stall <= given.longest_stall:
        parser.error(
            f"--period {given.period:g}, --stall {given.stall:g} and --longest-stall {given.longest_stall:g} "
            "must rise in this order"
        )
    limits = Limits(
        period=given.period,
        timeout=given.timeout,
        stall=given.stall,
        longest_stall=given.longest_stall,
        first_token=given.first_token,
        canary=bool(given.model),
    )
    return Settings(given.engine, given.model, given.verdict_file, given.listen, limits)


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bedplate-sidecar",
        description="Says when an inference engine hangs, in a file for the liveness probe beside it.",
        epilog=f"Each flag has an environment variable, for example {PREFIX}STALL for --stall.",
    )

    def add(flag: str, default: object, kind: object, text: str) -> None:
        variable = PREFIX + flag.upper().replace("-", "_")
        parser.add_argument(
            f"--{flag}",
            type=kind,  # type: ignore[arg-type] # any function of a text
            default=environment.get(variable, str(default)),
            metavar="SECONDS" if kind is seconds else "VALUE",
            help=f"{text} (default {default})" if default != "" else text,
        )

    limits = Limits()
    add("engine", "http://127.0.0.1:8000", engine_address, "the engine's address")
    add("model", "", str, "what callers put into `model`; without it no token is asked for")
    add("verdict-file", "/run/bedplate/wedged", Path, "where the verdict is written")
    add("listen", "127.0.0.1:9400", listen_address, "address of the watcher's own metrics")
    add("period", limits.period, seconds, "between two looks")
    add("timeout", limits.timeout, seconds, "that the engine has to answer a look")
    add("stall", limits.stall, seconds, "without progress that count as hanging")
    add("longest-stall", limits.longest_stall, seconds, "bound of the deadline that slow steps earn")
    add("first-token", limits.first_token, seconds, "deadline of an engine that has not produced a token yet")
    return parser


def seconds(text: str) -> float:
    """Return a positive number of seconds."""
    value = float(text)
    if not (math.isfinite(value) and value > 0):
        raise ValueError(text)
    return value


def engine_address(text: str) -> Address:
    """Return the address in `http://HOST:PORT`."""
    url = urlsplit(text)
    if url.scheme != "http" or not url.hostname or url.path not in {"", "/"}:
        raise argparse.ArgumentTypeError(f"{text!r} is not http://HOST:PORT")
    return Address(url.hostname, _port(url.port or 80, text))


def listen_address(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`; port 0 is any free one."""
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), _port(int(port), text)


def _port(port: int, text: str) -> int:
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} has no port that exists")
    return port
