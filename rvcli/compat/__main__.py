"""Run a script, or a module such as pytest, that is written for `import rastervision`.

    python -m rvcli.compat script.py [ARGUMENT]...
    python -m rvcli.compat pytest [ARGUMENT]...

The profile in force, with its plugins, is in place as it was after `import rastervision`.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from rvcli.cli.state import State
from rvcli.compat.alias import NEW, OLD, serving
from rvcli.errors import RvError, UsageError

_PYTEST_PLUGIN = "rvcli.compat.pytest_plugin"


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the arguments name, and return the exit code.

    What the script raises is raised, but for the errors that `rv` explains.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stdout.write(str(__doc__))
        return 0
    state = State()
    try:
        with serving(), state.session():
            _run(arguments)
    except RvError as e:
        from rvcli.cli.boundary import report

        return report(e, state)
    return 0


def _run(arguments: list[str]) -> None:
    name, sys.argv = arguments[0], arguments
    if name.endswith(".py") or Path(name).is_file():
        if not Path(name).is_file():
            raise UsageError(f"there is no file {name}", hint="name a script or a module")
        sys.path[0] = os.path.dirname(os.path.abspath(name))  # noqa: PTH100, PTH120
        runpy.run_path(name, run_name="__main__")
    else:
        if name == "pytest":
            named = os.environ.get("PYTEST_PLUGINS", "").split(",")
            os.environ["PYTEST_PLUGINS"] = ",".join(filter(None, [*named, _PYTEST_PLUGIN]))
        sys.path[0] = ""
        runpy.run_module(NEW if name == OLD else name, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    sys.exit(main())
