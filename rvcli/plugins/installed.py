"""Find plugins among installed distributions and modules, without importing them."""

from __future__ import annotations

import importlib.metadata as metadata
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rvcli import keys
from rvcli.errors import PluginError
from rvcli.filesystem import to_path
from rvcli.plugins.content import INIT, REGISTER, SUFFIX, Content
from rvcli.plugins.fetch import local_reader
from rvcli.plugins.find import Found
from rvcli.plugins.isolate import find_installed
from rvcli.plugins.package import files_below
from rvcli.plugins.plugin import PluginSpec
from rvcli.plugins.siblings import closure


def find_distribution(spec: PluginSpec) -> Found:
    """Find an entry point of an installed distribution.

    Raises:
        PluginError: the distribution is not installed, or has no such entry point.
    """
    try:
        distribution = metadata.distribution(spec.location)
    except metadata.PackageNotFoundError as e:
        raise PluginError(
            f"the distribution {spec.location!r} is not installed",
            hint=f"pip install {spec.location}",
        ) from e
    points = [
        point
        for point in distribution.entry_points
        if point.group == keys.PLUGIN_ENTRY_POINTS and spec.entry_point in (None, point.name)
    ]
    if not points:
        wanted = "" if spec.entry_point is None else f" named {spec.entry_point!r}"
        raise PluginError(
            f"the distribution {spec.location!r} has no entry point{wanted} in the group"
            f" {keys.PLUGIN_ENTRY_POINTS!r}",
            hint="install a version that has one",
        )
    return _describe(spec, points[0].value.replace(" ", ""), distribution)


def find_module(spec: PluginSpec) -> Found:
    """Find a module, and the distribution that brings it.

    Raises:
        PluginError: there is no such module.
    """
    return _describe(spec, spec.location, None)


def _describe(
    spec: PluginSpec, import_path: str, distribution: metadata.Distribution | None
) -> Found:
    module_name, _, function = import_path.partition(":")
    top = module_name.partition(".")[0]
    file = _module_file(module_name, spec)
    distribution = distribution or distribution_of(top, file)
    version = distribution.version if distribution is not None else None
    name = distribution.metadata["Name"] if distribution is not None else None
    if distribution is not None and not is_editable(distribution):
        return Found(
            spec,
            spec.location,
            str(file.parent),
            version=version,
            distribution=name,
            import_path=import_path,
        )
    content = _content(file, module_name, function or REGISTER, spec)
    return Found(
        spec,
        spec.location,
        content.directory,
        digest=content.digest,
        content=content,
        version=version,
        distribution=name,
    )


def _module_file(module_name: str, spec: PluginSpec) -> Path:
    """Return the file of the top-level module or package of a name, without importing it."""
    top, _, rest = module_name.partition(".")
    try:
        found = find_installed(top) if top else None
    except (ImportError, ValueError):
        found = None
    if found is None:
        raise PluginError(
            f"plugin {spec}: there is no module {top!r} to import",
            hint=f"install the package that brings {top!r}, or put its directory on PYTHONPATH",
        )
    if found.origin is not None and found.has_location:
        return Path(found.origin)
    places = [Path(place) for place in found.submodule_search_locations or ()]
    if not places:
        raise PluginError(
            f"plugin {spec}: {top!r} is no module made of files",
            hint="name a module or package of your own",
        )
    inner = rest.replace(".", "/")
    ends = (inner + SUFFIX, f"{inner}/{INIT}")
    holders = [place for place in places if any((place / end).is_file() for end in ends)]
    return (holders or places)[0] / INIT


def _content(file: Path, module_name: str, register: str, spec: PluginSpec) -> Content:
    """Read what would travel: a package whole, a module with the siblings that it imports."""
    if file.name == INIT:
        directory = file.parent.parent
        files = files_below(file.parent)
    else:
        directory = file.parent
        files = closure(file.name, local_reader(directory), is_foreign=_installed_test(directory))
    entry = Content("", files, "").modules.get(module_name)
    if entry is None:
        raise PluginError(
            f"plugin {spec}: there is no module {module_name!r} below {file.parent}",
            hint="give the name by which it is imported; it has to be a .py file or a package",
        )
    return Content(entry, files, str(directory), register)


def _installed_test(directory: Path) -> Callable[[str], bool]:
    """Return a test that tells what pip has put into a directory from what lies there loose."""

    def is_installed(top: str) -> bool:
        for file in (directory / top / INIT, directory / (top + SUFFIX)):
            if file.is_file():
                distribution = distribution_of(top, file)
                return distribution is not None and not is_editable(distribution)
        return False

    return is_installed


def distribution_of(top: str, file: Path) -> metadata.Distribution | None:
    """Return the distribution that brings a top-level module; None for loose files."""
    try:
        near: metadata.Distribution | None = metadata.distribution(top)
    except metadata.PackageNotFoundError:
        near = None
    if near is not None and _brings(near, top, file):
        return near
    for name in metadata.packages_distributions().get(top, []):
        distribution = metadata.distribution(name)
        if _brings(distribution, top, file):
            return distribution
    return None


def _brings(distribution: metadata.Distribution, top: str, file: Path) -> bool:
    if is_editable(distribution):
        project = to_path(str(_direct_url(distribution)["url"]))
        return project.resolve() in file.resolve().parents
    named = (distribution.read_text("top_level.txt") or "").split()
    if top in named:
        return Path(str(distribution.locate_file(""))).resolve() in file.resolve().parents
    return any(
        Path(str(path.locate())).resolve() == file.resolve() for path in distribution.files or ()
    )


def is_editable(distribution: metadata.Distribution) -> bool:
    """Tell whether a distribution's files are a working copy, which its version says little of."""
    return bool(_direct_url(distribution).get("dir_info", {}).get("editable", False))


def _direct_url(distribution: metadata.Distribution) -> dict[str, Any]:
    """Read what PEP 610 says of how a distribution was installed."""
    text = distribution.read_text("direct_url.json")
    content: dict[str, Any] = json.loads(text) if text else {}
    return content
