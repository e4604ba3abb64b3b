"""Everything that experiments and plugins use: `import rvcli as rv`.

Names are imported from their modules on first use, so importing this package costs nothing.
Type checkers read `__init__.pyi`; a test holds the two together.
"""

from __future__ import annotations

from typing import Any

from rvcli import names as _names
from rvcli.keys import *  # noqa: F403
from rvcli.names import HOMES as _HOMES
from rvcli.version import __version__ as __version__

_ROOMS = frozenset(
    [
        "analyzer",
        "augmentor",
        "backend",
        "command",
        "config",
        "core",
        "data",
        "errors",
        "evaluation",
        "experiment",
        "filesystem",
        "keys",
        "plugins",
        "predictor",
        "profile",
        "protos",
        "registry",
        "runner",
        "task",
        "utils",
    ]
)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    if name in _ROOMS:
        return import_module(f"rvcli.{name}")
    return _names.find_older(__name__, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_ROOMS})
