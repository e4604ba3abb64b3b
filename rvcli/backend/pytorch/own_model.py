"""A function of the user's by name, from an installed module or from a plugin."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from rvcli.errors import ConfigError


def load_function(name: str) -> Callable[..., Any]:
    """Import `module:function`.

    Raises:
        ConfigError: there is no such module or function.
    """
    module_name, _, function_name = name.partition(":")
    module = _import(module_name, name)
    function = getattr(module, function_name, None)
    if not callable(function):
        raise ConfigError(
            f"model_arch {name!r}: the module {module_name} has no function {function_name!r}",
            hint="write 'module:function', or 'unet:resnet18' for a network of a library",
        )
    return function  # type: ignore[no-any-return]


def _import(module_name: str, name: str) -> ModuleType:
    try:
        return sys.modules.get(module_name) or importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"model_arch {name!r}: there is no module {error.name!r}",
            hint="install it, or put its directory on PYTHONPATH",
        ) from error
