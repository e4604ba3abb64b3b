"""Wheels and zips: which of their modules is the plugin, and what they need."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping

from rvcli import keys
from rvcli.errors import PluginError
from rvcli.plugins.content import REGISTER, Content, SizeLimit

ARCHIVES = (".whl", ".zip")
_COMPILED = (".so", ".pyd")
_METADATA = ".dist-info/METADATA"
_ENTRY_POINTS = ".dist-info/entry_points.txt"


def read_archive(name: str, data: bytes) -> Content:
    """Read a wheel or zip: the entry point `rvcli.plugins` in it, else its only top module.

    Args:
        name: for errors.
        data: of the file.

    Raises:
        PluginError: it is no archive, too large, has compiled code, or no one plugin.
    """
    limit = SizeLimit(name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            limit.check(sum(info.file_size for info in infos))
            files = {info.filename: limit.add(archive.read(info)) for info in infos}
    except zipfile.BadZipFile as e:
        raise PluginError(
            f"plugin {name} is no wheel: {e}",
            hint="it may be cut off, or a page instead of the file: fetch it anew, and look",
        ) from e
    compiled = sorted(path for path in files if path.endswith(_COMPILED))
    if compiled:
        raise PluginError(
            f"plugin {name} has compiled extensions, such as {compiled[0]}, which fit one kind"
            " of machine only and cannot be imported from a wheel",
            hint="pip install it where commands run, and name its module or let its entry point"
            " name it",
        )
    entry, register = _entry(name, files)
    return Content(entry, files, "", register)


def missing_requirements(content: Content) -> list[str]:
    """List what a wheel says that it needs and is not installed here, as pip takes it.

    Requirements of extras do not count, and those for other machines neither. A base install, on
    which nothing is executed, cannot tell and lists nothing.
    """
    texts = list(_requirements(content.files))
    if not texts:
        return []  # what is imported below takes a while
    from importlib import metadata

    try:
        from packaging.requirements import InvalidRequirement, Requirement
    except ImportError:
        return []

    missing = []
    for text in texts:
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            continue
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            here = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            missing.append(f"{wanted.name}{wanted.specifier}")
            continue
        if not wanted.specifier.contains(here, prereleases=True):
            missing.append(f"{wanted.name}{wanted.specifier}")
    return missing


def version_of(content: Content) -> str | None:
    """Return the version that a wheel says it has; None for what is no wheel."""
    from email.parser import BytesHeaderParser

    for data in _metadata(content.files):
        version = BytesHeaderParser().parsebytes(data)["Version"]
        return str(version) if version else None
    return None


def _metadata(files: Mapping[str, bytes]) -> Iterator[bytes]:
    for path, data in files.items():
        if path.endswith(_METADATA) and path.count("/") == 1:
            yield data


def _requirements(files: Mapping[str, bytes]) -> Iterator[str]:
    from email.parser import BytesHeaderParser

    for data in _metadata(files):
        yield from BytesHeaderParser().parsebytes(data).get_all("Requires-Dist", [])


def _entry(name: str, files: dict[str, bytes]) -> tuple[str, str]:
    """Return the path of the module that is the plugin, and the name of its function."""
    modules = Content("", files, "").modules
    for module, function in _declared(files):
        if module in modules:
            return modules[module], function
    top = [module for module in modules if "." not in module]
    if len(top) == 1:
        return modules[top[0]], REGISTER
    raise PluginError(
        f"wheel {name} does not say which of its modules is the plugin",
        hint=f"declare an entry point in the group {keys.PLUGIN_ENTRY_POINTS!r}",
    )


def _declared(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    import configparser

    for path in files:
        if not path.endswith(_ENTRY_POINTS):
            continue
        parser = configparser.ConfigParser(delimiters=("=",))
        parser.read_string(files[path].decode())
        if parser.has_section(keys.PLUGIN_ENTRY_POINTS):
            for _, value in parser.items(keys.PLUGIN_ENTRY_POINTS):
                module, _, function = value.replace(" ", "").partition(":")
                yield module, function or REGISTER
