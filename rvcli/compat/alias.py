"""`import rastervision...` gives the very modules of `rvcli`, while it is served."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from rvcli.errors import PluginError

if TYPE_CHECKING:
    from importlib.abc import Loader

OLD = "rastervision"
NEW = "rvcli"


class AliasError(PluginError, ImportError):
    """Old code cannot be served."""


@contextmanager
def serving() -> Iterator[None]:
    """Serve `rastervision` inside the block, in all threads; blocks may be nested.

    Nothing is imported before somebody asks for it. It is served on while the code that was
    loaded runs, since functions import as well.

    Raises:
        AliasError: another `rastervision` is imported already.
    """
    _finder.enter()
    try:
        yield
    finally:
        _finder.leave()


class _Finder:
    # Not derived from importlib.abc, whose import is a third of the time of `rv --help`.

    def __init__(self) -> None:
        self._depth = 0
        self._lock = threading.Lock()

    def enter(self) -> None:
        with self._lock:
            if self._depth == 0:
                _refuse_another()
            self._depth += 1
            if self._depth == 1:
                sys.meta_path.insert(0, self)

    def leave(self) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                sys.meta_path.remove(self)
                self._forget()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of `rastervision`; None for any other."""
        if fullname != OLD and not fullname.startswith(f"{OLD}."):
            return None
        from rvcli.compat import older

        home = older.home_of(fullname)
        if fullname == OLD:
            older.give_older_names()
        return ModuleSpec(fullname, cast("Loader", _Loader(home)), is_package=True)

    def _forget(self) -> None:
        served = {n: m for n, m in sys.modules.items() if _is_served(n, m)}
        for name, module in served.items():
            _unbind(name, module, served)
            del sys.modules[name]
        if served:
            from rvcli.compat import older

            older.take_older_names()


class _Loader:
    """Hands out a module that exists, as it is."""

    def __init__(self, home: str) -> None:
        self.home = home
        self._spec: Any = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self.home)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just put the spec of the alias here.
        module.__spec__ = self._spec


def _refuse_another() -> None:
    other = sys.modules.get(OLD)
    if other is not None:
        raise AliasError(
            f"another {OLD} is imported already: {getattr(other, '__file__', None) or other}",
            hint=f"with rv, `import {OLD}` means {NEW}: uninstall the other one, or import it in"
            " another process",
        )


def _is_served(name: str, module: ModuleType) -> bool:
    is_old = name == OLD or name.startswith(f"{OLD}.")
    return is_old and getattr(module, "__name__", "").partition(".")[0] == NEW


def _unbind(name: str, module: ModuleType, served: Mapping[str, ModuleType]) -> None:
    """Take back the name that the import system gave a module in the package above it."""
    above, _, own = name.rpartition(".")
    package = served.get(above)
    if package is None or module.__name__ == f"{package.__name__}.{own}":
        return
    if package.__dict__.get(own) is module:
        delattr(package, own)


_finder = _Finder()
