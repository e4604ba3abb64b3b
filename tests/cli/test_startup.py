"""What a start of `rv` imports: nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"numpy", "rasterio", "sklearn", "boto3", "shapely", "torch", "rich"}
PROTOBUF = "google.protobuf"

CODE = """
import sys
from rvcli.cli.main import call as main
code = main(sys.argv[1:])
print(code, *sys.modules, sep="\\n", file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["plugins", "list"],
        ["plugins", "list", "--json"],
        ["config", "show", "--origin"],
    ],
)
def test_nothing_heavy_is_imported(project, arguments):
    """Help, the list of the built-ins and the settings need none of the heavy packages."""
    result = subprocess.run(
        [sys.executable, "-c", CODE, *arguments], capture_output=True, text=True, check=True
    )

    code, *modules = result.stderr.splitlines()
    assert "0" == code
    assert set() == (HEAVY | {PROTOBUF}) & set(modules)


def test_without_plugins_nothing_that_loads_them_is_imported(project):
    """The list of the built-ins is quick: file systems and loaders wait until there is a plugin."""
    result = subprocess.run(
        [sys.executable, "-c", CODE, "plugins", "list"], capture_output=True, text=True, check=True
    )
    assert set() == {"rvcli.plugins", "rvcli.filesystem"} & set(result.stderr.splitlines())
