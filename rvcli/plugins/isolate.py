"""Import plugin files in a package of their own, so that two plugins never meet.

Each plugin's files become modules below a package named after their place and digest.
`import helper` in one of them means the helper beside it, not another plugin's; the names are
bound through `__import__` in the builtins that only these modules see. Code is compiled from
the bytes that were hashed: no stale bytecode, and nothing that changed since on disk.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib
import importlib.util
import sys
import types
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rvcli.plugins.content import INIT, Content

if TYPE_CHECKING:
    from importlib.abc import Loader, MetaPathFinder
else:  # importing importlib.abc takes 7 ms, and its classes add nothing here
    Loader = MetaPathFinder = object

PREFIX = "rvcli_plugin_"


def package_name(location: str, digest: str) -> str:
    """Return the name of the package that holds a plugin's modules."""
    return PREFIX + hashlib.sha256(f"{digest} {location}".encode()).hexdigest()[:16]


def plain_name(name: str) -> str:
    """Return the name of a module or class without the package that only tells plugins apart."""
    package, dot, rest = name.partition(".")
    return rest if dot and package.startswith(PREFIX) else name


def import_content(content: Content, location: str) -> types.ModuleType:
    """Import the entry module of a plugin; the same content from one place only once.

    A failed import leaves no module behind.
    """
    package = package_name(location, content.digest)
    finder = _installed_finder()
    finder.contents.setdefault(package, content)
    try:
        return importlib.import_module(f"{package}.{content.entry_module}")
    except BaseException:
        forget(package)
        raise


def forget(package: str) -> None:
    """Drop a plugin's modules, so that its next import starts afresh."""
    _installed_finder().contents.pop(package, None)
    for name in [n for n in sys.modules if n == package or n.startswith(package + ".")]:
        del sys.modules[name]


def qualify(component: Any, content: Content, location: str) -> Any:
    """Point a lazy `"sibling:Name"` at the module in the plugin's own package."""
    if isinstance(component, str) and component.partition(".")[0].partition(":")[0] in (
        content.top_names
    ):
        return f"{package_name(location, content.digest)}.{component}"
    return component


class _Finder(MetaPathFinder):
    def __init__(self) -> None:
        self.contents: dict[str, Content] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: object = None
    ) -> ModuleSpec | None:
        package, _, name = fullname.partition(".")
        content = self.contents.get(package)
        if content is None:
            return None
        prefix = name + "." if name else ""
        file = content.modules.get(name) if name else None
        is_package = file is None or file.rpartition("/")[2] == INIT
        if file is None and not any(module.startswith(prefix) for module in content.modules):
            return None
        spec = ModuleSpec(
            fullname,
            _Loader(content, file, package),
            origin=None if file is None else str(Path(content.directory, *file.split("/"))),
            is_package=is_package,
        )
        spec.has_location = file is not None
        if is_package and spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(
                str(Path(content.directory, *name.split(".") if name else ()))
            )
        return spec


class _Loader(Loader):
    def __init__(self, content: Content, file: str | None, package: str) -> None:
        self._content = content
        self._file = file
        self._package = package

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to the import system."""

    def exec_module(self, module: types.ModuleType) -> None:
        if self._file is None:
            return
        scope = dict(vars(builtins))
        scope["__import__"] = _scoped_import(self._package, self._content.top_names)
        vars(module)["__builtins__"] = scope
        path = module.__spec__.origin if module.__spec__ is not None else self._file
        code = compile(
            self._content.files[self._file], path or self._file, "exec", dont_inherit=True
        )
        exec(code, vars(module))

    def get_source(self, fullname: str) -> str | None:
        if self._file is None:
            return None
        return importlib.util.decode_source(self._content.files[self._file])


def _scoped_import(package: str, own_names: frozenset[str]) -> Any:
    def scoped_import(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> types.ModuleType:
        top = name.partition(".")[0]
        if level or top not in own_names:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        module = builtins.__import__(f"{package}.{name}", globals, locals, fromlist or (), 0)
        return module if fromlist else sys.modules[f"{package}.{top}"]

    return scoped_import


def _installed_finder() -> _Finder:
    for finder in sys.meta_path:
        if isinstance(finder, _Finder):
            return finder
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    return finder
