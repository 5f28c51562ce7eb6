"""A stack pays only for the clouds that it uses: no other cloud's SDK is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.examples import ROOT, examples, own_stacks

PROGRAM = """
import sys
from pathlib import Path
from bedplate.plan import plan_stack
from bedplate.stack_file.load import load_stack
from tests.support.declared import declared
loaded = load_stack(Path(sys.argv[1]))
plan = plan_stack(loaded.spec, loaded.references)
from bedplate.platform import declare
declared(lambda: declare(plan), sys.argv[2])
print(sorted({name.split(".")[0] for name in sys.modules} & {"pulumi_aws", "pulumi_gcp", "pulumi_azure_native"}))
"""

SDKS = {
    "vision-dev": ["pulumi_aws"],
    "gcp-a3-ultra-dranet": ["pulumi_gcp"],
    "azure-nd-h200-infiniband": ["pulumi_azure_native"],
    "onprem-h100-infiniband": [],
    "three-clouds": ["pulumi_aws", "pulumi_azure_native", "pulumi_gcp"],
}


@pytest.mark.parametrize(("name", "sdks"), SDKS.items(), ids=list(SDKS))
def test_a_stack_imports_the_sdks_of_its_clouds_alone(name: str, sdks: list[str]) -> None:
    example = next(one for one in [*own_stacks(), *examples()] if str(one) == name)
    command = [sys.executable, "-c", PROGRAM, str(example.file), example.stack]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(sdks)
