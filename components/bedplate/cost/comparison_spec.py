"""What a user may write in the file of `bedplate cost compare`: a load, and ways to serve it, all prices their own."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from bedplate.errors import InputError, Problem
from bedplate.stack_file.beside import parse_beside
from bedplate.stack_file.model import StrictModel, wrong

if TYPE_CHECKING:
    from pathlib import Path

Amount = Annotated[Decimal, Field(ge=0, le=Decimal(10**12), allow_inf_nan=False)]
Positive = Annotated[Decimal, Field(gt=0, le=Decimal(10**12), allow_inf_nan=False)]
Share = Annotated[Decimal, Field(gt=0, le=1, allow_inf_nan=False)]


class LoadSpec(StrictModel):
    """The tokens of a month, and how busy nodes may be on average to carry them."""

    million_input_tokens_per_month: Amount
    million_output_tokens_per_month: Amount
    most_utilization: Share = Field(
        description="Average share of their throughput that nodes may be used at; the rest is for peaks and failures."
    )

    @model_validator(mode="after")
    def _some_tokens(self) -> LoadSpec:
        if self.million_tokens == 0:
            raise wrong("a load without tokens costs any price for each", "million_output_tokens_per_month")
        return self

    @property
    def million_tokens(self) -> Decimal:
        """Input and output together, a month."""
        return self.million_input_tokens_per_month + self.million_output_tokens_per_month


class OwnHardwareSpec(StrictModel):
    """Machines that you buy. All nodes are paid for, used or not."""

    nodes: Annotated[int, Field(gt=0, le=100_000)]
    price_usd_per_node: Positive = Field(description="With network, racks and installation.")
    residual_usd_per_node: Amount = Field(default=Decimal(0), description="What a node is sold for at the end.")
    years: Annotated[Decimal, Field(gt=0, le=30, allow_inf_nan=False)]
    power_kw_per_node: Amount = Field(description="Drawn on average, not the rating.")
    pue: Annotated[Decimal, Field(ge=1, le=5, allow_inf_nan=False)] = Field(
        description="Power of the site over power of the machines."
    )
    usd_per_kwh: Amount
    colocation_usd_per_month: Amount = Field(default=Decimal(0), description="For all nodes together.")
    staff_usd_per_month: Amount = Field(default=Decimal(0), description="For all nodes together.")
    tokens_per_second_per_node: Positive = Field(description="Input and output at the load's mix, as you measured it.")

    @model_validator(mode="after")
    def _loses_value(self) -> OwnHardwareSpec:
        if self.residual_usd_per_node > self.price_usd_per_node:
            raise wrong("a node cannot be sold for more than it cost", "residual_usd_per_node")
        return self


class CloudSpec(StrictModel):
    """Machines of a cloud at the catalog's price, as many as the load needs, in every hour of the month."""

    provider: Literal["aws", "azure", "gcp"]
    region: str
    machine: str
    capacity: Literal["on-demand", "spot"] = "on-demand"
    tokens_per_second_per_node: Positive = Field(description="Input and output at the load's mix, as you measured it.")


class HostedApiSpec(StrictModel):
    """An API that bills by the token."""

    usd_per_million_input_tokens: Positive
    usd_per_million_output_tokens: Positive


class ComparisonSpec(StrictModel):
    """The whole file."""

    load: LoadSpec
    own_hardware: dict[str, OwnHardwareSpec] = Field(default={})
    cloud: dict[str, CloudSpec] = Field(default={})
    hosted_api: dict[str, HostedApiSpec] = Field(default={})

    @model_validator(mode="after")
    def _something_to_compare(self) -> ComparisonSpec:
        names = [*self.own_hardware, *self.cloud, *self.hosted_api]
        if len(names) < 2 or len(set(names)) < len(names):
            raise wrong("name two or more ways to serve the load, each by its own name")
        return self


def read_comparison(path: Path) -> ComparisonSpec:
    """Read the file of a comparison; raises `InputError` with everything that is wrong with it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError([Problem(f"cannot be read: {error.strerror}", file=str(path))]) from None
    return parse_beside(ComparisonSpec, str(path), content)
