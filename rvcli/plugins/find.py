"""Find a plugin and say what it is, without importing anything of it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rvcli.errors import FileSystemError, PluginError, RvError
from rvcli.filesystem import resolve
from rvcli.plugins.archive import version_of
from rvcli.plugins.content import INIT, REGISTER, SUFFIX, Content
from rvcli.plugins.fetch import fetch
from rvcli.plugins.isolate import import_content, import_named, release
from rvcli.plugins.plugin import DISTRIBUTION, FILE, PluginSpec
from rvcli.registry import Origin, Registry, recording, use


@dataclass(frozen=True)
class Found:
    """A plugin that is there to be loaded.

    Attributes:
        digest: SHA-256 of its files; None for what an installed distribution vouches for.
        directory: where its files lie; a traceback's frames below it are the plugin's.
        content: its files; None for what an installed distribution vouches for.
        needs: origins of the plugins whose file systems read it.
        import_path: module, with the register function after a colon if it is not
            `register_plugin`; None when there is content.
    """

    spec: PluginSpec
    name: str
    directory: str
    digest: str | None = None
    version: str | None = None
    distribution: str | None = None
    content: Content | None = None
    import_path: str = ""
    needs: frozenset[Origin] = frozenset()

    def import_register(self) -> tuple[Any, Callable[[Any], object]]:
        """Import the plugin; return its module and its register function."""
        if self.content is not None:
            importer = import_content if self.spec.kind == FILE else import_named
            module: Any = importer(self.content, self.spec.location)
            attribute = self.content.register
        else:
            module_name, _, attribute = self.import_path.partition(":")
            release(module_name.partition(".")[0])
            module = importlib.import_module(module_name)
        register = getattr(module, attribute or REGISTER, None)
        if not callable(register):
            raise PluginError(
                f"plugin {self.spec} defines no {attribute or REGISTER}(plugin_registry)",
                hint="define it, and register each component in it",
            )
        return module, register


def find(spec: PluginSpec, cache_dir: str) -> Found:
    """Find a plugin.

    Raises:
        PluginError: it is not there, or cannot be read.
    """
    try:
        with recording() as used:
            found = _find(spec, cache_dir)
        return replace(found, needs=frozenset(entry.origin for entry in used))
    except PluginError:
        raise
    except Exception as e:  # a URI, a wheel, what a file system or an import hook raises
        text = e.message if isinstance(e, RvError) else f"{type(e).__name__}: {e}"
        raise PluginError(
            f"plugin {spec} cannot be read: {text}", hint=getattr(e, "hint", None)
        ) from e


def _find(spec: PluginSpec, cache_dir: str) -> Found:
    if spec.kind == FILE:
        content = fetch(spec.location, cache_dir)
        return found_content(spec, content)
    # importlib.metadata takes 30 ms to import.
    from rvcli.plugins.installed import find_distribution, find_module

    return find_distribution(spec) if spec.kind == DISTRIBUTION else find_module(spec)


def can_be_read(uris: Iterable[str | None], registry: Registry) -> bool:
    """Tell whether there are file systems for URIs; a plugin to come may bring one."""
    try:
        with use(registry):
            for uri in uris:
                if uri is not None:
                    resolve(uri)
    except FileSystemError:
        return False
    return True


def found_content(spec: PluginSpec, content: Content) -> Found:
    """Describe a plugin whose files are already read."""
    if spec.kind != FILE:
        return Found(spec, spec.location, content.directory, digest=content.digest, content=content)
    name = content.entry.removesuffix("/" + INIT).removesuffix(SUFFIX).rpartition("/")[2]
    return Found(
        spec,
        name,
        content.directory,
        digest=content.digest,
        version=version_of(content),
        content=content,
    )


def own_frame_test(found: Found) -> Callable[[str], bool]:
    """Return a test that tells the plugin's own files from others by their path."""
    if found.content is not None:
        base = Path(found.content.directory)
        files = {str(base.joinpath(*path.split("/"))) for path in found.content.files}
        return files.__contains__
    top = found.import_path.partition(":")[0].partition(".")[0]
    package = str(Path(found.directory))
    if Path(package).name != top:
        package = str(Path(package) / top)
    return lambda path: path.startswith(package)
