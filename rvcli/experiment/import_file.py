"""Import an experiment file from anywhere on disk, with its siblings."""

from __future__ import annotations

import hashlib
import importlib
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

PREFIX = "rvcli_experiment_"

_NEVER_SIBLINGS = frozenset({"rvcli", "rastervision"}) | sys.stdlib_module_names


class _UncachedLoader(SourceFileLoader):
    """Compiles the source each time: bytecode may be older than an edit of this second."""

    def get_code(self, fullname: str) -> types.CodeType:
        code: types.CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


@contextmanager
def on_path(*directories: Path) -> Iterator[None]:
    """Put directories first on the module path inside the block; write no bytecode there."""
    added = [str(directory) for directory in directories]
    wrote_no_bytecode = sys.dont_write_bytecode
    sys.path[:0] = added
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = wrote_no_bytecode
        for directory in added:
            if directory in sys.path:
                sys.path.remove(directory)


@contextmanager
def imported_file(path: Path) -> Iterator[types.ModuleType]:
    """Import a file under a name of its own and yield the module.

    Inside the block its siblings can be imported, absolutely and, below the top package of
    the file or else below its directory, relatively. They are imported afresh, also when
    another experiment or plugin has a module of the same name, which is back afterwards.
    """
    path = path.resolve()
    top = _top_directory(path.parent)
    package = PREFIX + hashlib.sha256(str(path).encode()).hexdigest()[:16]
    parents = path.parent.relative_to(top).parts
    stem = path.stem if path.stem.isidentifier() else "experiment"
    name = ".".join([package, *parents, stem])
    _take(package)
    directories = [path.parent] if top == path.parent else [path.parent, top]
    with on_path(*directories), _own_siblings(path.parent, parents[0] if parents else None):
        _add_namespace(package, top)
        if parents:
            importlib.import_module(".".join([package, *parents]))
        yield _execute(name, path)


def _top_directory(directory: Path) -> Path:
    """Return the directory that holds the file's top package, or the file itself."""
    while (directory / "__init__.py").is_file() and directory.parent != directory:
        directory = directory.parent
    return directory


def _add_namespace(package: str, directory: Path) -> None:
    spec = ModuleSpec(package, None, is_package=True)
    spec.submodule_search_locations = [str(directory)]
    sys.modules[package] = module_from_spec(spec)


def _execute(name: str, path: Path) -> types.ModuleType:
    spec = spec_from_loader(name, _UncachedLoader(name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextmanager
def _own_siblings(directory: Path, package: str | None) -> Iterator[None]:
    """Let the siblings of a file be imported afresh inside the block.

    A module from elsewhere that has a sibling's name is set aside and comes back afterwards.
    """
    _forget_siblings()
    siblings = {*_modules_in(directory), *([package] if package else [])} - _NEVER_SIBLINGS
    root = directory if package is None else _top_directory(directory)
    aside: dict[str, types.ModuleType] = {}
    for name in siblings:
        if name in sys.modules and not _is_below(sys.modules[name], root):
            aside.update(_take(name))
    present = set(sys.modules)
    try:
        yield
    finally:
        _siblings.update(
            (name, module)
            for name, module in list(sys.modules.items())
            if name not in present and _is_below(module, root)
        )
        for name in {name.partition(".")[0] for name in aside}:
            _take(name)
        sys.modules.update(aside)


_siblings: dict[str, types.ModuleType] = {}


def _forget_siblings() -> None:
    """Drop the siblings of the file that was imported before."""
    for name, module in _siblings.items():
        if sys.modules.get(name) is module:
            del sys.modules[name]
    _siblings.clear()


def _modules_in(directory: Path) -> set[str]:
    return {
        entry.stem
        for entry in directory.iterdir()
        if entry.suffix == ".py" or (entry / "__init__.py").is_file()
    }


def _take(name: str) -> dict[str, types.ModuleType]:
    """Remove a module and its submodules from the imported ones and return them."""
    names = [n for n in sys.modules if n == name or n.startswith(name + ".")]
    return {n: sys.modules.pop(n) for n in names}


def _is_below(module: types.ModuleType, directory: Path) -> bool:
    """True if a module lies in a directory, installed packages left out."""
    file = getattr(module, "__file__", None)
    if file is None:
        return False
    path = Path(file).resolve()
    return (
        path.is_relative_to(directory)
        and "site-packages" not in path.relative_to(directory.parent).parts[:-1]
    )
