"""What a team may write about use that costs money by the amount: traffic and logs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bedplate.stack_file.model import StrictModel

GibPerMonth = Annotated[int, Field(ge=0, le=1_000_000_000)]


class UsageSpec(StrictModel):
    """What a cluster is expected to move and to log in a month. Whatever is not declared is not counted."""

    nat_gib_per_month: GibPerMonth | None = Field(
        default=None,
        description="Data through NAT gateways, both ways: images, packages and weights from outside AWS. Data from "
        "S3 in the same region does not pass them.",
    )
    cross_zone_gib_per_month: GibPerMonth | None = Field(
        default=None, description="Data between zones. Each GiB is billed twice, where it leaves and where it arrives."
    )
    internet_egress_gib_per_month: GibPerMonth | None = Field(
        default=None, description="Data sent to the internet: answers of endpoints, results, backups elsewhere."
    )
    log_gib_per_month: GibPerMonth | None = Field(
        default=None, description="Control-plane logs. They are also stored for `audit_log_days`."
    )
