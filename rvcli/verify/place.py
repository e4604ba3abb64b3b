"""Where in a plugin something is written."""

from __future__ import annotations

import inspect
from typing import Any


def place_of_method(owner: Any, name: str) -> str | None:
    """Return `path:line` of a method, of the class if it has none, or None."""
    method = inspect.unwrap(getattr(owner, name, None) or (lambda: None))
    function = getattr(method, "__func__", method)
    code = getattr(function, "__code__", None)
    if code is None or code.co_filename == __file__:
        return place_of_class(owner)
    return f"{code.co_filename}:{code.co_firstlineno}"


def place_of_class(owner: Any) -> str | None:
    """Return `path:line` of a class, or None."""
    kind = owner if isinstance(owner, type) else type(owner)
    try:
        path = inspect.getsourcefile(kind)
        _, line = inspect.getsourcelines(kind)
    except (OSError, TypeError):
        return None
    return f"{path}:{line}" if path else None


def is_inherited_from_rv(owner: Any, name: str) -> bool:
    """Tell whether a method is the one that `rvcli` itself defines."""
    method = getattr(owner, name, None)
    function = inspect.unwrap(getattr(method, "__func__", method) or (lambda: None))
    module = getattr(function, "__module__", "") or ""
    return module == "rvcli" or module.startswith("rvcli.")
