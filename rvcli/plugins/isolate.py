"""Import plugin files in a package of their own, so that two plugins never meet.

Each plugin's files become modules below a package named after their place and digest.
`import helper` in one of them means the helper beside it, not another plugin's; the names are
bound through `__import__` in the builtins that only these modules see. Plugin modules that no
distribution vouches for keep their own names, by which anything may import them.

Code is compiled from the bytes that were hashed: no stale bytecode, nothing that changed since
on disk, and nothing that lies there without having been hashed.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib
import importlib.util
import sys
import types
from collections.abc import Mapping, Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from rvcli.errors import PluginError
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


def import_named(content: Content, location: str) -> types.ModuleType:
    """Import the entry module of a plugin under its own name, from its content.

    A failed import leaves no module behind.

    Args:
        content: paths are those of modules.
        location: the plugin's name, which a later content of the same plugin shares.

    Raises:
        PluginError: another plugin, or what is imported already, has other code by this name.
    """
    finder = _installed_finder()
    finder.claim(content, location)
    try:
        return importlib.import_module(content.entry_module)
    except BaseException:
        finder.drop(location)
        raise


def find_installed(top: str) -> ModuleSpec | None:
    """Find a top-level module the way that Python does, leaving plugins aside, also imported ones.

    Nothing is imported.
    """
    for finder in sys.meta_path:
        if not isinstance(finder, _Finder) and hasattr(finder, "find_spec"):
            found = finder.find_spec(top, None)
            if found is not None:
                return found
    return None


def release(top: str) -> None:
    """Let Python itself import a top-level module that a plugin had brought before."""
    finder = _installed_finder()
    for claim in [claim for claim in finder.claims if top in claim.content.top_names]:
        finder.drop(claim.location)


def forget(package: str) -> None:
    """Drop a plugin's modules, so that its next import starts afresh."""
    _installed_finder().contents.pop(package, None)
    _drop({n for n in sys.modules if n == package or n.startswith(package + ".")})


def _drop(names: set[str]) -> None:
    for name in names:
        del sys.modules[name]


def qualify(component: Any, content: Content, location: str) -> Any:
    """Point a lazy `"sibling:Name"` at the module in the plugin's own package."""
    if isinstance(component, str) and component.partition(".")[0].partition(":")[0] in (
        content.top_names
    ):
        return f"{package_name(location, content.digest)}.{component}"
    return component


class _Claim(NamedTuple):
    """A plugin whose modules have their own names."""

    location: str
    content: Content


class _Finder(MetaPathFinder):
    def __init__(self) -> None:
        self.contents: dict[str, Content] = {}
        self.claims: list[_Claim] = []

    def claim(self, content: Content, location: str) -> None:
        """Serve the modules of a content under their own names."""
        if any(claim == (location, content) for claim in self.claims):
            return
        others = [claim for claim in self.claims if claim.location != location]
        for claim in others:
            _refuse_other_code(claim, content, location)
        if len(others) < len(self.claims):  # the plugin has been edited
            self.drop(location)
        for top in content.top_names:
            _refuse_imported(top, content, location)
        self.claims.append(_Claim(location, content))

    def drop(self, location: str) -> None:
        """Serve the modules of a plugin no longer, and drop those that are imported."""
        self.claims = [claim for claim in self.claims if claim.location != location]
        _drop({name for name, module in sys.modules.items() if _is_served(module, location)})

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: object = None
    ) -> ModuleSpec | None:
        package, _, name = fullname.partition(".")
        content = self.contents.get(package)
        if content is not None:
            return _spec(fullname, name, content, package)
        for claim in self.claims:
            if package in claim.content.top_names:
                found = _spec(fullname, fullname, claim.content, None, claim.location)
                if found is not None:
                    return found
        return None


def _spec(
    fullname: str, name: str, content: Content, package: str | None, location: str = ""
) -> ModuleSpec | None:
    """Describe a module of a content; None if there is none of this name."""
    file = content.modules.get(name) if name else None
    is_package = file is None or file.rpartition("/")[2] == INIT
    if file is None and name:
        compiled = _compiled(name, content)
        if compiled is not None:
            return importlib.util.spec_from_file_location(fullname, compiled)
        if not any(module.startswith(name + ".") for module in content.modules):
            return None
    spec = ModuleSpec(
        fullname,
        _Loader(content, file, package, location),
        origin=None if file is None else str(Path(content.directory, *file.split("/"))),
        is_package=is_package,
    )
    spec.has_location = file is not None
    if is_package and spec.submodule_search_locations is not None:
        # Python looks for modules in places that are texts only: nothing comes from this
        # directory but through the content, yet code finds its data there.
        place: Any = Path(content.directory, *name.split(".") if name else ())
        spec.submodule_search_locations.append(cast("str", place))
    return spec


def _compiled(name: str, content: Content) -> Path | None:
    stem = name.replace(".", "/")
    for suffix in EXTENSION_SUFFIXES:
        if content.directory and stem + suffix in content.files:
            return Path(content.directory, *(stem + suffix).split("/"))
    return None


def _refuse_other_code(claim: _Claim, content: Content, location: str) -> None:
    for name, path in content.modules.items():
        other = claim.content.modules.get(name)
        if other is not None and claim.content.files[other] != content.files[path]:
            raise PluginError(
                f"the plugins {claim.location} and {location} both bring a module {name!r}, and"
                " they are not the same",
                hint="rename one of them, or make each plugin a package",
            )


def _refuse_imported(top: str, content: Content, location: str) -> None:
    """Refuse a name that is imported already, unless from a file with the same content."""
    module = sys.modules.get(top)
    file = getattr(module, "__file__", None)
    path = content.modules.get(top)
    if file is None or path is None or isinstance(_loader_of(module), _Loader):
        return
    try:
        same = Path(file).read_bytes() == content.files[path]
    except OSError:
        same = False
    if not same:
        raise PluginError(
            f"the plugin {location} brings a module {top!r}, but another one is imported already,"
            f" from {file}",
            hint="start a new process, or give the plugin's module a name of its own",
        )


def _loader_of(module: object) -> object:
    return getattr(getattr(module, "__spec__", None), "loader", None)


def _is_served(module: object, location: str) -> bool:
    loader = _loader_of(module)
    return isinstance(loader, _Loader) and loader.location == location


class _Loader(Loader):
    def __init__(
        self, content: Content, file: str | None, package: str | None, location: str
    ) -> None:
        self._content = content
        self._file = file
        self._package = package
        self.location = location

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to the import system."""

    def exec_module(self, module: types.ModuleType) -> None:
        if self._file is None:
            return
        if self._package is not None:
            scope = dict(vars(builtins))
            scope["__import__"] = _scoped_import(self._package, self._content.top_names)
            vars(module)["__builtins__"] = scope
        path = module.__spec__.origin if module.__spec__ is not None else self._file
        code = compile(
            self._content.files[self._file], path or self._file, "exec", dont_inherit=True
        )
        exec(code, vars(module))

    @property
    def path(self) -> str:
        """Where the module's file lies; its data lies beside it."""
        return str(Path(self._content.directory, *(self._file or "").split("/")))

    def get_resource_reader(self, fullname: str) -> Any:
        """Return what `importlib.resources` reads the data of a package with."""
        from importlib.readers import FileReader

        return FileReader(cast("Any", self))

    def get_data(self, path: str) -> bytes:
        """Return a file beside the module, for `pkgutil.get_data`."""
        return Path(path).read_bytes()

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
