"""`python3 -m weights_copy fill | fetch`.

fill    BEDPLATE_HUB, BEDPLATE_REPOSITORY, BEDPLATE_REVISION, and HF_TOKEN for a gated model
fetch   BEDPLATE_FOLDER, BEDPLATE_MOST_BYTES, BEDPLATE_WAIT_SECONDS
both    BEDPLATE_S3 (the bucket's address), BEDPLATE_PREFIX, AWS_REGION, and the pod's identity
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .bucket import Bucket
from .fetch import fetch
from .fill import fill
from .hub import Hub
from .web import CopyError


def main(arguments: list[str]) -> int:
    """Run one command; returns its exit status."""
    variables = os.environ
    bucket = Bucket(variables["BEDPLATE_S3"], variables["AWS_REGION"], variables["BEDPLATE_PREFIX"])
    try:
        match arguments:
            case ["fill"]:
                revision, token = variables["BEDPLATE_REVISION"], variables.get("HF_TOKEN", "")
                fill(Hub(variables["BEDPLATE_HUB"], variables["BEDPLATE_REPOSITORY"], revision, token), bucket)
            case ["fetch"]:
                folder, most = Path(variables["BEDPLATE_FOLDER"]), int(variables["BEDPLATE_MOST_BYTES"])
                fetch(bucket, folder, most, float(variables["BEDPLATE_WAIT_SECONDS"]))
            case _:
                print("usage: python3 -m weights_copy fill | fetch", file=sys.stderr)
                return 2
    except CopyError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
